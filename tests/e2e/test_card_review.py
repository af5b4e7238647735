"""A card is put under review when credits bring the sum under the ceiling, and becomes active again."""

import unittest

import frikort_server as fs
from card_case import CardCase, TOP
from frikort_server import credit_note, dated, payment


class ReviewTest(CardCase):

    def test_credit_then_reinstated(self):
        person = fs.new_person()
        first = dated("2025-02-01", 200_000, personId=person)
        crossing = dated("2025-03-01", TOP - 200_000, personId=person)
        self.server.submit(first, crossing)
        before = self.server.account(person, 2025)["card"]
        self.assertEqual(before["state"], "active")

        credit = self.server.submit_one(credit_note(first, received="2025-04-01"))
        self.assert_accepted(credit, counted=False, exempt=True, code="CREDITED")
        account = self.server.account(person, 2025)
        self.assert_account(account, TOP - 200_000)
        review = account["card"]
        self.assertIsNotNone(review, "a card is never silently withdrawn")
        self.assertEqual(review["state"], "underReview")
        for key in ("cardId", "issuedAt", "crossingGuid", "entitledFrom", "validTo"):
            self.assertEqual(review[key], before[key], f"a card under review keeps {key}")

        some = self.server.submit_one(dated("2025-05-01", 100, personId=person))
        self.assert_accepted(some, counted=True, exempt=True)
        self.assertEqual(self.server.account(person, 2025)["card"]["state"], "underReview", "the sum is not there yet")

        again = dated("2025-06-01", 199_900, personId=person)
        self.assert_accepted(self.server.submit_one(again), counted=True, exempt=True)
        account = self.server.account(person, 2025)
        self.assert_account(account, TOP)
        card = account["card"]
        self.assertEqual(card["state"], "active", "active again when the sum is reached again")
        for key in ("cardId", "issuedAt", "crossingGuid"):
            self.assertEqual(card[key], before[key], f"a reinstated card keeps {key}")
        self.assertEqual(card["entitledFrom"][:10], "2025-06-01", "reached again, in service order, on 1 June")

    def test_the_crossing_item_itself_is_credited(self):
        person = fs.new_person()
        crossing = self.cross(person)
        self.assert_accepted(self.server.submit_one(credit_note(crossing)), counted=False, exempt=True)
        card = self.server.account(person, 2025)["card"]
        self.assertEqual((card["state"], card["crossingGuid"].lower()), ("underReview", crossing["guid"]))
        self.cross(person, "2025-02-01")
        card = self.server.account(person, 2025)["card"]
        self.assertEqual((card["state"], card["crossingGuid"].lower()), ("active", crossing["guid"]))
        self.assertEqual(card["entitledFrom"][:10], "2025-02-01")

    def test_a_payment_reinstates(self):
        person = fs.new_person()
        crossing = self.cross(person)
        unpaid = dated("2025-04-01", TOP, personId=person, paid=False)
        self.server.submit(unpaid, credit_note(crossing))
        self.assertEqual(self.server.account(person, 2025)["card"]["state"], "underReview")
        self.assert_accepted(self.server.submit_one(payment(unpaid)), counted=True, exempt=True)
        card = self.server.account(person, 2025)["card"]
        self.assertEqual((card["state"], card["crossingGuid"].lower()), ("active", crossing["guid"]))

    def test_credit_that_leaves_the_sum_at_the_ceiling(self):
        person = fs.new_person()
        self.cross(person)
        extra = dated("2025-04-01", 5000, personId=person)
        self.server.submit_one(extra)
        self.assert_account(self.server.account(person, 2025), TOP + 5000)
        self.server.submit_one(credit_note(extra))
        account = self.server.account(person, 2025)
        self.assert_account(account, TOP)
        self.assertEqual(account["card"]["state"], "active")

    def test_f_item_under_review(self):
        person = fs.new_person()
        crossing = self.cross(person)
        self.server.submit_one(credit_note(crossing))
        result = self.server.submit_one(dated("2025-05-01", 0, personId=person, exemption="F"))
        self.assert_accepted(result, counted=False, exempt=True, code="ZERO_AMOUNT")


if __name__ == "__main__":
    unittest.main()
