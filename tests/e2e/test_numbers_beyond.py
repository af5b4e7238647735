"""JSON numbers of any size and form where a number is wrong: the verdict is that of the member, never malformed."""

import json
import unittest

import frikort_server as fs
from frikort_server import copayment, raw_item
from test_registry_codes import event, practice

FORMS = ("-0", "1.0", "1e2", "0.5", "-1E-2")
BIG = ("12345678901234567890123", "-9223372036854775809", "1" * 400, "0." + "1" * 400)
NO_DOUBLE = ("1e400", "-1e400", "1e-400")
NO_EXPONENT = ("1e99999999999", "-1e99999999999", "1e-99999999999", "1E+99999999999999999999999")
NO_NUMBER = ("01", "-01", "00", "1.", "1.e5", ".5", "+1", "1e", "1e+", "-", "--1", "1e400x", "1e400.5", "1e4e4", "0x10",
             "Infinity", "-Infinity", "NaN", "1e400 1e400", "1_000", "１", '1e400,"and":01', '[1e400,1e99999999999e]')
# Member, code.
ITEM = (("type", "INVALID_TYPE"), ("guid", "INVALID_GUID"), ("practiceId", "INVALID_PRACTICE_ID"),
        ("personId", "INVALID_PERSON_ID"), ("serviceType", "INVALID_SERVICE_TYPE"),
        ("serviceTime", "INVALID_SERVICE_TIME"), ("amountOre", "INVALID_AMOUNT"), ("paid", "INVALID_PAID"),
        ("exemption", "INVALID_EXEMPTION"), ("receivedTime", "INVALID_RECEIVED_TIME"), ("more", "UNKNOWN_FIELD"))
FOLLOW_UP = (("guid", "INVALID_GUID"), ("practiceId", "INVALID_PRACTICE_ID"), ("receivedTime", "INVALID_RECEIVED_TIME"),
             ("amountOre", "UNKNOWN_FIELD"), ("more", "UNKNOWN_FIELD"))
PERSON = (("birthDate", "type", "INVALID_TYPE"), ("birthDate", "eventId", "INVALID_EVENT_ID"),
          ("birthDate", "personId", "INVALID_PERSON_ID"), ("birthDate", "birthDate", "INVALID_DATE"),
          ("numberChanged", "newPersonId", "INVALID_PERSON_ID"), ("merged", "otherPersonId", "INVALID_PERSON_ID"),
          ("died", "date", "INVALID_DATE"), ("minimumPension", "periods", "INVALID_PERIODS"),
          ("optedOut", "receivedTime", "INVALID_RECEIVED_TIME"), ("optedIn", "more", "UNKNOWN_FIELD"),
          ("optedOut", "birthDate", "UNKNOWN_FIELD"))
PRACTICE = (("eventId", "INVALID_EVENT_ID"), ("practiceId", "INVALID_PRACTICE_ID"), ("name", "INVALID_NAME"),
            ("practiceType", "INVALID_PRACTICE_TYPE"), ("organisationNumbers", "INVALID_NUMBERS"),
            ("hprNumbers", "INVALID_NUMBERS"), ("personIds", "INVALID_NUMBERS"), ("agreements", "INVALID_PERIODS"),
            ("receivedTime", "INVALID_RECEIVED_TIME"), ("more", "UNKNOWN_FIELD"))
QUESTION = (("personId", "INVALID_PERSON_ID"), ("serviceType", "INVALID_SERVICE_TYPE"),
            ("serviceDate", "INVALID_SERVICE_DATE"), ("more", "UNKNOWN_FIELD"))
YEAR_QUESTION = (("personId", "INVALID_PERSON_ID"), ("year", "INVALID_YEAR"), ("limit", "INVALID_LIMIT"),
                 ("cursor", "INVALID_CURSOR"), ("asOfPosition", "INVALID_AS_OF"), ("asOfTime", "INVALID_AS_OF"),
                 ("more", "UNKNOWN_FIELD"))


