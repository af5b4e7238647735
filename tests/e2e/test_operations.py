"""Starting, stopping and watching the server; and that no national number leaks out of it."""

import datetime
import email.utils
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time
import unittest

import frikort_server as fs
import prometheus_text
from frikort_server import COMMANDS, copayment, credit_note, dated, payment


def data_ranges(path):
    """The parts of a file that hold data, without the holes."""
    with open(path, "rb") as file:
        end = os.fstat(file.fileno()).st_size
        at = 0
        while at < end:
            try:
                begin = os.lseek(file.fileno(), at, os.SEEK_DATA)
                at = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
            except OSError:
                return
            overlap = b""
            while begin < at:
                block = os.pread(file.fileno(), min(1 << 22, at - begin), begin)
                if not block:
                    break
                yield overlap + block
                overlap = block[-32:]
                begin += len(block)


class EndpointTest(fs.ServerCase):

    def test_alive_and_ready(self):
        for path in ("/isalive", "/isready"):
            self.assertEqual(self.server.get(path).status, 200, path)

    def test_metrics(self):
        item = copayment()
        self.server.submit(item, item, copayment(amountOre=-1))
        self.server.get("/nowhere")
        reply = self.server.get("/metrics")
        self.assertEqual(reply.status, 200)
        self.assertIn(reply.media_type, ("text/plain", "application/openmetrics-text"))
        found = prometheus_text.families(reply.body.decode())
        self.assertGreater(len(found), 15)
        for name in ("frikort_items_total", "frikort_http_connections_total", "frikort_http_open_connections"):
            self.assertIn(name, found)

    def test_answers_have_a_date(self):
        for reply in (self.server.get("/isalive"), self.server.get("/nowhere"),
                      self.server.post_ndjson("/v1/registrations", b"\n" * (1 << 21))):
            date = email.utils.parsedate_to_datetime(reply.header("Date"))
            self.assertLess(abs((date - datetime.datetime.now(fs.UTC)).total_seconds()), 5)
            self.assertRegex(reply.header("Date"), " GMT$")

    def test_version(self):
        reply = self.server.get("/version")
        self.assertEqual(reply.status, 200)
        self.assertTrue(reply.body.strip())

    def test_openapi(self):
        reply = self.server.get("/openapi.yaml")
        self.assertEqual(reply.status, 200)
        text = reply.body.decode()
        self.assertRegex(text, r"(?m)^openapi: *[\"']?3\.")
        for path in ("/v1/registrations", "/v1/card-status", "/v1/persons/account", "/v1/timeliness", "/v1/reconciliations"):
            self.assertIn(path, text)

    def test_key_set(self):
        for key in self.server.jwks()["keys"]:
            self.assertEqual((key["kty"], key["crv"]), ("OKP", "Ed25519"))
            self.assertEqual(len(fs.b64url(key["x"])), 32)
            self.assertTrue(key["kid"])
            self.assertNotIn("d", key, "public keys only")


class LifeTest(unittest.TestCase):

    def test_sigterm_gives_exit_status_0_and_nothing_is_lost(self):
        server = fs.Server().start()
        try:
            items = [dated("2025-03-01") for _ in range(50)]
            first, keys = server.submit(*items), server.jwks()
            server.stop(clean=False)
            server.start()
            self.assertEqual(server.jwks(), keys, "the keys that receipts are checked with stay")
            again = server.submit(*items)
            self.assertEqual([r["verdict"] for r in again], ["duplicate"] * 50)
            self.assertEqual([r["position"] for r in again], [r["position"] for r in first])
            self.assertEqual(server.account(items[0]["personId"], 2025)["countedOre"], items[0]["amountOre"])
            server.stop()
        finally:
            server.clean()

    def test_sigterm_with_an_idle_connection(self):
        server = fs.Server().start()
        try:
            with socket.create_connection(("127.0.0.1", server.port)) as sock:
                sock.sendall(b"GET /isalive HTTP/1.1\r\nHost: a\r\n\r\n")
                sock.recv(1000)
                begin = time.monotonic()
                server.stop(clean=False)
                self.assertLess(time.monotonic() - begin, 15, "an idle connection must not hold up the end")
        finally:
            server.clean()

    def test_a_second_server_on_the_same_data_is_refused(self):
        server = fs.Server().start()
        try:
            done = fs.run_frikort("serve", "--data", server.data, "--listen", f"127.0.0.1:{fs.free_port()}", "--auth",
                                  "none", timeout=20)
            self.assertEqual(done.returncode, 3, f"could not run: {done.stderr[-500:]!r}")
            self.assertEqual(server.get("/isready").status, 200)
            server.stop()
        finally:
            server.clean()


