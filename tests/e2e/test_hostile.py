"""Clients that mean harm, or are broken: refused or closed, while a good client is served and memory stays bounded."""

import http.client
import json
import os
import re
import resource
import socket
import sys
import tempfile
import threading
import time
import unittest

import frikort_server as fs
from frikort_server import copayment

PATH = "/v1/registrations"
HOST = b"Host: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"
NDJSON = b"Content-Type: application/x-ndjson\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
POST = b"POST /v1/registrations HTTP/1.1\r\n" + HOST
CLOSE = b"Connection: close\r\n"

# The timeouts of every server here, in seconds.
IDLE = 1
SLOW = 1


class HostileCase(fs.ServerCase):
    """A server with short timeouts; what it may have cost is looked at when a class is done."""

    limits = {}
    rss_mib_max = 160  # the peak: some 30 MiB are those of the empty service

    @classmethod
    def setUpClass(cls):
        with tempfile.NamedTemporaryFile("w", suffix=".toml", delete=False, encoding="utf-8") as config:
            limits = {"idle_timeout_s": IDLE, "slow_timeout_s": SLOW, **cls.limits}
            config.write("[limits]\n" + "".join(f"{name} = {value}\n" for name, value in limits.items()))
        cls.addClassCleanup(os.remove, config.name)
        cls.server = fs.Server(options=("--config", config.name)).start()
        cls.addClassCleanup(cls.server.clean)
        cls.descriptors = cls.count_descriptors()

    @classmethod
    def tearDownClass(cls):
        peak = cls.peak_mib()
        print(f"{cls.__name__}: peak of memory {peak:.0f} MiB, at most {cls.rss_mib_max}", file=sys.stderr)
        deadline = time.monotonic() + IDLE + SLOW + 5
        while cls.count_descriptors() > cls.descriptors + 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        left = cls.count_descriptors()
        cls.server.stop(clean=False)
        output = cls.server.output()
        if left > cls.descriptors + 2:  # two for files that RocksDB has opened since
            raise AssertionError(f"{left} descriptors are open, {cls.descriptors} in the beginning")
        if peak > cls.rss_mib_max:
            raise AssertionError(f"{peak:.0f} MiB of memory, at most {cls.rss_mib_max} were expected")
        if re.search(rb"\d{11}|connection_failed|handler_failed", output):
            raise AssertionError(f"the log has a number or a defect: {output[-2000:]!r}")

    @classmethod
    def count_descriptors(cls):
        return len(os.listdir(f"/proc/{cls.server.process.pid}/fd"))

    @classmethod
    def peak_mib(cls):
        with open(f"/proc/{cls.server.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1]) / 1024

    def connect(self, timeout=10):
        sock = socket.create_connection(("127.0.0.1", self.server.port), timeout=timeout)
        self.addCleanup(sock.close)
        return sock

    def exchange(self, data, timeout=10):
        """Sends bytes; gives all that comes until the server closes."""
        sock = self.connect(timeout)
        sender = threading.Thread(target=send_quietly, args=(sock, data), daemon=True)
        sender.start()
        try:
            return read_to_end(sock)
        finally:
            sock.close()
            sender.join(timeout)

    def assert_served(self, within=2.0):
        """A good client gets its answers meanwhile."""
        begin = time.monotonic()
        self.assert_accepted(self.server.submit_one(copayment()))
        self.assertEqual(self.server.get("/isready").status, 200)
        self.assertLess(time.monotonic() - begin, within, "a good client waits too long")

    def assert_refused(self, answer, status):
        """One answer with an error, and the connection is closed."""
        self.assertEqual(statuses(answer), [status], f"answer: {answer[:600]!r}")
        self.assertIn(b"application/problem+json", answer)
        self.assertIn(b"connection: close", answer.lower())


def send_quietly(sock, data):
    try:
        for piece in ([data] if isinstance(data, bytes) else data):
            sock.sendall(piece)
    except OSError:
        pass  # closed by the server before all was sent


def read_to_end(sock):
    answer = bytearray()
    while True:
        try:
            piece = sock.recv(1 << 16)
        except ConnectionResetError:
            return bytes(answer)
        if not piece:
            return bytes(answer)
        answer += piece


def statuses(answer):
    return [int(status) for status in re.findall(rb"(?:^|\n|\})HTTP/1\.1 (\d{3}) ", answer)]


class FramingTest(HostileCase):
    """Heads that a proxy in front could understand otherwise: one 400, and nothing after it is taken for a request."""

    smuggled = b"GET /isalive HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"

    def test_unclear_heads(self):
        body = b"2\r\n[]\r\n0\r\n\r\n"
        get = b"GET /version HTTP/1.1\r\n"
        cases = {
            "length and chunked": POST + JSON + b"Content-Length: 4\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
            "chunked and length": POST + JSON + CHUNKED + b"Content-Length: 4\r\n\r\n0\r\n\r\n",
            "two lengths": POST + JSON + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]",
            "two equal lengths": POST + JSON + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n[]",
            "signed length": POST + JSON + b"Content-Length: +2\r\n\r\n[]",
            "hexadecimal length": POST + JSON + b"Content-Length: 0x2\r\n\r\n[]",
            "length beyond 64 bits": POST + JSON + b"Content-Length: 99999999999999999999999\r\n\r\n[]",
            "encoding that is not chunked": POST + JSON + b"Transfer-Encoding: gzip\r\n\r\n",
            "chunked after another": POST + JSON + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + body,
            "chunked before another": POST + JSON + b"Transfer-Encoding: chunked, identity\r\n\r\n" + body,
            "nearly chunked": POST + JSON + b"Transfer-Encoding: xchunked\r\n\r\n" + body,
            "two encodings": POST + JSON + CHUNKED + b"Transfer-Encoding: identity\r\n\r\n" + body,
            "blank before the colon": POST + JSON + b"Transfer-Encoding : chunked\r\n\r\n" + body,
            "tab in the encoding": POST + JSON + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + body,
            "chunked in HTTP/1.0": b"POST /v1/registrations HTTP/1.0\r\n" + JSON + CHUNKED + b"\r\n" + body,
            "no host": get + b"\r\n",
            "two hosts": get + HOST + b"Host: other\r\n\r\n",
            "line feeds only": b"GET /version HTTP/1.1\nHost: localhost\n\n",
            "one line feed only": get + b"Host: localhost\nX: y\r\n\r\n",
            "carriage return only": get + b"Host: localhost\rX: y\r\n\r\n",
            "folded first line": get + b" X: y\r\n" + HOST + b"\r\n",
            "NUL in a header": get + HOST + b"X: y\0z\r\n\r\n",
            "NUL in the target": b"GET /ver\0sion HTTP/1.1\r\n" + HOST + b"\r\n",
            "blank in the target": b"GET /ver sion HTTP/1.1\r\n" + HOST + b"\r\n",
            "HTTP/0.9": b"GET /version\r\n",
            "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(range(128, 256)),
        }
        for name, head in cases.items():
            with self.subTest(name):
                self.assert_refused(self.exchange(head + self.smuggled), 400)
        self.assert_served()

    def test_bad_chunks(self):
        head = POST + JSON + CHUNKED + b"\r\n"
        for chunks in (b"zz\r\n[]\r\n", b"-2\r\n[]\r\n", b"ffffffffffffffffff\r\n[]\r\n", b"2\r\n[]0\r\n\r\n", b"\r\n[]\r\n",
                       b"2\n[]\r\n", b"2\r\n[]\r\n0\r\nX y\r\n\r\n"):
            with self.subTest(chunks):
                self.assert_refused(self.exchange(head + chunks + b"0\r\n\r\n" + self.smuggled), 400)
        # A chunk larger than any body: nothing is set aside for it.
        self.assert_refused(self.exchange(head + b"7fffffffffffffff\r\n[]"), 408)
        self.assert_served()

    def test_what_is_unusual_and_allowed(self):
        get = b"GET /version HTTP/1.1\r\n" + HOST
        good = {
            "folded line": get + CLOSE + b"X: y\r\n  z\r\n\r\n",
            "GET with a body": get + CLOSE + b"Content-Length: 5\r\n\r\nhello",
            "HTTP/1.0": b"GET /version HTTP/1.0\r\n\r\n",
            "no blank after the colon": b"GET /version HTTP/1.1\r\nHost:a\r\nConnection:close\r\n\r\n",
            "upgrade is ignored": get + b"Connection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n",
        }
        for name, request in good.items():
            with self.subTest(name):
                answer = self.exchange(request)
                self.assertEqual(statuses(answer), [200], answer[:300])
        # The body of a GET is not the next request.
        answer = self.exchange(get + b"Content-Length: %d\r\n\r\n" % len(self.smuggled) + self.smuggled + get + CLOSE + b"\r\n")
        self.assertEqual((statuses(answer), answer.count(b'"alive"')), ([200, 200], 0))
        self.assertEqual(statuses(self.exchange(b"BREW /version HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")), [405])
        self.assertEqual(statuses(self.exchange(b"CONNECT a:80 HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")), [404])
        self.assertEqual(statuses(self.exchange(b"OPTIONS * HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")), [400])

    def test_stream_of_http_1_0_is_answered_without_chunks(self):
        lines = b"\n" * (1 << 20) + fs.ndjson([copayment() for _ in range(3)])
        answer = self.exchange(b"POST /v1/registrations HTTP/1.0\r\n" + NDJSON + b"Content-Length: %d\r\n\r\n" % len(lines) +
                               lines)
        self.assertEqual(statuses(answer), [200])
        self.assertNotIn(b"chunked", answer)
        self.assertEqual(answer.count(b'"accepted"'), 3)

    def test_pipelined_requests_are_answered_in_order(self):
        count = 2000
        ids = [fs.new_guid() for _ in range(count)]
        requests = b"".join(
            b"GET /%s HTTP/1.1\r\n%sCorrelation-Id: %s\r\n\r\n" %
            (b"isalive" if number % 3 else b"nowhere", HOST, name.encode()) for number, name in enumerate(ids))
        answer = self.exchange(requests + self.smuggled)
        self.assertEqual(statuses(answer), [200 if number % 3 else 404 for number in range(count)] + [200])
        got = re.findall(rb"\nCorrelation-Id: ([^\r]+)", answer)
        self.assertEqual([name.decode() for name in got[:count]], ids)