def with_text(values, name, text):
    """The text of an object with one value, of its own or a further one, written exactly as given."""
    return raw_item({**values, name: None}, **{name: text})


def inside(*numbers):
    """Texts of values that have one of the numbers within."""
    return [text for number in numbers for text in (f"[{number}]", f'{{"a":[0,{{"b":{number}}}]}}')]


def selected(table, names):
    """Rows with one of the members; all without names."""
    return [row for row in table if names is None or row[-2] in names]


class NumberTests:
    """What is asked of each place where a number may stand, once for each kind of number."""

    def test_of_another_form(self):
        self.check(FORMS)

    def test_that_fit_no_64_bits(self):
        self.check(BIG)

    def test_that_fit_no_double(self):
        self.check(NO_DOUBLE)

    def test_whose_exponent_fits_nothing(self):
        self.check(NO_EXPONENT)

    def test_inside_an_unknown_member(self):
        self.check(inside(*FORMS, *BIG, *NO_DOUBLE), names=("more",))

    def test_whose_exponent_fits_nothing_inside_an_unknown_member(self):
        self.check(inside(*NO_EXPONENT), names=("more",))


class NumberCase(fs.ServerCase):

    def post(self, path, lines):
        reply = self.server.post_ndjson(path, lines)
        self.assertEqual(reply.status, 200, reply.body[:500])
        return [json.loads(line) for line in reply.raw_lines()]

    def assert_refused(self, answers, expected):
        """Each by its code and field, and what else is shown of it."""
        self.assertEqual(len(answers), len(expected))
        found = [(sent, answer.get("code"), answer.get("field"), *self.shown(answer))
                 for answer, (sent, *_) in zip(answers, expected)]
        wrong = [(answer, right) for answer, right in zip(found, expected) if answer != right]
        if wrong:
            self.fail(f"{len(wrong)} of {len(expected)} are wrong, the first {wrong[0][0]}, expected {wrong[0][1]}")

    def shown(self, answer):
        return ()


class ItemCase(NumberCase):

    def shown(self, answer):
        return answer["verdict"], answer.get("guid")

    def expected(self, numbers, names):
        """Text, code, field, verdict, guid."""
        lines = []
        for number in numbers:
            for build, table in ((copayment, ITEM), (self.payment, FOLLOW_UP)):
                for name, code in selected(table, names):
                    item = build(amountOre=0) if name == "exemption" else build()
                    guid = None if name == "guid" else item["guid"]
                    lines.append((with_text(item, name, number), code, name, "rejected", guid))
        return lines

    def payment(self):
        return fs.payment(copayment())


class ItemLineTest(NumberTests, ItemCase):

    def check(self, numbers, names=None):
        lines = self.expected(numbers, names)
        self.assert_refused(self.post("/v1/registrations", [line for line, *_ in lines]), lines)

    def test_a_right_item_beside_them(self):
        good = copayment()
        lines = [text for numbers in (FORMS, BIG, NO_DOUBLE, NO_EXPONENT) for text, *_ in self.expected(numbers, None)]
        results = self.post("/v1/registrations", [*lines, good])
        self.assertEqual({result["verdict"] for result in results[:len(lines)]}, {"rejected"})
        self.assert_accepted(results[len(lines)], counted=True)


class ItemBodyTest(NumberTests, ItemCase):

    def check(self, numbers, names=None):
        lines = self.expected(numbers, names)
        body = "[" + ",".join(line for line, *_ in lines) + "]"
        reply = self.server.post_json("/v1/registrations", body.encode())
        self.assertEqual(reply.status, 200, reply.body[:500])
        self.assert_refused(reply.json()["results"], lines)


