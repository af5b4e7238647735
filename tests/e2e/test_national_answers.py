"""What the national card query answers, and what the person is shown of it."""

import time
import unittest

import frikort_server as fs
import national_client as nc
import token_issuer as ti
from frikort_server import credit_note, dated
from national_case import PARTS, NationalAnswers, NationalCase, sections
from national_client import CHILD, LEVEL, PARENT, PID, NationalClient, question

PENSION_TYPES = ("A", "S", "B")
MOVING = {"Date", "Correlation-Id"}  # headers that differ from answer to answer


class AnswerTest(NationalAnswers, fs.ServerCase):

    @classmethod
    def configuration(cls):
        return {"ceilings": fs.ceilings(fs.present_years())}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = NationalClient(cls.server)
        cls.day = fs.recent_day()
        cls.year = cls.day.year

    def give_card(self, person):
        """Of this year; gives its registration."""
        item = dated(self.day, fs.ceiling_ore(self.year), received=str(self.day), clock="08:00:00", personId=person)
        self.assert_accepted(self.server.submit_one(item), exempt=True)
        return item

    def tell_of(self, person, kind, **fields):
        self.tell("/v1/person-events", {"type": kind, "personId": person, **fields})

    def expect(self, answer, person, kind="LE", day=None):
        """Gives the reply."""
        reply = self.client.ask(person, kind, day or self.day)
        self.assert_answer(reply, answer)
        return reply

    def test_a_card_is_for_its_calendar_year(self):
        person = fs.new_person()
        self.expect(False, person)
        self.give_card(person)
        for kind in fs.SERVICE_TYPES:
            self.expect(True, person, kind)
        for day, answer in ((f"{self.year}-01-01", True), (f"{self.year}-12-31", True),
                            (f"{self.year - 1}-12-31", False), (f"{self.year + 1}-01-01", False),
                            (f"{self.year + 60}-06-01", False)):
            with self.subTest(day=day):
                self.expect(answer, person, day=day)

    def test_the_sum_before_the_ceiling_is_no_card(self):
        person = fs.new_person()
        self.server.submit_one(dated(self.day, fs.ceiling_ore(self.year) - 1, received=str(self.day), clock="08:00:00",
                                     personId=person))
        self.expect(False, person)

    def test_under_review_it_is_still_one(self):
        person = fs.new_person()
        self.server.submit_one(credit_note(self.give_card(person)))
        self.assertEqual(self.server.account(person, self.year)["card"]["state"], "underReview")
        self.expect(True, person)

    def test_minimum_pension_is_for_three_service_types_and_its_days(self):
        person = fs.new_person()
        day = fs.recent_day
        self.tell_of(person, "minimumPension", periods=[{"from": str(day(20)), "to": str(day(10))}])
        for days_ago, is_covered in ((21, False), (20, True), (10, True), (9, False)):
            for kind in fs.SERVICE_TYPES:
                with self.subTest(kind, days_ago=days_ago):
                    self.expect(is_covered and kind in PENSION_TYPES, person, kind, day(days_ago))

    def test_a_child_has_none(self):
        person = fs.new_person()
        self.tell_of(person, "birthDate", birthDate=f"{self.year - 10}-01-15")
        self.server.submit_one(dated(self.day, fs.ceiling_ore(self.year), received=str(self.day), clock="08:00:00",
                                     personId=person))
        self.expect(False, person)

    def test_every_number_that_was_ever_the_persons(self):
        old, new, other = fs.synthetic_dnumber(11), fs.new_person(), fs.new_person()
        self.give_card(old)
        self.tell_of(old, "numberChanged", newPersonId=new)
        self.tell_of(new, "merged", otherPersonId=other)
        for number in (old, new, other):
            self.expect(True, number)

    def test_published_test_persons(self):
        holders, pensioner = ("22898595734", "53859401909"), "25909799913"
        for person in holders:
            self.give_card(person)
        self.tell_of(pensioner, "minimumPension", periods=[{"from": "2020-01-01", "to": None}])
        for kind in fs.SERVICE_TYPES:
            for person in holders:
                self.expect(True, person, kind)
            for person in ("17839597738", "47927200909"):
                self.expect(False, person, kind)
            self.expect(kind in PENSION_TYPES, pensioner, kind)

    def test_who_has_opted_out_looks_like_nobody(self):
        opted_out, without, pensioner = (fs.new_person() for _ in range(3))
        self.give_card(opted_out)
        self.server.submit_one(dated(self.day, 100, received=str(self.day), clock="08:00:00", personId=without))
        self.tell_of(pensioner, "minimumPension", periods=[{"from": "2020-01-01", "to": None}])
        for person in (opted_out, pensioner):
            self.tell_of(person, "optedOut")
        never_heard_of = fs.new_person()
        for kind in ("LE", "A"):
            shown = []
            for person in (opted_out, pensioner, without, never_heard_of):
                reply = self.expect(False, person, kind)
                headers = [(name, value) for name, value in reply.headers.items() if name not in MOVING]
                shown.append((headers, reply.body))
            self.assertEqual(shown, shown[:1] * len(shown))
        self.tell_of(opted_out, "optedIn")
        self.expect(True, opted_out)

    def test_a_card_is_seen_at_once(self):
        for _ in range(5):
            person = fs.new_person()
            self.give_card(person)
            self.expect(True, person)


