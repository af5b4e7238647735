"""The card is issued at the ceiling: of which year, by which item, and what its answer says."""

import unittest

import frikort_server as fs
from card_case import CardCase, TOP
from frikort_server import dated, payment


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


if __name__ == "__main__":
    unittest.main()
