"""Encryption keys of the national card query under load and over a kill, the published example, and what a wrong
padding gives away."""

import base64
import http.client
import json
import os
import pathlib
import subprocess
import threading
import time
import unittest

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import frikort_server as fs
import national_client as nc
import same_time
import test_national_client
import token_issuer as ti
from test_same_answer import COUNT, MEDIAN_MAX, P_MIN, ROUNDS_MIN


class PublishedExampleTest(fs.ServerCase):

    def test_opens_with_its_key(self):
        jwe = test_national_client.JWE
        key_id = json.loads(ti.decode_part(jwe.split(".")[nc.HEADER]))["kid"]
        pem = test_national_client.published_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path = pathlib.Path(self.server.data, "keys", f"query-{key_id}.pem")
        path.write_text(f"Made: 0\nExpires: {2**40}\n{pem.decode()}", encoding="ascii")
        path.chmod(0o600)
        for body, status in ((jwe, "OK"), (nc.with_bit_changed(jwe, nc.TAG), "FEIL")):
            reply = self.server.request("POST", nc.SELF_TEST, body.encode(), {"Content-Type": nc.JOSE_TYPE})
            self.assertEqual(reply.json()["kryptering"]["status"], status, reply.body)


class OtherLibraryTest(fs.ServerCase):

    def test_a_question_by_jwcrypto_is_answered(self):
        program = ("import json, sys; from jwcrypto import jwe, jwk; given = json.load(sys.stdin); "
                   "key = jwk.JWK(**{name: given['key'][name] for name in ('kty', 'n', 'e')}); "
                   "head = {'alg': 'RSA-OAEP-256', 'enc': 'A256GCM', 'kid': given['key']['kid']}; "
                   "made = jwe.JWE(given['text'].encode(), json.dumps(head), recipient=key); "
                   "print(made.serialize(compact=True))")
        given = {"key": self.server.get(nc.JWK).json(), "text": fs.compact(nc.question())}
        # Debian's package is of Debian's Python.
        made = subprocess.run(["/usr/bin/python3", "-c", program], input=json.dumps(given), capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual(made.returncode, 0, made.stderr + "; remedy: scripts/install_packages test")
        reply = self.server.request("POST", nc.QUERY, made.stdout.strip().encode(), {"Content-Type": nc.JOSE_TYPE})
        self.assertEqual((reply.status, reply.body), (200, b'{"harEgenandelsfritak":false}'))


class RotationTest(unittest.TestCase):
    """Clients fetch a key now and then and use it; no query that it encrypted is refused, whatever happens."""

    CLIENTS = 4

    def setUp(self):
        self.server = fs.Server()
        self.addCleanup(self.server.clean)
        self.server.fixed_port = fs.free_port()
        self.server.start()
        self.is_over = False
        self.answered, self.refused = [], []

    def ask(self):
        client, number = nc.NationalClient(self.server), 0
        while not self.is_over:
            try:
                if number % 20 == 0:
                    client.fetch_key()
                number += 1
                body = nc.encrypt(client.jwk, fs.compact(nc.question()).encode())
                reply = self.server.request("POST", nc.QUERY, body.encode(), {"Content-Type": nc.JOSE_TYPE}, timeout=20)
            except (OSError, http.client.HTTPException, AssertionError):
                time.sleep(0.05)  # while there is no server
                continue
            (self.answered if reply.status == 200 else self.refused).append((reply.status, client.jwk["kid"]))

    def test_under_load_and_over_a_kill(self):
        threads = [threading.Thread(target=self.ask, daemon=True) for _ in range(self.CLIENTS)]
        for thread in threads:
            thread.start()
        for step in range(4):
            time.sleep(0.5)
            done = fs.run_frikort("keys", "rotate", "--key", "query", "--data", self.server.data)
            self.assertEqual(done.returncode, 0, done.stderr)
            if step == 1:
                self.server.kill()
                self.server.start()
            time.sleep(6)  # until the new key is served
        self.is_over = True
        for thread in threads:
            thread.join(60)
        self.assertEqual(self.refused, [])
        self.assertGreaterEqual(len({kid for _, kid in self.answered}), 4, len(self.answered))


class SameAnswerTest(fs.ServerCase):
    """Who sends what cannot be unwrapped must not learn whether padding or tag was wrong (RFC 7516, 11.5)."""

    def test_a_wrong_padding_looks_like_a_wrong_tag(self):
        client = nc.NationalClient(self.server)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        self.addCleanup(connection.close)
        good = client.encrypt(nc.question()).decode()
        modulus_bytes = len(base64.urlsafe_b64decode(client.jwk["n"] + "=="))
        sentences = set()

        def ask(body):
            connection.request("POST", nc.QUERY, body, {"Content-Type": nc.JOSE_TYPE})
            reply = connection.getresponse()
            answer = json.loads(reply.read())
            sentences.add((reply.status, answer["melding"], reply.getheader("Content-Length")))

        def wrong_padding():
            return nc.with_part(good, nc.WRAPPED_KEY, b"\x01" + os.urandom(modulus_bytes - 1))

        def wrong_tag():
            return nc.with_part(good, nc.TAG, os.urandom(16))
        measured = same_time.rounds([(wrong_padding, ask), (wrong_tag, ask)], COUNT)
        self.assertEqual(len(sentences), 1, sentences)
        compared = same_time.compare(measured, 0, 1)
        self.assertGreaterEqual(sum(p > P_MIN and apart < MEDIAN_MAX for apart, p in compared), ROUNDS_MIN, compared)


if __name__ == "__main__":
    unittest.main()
