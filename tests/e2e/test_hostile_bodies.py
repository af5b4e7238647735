"""Hostile lines and documents: a verdict or an error, never a crash."""

import re
import time
import unittest

import frikort_server as fs
from frikort_server import copayment
from hostile_case import CHUNKED, CLOSE, HostileCase, NDJSON, PATH, POST, repeat, statuses


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


if __name__ == "__main__":
    unittest.main()
