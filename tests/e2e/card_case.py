"""Test cases that look at the figures of an account, give somebody a card, and ask for it."""

import frikort_server as fs
from frikort_server import dated

PATH = "/v1/persons/card"
TOP = fs.CEILING[2025]


def refund_sum(account):
    return sum(line["amountOre"] for line in account["refunds"])


class CardCase(fs.ServerCase):

    def assert_account(self, account, counted, ceiling=TOP):
        """The figures of an account and what always holds between them."""
        excess = max(0, counted - ceiling)
        self.assertEqual(account["ceilingOre"], ceiling, "ceilingOre")
        self.assertEqual(account["countedOre"], counted, "countedOre")
        self.assertEqual(account["remainingOre"], max(0, ceiling - counted), "remainingOre")
        self.assertEqual(account["refundedOre"], excess, "refundedOre is the excess")
        self.assertEqual(refund_sum(account), excess, f"sum of the refund lines is the excess: {account['refunds']}")
        if account.get("nextCursor") is None:
            by_guid = {}
            for line in account["refunds"]:
                key = (line["practiceId"], line["guid"].lower())
                by_guid[key] = by_guid.get(key, 0) + line["amountOre"]
            for item in account["registrations"]:
                refunded = item["refundedOre"]
                self.assertEqual(refunded, by_guid.pop((item["practiceId"], item["guid"].lower()), 0),
                                 f"refundedOre is the sum of the lines of the registration: {item}")
                self.assertTrue(0 <= refunded <= (item["amountOre"] if item["counted"] else 0),
                                f"refunded at most what counted: {item}")
            self.assertEqual({k: v for k, v in by_guid.items() if v}, {}, "each refund line refers to a registration")

    def cross(self, person, day="2025-03-01", amount=TOP, **over):
        item = dated(day, amount, personId=person, **over)
        result = self.server.submit_one(item)
        self.assert_accepted(result, counted=True, exempt=True)
        return item


class TokenCase(CardCase):

    def card(self, person, year=2025):
        reply = self.server.post_json(PATH, {"personId": person, "year": year})
        self.assertEqual(reply.status, 200, reply.body[:500])
        return reply.json()

    def holder(self, day="2025-03-01", **over):
        person = fs.new_person()
        self.cross(person, day, **over)
        return person
