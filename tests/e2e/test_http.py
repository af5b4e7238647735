"""What HTTP asks of a server, and what clients of all kinds do: packed bodies, HEAD, old versions, expectations, queries,
and clients that send all before they read."""

import gzip
import http.client
import json
import pathlib
import random
import re
import socket
import tempfile
import time
import unittest
import uuid

import yaml

import frikort_server as fs
from frikort_server import copayment

PATH = "/v1/registrations"
HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n"
GZIP = {"Content-Encoding": "gzip"}


def read_to_end(sock):
    answer = bytearray()
    while piece := sock.recv(1 << 16):
        answer += piece
    return bytes(answer)


def statuses(answer):
    return [int(status) for status in re.findall(rb"(?:^|\n|\})HTTP/1\.1 (\d{3}) ", answer)]


class HttpCase(fs.ServerCase):
    def connect(self, timeout=10):
        sock = socket.create_connection(("127.0.0.1", self.server.port), timeout=timeout)
        self.addCleanup(sock.close)
        return sock

    def exchange(self, data, timeout=10):
        """All that comes until the server closes."""
        sock = self.connect(timeout)
        sock.sendall(data)
        return read_to_end(sock)


class MethodsTest(HttpCase):
    def test_head_answers_like_get_without_the_body(self):
        for path in ("/isalive", "/isready", "/version", "/openapi.yaml", "/metrics", "/.well-known/jwks.json",
                     "/v1/status", "/v1/reconciliations", "/v1/events?wait=0", "/nowhere", "/isready?x=1"):
            with self.subTest(path):
                get, head = self.server.get(path), self.server.request("HEAD", path)
                self.assertEqual((head.status, head.body), (get.status, b""))
                self.assertEqual(head.media_type, get.media_type)
                if path != "/metrics":  # its figures move
                    self.assertEqual(head.header("Content-Length"), get.header("Content-Length"))
        # Nothing of a body stands in the way of the next request.
        answer = self.exchange(b"HEAD /version HTTP/1.1\r\n" + HOST + b"\r\nHEAD /nowhere HTTP/1.1\r\n" + HOST +
                               b"\r\nGET /isalive HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
        self.assertEqual(re.findall(rb"HTTP/1.1 (\d+)", answer), [b"200", b"404", b"200"])
        self.assertEqual(self.server.request("HEAD", PATH).header("Allow"), "POST")
        self.assertEqual(self.server.request("PUT", "/isready").header("Allow"), "GET, HEAD")

    def test_http_1_0(self):
        sock = self.connect()
        for _ in range(2):
            sock.sendall(b"GET /isalive HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            response = http.client.HTTPResponse(sock)
            response.begin()
            self.assertEqual(response.status, 200)
            self.assertEqual(response.headers["Connection"].lower(), "keep-alive")
            response.read()
        sock.sendall(b"GET /isalive HTTP/1.0\r\n\r\n")
        answer = read_to_end(sock)
        self.assertIn(b"connection: close", answer.lower(), "and it is closed")

    def test_one_empty_line_before_a_request(self):
        get = b"GET /isalive HTTP/1.1\r\n" + HOST
        self.assertEqual(statuses(self.exchange(b"\r\n" + get + b"\r\n\r\n" + get + CLOSE + b"\r\n")), [200, 200])
        sock = self.connect()
        for piece in (b"\r", b"\n", get[:5], get[5:] + CLOSE + b"\r\n"):
            sock.sendall(piece)
            time.sleep(0.05)
        self.assertEqual(statuses(read_to_end(sock)), [200])
        for lines in (b"\r\n\r\n", b"\n", b" \r\n"):
            self.assertEqual(statuses(self.exchange(lines + get + CLOSE + b"\r\n")), [400], lines)


class ExpectationTest(HttpCase):
    expect = b"Expect: 100-continue\r\n"

    def ask(self, line, *fields):
        sock = self.connect()
        sock.sendall(b"%s\r\n%s%s%s\r\n" % (line, HOST, self.expect, b"".join(field + b"\r\n" for field in fields)))
        return sock

    def test_body_is_asked_for(self):
        body = fs.compact(copayment()).encode()
        for version, is_asked in ((b"1.1", True), (b"1.0", False)):
            sock = self.ask(b"POST /v1/registrations HTTP/" + version, b"Content-Type: application/json",
                            b"Content-Length: %d" % len(body), CLOSE.strip())
            if is_asked:
                self.assertEqual(sock.recv(25), b"HTTP/1.1 100 Continue\r\n\r\n")
            sock.sendall(body)
            answer = read_to_end(sock)
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer[:300])
            self.assertEqual(answer.count(b"HTTP/1.1 "), 1)

    def test_who_is_refused_is_not_asked_for_the_body(self):
        json_type = b"Content-Type: application/json"
        cases = [
            (404, b"POST /nowhere HTTP/1.1", json_type, b"Content-Length: 5"),
            (405, b"PUT /v1/registrations HTTP/1.1", json_type, b"Content-Length: 5"),
            (415, b"POST /v1/registrations HTTP/1.1", b"Content-Type: text/plain", b"Content-Length: 5"),
            (415, b"POST /v1/card-status HTTP/1.1", json_type, b"Content-Encoding: br", b"Content-Length: 5"),
            (400, b"POST /v1/registrations?atomc=true HTTP/1.1", json_type, b"Content-Length: 5"),
            (400, b"POST /v1/registrations?atomic=1 HTTP/1.1", json_type, b"Content-Length: 5"),
            (400, b"POST /v1/registrations HTTP/1.1", json_type, b"Content-Length: 5", b"Host: other"),
            (413, b"POST /v1/registrations HTTP/1.1", json_type, b"Content-Length: 99999999999"),
            (413, b"POST /v1/registrations HTTP/1.1", b"Content-Type: application/x-ndjson",
             b"Content-Length: 99999999999"),
            (413, b"POST /v1/card-status HTTP/1.1", json_type, b"Content-Length: 99999"),
            (404, b"POST /nowhere HTTP/1.1", json_type, b"Transfer-Encoding: chunked"),
        ]
        for status, *head in cases:
            with self.subTest(head[0]):
                begin = time.monotonic()
                answer = read_to_end(self.ask(*head))
                self.assertEqual(statuses(answer), [status], answer[:300])
                # The body may come or not: nobody could tell the next request from it.
                self.assertIn(b"connection: close", answer.lower())
                self.assertLess(time.monotonic() - begin, 5)


class PackedTest(HttpCase):
    """Content-Encoding: gzip on every path that takes a body."""

    def post(self, path, body, media_type=fs.JSON_TYPE, **headers):
        return self.server.request("POST", path, body, {"Content-Type": media_type, **GZIP, **headers})

    def test_every_path_that_takes_a_body(self):
        person = fs.new_person()
        item = copayment(personId=person)
        for name in ("gzip", "GZIP", "x-gzip"):
            reply = self.post(PATH, gzip.compress(fs.compact([item]).encode()), **{"Content-Encoding": name})
            self.assertEqual((reply.status, len(reply.json()["results"])), (200, 1), name)
        day = str(fs.oslo_today())
        question = {"personId": person, "serviceType": "LE", "serviceDate": day}
        for path, value in (("/v1/card-status", question), ("/v1/persons/account", {"personId": person, "year": 2026}),
                            ("/v1/registrations/lookup", {"practiceId": "1000001", "guids": [item["guid"]]}),
                            ("/v1/reconciliations", {"year": 1900}), ("/v1/backups", {"to": "relative"})):
            with self.subTest(path):
                plain = self.server.post_json(path, value)
                packed = self.post(path, gzip.compress(fs.compact(value).encode()))
                self.assertEqual(packed.status, plain.status, packed.body[:300])
                if plain.status == 200 and path != "/v1/persons/account":
                    self.assertEqual(packed.body, plain.body)
        lines = gzip.compress(fs.ndjson([question] * 3))
        reply = self.post("/v1/card-status/batch", lines, fs.NDJSON_TYPE)
        self.assertEqual((reply.status, len(reply.raw_lines())), (200, 3))

    def test_lines_small_and_large(self):
        for count in (1, 5000):
            items = [copayment() for _ in range(count)]
            reply = fs.NdjsonReply(self.post(PATH, gzip.compress(fs.ndjson(items)), fs.NDJSON_TYPE))
            self.assertEqual([result["guid"] for result in reply.results], [item["guid"] for item in items])
            self.assertEqual({result["verdict"] for result in reply.results}, {"accepted"})
            self.assertTrue(reply.receipts)
        reply = self.post(PATH + "?atomic=true", gzip.compress(fs.ndjson([copayment()] * 2)), fs.NDJSON_TYPE)
        self.assertEqual(reply.status, 200)

    def test_chunked_and_in_members(self):
        items = [copayment() for _ in range(30)]
        body = b"".join(gzip.compress(fs.ndjson([item])) for item in items)
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + 7]), body[at:at + 7]) for at in range(0, len(body), 7))
        answer = self.exchange(b"POST /v1/registrations HTTP/1.1\r\n" + HOST + CLOSE + b"Content-Encoding: gzip\r\n"
                               b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks +
                               b"0\r\n\r\n")
        self.assertEqual(answer.count(b'"accepted"'), 30, answer[:300])

    def test_cut_or_damaged(self):
        good = gzip.compress(fs.compact(copayment()).encode())
        wrong_sum = good[:-8] + b"12345678"
        for body in (b"", b"{}", good[:10], good[:-1], good + b"x", wrong_sum, good[:15] + b"\xff\xff\xff" + good[18:]):
            with self.subTest(body=body[:12]):
                self.assert_problem(self.post(PATH, body), 400, "MALFORMED_REQUEST")
        person = fs.new_person()
        question = fs.compact({"personId": person, "serviceType": "LE", "serviceDate": "2026-01-01"}).encode()
        self.assert_problem(self.post("/v1/card-status", gzip.compress(question)[:-3]), 400, "MALFORMED_REQUEST")
        # Of a stream, what was whole before has been committed.
        lines = fs.ndjson([copayment() for _ in range(20_000)])
        reply = self.post(PATH, gzip.compress(lines)[:-5], fs.NDJSON_TYPE)
        self.assertEqual(reply.status, 200)
        results = [json.loads(line) for line in reply.raw_lines()]
        self.assertEqual((results[-1]["status"], results[-1]["code"]), (400, "MALFORMED_REQUEST"))
        self.assertGreater(sum(result.get("verdict") == "accepted" for result in results), 4000)

    def test_too_large_unpacked(self):
        noise = random.Random(5).randbytes(9 << 20).hex().encode()  # 18 MiB, packed to half
        self.assert_problem(self.post(PATH, gzip.compress(b'["' + noise + b'"]', 1)), 413, "TOO_LARGE")
        self.assert_problem(self.post("/v1/card-status", gzip.compress(b" " * 20_000)), 413, "TOO_LARGE")
        bomb = gzip.compress(b"0\n" * (10 << 20), 9)
        for media_type in (fs.JSON_TYPE, fs.NDJSON_TYPE):
            reply = self.post(PATH, bomb, media_type)
            if reply.status == 200:
                self.assertEqual(json.loads(reply.raw_lines()[-1])["code"], "TOO_LARGE")
            else:
                self.assert_problem(reply, 413, "TOO_LARGE")

    def test_other_codings(self):
        for coding in ("br", "deflate", "compress", "zstd", "gzip, gzip", "gzip, br", "chunked"):
            for path in (PATH, "/v1/card-status", "/v1/persons/account", "/v1/reconciliations", "/v1/backups"):
                reply = self.post(path, b"{}", **{"Content-Encoding": coding})
                self.assert_problem(reply, 415, "UNSUPPORTED_MEDIA_TYPE")
                self.assertEqual(reply.header("Accept-Encoding"), "gzip")
        reply = self.post(PATH, fs.compact(copayment()).encode(), **{"Content-Encoding": "identity"})
        self.assertEqual(reply.status, 200)


