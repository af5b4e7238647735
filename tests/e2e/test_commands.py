"""How the commands behave at their edges: what they read and write, refuse and say."""

import errno
import fcntl
import gzip
import json
import os
import pty
import re
import signal
import stat
import struct
import subprocess
import tempfile
import termios
import threading
import time
import unittest

import frikort_server as fs
import test_cli
from frikort_server import dated

COMMANDS = ("serve", "generate", "load", "status", "reconcile", "verify", "rebuild", "backup", "restore", "export",
            "keys")


class CommandCase(test_cli.FolderCase):

    def run_and_expect(self, exit_status, *args, says=(), **more):
        done = fs.run_frikort(*args, **more)
        text = done.stderr.decode()
        self.assertEqual(done.returncode, exit_status, f"{args}: {text[-800:]}")
        for part in (says,) if isinstance(says, str) else says:
            self.assertIn(part, text, args)
        return done

    def ledger(self, name="data", count=20):
        data = self.data(name)
        self.load(data, "-", stdin=fs.ndjson([dated("2025-03-01") for _ in range(count)]))
        return data

    def serve(self, *options, **more):
        server = fs.Server(self.data("served"), options, **more)
        self.addCleanup(server.clean)
        return server.start()


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


class InputTest(CommandCase):

    def items(self, count=20):
        return fs.ndjson([dated("2025-03-01") for _ in range(count)])

    def test_a_pipe_is_read_once(self):
        for number in range(2):
            os.mkfifo(self.path(f"pipe{number}"))
        data = self.data("data")

        def write(number):
            with open(self.path(f"pipe{number}"), "wb") as pipe:
                pipe.write(self.items())

        writers = [threading.Thread(target=write, args=(number,), daemon=True) for number in range(2)]
        for writer in writers:
            writer.start()
        self.assertEqual(self.load(data, self.path("pipe0"), self.path("pipe1"))["accepted"], 40)

    def test_process_substitution(self):
        path = self.write("items", self.items())
        data = self.data("data")
        done = subprocess.run(["bash", "-c", f"{fs.binary()} load --json --data {data} --trust-received-time <(cat {path})"],
                              capture_output=True, timeout=30, check=True)
        self.assertEqual(json.loads(done.stdout)["accepted"], 20)

    def test_other_forms_are_named(self):
        items = self.items()
        array = fs.compact([dated("2025-03-01")]).encode()
        for content, says in ((gzip.compress(items), ("gzip", "gzip -dc")),
                              (items.decode().encode("utf-16"), ("UTF-16", "iconv")),
                              (items.decode().encode("utf-16-le"), ("UTF-16", "iconv")),
                              (items.decode().encode("utf-16-be"), ("UTF-16", "iconv")),
                              (array, ("JSON array", "jq")), (b"  \n" + array, ("JSON array", "jq"))):
            with self.subTest(says=says):
                data = self.data(f"data{hash(content)}")
                path = self.write("items", content)
                self.run_and_expect(2, "load", "--data", data, "--trust-received-time", path, says=says)
                self.run_and_expect(2, "load", "--data", data, "--trust-received-time", "-", stdin=content, says=says)
                self.assertEqual(os.listdir(data), [] if not os.path.exists(f"{data}/keys") else os.listdir(data))

    def test_a_file_without_items(self):
        readme = str(fs.ROOT / "README.md")
        self.run_and_expect(2, "load", "--data", self.data("data"), readme, says="is a JSON object")
        self.run_and_expect(2, "load", "--data", self.data("other"), self.folder, says="is a folder")

    def test_a_wrong_second_file_leaves_nothing_loaded(self):
        data = self.ledger(count=1)
        good, bad = self.write("good", self.items()), self.write("bad", gzip.compress(self.items()))
        self.run_and_expect(2, "load", "--data", data, "--trust-received-time", good, bad)
        self.assertEqual(self.status(data)["registrations"], 1)

    def test_received_times_that_are_not_trusted(self):
        path = self.write("items", self.items())
        says = ("receivedTime", "--trust-received-time")
        self.run_and_expect(2, "load", "--data", self.data("data"), path, says=says)
        self.run_and_expect(2, "load", "--server", self.serve().url, path, says=says)
        # Too few to conclude from: each gets its verdict, and a word.
        few = self.write("few", self.items(2))
        done = self.run_and_expect(0, "load", "--data", self.data("few-data"), few, says=says)
        self.assertIn(b"2 rejected", done.stdout)

    def test_byte_order_mark(self):
        self.assertEqual(self.load(self.data("data"), "-", stdin=b"\xef\xbb\xbf" + self.items(3))["accepted"], 3)


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
        data = self.data("data")
        os.mkdir(os.path.join(data, "journal"))
        self.load(data, "-", stdin=fs.ndjson([dated("2025-03-01")]))


