"""Of several codes that apply, the first in their order is given."""

import json
import unittest

import frikort_server as fs
from frikort_server import copayment, credit_note, dated, payment, raw_item


class PrecedenceTest(fs.ServerCase):
    """The first code of the table that applies is the answer."""

    def one_line(self, text):
        return self.server.stream([text]).results[0]

    def test_type_unknown_missing_duplicate(self):
        item = copayment()
        incomplete = {k: v for k, v in item.items() if k not in ("type", "paid")}
        double = raw_item(incomplete)[:-1] + f',"guid":{json.dumps(item["guid"])}'
        self.assert_rejected(self.one_line('{"type":"bogus","odd":1,' + double[1:] + "}"), "INVALID_TYPE")
        self.assert_rejected(self.one_line(double + ',"odd":1}'), "UNKNOWN_FIELD", "odd")
        self.assert_rejected(self.one_line(double + ',"odd":1,"odd":2,"paid":true}'), "UNKNOWN_FIELD", "odd")
        self.assert_rejected(self.one_line(double + "}"), "MISSING_FIELD", "paid")
        self.assert_rejected(self.one_line(double + ',"paid":true}'), "DUPLICATE_FIELD", "guid")

    def test_structure_comes_before_values(self):
        bad = copayment(guid="x", personId="x")
        self.assert_rejected(self.server.submit_one({**bad, "odd": 1}), "UNKNOWN_FIELD", "odd")
        self.assert_rejected(self.server.submit_one({k: v for k, v in bad.items() if k != "paid"}), "MISSING_FIELD",
                             "paid")
        self.assert_rejected(self.one_line(raw_item(bad)[:-1] + ',"paid":true}'), "DUPLICATE_FIELD", "paid")

    def test_values_from_left_to_right(self):
        good = dated("2025-03-01", 0, exemption="B")
        chain = (("guid", "INVALID_GUID"), ("practiceId", "INVALID_PRACTICE_ID"), ("personId", "INVALID_PERSON_ID"),
                 ("serviceType", "INVALID_SERVICE_TYPE"), ("serviceTime", "INVALID_SERVICE_TIME"),
                 ("amountOre", "INVALID_AMOUNT"), ("paid", "INVALID_PAID"), ("exemption", "INVALID_EXEMPTION"),
                 ("receivedTime", "INVALID_RECEIVED_TIME"))
        # The item's own order is turned round: only the table's order may decide.
        item = {field: "x" for field, _ in reversed(chain)}
        item["amountOre"] = -1
        for field, code in chain:
            self.assert_rejected(self.server.submit_one(item), code)
            item[field] = good[field]
        self.assert_accepted(self.server.submit_one(item))

    def test_values_before_exemption_with_amount(self):
        item = copayment(exemption="B", amountOre=100, receivedTime="x")
        self.assert_rejected(self.server.submit_one(item), "INVALID_RECEIVED_TIME")

    def test_exemption_with_amount_before_the_key(self):
        item = dated("2025-03-01", 0, exemption="B")
        self.server.submit_one(item)
        self.assert_rejected(self.server.submit_one({**item, "amountOre": 5}), "EXEMPT_WITH_AMOUNT")
        self.assert_rejected(self.server.submit_one({**item, "amountOre": 5, "serviceTime": "2019-03-01T10:00:00Z"}),
                             "EXEMPT_WITH_AMOUNT")

    def test_values_before_the_key(self):
        item = dated("2025-03-01")
        self.server.submit_one(item)
        self.assert_rejected(self.server.submit_one({**item, "serviceType": "X"}), "INVALID_SERVICE_TYPE")

    def test_the_key_before_the_rules(self):
        item = dated("2025-03-01")
        first = self.server.submit_one(item)
        barred = {**item, "receivedTime": fs.oslo_text("2025-12-01")}
        self.assert_duplicate(self.server.submit_one(barred), first)
        self.assert_rejected(self.server.submit_one({**barred, "amountOre": 5}), "CONTENT_CONFLICT")
        self.assert_rejected(self.server.submit_one({**item, "serviceTime": "2019-03-01T10:00:00Z"}), "CONTENT_CONFLICT")
        self.assert_rejected(self.server.submit_one({**item, "serviceTime": "2025-06-01T10:00:00Z"}), "CONTENT_CONFLICT")
        self.assert_rejected(self.server.submit_one({**item, "amountOre": 0, "exemption": "F"}), "CONTENT_CONFLICT")

    def test_no_rules_before_future_and_time_barred(self):
        future = copayment(serviceTime="2050-06-01T10:00:00Z", receivedTime="2025-06-01T10:00:00Z")
        self.assert_rejected(self.server.submit_one(future), "NO_RULES_FOR_YEAR")
        barred = copayment(serviceTime="2019-06-01T10:00:00Z", receivedTime="2025-06-01T10:00:00Z")
        self.assert_rejected(self.server.submit_one(barred), "NO_RULES_FOR_YEAR")

    def test_future_and_time_barred_before_no_card(self):
        future = dated("2025-06-01", 0, received="2025-05-01", exemption="F")
        self.assert_rejected(self.server.submit_one(future), "FUTURE_SERVICE_TIME")
        barred = dated("2025-03-01", 0, received="2025-12-01", exemption="F")
        self.assert_rejected(self.server.submit_one(barred), "TIME_BARRED")

    def test_duplicate_payment_before_original_credited(self):
        item = copayment(paid=False)
        results = self.server.submit(item, payment(item), credit_note(item), payment(item))
        self.assert_duplicate(results[3], results[1])

    def test_unknown_original_before_too_old(self):
        item = dated("2022-05-10")
        self.assert_rejected(self.server.submit_one(credit_note(item, received="2026-05-10")), "UNKNOWN_ORIGINAL")


if __name__ == "__main__":
    unittest.main()