class QueryTest(HttpCase):
    def test_documented_parameters_and_no_others(self):
        document = yaml.safe_load((fs.ROOT / "api" / "openapi.yaml").read_text(encoding="utf-8"))
        values = {"atomic": "true", "trustReceivedTime": "true", "dryRun": "true", "from": "2026-01", "to": "2026-01",
                  "wait": "0", "limit": "1"}
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                known = []
                for parameter in operation.get("parameters", []):
                    if "$ref" in parameter:
                        parameter = document["components"]["parameters"][parameter["$ref"].rsplit("/", 1)[1]]
                    if parameter["in"] == "query":
                        known.append(parameter["name"])
                url = re.sub(r"{[^}]*}", "1", path)
                media_type = next(iter(operation.get("requestBody", {}).get("content", {"": None})))
                body = b"" if media_type else None

                def ask(query):
                    headers = {"Content-Type": media_type} if media_type else {}
                    return self.server.request(method.upper(), f"{url}?{query}", body, headers)

                for name in known:
                    with self.subTest(method=method, path=path, known=name):
                        reply = ask(f"{name}={values.get(name, '0-1')}")
                        text = reply.body if reply.status >= 400 else b""
                        self.assertNotIn(b"The query has a parameter", text)
                        problem = self.assert_problem(ask(f"{name}=1&{name}=1"), 400, "MALFORMED_REQUEST")
                        self.assertEqual(problem["field"], name)
                        problem = self.assert_problem(ask(f"{name.upper()}=1"), 400, "MALFORMED_REQUEST")
                        self.assertEqual(problem["field"], name.upper())
                with self.subTest(method=method, path=path):
                    problem = self.assert_problem(ask("zzz=1"), 400, "MALFORMED_REQUEST")
                    self.assertEqual(problem["field"], "zzz")
                    for name in known:
                        self.assertIn(f"`{name}`", problem["detail"])

    def test_what_changes_nothing_silently_is_refused(self):
        item = copayment()
        for query in ("atomic=false&atomic=true", "Atomic=true", "atomc=true", "atomic=true&x", "=true", "%61tomic=1&atomic=1"):
            with self.subTest(query):
                self.assert_problem(self.server.post_json(f"{PATH}?{query}", item), 400, "MALFORMED_REQUEST")
        self.assert_problem(self.server.post_json(f"{PATH}?{fs.new_person()}=1", item), 400)
        found = self.server.submit(item)[0]
        self.assert_accepted(found)  # not known from before: nothing was committed
        self.assertEqual(self.server.get("/isready?").status, 200)

    def test_no_number_is_repeated(self):
        number = fs.new_person()
        problem = self.assert_problem(self.server.get(f"/isready?{number}=1"), 400)
        self.assertNotIn(number, json.dumps(problem))


