"""Wrong usage, help, and files that cannot be read: what a command says of them."""

import os
import subprocess
import tempfile
import unittest

import frikort_server as fs
from command_case import CommandCase
from frikort_server import COMMANDS, dated


class UsageTest(CommandCase):

    def test_commands_that_are_none(self):
        for args in ((), ("bogus",), ("helpp", "load")):
            with self.subTest(args=args):
                self.run_and_expect(2, *args, says=("load", "reconcile", "frikort --help"))
        self.assertIn(b"trust-received-time", self.run_and_expect(0, "help", "load").stdout)
        self.assertIn(b"reconcile", self.run_and_expect(0, "help").stdout)
        self.assertRegex(self.run_and_expect(0, "version").stdout, rb"^\d+\.\d+")

    def test_a_number_that_does_not_fit_is_named(self):
        for option, value in (("--registrations", "-5"), ("--registrations", "0"), ("--persons", "9000000"), ("--persons", "0"),
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


if __name__ == "__main__":
    unittest.main()
