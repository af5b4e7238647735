"""The practice's question: does this person have a card?"""

import datetime
import json
import unittest

import frikort_server as fs
from frikort_server import credit_note, dated

PATH = "/v1/card-status"


def years_back(day, years):
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


class CardStatusTest(fs.ServerCase):

    @classmethod
    def configuration(cls):
        cls.this_year = fs.oslo_today().year
        cls.last_year = cls.this_year - 1
        return {"ceilings": fs.ceilings((cls.last_year, cls.this_year))}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ceiling = fs.ceiling_ore(cls.last_year)
        cls.holder, cls.other = fs.new_person(), fs.new_person()
        cls.server.submit(dated(f"{cls.last_year}-03-01", cls.ceiling, personId=cls.holder),
                          dated(f"{cls.last_year}-03-01", 100, personId=cls.other))

    def ask(self, person, day, service_type="LE", **over):
        body = {"personId": person, "serviceType": service_type, "serviceDate": str(day), **over}
        return self.server.post_json(PATH, {k: v for k, v in body.items() if v is not fs.ABSENT})

    def test_holder(self):
        for day in ("06-01", "12-31"):
            self.assertIs(self.server.exempt(self.holder, f"{self.last_year}-{day}"), True, f"card year, {day}")
        self.assertIs(self.server.exempt(self.holder, f"{self.this_year}-01-01"), False, "the year after")

    def test_the_card_is_for_the_whole_year_of_the_date(self):
        self.assertIs(self.server.exempt(self.holder, f"{self.last_year}-01-01"), True,
                      "exempt = a card for the year of the date")

    def test_every_service_type(self):
        for service_type in fs.SERVICE_TYPES:
            with self.subTest(service_type=service_type):
                self.assertIs(self.server.exempt(self.holder, f"{self.last_year}-06-01", service_type), True)
                self.assertIs(self.server.exempt(self.other, f"{self.last_year}-06-01", service_type), False)

    def test_unknown_person_looks_like_one_without_card(self):
        known = self.ask(self.other, f"{self.last_year}-06-01")
        unknown = self.ask(fs.new_person(), f"{self.last_year}-06-01")
        self.assertEqual((unknown.status, unknown.json()["exempt"]), (200, False))
        self.assertEqual(set(unknown.json()), set(known.json()), "same shape")
        self.assertEqual(len(unknown.body), len(known.body), "same size")

    def test_card_is_seen_at_once(self):
        for _ in range(5):
            person = fs.new_person()
            self.server.submit_one(dated(f"{self.last_year}-03-01", self.ceiling, personId=person))
            self.assertIs(self.server.exempt(person, f"{self.last_year}-04-01"), True)

    def test_a_card_under_review_still_exempts(self):
        person = fs.new_person()
        first = dated(f"{self.last_year}-03-01", 100, personId=person)
        self.server.submit(first, dated(f"{self.last_year}-03-02", self.ceiling - 100, personId=person), credit_note(first))
        self.assertEqual(self.server.account(person, self.last_year)["card"]["state"], "underReview")
        self.assertIs(self.server.exempt(person, f"{self.last_year}-04-01"), True)

    def test_a_year_without_ceiling(self):
        for day in (f"{max(fs.CEILING) + 40}-06-01", "9999-12-31"):
            self.assertIs(self.server.exempt(self.holder, day), False, day)

    def test_d_number(self):
        person = fs.synthetic_dnumber(5)
        self.assertIs(self.server.exempt(person, f"{self.last_year}-04-01"), False)
        self.server.submit_one(dated(f"{self.last_year}-03-01", self.ceiling, personId=person))
        self.assertIs(self.server.exempt(person, f"{self.last_year}-04-01"), True)

    def test_more_than_two_years_back(self):
        limit = years_back(fs.oslo_today(), 2)
        # A day to spare on both sides: the day may turn while the test runs.
        inside = self.ask(self.holder, limit + datetime.timedelta(days=1))
        self.assertEqual(inside.status, 200, inside.body[:300])
        for day in (limit - datetime.timedelta(days=1), limit - datetime.timedelta(days=400), "1999-01-01"):
            with self.subTest(day=day):
                self.assert_problem(self.ask(self.holder, day), 400)

    def test_invalid_input(self):
        day = f"{self.last_year}-06-01"
        bad = [self.ask(fs.wrong_last_digit(self.holder), day), self.ask("", day), self.ask(int(self.holder), day),
               self.ask(None, day), self.ask(self.holder[:10], day), self.ask(self.holder, day, "X"),
               self.ask(self.holder, day, ""), self.ask(self.holder, day, None), self.ask(self.holder, ""),
               self.ask(self.holder, f"{self.last_year}-02-30"), self.ask(self.holder, f"{self.last_year}-13-01"),
               self.ask(self.holder, f"{self.last_year}0601"), self.ask(self.holder, "yesterday"),
               self.ask(self.holder, day, personId=fs.ABSENT), self.ask(self.holder, day, serviceType=fs.ABSENT),
               self.ask(self.holder, day, serviceDate=fs.ABSENT), self.ask(self.holder, day, serviceDate=20250601),
               self.server.post_json(PATH, b"{"), self.server.post_json(PATH, b""), self.server.post_json(PATH, [])]
        for number, reply in enumerate(bad):
            with self.subTest(case=number):
                self.assert_problem(reply, 400)
                self.assertNotIn(self.holder[:10].encode(), reply.body, "no number in an error text")

    def test_wrong_method_and_type(self):
        reply = self.server.get(PATH)
        self.assert_problem(reply, 405)
        self.assertIn("POST", reply.header("Allow") or "")
        self.assert_problem(self.server.request("POST", PATH, b"{}", {"Content-Type": "text/plain"}), 415)


