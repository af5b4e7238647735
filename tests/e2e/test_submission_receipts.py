"""Receipts: each accepted result has one, which leads to a signed root."""

import unittest

import frikort_server as fs
from frikort_server import copayment

PATH = "/v1/registrations"


class ReceiptTest(fs.ServerCase):

    def check(self, results, texts, receipts):
        covered = {}
        for receipt in receipts:
            for key in ("position", "first", "last", "root", "path", "keyId", "signature"):
                self.assertIn(key, receipt, f"receipt: {receipt}")
            self.assertTrue(0 <= receipt["first"] <= receipt["last"] < len(results), f"range of {receipt}")
            self.assertEqual(len(bytes.fromhex(receipt["root"])), 32, "root in hex")
            self.assertEqual(len(bytes.fromhex(receipt["signature"])), 64, "signature in hex")
            self.assertTrue(fs.receipt_root_matches(receipt, texts),
                            f"the path must lead from the results {receipt['first']}-{receipt['last']} to the root")
            for index in range(receipt["first"], receipt["last"] + 1):
                covered[index] = covered.get(index, 0) + 1
        for result in results:
            if result["verdict"] == "accepted":
                self.assertEqual(covered.get(result["index"]), 1, f"exactly one receipt covers {result}")

    def check_signatures(self, receipts):
        try:
            import cryptography  # noqa: F401
        except ImportError:
            self.skipTest("python3-cryptography is not installed")
        jwks = self.server.jwks()
        self.assertTrue(receipts, "receipts to check")
        for receipt in receipts:
            self.assertTrue(fs.signature_valid(receipt, jwks), f"signature of {receipt}")
            changed = {**receipt, "root": fs.leaf_hash([b"other"]).hex()}
            self.assertFalse(fs.signature_valid(changed, jwks), "a changed root must not pass")

    def test_json(self):
        known = copayment()
        self.server.submit_one(known)
        reply = self.server.post_json(PATH, [copayment(), known, copayment(serviceType="X"), copayment()])
        answer = reply.json()
        texts = [fs.result_text(result) for result in answer["results"]]
        self.assertTrue(answer["receipts"], "committed items have a receipt")
        self.check(answer["results"], texts, answer["receipts"])
        changed = [texts[0].replace(b'"counted":true', b'"counted":false'), *texts[1:]]
        self.assertNotEqual(changed[0], texts[0])
        first = next(r for r in answer["receipts"] if r["first"] == 0)
        self.assertFalse(fs.receipt_root_matches(first, changed), "a changed result must not match")
        self.check_signatures(answer["receipts"])

    def test_ndjson(self):
        items = [copayment(amountOre=100) for _ in range(2500)]
        answer = self.server.stream(items)
        self.assertEqual(len(answer.results), 2500)
        self.check(answer.results, answer.texts, answer.receipts)
        self.check_signatures(answer.receipts[:5])


if __name__ == "__main__":
    unittest.main()
