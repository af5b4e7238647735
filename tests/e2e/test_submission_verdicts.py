"""What is accepted: the members of a result, what counts, payments, credit notes and positions."""

import unittest

import frikort_server as fs
from frikort_server import ABSENT, copayment, credit_note, dated, payment


class VerdictTest(fs.ServerCase):

    def test_accepted_result_has_all_fields(self):
        item = copayment()
        result = self.server.submit_one(item)
        self.assert_accepted(result, counted=True, exempt=False, code=None)
        self.assertEqual(result["guid"].lower(), item["guid"])
        self.assertEqual(result["index"], 0)
        self.assertRegex(result["position"], r"^\d+-\d+$")

    def test_type_defaults_to_copayment(self):
        item = copayment(type=ABSENT)
        first = self.server.submit_one(item)
        self.assert_accepted(first, counted=True)
        again = self.server.submit_one({**item, "type": "copayment"})
        self.assert_duplicate(again, first)

    def test_every_service_type(self):
        results = self.server.submit(*[copayment(serviceType=code) for code in fs.SERVICE_TYPES])
        for code, result in zip(fs.SERVICE_TYPES, results):
            self.assertEqual(result["verdict"], "accepted", f"service type {code}: {result}")

    def test_reasons_for_not_counted(self):
        unpaid, zero, both, exempted = self.server.submit(
            copayment(paid=False), copayment(amountOre=0), copayment(amountOre=0, paid=False),
            copayment(amountOre=0, exemption="B"))
        self.assert_accepted(unpaid, counted=False, code="UNPAID")
        self.assert_accepted(zero, counted=False, code="ZERO_AMOUNT")
        self.assert_accepted(both, counted=False, code="UNPAID")
        self.assert_accepted(exempted, counted=False, code="ZERO_AMOUNT")

    def test_age_is_never_judged_from_the_number(self):
        child = fs.number_with_date("018115", start=500)  # Reads as born in January 2015.
        self.assert_accepted(self.server.submit_one(copayment(personId=child)), counted=True, code=None)

    def test_amount_bounds(self):
        for amount in (1, fs.MAX_AMOUNT - 1, fs.MAX_AMOUNT):
            self.assert_accepted(self.server.submit_one(copayment(amountOre=amount)), counted=True)

    def test_payment_makes_the_item_count(self):
        item = copayment(paid=False)
        self.assert_accepted(self.server.submit_one(item), counted=False, code="UNPAID")
        self.assert_accepted(self.server.submit_one(payment(item)), counted=True, exempt=False, code=None)

    def test_payment_of_a_paid_item_is_accepted_without_effect(self):
        item = dated("2025-03-01")
        self.server.submit_one(item)
        self.assert_accepted(self.server.submit_one(payment(item)), counted=True)
        self.assertEqual(self.server.account(item["personId"], 2025)["countedOre"], item["amountOre"])

    def test_payment_of_a_zero_item_still_does_not_count(self):
        item = copayment(amountOre=0, paid=False)
        self.server.submit_one(item)
        self.assert_accepted(self.server.submit_one(payment(item)), counted=False, code="ZERO_AMOUNT")

    def test_credit_note(self):
        item = copayment()
        self.server.submit_one(item)
        first = self.server.submit_one(credit_note(item))
        self.assert_accepted(first, counted=False, exempt=False, code="CREDITED")
        self.assert_duplicate(self.server.submit_one(credit_note(item)), first)

    def test_credited_comes_before_the_other_reasons(self):
        unpaid, zero = copayment(paid=False), copayment(amountOre=0)
        self.server.submit(unpaid, zero)
        for result in self.server.submit(credit_note(unpaid), credit_note(zero)):
            self.assert_accepted(result, counted=False, code="CREDITED")

    def test_positions_are_distinct_and_permanent(self):
        items = [copayment() for _ in range(20)]
        first = self.server.submit(*items)
        places = [tuple(map(int, r["position"].split("-"))) for r in first]
        self.assertEqual(places, sorted(set(places)), "a position of its own for each accepted item, in the order of commit")
        for original, again in zip(first, self.server.submit(*items)):
            self.assert_duplicate(again, original)

    def test_payment_and_its_copayment_have_different_positions(self):
        item = copayment(paid=False)
        first, second = self.server.submit(item, payment(item))
        self.assertNotEqual(first["position"], second["position"])


if __name__ == "__main__":
    unittest.main()
