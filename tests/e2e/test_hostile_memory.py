"""Bodies, lines and heads that are too large or never end: memory stays bounded."""

import threading
import time
import unittest

import frikort_server as fs
from frikort_server import copayment
from hostile_case import (
    CHUNKED, CLOSE, HOST, HostileCase, JSON, NDJSON, POST, allow_descriptors, read_to_end, repeat, send_quietly,
    statuses)


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


if __name__ == "__main__":
    unittest.main()
