#!/usr/bin/env python3
"""Runs tools of others against a server that has TLS and takes tokens: sslyze and testssl.sh look at its TLS,
Schemathesis sends what the two API descriptions allow and what they forbid.

    tests/e2e/outside_tools.py [--examples N] [--only NAME...]

    --examples N     that Schemathesis makes for each operation, three times as many for the card query (default 100)
    --only NAME...   of sslyze, testssl, national, native

What they say is left in build/outside_tools. Exit status 1 when there is a finding that is not listed here, or in
outside_hooks.py, with its reason. testssl.sh comes from Debian, the others from PyPI into a folder of their own, once
for each version. Takes some ten minutes.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import frikort_server as fs
import token_issuer as ti
from certificates import Authority
from national_client import NationalClient
from secured_case import secured_server

TOOLS = ("sslyze==6.3.1", "schemathesis==4.32.5")
FOLDER = fs.ROOT / "build" / "outside_tools"
SECONDS_MAX = 3600
TOKEN_SECONDS = 4 * 3600
OTHER_PRACTICE = "100002"  # of the organisation that has all other roles
ROLES = ("practice", "portal", "operator", "payout", "registry")

# What must be refused beyond what Mozilla's profile says: the result of sslyze that tells it.
REFUSED = {"tls_1_3_early_data": "supports_early_data", "tls_compression": "supports_compression",
           "session_renegotiation": "is_vulnerable_to_client_renegotiation_dos"}
# WARN is not among them: a check of testssl.sh that could not be made, as it happens on a busy machine.
SEVERITIES = {"MEDIUM", "HIGH", "CRITICAL", "FATAL"}
# Findings of testssl.sh that are none.
ACCEPTED = {
    "cert_revocation": "the authority is the test's own and revokes nothing",
    "cipher_order": "Mozilla's profile leaves the order to the client, since all that are offered are strong",
    "security_headers": "they are for pages; what the server answers is for programs",
}
# What must not be missing.
LOOKED_AT = {"TLS1", "TLS1_1", "TLS1_2", "TLS1_3", "secure_renego", "secure_client_renego", "CRIME_TLS", "cert_trust",
             "cert_chain_of_trust"}
# They write where the request says, wait, or answer with a document that the tool takes for its content.
LEFT_OUT = "^/v1/(backups|reconciliations|events)|[.]yaml$"


def install():
    """Gives the folder with the programs."""
    environment = FOLDER / "python"
    stamp = environment / "installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != " ".join(TOOLS):
        shutil.rmtree(environment, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        subprocess.run([str(environment / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", *TOOLS],
                       check=True, timeout=SECONDS_MAX)
        stamp.write_text(" ".join(TOOLS), encoding="utf-8")
    return environment / "bin"


def run(name, command, environment=None):
    """Gives the exit status; what it says goes into a file."""
    path = FOLDER / f"{name}.log"
    with open(path, "wb") as log:
        return subprocess.run([str(part) for part in command], cwd=FOLDER, stdin=subprocess.DEVNULL, stdout=log,
                              stderr=subprocess.STDOUT, timeout=SECONDS_MAX, check=False,
                              env={**os.environ, **(environment or {})}).returncode


class Target:
    """A server, and what its callers need."""

    def __init__(self, folder):
        self.folder = folder
        self.issuers = ti.Issuers()
        self.authority = Authority(folder)
        certificate, key, _ = self.authority.issue("server")
        self.server = secured_server(self.issuers, self.authority, certificate, key)
        with open(self.server.folder / "frikort.toml", "a", encoding="utf-8") as file:
            file.write(f'[[practices]]\nid = "{OTHER_PRACTICE}"\norganisations = ["{ti.OPERATOR_ORGANISATION}"]\n')
        self.server.start()
        self.address = f"127.0.0.1:{self.server.port}"

    def token(self):
        scopes = " ".join(f"frikort:api/{role}" for role in ROLES)
        return self.issuers.of_machine(scopes, claims={"exp": int(time.time()) + TOKEN_SECONDS})

    def write_settings(self):
        """For outside_hooks.py."""
        national = NationalClient(self.server, self.issuers)
        path = pathlib.Path(self.folder) / "settings.json"
        path.write_text(json.dumps({
            "url": f"https://{self.address}", "ca": self.authority.file, "practice": OTHER_PRACTICE,
            "token": self.token(),
            "national_token": national.token({"exp": int(time.time()) + TOKEN_SECONDS}),
            "proof_key": self.issuers.client.pem().decode()}), encoding="utf-8")
        return path


# The tools; each gives its findings as lines.

def sslyze(programs, target, _options):
    path = FOLDER / "sslyze.json"
    path.unlink(missing_ok=True)
    status = run("sslyze", [programs / "sslyze", "--mozilla_config=intermediate", "--certinfo_ca_file",
                            target.authority.file, "--early_data", "--json_out", path, target.address])
    if status != 0:
        yield f"exit status {status}: not as Mozilla's intermediate profile; the end of the log says why"
    for scan in json.loads(path.read_text(encoding="utf-8"))["server_scan_results"]:
        for name, member in REFUSED.items():
            attempt = scan["scan_result"][name]
            if attempt["status"] != "COMPLETED" or attempt["result"][member] is not False:
                yield f"{name}: {member} is not false"


def testssl(_programs, target, _options):
    if shutil.which("testssl") is None:
        yield "there is no testssl.sh; remedy: scripts/install_packages outside"
        return
    path = FOLDER / "testssl.json"
    path.unlink(missing_ok=True)
    run("testssl", ["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--add-ca",
                    target.authority.file, "--jsonfile", path, f"https://{target.address}"])
    told = json.loads(path.read_text(encoding="utf-8"))
    for name in sorted(LOOKED_AT - {finding["id"] for finding in told}):
        yield f"{name}: not looked at"
    for finding in told:
        if finding["severity"] in SEVERITIES and finding["id"] not in ACCEPTED:
            yield f"{finding['severity']} {finding['id']}: {finding['finding']}"


def schemathesis(name, document, examples, programs, target):
    environment = {"SCHEMATHESIS_HOOKS": "outside_hooks", "PYTHONPATH": str(pathlib.Path(__file__).parent),
                   "PYTHONDONTWRITEBYTECODE": "1", "FRIKORT_OUTSIDE_SETTINGS": str(target.write_settings())}
    status = run(name, [programs / "schemathesis", "run", fs.ROOT / document, "--url", f"https://{target.address}",
                        "--tls-verify", target.authority.file, "--checks", "all", "--max-examples", examples,
                        "--exclude-path-regex", LEFT_OUT, "--continue-on-failure", "--no-color"], environment)
    if status != 0:
        yield f"exit status {status}: what does not fit {document} stands in the log"


def national(programs, target, options):
    yield from schemathesis("national", "api/national/openapi.yaml", 3 * options.examples, programs, target)


def native(programs, target, options):
    yield from schemathesis("native", "api/openapi.yaml", options.examples, programs, target)
    reply = target.server.get("/v1/status", ti.bearer(target.token()))
    if reply.status != 200 or not reply.json()["registrations"]:
        yield f"nothing was registered, so little was tried: {reply.status} {reply.body[:300]!r}"


STEPS = {step.__name__: step for step in (sslyze, testssl, national, native)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--only", nargs="+", choices=STEPS, default=list(STEPS))
    options = parser.parse_args()
    programs = install()
    count = 0
    with tempfile.TemporaryDirectory(prefix="frikort-outside-") as folder:
        target = Target(folder)
        try:
            for name in options.only:
                begin = time.monotonic()
                findings = list(STEPS[name](programs, target, options))
                count += len(findings)
                seconds = time.monotonic() - begin
                print(f"{name}: {len(findings)} findings, {seconds:.0f} s; {FOLDER / name}.log", flush=True)
                for line in findings:
                    print(f"  {line}", flush=True)
            target.server.stop()
        finally:
            target.server.clean()
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
