"""The year-end reconciliation from outside: the statement, its series, interruptions, the files, and the same by SQL."""

import csv
import hashlib
import io
import itertools
import json
import os
import pathlib
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import faulty_disk
import frikort_server as fs
from frikort_server import credit_note, dated, new_person, payment

AUDIT = fs.ROOT / "scripts" / "audit.py"
YEAR, COUNT, PERSONS = 2024, 20_000, 2_000
PATH = "/v1/reconciliations"
TABLES = ("differences", "unpaid", "cards", "payouts", "payout_lines", "changes", "practices", "service_types")
FILES = {"statement.json", *(f"{name}.{form}" for name in TABLES for form in ("ndjson", "csv"))}
REFUNDS = "refund_file.ndjson"
WAIT_SECONDS = 120

FOLDER = BASE = ITEMS = SUBMITTED = REFERENCE = None


def setUpModule():
    """A generated year, submitted to a running server; each class works on a copy of that ledger."""
    global FOLDER, BASE, ITEMS, SUBMITTED, REFERENCE
    FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="frikort-e2e-reconcile-"))
    unittest.addModuleCleanup(shutil.rmtree, FOLDER, ignore_errors=True)
    items = FOLDER / "items.ndjson"
    done = fs.run_frikort("generate", "--registrations", COUNT, "--persons", PERSONS, "--year", YEAR, "--seed", 5,
                          "--output", items)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    BASE = FOLDER / "base"
    BASE.mkdir()
    server = fs.Server(str(BASE)).start()
    try:
        fs.frikort_json("load", "--server", server.url, "--trust-received-time", items, timeout=300)
    finally:
        server.stop()
    ITEMS = [json.loads(line) for line in items.read_bytes().splitlines()]
    SUBMITTED = {item["personId"] for item in ITEMS if "personId" in item and len(str(item["personId"])) == 11}
    # What an undisturbed run makes of this ledger.
    REFERENCE = FOLDER / "reference"
    command(copy_of(BASE), REFERENCE)


def copy_of(data):
    made = pathlib.Path(tempfile.mkdtemp(dir=FOLDER)) / "data"
    shutil.copytree(data, made)
    return made


def command(data, output, *more, exit_status=0):
    """`frikort reconcile`, on a ledger or (an URL) through a server; gives the CompletedProcess."""
    place = ("--server", data) if str(data).startswith("http") else ("--data", data)
    done = fs.run_frikort("reconcile", *place, "--year", YEAR, "--output", output, *more, timeout=WAIT_SECONDS)
    if done.returncode != exit_status:
        raise AssertionError(f"exit status {done.returncode}, expected {exit_status}: {done.stdout[-1000:]!r} "
                             f"{done.stderr[-2000:]!r}")
    return done


def statement_of(folder):
    return json.loads((folder / "statement.json").read_text())


def rows_of(folder, table):
    return [json.loads(line) for line in (folder / f"{table}.ndjson").read_text().splitlines()]


