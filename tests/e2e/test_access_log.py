"""Who learns something about a person is in the access log: each answer once, and nothing else."""

import time
import unittest

import frikort_server as fs
from frikort_server import dated

PATH = "/v1/persons/access-log"
NOBODY = {"name": None, "organisationNumber": None}
ROLES = {"card-status": "practice", "submission": "practice", "account": "portal", "card": "portal",
         "access-log": "portal", "number": "payout"}
TOP = fs.CEILING[2025]


def service(what, answer, date, kind="LE"):
    return what, kind, str(date), None, answer


def of_year(what, year=2025):
    return what, None, None, year, None


class LogCase(unittest.TestCase):

    def setUp(self):
        self.server = fs.Server(configuration={"ceilings": fs.ceilings(fs.present_years())}).start()
        self.addCleanup(self.server.clean)
        self.person = fs.new_person()

    def post(self, path, value):
        post = self.server.post_ndjson if path.endswith("/batch") else self.server.post_json
        return post(path, value)

    def question(self, **over):
        return {"personId": self.person, "serviceType": "LE", "serviceDate": str(fs.recent_day()), **over}

    def page(self, person=None, **more):
        reply = self.server.post_json(PATH, {"personId": person or self.person, **more})
        self.assertEqual(reply.status, 200, reply.body[:500])
        return reply.json()

    def entries(self, person=None):
        """All but the looks into the log, oldest first."""
        entries = self.page(person, limit=1000)["entries"]
        return [entry for entry in reversed(entries) if entry["what"] != "access-log"]

    def expect(self, *expected, person=None):
        """Soon there are these entries (what, service type, service date, year, answer), and then no other."""
        deadline = time.monotonic() + 10
        while len(self.entries(person)) < len(expected) and time.monotonic() < deadline:
            time.sleep(0.05)
        found = self.entries(person)
        names = ("what", "serviceType", "serviceDate", "year", "answer")
        self.assertEqual([tuple(entry[name] for name in names) for entry in found], list(expected))
        for entry in found:
            self.assertEqual((entry["who"], entry["role"]), (NOBODY, ROLES[entry["what"]]))
            fs.parse_time(entry["time"])
        return found