class EventTest(NumberTests, NumberCase):

    def shown(self, answer):
        return answer["verdict"], answer.get("eventId")

    def expected(self, numbers, builds):
        lines = []
        for number in numbers:
            for build, name, code in builds:
                sent = build()
                shown = None if name == "eventId" else sent["eventId"]
                lines.append((with_text(sent, name, number), code, name, "rejected", shown))
        return lines

    def builds(self, names=None):
        return ([(lambda kind=kind: event(kind), name, code) for kind, name, code in selected(PERSON, names)],
                [(practice, name, code) for name, code in selected(PRACTICE, names)])

    def check(self, numbers, names=None):
        for path, builds in zip(("/v1/person-events", "/v1/practice-events"), self.builds(names)):
            lines = self.expected(numbers, builds)
            self.assert_refused(self.post(path, [line for line, *_ in lines]), lines)

    def check_lists(self, numbers):
        for number in numbers:
            self.check((f"[{number}]",), names=("organisationNumbers", "hprNumbers", "personIds"))
            self.check((f'[{{"from":{number},"to":null}}]', f'[{{"from":"2024-01-01","to":{number}}}]',
                        f'[{{"from":"2024-01-01","to":null,"why":{number}}}]'), names=("periods", "agreements"))

    def test_inside_lists(self):
        self.check_lists((*FORMS, *BIG, *NO_DOUBLE))

    def test_whose_exponent_fits_nothing_inside_lists(self):
        self.check_lists(NO_EXPONENT)


class QuestionLineTest(NumberTests, NumberCase):

    def question(self):
        return {"personId": fs.new_person(), "serviceType": "LE", "serviceDate": str(fs.recent_day())}

    def expected(self, numbers, names):
        return [(with_text(self.question(), name, number), code, name) for number in numbers
                for name, code in selected(QUESTION, names)]

    def check(self, numbers, names=None):
        lines = self.expected(numbers, names)
        self.assert_refused(self.post("/v1/card-status/batch", [line for line, *_ in lines]), lines)


class QuestionTest(NumberTests, NumberCase):

    def questions(self, names):
        """Path, a right body, member, code."""
        person = fs.new_person()
        status = {"personId": person, "serviceType": "LE", "serviceDate": str(fs.recent_day())}
        for name, code in selected(QUESTION, names):
            yield "/v1/card-status", status, name, code
        for name, code in selected(YEAR_QUESTION, names):
            yield "/v1/persons/account", {"personId": person, "year": 2025}, name, code

    def shown(self, answer):
        return answer["path"], answer["status"]

    def check(self, numbers, names=None):
        answers, expected = [], []
        for number in numbers:
            for path, body, name, code in self.questions(names):
                text = with_text(body, name, number)
                expected.append((text, code, name, path, 400))
                reply = self.server.post_json(path, text.encode())
                answers.append({"path": path, "status": reply.status, **reply.json()})
        self.assert_refused(answers, expected)


class TextTest(NumberCase):
    """What is no number, and what only looks like one."""

    def builds(self):
        question = {"personId": fs.new_person(), "serviceType": "LE", "serviceDate": str(fs.recent_day())}
        return (("/v1/registrations", copayment()), ("/v1/person-events", event()), ("/v1/practice-events", practice()),
                ("/v1/card-status/batch", question))

    def test_what_is_no_number_is_malformed(self):
        for path, made in self.builds():
            with self.subTest(path):
                lines = [with_text(made, "more", text) for text in NO_NUMBER]
                expected = [(line, "MALFORMED_ITEM", None, None, None) for line in lines]
                self.assert_refused(self.post(path, lines), expected)

    def shown(self, answer):
        return answer.get("guid"), answer.get("eventId")

    def test_a_text_that_looks_like_one_stays_as_it_is(self):
        key = "1e999999-9999-4999-8999-999999999999"
        for number in ("7", "1e400", "1e99999999999"):
            for (path, made), name in zip(self.builds(), ("guid", "eventId", "eventId")):
                line = raw_item({**made, name: key, "1e4\\\"": 1, "more": 1}, more=number)
                answer, = self.post(path, [line])
                with self.subTest(line):
                    self.assertEqual((answer["code"], answer.get(name)), ("UNKNOWN_FIELD", key))


if __name__ == "__main__":
    unittest.main()
