"""Files of a statement that were changed or are missing: named wherever they are used, and given to nobody."""

import json
import pathlib
import shutil
import tempfile
import unittest

import frikort_server as fs
from reconcile_case import BASE, FILES, FOLDER, PATH, REFUNDS, YEAR, command, copy_of, setUpModule

NAME = f"{YEAR}-1"
SIGNED = sorted(FILES | {"manifest.json", "manifest.sig"})


def flip(path):
    content = bytearray(path.read_bytes() or b" ")
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


class StatementFilesTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.good = copy_of(BASE)
        command(cls.good, cls.good.parent / "closed")

    def setUp(self):
        self.data = copy_of(self.good)
        self.addCleanup(shutil.rmtree, self.data.parent)
        self.place = self.data / "statements" / NAME
        self.out = pathlib.Path(tempfile.mkdtemp(dir=FOLDER))
        self.addCleanup(shutil.rmtree, self.out)

    def findings(self, exit_status):
        return fs.frikort_json("verify", "--data", self.data, exit_status=exit_status)["statementFindings"]

    def test_each_file_is_named_by_verify_and_not_written_out(self):
        self.assertEqual(self.findings(0), [])
        for name in SIGNED:
            for change in (flip, pathlib.Path.unlink):
                with self.subTest(name, change=change.__name__):
                    kept = (self.place / name).read_bytes()
                    change(self.place / name)
                    [finding] = self.findings(1)
                    self.assertIn(f"statement {NAME} is damaged: {name} ", finding)
                    self.assertIn(f"; remedy: take the folder statements/{NAME} from a backup", finding)
                    done = command(self.data, self.out / "never", "--number", 1, exit_status=3)
                    self.assertIn(name.encode(), done.stderr)
                    self.assertFalse((self.out / "never").exists())
                    (self.place / name).write_bytes(kept)
        self.assertEqual(self.findings(0), [])
        command(self.data, self.out / "again", "--number", 1)

    def test_a_file_that_is_not_of_the_statement_is_given_to_nobody(self):
        (self.place / "refunds.csv").write_text("planted")
        self.assertEqual(self.findings(0), [])
        command(self.data, self.out / "again", "--number", 1)
        self.assertFalse((self.out / "again" / "refunds.csv").exists())
        server = fs.Server(data=str(self.data)).start()
        self.addCleanup(server.stop)
        self.assertEqual(server.get(f"{PATH}/{NAME}/file?name=refunds.csv").status, 404)

    def test_a_statement_that_the_journal_does_not_name_is_looked_at_too(self):
        other = self.data / "statements" / f"{YEAR}-7"
        shutil.copytree(self.place, other)
        self.assertEqual(self.findings(0), [], "a witness of the journal's end, as good as the other")
        flip(other / "statement.json")
        [finding] = self.findings(1)
        self.assertIn(f"statement {YEAR}-7 is damaged: statement.json is not the file that its manifest lists", finding)

    def test_a_folder_that_is_gone_is_named(self):
        shutil.rmtree(self.place)
        [finding] = self.findings(1)
        self.assertIn(f"statement {NAME}", finding)

    def test_the_next_statement_is_not_made_upon_it(self):
        flip(self.place / "payout_lines.ndjson")
        done = command(self.data, self.out / "never", exit_status=3)
        self.assertIn(b"payout_lines.ndjson is not the file that was signed", done.stderr)
        self.assertEqual([path.name for path in (self.data / "statements").iterdir() if path.name[0] != "."], [NAME])

    def test_no_server_gives_it_to_anybody(self):
        server = fs.Server(data=str(self.data)).start()
        self.addCleanup(server.stop)
        first = server.get(f"{PATH}/{NAME}/file?name={REFUNDS}")
        self.assertEqual(first.status, 200)
        flip(self.place / "payouts.ndjson")
        (self.place / "cards.csv").unlink()
        for name, fault in ((REFUNDS, "payouts.ndjson is not the file that was signed"),
                            ("payouts.ndjson", "payouts.ndjson is not the file that was signed"),
                            ("cards.csv", "cards.csv is missing")):
            reply = server.get(f"{PATH}/{NAME}/file?name={name}")
            self.assertEqual((reply.status, reply.json()["code"]), (500, "DAMAGED_STATEMENT"))
            self.assertIn(fault, reply.json()["detail"])
        for name in ("unpaid.ndjson", "manifest.json", "manifest.sig"):
            self.assertEqual(server.get(f"{PATH}/{NAME}/file?name={name}").status, 200)
        for name in ("", "x.ndjson", "../2024-1/unpaid.ndjson", "%00"):
            self.assertEqual(server.get(f"{PATH}/{NAME}/file?name={name}").status, 404)
        self.assertEqual(server.get(f"{PATH}/{NAME}").status, 200)
        flip(self.place / "statement.json")
        self.assertEqual(server.get(f"{PATH}/{NAME}").json()["code"], "DAMAGED_STATEMENT")
        self.assertEqual(server.output().count(b"statement_damaged"), 4)

    def test_a_backup_names_it(self):
        flip(self.place / "payouts.ndjson")
        made = fs.frikort_json("backup", "--data", self.data, "--to", self.out / "backups", exit_status=1)
        self.assertIn("payouts.ndjson is not the file that was signed", json.dumps(made))

    def test_what_a_backup_has_of_it_is_named_and_left_out(self):
        fs.frikort_json("backup", "--data", self.data, "--to", self.out / "backups")
        flip(self.out / "backups" / "backups" / "1" / "statements" / NAME / "cards.csv")
        into = self.out / "restored"
        restored = fs.frikort_json("restore", "--from", self.out / "backups", "--into", into, exit_status=1)
        [finding] = restored["findings"]
        self.assertIn(f"statement {NAME} is damaged: cards.csv is not the file that was signed", finding)
        self.assertEqual((restored["statements"], (into / "statements").exists()), (0, False))
        self.data = into
        [finding] = self.findings(1)
        self.assertIn(f"statement {NAME}", finding)
        shutil.copytree(self.place, into / "statements" / NAME)
        self.assertEqual(self.findings(0), [])

    def test_a_restore_has_the_statements_of_its_position(self):
        command(self.data, self.out / "2")
        fs.frikort_json("backup", "--data", self.data, "--to", self.out / "backups")
        statement = json.loads((self.out / "2" / "statement.json").read_text())
        into = self.out / "restored"
        # The later one is no part of it, in whatever state its files are.
        flip(self.out / "backups" / "backups" / "1" / "statements" / f"{YEAR}-2" / "statement.json")
        restored = fs.frikort_json("restore", "--from", self.out / "backups", "--into", into,
                                   "--position", statement["position"])
        self.assertEqual((restored["statements"], restored["findings"]), (1, []))
        self.assertEqual([path.name for path in (into / "statements").iterdir()], [NAME])


if __name__ == "__main__":
    unittest.main()
