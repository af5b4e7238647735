"""All or nothing: with ?atomic=true one rejection keeps every item of the request out."""

import unittest

import frikort_server as fs
from frikort_server import copayment, credit_note, dated, payment

PATH = "/v1/registrations"
ITEM_MAX = 4096


class AtomicTest(fs.ServerCase):

    def test_all_accepted(self):
        item = copayment(paid=False)
        results = self.server.submit(item, payment(item), copayment(), query="?atomic=true")
        self.assertEqual([r["verdict"] for r in results], ["accepted"] * 3)
        self.assertIs(results[1]["counted"], True)

    def test_one_rejection_aborts_all(self):
        person = fs.new_person()
        good = [dated("2025-03-01", fs.CEILING[2025], personId=person), dated("2025-03-02", personId=person)]
        bad = dated("2025-03-01", serviceType="X")
        results = self.server.submit(good[0], bad, good[1], query="?atomic=true")
        self.assert_rejected(results[0], "ATOMIC_ABORTED")
        self.assert_rejected(results[1], "INVALID_SERVICE_TYPE")
        self.assert_rejected(results[2], "ATOMIC_ABORTED")
        account = self.server.account(person, 2025)
        self.assertEqual((account["countedOre"], account["card"], account["registrations"]), (0, None, []),
                         "nothing was committed")
        for result in self.server.submit(*good):
            self.assert_accepted(result)

    def test_one_rejection_aborts_all_ndjson(self):
        good, bad = copayment(), payment(copayment())
        answer = self.server.stream([good, bad], query="?atomic=true")
        self.assert_rejected(answer.results[0], "ATOMIC_ABORTED")
        self.assert_rejected(answer.results[1], "UNKNOWN_ORIGINAL")
        self.assert_accepted(self.server.submit_one(good))

    def test_a_duplicate_is_no_rejection(self):
        known = copayment()
        first = self.server.submit_one(known)
        again, fresh = self.server.submit(known, copayment(), query="?atomic=true")
        self.assert_duplicate(again, first)
        self.assert_accepted(fresh)

    def test_duplicates_and_lines_that_are_no_items(self):
        known, fresh = copayment(), copayment()
        first = self.server.submit_one(known)
        results = self.server.stream([fresh, known, "{", fresh], query="?atomic=true").results
        self.assertEqual([r["code"] for r in results], ["ATOMIC_ABORTED", "ATOMIC_ABORTED", "MALFORMED_ITEM", "ATOMIC_ABORTED"])
        self.assertEqual([r.get("guid") for r in results], [fresh["guid"], known["guid"], None, fresh["guid"]])
        self.assert_duplicate(self.server.submit_one(known), first)
        self.assert_accepted(self.server.submit_one(fresh))

    def test_items_are_judged_after_each_other(self):
        item = copayment(paid=False)
        results = self.server.submit(item, credit_note(item), payment(item), query="?atomic=true")
        self.assertEqual([r["code"] for r in results], ["ATOMIC_ABORTED", "ATOMIC_ABORTED", "ORIGINAL_CREDITED"])
        self.assert_rejected(self.server.submit_one(payment(item)), "UNKNOWN_ORIGINAL")
        results = self.server.submit(item, payment(item), item, credit_note(item), query="?atomic=true")
        self.assertEqual([r["verdict"] for r in results], ["accepted", "accepted", "duplicate", "accepted"])

    def test_more_than_a_group(self):
        before = self.server.get("/v1/status").json()
        items = [copayment(amountOre=1) for _ in range(ITEM_MAX + 1)]
        for reply in (self.server.post_json(PATH + "?atomic=true", items),
                      self.server.post_ndjson(PATH + "?atomic=true", items)):
            self.assert_problem(reply, 413, "TOO_LARGE")
        self.assertEqual(self.server.get("/v1/status").json(), before, "nothing was taken, nothing counted")
        self.assertEqual({r["verdict"] for r in self.server.submit(*items[1:], query="?atomic=true")}, {"accepted"})

    def test_not_atomic_by_default(self):
        for query in ("", "?atomic=false"):
            results = self.server.submit(copayment(), copayment(serviceType="X"), query=query)
            self.assertEqual([r["verdict"] for r in results], ["accepted", "rejected"])


if __name__ == "__main__":
    unittest.main()
