"""How quickly practices report: the figures must always equal a full scan of the registrations."""

import datetime
import math
import os
import random
import sys
import unittest

import frikort_server as fs
from frikort_server import credit_note, dated, payment

TARGETS = {"share16": (90, 0.90), "share24": (95, 0.95), "share32": (99, 0.99)}
FROM, TO = "2024-09", "2025-12"
WHOLE = f"from={FROM}&to={TO}"


def month_range(first, last):
    year, month = map(int, first.split("-"))
    while f"{year}-{month:02}" <= last:
        yield f"{year}-{month:02}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def dates(item):
    """(received, service) as Oslo dates."""
    return tuple(fs.oslo_date(fs.parse_time(item[key])) for key in ("receivedTime", "serviceTime"))


def lag(item):
    received, service = dates(item)
    return max(0, (received - service).days)


def scan(items, basis, first=FROM, last=TO):
    """Lags by month, from the copayments alone."""
    months = {month: [] for month in month_range(first, last)}
    for item in items:
        received, service = dates(item)
        month = str(received if basis == "received" else service)[:7]
        if month in months:
            months[month].append(lag(item))
    return months


def share(lags, limit):
    return sum(1 for value in lags if value <= limit) / len(lags)


def nearest_rank(lags, percent):
    return sorted(lags)[math.ceil(percent * len(lags) / 100) - 1]


class TimelinessCase(fs.ServerCase):

    def figures(self, path, query):
        reply = self.server.get(f"{path}?{query}")
        self.assertEqual(reply.status, 200, f"{path}?{query}: {reply.body[:300]!r}")
        return reply.json()

    def practice(self, practice, query=WHOLE):
        return self.figures(f"/v1/practices/{practice}/timeliness", query)

    def nation(self, query=WHOLE):
        return self.figures("/v1/timeliness", query)

    def assert_line(self, got, lags, where):
        count = len(lags)
        self.assertEqual(got["count"], count, f"{where}: count")
        for limit in (16, 24, 32):
            within = sum(1 for value in lags if value <= limit)
            self.assertEqual(got[f"within{limit}"], within, f"{where}: within{limit} is cumulative")
            share, met = got[f"share{limit}"], got["met"][f"share{limit}"]
            if count == 0:
                self.assertIsNone(share, f"{where}: share{limit} at count 0")
                self.assertIsNone(met, f"{where}: met at count 0")
            else:
                self.assertEqual(share, within / count, f"{where}: share{limit}")
                target = TARGETS[f"share{limit}"][0]
                self.assertIs(met, within * 100 >= target * count, f"{where}: met share{limit}, {within} of {count}")
        self.assertEqual(got["over32"], sum(1 for value in lags if value > 32), f"{where}: over32")
        for key, target in TARGETS.items():
            self.assertAlmostEqual(got["targets"][key], target[1], places=6, msg=f"{where}: target {key}")
        if count == 0:
            for key in ("averageLagDays", "p50", "p90", "p99"):
                self.assertIsNone(got[key], f"{where}: {key} at count 0")
        else:
            self.assertEqual(got["averageLagDays"], sum(lags) / count, f"{where}: average")
            self.assertIsInstance(got["averageLagDays"], float, f"{where}: one decimal or more")
            for percent in (50, 90, 99):
                self.assertEqual(got[f"p{percent}"], nearest_rank(lags, percent), f"{where}: p{percent}, nearest rank")

    def assert_figures(self, got, items, basis, where, first=FROM, last=TO):
        expected = scan(items, basis, first, last)
        self.assertEqual(got["basis"], basis, where)
        self.assertEqual([line["month"] for line in got["months"]], list(expected), f"{where}: every month is listed")
        for line in got["months"]:
            self.assert_line(line, expected[line["month"]], f"{where}, {basis}, {line['month']}")
        self.assert_line(got["total"], [value for lags in expected.values() for value in lags], f"{where}, {basis}, total")


