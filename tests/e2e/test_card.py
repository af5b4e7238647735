"""The card: threshold, issue, review, entitlement, refunds, years, concurrency and the account page."""

import datetime
import json
import os
import random
import sys
import threading
import time
import unittest

import frikort_server as fs
from frikort_server import credit_note, dated, payment

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


class ThresholdTest(CardCase):

    def test_one_ore_below_at_and_above(self):
        for amount, has_card in ((TOP - 1, False), (TOP, True), (TOP + 1, True)):
            with self.subTest(amount=amount):
                person = fs.new_person()
                result = self.server.submit_one(dated("2025-03-01", amount, personId=person))
                self.assert_accepted(result, counted=True, exempt=has_card)
                account = self.server.account(person, 2025)
                self.assert_account(account, amount)
                self.assertEqual(account["card"] is not None, has_card, f"card: {account['card']}")

    def test_ceiling_of_each_year(self):
        for year in (2021, 2022, 2023, 2024, 2025):
            person = fs.new_person()
            below, at = self.server.submit(dated(f"{year}-05-02", fs.CEILING[year] - 1, personId=person),
                                           dated(f"{year}-05-03", 1, personId=person))
            with self.subTest(year=year):
                self.assert_accepted(below, exempt=False)
                self.assert_accepted(at, exempt=True)
                self.assert_account(self.server.account(person, year), fs.CEILING[year], fs.CEILING[year])

    def test_the_crossing_item_shows_the_card_in_its_own_answer(self):
        person = fs.new_person()
        results = self.server.submit(*[dated(f"2025-03-{day:02}", TOP // 4 + 1, personId=person) for day in range(1, 7)])
        self.assertEqual([r["exempt"] for r in results], [False, False, False, True, True, True])

    def test_the_crossing_item_shows_the_card_in_ndjson(self):
        person = fs.new_person()
        items = [dated("2025-03-01", TOP - 1, personId=person), dated("2025-03-02", 1, personId=person),
                 dated("2025-03-03", 1, personId=fs.new_person())]
        answer = self.server.stream(items)
        self.assertEqual([r["exempt"] for r in answer.results], [False, True, False])

    def test_the_account_shows_the_card_at_once(self):
        for _ in range(10):
            person = fs.new_person()
            item = self.cross(person)
            account = self.server.account(person, 2025)
            card = account["card"]
            self.assertIsNotNone(card, "the card is there as soon as the crossing item is answered")
            self.assertEqual(card["state"], "active")
            self.assertEqual(card["crossingGuid"].lower(), item["guid"])
            self.assert_same_instant(card["issuedAt"], item["receivedTime"], "issuedAt is when the crossing item came")
            self.assertEqual(card["entitledFrom"][:10], "2025-03-01")
            self.assertEqual(card["validTo"][:10], "2025-12-31")
            self.assertTrue(card["cardId"])
            self.assertTrue(card["rulePack"])

    def test_only_counted_items_add_up(self):
        person = fs.new_person()
        results = self.server.submit(dated("2025-03-01", TOP, personId=person, paid=False),
                                     dated("2025-03-01", 0, personId=person),
                                     dated("2025-03-01", 0, personId=person, exemption="B"),
                                     dated("2025-03-01", TOP - 1, personId=person))
        self.assertEqual([r["exempt"] for r in results], [False] * 4)
        account = self.server.account(person, 2025)
        self.assert_account(account, TOP - 1)
        self.assertEqual(len(account["registrations"]), 4, "what does not count is stored all the same")

    def test_a_payment_crosses(self):
        person = fs.new_person()
        first = dated("2025-03-01", TOP - 100, personId=person, paid=False)
        second = dated("2025-03-05", 100, personId=person)
        self.assertEqual([r["exempt"] for r in self.server.submit(first, second)], [False, False])
        paid = payment(first, received="2025-04-02")
        self.assert_accepted(self.server.submit_one(paid), counted=True, exempt=True)
        account = self.server.account(person, 2025)
        self.assert_account(account, TOP)
        card = account["card"]
        self.assertEqual(card["crossingGuid"].lower(), first["guid"])
        self.assert_same_instant(card["issuedAt"], paid["receivedTime"], "issuedAt is when the payment came")
        self.assertEqual(card["entitledFrom"][:10], "2025-03-05", "in service order the sum is reached on 5 March")

    def test_a_card_of_one_year_says_nothing_of_another(self):
        person = fs.new_person()
        self.cross(person)
        result = self.server.submit_one(dated("2024-12-30", 100, personId=person, received="2025-03-10"))
        self.assert_accepted(result, counted=True, exempt=False)
        account = self.server.account(person, 2024)
        self.assertIsNone(account["card"])
        self.assert_account(account, 100, fs.CEILING[2024])

    def test_persons_do_not_mix(self):
        one, other = fs.new_person(), fs.synthetic_dnumber(77)
        self.cross(one)
        self.assert_accepted(self.server.submit_one(dated("2025-03-02", 5, personId=other)), exempt=False)
        self.assert_account(self.server.account(other, 2025), 5)


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


class YearTest(CardCase):

    def test_new_year_in_oslo(self):
        cases = (("2024-12-31T22:59:59Z", 2024), ("2024-12-31T23:00:00Z", 2025), ("2024-12-31T23:59:59Z", 2025),
                 ("2025-01-01T00:00:00+01:00", 2025), ("2024-12-31T23:59:59.999999999+01:00", 2024),
                 ("2025-01-01T04:00:00+05:30", 2024), ("2024-12-31T20:00:00-05:00", 2025))
        for service, year in cases:
            person = fs.new_person()
            result = self.server.submit_one(fs.copayment(personId=person, serviceTime=service, amountOre=12_345,
                                                         receivedTime="2025-01-05T10:00:00Z"))
            with self.subTest(service=service):
                self.assert_accepted(result)
                for candidate in (2024, 2025):
                    counted = self.server.account(person, candidate)["countedOre"]
                    self.assertEqual(counted, 12_345 if candidate == year else 0, f"counted in {candidate}")

    def test_service_date_in_summer_time(self):
        for service, day in (("2025-06-30T21:59:59Z", "2025-06-30"), ("2025-06-30T22:00:00Z", "2025-07-01"),
                             ("2025-03-29T23:30:00Z", "2025-03-30"), ("2025-03-30T21:59:00Z", "2025-03-30"),
                             ("2025-03-30T22:01:00Z", "2025-03-31"), ("2025-10-25T22:30:00Z", "2025-10-26"),
                             ("2025-10-26T22:59:00Z", "2025-10-26"), ("2025-10-26T23:00:00Z", "2025-10-27")):
            person = fs.new_person()
            self.server.submit_one(fs.copayment(personId=person, serviceTime=service, amountOre=TOP,
                                                receivedTime="2025-11-05T10:00:00Z" if service > "2025-05" else
                                                "2025-04-05T10:00:00Z"))
            with self.subTest(service=service):
                self.assertEqual(self.server.account(person, 2025)["card"]["entitledFrom"][:10], day)

    def test_sums_of_two_years_do_not_mix(self):
        person = fs.new_person()
        results = self.server.submit(dated("2024-12-31", fs.CEILING[2024] - 1, personId=person),
                                     dated("2025-01-01", TOP - 1, personId=person))
        self.assertEqual([r["exempt"] for r in results], [False, False])
        self.assert_account(self.server.account(person, 2024), fs.CEILING[2024] - 1, fs.CEILING[2024])
        self.assert_account(self.server.account(person, 2025), TOP - 1)


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


class ConcurrencyTest(CardCase):
    CONNECTIONS = 16

    def together(self, work):
        """Runs work(n) on sixteen threads at once; gives the answers in order."""
        barrier = threading.Barrier(self.CONNECTIONS)
        answers, errors = [None] * self.CONNECTIONS, []

        def run(number):
            try:
                barrier.wait(20)
                answers[number] = work(number)
            except Exception as error:  # noqa: BLE001 - shown by the test
                errors.append(f"connection {number}: {error!r}")

        threads = [threading.Thread(target=run, args=(n,)) for n in range(self.CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(errors, [])
        return answers

    def cards_issued(self):
        """The `cardIssued` events in the feed."""
        lines = self.server.get("/v1/events?limit=10000&wait=0").body.decode().splitlines()
        return sum(json.loads(line)["type"] == "cardIssued" for line in lines)

    def test_the_same_crossing_item_on_sixteen_connections(self):
        for _ in range(5):
            issued = self.cards_issued()
            person = fs.new_person()
            self.server.submit_one(dated("2025-02-01", TOP - 1000, personId=person))
            crossing = dated("2025-03-01", 1500, personId=person)
            results = [r for answer in self.together(lambda n: [self.server.submit_one(crossing) for _ in range(3)])
                       for r in answer]
            accepted = [r for r in results if r["verdict"] == "accepted"]
            self.assertEqual(len(accepted), 1, f"accepted once of {len(results)}")
            for result in results:
                self.assertIs(result["exempt"], True, result)
                if result is not accepted[0]:
                    self.assert_duplicate(result, accepted[0])
            account = self.server.account(person, 2025)
            self.assert_account(account, TOP + 500)
            self.assertEqual(len(account["registrations"]), 2)
            self.assertEqual(account["card"]["crossingGuid"].lower(), crossing["guid"])
            self.assertEqual(self.cards_issued(), issued + 1)

    def test_sixteen_crossing_items_give_one_card(self):
        for _ in range(5):
            issued = self.cards_issued()
            person = fs.new_person()
            self.server.submit_one(dated("2025-02-01", TOP - 1000, personId=person))
            items = [dated("2025-03-01", 2000 + n, personId=person) for n in range(self.CONNECTIONS)]
            seen = []

            def work(number):
                result = self.server.submit_one(items[number])
                account = self.server.account(person, 2025)
                self.server.submit_one(items[number])
                seen.append((account["card"]["cardId"], account["card"]["crossingGuid"], account["card"]["issuedAt"]))
                return result

            for result in self.together(work):
                self.assert_accepted(result, counted=True, exempt=True)
            self.assertEqual(len(set(seen)), 1, f"one card, the same from the first look on: {set(seen)}")
            account = self.server.account(person, 2025)
            self.assert_account(account, TOP - 1000 + sum(i["amountOre"] for i in items))
            self.assertIn(account["card"]["crossingGuid"].lower(), {i["guid"] for i in items})
            self.assertEqual(self.cards_issued(), issued + 1)

    def test_many_persons_on_sixteen_connections(self):
        people = [fs.new_person() for _ in range(8)]
        items = [[dated("2025-03-01", 30_000, personId=people[(n + k) % 8]) for k in range(40)]
                 for n in range(self.CONNECTIONS)]
        for answer in self.together(lambda n: self.server.stream(items[n])):
            self.assertEqual({r["verdict"] for r in answer.results}, {"accepted"})
        for person in people:
            mine = sum(i["amountOre"] for batch in items for i in batch if i["personId"] == person)
            self.assert_account(self.server.account(person, 2025, limit=1000), mine)


class AccountTest(CardCase):

    def test_unknown_person_is_an_account_of_zeros(self):
        account = self.server.account(fs.new_person(), 2025)
        self.assert_account(account, 0)
        self.assertIsNone(account["card"])
        self.assertEqual((account["refunds"], account["registrations"]), ([], []))
        self.assertEqual(account["year"], 2025)
        self.assertIn("position", account["asOf"])
        fs.parse_time(account["asOf"]["time"])

    def test_as_of_is_the_head_of_the_journal(self):
        before = datetime.datetime.now(fs.UTC) - datetime.timedelta(seconds=1)
        item = dated("2025-07-01", 100)
        self.server.submit_one(item)
        head = self.server.get("/v1/status").json()["head"]
        known, unknown = (self.server.account(person, 2025)["asOf"] for person in (item["personId"], fs.new_person()))
        self.assertEqual(known, unknown, "the same for everybody")
        self.assertEqual(known["position"], head)
        self.assertTrue(before <= fs.parse_time(known["time"]) <= datetime.datetime.now(fs.UTC))
        time.sleep(0.01)
        self.assertEqual(self.server.account(item["personId"], 2025)["asOf"], known, "when it was committed")

    def test_registration_lines(self):
        item = dated("2025-07-01", 31_400, clock="00:15:00", serviceType="FT", paid=False)
        result = self.server.submit_one(item)
        account = self.server.account(item["personId"], 2025)
        line = account["registrations"][0]
        self.assertEqual(line["guid"].lower(), item["guid"])
        for key in ("practiceId", "serviceType", "amountOre", "paid"):
            self.assertEqual(line[key], item[key], key)
        self.assertEqual((line["position"], line["credited"], line["counted"], line.get("reason"), line["refundedOre"]),
                         (result["position"], False, False, "UNPAID", 0))
        self.assert_same_instant(line["serviceTime"], item["serviceTime"], "serviceTime")
        self.assert_same_instant(line["receivedTime"], item["receivedTime"], "receivedTime")
        self.assertTrue(line["serviceTime"].upper().endswith("+02:00"), f"Oslo time: {line['serviceTime']}")

    def test_no_number_in_the_answer(self):
        person = fs.new_person()
        self.cross(person)
        reply = self.server.post_json("/v1/persons/account", {"personId": person, "year": 2025})
        self.assertNotIn(person.encode(), reply.body)

    def test_paging(self):
        person = fs.new_person()
        items = [dated(f"2025-{1 + n % 5:02}-{1 + n // 5 % 28:02}", 100 + n, clock=f"{8 + n // 140:02}:00:00",
                       personId=person, received="2025-06-10") for n in range(250)]
        self.server.stream(items)
        expected = sorted(items, key=lambda i: fs.parse_time(i["serviceTime"]))
        for limit in (None, 1000, 250, 249, 100, 33):
            size = limit or 100
            got, cursor, pages = [], None, 0
            while True:
                more = {} if limit is None else {"limit": limit}
                if cursor is not None:
                    more["cursor"] = cursor
                account = self.server.account(person, 2025, **more)
                self.assertEqual(account["countedOre"], sum(i["amountOre"] for i in items), "every page has the sums")
                page = account["registrations"]
                self.assertLessEqual(len(page), size, f"limit {limit}")
                got += [r["guid"].lower() for r in page]
                cursor = account.get("nextCursor")
                pages += 1
                if cursor is None:
                    break
                self.assertEqual(len(page), size, "a page that is not the last is full")
                self.assertLess(pages, 300, "paging must end")
            self.assertEqual(len(got), len(set(got)), "no registration twice")
            self.assertEqual(got, [i["guid"] for i in expected], f"all registrations in service order, limit {limit}")

    def test_account_bad_requests(self):
        person = fs.new_person()
        bad = ({}, {"personId": person}, {"year": 2025}, {"personId": fs.wrong_last_digit(person), "year": 2025},
               {"personId": person, "year": "2025"}, {"personId": person, "year": 2025.5},
               {"personId": int(person), "year": 2025}, {"personId": person, "year": 2025, "limit": 0},
               {"personId": person, "year": 2025, "limit": 1001}, {"personId": person, "year": 2025, "limit": -1},
               {"personId": person, "year": 2025, "cursor": "no-such-cursor"}, [], "x")
        for body in bad:
            with self.subTest(body=str(body)[:60]):
                reply = self.server.post_json("/v1/persons/account", body)
                self.assert_problem(reply, 400)
                self.assertNotIn(person[:10].encode(), reply.body, "no number in an error text")

    def test_account_of_a_year_without_ceiling(self):
        for year in (2019, 2020, 2099):
            reply = self.server.post_json("/v1/persons/account", {"personId": fs.new_person(), "year": year})
            self.assert_problem(reply, 400, "NO_RULES_FOR_YEAR")


if __name__ == "__main__":
    unittest.main()
