"""Lines of the two feeds of the registries that are refused: each with its code and field, in the order of the codes."""

import datetime
import json
import unittest
import uuid

import frikort_server as fs

PERSONS = "/v1/person-events"
PRACTICES = "/v1/practice-events"
TOMORROW = str(fs.oslo_today() + datetime.timedelta(days=366))
NUMBER = fs.new_person()
OTHER = fs.new_person()


def event(kind="birthDate", **over):
    """An event of a person; ABSENT removes a field."""
    fields = {"birthDate": {"birthDate": "1990-01-31"}, "numberChanged": {"newPersonId": OTHER},
              "merged": {"otherPersonId": OTHER}, "died": {"date": "2025-01-31"}, "optedOut": {}, "optedIn": {},
              "minimumPension": {"periods": []}}.get(kind, {})
    made = {"eventId": str(uuid.uuid4()), "type": kind, "personId": NUMBER, **fields, **over}
    return {key: value for key, value in made.items() if value is not fs.ABSENT}


def practice(**over):
    made = {"eventId": str(uuid.uuid4()), "practiceId": "4711", "name": "Example Surgery", **over}
    return {key: value for key, value in made.items() if value is not fs.ABSENT}


def periods(*pairs):
    return [{"from": first, "to": last} for first, last in pairs]