class BodyTest(HttpCase):
    def test_text_with_nul(self):
        problem = self.assert_problem(self.server.post_json("/v1/backups", {"to": "/x/a\0b"}), 400)
        self.assertEqual(problem["field"], "to")

    def test_reason_of_a_syntax_error(self):
        cases = [(b"", "at byte 0"), (b'{"a":nul}', "syntax error at byte 5"), (b'[{},{},{"a" 1}]', "in item 2"),
                 (b"[" * 40, "too deep"), (b"[1,2] x", "extra data at byte 6"), (b'["\xff"]', "at byte 2")]
        for body, reason in cases:
            with self.subTest(body):
                problem = self.assert_problem(self.server.post_json(PATH, body), 400, "MALFORMED_REQUEST")
                self.assertIn(reason, problem["detail"])
        problem = self.assert_problem(self.server.post_json("/v1/card-status", b'{"personId":}'), 400, "MALFORMED_REQUEST")
        self.assertIn("at byte 12", problem["detail"])

    def test_byte_order_mark(self):
        mark = b"\xef\xbb\xbf"
        self.assert_accepted(json.loads(self.server.post_json(PATH, mark + fs.compact(copayment()).encode()).body)["results"][0])
        for blank in (b"", b"\n" * (1 << 20)):  # read whole, and as a stream
            lines = mark + fs.ndjson([copayment()]) + blank + mark + fs.ndjson([copayment()])
            verdicts = [result["verdict"] for result in self.server.stream(lines).results]
            self.assertEqual(verdicts, ["accepted", "rejected"], "only the beginning of a text may have one")
        question = {"personId": fs.new_person(), "serviceType": "LE", "serviceDate": str(fs.oslo_today())}
        self.assertEqual(self.server.post_json("/v1/card-status", mark + fs.compact(question).encode()).status, 200)
        reply = self.server.post_ndjson("/v1/card-status/batch", mark + fs.ndjson([question] * 2))
        self.assertEqual([json.loads(line) for line in reply.raw_lines()], [{"exempt": False}] * 2)
        # Piece by piece.
        line = fs.ndjson([copayment()])
        sock = self.connect()
        sock.sendall(b"POST /v1/registrations HTTP/1.1\r\n" + HOST + CLOSE + b"Content-Type: application/x-ndjson\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n")
        for byte in mark:
            sock.sendall(b"1\r\n%c\r\n" % byte)
            time.sleep(0.02)
        sock.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(line), line))
        self.assertIn(b'"accepted"', read_to_end(sock))


