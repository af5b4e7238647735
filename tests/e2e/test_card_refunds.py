"""The refund lines of an account are what is above the ceiling, whatever came in which order."""

import datetime
import os
import random
import sys
import unittest

import frikort_server as fs
from card_case import CardCase, TOP
from frikort_server import credit_note, dated, payment


class RefundModel:
    """One person and year, as simple as can be: everything is computed again from the items."""

    def __init__(self, ceiling):
        self.ceiling = ceiling
        self.items = {}  # guid -> item, with "credited"
        self.answers = {}  # (guid, type) -> what the first answer said
        self.issued = None  # (guid, receivedTime) of the crossing
        self.entitled = None

    def counted(self, item):
        return item["paid"] and item["amountOre"] > 0 and not item["credited"]

    def reason(self, item):
        if item["credited"]:
            return "CREDITED"
        if not item["paid"]:
            return "UNPAID"
        return "ZERO_AMOUNT" if item["amountOre"] == 0 else None

    def sum(self):
        return sum(item["amountOre"] for item in self.items.values() if self.counted(item))

    def reached_on(self):
        total = 0
        for item in sorted(self.items.values(), key=lambda i: fs.parse_time(i["serviceTime"])):
            if self.counted(item):
                total += item["amountOre"]
                if total >= self.ceiling:
                    return str(fs.oslo_date(fs.parse_time(item["serviceTime"])))
        return None

    def submit(self, sent):
        """The expected (verdict, code, counted, exempt)."""
        guid, kind = sent["guid"], sent["type"]
        if (guid, kind) in self.answers:
            return ("duplicate",) + self.answers[guid, kind]
        if kind == "copayment":
            self.items[guid] = {**sent, "credited": False}
        elif kind == "payment":
            if self.items[guid]["credited"]:
                return ("rejected", "ORIGINAL_CREDITED", None, None)
            self.items[guid]["paid"] = True
        else:
            self.items[guid]["credited"] = True
        if self.sum() >= self.ceiling:
            if self.issued is None:
                self.issued = (guid, sent["receivedTime"])
            self.entitled = self.reached_on()
        item = self.items[guid]
        answer = (self.reason(item), self.counted(item), self.issued is not None)
        self.answers[guid, kind] = answer
        return ("accepted",) + answer


class RefundIdentityTest(CardCase):

    def test_refund_goes_to_the_item_that_caused_it(self):
        person = fs.new_person()
        crossing = dated("2025-03-01", TOP + 700, personId=person)
        after = dated("2025-03-02", 3000, personId=person)
        self.server.submit(crossing, after)
        account = self.server.account(person, 2025)
        self.assert_account(account, TOP + 3700)
        self.assertEqual([(line["guid"].lower(), line["amountOre"]) for line in account["refunds"]],
                         [(crossing["guid"], 700), (after["guid"], 3000)])

    def test_a_credit_nets_its_own_lines_first_with_negative_lines(self):
        person = fs.new_person()
        self.cross(person)
        a, b, c = (dated(f"2025-04-0{n}", 1000 * n, personId=person) for n in (1, 2, 3))
        self.server.submit(a, b, c)
        self.server.submit_one(credit_note(b))
        account = self.server.account(person, 2025)
        self.assert_account(account, TOP + 4000)
        self.assertEqual([(line["guid"].lower(), line["amountOre"]) for line in account["refunds"]],
                         [(a["guid"], 1000), (b["guid"], 2000), (c["guid"], 3000), (b["guid"], -2000)],
                         "refund lines are append-only")

    def test_a_credit_without_lines_of_its_own_nets_the_newest(self):
        person = fs.new_person()
        first = dated("2025-02-01", 2500, personId=person)
        self.server.submit_one(first)
        self.cross(person, amount=TOP - 2500)
        a, b = (dated(f"2025-04-0{n}", 2000, personId=person) for n in (1, 2))
        self.server.submit(a, b)
        self.server.submit_one(credit_note(first))
        account = self.server.account(person, 2025)
        self.assert_account(account, TOP + 1500)
        refunded = {r["guid"].lower(): r["refundedOre"] for r in account["registrations"]}
        self.assertEqual((refunded[a["guid"]], refunded[b["guid"]]), (1500, 0), "the newest is netted first")

    def test_random_sequences_against_a_model(self):
        seed = int(os.environ.get("FRIKORT_SEED", random.SystemRandom().randrange(1 << 32)))
        print(f"random sequences: FRIKORT_SEED={seed}", file=sys.stderr)
        rng = random.Random(seed)
        for run in range(4):
            with self.subTest(seed=seed, run=run):
                self.run_sequence(rng, f"FRIKORT_SEED={seed}, run {run}")

    def run_sequence(self, rng, where):
        person, practices = fs.new_person(), [fs.new_practice() for _ in range(3)]
        model = RefundModel(TOP)
        start = datetime.date(2025, 1, 2)
        sent_before = []
        for step in range(25):
            batch = []
            for _ in range(rng.randint(1, 6)):
                originals = [i for i in sent_before if i["type"] == "copayment"]
                received = utc_clock(datetime.date(2025, 4, 1) + datetime.timedelta(days=step), len(batch))
                dice = rng.random()
                if not originals or dice < 0.55:
                    service = start + datetime.timedelta(days=rng.randint(0, 88))
                    made = dated(service, rng.choice((0, rng.randint(1, 60_000), rng.randint(20_000, 40_000))),
                                 received=received, clock=f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:00",
                                 personId=person, practiceId=rng.choice(practices), paid=rng.random() < 0.8)
                elif dice < 0.70:
                    made = payment(rng.choice(originals), received=received)
                elif dice < 0.88:
                    made = credit_note(rng.choice(originals), received=received)
                else:
                    made = rng.choice(sent_before)
                batch.append(made)
                sent_before.append(made)
            results = self.server.submit(*batch) if step % 2 else self.server.stream(batch).results
            for made, result in zip(batch, results):
                verdict, code, counted, exempt = model.submit(made)
                got = (result["verdict"], result.get("code"), result.get("counted"), result.get("exempt"))
                self.assertEqual(got, (verdict, code, counted, exempt), f"{where}, step {step}: {made}: {result}")
            account = self.server.account(person, 2025, limit=1000)
            self.assert_account(account, model.sum())
            self.assert_card(account["card"], model, f"{where}, step {step}")
        lines = {r["guid"].lower(): r for r in account["registrations"]}
        self.assertEqual(set(lines), set(model.items), where)
        for guid, item in model.items.items():
            got = lines[guid]
            self.assertEqual((got["amountOre"], got["paid"], got["credited"], got["counted"], got.get("reason")),
                             (item["amountOre"], item["paid"], item["credited"], model.counted(item), model.reason(item)),
                             f"{where}: {got}")
        times = [fs.parse_time(r["serviceTime"]) for r in account["registrations"]]
        self.assertEqual(times, sorted(times), "registrations in service order")

    def assert_card(self, card, model, where):
        if model.issued is None:
            self.assertIsNone(card, where)
            return
        self.assertIsNotNone(card, where)
        state = "active" if model.sum() >= model.ceiling else "underReview"
        self.assertEqual(card["state"], state, where)
        self.assertEqual(card["crossingGuid"].lower(), model.issued[0], where)
        self.assert_same_instant(card["issuedAt"], model.issued[1], where)
        self.assertEqual(card["entitledFrom"][:10], model.entitled, where)


def utc_clock(day, minute):
    return f"{day}T12:{minute:02}:00Z"


if __name__ == "__main__":
    unittest.main()
