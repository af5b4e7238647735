"""Who learns something about a person is in the access log: each answer once, and nothing else.

The log has no way out of the ledger yet. Its records are looked for in the files of the journal, by the correlation id of
the request (storage/journal/access_log.h has the grammar). All of a test fits into the first block of the newest file.
"""

import collections
import pathlib
import re
import time
import unittest

import frikort_server as fs
from frikort_server import dated

CARD_STATUS, ACCOUNT, SUBMISSION = 1, 2, 3
NOT_KEPT, NO, YES = 0, 1, 2
ASIDE = fs.new_guid()  # the correlation id of what is not looked for
TOP = fs.CEILING[2025]

Record = collections.namedtuple("Record", "reason person subject answer")


class AccessLogTest(unittest.TestCase):

    def setUp(self):
        self.server = fs.Server(configuration={"ceilings": fs.ceilings(fs.present_years())}).start()
        self.addCleanup(self.server.clean)
        self.id = fs.new_guid()
        self.person = fs.new_person()

    def post(self, path, value, correlation_id=None):
        post = self.server.post_ndjson if path.endswith("/batch") else self.server.post_json
        return post(path, value, {"Correlation-Id": correlation_id or self.id})

    def question(self, **over):
        return {"personId": self.person, "serviceType": "LE", "serviceDate": str(fs.recent_day()), **over}

    def records(self):
        pattern = re.compile(rb"([\x01-\x04])(.{16})\x09anonymous\x24" + self.id.encode() + rb"(.)", re.DOTALL)
        found = []
        for path in sorted(pathlib.Path(self.server.data, "journal").glob("*.log")):
            data = path.read_bytes()
            for match in pattern.finditer(data):
                end = match.end() + match[3][0]
                found.append(Record(match[1][0], match[2], data[match.end():end].decode(), data[end]))
        return found

    def expect(self, *expected):
        """Soon there are these records (reason, subject, answer), and then no other."""
        deadline = time.monotonic() + 10
        while len(self.records()) < len(expected) and time.monotonic() < deadline:
            time.sleep(0.05)
        found = self.records()
        self.assertEqual([(r.reason, r.subject, r.answer) for r in found], list(expected))
        return [r.person for r in found]

    def test_questions_of_practices_and_portal(self):
        day, holder = fs.recent_day(), fs.new_person()
        item = dated(day, fs.ceiling_ore(day.year), received=str(day), clock="08:00:00", personId=holder)
        self.assertTrue(self.post("/v1/registrations", [item], ASIDE).json()["results"][0]["exempt"])
        self.assertEqual(self.post("/v1/card-status", self.question()).json(), {"exempt": False})
        lines = [self.question(serviceType="A"), self.question(personId="x"), self.question(personId=holder)]
        self.assertEqual(len(self.post("/v1/card-status/batch", lines).raw_lines()), 3)
        for person in (self.person, holder):
            self.assertEqual(self.post("/v1/persons/account", {"personId": person, "year": 2025}).status, 200)
        one, two, other, *portal = self.expect(
            (CARD_STATUS, f"LE {day}", NO), (CARD_STATUS, f"A {day}", NO), (CARD_STATUS, f"LE {day}", YES),
            (ACCOUNT, "2025", NOT_KEPT), (ACCOUNT, "2025", NOT_KEPT))
        self.assertEqual((two, portal), (one, [one, other]))
        self.assertNotEqual(other, one)

    def test_a_clean_end_loses_no_record(self):
        self.post("/v1/persons/account", {"personId": self.person, "year": 2025})
        self.server.stop(clean=False)
        self.assertEqual([(r.reason, r.subject) for r in self.records()], [(ACCOUNT, "2025")])

    def test_what_is_not_answered_is_not_logged(self):
        wrong = fs.wrong_last_digit(self.person)
        for path, value, status in (("/v1/card-status", self.question(personId=wrong), 400),
                                    ("/v1/card-status", self.question(serviceType="X"), 400),
                                    ("/v1/card-status", self.question(serviceDate="1999-01-01"), 400),
                                    ("/v1/persons/account", {"personId": self.person, "year": 1999}, 400),
                                    ("/v1/persons/account", {"personId": self.person, "year": 2025, "limit": 0}, 400),
                                    ("/v1/card-status/batch", [self.question()] * 10_001, 413)):
            self.assertEqual(self.post(path, value).status, status, path)
        self.assertEqual(self.post("/v1/persons/account", {"personId": self.person, "year": 2025}).status, 200)
        self.expect((ACCOUNT, "2025", NOT_KEPT))

    def test_items_that_ask_for_a_card(self):
        asks = dated("2025-03-02", 0, personId=self.person, exemption="F")
        crossing = dated("2025-03-01", TOP, personId=self.person)
        self.post("/v1/registrations", [asks, dated("2025-03-03", 0, personId=self.person, exemption="B")])
        self.post("/v1/registrations", [crossing], ASIDE)
        self.post("/v1/registrations", [asks, dated("2025-03-04", 0, personId=self.person, exemption="F", serviceType="PO")])
        persons = self.expect((SUBMISSION, "LE 2025-03-02", NO), (SUBMISSION, "LE 2025-03-02", YES),
                              (SUBMISSION, "PO 2025-03-04", YES))
        self.assertEqual(len(set(persons)), 1)

    def test_what_a_dry_run_tells(self):
        self.post("/v1/registrations?dryRun=true", [dated("2025-03-01", TOP, personId=self.person),
                                                    dated("2025-03-02", 100, personId=fs.new_person()),
                                                    dated("2025-03-03", serviceType="X")])
        persons = self.expect((SUBMISSION, "LE 2025-03-01", YES), (SUBMISSION, "LE 2025-03-02", NO))
        self.assertEqual(len(set(persons)), 2)


if __name__ == "__main__":
    unittest.main()
