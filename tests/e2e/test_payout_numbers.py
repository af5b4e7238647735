"""Who pays is told the numbers of persons, and each number told is in the access log."""

import json
import time
import unittest

import frikort_server as fs
import token_issuer as ti
from access_case import AccessCase
from frikort_server import dated

PATH = "/v1/persons/numbers"
LOG = "/v1/persons/access-log"


class NumbersTest(AccessCase):

    def ask(self, references, role="payout"):
        return self.server.post_json(PATH, {"personRefs": references},
                                     ti.bearer(self.issuers.of_machine(f"frikort:api/{role}")))

    def new_persons(self, count):
        """References of that many persons, with their numbers."""
        operator = ti.bearer(self.issuers.of_machine("frikort:api/operator"))
        persons = [fs.new_person() for _ in range(count)]
        items = [dated("2025-03-01", fs.CEILING[2025] + 100, personId=person) for person in persons]
        reply = self.server.post_json("/v1/registrations", items, operator)
        guids = {item["guid"].lower(): person for item, person in zip(items, persons)}
        self.assertEqual({result["verdict"] for result in reply.json()["results"]}, {"accepted"})
        payout = ti.bearer(self.issuers.of_machine("frikort:api/payout"))
        events = self.server.get("/v1/events?limit=1000", payout).body.decode().splitlines()
        due = [event for event in map(json.loads, events) if event["type"] == "refundDue" and event["guid"] in guids]
        self.assertEqual(len(due), count)
        return {event["personRef"]: guids[event["guid"]] for event in due}

    def told_numbers(self, person):
        portal = ti.bearer(self.issuers.of_machine("frikort:api/portal"))
        entries = self.server.post_json(LOG, {"personId": person, "limit": 1000}, portal).json()["entries"]
        return [entry for entry in entries if entry["what"] == "number"]

    def test_the_numbers_of_those_who_are_paid(self):
        known = self.new_persons(3)
        references = [*reversed(known), 0, -7, 2 ** 62, next(iter(known))]
        reply = self.ask(references)
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(reply.json(), {"numbers": [
            {"personRef": reference, "personId": known.get(reference), "payee": "person" if reference in known else None}
            for reference in references]})
        first, *others = known.values()
        deadline = time.monotonic() + 10
        while len(self.told_numbers(first)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(len(self.told_numbers(first)), 2, "each number told is one entry")
        for person in others:
            entry, = self.told_numbers(person)
            self.assertEqual((entry["role"], entry["who"]["organisationNumber"]), ("payout", ti.OPERATOR_ORGANISATION))
            self.assertIsNone(entry["answer"])
        for person in known.values():
            self.assertNotIn(person.encode(), self.server.output())

    def test_questions_that_are_refused(self):
        for references, status, code in (([], 400, "INVALID_PERSON_REFS"), ([1] * 1001, 413, "TOO_LARGE"),
                                         ("1", 400, "INVALID_PERSON_REFS"), ([1.0], 400, "INVALID_PERSON_REFS"),
                                         (["1"], 400, "INVALID_PERSON_REFS"), ([2 ** 64], 400, "INVALID_PERSON_REFS"),
                                         ([None], 400, "INVALID_PERSON_REFS"), ([True], 400, "INVALID_PERSON_REFS")):
            with self.subTest(references):
                self.assert_problem(self.ask(references), status, code)
        self.assertEqual(self.ask([9] * 1000).status, 200)

    def test_nobody_else_is_told(self):
        for role in ("operator", "portal", "registry", "practice"):
            self.assert_refused(self.ask([1], role), 403, "insufficient_scope")
        self.assert_refused(self.server.post_json(PATH, {"personRefs": [1]}), 401)


if __name__ == "__main__":
    unittest.main()