class AccessLogTest(NationalCase):
    more = sections(ceilings=fs.ceilings(fs.present_years()))
    practice = {"name": ti.PRACTICE_NAME, "organisationNumber": ti.PRACTICE_ORGANISATION}

    def entries(self, person):
        """All but the looks into the log, oldest first."""
        reply = self.server.post_json("/v1/persons/access-log", {"personId": person, "limit": 1000},
                                      self.machine("portal"))
        self.assertEqual(reply.status, 200, reply.body[:500])
        return [entry for entry in reversed(reply.json()["entries"]) if entry["what"] != "access-log"]

    def expect(self, person, *expected):
        """Within a second there are these entries (service type, service date, answer, who), and no other."""
        answered = time.monotonic()
        while len(self.entries(person)) < len(expected):
            self.assertLess(time.monotonic() - answered, 1)
        found = self.entries(person)
        names = ("serviceType", "serviceDate", "answer", "who")
        self.assertEqual([tuple(entry[name] for name in names) for entry in found], list(expected))
        for entry in found:
            self.assertEqual((entry["what"], entry["role"], entry["year"]), ("frikortsporring", "practice", None))
            self.assertLess(abs(fs.parse_time(entry["time"]).timestamp() - time.time()), 60)

    def test_each_answer_is_there_within_a_second(self):
        day = fs.recent_day()
        person, holder = fs.new_person(), fs.new_person()
        self.submit(dated(day, fs.ceiling_ore(day.year), received=str(day), clock="08:00:00", personId=holder))
        self.assert_answer(self.client.ask(person, "FT", day), False)
        self.expect(person, ("FT", str(day), False, self.practice))
        self.assert_answer(self.client.ask(person, "A", "2099-12-31"), False)
        self.expect(person, ("FT", str(day), False, self.practice), ("A", "2099-12-31", False, self.practice))
        self.assert_answer(self.client.ask(holder, "LE", day), True)
        self.expect(holder, ("LE", str(day), True, self.practice))

    def test_who_has_opted_out_sees_it_too(self):
        person, day = fs.new_person(), fs.recent_day()
        self.tell("/v1/person-events", {"type": "optedOut", "personId": person})
        self.assert_answer(self.client.ask(person, "LE", day), False)
        self.expect(person, ("LE", str(day), False, self.practice))

    def test_what_was_refused_or_only_tested_is_not_there(self):
        person, day = fs.new_person(), fs.recent_day()
        right = lambda **changes: self.client.encrypt({**question(person, "LE", day), **changes})
        token = lambda **claims: self.client.credentials(self.client.token(claims))
        spent = self.client.credentials()
        self.assert_served(credentials=spent)
        for status, parts in (
                (200, {"path": nc.SELF_TEST}), (401, {"credentials": {}}), (401, {"credentials": token(exp=1)}),
                (401, {"credentials": spent}), (403, {"credentials": token(scope=[])}),
                (403, {"credentials": token(**{CHILD: None, PARENT: None})}),
                (400, {"headers": {"Content-Type": "text/plain"}}), (400, {"body": right(ukjent=1)}),
                (400, {"body": right(tjenestetypeKode="XX")}), (400, {"body": right(tjenestedato="1999-01-01")})):
            reply = self.client.post(**{"body": right(), **parts})
            self.assertEqual(reply.status, status, reply.body[:300])
            if status == 200:
                self.assertEqual({reply.json()[part]["status"] for part in PARTS}, {"OK", "IKKE_IMPLEMENTERT"})
            else:
                self.assert_error(reply, status)
        self.assert_answer(self.client.ask(person, "LE", day), False)
        self.expect(person, ("LE", str(day), False, self.practice))

    def test_who_has_asked(self):
        person, practitioner, day = fs.new_person(), fs.new_person(), str(fs.recent_day())
        self.tell("/v1/practice-events", {
            "practiceId": "100009", "name": "Øvre Legekontor", "organisationNumbers": ["307731339"],
            "personIds": [practitioner]})
        rows = (({PID: practitioner, LEVEL: "4"}, {"name": "Øvre Legekontor", "organisationNumber": "307731339"}),
                ({CHILD: "307731339"}, {"name": "Øvre Legekontor", "organisationNumber": "307731339"}),
                ({CHILD: "339065284"}, {"name": None, "organisationNumber": "339065284"}),
                ({CHILD: None}, self.practice))
        expected = []
        for claims, who in rows:
            credentials = self.client.credentials(self.client.token(claims))
            self.assert_answer(self.client.post(self.client.encrypt(question(person, "LE", day)), credentials), False)
            expected.append(("LE", day, False, who))
            self.expect(person, *expected)


if __name__ == "__main__":
    unittest.main()
