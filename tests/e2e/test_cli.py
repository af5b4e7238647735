"""The program's commands: generate, load and status."""

import json
import os
import shutil
import tempfile
import unittest

import frikort_server as fs
from frikort_server import credit_note, dated, payment

COUNT, PERSONS, YEAR = 2000, 150, 2024


def generate(seed, output, count=COUNT):
    return fs.run_frikort("generate", "--registrations", count, "--persons", PERSONS, "--year", YEAR, "--seed", seed,
                          "--output", output)


class FolderCase(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="frikort-e2e-cli-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def data(self, name):
        os.mkdir(self.path(name))
        return self.path(name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def load(self, data, *files, stdin=None, exit_status=0):
        return fs.frikort_json("load", "--data", data, "--trust-received-time", *files, stdin=stdin,
                               exit_status=exit_status)

    def status(self, data):
        return fs.frikort_json("status", "--data", data)

    def make(self, seed=1, name="items.ndjson"):
        path = self.path(name)
        done = generate(seed, path)
        self.assertEqual(done.returncode, 0, done.stderr[-500:])
        with open(path, "rb") as file:
            return path, file.read()


class GenerateTest(FolderCase):

    def test_same_seed_same_bytes(self):
        _, first = self.make(7, "a")
        _, second = self.make(7, "b")
        _, other = self.make(8, "c")
        self.assertTrue(first == second, "the same seed gives the same bytes")
        self.assertFalse(first == other, "another seed gives other bytes")

    def test_dash_is_standard_output(self):
        _, content = self.make(7)
        done = generate(7, "-")
        self.assertEqual(done.returncode, 0, done.stderr[-500:])
        self.assertTrue(done.stdout == content, "standard output has the bytes of the file")

    def test_lines(self):
        _, content = self.make(3)
        self.assertTrue(content.endswith(b"\n"))
        lines = [json.loads(line) for line in content.splitlines()]
        times = [fs.parse_time(line["receivedTime"]) for line in lines]
        self.assertEqual(times, sorted(times), "in order of receivedTime")
        people = {line["personId"] for line in lines if isinstance(line.get("personId"), str)}
        valid = {p for p in people if len(p) == 11 and p.isdigit() and fs.rests(p)[1] == 0}
        self.assertTrue(valid)
        for person in valid:
            self.assertNotIn(int(person[2:4]), range(1, 13), "only numbers of a synthetic series are generated")
        self.assertLessEqual(len(valid), PERSONS * 2, "about as many persons as asked for")
        kinds = {line.get("type", "copayment") for line in lines}
        self.assertIn("copayment", kinds)

    def test_n_distinct_copayments_are_accepted(self):
        path, content = self.make(5)
        data = self.data("data")
        summary = self.load(data, path)
        lines = [json.loads(line) for line in content.splitlines()]
        self.assertEqual(summary["lines"], len(lines))
        self.assertEqual(summary["accepted"] + summary["duplicate"] + summary["rejected"], summary["lines"], summary)
        status = self.status(data)
        self.assertEqual(status["registrations"], COUNT, "N counts distinct accepted copayments")
        self.assertGreaterEqual(summary["accepted"], COUNT)
        self.assertLessEqual(status["persons"], PERSONS)


class LoadTest(FolderCase):

    def sample(self):
        a, b, c = dated("2025-03-01"), dated("2025-03-02", paid=False), dated("2025-03-03", fs.CEILING[2025])
        return [a, b, payment(b), c, credit_note(a), a, dated("2025-03-01", -1), dated("2025-03-01", -2),
                dated("2025-03-01", received="2025-12-01"), payment(dated("2025-03-01")), "nonsense", {**c, "amountOre": 1}]

    def check(self, summary):
        self.assertEqual({key: summary[key] for key in ("lines", "accepted", "duplicate", "rejected")},
                         {"lines": 12, "accepted": 5, "duplicate": 1, "rejected": 6})
        for code, count in (("INVALID_AMOUNT", 2), ("TIME_BARRED", 1), ("UNKNOWN_ORIGINAL", 1), ("MALFORMED_ITEM", 1),
                            ("CONTENT_CONFLICT", 1)):
            self.assertEqual(summary["codes"].get(code), count, f"{code} in {summary['codes']}")

    def test_summary(self):
        path = self.write("items.ndjson", fs.ndjson(self.sample()))
        data = self.data("data")
        self.check(self.load(data, path))
        status = self.status(data)
        self.assertEqual((status["registrations"], status["cards"], status["persons"]), (3, 1, 3))

    def test_blank_lines_and_line_ends(self):
        content = fs.ndjson(self.sample()).replace(b"\n", b"\r\n\n")
        self.check(self.load(self.data("data"), self.write("items.ndjson", content)))

    def test_standard_input_and_several_files(self):
        items = [dated("2025-03-01") for _ in range(30)]
        one, two = self.write("1", fs.ndjson(items[:10])), self.write("2", fs.ndjson(items[10:]))
        first, second = self.data("first"), self.data("second")
        self.assertEqual(self.load(first, one, two)["accepted"], 30)
        self.assertEqual(self.load(second, "-", stdin=fs.ndjson(items))["accepted"], 30)
        self.assertEqual(self.status(first)["checksum"], self.status(second)["checksum"],
                         "the same items in the same order, however they came")

    def test_strict(self):
        path = self.write("items.ndjson", fs.ndjson(self.sample()))
        self.load(self.data("lenient"), path)
        done = fs.run_frikort("load", "--data", self.data("strict"), "--trust-received-time", "--strict", path)
        self.assertEqual(done.returncode, 1, "rejected items with --strict are findings")
        clean = self.write("clean.ndjson", fs.ndjson([dated("2025-03-01")]))
        done = fs.run_frikort("load", "--data", self.data("clean"), "--trust-received-time", "--strict", clean)
        self.assertEqual(done.returncode, 0, done.stderr[-500:])

    def test_received_time_is_not_trusted_by_itself(self):
        path = self.write("items.ndjson", fs.ndjson([dated("2025-03-01")]))
        summary = fs.frikort_json("load", "--data", self.data("data"), path)
        self.assertEqual(summary["accepted"], 0, summary)
        self.assertEqual(summary["codes"].get("UNKNOWN_FIELD"), 1, "receivedTime is unknown without --trust-received-time")

    def test_missing_file(self):
        done = fs.run_frikort("load", "--data", self.data("data"), self.path("missing.ndjson"))
        self.assertEqual(done.returncode, 3)

    def test_no_number_in_the_output(self):
        items = self.sample()
        path = self.write("items.ndjson", fs.ndjson(items))
        done = fs.run_frikort("load", "--data", self.data("data"), "--trust-received-time", path)
        for item in items:
            if isinstance(item, dict) and "personId" in item:
                self.assertNotIn(item["personId"].encode(), done.stdout + done.stderr)


class SameStateTest(FolderCase):

    def test_checksum_however_it_was_loaded(self):
        path, content = self.make(11)
        plain = self.data("plain")
        summary = self.load(plain, path)
        expected = self.status(plain)
        self.assertTrue(expected["checksum"])

        with self.subTest("load --server"):
            server = fs.Server().start()
            try:
                remote = fs.frikort_json("load", "--server", server.url, "--trust-received-time", path)
                self.assertEqual({k: remote[k] for k in ("lines", "accepted", "duplicate", "rejected", "codes")},
                                 {k: summary[k] for k in ("lines", "accepted", "duplicate", "rejected", "codes")})
                online = fs.frikort_json("status", "--server", server.url)
                self.assertEqual(online["checksum"], expected["checksum"], "status --server")
                again = fs.frikort_json("load", "--server", server.url, "--trust-received-time", path)
                self.assertEqual(again["accepted"], 0, "a second run counts nothing twice")
                server.stop(clean=False)
                self.assertEqual(self.status(server.data)["checksum"], expected["checksum"], "status --data afterwards")
            finally:
                server.clean()

        with self.subTest("HTTP in small batches"):
            server = fs.Server().start()
            try:
                lines = content.splitlines()
                for first in range(0, len(lines), 300):
                    server.stream(lines[first:first + 300])
                online = fs.frikort_json("status", "--server", server.url)
                for key in ("checksum", "registrations", "cards", "persons"):
                    self.assertEqual(online[key], expected[key], key)
                server.stop()
            finally:
                server.clean()

        with self.subTest("state made again from the journal"):
            shutil.rmtree(os.path.join(plain, "state"))
            again = self.status(plain)
            for key in ("checksum", "registrations", "cards", "persons"):
                self.assertEqual(again[key], expected[key], key)

    def test_another_state_has_another_checksum(self):
        one = dated("2025-03-01")
        a, b, c = self.data("a"), self.data("b"), self.data("c")
        self.load(a, "-", stdin=fs.ndjson([one]))
        self.load(b, "-", stdin=fs.ndjson([{**one, "amountOre": one["amountOre"] + 1}]))
        self.load(c, "-", stdin=fs.ndjson([one, one, dated("2025-03-01", -1)]))
        sums = [self.status(data)["checksum"] for data in (a, b, c)]
        self.assertNotEqual(sums[0], sums[1], "another amount")
        self.assertEqual(sums[0], sums[2], "duplicates and rejects are no part of the checksum")

    def test_status_is_stable(self):
        data = self.data("data")
        self.load(data, "-", stdin=fs.ndjson([dated("2025-03-01") for _ in range(20)]))
        self.assertEqual(self.status(data)["checksum"], self.status(data)["checksum"])
        done = fs.run_frikort("status", "--data", data)
        self.assertEqual(done.returncode, 0)
        self.assertTrue(done.stdout.strip(), "status without --json is for people")


if __name__ == "__main__":
    unittest.main()
