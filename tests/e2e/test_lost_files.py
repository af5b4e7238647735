"""Files of a ledger that are lost or damaged while nobody has it open: named, and nothing else is changed."""

import pathlib
import shutil
import tempfile
import unittest

import frikort_server as fs
from command_case import CommandCase


class LostFilesTest(CommandCase):

    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="frikort-e2e-lost-"))
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        cls.good = cls.home / "good"
        person = fs.new_person()
        server = fs.Server(data=str(cls.good)).start()
        server.submit(*(fs.dated("2025-03-01", personId=person) for _ in range(20)))
        server.account(person, 2025)
        server.stop()
        fs.frikort_json("generate", "--registrations", 20_000, "--year", 2024, "--seed", 7, "--output", cls.home / "more")
        (cls.home / "last").write_bytes(fs.ndjson([fs.dated("2025-04-01") for _ in range(50)]))
        # The journal's end is in a file of its own, behind a large one.
        for name in ("more", "last"):
            fs.frikort_json("load", "--data", cls.good, "--trust-received-time", cls.home / name)
            fs.frikort_json("status", "--data", cls.good)

    def setUp(self):
        super().setUp()
        self.copy = pathlib.Path(self.path("data"))
        shutil.copytree(self.good, self.copy)

    def test_without_its_file_current_nothing_of_a_database_is_touched(self):
        for database in ("journal", "access-log"):
            with self.subTest(database):
                folder = self.copy / database
                before = {path.name: path.read_bytes() for path in folder.iterdir()}
                (folder / "CURRENT").unlink()
                for _ in range(3):
                    for command in ("status", "reconcile"):
                        more = ("--year", 2025, "--output", self.path("never")) if command == "reconcile" else ()
                        self.run_and_expect(3, command, "--data", self.copy, *more, says="CURRENT")
                (folder / "CURRENT").write_bytes(before["CURRENT"])
                self.assertEqual({path.name: path.read_bytes() for path in folder.iterdir()}, before)
                self.assertIsNone(fs.frikort_json("verify", "--data", self.copy)["finding"])

    def test_a_state_without_current_is_made_again(self):
        checksum = fs.frikort_json("status", "--data", self.copy)["checksum"]
        (self.copy / "state" / "CURRENT").unlink()
        server = fs.Server(data=str(self.copy)).start()
        self.addCleanup(server.stop)
        self.assertEqual(server.get("/v1/status").json()["checksum"], checksum)

    def test_an_access_log_that_is_gone_is_named(self):
        shutil.rmtree(self.copy / "access-log")
        for _ in range(2):
            self.run_and_expect(3, "status", "--data", self.copy, says="access-log, is missing; remedy:")
            self.assertFalse((self.copy / "access-log").exists())
        (self.copy / "access-log").mkdir()
        self.run_and_expect(0, "status", "--data", self.copy)

    def test_a_rebuilt_ledger_has_the_access_log(self):
        rebuilt = pathlib.Path(self.path("made"))
        self.assertTrue(fs.frikort_json("rebuild", "--data", self.copy, "--into", rebuilt)["equal"])
        records = fs.frikort_json("verify", "--data", self.copy)["accessLog"]["records"]
        self.assertGreater(records, 0)
        self.assertEqual(fs.frikort_json("verify", "--data", rebuilt)["accessLog"]["records"], records)

    def test_a_backup_of_a_damaged_journal_is_not_called_good(self):
        largest = max((self.copy / "journal").glob("*.sst"), key=lambda path: path.stat().st_size)
        content = bytearray(largest.read_bytes())
        content[len(content) // 3] ^= 1
        largest.write_bytes(content)
        backups = pathlib.Path(self.path("made"))
        made = fs.frikort_json("backup", "--data", self.copy, "--to", backups, exit_status=1)
        self.assertEqual(made["verification"], "failed")
        self.assertIn("damaged", made["reason"])
        self.run_and_expect(3, "restore", "--from", backups, "--into", self.path("never"), "--number", 1, says="damaged")

    def test_a_journal_that_ends_before_since_was_cut_off(self):
        last = fs.frikort_json("verify", "--data", self.copy)["last"]
        number = int(last.removeprefix("0-"))
        for beyond, status in ((0, 0), (1, 0), (2, 1), (5000, 1)):
            report = fs.frikort_json("verify", "--data", self.copy, "--since", f"0-{number + beyond}", exit_status=status)
            self.assertEqual(report["finding"] is not None, status == 1, beyond)


if __name__ == "__main__":
    unittest.main()