class ScanTest(TimelinessCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seed = int(os.environ.get("FRIKORT_SEED", random.SystemRandom().randrange(1 << 32)))
        print(f"random submissions: FRIKORT_SEED={cls.seed}", file=sys.stderr)
        rng = random.Random(cls.seed)
        cls.practices = [fs.new_practice() for _ in range(5)]
        people = [fs.new_person() for _ in range(60)]
        cls.items, follow_ups = [], []
        for _ in range(1500):
            service = datetime.date(2024, 11, 20) + datetime.timedelta(days=rng.randint(0, 200))
            days = rng.choice((0, 0, 1, 2, 3, 7, 14, 15, 16, 17, 23, 24, 25, 31, 32, 33, 60, rng.randint(0, 120)))
            if days == 0:
                begin = "00:10:00"
                received = fs.oslo_text(service, f"{rng.randint(4, 23):02}:{rng.randint(0, 59):02}:59")
            else:
                begin = f"{rng.choice((0, 0, 1, 4, 9, 13, 22, 23, 23)):02}:{rng.randint(0, 59):02}:00"
                received = fs.oslo_text(service + datetime.timedelta(days=days),
                                        f"{rng.choice((0, 0, 4, 12, 22, 23, 23)):02}:{rng.randint(0, 59):02}:30")
            if rng.random() < 0.5:
                received = fs.utc_text(fs.parse_time(received))
            item = dated(service, rng.choice((0, 100, 500)), received=received, clock=begin, paid=rng.random() < 0.8,
                         personId=rng.choice(people), practiceId=rng.choice(cls.practices[:4]))
            if item["amountOre"] == 0 and rng.random() < 0.5:
                item["exemption"] = "B"
            cls.items.append(item)
            if rng.random() < 0.05:
                follow_ups.append(credit_note(item, received="2025-08-20"))
            elif rng.random() < 0.05:
                follow_ups.append(payment(item, received="2025-08-20"))
        # Service four minutes after the receipt, over midnight: the lag is 0, not -1.
        cls.items.append(dated("2025-05-01", received="2025-04-30T23:58:00+02:00", clock="00:02:00", amount=100,
                               practiceId=cls.practices[0]))
        answer = cls.server.stream(cls.items + follow_ups)
        wrong = [r for r in answer.results if r["verdict"] != "accepted"]
        if wrong:
            raise AssertionError(f"all items must be accepted: {wrong[:3]}")

    def mine(self, practice):
        return [item for item in self.items if item["practiceId"] == practice]

    def test_practices_equal_the_scan(self):
        for practice in self.practices:
            for basis in ("received", "service"):
                with self.subTest(practice=practice, basis=basis, seed=self.seed):
                    got = self.practice(practice, f"{WHOLE}&basis={basis}")
                    self.assertEqual(got["practiceId"], practice)
                    self.assert_figures(got, self.mine(practice), basis, f"practice {practice}")

    def test_nation_equals_the_scan_and_the_sum_of_practices(self):
        for basis in ("received", "service"):
            got = self.nation(f"{WHOLE}&basis={basis}")
            self.assert_figures(got, self.items, basis, "nation")
            parts = [self.practice(p, f"{WHOLE}&basis={basis}")["total"] for p in self.practices]
            for key in ("count", "within16", "within24", "within32", "over32", "duplicates"):
                self.assertEqual(got["total"][key], sum(part[key] for part in parts), f"{basis}: {key}")

    def test_basis_is_received_by_default(self):
        self.assertEqual(self.practice(self.practices[0]), self.practice(self.practices[0], WHOLE + "&basis=received"))

    def test_sub_ranges(self):
        for first, last in (("2025-01", "2025-01"), ("2024-12", "2025-02"), ("2025-09", "2025-09"), ("2021-01", "2021-03")):
            with self.subTest(first=first, last=last):
                got = self.practice(self.practices[1], f"from={first}&to={last}&basis=service")
                self.assert_figures(got, self.mine(self.practices[1]), "service", "range", first, last)

    def test_practice_without_items(self):
        for practice in (self.practices[4], "99999999999999999999"):
            self.assert_figures(self.practice(practice), [], "received", "practice without items")

    def test_duplicates_change_no_figure_but_their_own(self):
        before = self.practice(self.practices[2])["total"]
        again = self.mine(self.practices[2])[:40]
        answer = self.server.stream(again)
        self.assertEqual({r["verdict"] for r in answer.results}, {"duplicate"})
        after = self.practice(self.practices[2])["total"]
        self.assertEqual(after["duplicates"], before["duplicates"] + 40)
        for key in ("count", "within16", "within24", "within32", "over32", "averageLagDays", "p50", "p90", "p99"):
            self.assertEqual(after[key], before[key], key)


class RankingTest(TimelinessCase):

    # Lags in days of each practice, whose order is another one by each figure.
    LAGS = {"901": [1] * 9 + [20], "902": [2] * 4 + [40], "903": [16, 17, 25, 33], "904": [0] * 20, "905": [30, 30, 31],
            "906": [90, 1], "907": [20] * 6}
    WORST_FIRST = {
        "share16": lambda lags: share(lags, 16), "share24": lambda lags: share(lags, 24),
        "share32": lambda lags: share(lags, 32), "averageLagDays": lambda lags: -sum(lags) / len(lags),
        "count": lambda lags: -len(lags)}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        items = [dated("2025-01-10", 100, received=str(datetime.date(2025, 1, 10) + datetime.timedelta(days=days)),
                       practiceId=practice) for practice, lags in cls.LAGS.items() for days in lags]
        cls.server.submit(*items, {**items[0], "amountOre": 7}, items[0])

    def ranking(self, **query):
        text = "&".join(f"{name}={value}" for name, value in {"from": FROM, "to": TO, **query}.items())
        return self.figures("/v1/timeliness/practices", text)

    def test_figures_are_those_of_each_practice(self):
        whole = self.ranking()
        self.assertEqual((whole["sort"], whole["from"], whole["to"]), ("share16", FROM, TO))
        self.assertEqual(sorted(line["practiceId"] for line in whole["practices"]), sorted(self.LAGS))
        for line in whole["practices"]:
            self.assert_line(line, self.LAGS[line["practiceId"]], line["practiceId"])
            total = self.practice(line["practiceId"])["total"]
            self.assertEqual({key: line[key] for key in total}, total)
        first = next(line for line in whole["practices"] if line["practiceId"] == "901")
        self.assertEqual((first["duplicates"], first["rejected"]), (1, {"CONTENT_CONFLICT": 1}))

    def test_the_worst_is_first_by_each_figure(self):
        for sort, key in self.WORST_FIRST.items():
            with self.subTest(sort=sort):
                got = [key(self.LAGS[line["practiceId"]]) for line in self.ranking(sort=sort)["practices"]]
                self.assertEqual(got, sorted(map(key, self.LAGS.values())))

    def test_limit(self):
        whole = self.ranking(sort="count")["practices"]
        for limit in (1, 3, len(whole), 1000):
            self.assertEqual(self.ranking(sort="count", limit=limit)["practices"], whole[:limit])

    def test_bad_parameters(self):
        for query in ("sort=", "sort=x", "sort=Share16", "limit=", "limit=0", "limit=-1", "limit=1001", "limit=1.5", "limit=x",
                      "from=2025-01", "to=2025-01", "from=2025-02&to=2025-01", "from=2025-13&to=2026-01", "basis=paid"):
            with self.subTest(query=query):
                self.assert_problem(self.server.get(f"/v1/timeliness/practices?{query}"), 400)


class SilenceTest(TimelinessCase):
    """Silent is who has sent nothing for longer than the own rhythm, seen from today."""

    @classmethod
    def configuration(cls):
        return {"ceilings": fs.ceilings(fs.present_years())}

    def test_the_longest_silence_is_first(self):
        received = {"911": range(60, 56, -1), "912": range(90, 79, -1), "913": range(5, 0, -1), "914": range(99, 0, -33),
                    "915": (100, 99)}  # days ago; the last one has no rhythm yet
        today = fs.oslo_today()
        items = [dated(day, 100, received=str(day), clock="08:00:00", practiceId=practice)
                 for practice, days in received.items() for day in (today - datetime.timedelta(days=ago) for ago in days)]
        self.assertEqual({r["verdict"] for r in self.server.submit(*items)}, {"accepted"})
        for query in ("sort=silent", "sort=silent&limit=2"):
            lines = self.figures("/v1/timeliness/practices", query)["practices"]
            self.assertEqual([line["practiceId"] for line in lines[:2]], ["912", "911"], "80 days, then 57")
        lines = {line["practiceId"]: line for line in self.figures("/v1/timeliness/practices", "sort=silent")["practices"]}
        self.assertEqual({practice: (line["silent"], line["rhythmDays"]) for practice, line in lines.items()},
                         {"911": (True, 1), "912": (True, 1), "913": (False, 1), "914": (False, 33), "915": (False, None)})
        self.assertEqual(lines["911"]["lastReceived"], str(today - datetime.timedelta(days=57)))


class SmallTest(TimelinessCase):
    """Counts small enough to check by eye."""

    def send(self, lags, practice):
        items = [dated("2025-01-10", 100, received=str(datetime.date(2025, 1, 10) + datetime.timedelta(days=days)),
                       practiceId=practice) for days in lags]
        self.assertEqual({r["verdict"] for r in self.server.submit(*items)}, {"accepted"})
        return items

    def test_limits_of_the_classes(self):
        practice = fs.new_practice()
        self.send([15, 16, 17, 23, 24, 25, 31, 32, 33], practice)
        total = self.practice(practice)["total"]
        got = tuple(total[key] for key in ("count", "within16", "within24", "within32", "over32"))
        self.assertEqual(got, (9, 2, 5, 8, 1))

    def test_targets_exactly_met(self):
        practice = fs.new_practice()
        items = self.send([0] * 90 + [20] * 5 + [30] * 4 + [40], practice)
        total = self.practice(practice)["total"]
        self.assertEqual(total["met"], {"share16": True, "share24": True, "share32": True}, "exactly at the target is met")
        items += self.send([40], practice)
        total = self.practice(practice)["total"]
        self.assertEqual(total["met"], {"share16": False, "share24": False, "share32": False})
        self.assert_line(total, [lag(item) for item in items], "101 items")

    def test_percentiles_by_nearest_rank(self):
        for lags, expected in (([7], (7, 7, 7)), ([1, 2], (1, 2, 2)), (list(range(1, 11)), (5, 9, 10)),
                               (list(range(1, 101)), (50, 90, 99)), (list(range(0, 101)), (50, 90, 99))):
            practice = fs.new_practice()
            self.send(lags, practice)
            total = self.practice(practice)["total"]
            self.assertEqual(tuple(total[f"p{p}"] for p in (50, 90, 99)), expected, f"{len(lags)} items")

    def test_lag_is_in_oslo_days(self):
        cases = (("2025-01-10T22:59:00Z", "2025-01-10T22:59:59Z", 0), ("2025-01-10T22:59:00Z", "2025-01-10T23:00:00Z", 1),
                 ("2025-07-10T21:59:00Z", "2025-07-10T22:00:00Z", 1), ("2025-07-10T22:01:00Z", "2025-07-11T21:59:00Z", 0),
                 ("2025-03-29T23:30:00Z", "2025-03-30T21:59:59Z", 0), ("2025-10-25T22:00:00Z", "2025-10-26T22:59:59Z", 0),
                 ("2024-12-31T22:30:00Z", "2025-01-16T23:30:00Z", 17), ("2025-05-01T09:00:00+14:00", "2025-05-01T12:00:00Z", 1))
        for service, received, expected in cases:
            practice = fs.new_practice()
            item = fs.copayment(serviceTime=service, receivedTime=received, amountOre=100, practiceId=practice)
            with self.subTest(service=service, received=received):
                self.assert_accepted(self.server.submit_one(item))
                total = self.practice(practice)["total"]
                self.assertEqual((total["count"], total["p50"]), (1, expected))

    def test_month_of_received_and_of_service(self):
        practice = fs.new_practice()
        self.server.submit_one(fs.copayment(serviceTime="2024-12-31T23:30:00Z", receivedTime="2025-01-31T23:30:00Z",
                                            amountOre=100, practiceId=practice))
        for basis, month in (("received", "2025-02"), ("service", "2025-01")):
            months = self.practice(practice, f"{WHOLE}&basis={basis}")["months"]
            self.assertEqual([line["month"] for line in months if line["count"]], [month], basis)

    def test_unpaid_zero_and_credited_items_carry_the_figures(self):
        practice = fs.new_practice()
        items = [dated("2025-01-10", 0, practiceId=practice), dated("2025-01-10", 100, paid=False, practiceId=practice),
                 dated("2025-01-10", 0, exemption="B", practiceId=practice), dated("2025-01-10", 100, practiceId=practice)]
        self.server.submit(*items)
        self.server.submit(payment(items[1], received="2025-06-01"), credit_note(items[3], received="2025-06-01"))
        got = self.practice(practice)
        self.assertEqual(got["total"]["count"], 4, "every accepted copayment, and nothing else")
        self.assertEqual(sum(line["count"] for line in got["months"] if line["month"] == "2025-06"), 0,
                         "payments and credit notes have no lag")

    def test_rejected_by_code_and_duplicates_by_received_month(self):
        practice = fs.new_practice()
        good = dated("2025-01-10", received="2025-01-20", practiceId=practice)
        barred = [dated("2024-09-10", received="2025-04-20", practiceId=practice) for _ in range(3)]
        future = dated("2025-06-10", received="2025-05-20", practiceId=practice)
        conflict = {**good, "amountOre": 777}
        orphan = payment(dated("2025-01-10", received="2025-01-20", practiceId=practice))
        nation = self.nation()["total"]
        verdicts = [r["verdict"] for r in self.server.submit(good, *barred, future, conflict, orphan, good, good)]
        self.assertEqual(verdicts, ["accepted"] + ["rejected"] * 6 + ["duplicate"] * 2)
        got = self.practice(practice)
        expected = {"TIME_BARRED": 3, "FUTURE_SERVICE_TIME": 1, "CONTENT_CONFLICT": 1, "UNKNOWN_ORIGINAL": 1}
        self.assertEqual({k: v for k, v in got["total"]["rejected"].items() if v}, expected)
        self.assertEqual(got["total"]["duplicates"], 2)
        self.assertEqual(got["total"]["count"], 1)
        by_month = {line["month"]: {k: v for k, v in line["rejected"].items() if v} for line in got["months"]}
        self.assertEqual({month: codes for month, codes in by_month.items() if codes},
                         {"2025-01": {"CONTENT_CONFLICT": 1, "UNKNOWN_ORIGINAL": 1}, "2025-04": {"TIME_BARRED": 3},
                          "2025-05": {"FUTURE_SERVICE_TIME": 1}}, "by received month")
        self.assertEqual({line["month"]: line["duplicates"] for line in got["months"] if line["duplicates"]},
                         {"2025-01": 2}, "by received month")
        after = self.nation()["total"]
        self.assertEqual(after["duplicates"] - nation["duplicates"], 2)
        for code, count in expected.items():
            self.assertEqual(after["rejected"].get(code, 0) - nation["rejected"].get(code, 0), count, code)

    def test_refused_before_anything_was_accepted(self):
        practice, stranger = fs.new_practice(), fs.new_practice()
        barred = [dated("2024-09-10", received=f"2025-04-{day}", practiceId=of)
                  for of in (practice, stranger) for day in (19, 20, 21)]
        self.assertEqual({r["verdict"] for r in self.server.submit(*barred)}, {"rejected"})
        refused = {"2025-04": {"TIME_BARRED": 3}}

        def rejected(of, query=WHOLE):
            return {line["month"]: line["rejected"] for line in self.practice(of, query)["months"] if line["rejected"]}

        for query in (WHOLE, f"{WHOLE}&basis=service"):
            self.assertEqual(rejected(practice, query), refused, "of a practice that nothing else is known of")
        self.server.submit(dated("2025-04-10", received="2025-04-20", practiceId=practice),
                           dated("2024-09-10", received="2025-05-02", practiceId=practice))
        after = refused | {"2025-05": {"TIME_BARRED": 1}}
        for _ in range(2):
            self.assertEqual(rejected(practice), after)
            self.assertEqual(rejected(stranger), refused)
            self.assertEqual(self.practice(practice)["total"]["count"], 1)
            self.assertEqual(self.practice(stranger)["total"]["count"], 0)
            self.server.stop(clean=False)
            self.server.start()

    def test_figures_are_there_at_once(self):
        practice = fs.new_practice()
        for count in range(1, 11):
            self.send([3], practice)
            self.assertEqual(self.practice(practice)["total"]["count"], count)

    def test_bad_ranges(self):
        practice = fs.new_practice()
        for query in ("from=2025-13&to=2025-12", "from=2025-00&to=2025-12", "from=2025-05&to=2025-04", "from=abc&to=2025-04",
                      "from=2025-01&to=2025-1", "from=2025-01-01&to=2025-02-01", "from=&to=", "from=20251&to=2025-12",
                      "from=2025-01&to=2025-02&basis=paid", "from=2025-01", "to=2025-01", ""):
            for path in (f"/v1/practices/{practice}/timeliness", "/v1/timeliness"):
                with self.subTest(path=path, query=query):
                    self.assert_problem(self.server.get(f"{path}?{query}"), 400)

    def test_bad_practice(self):
        for practice in ("abc", "1" * 21):
            with self.subTest(practice=practice):
                self.assert_problem(self.server.get(f"/v1/practices/{practice}/timeliness?{WHOLE}"), (400, 404))


if __name__ == "__main__":
    unittest.main()
