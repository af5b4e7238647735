"""TLS in the process, and the commands against it."""

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time
import unittest

import frikort_server as fs
import token_issuer as ti
from certificates import Authority
from issuer_site import IssuerSite
from secured_case import SecuredCase, tls_section


class TlsTest(SecuredCase):

    def test_versions(self):
        server = self.serve().start()
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            with self.handshake(server, minimum_version=version, maximum_version=version) as secured:
                self.assertEqual(secured.version(), name)
                self.assertIsNone(secured.compression())
        with self.assertRaises((ssl.SSLError, ConnectionError)), self.assertWarnsRegex(DeprecationWarning, ""):
            self.handshake(server, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)

    def test_plain_bytes_and_broken_handshakes_hurt_nobody(self):
        server = self.serve().start()
        for data in (b"GET /isalive HTTP/1.1\r\nHost: a\r\n\r\n", b"", b"\x16\x03\x01\x00\x05\x01", b"\x16\x03\x01\xff\xff"):
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
                self.assertNotIn(b"HTTP/1.1 200", sock.recv(4096))
        self.assertEqual(server.get("/isalive").status, 200)

    def test_items_stream_through_it(self):
        server = self.serve().start()
        headers = self.issuers.headers_of_practice("POST", "/v1/registrations")
        items = [fs.copayment(practiceId=ti.PRACTICE, serviceTime=fs.oslo_text(fs.recent_day())) for _ in range(6000)]
        for item in items:
            item.pop("receivedTime", None)
        connection = server.connect(60)
        self.addCleanup(connection.close)
        connection.request("POST", "/v1/registrations", fs.ndjson(items), {"Content-Type": fs.NDJSON_TYPE, **headers})
        answer = connection.getresponse()
        reply = fs.Reply(answer.status, answer.headers, answer.read())
        self.assertEqual(reply.status, 200, reply.body[:300])
        results = fs.NdjsonReply(reply).results
        self.assertEqual(len(results), len(items))
        self.assertEqual({result["verdict"] for result in results}, {"accepted"}, results[0])

    def test_new_certificates_are_taken_while_connections_are_open(self):
        server = self.serve().start()
        opened = server.connect(20)
        self.addCleanup(opened.close)
        opened.request("GET", "/isalive")
        opened.getresponse().read()
        sock = opened.sock
        certificate, key, serial = self.authority.issue("server")
        self.assertEqual((certificate, key), (self.certificate, self.key))
        server.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 20
        while True:
            with self.handshake(server) as secured:
                if int(secured.getpeercert()["serialNumber"], 16) == serial:
                    break
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        opened.request("GET", "/isalive")
        self.assertEqual(opened.getresponse().status, 200)
        self.assertIs(opened.sock, sock)

    def test_clients_need_a_certificate_where_a_ca_is_named(self):
        server = self.serve(f'client_ca = "{self.authority.file}"')
        other = Authority(self.folder, "other CA")
        own = self.authority.issue("client")
        foreign = other.issue("stranger")

        def ask(files):
            context = ssl.create_default_context(cafile=self.authority.file)
            if files:
                context.load_cert_chain(files[0], files[1])
            sock = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            with context.wrap_socket(sock, server_hostname="127.0.0.1") as secured:
                secured.sendall(b"GET /isalive HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                return secured.recv(64)

        self.start_unasked(server)
        self.assertIn(b"200", ask(own))
        for files in (None, foreign):
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                ask(files)
        self.assertEqual(self.logged_subjects(server), ["CN=client"])

    def test_the_subject_of_a_client_is_logged_once_and_without_numbers_of_persons(self):
        server = self.serve(f'client_ca = "{self.authority.file}"')
        person = fs.new_person()
        certificate, key, _ = self.authority.issue(f"nurse {person}")
        self.start_unasked(server)
        context = ssl.create_default_context(cafile=self.authority.file)
        context.load_cert_chain(certificate, key)
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=10, context=context)
        self.addCleanup(connection.close)
        for _ in range(3):
            connection.request("GET", "/isalive")
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, 200)
        self.assertEqual(self.logged_subjects(server), ["CN=nurse ***********"])
        self.assertNotIn(person.encode(), server.output())

    def logged_subjects(self, server):
        lines = [json.loads(line) for line in server.output().splitlines() if line.startswith(b"{")]
        return [line["subject"] for line in lines if line["event"] == "client_certificate"]

    def start_unasked(self, server):
        """Until its log says that it listens: it cannot be asked without a certificate."""
        server.port = server.choose_port()
        server.process = subprocess.Popen(
            [fs.binary(), "serve", "--data", server.data, "--listen", f"127.0.0.1:{server.port}", *server.options],
            stdin=subprocess.DEVNULL, stdout=server.log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 20
        while b'"listening"' not in server.output():
            self.assertLess(time.monotonic(), deadline, server.tail())
            time.sleep(0.02)

    def test_a_key_that_others_can_read_is_refused_with_a_remedy(self):
        server = self.serve()
        os.chmod(self.key, 0o644)
        done = fs.run_frikort("serve", "--data", server.data, "--listen", "127.0.0.1:0", *server.options)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"chmod 600", done.stderr)