class BatchTest(fs.ServerCase):

    @classmethod
    def configuration(cls):
        cls.year = fs.oslo_today().year - 1
        cls.ceiling = fs.ceiling_ore(cls.year)
        return {"ceilings": fs.ceilings((cls.year,))}

    def question(self, person, day=None):
        return {"personId": person, "serviceType": "LE", "serviceDate": day or f"{self.year}-06-01"}

    def batch(self, lines):
        reply = self.server.post_ndjson(PATH + "/batch", lines)
        self.assertEqual(reply.status, 200, reply.body[:300])
        self.assertEqual(reply.media_type, fs.NDJSON_TYPE)
        return [json.loads(line) for line in reply.raw_lines()]

    def test_answers_in_order(self):
        people = [fs.new_person() for _ in range(300)]
        holders = set(people[::7])
        self.server.stream([dated(f"{self.year}-03-01", self.ceiling, personId=p) for p in sorted(holders)])
        answers = self.batch([self.question(p) for p in people])
        self.assertEqual([a["exempt"] for a in answers], [p in holders for p in people])
        again = self.batch([self.question(p) for p in reversed(people)])
        self.assertEqual([a["exempt"] for a in again], [p in holders for p in reversed(people)])

    def test_ten_thousand_lines(self):
        people = [fs.new_person() for _ in range(100)]
        answers = self.batch([self.question(people[n % 100]) for n in range(10_000)])
        self.assertEqual(len(answers), 10_000)
        self.assertEqual({a["exempt"] for a in answers}, {False})

    def test_more_than_ten_thousand_lines(self):
        person = fs.new_person()
        try:
            reply = self.server.post_ndjson(PATH + "/batch", [self.question(person)] * 10_001)
        except OSError:
            reply = None  # Closed while the rest was being sent.
        if reply is not None and reply.status == 200:
            answers = [line for line in reply.raw_lines() if b'"exempt"' in line]
            self.assertLessEqual(len(answers), 10_000, "up to 10 000 lines")
        elif reply is not None:
            self.assert_problem(reply, (400, 413))
        self.assertEqual(self.server.get("/isalive").status, 200)

    def test_empty_batch(self):
        self.assertEqual(self.batch(b"\n\r\n"), [])

    def test_a_bad_line_harms_no_other(self):
        person = fs.new_person()
        self.server.submit_one(dated(f"{self.year}-03-01", self.ceiling, personId=person))
        wrong = fs.wrong_last_digit(person)
        reply = self.server.post_ndjson(PATH + "/batch", [self.question(person), "{", self.question(wrong),
                                                          self.question(person)])
        self.assertNotIn(wrong.encode(), reply.body, "an invalid number must not be echoed")
        self.assertEqual(reply.status, 200)
        self.assertEqual([json.loads(line) for line in reply.raw_lines()],
                         [{"exempt": True}, {"code": "MALFORMED_ITEM"}, {"code": "INVALID_PERSON_ID", "field": "personId"},
                          {"exempt": True}])

    def test_the_first_code_that_applies(self):
        good, old = self.question(fs.new_person()), "1999-01-01"
        bad = {"personId": "1", "serviceType": "X", "serviceDate": "2025-02-30"}
        self.assertEqual(self.batch([
            "[]", "1", '{"personId":"\xff"}'.encode("latin-1"),
            {**bad, "more": 1}, {"more": 1}, {k: bad[k] for k in ("personId", "serviceDate")}, {},
            fs.compact(bad)[:-1] + ',"serviceType":"LE"}', bad, {**bad, "personId": good["personId"]},
            {**good, "serviceDate": "2025-02-30"}, {**good, "serviceDate": 20250601}, {**good, "serviceDate": old}]),
            [{"code": "MALFORMED_ITEM"}] * 3 + [
                {"code": "UNKNOWN_FIELD", "field": "more"}, {"code": "UNKNOWN_FIELD", "field": "more"},
                {"code": "MISSING_FIELD", "field": "serviceType"}, {"code": "MISSING_FIELD", "field": "personId"},
                {"code": "DUPLICATE_FIELD", "field": "serviceType"}, {"code": "INVALID_PERSON_ID", "field": "personId"},
                {"code": "INVALID_SERVICE_TYPE", "field": "serviceType"},
                {"code": "INVALID_SERVICE_DATE", "field": "serviceDate"},
                {"code": "INVALID_SERVICE_DATE", "field": "serviceDate"},
                {"code": "SERVICE_DATE_TOO_OLD", "field": "serviceDate"}])

    def test_an_unknown_name_is_shown_without_a_number(self):
        person = fs.new_person()
        answer = self.batch([{**self.question(person), person: 1}])[0]
        self.assertEqual(answer["code"], "UNKNOWN_FIELD")
        self.assertNotIn(person, answer["field"])


if __name__ == "__main__":
    unittest.main()
