"""What a practice may ask about what it has reported: by guid, and what is still unpaid."""

import datetime
import random
import shutil
import tempfile
import threading
import unittest

import frikort_server as fs
from frikort_server import credit_note, dated, payment

LOOKUP = "/v1/registrations/lookup"
TOP = fs.CEILING[2025]


class LookupTest(fs.ServerCase):

    def look_up(self, practice, guids):
        reply = self.server.post_json(LOOKUP, {"practiceId": practice, "guids": guids})
        self.assertEqual(reply.status, 200, reply.body[:500])
        return reply.json()["results"]

    def test_states(self):
        practice, person = fs.new_practice(), fs.new_person()
        paid, unpaid, zero, credited, late = (
            dated("2025-03-01", amount, personId=person, practiceId=practice, paid=is_paid)
            for amount, is_paid in ((20_000, True), (TOP, False), (0, True), (500, True), (700, False)))
        results = self.server.submit(paid, unpaid, zero, credited, late, credit_note(credited), payment(late))
        other = dated("2025-03-01", 100)
        self.server.submit_one(other)
        asked = [late, unpaid, other, paid, credited, zero, late]
        found = self.look_up(practice, [item["guid"] for item in asked])
        self.assertEqual([r["guid"] for r in found], [item["guid"] for item in asked], "in the order asked")
        self.assertEqual(found[2], {"guid": other["guid"], "found": False}, "another practice's")
        self.assertEqual(found[0], found[6])
        places = {item["guid"]: results[i]["position"] for i, item in enumerate((paid, unpaid, zero, credited, late))}
        expected = {paid["guid"]: (True, False, True, None), unpaid["guid"]: (False, False, False, "UNPAID"),
                    zero["guid"]: (True, False, False, "ZERO_AMOUNT"),
                    credited["guid"]: (True, True, False, "CREDITED"), late["guid"]: (True, False, True, None)}
        for item, row in zip(asked, found):
            if item is other:
                continue
            self.assertEqual(set(row), {"guid", "found", "position", "receivedTime", "serviceTime", "amountOre", "paid",
                                        "credited", "counted", "code"})
            self.assertEqual(row["position"], places[item["guid"]])
            self.assertEqual((row["paid"], row["credited"], row["counted"], row["code"]), expected[item["guid"]])
            self.assertEqual(row["amountOre"], item["amountOre"])
            self.assert_same_instant(row["receivedTime"], item["receivedTime"], "receivedTime")
            self.assert_same_instant(row["serviceTime"], item["serviceTime"], "serviceTime")

    def test_a_guid_in_another_form(self):
        item = dated("2025-03-01", 100)
        self.server.submit_one(item)
        found = self.look_up(item["practiceId"], ["{" + item["guid"].upper() + "}"])
        self.assertEqual((found[0]["guid"], found[0]["found"]), (item["guid"], True))

    def test_a_rejected_item_is_not_found(self):
        item = dated("2025-03-01", 100, serviceType="X")
        self.server.submit_one(item)
        self.assertEqual(self.look_up(item["practiceId"], [item["guid"]]), [{"guid": item["guid"], "found": False}])

    def test_limits_and_bad_input(self):
        guids = [fs.new_guid() for _ in range(1001)]
        self.assertEqual(len(self.look_up("1", guids[:1000])), 1000)
        self.assert_problem(self.server.post_json(LOOKUP, {"practiceId": "1", "guids": guids}), 413, "TOO_LARGE")
        bad = "17839597738"
        for body, code in (({"practiceId": "1", "guids": [guids[0], bad]}, "INVALID_GUID"),
                           ({"practiceId": "1", "guids": []}, "INVALID_GUIDS"),
                           ({"practiceId": "1", "guids": [1]}, "INVALID_GUIDS"),
                           ({"practiceId": "1", "guids": guids[0]}, "INVALID_GUIDS"),
                           ({"practiceId": "x", "guids": guids[:1]}, "INVALID_PRACTICE_ID"),
                           ({"practiceId": "1"}, "MISSING_FIELD"),
                           ({"practiceId": "1", "guids": guids[:1], "personId": "x"}, "UNKNOWN_FIELD")):
            with self.subTest(body=str(body)[:80]):
                reply = self.server.post_json(LOOKUP, body)
                self.assert_problem(reply, 400, code)
                self.assertNotIn(bad.encode(), reply.body)
        self.assertIn("guids[1]", self.server.post_json(LOOKUP, {"practiceId": "1",
                                                                 "guids": [guids[0], bad]}).json()["detail"])

    def test_what_was_answered_is_found_at_once(self):
        stop = threading.Event()

        def submit():
            while not stop.is_set():
                self.server.submit(*(dated("2025-03-01", 1) for _ in range(50)))
        background = threading.Thread(target=submit)
        background.start()
        try:
            for _ in range(50):
                item = dated("2025-03-01", 100, paid=False)
                self.server.submit_one(item)
                self.assertEqual(self.look_up(item["practiceId"], [item["guid"]])[0]["code"], "UNPAID")
                self.server.submit_one(payment(item))
                self.assertIsNone(self.look_up(item["practiceId"], [item["guid"]])[0]["code"])
        finally:
            stop.set()
            background.join(60)


