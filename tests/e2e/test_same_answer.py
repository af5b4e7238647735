"""Opted out, without card, and never heard of are told alike: the same bytes, in the same time."""

import http.client
import json
import os
import unittest

import frikort_server as fs
import same_time

# Practices may ask two years back.
DAY = fs.recent_day(20)
YEAR = DAY.year
# 10 000 are asked where the machine does nothing else: scripts/campaign.
COUNT = int(os.environ.get("FRIKORT_TIMING_COUNT", "400"))
# Beside other tests a round can meet anything.
P_MIN, MEDIAN_MAX, ROUNDS_MIN = (0.01, 0.02, 4) if COUNT >= 10_000 else (0.001, 0.2, 3)


class SameAnswerTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.server = fs.Server(configuration={"ceilings": fs.ceilings(fs.present_years())}).start()
        cls.addClassCleanup(cls.server.clean)
        cls.hidden, cls.plain, cls.unknown = (fs.new_person() for _ in range(3))
        cls.server.submit(fs.dated(DAY, 400_000, personId=cls.hidden),
                          fs.dated(DAY, 10_000, personId=cls.plain))
        event = {"eventId": fs.new_guid(), "type": "optedOut", "personId": cls.hidden}
        cls.server.request("POST", "/v1/person-events", fs.ndjson([event]), {"Content-Type": "application/x-ndjson"})

    def answer(self, path, question):
        """Status, headers and body, without ids and times."""
        reply = self.server.post_json(path, question)
        headers = {name: value for name, value in reply.headers.items() if name not in ("Date", "Correlation-Id")}
        body = reply.json()
        if "asOf" in body:
            body["asOf"] = None
        if "head" in body:
            body["account"]["asOf"] = body["head"] = None
        return reply.status, headers, body, len(reply.body)

    def test_every_answer_is_the_same(self):
        for path, more, persons in (
                ("/v1/card-status", {"serviceType": "LE", "serviceDate": str(DAY)}, (self.plain, self.unknown)),
                ("/v1/card-status", {"serviceType": "A", "serviceDate": str(DAY)}, (self.plain, self.unknown)),
                ("/v1/persons/card", {"year": YEAR}, (self.plain, self.unknown)),
                ("/v1/persons/account", {"year": YEAR}, (self.unknown,)),
                ("/v1/persons/dossier", {"year": YEAR}, (self.unknown,))):
            for other in persons:
                with self.subTest(path=path):
                    self.assertEqual(self.answer(path, {"personId": self.hidden, **more}),
                                     self.answer(path, {"personId": other, **more}))

    def test_in_the_same_time(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        self.addCleanup(connection.close)

        def body_about(person):
            return lambda: json.dumps({"personId": person, "serviceType": "LE", "serviceDate": str(DAY)})

        def ask(body):
            connection.request("POST", "/v1/card-status", body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            self.assertEqual(reply.read(), b'{"exempt":false}')
        measured = same_time.rounds([(body_about(person), ask) for person in (self.hidden, self.plain, self.unknown)], COUNT)
        for other in (1, 2):
            compared = same_time.compare(measured, 0, other)
            good = sum(p > P_MIN and apart < MEDIAN_MAX for apart, p in compared)
            self.assertGreaterEqual(good, ROUNDS_MIN, compared)


if __name__ == "__main__":
    unittest.main()