class BatchTest(HttpCase):
    """POST /v1/card-status/batch: the code of a wrong line."""

    path = "/v1/card-status/batch"

    def test_codes_in_their_order(self):
        person, day = fs.new_person(), str(fs.oslo_today())
        wrong = fs.wrong_last_digit(person)
        good = {"personId": person, "serviceType": "LE", "serviceDate": day}
        text = fs.compact(good)
        cases = [
            (text, None, None),
            ("{", "MALFORMED_ITEM", None),
            ("[]", "MALFORMED_ITEM", None),
            (b'{"personId":"\xff"}', "MALFORMED_ITEM", None),
            ({"personId": wrong, "x": 1, "y": 2}, "UNKNOWN_FIELD", "x"),
            ({"personId": wrong, 'a"b': 1}, "UNKNOWN_FIELD", 'a"b'),
            ({"personId": wrong, "serviceType": "LE"}, "MISSING_FIELD", "serviceDate"),
            ({"serviceDate": "x"}, "MISSING_FIELD", "personId"),
            (text[:-1] + ',"serviceType":"X"}', "DUPLICATE_FIELD", "serviceType"),
            ({**good, "personId": wrong, "serviceType": "X", "serviceDate": "x"}, "INVALID_PERSON_ID", "personId"),
            ({**good, "personId": 5}, "INVALID_PERSON_ID", "personId"),
            ({**good, "serviceType": "X", "serviceDate": "x"}, "INVALID_SERVICE_TYPE", "serviceType"),
            ({**good, "serviceDate": "2026-02-30"}, "INVALID_SERVICE_DATE", "serviceDate"),
            ({**good, "serviceDate": "1999-01-01"}, "SERVICE_DATE_TOO_OLD", "serviceDate"),
            ({**good, "personId": person + "\0"}, "INVALID_PERSON_ID", "personId"),
        ]
        lines = [line if isinstance(line, (bytes, str)) else fs.compact(line) for line, _, _ in cases]
        body = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
        reply = self.server.post_ndjson(self.path, body)
        self.assertEqual(reply.status, 200, reply.body[:300])
        for (line, code, field), answer in zip(cases, reply.raw_lines(), strict=True):
            with self.subTest(line=line):
                expected = {"exempt": False} if code is None else {"code": code}
                if field:
                    expected["field"] = field
                self.assertEqual(json.loads(answer), expected)
        self.assertNotIn(wrong.encode(), reply.body)

    def test_too_many_lines(self):
        line = {"personId": fs.new_person(), "serviceType": "LE", "serviceDate": str(fs.oslo_today())}
        self.assertEqual(self.server.post_ndjson(self.path, [line] * 10_000).status, 200)
        self.assert_problem(self.server.post_ndjson(self.path, [line] * 10_001), 413, "TOO_LARGE")
        self.assert_problem(self.server.post_ndjson(self.path, b"\n" * (6 << 20)), 413, "TOO_LARGE")


