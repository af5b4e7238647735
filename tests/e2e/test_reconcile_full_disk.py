"""`frikort reconcile` on a full disk: nothing is left behind, and no number used up."""

import os
import pathlib
import subprocess
import tempfile
import unittest

import faulty_disk
import frikort_server as fs
from reconcile_case import (
    BASE, FOLDER, REFERENCE, REFUNDS, WAIT_SECONDS, YEAR, command, copy_of, setUpModule, statement_of, tables_of)


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


if __name__ == "__main__":
    unittest.main()