class AccessLogTest(LogCase):

    def test_questions_of_practices_and_portal(self):
        day, holder = fs.recent_day(), fs.new_person()
        item = dated(day, fs.ceiling_ore(day.year), received=str(day), clock="08:00:00", personId=holder)
        self.assertTrue(self.post("/v1/registrations", [item]).json()["results"][0]["exempt"])
        self.assertEqual(self.post("/v1/card-status", self.question()).json(), {"exempt": False})
        lines = [self.question(serviceType="A"), self.question(personId="x"), self.question(personId=holder)]
        self.assertEqual(len(self.post("/v1/card-status/batch", lines).raw_lines()), 3)
        for person in (self.person, holder):
            for path in ("account", "card"):
                self.assertEqual(self.post(f"/v1/persons/{path}", {"personId": person, "year": 2025}).status, 200)
        self.expect(service("card-status", False, day), service("card-status", False, day, "A"), of_year("account"),
                    of_year("card"))
        self.expect(service("card-status", True, day), of_year("account"), of_year("card"), person=holder)

    def test_a_look_into_the_log_is_one_entry_too(self):
        for looks in range(3):
            deadline = time.monotonic() + 10
            while len(self.page()["entries"]) < looks and time.monotonic() < deadline:
                time.sleep(0.05)
        entry = self.page()["entries"][0]
        self.assertEqual([entry[name] for name in ("what", "role", "serviceType", "year", "answer")],
                         ["access-log", "portal", None, None, None])

    def test_an_entry_is_found_within_a_second(self):
        for _ in range(5):
            person = fs.new_person()
            self.assertEqual(self.post("/v1/card-status", self.question(personId=person)).status, 200)
            answered = time.monotonic()
            while not self.entries(person):
                self.assertLess(time.monotonic() - answered, 1)

    def test_newest_first_page_by_page_while_more_come(self):
        days = [str(fs.recent_day(-n)) for n in range(250)]
        lines = [self.question(serviceDate=day) for day in days]
        self.assertEqual(self.post("/v1/card-status/batch", lines).status, 200)
        deadline = time.monotonic() + 10
        while len(self.entries()) < 250 and time.monotonic() < deadline:
            time.sleep(0.05)
        for limit in (1000, 250, 100, 33):
            seen, more = [], {}
            while True:
                page = self.page(limit=limit, **more)
                self.assertLessEqual(len(page["entries"]), limit)
                seen += [entry for entry in page["entries"] if entry["what"] == "card-status"]
                # What comes meanwhile is above the cursor.
                self.assertEqual(self.post("/v1/persons/account", {"personId": self.person, "year": 2025}).status, 200)
                if page["nextCursor"] is None:
                    break
                self.assertEqual(len(page["entries"]), limit, "a page that is not the last is full")
                more = {"cursor": page["nextCursor"]}
            self.assertEqual([entry["serviceDate"] for entry in seen], days[::-1], f"limit {limit}")
            times = [fs.parse_time(entry["time"]) for entry in seen]
            self.assertEqual(times, sorted(times, reverse=True))

    def test_questions_that_are_refused(self):
        good = {"personId": self.person}
        for value, code in (({}, "MISSING_FIELD"), ({**good, "year": 2025}, "UNKNOWN_FIELD"),
                            ({"personId": fs.wrong_last_digit(self.person)}, "INVALID_PERSON_ID"),
                            ({**good, "limit": 0}, "INVALID_LIMIT"), ({**good, "limit": 1001}, "INVALID_LIMIT"),
                            ({**good, "cursor": 5}, "INVALID_CURSOR"), ({**good, "cursor": ""}, "INVALID_CURSOR"),
                            ({**good, "cursor": "1"}, "INVALID_CURSOR"), ({**good, "cursor": "0-5"}, "INVALID_CURSOR"),
                            ({**good, "cursor": "5." + "0" * 16}, "INVALID_CURSOR"), (b"[", "MALFORMED_REQUEST")):
            with self.subTest(value=value):
                reply = self.server.post_json(PATH, value)
                self.assertEqual((reply.status, reply.json()["code"]), (400, code))

    def test_a_cursor_goes_on_with_the_person_alone(self):
        other, new = fs.new_person(), fs.new_person()
        self.server.submit(fs.dated(fs.recent_day(), 100, personId=self.person))
        for _ in range(3):
            self.post("/v1/persons/account", {"personId": self.person, "year": 2025})
        deadline = time.monotonic() + 10
        while len(self.entries()) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        cursor = self.page(limit=1)["nextCursor"]
        for changed in ({"personId": other}, {"cursor": cursor[:-1]}, {"cursor": "9" + cursor},
                        {"cursor": cursor.split(".")[0]}):
            reply = self.server.post_json(PATH, {"personId": self.person, "cursor": cursor, **changed})
            self.assertEqual((reply.status, reply.json()["code"]), (400, "INVALID_CURSOR"), changed)
        event = {"eventId": fs.new_guid(), "type": "numberChanged", "personId": self.person, "newPersonId": new}
        told = self.server.request("POST", "/v1/person-events", fs.ndjson([event]), {"Content-Type": "application/x-ndjson"})
        self.assertIn(b'"accepted"', told.body)
        by_old, by_new = (self.server.post_json(PATH, {"personId": number, "cursor": cursor}).json()
                          for number in (self.person, new))
        self.assertEqual(by_old["entries"], by_new["entries"])
        self.assertGreaterEqual(len(by_new["entries"]), 2)

    def test_a_clean_end_loses_no_record(self):
        self.post("/v1/persons/account", {"personId": self.person, "year": 2025})
        self.server.stop(clean=False)
        self.server = fs.Server(data=self.server.data, configuration={"ceilings": fs.ceilings(fs.present_years())}).start()
        self.addCleanup(self.server.clean)
        self.expect(of_year("account"))

    def test_what_is_not_answered_is_not_logged(self):
        wrong = fs.wrong_last_digit(self.person)
        year = {"personId": self.person, "year": 2025}
        for path, value, status in (("/v1/card-status", self.question(personId=wrong), 400),
                                    ("/v1/card-status", self.question(serviceType="X"), 400),
                                    ("/v1/card-status", self.question(serviceDate="1999-01-01"), 400),
                                    ("/v1/persons/account", {**year, "year": 1999}, 400),
                                    ("/v1/persons/account", {**year, "limit": 0}, 400),
                                    ("/v1/persons/card", {**year, "year": 1999}, 400),
                                    (PATH, {"personId": self.person, "limit": 0}, 400),
                                    ("/v1/card-status/batch", [self.question()] * 10_001, 413)):
            self.assertEqual(self.post(path, value).status, status, path)
        self.assertEqual(self.post("/v1/persons/account", year).status, 200)
        self.expect(of_year("account"))

    def test_items_that_ask_for_a_card(self):
        asks = dated("2025-03-02", 0, personId=self.person, exemption="F")
        crossing = dated("2025-03-01", TOP, personId=self.person)
        self.post("/v1/registrations", [asks, dated("2025-03-03", 0, personId=self.person, exemption="B")])
        self.post("/v1/registrations", [crossing])
        self.post("/v1/registrations", [asks, dated("2025-03-04", 0, personId=self.person, exemption="F", serviceType="PO")])
        self.expect(service("submission", False, "2025-03-02"), service("submission", True, "2025-03-02"),
                    service("submission", True, "2025-03-04", "PO"))

    def test_what_a_dry_run_tells(self):
        other = fs.new_person()
        self.post("/v1/registrations?dryRun=true", [dated("2025-03-01", TOP, personId=self.person),
                                                    dated("2025-03-02", 100, personId=other),
                                                    dated("2025-03-03", serviceType="X")])
        self.expect(service("submission", True, "2025-03-01"))
        self.expect(service("submission", False, "2025-03-02"), person=other)


if __name__ == "__main__":
    unittest.main()