class ConnectionTest(HostileCase):
    """More connections than are allowed; one of those that are allowed is kept for the good client."""

    limits = {"connections_max": 100, "idle_timeout_s": 10}

    def test_flood(self):
        good = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        self.addCleanup(good.close)
        good.request("GET", "/isalive")
        good.getresponse().read()
        idle = [self.connect() for _ in range(99)]
        # Nobody says anything: each is told, unless too many are being told, and closed.
        surplus = [self.connect() for _ in range(600)]
        answers = [read_to_end(sock) for sock in surplus]
        told = [answer for answer in answers if answer]
        self.assertGreaterEqual(len(told), 64)
        for answer in told:
            self.assert_refused(answer, 503)
            self.assertRegex(answer, rb"\r\nRetry-After: \d+\r\n")
            self.assertIn(b'"code":"OVERLOADED"', answer)
        for sock in surplus:
            sock.close()
        good.request("POST", PATH, fs.compact(copayment()), {"Content-Type": fs.JSON_TYPE})
        self.assert_accepted(json.loads(good.getresponse().read())["results"][0])
        # A client that sends before it reads gets the answer, too, and no reset.
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            answer = self.exchange(POST + JSON + b"Content-Length: 2\r\n\r\n[]")
            if answer:
                break
            time.sleep(0.1)
        self.assert_refused(answer, 503)
        for sock in idle:
            sock.close()
        deadline = time.monotonic() + 5
        while self.server.request("GET", "/isalive").status != 200 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assert_served()


