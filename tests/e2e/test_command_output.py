"""What commands write: lost output, files under their names, figures for people, progress, modes of files."""

import errno
import fcntl
import json
import os
import pty
import re
import signal
import stat
import struct
import subprocess
import termios
import time
import unittest

import frikort_server as fs
import test_cli
from command_case import CommandCase
from frikort_server import COMMANDS, dated


class LostOutputTest(CommandCase):
    """A disk that is full behind standard output, or an output file."""

    def lose(self, *args):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([fs.binary(), *map(str, args)], stdin=subprocess.DEVNULL, stdout=full,
                                  stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(done.returncode, 3, f"{args}: {done.stderr[-500:]!r}")
        self.assertIn(os.strerror(errno.ENOSPC), done.stderr.decode(), args)

    def test_of_every_command(self):
        data = self.ledger()
        items = self.write("more", fs.ndjson([dated("2025-03-02")]))
        fs.frikort_json("backup", "--data", data, "--to", self.path("backups"))
        for number, args in enumerate((
                ("status", "--data", data), ("status", "--data", data, "--json"),
                ("load", "--data", data, "--trust-received-time", items),
                ("load", "--data", data, "--trust-received-time", "--json", items),
                ("verify", "--data", data), ("verify", "--data", data, "--json"),
                ("rebuild", "--data", data, "--into", "INTO"), ("rebuild", "--data", data, "--into", "INTO", "--json"),
                ("export", "--data", data, "--output", "INTO"), ("export", "--data", data, "--output", "INTO", "--json"),
                ("reconcile", "--data", data, "--year", 2025, "--output", "INTO", "--dry-run"),
                ("backup", "--data", data, "--to", self.path("backups")),
                ("restore", "--from", self.path("backups"), "--into", "INTO"),
                ("keys", "create", "--keys", "INTO"), ("keys", "show", "--data", data, "--json"),
                ("generate", "--registrations", 100, "--year", 2024, "--output", "-"),
                ("generate", "--registrations", 100, "--year", 2024, "--json", "--output", self.path("year")))):
            with self.subTest(args=args):
                self.lose(*(self.path(f"into-{number}") if arg == "INTO" else arg for arg in args))

    def test_of_help_and_version(self):
        for args in (("--help",), ("--version",), ("version",), ("help",), *((name, "--help") for name in COMMANDS)):
            self.lose(*args)

    def test_of_a_file(self):
        self.run_and_expect(3, "generate", "--registrations", 100, "--year", 2024, "--output", "/dev/full",
                            says=os.strerror(errno.ENOSPC))


class GenerateTest(CommandCase):

    def test_interrupted_it_leaves_no_file_under_its_name(self):
        process = subprocess.Popen([fs.binary(), "generate", "--registrations", "5000000", "--year", "2024", "--output",
                                    self.path("year")], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not (os.path.exists(self.path("year.partial")) and os.path.getsize(self.path("year.partial"))):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        process.wait(30)
        self.assertFalse(os.path.exists(self.path("year")))
        test_cli.generate(1, self.path("year"), count=100)
        self.assertEqual(os.listdir(self.folder), ["year"], "the next one takes its place")

    def test_into_a_pipe_and_a_device(self):
        os.mkfifo(self.path("pipe"))
        reader = subprocess.Popen(["cat", self.path("pipe")], stdout=subprocess.PIPE)
        self.assertEqual(test_cli.generate(7, self.path("pipe"), count=100).returncode, 0)
        content, _ = reader.communicate(timeout=30)
        self.assertEqual(content, test_cli.generate(7, "-", count=100).stdout)
        self.assertEqual(test_cli.generate(7, os.devnull, count=100).returncode, 0)


class StatusTest(CommandCase):

    def test_money_is_in_kroner_for_people(self):
        data = self.data("data")
        self.load(data, "-", stdin=fs.ndjson([dated("2025-03-01", 123_45)]))
        shown = self.run_and_expect(0, "status", "--data", data).stdout.decode()
        self.assertIn("123.45 kr", shown)
        self.assertEqual(self.status(data)["countedOre"], 123_45)
        self.assertRegex(shown, r"cards under review now +0\n")
        labels = [line.rsplit(None, 1)[0].strip() for line in shown.splitlines()]
        self.assertEqual(len(labels), len(set(labels)), "no two figures of one name")


class ProgressTest(CommandCase):

    def screen(self, columns, *args):
        """What a command shows on a terminal of so many columns."""
        master, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([fs.binary(), *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=terminal)
        os.close(terminal)
        shown = b""
        with open(master, "rb", buffering=0) as screen:
            try:
                while piece := screen.read(4096):
                    shown += piece
            except OSError:
                pass  # the terminal has been closed
        return process.wait(60), shown.decode().replace("\033[K", "")

    def test_lines_fit_the_terminal_and_end_at_100_percent(self):
        items, _ = self.make()
        for columns in (30, 80, 200):
            with self.subTest(columns=columns):
                status, shown = self.screen(columns, "load", "--data", self.data(f"data{columns}"), "--trust-received-time",
                                            items)
                self.assertEqual(status, 0, shown)
                lines = [line for line in re.split(r"[\r\n]+", shown) if line.startswith("load")]
                self.assertLess(max(map(len, lines)), columns)
                self.assertIn("100 %", lines[-1])
                if columns >= 80:
                    self.assertRegex(lines[-1], r"^load \[#+\] 100 % [0-9.]+ [kM]B, ")

    def test_json_lines_say_finished_when_it_is(self):
        items, content = self.make()
        done = self.run_and_expect(0, "load", "--data", self.data("data"), "--trust-received-time", items)
        last = json.loads(done.stderr.splitlines()[-1])
        self.assertEqual((last["finished"], last["done"], last["total"]), (True, len(content), len(content)))


class ModesTest(CommandCase):
    """What the program writes is for its owner and their group, whatever the umask."""

    def test_of_everything_that_is_written(self):
        items, _ = self.make()
        before = os.umask(0)
        try:
            server = fs.Server(self.path("served"), ["--create"]).start()
            self.addCleanup(server.clean)
            fs.frikort_json("load", "--server", server.url, "--trust-received-time", items)
            server.stop(clean=False)
            data = self.path("data")
            fs.frikort_json("load", "--data", data, "--create", "--trust-received-time", items)
            fs.frikort_json("export", "--data", data, "--journal", "--output", self.path("export"))
            fs.frikort_json("reconcile", "--data", data, "--year", 2024, "--output", self.path("closing"))
            fs.frikort_json("backup", "--data", data, "--to", self.path("backups"))
            fs.frikort_json("restore", "--from", self.path("backups"), "--into", self.path("restored"))
            fs.frikort_json("rebuild", "--data", data, "--into", self.path("rebuilt"))
            made = self.path("generated")
            test_cli.generate(1, made, count=100)
            os.mkdir(self.path("mine"))
            fs.frikort_json("load", "--data", self.path("mine"), "--trust-received-time", items)
        finally:
            os.umask(before)
        seen = 0
        for root, folders, names in os.walk(self.folder):
            for name in folders + names:
                path = os.path.join(root, name)
                if path == items:
                    continue
                mode = stat.S_IMODE(os.lstat(path).st_mode)
                # A folder that was there keeps what its owner gave to the group.
                forbidden = 0o007 if path == self.path("mine") else 0o027
                self.assertEqual(mode & forbidden, 0, f"{path} has mode {mode:o}")
                seen += 1
        self.assertGreater(seen, 100)
        for name in ("signing.pem", "master.key", "numbers.key"):
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(data, "keys", name)).st_mode), 0o600)


if __name__ == "__main__":
    unittest.main()
