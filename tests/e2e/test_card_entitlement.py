"""From which day a card entitles: the day on which the sum, by service, reached the ceiling."""

import unittest

import frikort_server as fs
from card_case import CardCase, TOP
from frikort_server import credit_note, dated, payment


class EntitlementTest(CardCase):

    def test_a_late_item_moves_the_entitlement_back(self):
        person = fs.new_person()
        items = [dated("2025-03-01", 100_000, personId=person), dated("2025-04-01", 100_000, personId=person),
                 dated("2025-05-01", TOP - 200_000, personId=person)]
        self.server.submit(*items)
        before = self.server.account(person, 2025)["card"]
        self.assertEqual(before["entitledFrom"][:10], "2025-05-01")
        late = dated("2025-03-15", 150_000, personId=person, received="2025-06-01")
        self.assert_accepted(self.server.submit_one(late), exempt=True)
        account = self.server.account(person, 2025)
        card = account["card"]
        self.assertEqual(card["entitledFrom"][:10], "2025-04-01", "in service order the sum is reached on 1 April")
        for key in ("cardId", "issuedAt", "crossingGuid"):
            self.assertEqual(card[key], before[key], f"the decision keeps {key}")
        self.assert_account(account, TOP + 150_000)
        self.assertEqual([(r["guid"].lower(), r["amountOre"]) for r in account["refunds"]], [(late["guid"], 150_000)],
                         "the growth of the excess goes to the item that caused it")

    def test_the_crossing_item_may_be_the_earliest_service(self):
        person = fs.new_person()
        later = dated("2025-05-01", 200_000, personId=person)
        earlier = dated("2025-03-01", TOP - 200_000, personId=person, received="2025-05-20")
        self.server.submit(later, earlier)
        card = self.server.account(person, 2025)["card"]
        self.assertEqual(card["crossingGuid"].lower(), earlier["guid"])
        self.assert_same_instant(card["issuedAt"], earlier["receivedTime"], "issuedAt")
        self.assertEqual(card["entitledFrom"][:10], "2025-05-01")

    def test_a_credit_moves_the_entitlement_forward(self):
        person = fs.new_person()
        first = dated("2025-03-01", TOP, personId=person)
        self.server.submit(first, dated("2025-04-01", TOP, personId=person))
        self.assertEqual(self.server.account(person, 2025)["card"]["entitledFrom"][:10], "2025-03-01")
        self.server.submit_one(credit_note(first))
        card = self.server.account(person, 2025)["card"]
        self.assertEqual((card["state"], card["entitledFrom"][:10]), ("active", "2025-04-01"))

    def test_a_late_payment_moves_the_entitlement_back(self):
        person = fs.new_person()
        unpaid = dated("2025-02-01", TOP, personId=person, paid=False)
        self.server.submit(unpaid, dated("2025-04-01", TOP, personId=person))
        self.assertEqual(self.server.account(person, 2025)["card"]["entitledFrom"][:10], "2025-04-01")
        self.server.submit_one(payment(unpaid, received="2025-05-01"))
        self.assertEqual(self.server.account(person, 2025)["card"]["entitledFrom"][:10], "2025-02-01")


if __name__ == "__main__":
    unittest.main()
