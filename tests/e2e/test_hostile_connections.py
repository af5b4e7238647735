"""Floods of connections, and slow, half-open and deaf clients: a good client is served beside them."""

import http.client
import json
import socket
import sys
import threading
import time
import unittest

import frikort_server as fs
from frikort_server import copayment
from hostile_case import (
    CHUNKED, HOST, HostileCase, IDLE, JSON, NDJSON, PATH, POST, SLOW, allow_descriptors, read_to_end, repeat,
    send_quietly, statuses)


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


if __name__ == "__main__":
    unittest.main()
