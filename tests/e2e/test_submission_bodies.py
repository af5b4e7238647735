"""The forms of a body: one item, an array, lines, chunks; and bodies that are refused whole."""

import http.client
import json
import unittest

import frikort_server as fs
from frikort_server import copayment, raw_item

PATH = "/v1/registrations"


class BodyTest(fs.ServerCase):

    def test_one_object_and_one_array(self):
        reply = self.server.post_json(PATH, copayment())
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.media_type, fs.JSON_TYPE)
        answer = reply.json()
        self.assertEqual(len(answer["results"]), 1)
        self.assertIsInstance(answer["receipts"], list)
        self.assert_accepted(answer["results"][0])
        results = self.server.submit(copayment(), copayment(serviceType="X"), copayment())
        self.assertEqual([r["verdict"] for r in results], ["accepted", "rejected", "accepted"])

    def test_json_with_white_space(self):
        body = json.dumps([copayment(), copayment()], indent=3).replace("\n", "\r\n").encode()
        reply = self.server.post_json(PATH, b" \r\n\t" + body + b"\n ")
        self.assertEqual([r["verdict"] for r in reply.json()["results"]], ["accepted", "accepted"])

    def test_empty_array(self):
        reply = self.server.post_json(PATH, [])
        self.assertEqual(reply.status, 200, reply.body[:300])
        self.assertEqual(reply.json()["results"], [])

    def test_ndjson(self):
        items = [copayment(), copayment(paid=False), copayment(serviceType="X")]
        answer = self.server.stream(items + [items[0]])
        self.assertEqual(answer.reply.media_type, fs.NDJSON_TYPE)
        self.assertEqual([r["index"] for r in answer.results], [0, 1, 2, 3], "results in the order sent")
        self.assertEqual([r["verdict"] for r in answer.results], ["accepted", "accepted", "rejected", "duplicate"])
        self.assertEqual(answer.others, [], "only results and receipts")

    def test_blank_lines_and_line_ends(self):
        a, b, c = (fs.compact(copayment()).encode() for _ in range(3))
        body = b"\n\r\n" + a + b"\r\n\n\n" + b + b"\n\r\n" + c  # The last line has no end.
        answer = self.server.stream(body)
        self.assertEqual([(r["index"], r["verdict"]) for r in answer.results],
                         [(0, "accepted"), (1, "accepted"), (2, "accepted")], "blank lines are not counted")

    def test_lines_of_white_space_are_blank(self):
        answer = self.server.stream(b"  \t \n" + fs.ndjson([copayment()]) + b" \n")
        self.assertEqual([(r["index"], r["verdict"]) for r in answer.results], [(0, "accepted")])

    def test_ndjson_without_lines(self):
        for body in (b"", b"\n", b"\r\n\n\n"):
            answer = self.server.stream(body)
            self.assertEqual(answer.results, [], f"body {body!r}")

    def test_many_lines(self):
        practice = fs.new_practice()
        people = [fs.new_person() for _ in range(100)]
        items = [copayment(personId=people[i % 100], practiceId=practice, amountOre=100) for i in range(5000)]
        answer = self.server.stream(items)
        self.assertEqual([r["index"] for r in answer.results], list(range(5000)))
        self.assertEqual({r["verdict"] for r in answer.results}, {"accepted"})
        self.assertEqual([r["guid"].lower() for r in answer.results], [i["guid"] for i in items])

    def test_chunked_upload(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            body = fs.ndjson([copayment() for _ in range(10)])
            pieces = [body[i:i + 97] for i in range(0, len(body), 97)]
            connection.request("POST", PATH, iter(pieces), {"Content-Type": fs.NDJSON_TYPE,
                                                            "Transfer-Encoding": "chunked"}, encode_chunked=True)
            response = connection.getresponse()
            answer = fs.NdjsonReply(fs.Reply(response.status, response.headers, response.read()))
        finally:
            connection.close()
        self.assertEqual(answer.status, 200)
        self.assertEqual([r["verdict"] for r in answer.results], ["accepted"] * 10)

    def test_connection_is_kept(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            connection.connect()
            sock = connection.sock
            for _ in range(5):
                connection.request("POST", PATH, fs.compact([copayment()]), {"Content-Type": fs.JSON_TYPE})
                response = connection.getresponse()
                self.assertEqual(response.status, 200)
                self.assert_accepted(json.loads(response.read())["results"][0])
            self.assertIs(connection.sock, sock, "five requests on one connection")
        finally:
            connection.close()

    def test_content_types(self):
        item = fs.compact([copayment()]).encode()
        for good in ("application/json", "application/json; charset=utf-8", "Application/JSON",
                     "application/json;charset=UTF-8"):
            reply = self.server.request("POST", PATH, item, {"Content-Type": good})
            self.assertEqual(reply.status, 200, f"{good}: {reply.body[:200]!r}")
        reply = self.server.request("POST", PATH, fs.ndjson([copayment()]),
                                    {"Content-Type": "application/x-ndjson; charset=utf-8"})
        self.assertEqual(reply.status, 200)
        for bad in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonx"):
            with self.subTest(content_type=bad):
                self.assert_problem(self.server.request("POST", PATH, item, {"Content-Type": bad}), 415)
        with self.subTest("no content type"):
            self.assert_problem(self.server.request("POST", PATH, item), (400, 415))

    def test_invalid_json_body_is_400(self):
        good = raw_item(copayment())
        for body in ("", "{", "[", "[" + good, good + ",", "nonsense", good + good, "[" + good + ",]", "[" * 50_000):
            with self.subTest(body=body[:40]):
                self.assert_problem(self.server.post_json(PATH, body.encode()), 400, "MALFORMED_REQUEST")

    def test_nothing_of_a_malformed_body_is_committed(self):
        item = copayment()
        body = "[" + raw_item(item) + ",{]"
        self.assert_problem(self.server.post_json(PATH, body.encode()), 400, "MALFORMED_REQUEST")
        self.assert_accepted(self.server.submit_one(item))

    def test_invalid_utf8_in_a_json_body(self):
        body = raw_item(copayment()).encode().replace(b'"LE"', b'"\xff\xfe"')
        reply = self.server.post_json(PATH, b"[" + body + b"]")
        if reply.status == 200:
            self.assert_rejected(reply.json()["results"][0], "MALFORMED_ITEM")
        else:
            self.assert_problem(reply, 400, "MALFORMED_REQUEST")

    def test_lone_surrogate_and_hostile_lines_get_a_verdict(self):
        lines = ['{"guid":"\\ud800"}', raw_item(copayment(), serviceType='"\\udfff"'),
                 '{"' + "k" * 100_000 + '":1}', raw_item(copayment(), amountOre="1e999999999"),
                 raw_item(copayment(), amountOre="[" * 1000 + "]" * 1000), raw_item(copayment(), paid='{"a":{"a":1}}')]
        answer = self.server.stream(lines)
        self.assertEqual([r["verdict"] for r in answer.results], ["rejected"] * len(lines))
        self.assert_accepted(self.server.submit_one(copayment()))


if __name__ == "__main__":
    unittest.main()