class CorrelationTest(HttpCase):
    def test_every_answer_has_one(self):
        given = str(uuid.uuid4())
        field = b"Correlation-Id: %s\r\n" % given.encode()
        get = b"GET /isalive HTTP/1.1\r\n"
        cases = {
            "served": get + HOST + CLOSE + field,
            "not found": b"GET /nowhere HTTP/1.1\r\n" + HOST + CLOSE + field,
            "unknown parameter": b"GET /isalive?x=1 HTTP/1.1\r\n" + HOST + CLOSE + field,
            "two hosts": get + HOST + HOST + field,
            "folded": get + HOST + field + b"X: y\r\n z\r\n",
            "no field": get + HOST + field + b"X y\r\n",
            "head too large": get + HOST + field + b"X: " + b"x" * 30_000 + b"\r\n",
        }
        for name, head in cases.items():
            with self.subTest(name):
                answer = self.exchange(head + b"\r\n")
                self.assertIn(b"\r\nCorrelation-Id: " + given.encode(), answer)
                if b"problem+json" in answer:
                    self.assertIn(b'"correlationId":"%s"' % given.encode(), answer)
        for other in (b"", b"Correlation-Id: 5\r\n"):
            made = re.findall(rb"\r\nCorrelation-Id: ([^\r]*)", self.exchange(get + HOST + CLOSE + other + b"\r\n"))
            self.assertEqual(len(made), 1)
            uuid.UUID(made[0].decode())


