"""verify, export, and the audit by other code: they agree, and each finds what was damaged."""

import csv
import hashlib
import json
import os
import pathlib
import pty
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (Encoding, NoEncryption, PrivateFormat, PublicFormat,
                                                          load_pem_private_key)

import frikort_server as fs
from frikort_server import dated

AUDIT = fs.ROOT / "scripts" / "audit.py"
YEAR = 2024


def audit(export, key, *more):
    done = subprocess.run([sys.executable, AUDIT, export, "--public-key", key, "--json", *map(str, more)],
                          capture_output=True, timeout=600, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr.decode()


def change(path, old, new):
    content = path.read_bytes()
    if old not in content:
        raise AssertionError(f"{old!r} is not in {path}")
    path.write_bytes(content.replace(old, new, 1))


def records_of(path):
    content, records = path.read_bytes(), []
    while content:
        size = int.from_bytes(content[:4], "big")
        records.append(content[4:4 + size])
        content = content[4 + size:]
    return records


def write_records(path, records):
    path.write_bytes(b"".join(len(record).to_bytes(4, "big") + record for record in records))


def mend_manifest(export):
    """What somebody does who changes an export and knows that there are hashes."""
    path = export / "manifest.json"
    manifest = json.loads(path.read_text())
    for file in manifest["files"]:
        content = (export / file["name"]).read_bytes()
        file.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
        if file["name"].endswith(".ndjson"):
            file["rows"] = content.count(b"\n")
    path.write_text(json.dumps(manifest))


class AuditTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="frikort-e2e-audit-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        items = cls.folder / "items.ndjson"
        done = fs.run_frikort("generate", "--registrations", 3000, "--persons", 300, "--year", YEAR, "--seed", 7,
                              "--output", items)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.data = cls.folder / "data"
        # Two loads, so that there is an earlier end; one item of another year.
        lines = items.read_bytes().splitlines(keepends=True)
        cls.load(b"".join(lines[:2000]))
        cls.earlier = fs.frikort_json("verify", "--data", cls.data)
        cls.load(b"".join(lines[2000:]) + fs.ndjson([dated("2025-03-01", 500_000)]))
        cls.key = cls.data / "keys" / "signing.pub"
        cls.exports = {}
        for form in ("ndjson", "csv"):
            cls.exports[form] = cls.folder / form
            cls.manifest = fs.frikort_json("export", "--data", cls.data, "--output", cls.exports[form], "--format",
                                           form, "--journal")

    @classmethod
    def load(cls, content):
        fs.frikort_json("load", "--create", "--data", cls.data, "--trust-received-time", "-", stdin=content)

    def copy(self, form="ndjson"):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder)) / "export"
        shutil.copytree(self.exports[form], folder)
        return folder

    def expect_finding(self, export, *parts, more=(), key=None):
        """One of the findings has all the parts."""
        code, report = audit(export, key or self.key, *more)
        self.assertEqual(code, 1, report)
        self.assertTrue(any(all(part in finding for part in parts) for finding in report["findings"]),
                        f"{parts} in {report['findings']}")

    # --- all is well ---

    def test_agrees(self):
        status = fs.frikort_json("status", "--data", self.data)
        verified = fs.frikort_json("verify", "--data", self.data)
        self.assertIsNone(verified["finding"])
        for form, export in self.exports.items():
            with self.subTest(form=form):
                code, report = audit(export, self.key, "--year", YEAR)
                self.assertEqual((code, report["findings"]), (0, []))
                self.assertEqual((report["records"], report["entries"], report["root"]),
                                 (verified["records"], verified["entries"], verified["root"]))
                self.assertEqual(report["position"], status["head"])
                self.assertEqual(report["compared"]["accounts"], status["accounts"])
                self.assertEqual(report["compared"]["cards"], status["cards"])
                totals = report["figures"]["totals"]
                self.assertEqual(totals["registrations"], status["registrations"] - 1, "one is of another year")
                self.assertEqual(totals["registrations"], sum(totals[name] for name in
                                                              ("unpaid", "zeroAmount", "credited", "counted")))
                self.assertEqual((totals["payments"], totals["creditNotes"]), (status["payments"], status["creditNotes"]))
                self.assertEqual(totals["cards"], status["cards"] - 1)
                self.assertGreater(totals["refundedOre"], 0)

    def test_text_says_which_year_is_meant(self):
        # The newer year has one co-payment.
        done = subprocess.run([sys.executable, AUDIT, self.exports["csv"], "--public-key", self.key], capture_output=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"year               {YEAR}; --year shows 2025\n", done.stdout.decode())
        progress = [json.loads(line) for line in done.stderr.splitlines()]
        self.assertEqual((progress[-1]["done"], progress[-1]["entries"]),
                         (progress[-1]["total"], self.manifest_entries()))

    def test_progress_on_a_terminal_is_one_line(self):
        ours, theirs = pty.openpty()
        try:
            subprocess.run([sys.executable, AUDIT, self.exports["csv"], "--public-key", self.key], check=True, timeout=120,
                           stdout=subprocess.DEVNULL, stderr=theirs)
            shown = os.read(ours, 1 << 16)
        finally:
            os.close(ours)
            os.close(theirs)
        self.assertEqual((shown.count(b"\n"), b"100 %" in shown), (1, True), shown)

    def manifest_entries(self):
        return next(file["rows"] for file in self.manifest["files"] if file["name"].startswith("entries"))

    def test_positions_have_one_form(self):
        tables = {
            "entries": ("position",), "accounts": ("newest",), "refund_lines": ("position", "registration")}
        for table, names in tables.items():
            for line in (self.exports["ndjson"] / f"{table}.ndjson").read_text().splitlines():
                for name in names:
                    self.assertRegex(json.loads(line)[name], r"^0-[1-9]\d*$")

    def test_pem_key(self):
        pem = self.folder / "public.pem"
        private = load_pem_private_key((self.data / "keys" / "signing.pem").read_bytes(), None)
        pem.write_bytes(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        self.assertEqual(audit(self.exports["csv"], pem)[0], 0)
        self.assertEqual(fs.run_frikort("verify", "--data", self.data, "--public-key", pem).returncode, 0)

    def test_export_of_one_year(self):
        export = self.folder / "of_2025"
        fs.frikort_json("export", "--data", self.data, "--output", export, "--year", 2025, "--journal")
        code, report = audit(export, self.key)
        self.assertEqual((code, report["findings"]), (0, []))
        lags = report["compared"].pop("timeliness")
        self.assertEqual(report["compared"], {"accounts": 1, "cards": 1, "refund_lines": 1})
        self.assertGreater(lags, 2, "what was received in 2025 of the year before, and the one item twice")
        self.assertEqual(len((export / "entries.ndjson").read_text().splitlines()), 1)

    def test_sql_over_csv(self):
        code, report = audit(self.exports["csv"], self.key, "--year", YEAR)
        self.assertEqual(code, 0)
        totals = report["figures"]["totals"]
        db = sqlite3.connect(":memory:")
        for table in ("entries", "accounts", "cards", "refund_lines", "timeliness"):
            with open(self.exports["csv"] / f"{table}.csv", newline="", encoding="utf-8") as file:
                rows = csv.reader(file)
                names = next(rows)
                db.execute(f"CREATE TABLE {table} ({', '.join(name + ' NUMERIC' for name in names)})")
                db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows)
        db.execute("""CREATE TABLE registrations AS
            SELECT c.*, p.position IS NOT NULL AS payments, n.position IS NOT NULL AS credited,
                   c.paid = 'true' OR p.position IS NOT NULL AS paidNow
            FROM entries c
            LEFT JOIN entries p ON p.type = 'payment' AND p.guid = c.guid AND p.practiceId = c.practiceId
            LEFT JOIN entries n ON n.type = 'creditNote' AND n.guid = c.guid AND n.practiceId = c.practiceId
            WHERE c.type = 'copayment' AND c.year = ?""", (YEAR,))
        cursor = db.execute("""
            SELECT COUNT(*) registrations, SUM(amountOre) amountOre, SUM(payments) payments, SUM(credited) creditNotes,
                   SUM(NOT credited AND NOT paidNow) unpaid,
                   SUM((NOT credited AND NOT paidNow) * amountOre) unpaidOre,
                   SUM(NOT credited AND paidNow AND amountOre = 0) zeroAmount, SUM(credited) credited,
                   SUM(credited * amountOre) creditedOre,
                   SUM(NOT credited AND paidNow AND amountOre > 0) counted,
                   SUM((NOT credited AND paidNow) * amountOre) countedOre
            FROM registrations""")
        of_entries = dict(zip((column[0] for column in cursor.description), cursor.fetchone()))
        cursor = db.execute("""
            SELECT COUNT(*) persons, SUM(refundedOre > 0) payouts, SUM(refundedOre) payoutOre,
                   (SELECT COUNT(*) FROM cards WHERE year = a.year) cards,
                   (SELECT COUNT(*) FROM cards WHERE year = a.year AND state = 'underReview') cardsUnderReview,
                   (SELECT COUNT(*) FROM refund_lines WHERE year = a.year) refundLines,
                   (SELECT SUM(amountOre) FROM refund_lines WHERE year = a.year) refundedOre
            FROM accounts a WHERE year = ?""", (YEAR,))
        of_accounts = dict(zip((column[0] for column in cursor.description), cursor.fetchone()))
        self.assertEqual({**of_entries, **of_accounts}, totals)
        within = db.execute("SELECT SUM(count), SUM(count * (lagDays <= 16)), SUM(count * (lagDays <= 24)), "
                            "SUM(count * (lagDays <= 32)) FROM timeliness WHERE basis = 'service' AND month LIKE '2024-%'")
        lags = report["figures"]["timeliness"]
        self.assertEqual(within.fetchone(), (lags["count"], *(limit["within"] for limit in lags["limits"])))
        by_service = db.execute("SELECT serviceType, COUNT(*), SUM(amountOre) FROM registrations GROUP BY serviceType")
        self.assertEqual({row[0]: row[1:] for row in by_service},
                         {row["serviceType"]: (row["registrations"], row["amountOre"])
                          for row in report["figures"]["serviceTypes"]})

    # --- a damaged export ---

    def test_a_changed_amount_in_the_journal(self):
        export = self.copy()
        records = records_of(export / "journal.records")
        self.assertGreater(len(records), 1)
        # The last bytes of the last entry of the last record's content: its amount, 500000 øre.
        amount = bytes((0xa0, 0xc2, 0x1e))
        place = records[-1].index(amount)
        records[-1] = records[-1][:place] + bytes((0xa1,)) + records[-1][place + 1:]
        write_records(export / "journal.records", records)
        first = int.from_bytes(records[-1][1:9], "big")
        self.expect_finding(export, "journal.records", "sha256")
        mend_manifest(export)
        self.expect_finding(export, f"record at 0-{first}:", "changed after it was sealed")

    def test_swapped_dropped_and_cut_records(self):
        good = records_of(self.exports["ndjson"] / "journal.records")
        first = [int.from_bytes(record[1:9], "big") for record in good]
        for what, records, position, part in (
                ("swapped", [good[1], good[0], *good[2:]], 1, f"its content says 0-{first[1]}"),
                ("dropped", good[1:], 1, f"its content says 0-{first[1]}"),
                ("cut off", good[:-1], first[-1], "is missing: the journal ends at"),
                ("cut short", [*good[:-1], good[-1][:-10]], first[-1], "does not decode")):
            with self.subTest(what):
                export = self.copy()
                write_records(export / "journal.records", records)
                mend_manifest(export)
                self.expect_finding(export, f"record at 0-{position}:", part)

    def test_every_part_of_a_record_is_covered(self):
        good = records_of(self.exports["ndjson"] / "journal.records")
        first = int.from_bytes(good[-1][1:9], "big")
        record = good[-1]
        for place in {*range(0, len(record), 1 + len(record) // 20), len(record) - 1, len(record) - 70}:
            with self.subTest(place=place):
                export = self.copy()
                write_records(export / "journal.records",
                              [*good[:-1], record[:place] + bytes((record[place] ^ 1,)) + record[place + 1:]])
                self.expect_finding(export, f"record at 0-{first}:")

    def test_another_key(self):
        other = self.folder / "other.pub"
        other.write_text(Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex())
        self.expect_finding(self.exports["ndjson"], "record at 0-1:", "is signed with the key", key=other)
        done = fs.run_frikort("verify", "--data", self.data, "--public-key", other)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"record at 0-1: is signed with another key", done.stdout)

    def test_changed_rows(self):
        for table, old, new in (("accounts", b'"countedOre":', b'"countedOre":1'),
                                ("cards", b'"state":"active"', b'"state":"underReview"'),
                                ("refund_lines", b'"amountOre":', b'"amountOre":1'),
                                ("timeliness", b'"count":', b'"count":1'),
                                ("entries", b'"amountOre":', b'"amountOre":1'),
                                ("accounts", b'{"personRef"', b'{"personRuf"')):
            with self.subTest(table=table, new=new):
                export = self.copy()
                change(export / f"{table}.ndjson", old, new)
                self.expect_finding(export, f"{table}.ndjson", "sha256")
                mend_manifest(export)
                self.expect_finding(export, f"{table}: ")

    def test_missing_and_added_rows(self):
        for table in ("accounts", "cards", "refund_lines", "timeliness", "entries"):
            path = f"{table}.ndjson"
            lines = (self.exports["ndjson"] / path).read_bytes().splitlines(keepends=True)
            for changed in (lines[:-1], lines + lines[-1:]):
                with self.subTest(table=table, rows=len(changed)):
                    export = self.copy()
                    (export / path).write_bytes(b"".join(changed))
                    mend_manifest(export)
                    self.expect_finding(export, f"{table}: ")

    def test_could_not_run(self):
        empty = self.folder / "empty"
        empty.mkdir(exist_ok=True)
        self.assertEqual(audit(empty, self.key)[0], 3)
        self.assertEqual(audit(self.exports["csv"], self.folder / "items.ndjson")[0], 3)
        done = subprocess.run([sys.executable, AUDIT], capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2)

    # --- statements ---

    def statement(self, end, figures, **over):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        content = {"year": YEAR, "position": end["last"], "root": end["root"], **figures, **over}
        (folder / "statement.json").write_text(json.dumps(content))
        self.sign(folder)
        return folder

    def sign(self, folder):
        raw = (folder / "statement.json").read_bytes()
        manifest = json.dumps({"statement": "2024-1", "files": [
            {"name": "statement.json", "bytes": len(raw), "rows": 1, "sha256": hashlib.sha256(raw).hexdigest()}]}).encode()
        (folder / "manifest.json").write_bytes(manifest)
        private = load_pem_private_key((self.data / "keys" / "signing.pem").read_bytes(), None)
        (folder / "manifest.sig").write_text(json.dumps({
            "keyId": fs.frikort_json("verify", "--data", self.data)["keyId"],
            "signature": private.sign(hashlib.sha256(manifest).digest()).hex()}))

    def test_statement_at_an_earlier_position(self):
        # The figures as they were: an audit of the journal up to there.
        export = self.copy()
        records = records_of(export / "journal.records")
        write_records(export / "journal.records", records[:self.earlier["records"]])
        code, report = audit(export, self.key, "--year", YEAR)
        self.assertEqual(code, 1, "the manifest names more")
        figures = {name: report["figures"][name] for name in ("totals", "serviceTypes", "timeliness")}
        now = audit(self.exports["csv"], self.key, "--year", YEAR)[1]["figures"]
        self.assertNotEqual(figures["totals"], now["totals"])

        folder = self.statement(self.earlier, figures)
        code, report = audit(self.exports["csv"], self.key, "--statement", folder)
        self.assertEqual((code, report["findings"]), (0, []))
        self.assertGreater(report["statement"]["figures"], 18 + 13)

        def expect(part, **over):
            wrong = self.statement(self.earlier, figures, **over)
            self.expect_finding(self.exports["csv"], part, more=("--statement", wrong))
        expect("totals: countedOre is 1,", totals={**figures["totals"], "countedOre": 1})
        expect("the journal was cut off or replaced", root="00" * 32)
        expect("the journal was cut off or replaced", position="0-99999999")
        expect("timeliness within 24 days: within is 0,",
               timeliness={"count": figures["timeliness"]["count"], "limits": [{"days": 24, "within": 0}]})
        expect("serviceTypes", serviceTypes=figures["serviceTypes"][:-1])
        change(folder / "statement.json", b'"year"', b'"yeur"')
        self.expect_finding(self.exports["csv"], "sha256", more=("--statement", folder, "--year", YEAR))
        folder = self.statement(self.earlier, figures)
        change(folder / "manifest.json", b"2024-1", b"2024-2")
        self.expect_finding(self.exports["csv"], "the signature of the manifest does not fit",
                            more=("--statement", folder))

    def test_verify_holds_the_journal_against_statements(self):
        data = self.folder / "stated"
        shutil.copytree(self.data, data)
        self.addCleanup(shutil.rmtree, data)
        place = data / "statements" / "2024-1"
        place.mkdir(parents=True)
        content = {"position": self.earlier["last"], "root": self.earlier["root"]}
        (place / "statement.json").write_text(json.dumps(content))
        report = fs.frikort_json("verify", "--data", data)
        self.assertEqual((report["finding"], report["statements"]), (None, 0), "the journal names none")
        (place / "statement.json").write_text(json.dumps({**content, "root": "00" * 32}))
        report = fs.frikort_json("verify", "--data", data, exit_status=1)
        self.assertIn("statement 2024-1", report["finding"]["what"])
        (place / "statement.json").write_text(json.dumps({**content, "position": "0-99999999"}))
        report = fs.frikort_json("verify", "--data", data, exit_status=1)
        self.assertIn("its end was cut off", report["finding"]["what"])
        (place / "statement.json").write_text("{}")
        self.assertEqual(fs.run_frikort("verify", "--data", data).returncode, 3)

    # --- the commands ---

    def test_verify_beside_a_running_server(self):
        server = fs.Server().start()
        try:
            for _ in range(3):
                server.submit_one(dated("2025-03-01"))
                report = fs.frikort_json("verify", "--data", server.data)
                self.assertIsNone(report["finding"])
            self.assertEqual(report["entries"], 3)
            done = fs.run_frikort("export", "--data", server.data, "--output", self.folder / "never")
            self.assertEqual(done.returncode, 3)
            self.assertIn(b"is in use by another process; remedy: stop it", done.stderr)
            self.assertFalse((self.folder / "never").exists())
            server.stop()
        finally:
            server.clean()

    def test_verify_could_not_run(self):
        self.assertEqual(fs.run_frikort("verify", "--data", self.folder / "missing").returncode, 3)
        self.assertEqual(fs.run_frikort("verify", "--data", self.data, "--public-key", self.folder / "items.ndjson")
                         .returncode, 3)

    def test_export_refuses_a_folder_with_something_in_it(self):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        (folder / "mine").write_text("kept")
        self.assertEqual(fs.run_frikort("export", "--data", self.data, "--output", folder).returncode, 2)
        self.assertEqual(os.listdir(folder), ["mine"])
        empty = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        self.assertEqual(fs.run_frikort("export", "--data", self.data, "--output", empty).returncode, 0)
        self.assertIn("manifest.json", os.listdir(empty))
        self.assertEqual(fs.run_frikort("export", "--data", self.folder / "missing", "--output", folder / "new")
                         .returncode, 3)
        self.assertEqual(fs.run_frikort("export", "--data", self.data, "--output", folder / "new", "--format", "xml")
                         .returncode, 2)

    def test_export_is_the_same_each_time_and_holds_no_number(self):
        again = self.folder / "again"
        manifest = fs.frikort_json("export", "--data", self.data, "--output", again, "--format", "csv", "--journal")
        self.assertEqual(manifest, self.manifest)
        self.assertFalse((self.folder / "again.partial").exists())
        people = {json.loads(line).get("personId") for line in (self.folder / "items.ndjson").read_text().splitlines()}
        content = b"".join(path.read_bytes() for path in again.iterdir())
        for person in people:
            if isinstance(person, str) and len(person) == 11:
                self.assertNotIn(person.encode(), content)


if __name__ == "__main__":
    unittest.main()
