"""Sent again: what the key of an item is, and what its content."""

import unittest

import frikort_server as fs
from frikort_server import copayment, credit_note, dated, payment

PATH = "/v1/registrations"


class IdempotencyTest(fs.ServerCase):

    def test_same_item_twice_in_one_request(self):
        item = copayment()
        first, second = self.server.submit(item, item)
        self.assert_accepted(first)
        self.assert_duplicate(second, first)
        lines = self.server.stream([item, item]).results
        for result in lines:
            self.assert_duplicate(result, first)

    def test_duplicate_repeats_the_data_of_the_original(self):
        person = fs.new_person()
        early = dated("2025-02-01", 100_000, personId=person)
        first = self.server.submit_one(early)
        self.assert_accepted(first, counted=True, exempt=False)
        crossing = self.server.submit_one(dated("2025-03-01", 300_000, personId=person))
        self.assert_accepted(crossing, exempt=True)
        self.server.submit_one(credit_note(early))
        again = self.server.submit_one(early)
        self.assert_duplicate(again, first)
        self.assertEqual((again["counted"], again["exempt"]), (True, False),
                         "a duplicate shows what was answered then, not the state of now")
        unpaid = dated("2025-04-01", paid=False)
        first = self.server.submit_one(unpaid)
        self.server.submit_one(payment(unpaid))
        again = self.server.submit_one(unpaid)
        self.assert_duplicate(again, first)
        self.assertEqual(again["code"], "UNPAID")

    def test_duplicate_payment(self):
        item = copayment(paid=False)
        _, first = self.server.submit(item, payment(item))
        self.assert_duplicate(self.server.submit_one(payment(item)), first)

    def test_received_time_is_not_content(self):
        item = dated("2025-03-01")
        first = self.server.submit_one(item)
        later = {**item, "receivedTime": fs.oslo_text("2025-06-01")}
        self.assert_duplicate(self.server.submit_one(later), first)

    def test_guid_without_regard_to_case_and_braces(self):
        item = copayment()
        guid = item["guid"]
        first = self.server.submit_one({**item, "guid": "{" + guid.upper() + "}"})
        self.assertEqual(first["guid"], guid, "shown in lower case without braces")
        for spelled in (guid, guid.upper(), "{" + guid + "}"):
            again = self.server.submit_one({**item, "guid": spelled})
            self.assert_duplicate(again, first)
            self.assertEqual(again["guid"], guid)
            other = self.server.submit_one({**item, "guid": spelled, "amountOre": item["amountOre"] + 1})
            self.assertEqual((other["code"], other["guid"]), ("CONTENT_CONFLICT", guid))
        credited = self.server.submit_one(credit_note({**item, "guid": "{" + guid.upper() + "}"}))
        self.assert_accepted(credited, counted=False)
        self.assertEqual(credited["guid"], guid)

    def test_service_time_compares_as_an_instant(self):
        item = dated("2025-03-01", clock="10:00:00")
        first = self.server.submit_one(item)
        for text in ("2025-03-01T09:00:00Z", "2025-03-01t09:00:00z", "2025-03-01T09:00:00.0Z",
                     "2025-03-01T09:00:00.000000000+00:00", "2025-03-01T04:00:00-05:00",
                     "2025-03-01T14:30:00+05:30", "2025-02-28T21:00:00-12:00"):
            self.assert_duplicate(self.server.submit_one({**item, "serviceTime": text}), first)

    def test_content_conflict_for_each_field(self):
        item = dated("2025-03-01", 0)
        first = self.server.submit_one(item)
        changes = {"personId": fs.new_person(), "serviceType": "HS", "amountOre": 1, "paid": False, "exemption": "B",
                   "serviceTime": "2025-03-01T09:00:01Z"}
        for field, value in changes.items():
            with self.subTest(field=field):
                self.assert_rejected(self.server.submit_one({**item, field: value}), "CONTENT_CONFLICT")
        self.assert_rejected(self.server.submit_one({**item, "serviceTime": "2025-03-01T09:00:00.000000001Z"}),
                             "CONTENT_CONFLICT")
        self.assert_duplicate(self.server.submit_one(item), first)
        self.assertEqual(len(self.server.account(item["personId"], 2025)["registrations"]), 1)

    def test_the_key_has_practice_and_type(self):
        item = copayment()
        other = {**item, "practiceId": fs.new_practice()}
        first, second = self.server.submit(item, other)
        self.assert_accepted(first)
        self.assert_accepted(second)
        self.assertNotEqual(first["position"], second["position"])
        self.assert_accepted(self.server.submit_one(payment(item)))
        self.assert_accepted(self.server.submit_one(credit_note(item)), code="CREDITED")
        self.assert_accepted(self.server.submit_one(payment(other)), counted=True)

    def test_a_rejected_item_binds_nothing(self):
        item = dated("2025-03-01")
        wrong = [{**item, "serviceType": "X"}, {**item, "receivedTime": fs.oslo_text("2025-12-01")},
                 {**item, "serviceTime": "2019-03-01T10:00:00Z"}, {**item, "exemption": "B"},
                 {**item, "exemption": "F", "amountOre": 0}]
        for result in self.server.submit(*wrong):
            self.assertEqual(result["verdict"], "rejected", result)
        self.assertEqual(self.server.account(item["personId"], 2025)["registrations"], [])
        self.assert_accepted(self.server.submit_one({**item, "amountOre": 12_300}), counted=True)
        self.assertEqual(self.server.account(item["personId"], 2025)["countedOre"], 12_300)

    def test_a_rejected_follow_up_binds_nothing(self):
        item = dated("2025-03-01", paid=False)
        for early in (payment(item), credit_note(item)):
            self.assert_rejected(self.server.submit_one(early), "UNKNOWN_ORIGINAL")
        self.server.submit_one(item)
        self.assert_accepted(self.server.submit_one(payment(item)), counted=True)
        self.assert_accepted(self.server.submit_one(credit_note(item)), counted=False)

    def test_idempotency_key_header_is_ignored(self):
        headers = {"Idempotency-Key": fs.new_guid()}
        for _ in range(2):
            reply = self.server.post_json(PATH, [copayment()], headers)
            self.assertEqual(reply.status, 200)
            self.assert_accepted(reply.json()["results"][0])


if __name__ == "__main__":
    unittest.main()