class SendFirstTest(HttpCase):
    """Clients that send the whole request before they read anything of the answer."""

    unread_bytes_max = 16 << 20

    @classmethod
    def setUpClass(cls):
        config = pathlib.Path(tempfile.mkdtemp()) / "frikort.toml"
        cls.addClassCleanup(config.parent.rmdir)
        cls.addClassCleanup(config.unlink)
        config.write_text(f"[limits]\nunread_result_bytes_max = {cls.unread_bytes_max}\n", encoding="utf-8")
        cls.server = fs.Server(options=("--config", str(config))).start()

    def send_first(self, lines, chunked=False, pause=0.0):
        """Sends all with small buffers, then reads; gives the answer and how long sending took."""
        sock = socket.socket()
        self.addCleanup(sock.close)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 10)
        sock.settimeout(60)
        sock.connect(("127.0.0.1", self.server.port))
        size = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(lines)
        sock.sendall(b"POST /v1/registrations HTTP/1.1\r\n" + HOST + CLOSE + size +
                     b"\r\nContent-Type: application/x-ndjson\r\n\r\n")
        begin = time.monotonic()
        if chunked:
            lines = b"%x\r\n%s\r\n0\r\n\r\n" % (len(lines), lines)
        sock.sendall(lines)
        taken = time.monotonic() - begin
        time.sleep(pause)
        response = http.client.HTTPResponse(sock)
        response.begin()
        self.assertEqual(response.status, 200)
        return [json.loads(line) for line in response.read().splitlines()], taken

    def test_results_are_kept_aside(self):
        # Some 7 MB of results, more than the buffers of the sockets take; the limit holds them.
        count = 50_000
        lines = b"".join(b'{"guid":"%s"}\n' % str(uuid.UUID(int=number)).encode() for number in range(count))
        for chunked in (False, True):
            with self.subTest(chunked=chunked):
                answer, _ = self.send_first(lines, chunked)
                results = [line for line in answer if "index" in line]
                self.assertEqual([line["index"] for line in results], list(range(count)))

    def test_more_results_than_are_kept(self):
        count = 500_000  # 40 MB of lines, 30 MB of results: neither fits what is between client and server
        lines = b'{"x":"%s"}\n' % (b"y" * 71) * count
        answer, taken = self.send_first(lines)
        self.assertLess(taken, 20, "not cut after a time of silence")
        problem = answer[-1]
        self.assertEqual((problem["status"], problem["code"]), (413, "TOO_LARGE"))
        self.assertIn("read them while you send", problem["detail"])
        results = [line for line in answer if "index" in line]
        self.assertEqual([line["index"] for line in results], list(range(len(results))))
        self.assertLess(len(results), count)
        self.assertIn(b"results_not_read", self.server.output())
        self.assertEqual(self.server.get("/isready").status, 200)

    def test_body_larger_than_any(self):
        """Who sends first finds the refusal, and no reset."""
        sock = self.connect(30)
        sock.sendall(b"POST /v1/registrations HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-ndjson\r\n"
                     b"Content-Length: %d\r\n\r\n" % ((256 << 20) + 1))
        for _ in range(64):
            sock.sendall(b"\n" * (1 << 20))
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += sock.recv(1 << 16)
        self.assertEqual(statuses(answer), [413])

    def test_who_reads_slowly_is_waited_for(self):
        count = 400_000
        pauses = []

        def take(data):
            # Silent for a third of a second after each three million bytes.
            if len(data) > 3_000_000 * (len(pauses) + 1):
                pauses.append(time.sleep(0.35))

        reply = self.server.stream(b"0\n" * 1000 + b"00\n" * (count - 1000), on_bytes=take)
        self.assertEqual(len(reply.results), count)
        self.assertGreater(len(pauses), 5)


if __name__ == "__main__":
    unittest.main()
