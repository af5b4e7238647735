"""Clients that mean harm, or are broken: refused or closed, while a good client is served and memory stays bounded."""

import http.client
import json
import os
import re
import resource
import socket
import sys
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
        limits = {"idle_timeout_s": IDLE, "slow_timeout_s": SLOW, **cls.limits}
        cls.server = fs.Server(configuration={"limits": limits}).start()
        cls.addClassCleanup(cls.server.clean)
        if cls.server.is_sanitized():
            cls.rss_mib_max *= 8
        for _ in range(8):
            cls.server.get("/isalive")  # each network thread has some from its first connection on
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
        # Of a practice of its own: one that sends too much may be told to wait.
        self.assert_accepted(self.server.submit_one(copayment(practiceId="2000001")))
        self.assertEqual(self.server.get("/isready").status, 200)
        self.assertLess(time.monotonic() - begin, within, "a good client waits too long")

    def assert_refused(self, answer, status):
        """One answer with an error, and the connection is closed."""
        self.assertEqual(statuses(answer), [status], f"answer: {answer[:600]!r}")
        self.assertIn(b"application/problem+json", answer)
        self.assertIn(b"connection: close", answer.lower())


def send_quietly(sock, data):
    """Says whether all was sent before the server closed."""
    try:
        for piece in ([data] if isinstance(data, bytes) else data):
            sock.sendall(piece)
    except OSError:
        return False
    return True


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
            "list of equal lengths": POST + JSON + b"Content-Length: 2, 2\r\n\r\n[]",
            "two types": POST + JSON + JSON + b"Content-Length: 2\r\n\r\n[]",
            "two packings": POST + JSON + b"Content-Encoding: gzip\r\n" * 2 + b"Content-Length: 2\r\n\r\n[]",
            "host with a blank": get + b"Host: a b\r\n\r\n",
            "host with a user": get + b"Host: u@a\r\n\r\n",
            "host cut off": get + b"Host: [::1\r\n\r\n",
            "host with a path": get + b"Host: a/b\r\n\r\n",
            "host with a wrong port": get + b"Host: a:x\r\n\r\n",
            "folded line": get + HOST + b"X: y\r\n  z\r\n\r\n",
            "folded length": POST + JSON + b"Content-Length:\r\n 2\r\n\r\n[]",
            "folded host": get + b"Host: a\r\n\tb\r\n\r\n",
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
                       b"2\n[]\r\n", b"2\r\n[]\r\n0\r\nX y\r\n\r\n", b'2;a="\nx"\r\n[]\r\n', b'2;a="\r\nx"\r\n[]\r\n',
                       b"2;a=\0\r\n[]\r\n", b"2;a=\x1b\r\n[]\r\n", b"2;\r\n[]\r\n", b"2 \r\n[]\r\n", b" 2\r\n[]\r\n",
                       b"0x2\r\n[]\r\n", b"2\r\n[]\n", b"2\r\n[]\r\n0\r\nContent-Length: 5\r\n\r\n",
                       b"2\r\n[]\r\n0\r\nHost: other\r\n\r\n", b"2\r\n[]\r\n0\r\nX: y\n\r\n"):
            with self.subTest(chunks):
                self.assert_refused(self.exchange(head + chunks + b"0\r\n\r\n" + self.smuggled), 400)
        # Refused at the end of its line, not after a silence.
        sock = self.connect()
        sock.sendall(head + b'2;a="x\r\n')
        begin = time.monotonic()
        self.assert_refused(read_to_end(sock), 400)
        self.assertLess(time.monotonic() - begin, SLOW)
        # A chunk larger than any body: nothing is set aside for it.
        self.assert_refused(self.exchange(head + b"7fffffffffffffff\r\n[]"), 408)
        self.assert_served()

    def test_what_is_unusual_and_allowed(self):
        get = b"GET /version HTTP/1.1\r\n" + HOST
        good = {
            "GET with a body": get + CLOSE + b"Content-Length: 5\r\n\r\nhello",
            "HTTP/1.0": b"GET /version HTTP/1.0\r\n\r\n",
            "no blank after the colon": b"GET /version HTTP/1.1\r\nHost:a\r\nConnection:close\r\n\r\n",
            "target with a host, as to a proxy": b"GET http://localhost/version HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n",
            "chunks with extensions and a trailer": POST + JSON + CLOSE + CHUNKED + b"\r\n" +
                                                    b'2;a="b;\\"c";d\r\n[]\r\n0;e=f\r\nX: y\r\n\r\n',
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
        self.assertEqual(statuses(self.exchange(b"CONNECT a:80 HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")), [400])
        for target in (b"http://u@localhost/version", b"ftp://localhost/version", b"/v1%2Fstatus", b"/version%00"):
            self.assertEqual(statuses(self.exchange(b"GET " + target + b" HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")), [400])
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


class SlowTest(HostileCase):
    """Senders that stop or drip."""

    def test_slow_head(self):
        begin = time.monotonic()
        sock = self.connect()
        # Every byte in time, the head as a whole not.
        for byte in (POST + JSON)[:40]:
            try:
                sock.sendall(bytes((byte,)))
            except OSError:
                break
            time.sleep(IDLE / 15)
        self.assert_refused(read_to_end(sock), 408)
        self.assertLess(time.monotonic() - begin, IDLE + 4)

    def test_slow_body(self):
        line = fs.ndjson([copayment()])
        for head in (JSON + b"Content-Length: 500\r\n\r\n", JSON + CHUNKED + b"\r\n5\r\n",
                     NDJSON + b"Content-Length: 5000000\r\n\r\n", NDJSON + CHUNKED + b"\r\n5000\r\n"):
            with self.subTest(head=head):
                sock = self.connect()
                sock.sendall(POST + head + b"{")
                begin = time.monotonic()
                self.assert_refused(read_to_end(sock), 408)
                self.assertLess(time.monotonic() - begin, SLOW + 1.5)
        # Once lines have been answered, the stream ends with a problem line.
        sock = self.connect()
        sock.sendall(POST + NDJSON + CHUNKED + b"\r\n%x\r\n%s\r\n" % (len(line), line))
        answer = read_to_end(sock)
        self.assertEqual(statuses(answer), [200])
        self.assertIn(b'"verdict":"accepted"', answer)
        self.assertIn(b'"status":408', answer)

    def test_dripping_body(self):
        """Every byte in time, the body as a whole not."""
        for head, piece in ((JSON + b"Content-Length: 500\r\n\r\n", b" "),
                            (JSON + CHUNKED + b"\r\n", b"1\r\n \r\n"),
                            (NDJSON + CHUNKED + b"\r\n", b"1\r\n{\r\n")):
            with self.subTest(head=head):
                sock = self.connect()
                sock.sendall(POST + head)
                begin = time.monotonic()
                for _ in range(50):
                    if not send_quietly(sock, (piece,)):
                        break
                    time.sleep(SLOW / 5)
                self.assertLess(time.monotonic() - begin, SLOW + 4)
                self.assert_refused(read_to_end(sock), 408)

    def test_slow_stream_goes_on(self):
        """Who sends a line now and then is not slow."""
        sock = self.connect()
        sock.sendall(POST + NDJSON + CHUNKED + b"\r\n")
        for _ in range(6):
            line = fs.ndjson([copayment()])
            sock.sendall(b"%x\r\n%s\r\n" % (len(line), line))
            time.sleep(SLOW / 2)
        sock.sendall(b"0\r\n\r\n")
        answer = read_to_end(sock)
        self.assertEqual(answer.count(b'"verdict":"accepted"'), 6)
        self.assertNotIn(b'"status":408', answer)

    def test_half_open(self):
        for data in (b"", b"G", POST + JSON, POST + JSON + b"Content-Length: 50\r\n\r\n[",
                     POST + NDJSON + CHUNKED + b"\r\n5\r\n{"):
            with self.subTest(data=data):
                sock = self.connect()
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
                begin = time.monotonic()
                answer = read_to_end(sock)
                self.assertLess(time.monotonic() - begin, SLOW + 1.5)
                self.assertIn(statuses(answer), ([], [400]))
        # Who has sent all and closes its side still gets the answer.
        body = fs.compact(copayment()).encode()
        sock = self.connect()
        sock.sendall(POST + JSON + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        sock.shutdown(socket.SHUT_WR)
        self.assertIn(b'"accepted"', read_to_end(sock))

    def test_never_reads(self):
        """Streams whose results, and pipelined requests whose answers, nobody takes."""
        lines = fs.ndjson([copayment() for _ in range(500)])
        lines = b"%x\r\n%s\r\n" % (len(lines), lines)
        many = b"GET /openapi.yaml HTTP/1.1\r\n" + HOST + b"\r\n"
        senders = []
        for number in range(24):
            sock = self.connect(timeout=30)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            data = repeat(lines, 200, POST + NDJSON + CHUNKED + b"\r\n") if number % 2 else repeat(many * 50, 400)
            sender = threading.Thread(target=send_quietly, args=(sock, data), daemon=True)
            sender.start()
            senders.append(sender)
        for _ in range(10):
            self.assert_served(within=5)
        deadline = time.monotonic() + 20
        for sender in senders:
            sender.join(max(0, deadline - time.monotonic()))
            self.assertFalse(sender.is_alive(), "the server neither closes nor goes on")
        self.assert_served()


class MemoryTest(HostileCase):
    """Bodies, and what they become, that would fill the memory."""

    limits = {"waiting_bytes_max": 16 << 20}

    def test_heads_of_large_bodies_cost_nothing(self):
        allow_descriptors(700)
        before = self.peak_mib()
        socks = [self.connect() for _ in range(400)]
        for sock in socks:
            sock.sendall(POST + JSON + b"Content-Length: 8388608\r\n\r\n")
        self.assert_served()
        self.assertLess(self.peak_mib() - before, self.rss_mib_max / 4)
        for sock in socks:
            self.assert_refused(read_to_end(sock), 408)

    def test_large_bodies_that_do_not_end(self):
        socks = [self.connect() for _ in range(40)]
        for kind, sock in enumerate(socks):
            head = POST + JSON + (b"Content-Length: 8000000\r\n\r\n" if kind % 2 else CHUNKED + b"\r\n7a1200\r\n")
            send = threading.Thread(target=send_quietly, args=(sock, head + b" " * 4_000_000), daemon=True)
            send.start()
        self.assert_served()
        answers = [read_to_end(sock) for sock in socks]
        told = [answer for answer in answers if statuses(answer) == [503]]
        # On a slow machine some are cut off as too slow, and so make room for others.
        self.assertGreater(len(told), 0, "160 MB came, 16 MiB fit")
        for answer in told:
            self.assert_refused(answer, 503)
            self.assertIn(b"Retry-After", answer)
        for answer in answers:
            self.assertIn(statuses(answer), ([503], [408], []))
        self.assert_served()

    def test_too_large(self):
        for size in (8_388_609, 1 << 40):
            self.assert_refused(self.exchange(POST + JSON + b"Content-Length: %d\r\n\r\n" % size), 413)
        self.assert_refused(self.exchange(POST + NDJSON + b"Content-Length: %d\r\n\r\n" % (1 << 40)), 413)
        chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
        self.assert_refused(self.exchange(repeat(chunk, 20, POST + JSON + CHUNKED + b"\r\n")), 413)
        self.assert_refused(self.exchange(POST.replace(b"registrations", b"card-status") + JSON + CHUNKED + b"\r\n" + chunk),
                            413)
        for head in (b"GET /isalive HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 20_000,
                     b"GET /isalive HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 5000, b"GET /" + b"x" * 20_000,
                     b"x" * 1_000_000):
            self.assert_refused(self.exchange(head + b"\r\n\r\n"), 431)

    def test_more_items_than_allowed(self):
        answer = self.exchange(POST + JSON + b"Content-Length: 8000001\r\n\r\n[" + b"0," * 3_999_999 + b"0]")
        self.assertEqual(statuses(answer), [413])
        answer = self.exchange(POST + NDJSON + CLOSE + b"Content-Length: 1000000\r\n\r\n" + b"0\n" * 500_000)
        self.assertEqual(statuses(answer), [413])
        self.assert_served()

    def test_stream_of_rubbish(self):
        """Two bytes become a result of sixty: what waits is bounded, whatever is sent."""
        lines = 3_000_000
        head = POST + NDJSON + CLOSE + b"Content-Length: %d\r\n\r\n" % (2 * lines)
        sock = self.connect(30)
        sender = threading.Thread(target=send_quietly, args=(sock, repeat(b"0\n" * 100_000, lines // 100_000, head)))
        sender.start()
        count, tail = 0, b""
        while piece := sock.recv(1 << 20):
            count += (tail + piece).count(b"MALFORMED_ITEM") - tail.count(b"MALFORMED_ITEM")
            tail = (tail + piece)[-20:]
        sender.join()
        self.assertEqual(count, lines)

    def test_chunk_extensions_and_trailers_without_end(self):
        for begin, more in ((b"5;", b"a" * 65536), (b"0\r\n", b"X: y\r\n" * 10_000)):
            with self.subTest(begin):
                answer = self.exchange(repeat(more, 400, POST + JSON + CHUNKED + b"\r\n" + begin))
                self.assertIn(statuses(answer), ([400], []))
        self.assert_served()

    def test_chunks_of_one_byte(self):
        body = fs.compact([copayment() for _ in range(20)]).encode()
        data = POST + JSON + CLOSE + CHUNKED + b"\r\n" + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        self.assertEqual(self.exchange(data).count(b'"accepted"'), 20)
        sock = self.connect()
        sender = threading.Thread(target=send_quietly, daemon=True,
                                  args=(sock, repeat(b"1\r\na\r\n" * 10_000, 100, POST + NDJSON + CHUNKED + b"\r\n")))
        sender.start()
        for _ in range(5):
            self.assert_served()
        sock.close()
        sender.join()

    def test_stream_without_end(self):
        chunk = fs.ndjson([copayment() for _ in range(200)])
        chunk = b"%x\r\n%s\r\n" % (len(chunk), chunk)
        sock = self.connect(20)
        sender = threading.Thread(target=send_quietly, daemon=True,
                                  args=(sock, repeat(chunk, 1 << 30, POST + NDJSON + CHUNKED + b"\r\n")))
        sender.start()
        got = 0
        begin = time.monotonic()
        while time.monotonic() < begin + 1.5:
            got += len(sock.recv(1 << 20))
        self.assertGreater(got, 1 << 20, "results come while the stream goes on")
        self.assert_served()
        sock.close()
        sender.join(5)


class BodyTest(HostileCase):
    """What a body may say."""

    limits = {"ndjson_body_bytes_max": 4 << 20}

    def test_hostile_lines(self):
        good = fs.compact(copayment())
        member = '{"guid":"%s","practiceId":"1","personId":"1","x":%s}'
        hostile = [
            b"[" * 60_000, b'{"a":' * 10_000, (member % (fs.new_guid(), "[" * 20_000 + "]" * 20_000)).encode(), b"\xff\xfe",
            good.replace("LE", "\x00").encode(), good.encode().replace(b"LE", b"L\xc3"), b"\x00", b'"\\ud800"', b"{" * 33,
            good.encode().replace(b'"paid"', b'"\xed\xa0\x80"'), b"nul", b"1e99999", b"-0", b"{}}", good.encode() + b",",
            b"x" * 70_000,
        ]
        values = [("1e9", "INVALID_AMOUNT"), ("-0", "INVALID_AMOUNT"), ("9223372036854775808", "INVALID_AMOUNT"),
                  ("18446744073709551616", "INVALID_AMOUNT"), ("1" * 5000, "INVALID_AMOUNT"), ("1e-999999", "INVALID_AMOUNT"),
                  ("0.1", "INVALID_AMOUNT"), ('"20000"', "INVALID_AMOUNT"), ("20000,\"amountOre\":20000", "DUPLICATE_FIELD")]
        lines = hostile + [good.replace("20000", value).encode() for value, _ in values] + [good.encode()]
        replies = [self.server.stream(lines)]
        chunked = b"".join(b"%x\r\n%s\n\r\n" % (len(line) + 1, line) for line in lines) + b"0\r\n\r\n"
        answer = self.exchange(POST + NDJSON + CHUNKED + CLOSE + b"\r\n" + chunked)
        self.assertEqual(statuses(answer), [200])
        self.assertEqual([result["verdict"] for result in replies[0].results], ["rejected"] * (len(lines) - 1) + ["accepted"])
        codes = [result.get("code") for result in replies[0].results]
        self.assertEqual(codes[len(hostile):-1], [code for _, code in values])
        self.assertEqual(answer.count(b'"rejected"'), len(lines) - 1)
        for line in hostile:
            with self.subTest(line[:30]):
                reply = self.server.post_json(PATH, line)
                if reply.status != 400:
                    self.assertEqual(reply.json()["results"][0]["verdict"], "rejected")
        self.assert_served()

    def test_deep_json_body(self):
        for body in (b"[" * 8_000_000, b'{"a":' * 1_000_000, b"[" * 4_000_000 + b"]" * 4_000_000, b'["' + b"\\" * 7_999_999):
            begin = time.monotonic()
            self.assert_problem(self.server.post_json(PATH, body), 400, "MALFORMED_REQUEST")
            self.assertLess(time.monotonic() - begin, 5)

    def test_line_that_is_too_long(self):
        """Longer than a line may be, longer than a piece that is read, and followed by a good one."""
        items = [copayment(), copayment()]
        for size in (70_000, 300_000, 3_000_000):
            body = fs.ndjson(items[:1]) + b'{"x":"' + b"y" * size + b'"}\n' + fs.ndjson(items[1:])
            chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
            answer = self.exchange(POST + NDJSON + CHUNKED + CLOSE + b"\r\n" + chunked)
            self.assertEqual(re.findall(rb'"verdict":"(\w+)"', answer)[1], b"rejected")
            self.assertEqual(answer.count(b'"index"'), 3)
            self.assertEqual(answer.count(b"MALFORMED_ITEM"), 1)

    def test_body_too_large_while_streaming(self):
        self.assert_refused(self.exchange(POST + NDJSON + b"Content-Length: 4194305\r\n\r\n"), 413)
        chunk = fs.ndjson([copayment() for _ in range(1000)])
        chunk = b"%x\r\n%s\r\n" % (len(chunk), chunk)
        answer = self.exchange(repeat(chunk, 30, POST + NDJSON + CHUNKED + b"\r\n"))
        self.assertEqual(statuses(answer), [200])
        self.assertRegex(answer, rb'"status":413,"code":"TOO_LARGE"')


def repeat(piece, times, first=b""):
    """`first`, then `piece` again and again."""
    if first:
        yield first
    for _ in range(times):
        yield piece


def allow_descriptors(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


if __name__ == "__main__":
    unittest.main()
