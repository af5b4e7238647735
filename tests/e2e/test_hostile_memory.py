"""Bodies, lines and heads that are too large or never end: memory stays bounded."""

import re
import socket
import threading
import time
import unittest

import frikort_server as fs
from frikort_server import copayment
from hostile_case import (
    CHUNKED, CLOSE, HOST, HostileCase, JSON, NDJSON, PATH, POST, allow_descriptors, read_to_end, repeat, send_quietly,
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
        for head in (b"GET /isalive HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 30_000,
                     b"GET /isalive HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 5000, b"GET /" + b"x" * 30_000,
                     b"x" * 1_000_000):
            self.assert_refused(self.exchange(head + b"\r\n\r\n"), 431)

    def test_heads_that_come_in_pieces(self):
        """Fields are counted together however they come: their bytes and their number."""
        get = b"GET /isalive HTTP/1.1\r\n" + HOST

        def in_pieces(rest_of_field, count):
            yield get + b"a"
            for _ in range(count):
                yield rest_of_field + b"\r\na"
                time.sleep(0.002)
            yield b":\r\n\r\n"

        self.assert_refused(self.exchange(in_pieces(b": " + b"x" * 300, 90)), 431)
        self.assert_refused(self.exchange(in_pieces(b":", 150)), 431)
        self.assert_refused(self.exchange(get + b"X: y\r\n" * 100 + b"\r\n"), 431)
        self.assertEqual(statuses(self.exchange(get + b"X: y\r\n" * 98 + CLOSE + b"\r\n")), [200])

    def test_fields_of_16_kib_fit_beside_a_first_line_of_8(self):
        get = b"GET /isalive?" + b"x" * (8192 - len(b"GET /isalive? HTTP/1.1\r\n")) + b" HTTP/1.1\r\n"
        fields = HOST + CLOSE + b"X: \r\n"
        fields = fields.replace(b"X: ", b"X: " + b"x" * (16_384 - len(fields + b"\r\n"))) + b"\r\n"
        self.assertEqual((len(get), len(fields)), (8192, 16_384))
        self.assertEqual(statuses(self.exchange(b"GET /isalive HTTP/1.1\r\n" + fields)), [200])
        self.assertEqual(statuses(self.exchange(get + fields)), [400], "a parameter that is not known, not 431")
        self.assert_refused(self.exchange(get + b"Y: \r\n" + fields), 431)

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


class UnreadAnswersTest(HostileCase):
    """Clients that ask and do not read: the memory of requests is not theirs."""

    limits = {"waiting_bytes_max": 16 << 20, "slow_timeout_s": 10}

    def ask(self, request, count):
        """Each reads the beginning of its answer, and no more; a small part of it fits what is between."""
        for _ in range(count):
            sock = socket.socket()
            self.addCleanup(sock.close)
            sock.settimeout(10)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
            sock.connect(("127.0.0.1", self.server.port))
            sock.sendall(request)
            self.assertEqual(sock.recv(12), b"HTTP/1.1 200")

    def held_bytes(self):
        return int(float(re.search(rb"\nfrikort_http_held_bytes (\S+)", self.server.get("/metrics").body)[1]))

    def assert_uploads_are_taken(self):
        items = [copayment(practiceId="2000001") for _ in range(300)]
        reply = self.server.post_json(PATH, items)
        self.assertEqual(reply.status, 200, reply.body[:300])

    def test_a_text_of_the_program_is_in_memory_once(self):
        self.ask(b"GET /openapi.yaml HTTP/1.1\r\n" + HOST + b"\r\n", 200)
        self.assertLess(self.held_bytes(), 1 << 20)
        self.assert_uploads_are_taken()

    def test_answers_leave_half_of_the_memory(self):
        body = b"[" + b"0," * 4095 + b"0]"
        self.ask(POST + JSON + b"Content-Length: %d\r\n\r\n" % len(body) + body, 120)
        held = self.held_bytes()
        self.assertGreater(held, 4 << 20, "the answers are to be larger than what is between")
        self.assertLess(held, 10 << 20)
        self.assert_uploads_are_taken()


if __name__ == "__main__":
    unittest.main()