A = fs.ABSENT
# What is sent, the code, the field (None: there is none).
PERSON_LINES = [
    ("{", "MALFORMED_ITEM", None),
    ("[]", "MALFORMED_ITEM", None),
    ('"text"', "MALFORMED_ITEM", None),
    (b'{"eventId":"\xff"}', "MALFORMED_ITEM", None),
    (event(type=A), "INVALID_TYPE", "type"),
    (event(type="born"), "INVALID_TYPE", "type"),
    (event(type=7), "INVALID_TYPE", "type"),
    (event(type=None), "INVALID_TYPE", "type"),
    (event(type="born", colour=1, eventId="x"), "INVALID_TYPE", "type"),
    (event(colour="red"), "UNKNOWN_FIELD", "colour"),
    (event("optedOut", birthDate="1990-01-01"), "UNKNOWN_FIELD", "birthDate"),
    (event("birthDate", newPersonId=OTHER), "UNKNOWN_FIELD", "newPersonId"),
    (event("merged", newPersonId=OTHER), "UNKNOWN_FIELD", "newPersonId"),
    (event("birthDate", practiceId="1"), "UNKNOWN_FIELD", "practiceId"),
    (event("birthDate", colour=1, birthDate=A), "UNKNOWN_FIELD", "colour"),
    (event(eventId=A), "MISSING_FIELD", "eventId"),
    (event(eventId=A, personId=A), "MISSING_FIELD", "eventId"),
    (event(personId=A, birthDate=A), "MISSING_FIELD", "personId"),
    (event(birthDate=A), "MISSING_FIELD", "birthDate"),
    (event("numberChanged", newPersonId=A), "MISSING_FIELD", "newPersonId"),
    (event("merged", otherPersonId=A), "MISSING_FIELD", "otherPersonId"),
    (event("died", date=A), "MISSING_FIELD", "date"),
    (event("minimumPension", periods=A), "MISSING_FIELD", "periods"),
    ('{"eventId":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","type":"optedOut","personId":"%s","personId":"%s"}'
     % (NUMBER, NUMBER), "DUPLICATE_FIELD", "personId"),
    (event(eventId="x"), "INVALID_EVENT_ID", "eventId"),
    (event(eventId=5), "INVALID_EVENT_ID", "eventId"),
    (event(eventId="x", personId="1"), "INVALID_EVENT_ID", "eventId"),
    (event(personId=fs.wrong_last_digit(NUMBER)), "INVALID_PERSON_ID", "personId"),
    (event(personId=int(NUMBER)), "INVALID_PERSON_ID", "personId"),
    (event("numberChanged", newPersonId="12"), "INVALID_PERSON_ID", "newPersonId"),
    (event("merged", otherPersonId=None), "INVALID_PERSON_ID", "otherPersonId"),
    (event("merged", personId="1", otherPersonId="2"), "INVALID_PERSON_ID", "personId"),
    (event(birthDate="1990-02-30"), "INVALID_DATE", "birthDate"),
    (event(birthDate="1990-2-3"), "INVALID_DATE", "birthDate"),
    (event(birthDate="0000-01-01"), "INVALID_DATE", "birthDate"),
    (event(birthDate=None), "INVALID_DATE", "birthDate"),
    (event(birthDate=19900131), "INVALID_DATE", "birthDate"),
    (event(birthDate=TOMORROW), "INVALID_DATE", "birthDate"),
    (event(birthDate="2025-01-02", receivedTime="2025-01-01T22:59:59Z"), "INVALID_DATE", "birthDate"),
    (event("died", date=TOMORROW), "INVALID_DATE", "date"),
    (event("died", date=""), "INVALID_DATE", "date"),
    (event("died", date=False), "INVALID_DATE", "date"),
    (event("minimumPension", periods={}), "INVALID_PERIODS", "periods"),
    (event("minimumPension", periods=None), "INVALID_PERIODS", "periods"),
    (event("minimumPension", periods=["2024-01-01"]), "INVALID_PERIODS", "periods"),
    (event("minimumPension", periods=[{"from": "2024-01-01"}]), "INVALID_PERIODS", "periods"),
    (event("minimumPension", periods=[{"to": "2024-01-01"}]), "INVALID_PERIODS", "periods"),
    (event("minimumPension", periods=[{"from": "2024-01-01", "to": None, "why": 1}]), "INVALID_PERIODS", "periods"),
    (event("minimumPension", periods=periods(("2024-02-01", "2024-01-31"))), "INVALID_PERIODS", "periods"),
    (event("minimumPension", periods=periods(("2024-01-01", None), ("2025-01-01", None))), "INVALID_PERIODS",
     "periods"),
    (event("minimumPension", periods=periods(("2024-01-01", "2024-06-30"), ("2024-06-30", None))), "INVALID_PERIODS",
     "periods"),
    (event("minimumPension", periods=periods(("2025-01-01", "2025-12-31"), ("2024-01-01", "2024-12-31"))),
     "INVALID_PERIODS", "periods"),
    (event("minimumPension", periods=periods((None, None))), "INVALID_PERIODS", "periods"),
    (event(receivedTime="yesterday"), "INVALID_RECEIVED_TIME", "receivedTime"),
    (event(receivedTime="2009-12-31T22:59:59Z"), "INVALID_RECEIVED_TIME", "receivedTime"),
    (event("merged", otherPersonId=NUMBER), "SAME_PERSON", None),
    (event("numberChanged", newPersonId=NUMBER), "SAME_PERSON", None),
    (event("merged", otherPersonId=NUMBER, receivedTime=1), "INVALID_RECEIVED_TIME", "receivedTime"),
]
PRACTICE_LINES = [
    ("nothing", "MALFORMED_ITEM", None),
    (practice(type="practice"), "UNKNOWN_FIELD", "type"),
    (practice(personId=NUMBER), "UNKNOWN_FIELD", "personId"),
    (practice(eventId=A), "MISSING_FIELD", "eventId"),
    (practice(practiceId=A, name=A), "MISSING_FIELD", "practiceId"),
    (practice(name=A), "MISSING_FIELD", "name"),
    ('{"eventId":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","practiceId":"1","name":"a","name":"b"}', "DUPLICATE_FIELD",
     "name"),
    (practice(eventId="1"), "INVALID_EVENT_ID", "eventId"),
    (practice(practiceId="12a"), "INVALID_PRACTICE_ID", "practiceId"),
    (practice(practiceId="1" * 21), "INVALID_PRACTICE_ID", "practiceId"),
    (practice(practiceId="x", name=""), "INVALID_PRACTICE_ID", "practiceId"),
    (practice(name=""), "INVALID_NAME", "name"),
    (practice(name="æ" * 201), "INVALID_NAME", "name"),
    (practice(name="a\tb"), "INVALID_NAME", "name"),
    (practice(name="a\x7fb"), "INVALID_NAME", "name"),
    (practice(name="a\x85b"), "INVALID_NAME", "name"),
    (practice(name=7), "INVALID_NAME", "name"),
    (practice(practiceType=""), "INVALID_PRACTICE_TYPE", "practiceType"),
    (practice(practiceType="A" * 21), "INVALID_PRACTICE_TYPE", "practiceType"),
    (practice(practiceType="A B"), "INVALID_PRACTICE_TYPE", "practiceType"),
    (practice(organisationNumbers="974760673"), "INVALID_NUMBERS", "organisationNumbers"),
    (practice(organisationNumbers=["974760674"]), "INVALID_NUMBERS", "organisationNumbers"),
    (practice(organisationNumbers=["97476067"]), "INVALID_NUMBERS", "organisationNumbers"),
    (practice(organisationNumbers=[974760673]), "INVALID_NUMBERS", "organisationNumbers"),
    (practice(hprNumbers=["1234567890"]), "INVALID_NUMBERS", "hprNumbers"),
    (practice(hprNumbers=[""]), "INVALID_NUMBERS", "hprNumbers"),
    (practice(hprNumbers=None), "INVALID_NUMBERS", "hprNumbers"),
    (practice(personIds=[NUMBER, "12345678901"]), "INVALID_NUMBERS", "personIds"),
    (practice(personIds=[None]), "INVALID_NUMBERS", "personIds"),
    (practice(hprNumbers=["x"], personIds=["x"], agreements=1), "INVALID_NUMBERS", "hprNumbers"),
    (practice(agreements=[{"from": "2024-01-01"}]), "INVALID_PERIODS", "agreements"),
    (practice(agreements=None), "INVALID_PERIODS", "agreements"),
    (practice(receivedTime="2200-01-01T00:00:00Z"), "INVALID_RECEIVED_TIME", "receivedTime"),
]


