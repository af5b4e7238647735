"""`frikort reconcile`: beside a server and without one, its output, its options, and a ledger that is damaged."""

import hashlib
import itertools
import json
import os
import pathlib
import re
import shutil
import stat
import tempfile
import unittest

import frikort_server as fs
from frikort_server import dated
from reconcile_case import (
    BASE, FILES, FOLDER, ITEMS, PATH, REFERENCE, REFUNDS, SUBMITTED, YEAR, command, copy_of, figures, numbers_in,
    rows_of, setUpModule, statement_of, tables_of)


class CommandTest(unittest.TestCase):

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=FOLDER))

    def test_beside_a_server_and_without_one(self):
        data = copy_of(BASE)
        server = fs.Server(str(data)).start()
        try:
            online = self.folder / "online"
            done = command(server.url, online)
            self.assertEqual(command(data, self.folder / "never", exit_status=3).stdout, b"")
        finally:
            server.stop()
        self.assertEqual(tables_of(online), tables_of(REFERENCE))
        self.assertEqual(figures(statement_of(online)), figures(statement_of(REFERENCE)))
        self.assertEqual((online / REFUNDS).read_bytes(), (REFERENCE / REFUNDS).read_bytes())
        self.assertEqual(numbers_in(done.stdout + done.stderr + server_log(server)), set())
        for folder in (online, REFERENCE):
            self.assertEqual({path.name for path in folder.iterdir()},
                             FILES | {"manifest.json", "manifest.sig", "report.html", REFUNDS})
            for file in json.loads((folder / "manifest.json").read_text())["files"]:
                self.assertEqual(hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest(), file["sha256"])
            for path in folder.iterdir():
                if path.name != REFUNDS:
                    self.assertEqual(numbers_in(path.read_bytes()), set(), path.name)

    def test_refund_file(self):
        self.assertEqual(stat.S_IMODE((REFERENCE / REFUNDS).stat().st_mode), 0o600)
        rows, payouts = rows_of(REFERENCE, "refund_file"), rows_of(REFERENCE, "payouts")
        people = [row.pop("personId") for row in rows]
        self.assertEqual(rows, payouts)
        self.assertEqual(len(people), len(set(people)))
        # Each number is the one under which the refunded registrations were submitted.
        person_of = {}
        for item in ITEMS:
            if item.get("type", "copayment") == "copayment" and item["personId"] in SUBMITTED:
                person_of.setdefault((item["practiceId"], item["guid"].lower()), set()).add(item["personId"])
        for person, row in zip(people, payouts):
            for line in row["lines"]:
                self.assertIn(person, person_of[line["practiceId"], line["guid"]])

    def test_report_and_summary(self):
        page = (REFERENCE / "report.html").read_text(encoding="utf-8")
        totals = statement_of(REFERENCE)["totals"]
        text = re.sub(r"[\s\u2009\u00a0\u202f]", "", re.sub(r"<[^>]*>", " ", page))
        for ore in (totals["refundedOre"], totals["countedOre"], statement_of(REFERENCE)["latenessCost"]["overpaidOre"]):
            self.assertIn(f"{ore // 100},{ore % 100:02}", text)
        done = command(copy_of(BASE), self.folder / "output")
        lines = {line[:17].rstrip(): line[17:] for line in done.stdout.decode().splitlines()}
        self.assertTrue(lines["statement"].startswith(f"{YEAR}-1 up to 0-"))
        self.assertIn(f"{totals['registrations']}, counted {totals['countedOre'] // 100}", lines["registrations"])
        self.assertIn(f"to {totals['payouts']} persons", lines["to pay now"])
        self.assertIn(f"{YEAR + 1}-06-30", lines["reports until"])
        self.assertEqual(lines["differences"], "0")

    def test_options(self):
        data = copy_of(BASE)
        output = self.folder / "dry"
        done = command(data, output, "--dry-run", "--without-numbers", "--json")
        self.assertEqual(json.loads(done.stdout), statement_of(output))
        self.assertEqual((statement_of(output)["number"], statement_of(output)["isDryRun"]), (0, True))
        names = {path.name for path in output.iterdir()}
        self.assertEqual(names & {REFUNDS, "manifest.sig"}, set())
        self.assertIn("report.html", names)
        self.assertEqual(tables_of(output), tables_of(REFERENCE))
        self.assertEqual(list((data / "statements").iterdir()), [])
        output = self.folder / "signed"
        command(data, output, "--without-numbers")
        self.assertEqual({path.name for path in output.iterdir()} & {REFUNDS, "manifest.sig"}, {"manifest.sig"})
        self.assertEqual(statement_of(output)["number"], 1)

    def test_a_dry_run_of_a_year_without_copayments(self):
        done = fs.run_frikort("reconcile", "--data", copy_of(BASE), "--year", 2022, "--output", self.folder / "none",
                              "--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(statement_of(self.folder / "none")["totals"]["registrations"], 0)
        self.assertIn("no verdict on their timeliness", (self.folder / "none/report.html").read_text(encoding="utf-8"))

    def test_wrong_usage(self):
        data = copy_of(BASE)
        full = self.folder / "full"
        full.mkdir()
        (full / "mine").write_text("kept")
        self.assertIn(b"new or empty", command(data, full, exit_status=2).stderr)
        self.assertEqual(os.listdir(full), ["mine"])
        command(data, full / "mine", exit_status=2)
        self.assertEqual(os.listdir(self.folder), ["full"])
        empty = self.folder / "empty"
        empty.mkdir()
        command(data, empty)
        for year in ("2020", "1", "0", "-1", "soon"):
            done = fs.run_frikort("reconcile", "--data", data, "--output", self.folder / "none", "--year", year)
            self.assertEqual(done.returncode, 2, done.stderr)
        done = fs.run_frikort("reconcile", "--data", data, "--output", self.folder / "none", "--year", 2022)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"There is no co-payment of 2022", done.stderr)
        self.assertIn(b"there is no statement", command(data, self.folder / "none", "--number", 7, exit_status=2).stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), ["empty", "full"], "what is refused leaves nothing")

    def test_a_year_that_is_not_over(self):
        config = self.folder / "config.toml"
        config.write_text("accept_test_numbers = true\n[ceilings]\n2090 = 3278\n")
        data = self.folder / "data"
        fs.frikort_json("load", "--data", data, "--config", config, "--trust-received-time", "-",
                        stdin=fs.ndjson([dated("2090-05-02")]))
        arguments = ("reconcile", "--data", data, "--config", config, "--year", 2090, "--output", self.folder / "output")
        done = fs.run_frikort(*arguments)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"not over, and its co-payments may be reported until 2091-06-30", done.stderr)
        self.assertFalse((data / "statements").exists())
        server = fs.Server(str(data), ["--config", str(config)]).start()
        try:
            reply = server.post_json(PATH, {"year": 2090})
            self.assertEqual((reply.status, reply.json()["code"], reply.json()["field"]), (400, "YEAR_NOT_OVER", "year"))
            for options in (("--dry-run",), ("--early",)):
                output = self.folder / options[0]
                done = fs.run_frikort("reconcile", "--server", server.url, "--year", 2090, "--output", output, *options)
                self.assertEqual(done.returncode, 0, done.stderr)
                statement = statement_of(output)
                self.assertEqual((statement["isYearOver"], statement["lastReportDay"], statement["lastCreditNoteDay"]),
                                 (False, "2091-06-30", "2093-12-31"))
                self.assertIn("Early: the year 2090 is not over.", (output / "report.html").read_text(encoding="utf-8"))
        finally:
            server.stop()

    def test_a_kept_statement_once_more(self):
        data = copy_of(BASE)
        command(data, self.folder / "first")
        command(data, self.folder / "second")
        command(data, self.folder / "again", "--number", 1)
        server = fs.Server(str(data)).start()
        try:
            command(server.url, self.folder / "online", "--number", 1)
            self.assertIn(b"no statement", command(server.url, self.folder / "none", "--number", 3, exit_status=2).stderr)
        finally:
            server.stop()
        for folder in ("again", "online"):
            for path in (self.folder / "first").iterdir():
                self.assertEqual(path.read_bytes(), (self.folder / folder / path.name).read_bytes(), path)
        self.assertEqual((self.folder / "second" / REFUNDS).read_bytes(), b"")

    def test_refund_file_of_a_state_that_was_made_again(self):
        data = copy_of(BASE)
        command(data, self.folder / "output")
        shutil.rmtree(data / "state")
        server = fs.Server(str(data)).start()
        try:
            reply = server.get(f"{PATH}/{YEAR}-1/file?name={REFUNDS}")
        finally:
            server.stop()
        self.assertEqual((reply.status, reply.body), (200, (REFERENCE / REFUNDS).read_bytes()))

    def test_could_not_run(self):
        done = command(self.folder / "missing", self.folder / "output", exit_status=3)
        self.assertIn(b"there is no ledger", done.stderr)
        self.assertFalse((self.folder / "missing").exists())
        command(f"http://127.0.0.1:{fs.free_port()}", self.folder / "other", exit_status=3)
        self.assertEqual(os.listdir(self.folder), [])

    def test_damaged_state(self):
        data = copy_of(BASE)
        fs.frikort_json("status", "--data", data)  # hands everything over to files
        tables = sorted(path.name for path in (data / "state").glob("*.sst"))
        self.assertGreater(len(tables), 5)
        outputs = (self.folder / str(number) for number in itertools.count())
        named = set()
        for name in tables:
            with self.subTest(table=name):
                damaged = copy_of(data)
                path = damaged / "state" / name
                content = bytearray(path.read_bytes())
                content[len(content) // 2] ^= 1
                path.write_bytes(content)
                done = command(damaged, next(outputs), exit_status=3)
                message = done.stderr.decode().splitlines()[-1]
                self.assertRegex(message, "state")
                named.update(re.findall(r"the (?:[\w ]+?) (?:of|in) the state", message))
                # The remedy: the state is made again from the journal.
                shutil.rmtree(damaged / "state")
                output = next(outputs)
                command(damaged, output)
                self.assertEqual(tables_of(output), tables_of(REFERENCE))
        self.assertGreaterEqual(len(named), 4, named)
        damaged = copy_of(data)
        (damaged / "state" / tables[0]).unlink()
        self.assertIn(b"/state", command(damaged, next(outputs), exit_status=3).stderr.splitlines()[-1])

    def test_damaged_journal(self):
        data = copy_of(BASE)
        fs.frikort_json("status", "--data", data)
        path = max((data / "journal").glob("*.sst"), key=lambda file: file.stat().st_size)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        done = command(data, self.folder / "output", exit_status=3)
        self.assertRegex(done.stderr.decode().splitlines()[-1], "the journal cannot be read at 0-[0-9]+.*restore")


def server_log(server):
    return b"" if server.log.closed else server.output()


if __name__ == "__main__":
    unittest.main()
