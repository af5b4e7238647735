"""Nothing secret is where others look: every number, token, proof and key of a run is a canary."""

import base64
import os
import pathlib
import subprocess
import time
import unittest

import frikort_server as fs
import token_issuer as ti
from secured_case import SecuredCase, tls_section

PLANTED = "planted-canary-0c8f1d"


def forms_of(secret):
    """As it stands, and as encoders write it."""
    data = secret.encode()
    return {data, base64.b64encode(data), ti.base64url(data).encode(), data.hex().encode()}


class Canaries:

    def __init__(self):
        self.secrets = {}  # what may not be seen, by what it is

    def add(self, kind, secret):
        self.secrets[secret] = kind
        return secret

    def seen_in(self, places):
        """Kinds of what is in the places, with the name of the place."""
        return {(kind, name) for name, content in places.items() for secret, kind in self.secrets.items()
                if any(form in content for form in forms_of(secret))}


def process_of(pid):
    folder = pathlib.Path(f"/proc/{pid}")
    return {"command line": (folder / "cmdline").read_bytes(), "environment": (folder / "environ").read_bytes()}


class SecretsTest(SecuredCase):

    def setUp(self):
        super().setUp()
        self.canaries = Canaries()
        server = self.serve()
        server.write_configuration(f'origins = ["{ti.ORIGIN}", "https://127.0.0.1:{server.fixed_port}"]\n'
                                   '[log]\nlevel = "debug"\n' + tls_section(self.certificate, self.key))
        # In a folder whose name is logged, so that the search is seen to find something.
        os.rmdir(server.data)
        server.data = os.path.join(self.folder, self.canaries.add("planted", PLANTED))
        os.mkdir(server.data)
        self.server = server.start()
        self.answers = b""

    def token(self, token):
        for part in (token, *token.split(".")[1:]):
            self.canaries.add("token", part)
        return token

    def person(self):
        return self.canaries.add("number", fs.new_person())

    def bearer(self, scope, **more):
        return ti.bearer(self.token(self.issuers.of_machine(scope, **more)))

    def practice(self, path, method="POST", **changes):
        token = self.token(self.issuers.of_practice())
        proof = self.canaries.add("proof", self.issuers.proof(method, path, token, **changes))
        return {"Authorization": f"DPoP {token}", "DPoP": proof}

    def ask(self, method, path, headers, body=None, is_error=True):
        """What an error says is a place where nothing secret may be."""
        reply = self.server.request(method, path, body, {"Content-Type": fs.JSON_TYPE, **headers})
        if is_error:
            self.assertGreaterEqual(reply.status, 400, path)
            self.answers += reply.body + str(reply.headers).encode()
        else:
            self.assertEqual(reply.status, 200, reply.body[:300])
        return reply

    def do_everything_rightly(self):
        person = self.person()
        item = fs.compact(fs.copayment(personId=person, practiceId=ti.PRACTICE,
                                       serviceTime=fs.oslo_text(fs.recent_day()))).encode()
        self.ask("POST", "/v1/registrations", self.practice("/v1/registrations"), item, False)
        question = f'{{"personId":"{person}","serviceType":"LE","serviceDate":"{fs.recent_day()}"}}'.encode()
        self.ask("POST", "/v1/card-status", self.practice("/v1/card-status"), question, False)
        portal = self.bearer("frikort:api/portal")
        year = f'{{"personId":"{person}","year":2026}}'.encode()
        self.ask("POST", "/v1/persons/account", portal, year, False)
        self.ask("POST", "/v1/persons/numbers", self.bearer("frikort:api/payout"), b'{"personRefs":[1]}', False)
        citizen = ti.bearer(self.token(self.issuers.of_citizen()))
        own = f'{{"personId":"{self.canaries.add("number", ti.CITIZEN)}","year":2026}}'.encode()
        self.ask("POST", "/v1/persons/account", citizen, own, False)

    def do_everything_wrongly(self):
        person, secret = self.person(), self.person()
        portal = self.bearer("frikort:api/portal")
        bodies = (f'{{"personId":"{person}","{secret}":1}}', f'{{"personId":"{person}","year":"{secret}"}}',
                  f'{{"personId":{person},"year":2026}}', f'{{"personId":"{person}x","year":2026}}', f'{person} {secret}',
                  f'{{"personId":"{person}","year":2026,"cursor":"{secret}"}}', f'"{person}"', f'{{"personId":"{person}')
        for body in bodies:
            self.ask("POST", "/v1/persons/account", portal, body.encode())
        for header in ("Authorization", "DPoP", "Correlation-Id", "Content-Encoding", "Content-Type"):
            self.ask("POST", "/v1/persons/account", {**portal, header: secret}, b"{")
        other = ti.bearer(self.token(self.issuers.of_citizen({"pid": person})))
        self.ask("POST", "/v1/persons/account", other, f'{{"personId":"{secret}","year":2026}}'.encode())
        path = "/v1/registrations"
        used = self.practice(path)
        self.ask("POST", path, used, b"[]", False)
        for headers in (used, self.practice(path, claims={"htm": "GET"}), {**self.practice(path), "DPoP": "x"},
                        ti.bearer(used["Authorization"].split()[1]), self.bearer("frikort:api/nothing"),
                        self.bearer("frikort:api/operator", key=ti.RsaKey()),
                        self.bearer("frikort:api/operator", claims={"aud": secret}),
                        self.bearer("frikort:api/operator", claims={"iss": secret}),
                        self.bearer("frikort:api/practice", claims={"consumer": {"ID": secret}, "scope": secret})):
            self.ask("POST", path, headers, b"[]")
        results = self.ask("POST", path, self.bearer("frikort:api/operator"), (
            f'[{{"guid":"{secret}","personId":"{person}","practiceId":"1"}},{{"{secret}":1}},"{person}"]').encode(), False)
        self.answers += results.body

    def load_with_the_command(self):
        """With the token and the key in files, while its process is looked at."""
        token, key = pathlib.Path(self.folder) / "token", pathlib.Path(self.folder) / "client.pem"
        token.write_text(self.token(self.issuers.of_practice()), encoding="utf-8")
        key.write_bytes(self.issuers.client.pem())
        items = fs.ndjson([fs.copayment(practiceId=ti.PRACTICE, personId=self.person(),
                                        serviceTime=fs.oslo_text(fs.recent_day())) for _ in range(20)])
        process = subprocess.Popen(
            [fs.binary(), "load", "--server", f"https://127.0.0.1:{self.server.port}", "--ca-file", self.authority.file,
             "--token-file", str(token), "--dpop-key", str(key), "-"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        places = {f"load: {name}": content for name, content in process_of(process.pid).items()}
        out, errors = process.communicate(items, timeout=60)
        self.assertEqual(process.returncode, 0, errors)
        return {**places, "load: output": out + errors}

    def stored(self):
        """All files of the ledger but its keys."""
        folder = pathlib.Path(self.server.data)
        return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.parent.name != "keys")

    def test_nothing_secret_is_seen(self):
        for file, kind in ((self.key, "key of the certificate"),):
            body = pathlib.Path(file).read_text(encoding="ascii").splitlines()[1:-1]
            self.canaries.add(kind, body[0])
        self.canaries.add("key of the client", self.issuers.client.pem().decode().splitlines()[1])
        for file in (pathlib.Path(self.server.data) / "keys").iterdir():
            if file.name == "signing.pem":
                self.canaries.add("key of the ledger", file.read_text(encoding="ascii").splitlines()[1])
            elif file.suffix == ".key":
                self.canaries.add("key of the ledger", file.read_text(encoding="latin-1").strip())
        self.do_everything_rightly()
        self.do_everything_wrongly()
        places = self.load_with_the_command()
        places["metrics"] = self.server.get("/metrics", self.bearer("frikort:api/operator")).body
        places |= process_of(self.server.process.pid)
        places["error answers"] = self.answers
        time.sleep(0.5)
        places["log"] = self.server.output()
        self.assertIn(b'"level":"debug"', places["log"])
        self.assertEqual(self.canaries.seen_in(places), {("planted", "log"), ("planted", "command line")})
        self.server.stop()
        self.assertEqual(self.canaries.seen_in({"files": self.stored()}), set())


if __name__ == "__main__":
    unittest.main()