def line_of(sent):
    if isinstance(sent, bytes):
        return sent
    return sent.encode() if isinstance(sent, str) else json.dumps(sent, ensure_ascii=False).encode()


class RegistryCodesTest(unittest.TestCase):
    def setUp(self):
        self.server = fs.Server().start()
        self.addCleanup(self.server.clean)

    def post(self, path, lines):
        reply = self.server.request("POST", path, b"\n".join(lines) + b"\n", {"Content-Type": "application/x-ndjson"})
        self.assertEqual(reply.status, 200, reply.body)
        return [json.loads(line) for line in reply.raw_lines()]

    def check(self, path, table):
        results = self.post(path, [line_of(sent) for sent, _, _ in table])
        self.assertEqual(len(results), len(table), "no receipt: nothing is stored")
        for (sent, code, field), result in zip(table, results):
            with self.subTest(sent=sent):
                self.assertEqual(result["verdict"], "rejected")
                self.assertEqual((result["code"], result.get("field")), (code, field))
                self.assertNotIn("position", result)
                self.assertNotIn("guid", result)

    def test_lines_about_persons(self):
        self.check(PERSONS, PERSON_LINES)

    def test_lines_about_practices(self):
        self.check(PRACTICES, PRACTICE_LINES)

    def test_an_event_is_taken_once_over_both_feeds(self):
        sent = event("minimumPension", periods=periods(("2024-01-01", None)))
        first, receipt = self.post(PERSONS, [line_of(sent)])
        self.assertEqual(first["verdict"], "accepted")
        self.assertIn("signature", receipt)
        for same in (sent, {**sent, "eventId": "{" + sent["eventId"].upper() + "}"},
                     {**sent, "receivedTime": "2025-01-01T00:00:00Z"}):
            result = self.post(PERSONS, [line_of(same)])[0]
            self.assertEqual((result["verdict"], result["position"]), ("duplicate", first["position"]))
            self.assertEqual(result["eventId"], sent["eventId"])
        for other in ({**sent, "periods": []}, {**sent, "personId": OTHER},
                      event("optedOut", eventId=sent["eventId"])):
            result = self.post(PERSONS, [line_of(other)])[0]
            self.assertEqual((result["code"], result["field"]), ("EVENT_CONFLICT", "eventId"))
        result = self.post(PRACTICES, [line_of(practice(eventId=sent["eventId"]))])[0]
        self.assertEqual(result["code"], "EVENT_CONFLICT")
        refused = event(birthDate="1990-02-30")
        self.post(PERSONS, [line_of(refused)])
        self.assertEqual(self.post(PERSONS, [line_of({**refused, "birthDate": "1990-02-03"})])[0]["verdict"], "accepted")

    def test_what_is_left_out_of_a_practice_is_empty(self):
        sent = practice()
        first = self.post(PRACTICES, [line_of(sent)])[0]
        result = self.post(PRACTICES, [line_of({**sent, "agreements": [], "hprNumbers": []})])[0]
        self.assertEqual((result["verdict"], result["position"]), ("duplicate", first["position"]))

    def test_the_feeds_take_lines_only(self):
        for path in (PERSONS, PRACTICES):
            reply = self.server.post_json(path, event())
            self.assertEqual((reply.status, reply.json()["code"]), (415, "UNSUPPORTED_MEDIA_TYPE"))
            for query in ("?atomic=true", "?dryRun=true"):
                reply = self.server.request("POST", path + query, line_of(event()),
                                            {"Content-Type": "application/x-ndjson"})
                self.assertEqual(reply.status, 400)

    def test_no_number_is_echoed_nor_logged(self):
        results = self.post(PERSONS, [line_of(event(personId=NUMBER + "1")), line_of(event(**{NUMBER: 1}))])
        self.assertNotIn(NUMBER.encode(), json.dumps(results).encode() + self.server.output())


if __name__ == "__main__":
    unittest.main()
