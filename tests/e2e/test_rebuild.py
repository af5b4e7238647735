"""frikort rebuild: the journal gives the stored state again, and damage is named."""

import os
import unittest

import frikort_server as fs
import test_cli


class RebuildTest(test_cli.FolderCase):

    def make_year(self):
        path = self.path("year.ndjson")
        self.assertEqual(test_cli.generate(21, path, count=6000).returncode, 0)
        return path

    def rebuild(self, data, into="rebuilt", exit_status=0):
        return fs.frikort_json("rebuild", "--data", data, "--into", self.path(into), exit_status=exit_status)

    def test_after_a_crash_in_the_middle_of_a_load(self):
        path = self.make_year()
        server = fs.Server().start()
        self.addCleanup(server.clean)
        with open(path, "rb") as file:
            lines = file.read().splitlines()
        # Killed when a third is answered; then everything is sent again, and killed once more at the end.
        server.stream(lines, on_bytes=lambda body: body.count(b"\n") > len(lines) // 3 and server.kill())
        server.start()
        server.stream(lines)
        server.kill()
        result = self.rebuild(server.data)
        self.assertIs(result["equal"], True, result)
        self.assertEqual((result["differenceCount"], result["differences"]), (0, []))
        status = self.status(server.data)
        self.assertGreater(status["payments"], 0)
        self.assertGreater(status["creditNotes"], 0)
        self.assertEqual(result["head"], status["head"])
        for state in ("stored", "rebuilt"):
            self.assertEqual(set(result[state].values()), {status["checksum"]}, state)
        self.assertEqual(self.status(self.path("rebuilt")), status, "the rebuilt ledger is a whole one")
        for name in ("signing.pem", "master.key", "numbers.key"):
            self.assertEqual(os.stat(self.path(f"rebuilt/keys/{name}")).st_mode & 0o777, 0o600, name)
        rebuilt = fs.Server(self.path("rebuilt")).start()
        self.assertEqual(rebuilt.stream(lines[:50]).results[0]["verdict"], "duplicate")
        rebuilt.stop()

    def test_text_for_people(self):
        data = self.data("data")
        self.load(data, "-", stdin=fs.ndjson([fs.dated("2025-03-01") for _ in range(10)]))
        done = fs.run_frikort("rebuild", "--data", data, "--into", self.path("rebuilt"))
        self.assertEqual(done.returncode, 0, done.stderr[-500:])
        self.assertIn(b"equal", done.stdout)
        self.assertEqual(done.stdout.count(self.status(data)["checksum"].encode()), 4)

    def test_a_damaged_state_is_found(self):
        data = self.data("data")
        self.load(data, self.make_year())
        files = [entry.path for entry in os.scandir(os.path.join(data, "state")) if entry.name.endswith(".sst")]
        with open(max(files, key=os.path.getsize), "r+b") as file:
            file.seek(os.path.getsize(file.name) // 3)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 0x40]))
        done = fs.run_frikort("rebuild", "--data", data, "--into", self.path("rebuilt"))
        self.assertEqual(done.returncode, 3, done.stdout[-500:])
        self.assertIn(b"damaged; remedy: remove the folder state", done.stderr)
        self.assertFalse(os.path.exists(self.path("rebuilt")), "nothing half is left")

    def test_a_damaged_journal_is_named(self):
        data = self.data("data")
        self.load(data, "-", stdin=fs.ndjson([fs.dated("2025-03-01") for _ in range(300)]))
        newest = max(entry.path for entry in os.scandir(os.path.join(data, "journal")) if entry.name.endswith(".log"))
        with open(newest, "r+b") as file:
            file.seek(os.path.getsize(newest) // 2)
            file.write(b"damage")
        done = fs.run_frikort("rebuild", "--data", data, "--into", self.path("rebuilt"))
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"journal", done.stderr)

    def test_what_cannot_run(self):
        data = self.data("data")
        self.load(data, "-", stdin=fs.ndjson([fs.dated("2025-03-01")]))
        os.mkdir(self.path("full"))
        self.write("full/file", b"")
        os.mkdir(self.path("none"))
        cases = ((data, self.path("full"), 2, b"is not empty"), (data, data, 2, b"is not empty"),
                 (self.path("none"), self.path("x"), 3, b"there is no ledger"),
                 (data, os.path.join(data, "x"), 3, b"must not lie in"))
        for source, into, exit_status, reason in cases:
            with self.subTest(reason=reason):
                done = fs.run_frikort("rebuild", "--data", source, "--into", into)
                self.assertEqual(done.returncode, exit_status)
                self.assertIn(reason, done.stderr)

    def test_a_ledger_in_use_is_refused(self):
        server = fs.Server().start()
        self.addCleanup(server.clean)
        done = fs.run_frikort("rebuild", "--data", server.data, "--into", self.path("rebuilt"))
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"in use", done.stderr)
        server.stop()


if __name__ == "__main__":
    unittest.main()
