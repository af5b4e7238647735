"""kill -9 in the middle of a stream: every acknowledged item is there exactly once, and no half item."""

import datetime
import os
import random
import shutil
import sys
import tempfile
import unittest

import frikort_server as fs
from frikort_server import credit_note, dated, payment

ITEMS = 6000
BATCH = 400


def make_items(rng):
    """Copayments of 2025 with payments, credits, resends and rejects, in an order that a second pass does not change."""
    people = [fs.new_person() for _ in range(150)]
    practices = [fs.new_practice() for _ in range(12)]
    items, originals = [], []
    received = fs.oslo_instant("2025-04-01", "06:00:00")
    while len(items) < ITEMS:
        received += datetime.timedelta(seconds=rng.randint(1, 400))
        when = fs.rfc3339(fs.to_oslo(received))
        dice = rng.random()
        if not originals or dice < 0.80:
            service = datetime.date(2025, 1, 2) + datetime.timedelta(days=rng.randint(0, 85))
            item = dated(service, rng.choice((0, 100, 18_000, 40_000)), received=when, personId=rng.choice(people),
                         practiceId=rng.choice(practices), paid=rng.random() < 0.85)
            originals.append(item)
        elif dice < 0.88:
            item = payment(rng.choice(originals), received=when)
        elif dice < 0.93:
            item = credit_note(rng.choice(originals), received=when)
        elif dice < 0.98:
            item = rng.choice(originals)
        else:
            item = dated("2025-03-01", received=when, personId=rng.choice(people), serviceType="X")
        items.append(item)
    return items, people


class CrashTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.seed = int(os.environ.get("FRIKORT_SEED", random.SystemRandom().randrange(1 << 32)))
        print(f"crash points: FRIKORT_SEED={cls.seed}", file=sys.stderr)
        cls.rng = random.Random(cls.seed)
        cls.items, cls.people = make_items(cls.rng)

    def setUp(self):
        self.server = fs.Server()
        self.addCleanup(self.server.clean)
        self.plain = tempfile.mkdtemp(prefix="frikort-e2e-plain-")
        self.addCleanup(shutil.rmtree, self.plain, ignore_errors=True)
        self.seen = {}  # item number -> the first answer

    def note(self, number, result):
        """Holds an acknowledged result against what was acknowledged before."""
        where = f"FRIKORT_SEED={self.seed}, item {number}"
        before = self.seen.setdefault(number, result)
        if before is result:
            return
        if before["verdict"] == "rejected":
            self.assertEqual((result["verdict"], result["code"]), ("rejected", before["code"]), where)
            return
        self.assertEqual(result["verdict"], "duplicate", f"{where}: acknowledged before the crash, so known after it")
        for key in ("position", "counted", "exempt", "code"):
            self.assertEqual(result.get(key), before.get(key), f"{where}: {key} of {result} and {before}")

    def send_until_killed(self, kill_at, batch):
        """Sends everything from the start; kills the server once `kill_at` items are answered. True if killed."""
        for first in range(0, len(self.items), batch):
            part = self.items[first:first + batch]

            def watch(body, first=first):
                if kill_at is not None and first + body.count(b'"verdict"') >= kill_at:
                    self.server.kill()

            answer = self.server.stream(part, on_bytes=watch)
            if self.server.process is not None:
                self.assertEqual(answer.status, 200)
                self.assertEqual(len(answer.results), len(part), f"FRIKORT_SEED={self.seed}: one result an item")
            for result in answer.results:
                self.note(first + result["index"], result)
            if self.server.process is None:
                return True
        return False

    def checksum(self, data):
        return fs.frikort_json("status", "--data", data)["checksum"]

    def verify(self, when):
        report = fs.frikort_json("verify", "--data", self.server.data)
        self.assertIsNone(report["finding"], f"FRIKORT_SEED={self.seed}, {when}")

    def undisturbed(self):
        path = os.path.join(self.plain, "items.ndjson")
        with open(path, "wb") as file:
            file.write(fs.ndjson(self.items))
        data = os.path.join(self.plain, "data")
        os.mkdir(data)
        fs.frikort_json("load", "--data", data, "--trust-received-time", path)
        return self.checksum(data)

    def test_kill_during_a_stream_of_batches(self):
        self.server.start()
        points = sorted(self.rng.randint(100, ITEMS - 500) for _ in range(3))
        for round_number, point in enumerate(points):
            # The first time all items are one request, then many.
            killed = self.send_until_killed(point, ITEMS if round_number == 0 else BATCH)
            self.assertTrue(killed, "the server was to be killed in the middle")
            self.verify("as the kill left it")
            self.server.start()
            self.verify("started again")
        self.assertFalse(self.send_until_killed(None, BATCH))
        self.assertEqual(len(self.seen), ITEMS, "every item has an answer")
        self.assertFalse(self.send_until_killed(None, ITEMS))
        self.check_accounts()
        self.server.stop(clean=False)
        self.assertEqual(self.checksum(self.server.data), self.undisturbed(),
                         f"FRIKORT_SEED={self.seed}: the state is that of an undisturbed load of the same items")
        rebuilt = fs.frikort_json("rebuild", "--data", self.server.data, "--into", os.path.join(self.plain, "rebuilt"))
        self.assertIs(rebuilt["equal"], True, f"FRIKORT_SEED={self.seed}: {rebuilt}")

    def check_accounts(self):
        expected = {}
        for number, item in enumerate(self.items):
            if item["type"] == "copayment" and self.seen[number]["verdict"] != "rejected":
                expected.setdefault(item["personId"], set()).add(item["guid"])
        for person in self.people:
            account = self.server.account(person, 2025, limit=1000)
            got = [r["guid"].lower() for r in account["registrations"]]
            self.assertEqual(len(got), len(set(got)), "each registration exactly once")
            self.assertEqual(set(got), expected.get(person, set()), "every acknowledged item is there")
            counted = sum(r["amountOre"] for r in account["registrations"] if r["counted"])
            self.assertEqual(account["countedOre"], counted, "the sum is that of the registrations")
            self.assertEqual(sum(line["amountOre"] for line in account["refunds"]), max(0, counted - fs.CEILING[2025]),
                             "sum of the refund lines is the excess")

    def test_kill_right_after_an_answer(self):
        self.server.start()
        for round_number in range(5):
            person = fs.new_person()
            crossing = dated("2025-03-01", fs.CEILING[2025] + 500, personId=person)
            first = self.server.submit_one(crossing)
            self.assertEqual((first["verdict"], first["exempt"]), ("accepted", True))
            self.server.kill()
            self.server.start()
            account = self.server.account(person, 2025)
            self.assertIsNotNone(account["card"], f"round {round_number}: the card survives with the item")
            self.assertEqual((account["countedOre"], account["refundedOre"], len(account["registrations"])),
                             (crossing["amountOre"], 500, 1), "all that the item changed survives together")
            again = self.server.submit_one(crossing)
            self.assertEqual((again["verdict"], again["position"]), ("duplicate", first["position"]))
            month = self.server.get(f"/v1/practices/{crossing['practiceId']}/timeliness?from=2025-03&to=2025-03").json()
            self.assertEqual(month["total"]["count"], round_number + 1, "the figures survive with the items")
        self.server.stop()

    def test_load_twice_counts_nothing_twice(self):
        path = os.path.join(self.plain, "items.ndjson")
        with open(path, "wb") as file:
            file.write(fs.ndjson(self.items[:2000]))
        data = os.path.join(self.plain, "data")
        os.mkdir(data)
        first = fs.frikort_json("load", "--data", data, "--trust-received-time", path)
        before = fs.frikort_json("status", "--data", data)
        self.assertGreater(first["accepted"], 0)
        second = fs.frikort_json("load", "--data", data, "--trust-received-time", path)
        after = fs.frikort_json("status", "--data", data)
        self.assertEqual(second["accepted"], 0, f"second run: {second}")
        for key in ("checksum", "registrations", "cards", "persons"):
            self.assertEqual(after[key], before[key], key)


if __name__ == "__main__":
    unittest.main()
