"""The account: its lines, page by page, and questions that are refused."""

import datetime
import time
import unittest

import frikort_server as fs
from card_case import CardCase
from frikort_server import dated


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