class ListenCase(unittest.TestCase):
    """A server that listens on `address`, and is asked as `url`."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="frikort-e2e-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def serve(self, *options, data="data", **more):
        return subprocess.Popen([fs.binary(), "serve", "--data", f"{self.folder}/{data}", "--create", "--listen",
                                 self.address, "--auth", "none", *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                **more)

    def start(self, *options):
        process = self.serve(*options, stderr=subprocess.DEVNULL)

        def end():
            process.kill()
            process.wait()
        self.addCleanup(end)
        deadline = time.monotonic() + fs.READY_SECONDS
        while fs.run_frikort("status", "--server", self.url).returncode != 0:
            self.assertIsNone(process.poll(), "the server ended by itself")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        return process

    def refusal(self, data="data"):
        """Why a server that cannot listen ends."""
        refused = self.serve(data=data, stderr=subprocess.PIPE)
        _, why = refused.communicate(timeout=20)
        self.assertEqual(refused.returncode, 3)
        return why


class Ipv6Test(ListenCase):

    def setUp(self):
        super().setUp()
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
                self.address = f"[::1]:{probe.getsockname()[1]}"
        except OSError:
            self.skipTest("this machine has no IPv6")
        self.url = f"http://{self.address}"

    def test_submission(self):
        self.start()
        done = fs.frikort_json("load", "--server", self.url, "--trust-received-time", "-", stdin=fs.ndjson([copayment()]))
        self.assertEqual(done["accepted"], 1)

    def test_an_address_in_use_is_named(self):
        self.start()
        self.assertIn(b"cannot listen on " + self.address.encode(), self.refusal("other"))


class SocketFileTest(ListenCase):
    """The server on a socket file instead of a port."""

    def setUp(self):
        super().setUp()
        self.path = f"{self.folder}/http.sock"
        self.address = self.url = f"unix:{self.path}"

    def test_submission_and_end(self):
        process = self.start()
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o660, "for the owner and the group")
        done = fs.frikort_json("load", "--server", self.address, "--trust-received-time", "-",
                               stdin=fs.ndjson([copayment(), copayment()]))
        self.assertEqual(done["accepted"], 2)
        self.assertEqual(fs.frikort_json("status", "--server", self.address)["registrations"], 2)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(fs.STOP_SECONDS), 0)
        self.assertFalse(os.path.exists(self.path), "the file goes with the server")

    def test_a_slow_reader_gets_a_long_answer(self):
        """Within the timeout there is always a piece of it; all of it takes longer."""
        config = f"{self.folder}/config.toml"
        fs.write_configuration(config, {"limits": {"slow_timeout_s": 1}})
        self.start("--config", config)
        body = fs.compact([copayment() for _ in range(8000)]).encode()
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(self.path)
            sock.sendall(b"POST /v1/registrations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                         b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            begin = time.monotonic()
            answer = b""
            while piece := sock.recv(32 << 10):
                answer += piece
                time.sleep(0.08)
        self.assertEqual(answer.count(b'"accepted"'), 8000)
        self.assertGreater(time.monotonic() - begin, 2, "too fast to show anything")

    def test_a_file_that_a_killed_server_left_is_replaced(self):
        process = self.start()
        process.kill()
        process.wait()
        self.assertTrue(os.path.exists(self.path))
        self.start()

    def test_a_file_that_is_in_use_is_left_alone(self):
        self.start()
        self.assertIn(b"cannot listen on " + self.path.encode(), self.refusal("other"))
        self.assertEqual(fs.run_frikort("status", "--server", self.address).returncode, 0)

    def test_a_file_of_another_kind_is_left_alone(self):
        with open(self.path, "w", encoding="ascii") as file:
            file.write("mine")
        self.assertIn(b"cannot listen on", self.refusal())
        with open(self.path, encoding="ascii") as file:
            self.assertEqual(file.read(), "mine")


class UsageTest(unittest.TestCase):

    def test_auth_none_is_refused_beyond_loopback(self):
        for host in ("0.0.0.0", "[::]"):
            with self.subTest(host=host), tempfile.TemporaryDirectory(prefix="frikort-e2e-") as data:
                done = fs.run_frikort("serve", "--data", data, "--listen", f"{host}:{fs.free_port()}", "--auth", "none",
                                      timeout=20)
                self.assertIn(done.returncode, (2, 3), f"stderr: {done.stderr[-500:]!r}")
                self.assertTrue(done.stderr.strip(), "says why")

    def test_wrong_usage(self):
        cases = (["no-such-command"], ["--no-such-option"], ["serve", "--no-such-option"], ["generate"],
                 ["generate", "--registrations", "many", "--persons", "10", "--year", "2024", "--seed", "1", "--output", "-"],
                 ["load"], ["status"], ["status", "--no-such-option"], ["rebuild"], ["rebuild", "--data", "DATA"],
                 ["verify"], ["export", "--data", "DATA"], ["reconcile", "--data", "DATA", "--year", "2024"],
                 ["backup", "--to", "DATA"], ["backup", "--data", "DATA", "--to", "DATA", "--keep", "0"],
                 ["restore", "--from", "DATA"], ["restore", "--from", "DATA", "--into", "DATA", "--position", "12"],
                 ["serve", "--data", "DATA", "--listen", "nowhere", "--auth", "none"],
                 ["serve", "--data", "DATA", "--listen", "unix:", "--auth", "none"],
                 ["serve", "--data", "DATA", "--listen", "unix:/" + 107 * "a", "--auth", "none"],
                 ["status", "--server", "unix:"],
                 ["serve", "--data", "DATA", "--listen", "127.0.0.1:0", "--auth", "maybe"])
        for args in cases:
            with self.subTest(args=args), tempfile.TemporaryDirectory(prefix="frikort-e2e-") as data:
                done = fs.run_frikort(*(data if arg == "DATA" else arg for arg in args), timeout=20)
                self.assertEqual(done.returncode, 2, f"stderr: {done.stderr[-500:]!r}")
                self.assertTrue(done.stderr.strip(), "wrong usage is explained on standard error")

    def test_help(self):
        for args in ([], *([command] for command in COMMANDS)):
            with self.subTest(args=args):
                done = fs.run_frikort(*args, "--help", timeout=20)
                self.assertEqual(done.returncode, 0, f"stderr: {done.stderr[-500:]!r}")
                self.assertTrue(done.stdout.strip(), "help is on standard output")
                if not args:
                    for command in COMMANDS:
                        self.assertIn(command.encode(), done.stdout)

    def test_missing_data_could_not_run(self):
        with tempfile.TemporaryDirectory(prefix="frikort-e2e-") as folder:
            missing = os.path.join(folder, "missing")
            self.assertEqual(fs.run_frikort("status", "--data", missing, timeout=20).returncode, 3)


class SecrecyTest(unittest.TestCase):

    def test_no_number_in_logs_metrics_errors_or_files(self):
        server = fs.Server().start()
        try:
            people = [fs.new_person() for _ in range(40)] + [fs.synthetic_dnumber(n) for n in range(400, 410)]
            wrong = [fs.wrong_last_digit(p) for p in people[:10]]
            items = [dated("2025-03-01", fs.CEILING[2025], personId=p) for p in people]
            bodies = []
            for values in (items, items[:5], [{**i, "amountOre": 1} for i in items[:5]],
                           [payment(items[0]), credit_note(items[1])],
                           [copayment(personId=p) for p in wrong], [copayment(personId=int(p)) for p in people[:3]],
                           [copayment(practiceId="x", personId=p) for p in people[:3]]):
                bodies.append(server.post_json("/v1/registrations", values).body)
                bodies.append(server.post_ndjson("/v1/registrations", values).body)
            broken = fs.compact(items[0]).encode()[:-1]
            bodies.append(server.post_json("/v1/registrations", broken).body)
            bodies.append(server.post_ndjson("/v1/registrations", broken).body)
            for person in people[:5] + wrong[:5]:
                bodies.append(server.post_json("/v1/persons/account", {"personId": person, "year": 2025}).body)
                bodies.append(server.post_json("/v1/persons/account", {"personId": person, "year": 1900}).body)
                bodies.append(server.post_json("/v1/card-status", {"personId": person, "serviceType": "LE",
                                                                   "serviceDate": str(fs.recent_day())}).body)
                bodies.append(server.post_json("/v1/card-status", {"personId": person}).body)
            bodies += [server.get(path).body for path in ("/metrics", "/version", "/isready")]
            server.stop(clean=False)
            numbers = {number.encode() for number in people + wrong}
            for body in bodies:
                self.assertEqual([n for n in numbers if n in body], [], "a national number in an answer")
            output = server.output()
            self.assertEqual([n for n in numbers if n in output], [], "a national number in what the server writes")
            secrets = numbers | {int(p).to_bytes(8, "little") for p in people} | {int(p).to_bytes(8, "big") for p in people}
            for folder, _, names in os.walk(server.data):
                for name in names:
                    path = os.path.join(folder, name)
                    self.assertFalse(any(n.decode() in path for n in numbers), "a national number in a file name")
                    if os.path.isfile(path):
                        for block in data_ranges(path):
                            hits = [s for s in secrets if s in block]
                            self.assertEqual(hits, [], f"a national number in the clear in {name}")
        finally:
            server.clean()


class SignalTest(unittest.TestCase):

    def test_sigterm_under_load_loses_nothing_acknowledged(self):
        server = fs.Server().start()
        try:
            acknowledged, stop = [], threading.Event()

            def send():
                while not stop.is_set():
                    items = [dated("2025-03-01", 100) for _ in range(20)]
                    try:
                        reply = server.post_ndjson("/v1/registrations", items, on_bytes=lambda _: None)
                    except OSError:
                        return
                    if reply.status != 200:
                        return
                    for result in fs.NdjsonReply(reply).results:
                        acknowledged.append((items[result["index"]], result))

            threads = [threading.Thread(target=send) for _ in range(4)]
            for thread in threads:
                thread.start()
            deadline = time.monotonic() + 10
            while len(acknowledged) < 500 and time.monotonic() < deadline:
                time.sleep(0.01)
            server.process.send_signal(signal.SIGTERM)
            status = server.process.wait(fs.STOP_SECONDS)
            stop.set()
            for thread in threads:
                thread.join(30)
            self.assertEqual(status, 0, f"exit status after SIGTERM; output: {server.tail()}")
            self.assertTrue(acknowledged)
            server.process = None
            server.start()
            results = server.stream([item for item, _ in acknowledged]).results
            for (_, before), after in zip(acknowledged, results):
                self.assertEqual((after["verdict"], after["position"]), ("duplicate", before["position"]),
                                 "acknowledged before the end, known after it")
            server.stop()
        finally:
            server.clean()


if __name__ == "__main__":
    unittest.main()