class UnpaidTest(fs.ServerCase):

    def page(self, practice, query):
        reply = self.server.get(f"/v1/practices/{practice}/unpaid?{query}")
        self.assertEqual(reply.status, 200, reply.body[:500])
        return reply.json()

    def unpaid(self, practice, first="2025-01-01", last="2025-12-31", limit=None):
        rows, query = [], f"from={first}&to={last}" + (f"&limit={limit}" if limit else "")
        cursor = None
        while True:
            page = self.page(practice, query + (f"&cursor={cursor}" if cursor else ""))
            rows += page["registrations"]
            cursor = page["nextCursor"]
            if cursor is None:
                return rows
            self.assertEqual(len(page["registrations"]), limit or 100)

    def test_what_is_listed(self):
        practice = fs.new_practice()
        days = ("2025-03-02", "2025-02-28", "2025-03-01", "2025-03-01", "2024-12-31")
        items = [dated(day, 100 + i, practiceId=practice, paid=False) for i, day in enumerate(days)]
        paid = dated("2025-03-01", 100, practiceId=practice)
        other = dated("2025-03-01", 100, practiceId=fs.new_practice(), paid=False)
        results = self.server.submit(*items, paid, other)
        rows = self.unpaid(practice, "2024-12-31", "2025-03-02")
        self.assertEqual([row["guid"] for row in rows], [items[i]["guid"] for i in (4, 1, 2, 3, 0)],
                         "by service day, then as they came")
        for row in rows:
            i = [item["guid"] for item in items].index(row["guid"])
            self.assertEqual(set(row), {"guid", "position", "receivedTime", "serviceTime", "amountOre"})
            self.assertEqual((row["position"], row["amountOre"]), (results[i]["position"], items[i]["amountOre"]))
            self.assert_same_instant(row["receivedTime"], items[i]["receivedTime"], "receivedTime")
            self.assert_same_instant(row["serviceTime"], items[i]["serviceTime"], "serviceTime")
        self.assertEqual([row["guid"] for row in self.unpaid(practice, "2025-03-01", "2025-03-01")],
                         [items[2]["guid"], items[3]["guid"]], "both days are included")
        self.server.submit(payment(items[2]), credit_note(items[1]), credit_note(paid))
        self.assertEqual([row["guid"] for row in self.unpaid(practice, "2024-12-31", "2025-03-02")],
                         [items[i]["guid"] for i in (4, 3, 0)])
        self.assertEqual(self.unpaid("99999999999999999999"), [], "a practice never heard of")

    def test_pages_stay_right_under_changes(self):
        practice = fs.new_practice()
        items = [dated(datetime.date(2025, 1, 1) + datetime.timedelta(days=i // 3), 1, practiceId=practice, paid=False)
                 for i in range(60)]
        self.server.submit(*items)
        for limit in (1, 7, 59, 60, 61, 1000):
            self.assertEqual([row["guid"] for row in self.unpaid(practice, limit=limit)],
                             [item["guid"] for item in items], f"pages of {limit}")
        first = self.page(practice, "from=2025-01-01&to=2025-12-31&limit=20")
        shown = [row["guid"] for row in first["registrations"]]
        self.server.submit(payment(items[19]), payment(items[20]), dated("2025-01-01", 1, practiceId=practice, paid=False))
        rest = self.page(practice, f"from=2025-01-01&to=2025-12-31&limit=100&cursor={first['nextCursor']}")
        self.assertEqual(shown + [row["guid"] for row in rest["registrations"]],
                         [item["guid"] for item in items[:20] + items[21:]],
                         "the last one shown may have been paid since")

    def test_it_survives(self):
        practice, rng = fs.new_practice(), random.Random(7)
        items = [dated(f"2025-03-{rng.randint(1, 28):02}", 1, practiceId=practice, paid=False) for _ in range(200)]
        self.server.submit(*items)
        gone = set(rng.sample(range(200), 90))
        self.server.submit(*((payment if i % 2 else credit_note)(items[i]) for i in sorted(gone)))
        rows = self.unpaid(practice)
        self.assertEqual({row["guid"] for row in rows}, {item["guid"] for i, item in enumerate(items) if i not in gone})
        self.server.stop(clean=False)
        self.server.start()
        self.assertEqual(self.unpaid(practice, limit=13), rows, "from the files")
        later = next(i for i in range(200) if i not in gone)
        self.server.submit(payment(items[later]))
        rows = [row for row in rows if row["guid"] != items[later]["guid"]]
        self.assertEqual(self.unpaid(practice, limit=13), rows, "memory hides what the files still have")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.unpaid(practice), rows, "from the journal")
        rebuilt = tempfile.mkdtemp(prefix="frikort-e2e-")
        try:
            self.server.stop(clean=False)
            told = fs.frikort_json("rebuild", "--data", self.server.data, "--into", rebuilt + "/again")
            self.assertEqual(told["differences"] if "differences" in told else [], [], told)
            statement = fs.frikort_json("reconcile", "--data", self.server.data, "--year", "2025", "--output",
                                        rebuilt + "/statement")
            self.assertIn('"count":0', fs.compact(statement).replace(" ", "")[:10 ** 6])
        finally:
            shutil.rmtree(rebuilt, ignore_errors=True)
            self.server.start()

    def test_bad_parameters(self):
        practice = fs.new_practice()
        item = dated("2025-03-01", 1, practiceId=practice, paid=False)
        position = self.server.submit_one(item)["position"]
        elsewhere = self.server.submit_one(dated("2025-03-01", 1, paid=False))["position"]
        paid = self.server.submit_one(payment(item))["position"]
        whole = "from=2025-01-01&to=2025-12-31"
        group = f"0-{int(position.split('-')[1]) - 1}"
        self.assertEqual(self.page(practice, f"{whole}&cursor={position}")["registrations"], [])
        for query, code in (("to=2025-12-31", "INVALID_FROM"), ("from=2025-01-01", "INVALID_TO"),
                            ("from=2025-02-30&to=2025-12-31", "INVALID_FROM"), ("from=2025-01&to=2025-12", "INVALID_FROM"),
                            ("from=2025-12-31&to=2025-01-01", "INVALID_RANGE"), (whole + "&limit=0", "INVALID_LIMIT"),
                            (whole + "&limit=1001", "INVALID_LIMIT"), (whole + "&limit=x", "INVALID_LIMIT"),
                            (whole + "&limit=", "INVALID_LIMIT"),
                            *((f"{whole}&cursor={bad}", "INVALID_CURSOR")
                              for bad in ("", "x", "0-", "0-0", "1-5", elsewhere, paid, group, "0-99999999",
                                          "0-18446744073709551615", "0-18446744073709551616")),
                            (f"from=2025-04-01&to=2025-12-31&cursor={position}", "INVALID_CURSOR")):
            with self.subTest(query=query):
                self.assert_problem(self.server.get(f"/v1/practices/{practice}/unpaid?{query}"), 400, code)
        self.assert_problem(self.server.get(f"/v1/practices/99999/unpaid?{whole}&cursor={position}"), 400,
                            "INVALID_CURSOR")
        self.assert_problem(self.server.get(f"/v1/practices/x/unpaid?{whole}"), 400, "INVALID_PRACTICE_ID")
        self.assertEqual(self.server.get("/isready").status, 200, "a wrong cursor is no fault of the journal")


if __name__ == "__main__":
    unittest.main()