class ManyConnectionsTest(HostileCase):
    """Thousands that do nothing beside one that works."""

    limits = {"idle_timeout_s": 5}
    idle = 3000

    def test_idle_connections(self):
        before = self.peak_mib()
        allow_descriptors(self.idle + 200)
        idle = [self.connect() for _ in range(self.idle // 2)]
        half = [self.connect() for _ in range(self.idle // 2)]
        for sock in half:
            sock.sendall(POST + JSON)  # a head without its end
        latencies = []
        for _ in range(300):
            begin = time.monotonic()
            self.assert_accepted(self.server.submit_one(copayment()))
            latencies.append(time.monotonic() - begin)
        latencies.sort()
        print(f"beside {self.idle} idle connections: p50 {latencies[150] * 1000:.1f} ms, p99 {latencies[297] * 1000:.1f} ms, "
              f"{(self.peak_mib() - before) * 1024 / self.idle:.0f} KiB a connection", file=sys.stderr)
        self.assertLess(latencies[297], 0.5)
        for sock in idle[:20]:
            self.assertEqual(read_to_end(sock), b"", "closed without a word: it had not begun")
        for sock in half[:20]:
            self.assert_refused(read_to_end(sock), 408)
        for sock in idle + half:
            sock.close()


def allow_descriptors(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


if __name__ == "__main__":
    unittest.main()