def tables_of(folder):
    """The hash of every table."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES - {"statement.json"}}


def numbers_in(content):
    """National numbers that were submitted and stand in these bytes."""
    return {word.decode() for word in re.findall(rb"(?<!\d)\d{11}(?!\d)", content)} & SUBMITTED


def figures(statement):
    """All of a statement but when and as which number it was made, and what it says of the one before."""
    return {name: value for name, value in statement.items()
            if name not in ("statement", "number", "madeAt", "previous", "changes", "isDryRun")}


def documented_columns(heading):
    """{table: columns} as api/TABLES.md explains them below a heading."""
    text = (fs.ROOT / "api" / "TABLES.md").read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    columns, tables = {}, ()
    for line in text.splitlines():
        if begin := re.match(r"((?:`\w+`(?: and )?)+):", line):
            tables = re.findall(r"`(\w+)`", begin[1])
            columns.update({table: set() for table in tables})
        elif line.startswith("| `"):
            for table in tables:
                columns[table].update(re.findall(r"`(\w+)`", line.split("|")[1]))
    return columns


class ReconcileCase(fs.ServerCase):
    """A server on a copy of the ledger."""

    @classmethod
    def setUpClass(cls):
        cls.data = copy_of(BASE)
        cls.server = fs.Server(str(cls.data)).start()
        cls.addClassCleanup(cls.server.clean)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop(clean=False)

    def start(self, year=YEAR, **more):
        return self.server.post_json(PATH, {"year": year, **more})

    def wait(self, location):
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            reply = self.server.get(location)
            self.assertEqual(reply.status, 200, reply.body[:500])
            job = reply.json()
            if job["state"] != "running":
                return job
            progress = job["progress"]
            self.assertLessEqual({"phase", "unit", "done", "total", "perSecond"}, progress.keys())
            time.sleep(0.02)
        raise AssertionError(f"still running after {WAIT_SECONDS} s")

    def reconcile(self, **more):
        """Starts one and waits until it is done; gives the answer about it."""
        reply = self.start(**more)
        self.assertEqual(reply.status, 202, reply.body[:500])
        job = self.wait(reply.header("Location"))
        self.assertEqual(job["state"], "done", job)
        return job

    def pieces(self, job, name):
        """A file of a statement, in the pieces in which it comes."""
        offset = "0"
        while offset is not None:
            reply = self.server.get(f"{PATH}/{job['id']}/file?name={name}&offset={offset}")
            self.assertEqual(reply.status, 200, reply.body[:500])
            yield reply
            offset = reply.header("Next-Offset")

    def file(self, job, name):
        return b"".join(piece.body for piece in self.pieces(job, name))

    def rows(self, job, table):
        return [json.loads(line) for line in self.file(job, f"{table}.ndjson").splitlines()]

    def restart(self):
        self.server.kill()
        self.server.start()

    def work_folder(self, suffix=""):
        return self.data / "statements" / f".work-{YEAR}{suffix}"

    def start_and_see_it_run(self):
        """Starts one and comes back when it has begun to work; it may be done already."""
        reply = self.start()
        self.assertEqual(reply.status, 202, reply.body[:500])
        location = reply.header("Location")
        made = self.data / "statements" / location.rpartition("/")[2]
        deadline = time.monotonic() + WAIT_SECONDS
        while not self.work_folder().exists() and not made.exists() and time.monotonic() < deadline:
            pass
        return location


class StatementTest(ReconcileCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.started = cls.server.post_json(PATH, {"year": YEAR})
        self = cls("test_started")
        cls.job = self.wait(f"{PATH}/{YEAR}-1")
        cls.statement = cls.job["statement"]
        cls.totals = cls.statement["totals"]

    def test_started(self):
        self.assertEqual(self.started.status, 202)
        self.assertEqual(self.started.header("Location"), f"{PATH}/{YEAR}-1")
        self.assertEqual(self.started.json(), {"id": f"{YEAR}-1", "year": YEAR, "number": 1, "state": "running"})

    def test_done(self):
        self.assertEqual((self.job["id"], self.job["number"], self.job["state"]), (f"{YEAR}-1", 1, "done"))
        self.assertEqual((self.statement["statement"], self.statement["isDryRun"]), (f"{YEAR}-1", False))
        self.assertEqual(self.statement["ceilingOre"], fs.CEILING[YEAR])
        self.assertEqual(self.statement["differences"]["count"], 0)
        self.assertEqual(set(self.statement["differences"]["byKind"].values()), {0})
        self.assertIsNone(self.statement["previous"])
        self.assertIsNone(self.statement["changes"])
        self.assertFalse(self.work_folder().exists(), "what it worked with is gone")
        self.assertEqual(figures(self.statement), figures(statement_of(REFERENCE)))

    def test_signature_and_hashes(self):
        manifest = self.file(self.job, "manifest.json")
        signature = json.loads(self.file(self.job, "manifest.sig"))
        self.assertEqual((json.loads(manifest), signature), (self.job["manifest"], self.job["signature"]))
        public = bytes.fromhex((self.data / "keys" / "signing.pub").read_text().strip())
        key = next(key for key in self.server.jwks()["keys"] if key["kid"] == signature["keyId"])
        self.assertEqual(fs.b64url(key["x"]), public)
        # Raises when the signature does not fit.
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signature["signature"]),
                                                          hashlib.sha256(manifest).digest())

        for name in ("statement", "position", "root"):
            self.assertEqual(self.job["manifest"][name], self.statement[name])
        self.assertEqual({file["name"] for file in self.job["manifest"]["files"]}, FILES)
        for file in self.job["manifest"]["files"]:
            with self.subTest(file=file["name"]):
                content = self.file(self.job, file["name"])
                self.assertEqual((len(content), hashlib.sha256(content).hexdigest()), (file["bytes"], file["sha256"]))
                heading = 1 if file["name"].endswith(".csv") else 0
                self.assertEqual(content.count(b"\n") - heading, file["rows"])
        self.assertEqual(json.loads(self.file(self.job, "statement.json")), self.statement)

    def test_csv_and_ndjson_say_the_same(self):
        for table in TABLES:
            with self.subTest(table=table):
                (piece,) = self.pieces(self.job, f"{table}.csv")
                self.assertEqual(piece.media_type, "text/csv")
                of_csv = list(csv.DictReader(io.StringIO(piece.body.decode())))
                rows = self.rows(self.job, table)
                for row in rows:
                    row.pop("lines", None)  # the table of payout lines
                self.assertEqual(of_csv, [{name: str(value) for name, value in row.items()} for row in rows])

    def test_every_column_is_explained(self):
        documented = documented_columns("Of a statement")
        self.assertEqual(set(documented), set(TABLES))
        documented["practices"] = documented["service_types"] = documented["practices"] | documented["service_types"]
        named = {table: set(self.file(self.job, f"{table}.csv").split(b"\r\n")[0].decode().split(",")) for table in TABLES}
        named["payouts"].add("lines")
        both = named["practices"] | named["service_types"]
        self.assertEqual(documented, {**named, "practices": both, "service_types": both})

    def test_totals_are_those_of_the_service(self):
        reply = self.server.get(f"/v1/timeliness?from={YEAR}-01&to={YEAR}-12&basis=service").json()
        lags, total = self.statement["timeliness"], reply["total"]
        self.assertEqual(lags["count"], total["count"])
        self.assertEqual(lags["count"], COUNT)
        self.assertEqual(sum(lags["byLag"]), COUNT)
        self.assertAlmostEqual(lags["averageLagDays"], total["averageLagDays"], delta=0.05)
        for limit in lags["limits"]:
            days = limit["days"]
            self.assertEqual(limit["within"], total[f"within{days}"])
            self.assertEqual(limit["within"], sum(lags["byLag"][:days + 1]))
            self.assertAlmostEqual(limit["share"], total[f"share{days}"], places=5)
            self.assertEqual(limit["isMet"], total["met"][f"share{days}"])
        names = ("month", "count", "within16", "within24", "within32")
        self.assertEqual(lags["byMonth"], [{name: month[name] for name in names} for month in reply["months"]])

        status = fs.frikort_json("status", "--server", self.server.url)
        self.assertEqual(self.totals["persons"], status["accounts"])
        for name in ("registrations", "payments", "creditNotes", "cards", "cardsUnderReview", "countedOre", "refundedOre"):
            self.assertEqual(self.totals[name], status[name], name)
        self.assertEqual(self.statement["position"], status["head"])

    def test_tables_add_up_to_the_totals(self):
        for table, names in (("practices", ("registrations", "amountOre", "countedOre", "refundedOre")),
                             ("service_types", ("registrations", "amountOre", "countedOre", "refundedOre"))):
            rows = self.rows(self.job, table)
            self.assertEqual({name: sum(row[name] for row in rows) for name in names},
                             {name: self.totals[name] for name in names}, table)
        self.assertEqual(self.rows(self.job, "service_types"), self.statement["serviceTypes"])
        unpaid = self.rows(self.job, "unpaid")
        self.assertEqual((len(unpaid), sum(row["amountOre"] for row in unpaid)),
                         (self.totals["unpaid"], self.totals["unpaidOre"]))
        cards, payouts = self.rows(self.job, "cards"), self.rows(self.job, "payouts")
        self.assertEqual(len(cards), self.totals["cards"])
        self.assertEqual(len(payouts), self.totals["payouts"])
        lines = []
        for row in payouts:
            self.assertEqual(sum(line["amountOre"] for line in row["lines"]), row["dueOre"])
            self.assertEqual((row["namedOre"], row["toPayOre"], row["payee"]), (0, row["dueOre"], "person"))
            lines += [{"personRef": row["personRef"], **line} for line in row["lines"]]
        self.assertEqual(sum(row["dueOre"] for row in payouts), self.totals["payoutOre"])
        self.assertEqual(self.rows(self.job, "payout_lines"), lines)
        self.assertEqual(self.statement["refunds"], {
            "persons": len(payouts), "dueOre": self.totals["payoutOre"], "namedOre": 0, "toPayOre": self.totals["payoutOre"],
            "payPersons": len(payouts), "payOre": self.totals["payoutOre"], "takeBackPersons": 0, "takeBackOre": 0})
        late = {row["practiceId"]: row["registrations"] - row["within32"] for row in self.rows(self.job, "practices")}
        named = [(row["practiceId"], row["registrations"] - row["within32"]) for row in self.statement["latestPractices"]]
        self.assertEqual([count for _, count in named], sorted(filter(None, late.values()), reverse=True)[:10])
        self.assertEqual(named, [(practice, late[practice]) for practice, _ in named])
        by_month = self.statement["cardsByMonth"]
        for part, member in (("issued", "issuedAt"), ("entitled", "entitledFrom")):
            self.assertEqual({month["month"]: month[part] for month in by_month},
                             {month["month"]: sum(card[member][:7] == month["month"] for card in cards)
                              for month in by_month}, part)

    def test_accounts_say_the_same(self):
        cards = {row["personRef"]: row for row in self.rows(self.job, "cards")}
        refunds = self.rows(self.job, "payouts")
        with_numbers = [json.loads(line) for line in self.file(self.job, REFUNDS).splitlines()]
        # The refund file is the payouts, each with the number first.
        self.assertEqual([{name: row[name] for name in row if name != "personId"} for row in with_numbers], refunds)
        refunded = 0
        for row in with_numbers:
            account = self.server.account(row["personId"], YEAR)
            card = cards[row["personRef"]]
            self.assertEqual(account["refundedOre"], row["dueOre"])
            self.assertEqual([(line["practiceId"], line["guid"], line["amountOre"]) for line in account["refunds"]],
                             [(line["practiceId"], line["guid"], line["amountOre"]) for line in row["lines"]])
            self.assertEqual(account["countedOre"] - account["ceilingOre"], row["dueOre"])
            self.assertEqual((account["countedOre"], account["refundedOre"]), (card["countedOre"], card["refundedOre"]))
            for name in ("state", "issuedAt", "entitledFrom", "crossingGuid"):
                self.assertEqual(account["card"][name], card[name])
            refunded += account["refundedOre"]
        self.assertEqual(refunded, self.totals["refundedOre"])
        self.assertLessEqual({row["personId"] for row in with_numbers}, SUBMITTED)
        others = sorted(SUBMITTED - {row["personId"] for row in with_numbers})[:40]
        self.assertEqual([self.server.account(person, YEAR)["refundedOre"] for person in others], [0] * len(others))

    def test_wrong_requests(self):
        for body, code in (
                ({}, "MISSING_FIELD"), ({"dryRun": True}, "MISSING_FIELD"), ({"year": "2024"}, "INVALID_YEAR"),
                ({"year": None}, "INVALID_YEAR"), ({"year": True}, "INVALID_YEAR"), ({"year": 2024.5}, "INVALID_YEAR"),
                ({"year": 1 << 63}, "INVALID_YEAR"), ({"year": -2024}, "INVALID_YEAR"), ({"year": [2024]}, "INVALID_YEAR"),
                ({"year": 2020}, "NO_RULES_FOR_YEAR"), ({"year": 2099}, "NO_RULES_FOR_YEAR"),
                ({"year": 2099, "dryRun": True}, "NO_RULES_FOR_YEAR"), ({"year": 2022}, "NO_REGISTRATIONS"),
                ({"year": 2022, "early": True}, "NO_REGISTRATIONS"), ({"year": YEAR, "early": "yes"}, "INVALID_EARLY"),
                ({"year": YEAR, "month": 1}, "UNKNOWN_FIELD"), ({"year": YEAR, "dryRun": "yes"}, "INVALID_DRY_RUN"),
                ({"year": YEAR, "dryRun": None}, "INVALID_DRY_RUN"), ({"year": YEAR, "dryRun": 1}, "INVALID_DRY_RUN"),
                (b'{"year":2024,"year":2024}', "DUPLICATE_FIELD"), (b"[]", "MALFORMED_REQUEST"),
                (b"2024", "MALFORMED_REQUEST"), (b"", "MALFORMED_REQUEST"), (b'{"year":2024', "MALFORMED_REQUEST"),
                (b"\xff\x00", "MALFORMED_REQUEST")):
            with self.subTest(body=body):
                self.assert_problem(self.server.post_json(PATH, body), 400, code)
        self.assert_problem(self.server.post_json(PATH, b" " * 20_000), 413, "TOO_LARGE")

    def test_not_found(self):
        for name in (f"{YEAR}-2", f"{YEAR}-0", f"{YEAR}-x", f"{YEAR}-", f"{YEAR}", "-1", "2021-1", f"{YEAR}--1", f"{YEAR}-1x",
                     f"{YEAR}-dry", f"{YEAR}-dryx", "x", "..", "%2e%2e", "..%2f..", f"{YEAR}-1%2f..", f"{YEAR}-1%00",
                     f".work-{YEAR}", f"{YEAR}-99999999999999999999", f"99999999999-1", f"{YEAR}-1/statement.json",
                     f"../{YEAR}-1", f"../../keys/master.key"):
            for tail in ("", "/file?name=statement.json"):
                with self.subTest(path=name + tail):
                    self.assert_problem(self.server.get(f"{PATH}/{name}{tail}"), (400, 404))

    def test_files_that_are_not_there(self):
        for name in ("", "nothing", "..", ".", "/etc/passwd", "../2024-1/statement.json", "../../keys/master.key",
                     "..%2f..%2fkeys%2fmaster.key", "./statement.json", "statement.json/", "statement.json%00", "report.html",
                     "refund_file.csv", "STATEMENT.JSON"):
            with self.subTest(name=name):
                problem = self.assert_problem(self.server.get(f"{PATH}/{self.job['id']}/file?name={name}"), 404, "NOT_FOUND")
                self.assertEqual(problem["field"], "name")
        self.assert_problem(self.server.get(f"{PATH}/{self.job['id']}/file"), 404, "NOT_FOUND")

    def test_offsets(self):
        content = self.file(self.job, "payouts.ndjson")
        for name in ("payouts.ndjson", REFUNDS):
            for offset in ("", "x", "-1", "1.5", "1x", " 0", len(content) + 1, 1 << 64, 1, 7, len(content) - 1):
                with self.subTest(name=name, offset=offset):
                    path = f"{PATH}/{self.job['id']}/file?name={name}&offset={str(offset).replace(' ', '%20')}"
                    problem = self.assert_problem(self.server.get(path), 400, "INVALID_OFFSET")
                    self.assertEqual(problem["field"], "offset")
            second = content.index(b"\n") + 1
            reply = self.server.get(f"{PATH}/{self.job['id']}/file?name={name}&offset={second}")
            self.assertEqual([json.loads(line)["personRef"] for line in reply.body.splitlines()],
                             [json.loads(line)["personRef"] for line in content.splitlines()[1:]])
            reply = self.server.get(f"{PATH}/{self.job['id']}/file?name={name}&offset={len(content)}")
            self.assertEqual((reply.status, reply.body, reply.header("Next-Offset")), (200, b"", None))

    def test_methods(self):
        for path, allowed in ((PATH, "GET, HEAD, POST"), (f"{PATH}/{YEAR}-1", "GET, HEAD"),
                              (f"{PATH}/{YEAR}-1/file", "GET, HEAD")):
            for method in ("DELETE", "PUT", "PATCH", *(() if "POST" in allowed else ("POST",))):
                with self.subTest(method=method, path=path):
                    reply = self.server.request(method, path)
                    self.assert_problem(reply, 405, "METHOD_NOT_ALLOWED")
                    self.assertEqual(", ".join(sorted(reply.header("Allow").split(", "))), allowed)

    def test_list(self):
        self.assertEqual(self.server.get(PATH).json(), {"reconciliations": [
            {"id": f"{YEAR}-1", "year": YEAR, "number": 1, "state": "done"}]})

    def test_no_number_but_in_the_refund_file(self):
        seen = [self.server.get(PATH).body, self.server.get(f"{PATH}/{self.job['id']}").body, self.server.output()]
        seen += [self.file(self.job, name) for name in FILES]
        seen += [path.read_bytes() for path in (self.data / "statements").rglob("*") if path.is_file()]
        for content in seen:
            self.assertEqual(numbers_in(content), set())
        self.assertEqual(len(numbers_in(self.file(self.job, REFUNDS))), self.totals["payouts"])

    def test_an_empty_year(self):
        job = self.reconcile(year=2022, dryRun=True)
        self.assertEqual(set(job["statement"]["totals"].values()), {0})
        self.assertEqual(job["statement"]["differences"]["count"], 0)
        self.assertEqual(job["statement"]["timeliness"]["count"], 0)


class SeriesTest(ReconcileCase):

    def test_series(self):
        first = self.reconcile()
        self.assertEqual(first["number"], 1)

        known = next(item for item in ITEMS if item.get("paid") is True and item["amountOre"] > 0)
        rich, poor = new_person(), new_person()
        late = dict(received=f"{YEAR + 1}-03-10")
        crossing = dated(f"{YEAR}-11-02", fs.CEILING[YEAR] + 12_345, personId=rich, **late)
        unpaid = dated(f"{YEAR}-11-03", 30_000, personId=poor, paid=False, **late)
        taken_back = dated(f"{YEAR}-11-04", 700, personId=rich, **late)
        other_year = dated(f"{YEAR + 1}-02-04", 900_000, personId=rich, **late)
        zero = dated(f"{YEAR}-11-05", 0, personId=poor, **late)
        sent = [crossing, unpaid, taken_back, other_year, zero, payment(unpaid), credit_note(taken_back),
                credit_note(known, **late)]
        results = self.server.submit(*sent)
        self.assertEqual({result["verdict"] for result in results}, {"accepted"}, results)

        second = self.reconcile()
        statement, before = second["statement"], first["statement"]
        manifest = self.file(first, "manifest.json")
        self.assertEqual(statement["previous"], {
            "statement": f"{YEAR}-1", "position": before["position"],
            "manifestSha256": hashlib.sha256(manifest).hexdigest(), "isConfirmed": True})
        changes = statement["changes"]
        self.assertTrue(changes["isExplained"])
        self.assertEqual((changes["copayments"], changes["payments"], changes["creditNotes"]), (4, 1, 2))
        self.assertEqual(changes["totals"], {name: statement["totals"][name] - before["totals"][name]
                                             for name in before["totals"]})
        self.assertEqual({name: changes["totals"][name] for name in ("registrations", "persons", "credited", "unpaid")},
                         {"registrations": 4, "persons": 2, "credited": 2, "unpaid": 0})
        rows = self.rows(second, "changes")
        mine = [(item, result) for item, result in zip(sent, results) if item is not other_year]
        self.assertEqual(sorted((row["position"], row["type"], row["guid"]) for row in rows),
                         sorted((result["position"], item["type"], item["guid"]) for item, result in mine))
        for name in ("countedOre", "refundedOre"):
            self.assertEqual(sum(row[name] for row in rows), changes["totals"][name])
        counted = {(row["guid"], row["type"]): (row["countedOre"], row["refundedOre"]) for row in rows}
        self.assertEqual(counted[crossing["guid"], "copayment"], (crossing["amountOre"], 12_345))
        self.assertEqual(counted[unpaid["guid"], "copayment"], (0, 0))
        self.assertEqual(counted[unpaid["guid"], "payment"], (30_000, 0))
        self.assertEqual(counted[taken_back["guid"], "copayment"], (700, 700))
        self.assertEqual(counted[taken_back["guid"], "creditNote"], (-700, -700))
        self.assertEqual(counted[known["guid"].lower(), "creditNote"][0], -known["amountOre"])

        # A dry run sees the same and leaves nothing.
        due = {row["personRef"]: row["dueOre"] for row in self.rows(first, "payouts")}
        self.assertEqual({row["personRef"]: row["namedOre"] for row in self.rows(second, "payouts") if row["namedOre"]}, due)
        refunds = statement["refunds"]
        self.assertEqual(refunds["namedOre"], before["refunds"]["dueOre"])
        self.assertEqual(refunds["toPayOre"], changes["totals"]["refundedOre"])
        to_pay = [json.loads(line) for line in self.file(second, REFUNDS).splitlines()]
        self.assertEqual(len(to_pay), refunds["payPersons"] + refunds["takeBackPersons"])
        self.assertLess(len(to_pay), refunds["persons"])
        self.assertEqual({row["personId"]: row["toPayOre"] for row in to_pay}[rich], 12_345)

        dry = self.reconcile(dryRun=True)
        self.assertEqual((dry["id"], dry["number"], dry["statement"]["isDryRun"]), (f"{YEAR}-dry", 0, True))
        self.assertEqual(dry.keys() & {"manifest", "signature"}, set())
        named = {**refunds, "namedOre": refunds["dueOre"], "toPayOre": 0, "payPersons": 0, "payOre": 0, "takeBackPersons": 0,
                 "takeBackOre": 0}
        self.assertEqual(figures(dry["statement"]), {**figures(statement), "refunds": named})
        self.assertEqual(dry["statement"]["previous"]["statement"], f"{YEAR}-2")
        self.assert_problem(self.server.get(f"{PATH}/{YEAR}-dry/file?name=statement.json"), 404, "NOT_FOUND")
        self.assertEqual(sorted(path.name for path in (self.data / "statements").iterdir()), [f"{YEAR}-1", f"{YEAR}-2"])

        # Nothing has come since.
        third = self.reconcile()
        self.assertEqual(self.file(third, REFUNDS), b"", "the dry run named nothing, the second statement all")
        third = third["statement"]
        self.assertEqual(third["refunds"], named)
        self.assertEqual((third["previous"]["statement"], third["previous"]["isConfirmed"]), (f"{YEAR}-2", True))
        self.assertEqual(set(third["changes"]["totals"].values()), {0})
        self.assertEqual([third["changes"][name] for name in ("copayments", "payments", "creditNotes", "isExplained")],
                         [0, 0, 0, True])

        self.restart()
        listed = self.server.get(PATH).json()["reconciliations"]
        self.assertEqual([entry["id"] for entry in listed], [f"{YEAR}-{number}" for number in (1, 2, 3)])
        self.assertEqual(self.server.get(f"{PATH}/{YEAR}-1").json(), first)
        self.assertEqual(self.server.get(f"{PATH}/{YEAR}-2").json(), second)
        self.assert_problem(self.server.get(f"{PATH}/{YEAR}-dry"), 404, "NOT_FOUND")

    def test_all_of_a_year_has_changed(self):
        # The first statement is of one co-payment; then the table of changes is too large for one piece.
        server = fs.Server().start()
        self.addCleanup(server.clean)
        own, type(self).server = self.server, server
        try:
            self.assertEqual(server.submit(ITEMS[0])[0]["verdict"], "accepted")
            before = self.reconcile()["statement"]["totals"]
            self.assertEqual(before["registrations"], 1)
            fs.frikort_json("load", "--server", server.url, "--trust-received-time", FOLDER / "items.ndjson", timeout=300)
            job = self.reconcile()
            pieces = list(self.pieces(job, "changes.ndjson"))
            output = FOLDER / "changed"
            command(server.url, output)
        finally:
            type(self).server = own
        changes = job["statement"]["changes"]
        self.assertEqual(changes["totals"], {name: total - before[name]
                                             for name, total in statement_of(REFERENCE)["totals"].items()})
        self.assertEqual((changes["copayments"], changes["isExplained"]), (COUNT - 1, True))
        self.assertGreater(len(pieces), 1)
        for piece in pieces:
            self.assertTrue(piece.body.endswith(b"\n"))
            self.assertLessEqual(len(piece.body), 4 << 20)
        rows = [json.loads(line) for piece in pieces for line in piece.body.splitlines()]
        self.assertEqual(sum(row["countedOre"] for row in rows), changes["totals"]["countedOre"])
        listed = {file["name"]: file for file in job["manifest"]["files"]}["changes.ndjson"]
        self.assertEqual((hashlib.sha256(b"".join(piece.body for piece in pieces)).hexdigest(), len(rows)),
                         (listed["sha256"], listed["rows"]))
        self.assertTrue(statement_of(output)["previous"]["isConfirmed"])

    def test_a_statement_that_was_changed_is_not_built_upon(self):
        data = copy_of(BASE)
        command(data, FOLDER / "kept")
        path = data / "statements" / f"{YEAR}-1" / "statement.json"
        good = path.read_bytes()
        signature = path.with_name("manifest.sig")
        for file, content in ((path, good.replace(b'"counted":', b'"counted":1', 1)), (path, b""),
                              (path.with_name("manifest.json"), b"{}"), (signature, b"{}"), (signature, b"[]"),
                              (signature, b'{"keyId":"x","signature":1}'), (signature, None)):
            with self.subTest(file=file.name, content=content and content[:20]):
                kept = file.read_bytes()
                if content is None:
                    file.unlink()
                else:
                    file.write_bytes(content)
                done = command(data, data.parent / "never", "--dry-run", exit_status=3)
                self.assertIn(f"{YEAR}-1".encode(), done.stderr.splitlines()[-1])
                file.write_bytes(kept)
        command(data, data.parent / "again", "--dry-run")


class JobTest(ReconcileCase):

    def test_one_at_a_time(self):
        # It may be done before the second request arrives; not every time.
        for _ in range(20):
            first = self.start(dryRun=True)
            second = self.start(year=YEAR - 1, dryRun=True)
            self.assertEqual(first.status, 202, first.body)
            if second.status == 409:
                break
            self.assertEqual(second.status, 202, second.body)
            self.wait(second.header("Location"))
        problem = self.assert_problem(second, 409, "JOB_RUNNING")
        self.assertIn(f"{YEAR}-dry", problem["detail"])
        self.assertEqual(self.wait(first.header("Location"))["state"], "done")
        self.assertEqual(self.reconcile(year=YEAR - 1, dryRun=True)["statement"]["totals"]["registrations"], 0)

    def test_asked_for_again_while_it_runs(self):
        number = len(self.server.get(PATH).json()["reconciliations"])
        for _ in range(20):
            first, second = self.start(), self.start()
            self.assertEqual((first.status, second.status), (202, 202))
            self.assertEqual(self.wait(second.header("Location"))["state"], "done")
            if first.header("Location") == second.header("Location"):
                break
        self.assertEqual(first.header("Location"), second.header("Location"), "it is the same one")
        self.assertGreater(len(self.server.get(PATH).json()["reconciliations"]), number)

    def test_ingest_and_queries_go_on(self):
        practice, person, sent, stopped = fs.new_practice(), new_person(), [], threading.Event()
        failures = []

        def submit():
            try:
                while not stopped.is_set():
                    item = dated(f"{YEAR}-12-01", 100, practiceId=practice, personId=person)
                    sent.append(self.server.submit_one(item))
                    self.server.account(person, YEAR)
            except Exception as error:  # told by the main thread
                failures.append(error)

        thread = threading.Thread(target=submit)
        thread.start()
        try:
            job = self.reconcile()
        finally:
            stopped.set()
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual({result["verdict"] for result in sent}, {"accepted"})
        self.assertEqual(self.server.account(person, YEAR)["countedOre"], 100 * len(sent))

        # The statement is of one position, and right for it.
        end = int(job["statement"]["position"][2:])
        self.assertEqual(job["statement"]["differences"]["count"], 0)
        covered = sum(int(result["position"][2:]) <= end for result in sent)
        rows = {row["practiceId"]: row["registrations"] for row in self.rows(job, "practices")}
        self.assertEqual(rows.get(practice, 0), covered)

        # Audited by other code, at a position before the journal's end.
        self.server.submit_one(dated(f"{YEAR}-12-02", 100, practiceId=practice, personId=person))
        self.server.stop(clean=False)
        try:
            export, folder = FOLDER / "audited", self.data / "statements" / job["id"]
            fs.frikort_json("export", "--data", self.data, "--output", export, "--journal")
            self.assertGreater(int(fs.frikort_json("status", "--data", self.data)["head"][2:]), end)
            done = subprocess.run([sys.executable, AUDIT, export, "--public-key", self.data / "keys" / "signing.pub",
                                   "--statement", folder, "--json"], capture_output=True, timeout=WAIT_SECONDS, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            report = json.loads(done.stdout)
            self.assertEqual((report["findings"], report["statement"]["position"]), ([], job["statement"]["position"]))
            self.assertGreater(report["statement"]["figures"], 50)
            verified = fs.frikort_json("verify", "--data", self.data)
            self.assertIsNone(verified["finding"])
            self.assertGreaterEqual(verified["statements"], 1)
        finally:
            self.server.start()


class InterruptionTest(ReconcileCase):

    def assert_undisturbed(self, job):
        """But for what a later statement of the series says of the ones before."""
        found, expected = figures(job["statement"]), figures(statement_of(REFERENCE))
        tables, expected_tables = tables_of(self.data / "statements" / job["id"]), tables_of(REFERENCE)
        if job["number"] != 1:
            for of_statement in (found, expected):
                of_statement["refunds"] = of_statement["refunds"]["dueOre"]
            for of_tables in (tables, expected_tables):
                del of_tables["payouts.ndjson"], of_tables["payouts.csv"]
        self.assertEqual(found, expected)
        self.assertEqual(tables, expected_tables)

    def test_killed(self):
        # Killed in one phase after another; each run goes on where the last one was.
        interrupted = 0
        for delay in (0, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12):
            location = self.start_and_see_it_run()
            time.sleep(delay)
            self.restart()
            reply = self.server.get(location)
            if reply.status == 404:
                continue  # killed before anything was written
            self.assertIn(reply.json()["state"], ("interrupted", "done"))
            if reply.json()["state"] == "interrupted":
                interrupted += 1
                self.assertIn("start it again", reply.json()["error"])
            else:
                self.assert_undisturbed(reply.json())
        self.assertGreater(interrupted, 0)
        job = self.reconcile()
        self.assert_undisturbed(job)
        self.assertFalse(self.work_folder().exists())
        numbers = [entry["number"] for entry in self.server.get(PATH).json()["reconciliations"]]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)), "none is missing")

    def test_killed_at_each_checkpoint(self):
        for number in itertools.count(1):
            data = copy_of(BASE)
            output = data.parent / "output"
            process = subprocess.Popen([fs.binary(), "reconcile", "--data", data, "--year", str(YEAR), "--output", output],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            checkpoint, last, seen = data / "statements" / f".work-{YEAR}" / "checkpoint", None, 0
            while seen < number and process.poll() is None:
                try:
                    current = os.stat(checkpoint).st_ino
                except FileNotFoundError:
                    continue
                seen, last = seen + (current != last), current
            process.kill()
            process.wait()
            if seen < number:
                break
            with self.subTest(checkpoint=number):
                output = data.parent / "again"
                command(data, output)
                self.assertEqual(tables_of(output), tables_of(REFERENCE))
        self.assertGreater(number, 1, "none was seen")

    def test_stopped(self):
        location = self.start_and_see_it_run()
        begin = time.monotonic()
        self.server.stop(clean=False)  # asserts exit status 0
        self.assertLess(time.monotonic() - begin, 10)
        self.server.start()
        state = self.server.get(location).json()["state"]
        self.assertIn(state, ("interrupted", "done"))
        self.assert_undisturbed(self.reconcile())


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

    def test_a_row_longer_than_a_piece(self):
        data = copy_of(BASE)
        folder = data / "statements" / "2031-1"
        folder.mkdir(parents=True)
        rows = [{"personRef": person, "year": 2031, "payee": "person", "dueOre": 7, "namedOre": 7 - to_pay, "toPayOre": to_pay,
                 "lines": [{"guid": "x" * size}]} for person, to_pay, size in ((1, 7, 10), (2, 7, 9 << 20), (3, 0, 10), (4, 7, 10))]
        content = b"".join(fs.compact(row).encode() + b"\n" for row in rows)
        (folder / "payouts.ndjson").write_bytes(content)
        server = fs.Server(str(data)).start()
        try:
            for name, expected in (("payouts.ndjson", [1, 2, 3, 4]), (REFUNDS, [1, 2, 4])):
                found, offset, pieces = b"", "0", 0
                while offset is not None and pieces < 10:
                    reply = server.get(f"{PATH}/2031-1/file?name={name}&offset={offset}")
                    self.assertEqual(reply.status, 200)
                    found, offset, pieces = found + reply.body, reply.header("Next-Offset"), pieces + 1
                self.assertEqual([json.loads(line)["personRef"] for line in found.splitlines()], expected, name)
                self.assertGreater(pieces, 1)
        finally:
            server.stop()

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


class FullDiskTest(unittest.TestCase):
    """Where the statement is made, and where its files are to go."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=FOLDER))
        self.output = self.folder / "there" / "output"
        self.output.parent.mkdir()
        self.data = copy_of(BASE)
        self.faults = faulty_disk.Faults(self.folder)

    def run_command(self, *place, under, part=""):
        """On a disk that is full from the beginning."""
        self.faults.inject(faulty_disk.DISK_FULL, part)
        try:
            return subprocess.run(
                [fs.binary(), "reconcile", *map(str, place), "--year", str(YEAR), "--output", self.output],
                capture_output=True, timeout=WAIT_SECONDS, check=False,
                env={**os.environ, "LD_PRELOAD": faulty_disk.faulty_disk_library(), "FRIKORT_FAULTS": self.faults.path,
                     "FRIKORT_FAULTS_UNDER": str(under),
                     "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})
        finally:
            self.faults.lift()

    def check_refused(self, done):
        self.assertEqual(done.returncode, 3, done)
        self.assertIn(faulty_disk.NO_SPACE, done.stderr.decode().splitlines()[-1])
        self.assertEqual(os.listdir(self.output.parent), [], "nothing is left behind")

    def check_usable(self):
        self.assertEqual(list((self.data / "statements").iterdir()), [], "no number is used up")
        command(self.data, self.output)
        self.assertEqual(statement_of(self.output)["number"], 1)
        self.assertEqual(tables_of(self.output), tables_of(REFERENCE))

    def test_of_the_output(self):
        self.check_refused(self.run_command("--data", self.data, under=self.output.parent))
        self.check_usable()

    def test_of_each_file_of_the_output(self):
        for name in ("payouts.csv", REFUNDS, "report.html", "statement.json"):
            with self.subTest(name=name):
                self.check_refused(self.run_command("--data", self.data, under=self.output.parent, part=name))
                self.check_refused(self.run_command("--data", self.data, "--dry-run", under=self.output.parent, part=name))
        self.check_usable()

    def test_of_the_statements(self):
        self.check_refused(self.run_command("--data", self.data, under=self.data, part="/statements/"))
        self.check_usable()

    def test_of_the_output_beside_a_server(self):
        server = fs.Server(str(self.data)).start()
        try:
            done = self.run_command("--server", server.url, "--dry-run", under=self.output.parent, part="statement.json")
            self.check_refused(done)
            done = self.run_command("--server", server.url, under=self.output.parent, part=REFUNDS)
            self.check_refused(done)
            self.assertIn(b"--number 1", done.stderr)
            command(server.url, self.output, "--number", 1)
        finally:
            server.stop()
        self.assertEqual((self.output / REFUNDS).read_bytes(), (REFERENCE / REFUNDS).read_bytes())


def server_log(server):
    return b"" if server.log.closed else server.output()


class SqlTest(unittest.TestCase):
    """The statement's figures once more, by SQL over the exported entries; nothing is taken from the ledger's state."""

    @classmethod
    def setUpClass(cls):
        export = FOLDER / "export"
        fs.frikort_json("export", "--data", copy_of(BASE), "--output", export, "--format", "csv")
        cls.db = sqlite3.connect(":memory:")
        cls.addClassCleanup(cls.db.close)
        with open(export / "entries.csv", newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            names = next(rows)
            rows = ([row[0].removeprefix("0-"), *row[1:]] for row in rows)
            cls.db.execute(f"CREATE TABLE entries ({', '.join(name + ' NUMERIC' for name in names)})")
            cls.db.executemany(f"INSERT INTO entries VALUES ({', '.join('?' * len(names))})", rows)
        cls.db.executescript(f"""
            CREATE INDEX by_key ON entries (guid, practiceId, type);
            CREATE TABLE registrations AS
              SELECT c.position, c.personRef, c.practiceId, c.guid, c.serviceType, c.serviceTime, c.amountOre,
                     substr(c.serviceTime, 1, 10) AS day, p.position AS payment, n.position AS creditNote,
                     CASE WHEN c.paid = 'true' THEN c.position ELSE p.position END AS paidAt,
                     julianday(substr(c.receivedTime, 1, 10)) - julianday(substr(c.serviceTime, 1, 10)) AS lag
              FROM entries c
              LEFT JOIN entries p ON p.type = 'payment' AND p.guid = c.guid AND p.practiceId = c.practiceId
              LEFT JOIN entries n ON n.type = 'creditNote' AND n.guid = c.guid AND n.practiceId = c.practiceId
              WHERE c.type = 'copayment' AND c.year = {YEAR};
            CREATE TABLE counted AS
              SELECT * FROM registrations WHERE paidAt IS NOT NULL AND creditNote IS NULL AND amountOre > 0;
            -- The sum after each item that changed it, as it was processed.
            CREATE TABLE steps AS
              SELECT personRef, at, SUM(ore) OVER (PARTITION BY personRef ORDER BY at) AS sum FROM (
                SELECT personRef, paidAt AS at, amountOre AS ore FROM registrations
                  WHERE paidAt IS NOT NULL AND (creditNote IS NULL OR creditNote > paidAt)
                UNION ALL
                SELECT personRef, creditNote, -amountOre FROM registrations WHERE creditNote > paidAt);
            CREATE TABLE persons AS
              SELECT personRef, (SELECT COALESCE(SUM(amountOre), 0) FROM counted c WHERE c.personRef = r.personRef) AS sum
              FROM (SELECT DISTINCT personRef FROM registrations) r;
            -- The day on which the sum, in order of service, reached the ceiling.
            CREATE TABLE entitled AS
              SELECT personRef, MIN(day) AS day FROM (
                SELECT personRef, day, SUM(amountOre) OVER (
                  PARTITION BY personRef ORDER BY day ROWS UNBOUNDED PRECEDING) AS sum FROM counted)
              WHERE sum >= {fs.CEILING[YEAR]} GROUP BY personRef;""")
        cls.statement = statement_of(REFERENCE)

    def test_every_exported_column_is_explained(self):
        for table, columns in documented_columns("Of an export").items():
            with open(FOLDER / "export" / f"{table}.csv", newline="", encoding="utf-8") as file:
                self.assertEqual(set(next(csv.reader(file))), columns, table)

    def row(self, query):
        cursor = self.db.execute(query)
        return dict(zip((column[0] for column in cursor.description), cursor.fetchone()))

    def test_totals(self):
        of_registrations = self.row("""
            SELECT COUNT(*) registrations, SUM(amountOre) amountOre,
                   SUM(creditNote IS NULL AND paidAt IS NULL) unpaid,
                   SUM((creditNote IS NULL AND paidAt IS NULL) * amountOre) unpaidOre,
                   SUM(creditNote IS NULL AND paidAt IS NOT NULL AND amountOre = 0) zeroAmount,
                   COUNT(creditNote) credited, SUM((creditNote IS NOT NULL) * amountOre) creditedOre, COUNT(payment) payments, COUNT(creditNote) creditNotes,
                   COUNT(DISTINCT personRef) persons
            FROM registrations""")
        of_counted = self.row("SELECT COUNT(*) counted, SUM(amountOre) countedOre FROM counted")
        of_persons = self.row(f"""
            SELECT SUM(sum - {fs.CEILING[YEAR]}) refundedOre, SUM(sum - {fs.CEILING[YEAR]}) payoutOre,
                   SUM(sum > {fs.CEILING[YEAR]}) payouts,
                   (SELECT COUNT(DISTINCT personRef) FROM steps WHERE sum >= {fs.CEILING[YEAR]}) cards,
                   (SELECT COUNT(DISTINCT personRef) FROM steps WHERE sum >= {fs.CEILING[YEAR]}
                      AND personRef IN (SELECT personRef FROM persons WHERE sum < {fs.CEILING[YEAR]})) cardsUnderReview
            FROM persons WHERE sum >= {fs.CEILING[YEAR]}""")
        totals = dict(self.statement["totals"])
        lines = totals.pop("refundLines")
        self.assertEqual({**of_registrations, **of_counted, **of_persons}, totals)
        self.assertEqual(lines, sum(len(row["lines"]) for row in rows_of(REFERENCE, "payouts")))

    def test_tables(self):
        self.assertEqual([row[0] for row in self.db.execute(
            "SELECT '0-' || position FROM registrations WHERE paidAt IS NULL AND creditNote IS NULL ORDER BY position")],
            sorted((row["position"] for row in rows_of(REFERENCE, "unpaid")), key=lambda text: int(text[2:])))
        self.assertEqual(dict(self.db.execute("SELECT personRef, day FROM entitled")),
                         {row["personRef"]: row["entitledFrom"] for row in rows_of(REFERENCE, "cards")
                          if row["state"] == "active"})
        self.assertEqual(dict(self.db.execute(
            f"SELECT personRef, MIN(at) FROM steps WHERE sum >= {fs.CEILING[YEAR]} GROUP BY personRef")),
            {row["personRef"]: int(row["crossingPosition"][2:]) for row in rows_of(REFERENCE, "cards")})
        self.assertEqual(dict(self.db.execute(
            f"SELECT personRef, sum - {fs.CEILING[YEAR]} FROM persons WHERE sum > {fs.CEILING[YEAR]}")),
            {row["personRef"]: row["dueOre"] for row in rows_of(REFERENCE, "payouts")})
        for table, column in (("practices", "practiceId"), ("service_types", "serviceType")):
            self.assertEqual({str(row[0]): row[1:] for row in self.db.execute(
                f"SELECT {column}, COUNT(*), SUM(amountOre), SUM((paidAt IS NOT NULL AND creditNote IS NULL) * amountOre) "
                f"FROM registrations GROUP BY {column}")},
                {row[column]: (row["registrations"], row["amountOre"], row["countedOre"])
                 for row in rows_of(REFERENCE, table)})

    def test_timeliness(self):
        lags = self.statement["timeliness"]
        self.assertEqual(self.db.execute("SELECT COUNT(*), SUM(lag <= 16), SUM(lag <= 24), SUM(lag <= 32) "
                                         "FROM registrations").fetchone(),
                         (lags["count"], *(limit["within"] for limit in lags["limits"])))
        by_lag = dict(self.db.execute("SELECT CAST(lag AS INTEGER), COUNT(*) FROM registrations GROUP BY 1"))
        self.assertEqual([by_lag.get(lag, 0) for lag in range(len(lags["byLag"]))], lags["byLag"])
        self.assertEqual([row for row in self.db.execute(
            "SELECT substr(day, 1, 7), COUNT(*) FROM registrations GROUP BY 1 ORDER BY 1")],
            [(month["month"], month["count"]) for month in lags["byMonth"]])

    def test_cost_of_lateness(self):
        cost = self.statement["latenessCost"]
        self.assertEqual(self.db.execute("""
            SELECT COUNT(DISTINCT c.personRef), SUM(amountOre) FROM counted c JOIN entitled e USING (personRef)
            WHERE c.day > e.day""").fetchone(), (cost["persons"], cost["overpaidOre"]))
        self.assertEqual(cost["byLatenessOre"] + cost["despiteCardOre"], cost["overpaidOre"])
        rows = rows_of(REFERENCE, "practices")
        for name, column in (("byLatenessOre", "costByLatenessOre"), ("despiteCardOre", "costDespiteCardOre"),
                             ("oreDays", "costOreDays")):
            self.assertEqual(sum(row[column] for row in rows), cost[name])


if __name__ == "__main__":
    unittest.main()
