"""Runs the client of tests/e2e/javascript, which Node executes; what it tells are lines of JSON with a name."""

import email.message
import json
import os
import pathlib
import shutil
import subprocess

import frikort_server as fs

SOURCES = pathlib.Path(__file__).resolve().parent / "javascript"
PACKAGES = fs.ROOT / "build" / "javascript_client" / "node_modules"
SECONDS = 300


def check_installed():
    """Raises AssertionError, with a remedy."""
    locked = json.loads((SOURCES / "package-lock.json").read_text(encoding="utf-8"))["packages"]["node_modules/jose"]
    package = PACKAGES / "jose" / "package.json"
    version = json.loads(package.read_text(encoding="utf-8"))["version"] if package.is_file() else "none"
    if shutil.which("node") is None or version != locked["version"]:
        raise AssertionError(f"Node with jose {locked['version']} is needed, there is node {shutil.which('node')} "
                             f"with jose {version}; run: scripts/install_npm_packages")


class JavascriptClient:

    def __init__(self, folder, ca_file=None, given=None):
        """`folder`: an empty one; `given`: what each program wants to know."""
        self.folder = pathlib.Path(folder)
        for path in SOURCES.iterdir():
            shutil.copy(path, self.folder)
        # Node looks for packages beside the files that import them.
        (self.folder / "node_modules").symlink_to(PACKAGES)
        self.environment = {**os.environ, "NODE_EXTRA_CA_CERTS": ca_file} if ca_file else None
        self.given = given or {}

    def start(self, program, given, **streams):
        # Without the option Node 18, which is Debian 12's, does not have what jose uses.
        command = ["node", "--experimental-global-webcrypto", self.folder / program,
                   json.dumps({**self.given, **given})]
        return subprocess.Popen(command, env=self.environment, text=True, encoding="utf-8", **streams)

    def run(self, program, **given):
        """All that it told, by name."""
        process = self.start(program, given, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            output, errors = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
            process.wait()
        if process.returncode != 0:
            raise AssertionError(f"{program}: exit status {process.returncode}; {output[-2000:]}{errors[-2000:]}")
        lines = [json.loads(line) for line in output.splitlines()]
        told = {line.pop("name"): line for line in lines}
        if len(told) != len(lines):
            raise AssertionError(f"{program} has told something twice: {output[-2000:]}")
        return told


def reply_of(line):
    """The answer that a line tells."""
    headers = email.message.Message()
    for name, value in line["headers"]:
        headers[name] = value
    return fs.Reply(line["status"], headers, line["body"].encode())
