"""Files of a ledger that are lost or damaged while nobody has it open: named, and nothing else is changed."""

import pathlib
import shutil
import tempfile
import unittest

import frikort_server as fs


class LostFilesTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="frikort-e2e-lost-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.good = cls.folder / "good"
        person = fs.new_person()
        server = fs.Server(data=str(cls.good)).start()
        server.submit(*(fs.dated("2025-03-01", personId=person) for _ in range(20)))
        server.account(person, 2025)
        server.stop()
        fs.frikort_json("generate", "--registrations", 20_000, "--year", 2024, "--seed", 7, "--output", cls.folder / "more")
        (cls.folder / "last").write_bytes(fs.ndjson([fs.dated("2025-04-01") for _ in range(50)]))
        # The journal's end is in a file of its own, behind a large one.
        for name in ("more", "last"):
            fs.frikort_json("load", "--data", cls.good, "--trust-received-time", cls.folder / name)
            fs.frikort_json("status", "--data", cls.good)

    def setUp(self):
        self.data = self.folder / fs.new_guid()
        shutil.copytree(self.good, self.data)
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)

    def run_and_expect(self, status, *command):
        done = fs.run_frikort(*command)
        self.assertEqual(done.returncode, status, done.stderr[-1000:])
        return done.stderr.decode()

    def test_without_its_file_current_nothing_of_a_database_is_touched(self):
        for database in ("journal", "access-log"):
            with self.subTest(database):
                folder = self.data / database
                before = {path.name: path.read_bytes() for path in folder.iterdir()}
                (folder / "CURRENT").unlink()
                for _ in range(3):
                    for command in ("status", "reconcile"):
                        more = ("--year", 2025, "--output", self.folder / "never") if command == "reconcile" else ()
                        error = self.run_and_expect(3, command, "--data", self.data, *more)
                    self.assertIn("CURRENT", error)
                (folder / "CURRENT").write_bytes(before["CURRENT"])
                self.assertEqual({path.name: path.read_bytes() for path in folder.iterdir()}, before)
                self.assertIsNone(fs.frikort_json("verify", "--data", self.data)["finding"])

    def test_a_state_without_current_is_made_again(self):
        checksum = fs.frikort_json("status", "--data", self.data)["checksum"]
        (self.data / "state" / "CURRENT").unlink()
        server = fs.Server(data=str(self.data)).start()
        self.addCleanup(server.stop)
        self.assertEqual(server.get("/v1/status").json()["checksum"], checksum)

    def test_an_access_log_that_is_gone_is_named(self):
        shutil.rmtree(self.data / "access-log")
        for _ in range(2):
            self.assertIn("access-log, is missing; remedy:", self.run_and_expect(3, "status", "--data", self.data))
            self.assertFalse((self.data / "access-log").exists())
        (self.data / "access-log").mkdir()
        self.run_and_expect(0, "status", "--data", self.data)

    def test_a_rebuilt_ledger_has_the_access_log(self):
        rebuilt = self.folder / fs.new_guid()
        self.addCleanup(shutil.rmtree, rebuilt, ignore_errors=True)
        self.assertTrue(fs.frikort_json("rebuild", "--data", self.data, "--into", rebuilt)["equal"])
        records = fs.frikort_json("verify", "--data", self.data)["accessLog"]["records"]
        self.assertGreater(records, 0)
        self.assertEqual(fs.frikort_json("verify", "--data", rebuilt)["accessLog"]["records"], records)

    def test_a_backup_of_a_damaged_journal_is_not_called_good(self):
        largest = max((self.data / "journal").glob("*.sst"), key=lambda path: path.stat().st_size)
        content = bytearray(largest.read_bytes())
        content[len(content) // 3] ^= 1
        largest.write_bytes(content)
        backups = self.folder / fs.new_guid()
        made = fs.frikort_json("backup", "--data", self.data, "--to", backups, exit_status=1)
        self.assertEqual(made["verification"], "failed")
        self.assertIn("damaged", made["reason"])
        error = self.run_and_expect(3, "restore", "--from", backups, "--into", self.folder / "never", "--number", 1)
        self.assertIn("damaged", error)

    def test_a_journal_that_ends_before_since_was_cut_off(self):
        last = fs.frikort_json("verify", "--data", self.data)["last"]
        number = int(last.removeprefix("0-"))
        for beyond, status in ((0, 0), (1, 0), (2, 1), (5000, 1)):
            report = fs.frikort_json("verify", "--data", self.data, "--since", f"0-{number + beyond}", exit_status=status)
            self.assertEqual(report["finding"] is not None, status == 1, beyond)


if __name__ == "__main__":
    unittest.main()
