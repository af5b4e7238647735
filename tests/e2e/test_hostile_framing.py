"""Heads and chunks that could be read in two ways are refused; what is only unusual is answered."""

import re
import time
import unittest

import frikort_server as fs
from frikort_server import copayment
from hostile_case import CHUNKED, CLOSE, HOST, HostileCase, JSON, NDJSON, POST, SLOW, read_to_end, statuses


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


if __name__ == "__main__":
    unittest.main()