class RefusalTest(CommandCase):
    """What a server says is shown as a sentence."""

    def test_a_problem_is_a_sentence(self):
        server = self.serve()
        done = self.run_and_expect(3, "backup", "--server", server.url, "--to", os.path.join(server.data, "inside"),
                                   says="must not lie in the data folder")
        self.assertNotIn(b"{", done.stderr)
        done = self.run_and_expect(2, "reconcile", "--server", server.url, "--year", 1999, "--output", self.path("out"),
                                   says=("No ceiling is known", "[ceilings]"))
        self.assertNotIn(b"{", done.stderr)

    def start_long_job(self, server):
        path, _ = self.make()
        fs.frikort_json("load", "--server", server.url, "--trust-received-time", path)
        reply = server.post_json("/v1/backups", {"to": self.path("backups")})
        self.assertEqual(reply.status, 202, reply.body)

    def test_another_job_and_waiting_for_it(self):
        server = self.serve()
        self.start_long_job(server)
        for attempt in range(20):
            done = fs.run_frikort("reconcile", "--server", server.url, "--year", 2024, "--output", self.path(f"o{attempt}"))
            if done.returncode == 3:
                break
            self.start_long_job(server)  # it was done before
        self.assertIn(b"Another job is running, `backup", done.stderr)
        self.assertIn(b"--wait", done.stderr)
        self.assertNotIn(b"{", done.stderr)
        done = self.run_and_expect(0, "reconcile", "--server", server.url, "--year", 2024, "--wait", "--output",
                                   self.path("waited"))
        self.assertTrue(os.path.exists(self.path("waited/statement.json")))

    def test_interrupted_the_server_goes_on(self):
        server = self.serve()
        path, _ = self.make()
        fs.frikort_json("load", "--server", server.url, "--trust-received-time", path)
        for attempt in range(20):
            process = subprocess.Popen([fs.binary(), "backup", "--server", server.url, "--to", self.path(f"b{attempt}")],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            while not os.path.exists(self.path(f"b{attempt}")) and process.poll() is None:
                time.sleep(0.001)
            time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
            if process.returncode != 0:
                break
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertIn(b"the server goes on with the backup; GET /v1/backups/", said)
        where = re.search(rb"GET (\S+)", said)[1].decode()
        deadline = time.monotonic() + 30
        while (job := server.get(where).json())["state"] == "running":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        self.assertEqual(job["state"], "done", job)


class UsageTest(CommandCase):

    def test_commands_that_are_none(self):
        for args in ((), ("bogus",), ("helpp", "load")):
            with self.subTest(args=args):
                self.run_and_expect(2, *args, says=("load", "reconcile", "frikort --help"))
        self.assertIn(b"trust-received-time", self.run_and_expect(0, "help", "load").stdout)
        self.assertIn(b"reconcile", self.run_and_expect(0, "help").stdout)
        self.assertRegex(self.run_and_expect(0, "version").stdout, rb"^\d+\.\d+")

    def test_a_number_that_does_not_fit_is_named(self):
        for option, value in (("--registrations", "-5"), ("--registrations", "0"), ("--persons", "9000000"),
                              ("--seed", "-1"), ("--year", "1e3")):
            args = {"--registrations": "10", "--persons": "10", "--seed": "1", "--year": "2024", option: value}
            with self.subTest(option=option):
                done = self.run_and_expect(2, "generate", *(part for pair in args.items() for part in pair), "--output",
                                           "-", says=(option, f"'{value}'"))
                for other in args.keys() - {option}:
                    self.assertNotIn(other.encode(), done.stderr)
        self.run_and_expect(2, "generate", "--registrations", 10, "--year", 1999, "--output", "-", says=("--year", "1999"))
        self.run_and_expect(2, "backup", "--data", "x", "--to", "y", "--keep", -1, says=("--keep", "'-1'"))

    def test_exactly_one_ledger(self):
        for command in (("status",), ("load", "x"), ("backup", "--to", "x"), ("reconcile", "--year", 2024, "--output", "x")):
            self.run_and_expect(2, *command, says=("--data", "--server"))
            self.run_and_expect(2, *command, "--data", "x", "--server", "http://127.0.0.1:1", says=("--data", "--server"))

    def test_help_is_for_people(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                text = self.run_and_expect(0, command, "--help").stdout.decode()
                self.assertIn("0 done, 1 findings, 2 wrong usage, 3 could not run", " ".join(text.split()))
                for noise in ("[Option Group", " in [", "UINT", ":FILE", "REQUIRED", "Needs:", "TEXT"):
                    self.assertNotIn(noise, text)
                self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_serve_without_auth_says_what_to_add(self):
        self.run_and_expect(2, "serve", "--data", self.data("data"), says="--auth none")

    def test_errors_of_the_file_system_are_sentences(self):
        self.write("file", b"")
        done = fs.run_frikort("status", "--data", self.path("file/data"))
        self.assertEqual(done.returncode, 3)
        self.assertNotIn(b"filesystem error", done.stderr)

    @unittest.skipIf(os.geteuid() != 0, "only root can become somebody who may not read")
    def test_keys_that_cannot_be_read(self):
        # In a folder that everybody can enter.
        with tempfile.TemporaryDirectory(prefix="frikort-e2e-", dir="/tmp") as folder:
            os.chmod(folder, 0o755)
            data = os.path.join(folder, "data")
            self.load_into(data)
            nobody = 65534
            for root, folders, names in os.walk(data):
                for name in (root, *(os.path.join(root, n) for n in folders + names)):
                    os.chown(name, nobody, nobody)

            def status():
                done = subprocess.run([fs.binary(), "status", "--data", data], capture_output=True, timeout=30,
                                      check=False, user=nobody, group=nobody)
                return done.returncode, done.stderr.decode()

            if status()[0] == 126:
                self.skipTest("nobody cannot run the program")
            self.assertEqual(status()[0], 0, status())
            os.chmod(f"{data}/keys", 0)
            code, said = status()
            self.assertEqual(code, 3)
            self.assertIn("cannot be read: Permission denied", said)
            os.chmod(f"{data}/keys", 0o700)
            os.chown(f"{data}/keys/signing.pem", 0, 0)
            self.assertIn("Permission denied", status()[1])
            os.remove(f"{data}/keys/master.key")
            os.chown(f"{data}/keys/signing.pem", nobody, nobody)
            self.assertIn("master.key is missing", status()[1])

    def load_into(self, data):
        os.mkdir(data)
        self.load(data, "-", stdin=fs.ndjson([dated("2025-03-01")]))

    def test_a_configuration_that_the_ledger_needs(self):
        year = max(fs.CEILING) + 1
        config = self.write("config.toml", f"[ceilings]\n{year} = 3400\n".encode())
        data = self.data("data")
        fs.frikort_json("load", "--data", data, "--config", config, "-", stdin=fs.ndjson([dated("2025-03-01")]))
        self.run_and_expect(3, "status", "--data", data, says=(str(year), "3400 kroner", "--config"))
        self.run_and_expect(3, "serve", "--data", data, "--listen", "127.0.0.1:0", "--auth", "none", says="--config")
        self.assertTrue(fs.frikort_json("status", "--data", data, "--config", config)["checksum"])


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


class SignalTest(CommandCase):

    def test_signals_that_are_not_ends_are_ignored_and_logged(self):
        server = self.serve()
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT):
            server.process.send_signal(number)
            deadline = time.monotonic() + 10
            while f'"signal":"{number.name}"' not in server.output().decode():
                self.assertIsNone(server.process.poll(), f"{number.name} ended it")
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
            self.assertEqual(server.submit_one(fs.copayment())["verdict"], "accepted")
        self.assertIn(b"a restart", server.output())
        server.stop()


class CeilingTest(CommandCase):

    def config(self, text):
        return self.write("config.toml", text.encode())

    def test_what_is_in_force_is_logged(self):
        year = max(fs.CEILING) + 1
        server = self.serve("--config", self.config(f"[ceilings]\n{year} = 3456\n"))
        self.assertIn(f"{year}: 3456 kr (configuration)", server.output().decode())
        server.stop()

    def test_what_cannot_be_a_ceiling_is_refused(self):
        for line, says in (("2027 = 92233720368547759", "100 to 100000"), ("2027 = 340000", "not in øre"),
                           ("2027 = 9000", "confirmed = true"), ("1900 = 3000", "2010 to 2199"),
                           ("2009 = 3000", "2010 to 2199"), ("2200 = 3000", "2010 to 2199")):
            with self.subTest(line=line):
                self.run_and_expect(2, "serve", "--data", self.data(f"d{line}"), "--auth", "none", "--config",
                                    self.config(f"[ceilings]\n{line}\n"), says=(says, "config.toml:2"))

    def test_years_that_are_accepted_are_audited_the_same(self):
        """The first and the last year that a ceiling can be of, on both sides of its summer time."""
        config = self.config("accept_test_numbers = true\n[ceilings]\n2010 = 2000\n"
                             "2199 = { kroner = 9000, confirmed = true }\n")
        items = []
        for day in ("2010-03-28", "2010-10-31"):
            items += [dated(day, clock=clock) for clock in ("00:30:00", "03:30:00", "23:30:00")]
        data = self.data("data")
        loaded = fs.frikort_json("load", "--data", data, "--config", config, "--trust-received-time", "-",
                                 stdin=fs.ndjson(items))
        self.assertEqual(loaded["accepted"], len(items), loaded)
        fs.frikort_json("export", "--data", data, "--config", config, "--journal", "--output", self.path("export"))
        key = os.path.join(data, "keys", "signing.pub")
        done = subprocess.run([str(fs.ROOT / "scripts/audit.py"), self.path("export"), "--public-key", key],
                              capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-500:] + done.stderr[-500:])


if __name__ == "__main__":
    unittest.main()
