"""A series of statements: each confirms the one before, and says what has come since."""

import hashlib
import json
import pathlib
import shutil
import tempfile
import unittest

import frikort_server as fs
from frikort_server import credit_note, dated, new_person, payment
from reconcile_case import (
    BASE, COUNT, FOLDER, ITEMS, PATH, REFERENCE, REFUNDS, ReconcileCase, YEAR, command, copy_of, figures, rows_of, setUpModule,
    statement_of)


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
        for file, content in ((path, good.replace(b'"counted":', b'"counted":1', 1)), (path, b""),
                              (path.with_name("manifest.json"), b"{}"), (path.with_name("manifest.json"), b"")):
            with self.subTest(file=file.name, content=content[:20]):
                kept = file.read_bytes()
                file.write_bytes(content)
                done = command(data, data.parent / "never", "--dry-run", exit_status=3)
                self.assertIn(f"{YEAR}-1".encode(), done.stderr.splitlines()[-1])
                file.write_bytes(kept)
        command(data, data.parent / "again", "--dry-run")

    def test_the_series_goes_on_after_a_restore_from_a_backup_between_its_statements(self):
        """What has been handed over for payment is in the journal: the refund files add up, also when a line
        is netted after it has been named, and without the files of the statements before."""
        data, folder = copy_of(BASE), pathlib.Path(tempfile.mkdtemp(dir=FOLDER))
        command(data, folder / "1")
        fs.frikort_json("backup", "--data", data, "--to", folder / "between")
        command(data, folder / "lost")
        restored = folder / "restored"
        fs.frikort_json("restore", "--from", folder / "between", "--into", restored)
        shutil.rmtree(restored / "statements")
        refunded = rows_of(folder / "1", "payout_lines")[0]
        item = next(item for item in ITEMS if item.get("guid") == refunded["guid"])
        credit = fs.credit_note(item, receivedTime=f"{YEAR + 1}-02-01T10:00:00+01:00")
        (folder / "credit.ndjson").write_text(json.dumps(credit) + "\n")
        loaded = fs.frikort_json("load", "--data", restored, "--trust-received-time", folder / "credit.ndjson")
        self.assertEqual(loaded["accepted"], 1)
        command(restored, folder / "2")
        command(restored, folder / "3")
        made = [statement_of(folder / number) for number in "123"]
        self.assertEqual([statement["statement"] for statement in made], [f"{YEAR}-{number}" for number in "123"])
        self.assertEqual([made[1]["previous"]["isConfirmed"], made[2]["previous"]["isConfirmed"]], [None, True])
        paid = [statement["refunds"]["payOre"] + statement["refunds"]["takeBackOre"] for statement in made]
        self.assertLess(paid[1], 0)
        self.assertEqual((sum(paid), paid[2]), (made[2]["refunds"]["dueOre"], 0))
        rows = [json.loads(row) for number in "123" for row in (folder / number / REFUNDS).read_text().splitlines()]
        self.assertEqual(sum(row["toPayOre"] for row in rows), made[2]["totals"]["refundedOre"])


if __name__ == "__main__":
    unittest.main()
