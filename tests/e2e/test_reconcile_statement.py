"""The statement of a year over HTTP: its figures, tables, files and signature."""

import csv
import hashlib
import io
import json
import unittest

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import frikort_server as fs
from reconcile_case import (
    COUNT, FILES, PATH, REFERENCE, REFUNDS, ReconcileCase, SUBMITTED, TABLES, YEAR, documented_columns, figures,
    numbers_in, setUpModule, statement_of)


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
        # Behind what it covers there is the entry of the statement itself, in a group of its own.
        covered = int(self.statement["position"].removeprefix("0-"))
        self.assertEqual(status["head"], f"0-{covered + 2}")

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


if __name__ == "__main__":
    unittest.main()
