"""Errors of whole requests, and correlation ids."""

import re
import socket
import unittest

import frikort_server as fs
from frikort_server import copayment, raw_item

PATH = "/v1/registrations"
UUID_PATTERN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


class RequestErrorTest(fs.ServerCase):

    def test_unknown_path(self):
        for method, path in (("GET", "/v1/nothing"), ("POST", "/v1/nothing"), ("GET", "/v1/registrationsx")):
            with self.subTest(path=path):
                self.assert_problem(self.server.request(method, path), 404)

    def test_wrong_method_names_the_allowed_ones(self):
        for method, path, allowed in (("GET", PATH, "POST"), ("PUT", PATH, "POST"), ("DELETE", PATH, "POST"),
                                      ("GET", "/v1/persons/account", "POST"), ("GET", "/v1/card-status", "POST"),
                                      ("POST", "/v1/timeliness", "GET"), ("POST", "/isalive", "GET")):
            with self.subTest(method=method, path=path):
                reply = self.server.request(method, path)
                self.assert_problem(reply, 405)
                methods = [part.strip() for part in (reply.header("Allow") or "").split(",")]
                self.assertIn(allowed, methods, "405 has Allow")

    def test_declared_body_too_large(self):
        head = (f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                f"Content-Length: {1 << 40}\r\n\r\n[")
        reply = self.server.raw(head.encode())
        self.assert_problem(reply, 413, "TOO_LARGE")

    def test_header_too_large(self):
        head = f"GET /isalive HTTP/1.1\r\nHost: localhost\r\nX-Large: {'x' * (1 << 20)}\r\n\r\n"
        self.assert_problem(self.server.raw(head.encode()), 431, "HEADER_TOO_LARGE")
        self.assertEqual(self.server.get("/isalive").status, 200)

    def test_garbage_instead_of_http(self):
        for data in (b"GARBAGE\r\n\r\n", b"\x00\x01\x02\x03\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                     b"POST /v1/registrations HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
                     b"POST /v1/registrations HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n[]",
                     b"POST /v1/registrations HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"):
            with self.subTest(data=data[:60]):
                try:
                    reply = self.server.raw(data, timeout=5)
                except TimeoutError:
                    self.fail("neither an answer nor a closed connection within 5 s")
                # A chunked stream may have got its 200 before the bad chunk was seen.
                if reply is not None and b"chunked" not in data:
                    self.assertTrue(400 <= reply.status <= 505, f"status {reply.status}")
                self.assertEqual(self.server.get("/isalive").status, 200, "the server goes on")

    def test_client_that_goes_away(self):
        item = copayment()
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=5) as sock:
                sock.sendall(f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                             f"Content-Length: 5000\r\n\r\n{raw_item(item)[:50]}".encode())
        self.assert_accepted(self.server.submit_one(item))

    def test_correlation_id_is_echoed(self):
        mine = fs.new_guid()
        reply = self.server.post_json(PATH, [copayment()], {"Correlation-Id": mine})
        self.assertEqual(reply.status, 200)
        self.assertEqual((reply.header("Correlation-Id") or "").lower(), mine)
        reply = self.server.post_json(PATH, b"{", {"Correlation-Id": mine})
        problem = self.assert_problem(reply, 400, "MALFORMED_REQUEST")
        self.assertEqual(problem["correlationId"].lower(), mine)
        self.assertEqual((reply.header("Correlation-Id") or "").lower(), mine)

    def test_correlation_id_is_created(self):
        seen = set()
        for body in ([copayment()], b"{"):
            reply = self.server.post_json(PATH, body)
            value = reply.header("Correlation-Id") or ""
            self.assertRegex(value, UUID_PATTERN, "a Correlation-Id is created")
            if reply.status != 200:
                self.assertEqual(reply.json()["correlationId"], value, "in the problem as in the header")
            seen.add(value)
        self.assertEqual(len(seen), 2, "each request has a Correlation-Id of its own")

    def test_correlation_id_that_is_no_uuid_does_no_harm(self):
        reply = self.server.post_json(PATH, [copayment()], {"Correlation-Id": "<script>"})
        self.assertIn(reply.status, (200, 400))
        self.assertNotIn(b"<script>", reply.body)


if __name__ == "__main__":
    unittest.main()
