"""Which folders a command takes: for a new ledger, and for the next backup."""

import os
import pty
import subprocess
import unittest

import frikort_server as fs
from command_case import CommandCase
from frikort_server import dated


class NewLedgerTest(CommandCase):
    """A new ledger has new keys: nobody may get one by a slip in a path."""

    def test_a_folder_below_none_wants_a_word(self):
        items = fs.ndjson([dated("2025-03-01")])
        typo = self.path("typo/data")
        self.run_and_expect(2, "load", "--data", typo, "--trust-received-time", "-", stdin=items, says="--create")
        self.run_and_expect(2, "serve", "--data", typo, "--listen", "127.0.0.1:0", "--auth", "none", says="--create")
        self.assertFalse(os.path.exists(self.path("typo")))
        self.run_and_expect(0, "load", "--data", typo, "--create", "--trust-received-time", "-", stdin=items,
                            says="ledger_created")
        self.assertEqual(self.status(typo)["registrations"], 1)

    def test_a_folder_with_other_things_wants_a_word(self):
        self.write("letter.txt", b"Dear")
        self.run_and_expect(2, "load", "--data", self.folder, "-", stdin=b"", says=("not empty", "--create"))
        self.assertEqual(os.listdir(self.folder), ["letter.txt"])
        self.run_and_expect(0, "load", "--data", self.folder, "--create", "-", stdin=b"")

    def test_an_empty_folder_is_the_wish_for_one(self):
        server = self.serve()
        self.assertIn(b'"event":"ledger_created"', server.output())
        server.stop(clean=False)
        server.start()
        self.assertEqual(server.output().count(b'"event":"ledger_created"'), 1, "made once")
        server.stop()

    def test_a_script_that_names_a_new_folder_is_told_of_the_new_ledger(self):
        server = fs.Server(self.path("new")).start()
        self.addCleanup(server.clean)
        self.assertIn(b'"event":"ledger_created"', server.output())
        self.run_and_expect(0, "load", "--data", self.path("loaded"), "-", stdin=b"", says="ledger_created")

    def test_a_question_on_a_terminal(self):
        for answer, exit_status in ((b"n\n", 2), (b"y\n", 0)):
            with self.subTest(answer=answer):
                master, terminal = pty.openpty()
                process = subprocess.Popen([fs.binary(), "load", "--data", self.path("asked"), os.devnull],
                                           stdin=terminal, stdout=terminal, stderr=terminal)
                os.close(terminal)
                os.write(master, answer)
                with open(master, "rb", buffering=0) as screen:
                    shown = b""
                    try:
                        while piece := screen.read(1000):
                            shown += piece
                    except OSError:
                        pass  # the terminal has been closed
                self.assertEqual(process.wait(30), exit_status, shown)
                self.assertIn(b"Make a new ledger", shown)
                self.assertEqual(os.path.exists(self.path("asked")), exit_status == 0)

    def test_what_a_killed_first_start_left_is_no_ledger_yet(self):
        for name in ("journal", "proofs"):
            with self.subTest(name):
                data = self.data(f"after-{name}")
                os.mkdir(os.path.join(data, name))
                self.load(data, "-", stdin=fs.ndjson([dated("2025-03-01")]))

    def test_the_rest_of_a_ledger_is_not_nothing(self):
        data = self.data("data")
        os.mkdir(os.path.join(data, "access-log"))
        self.run_and_expect(2, "load", "--data", data, "-", says=("is not empty and holds no ledger", "--create"))


class BackupTest(CommandCase):

    def test_another_copy_of_the_ledger_is_not_its_next_backup(self):
        data, copy, backups = self.ledger(), self.path("copy"), self.path("backups")
        fs.frikort_json("rebuild", "--data", data, "--into", copy)
        self.load(data, "-", stdin=fs.ndjson([dated("2025-03-02")]))
        fs.frikort_json("backup", "--data", data, "--to", backups)
        says = ("another copy of this ledger", "a new folder")
        self.run_and_expect(3, "backup", "--data", copy, "--to", backups, says=says)
        self.load(copy, "-", stdin=fs.ndjson([dated("2025-03-03") for _ in range(3)]))
        self.run_and_expect(3, "backup", "--data", copy, "--to", backups, says=says)
        # The ledger itself goes on, and so does one that was restored from the newest backup.
        self.load(data, "-", stdin=fs.ndjson([dated("2025-03-04")]))
        fs.frikort_json("backup", "--data", data, "--to", backups)
        restored = self.path("restored")
        fs.frikort_json("restore", "--from", backups, "--into", restored)
        self.load(restored, "-", stdin=fs.ndjson([dated("2025-03-05")]))
        self.assertEqual(fs.frikort_json("backup", "--data", restored, "--to", backups)["number"], 3)


if __name__ == "__main__":
    unittest.main()