class CommandTest(SecuredCase):

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return path

    def test_commands_with_tokens(self):
        server = self.serve().start()
        url = f"https://127.0.0.1:{server.port}"
        operator = self.write("operator", self.issuers.of_machine("frikort:api/operator"))
        reach = ["--server", url, "--ca-file", self.authority.file]
        for token in (["--token-file", operator], ["--token-command", f"cat {operator}"]):
            self.assertEqual(fs.run_frikort("status", *reach, *token).returncode, 0, token)
        refused = fs.run_frikort("status", *reach)
        self.assertEqual(refused.returncode, 3)
        self.assertIn(b"token", refused.stderr)
        self.assertEqual(fs.run_frikort("status", "--server", url, "--token-file", operator).returncode, 3, "no CA")
        expired = self.write("expired", self.issuers.of_machine("frikort:api/operator", claims={"exp": 1}))
        command = f"test -e {self.folder}/second && cat {operator} || (touch {self.folder}/second; cat {expired})"
        self.assertEqual(fs.run_frikort("status", *reach, "--token-command", command).returncode, 0, "got anew")

    def test_load_with_a_bound_token(self):
        server = self.serve().start()
        token = self.write("token", self.issuers.of_practice())
        key = self.write("key.pem", self.issuers.client.pem())
        items = [fs.copayment(practiceId=ti.PRACTICE, serviceTime=fs.oslo_text(fs.recent_day())) for _ in range(20)]
        done = fs.run_frikort("load", "--server", f"https://127.0.0.1:{server.port}", "--ca-file", self.authority.file,
                              "--token-file", token, "--dpop-key", key, "--json", "-", stdin=fs.ndjson(items))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["accepted"], 20)


class MetadataTest(SecuredCase):

    def wait_for(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_keys_come_over_https_at_a_bounded_rate(self):
        site = IssuerSite(self.issuers, self.authority)
        site.open()
        self.addCleanup(site.close)
        origin = site.origin
        server = site.server(self.issuers)
        self.addCleanup(server.clean)
        server.start()
        good = self.issuers.of_practice({"iss": origin})
        self.assertEqual(server.ask_as_practice(token=good).status, 200)
        before = len(site.asked)
        for i in range(40):
            unknown = self.issuers.of_practice({"iss": origin}, header={"kid": f"unknown-{i}"})
            self.assertEqual(server.ask_as_practice(token=unknown).status, 401)
        self.assertLessEqual(len(site.asked) - before, 4, "two fetches of metadata and keys")

    def test_keys_that_cannot_be_renewed_are_told_once(self):
        site = IssuerSite(self.issuers, self.authority)
        site.open()
        self.addCleanup(site.close)
        server = site.server(self.issuers)
        self.addCleanup(server.clean)
        server.start()
        good = self.issuers.of_practice({"iss": site.origin})
        operator = ti.bearer(self.issuers.of_machine("frikort:api/operator"))
        answers, site.answers = site.answers, dict.fromkeys(site.answers, "none")

        def events():
            lines = [json.loads(line) for line in server.output().splitlines() if line.startswith(b"{")]
            return [line["event"] for line in lines if line["event"].startswith("issuer_keys_")]

        def in_trouble():
            return re.search(r"\nfrikort_issuers_in_trouble (\d+)\n", server.get("/metrics", operator).body.decode())[1]

        for _ in range(3):
            before = len(site.asked)
            server.process.send_signal(signal.SIGHUP)
            self.wait_for(lambda: len(site.asked) > before and in_trouble() == "1")
        self.assertEqual(events(), ["issuer_keys_not_renewed"])
        self.assertEqual(server.ask_as_practice(token=good).status, 200, "old keys stay in use")
        site.answers = answers
        server.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: in_trouble() == "0")
        self.wait_for(lambda: events() == ["issuer_keys_not_renewed", "issuer_keys_renewed"])


if __name__ == "__main__":
    unittest.main()
