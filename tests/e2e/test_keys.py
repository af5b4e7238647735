"""frikort keys: the key files of a ledger made, rotated and shown."""

import os
import pathlib
import random
import shutil
import signal
import stat
import subprocess
import time
import unittest

import command_case
import frikort_server as fs
from frikort_server import dated

FILES = {"signing.pem": 0o600, "signing.pub": 0o640, "master.key": 0o600, "numbers.key": 0o600}
SECRETS = ("signing.pem", "master.key", "numbers.key")
MEMBERS = {"keyId", "publicKey", "publicKeyFile", "signingKeys", "masterKeyId", "masterKeyTime", "state", "queryKeys"}


class KeysCase(command_case.CommandCase):

    def keys(self, name="keys"):
        folder = self.path(name)
        fs.frikort_json("keys", "create", "--keys", folder)
        return folder

    def contents(self, folder):
        return {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}

    def secrets(self, folder):
        """What must not be told: the lines of the secret files."""
        contents = self.contents(folder)
        lines = [line for name in SECRETS for line in contents[name].splitlines()]
        return [line for line in lines if not line.startswith(b"-----")]


class CreateTest(KeysCase):

    def test_a_set_for_its_owner_alone(self):
        before = os.umask(0)
        try:
            told = fs.frikort_json("keys", "create", "--keys", self.path("deep/keys"))
        finally:
            os.umask(before)
        folder = self.path("deep/keys")
        self.assertEqual(told.keys(), MEMBERS)
        self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o700)
        modes = {name: stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) for name in os.listdir(folder)}
        self.assertEqual(modes, FILES)
        self.assertEqual(os.listdir(self.path("deep")), ["keys"], "nothing is left beside")
        self.assertEqual((told["publicKeyFile"], told["state"]), (os.path.join(folder, "signing.pub"), "whole"))
        with open(told["publicKeyFile"], encoding="ascii") as file:
            self.assertEqual(file.read(), told["publicKey"] + "\n")

    def test_for_people(self):
        shown = self.run_and_expect(0, "keys", "create", "--keys", self.path("keys")).stdout.decode()
        told = fs.frikort_json("keys", "show", "--keys", self.path("keys"))
        self.assertEqual(told.pop("queryKeys"), [], "none until somebody asks for one")
        signing, = told.pop("signingKeys")
        for value in (*told.values(), *signing.values()):
            self.assertIn(value, shown)

    def test_never_over_something(self):
        folder = self.keys()
        before = self.contents(folder)
        self.run_and_expect(2, "keys", "create", "--keys", folder, says=("--keys", folder, "not empty"))
        self.write("file", b"")
        self.run_and_expect(2, "keys", "create", "--keys", self.path("file"), says=self.path("file"))
        self.assertEqual(self.contents(folder), before)
        self.assertEqual(fs.frikort_json("keys", "create", "--keys", self.data("empty"))["state"], "whole")

    def test_a_ledger_is_made_with_them(self):
        folder, data = self.keys(), self.data("data")
        fs.frikort_json("load", "--data", data, "--keys", folder, "--trust-received-time", "-",
                        stdin=fs.ndjson([dated("2025-03-01")]))
        self.assertFalse(os.path.exists(os.path.join(data, "keys")))
        report = fs.frikort_json("verify", "--data", data, "--public-key", os.path.join(folder, "signing.pub"))
        self.assertIsNone(report["finding"])
        self.assertEqual(report["keyId"], fs.frikort_json("keys", "show", "--keys", folder)["keyId"])


class RotateTest(KeysCase):

    def status(self, data):
        """But for what commands of a test put into the journal themselves."""
        status = super().status(data)
        return {name: value for name, value in status.items() if name not in ("head", "acts")}

    def test_a_loaded_ledger_knows_its_persons(self):
        person, other = fs.new_person(), fs.new_person()
        card = dated("2025-03-03", fs.CEILING[2025], personId=person)
        items = [card, dated("2025-04-01", personId=person), dated("2025-03-01", personId=other)]
        data = self.data("data")
        self.load(data, "-", stdin=fs.ndjson(items))
        keys = os.path.join(data, "keys")

        def seen(data=data):
            server = fs.Server(data).start()
            self.addCleanup(server.clean)
            accounts = [server.account(number, 2025) for number in (person, other)]
            for account in accounts:
                del account["asOf"]  # the journal goes on: it names the head of the access log
            keys = server.jwks()
            server.stop()
            return accounts, keys

        before, status = seen(), self.status(data)
        self.assertEqual([account["card"] is not None for account in before[0]], [True, False])
        fs.frikort_json("backup", "--data", data, "--to", self.path("backups"))
        shown = fs.frikort_json("keys", "show", "--data", data)
        old = self.contents(keys)
        told = fs.frikort_json("keys", "rotate", "--data", data)
        self.assertEqual([told[name] for name in ("keyId", "publicKey", "state")],
                         [shown["keyId"], shown["publicKey"], "whole"])
        new = self.contents(keys)
        self.assertEqual({name for name in FILES if new[name] != old[name]}, {"master.key", "numbers.key"})
        self.assertEqual({name: stat.S_IMODE(os.stat(os.path.join(keys, name)).st_mode) for name in new}, FILES)

        self.assertEqual(self.status(data), status)
        self.assertEqual(seen(), before)
        self.assertIsNone(fs.frikort_json("verify", "--data", data)["finding"])
        self.assertTrue(fs.frikort_json("rebuild", "--data", data, "--into", self.path("rebuilt"))["equal"])
        again = self.load(data, "-", stdin=fs.ndjson([*items, dated("2025-05-02", personId=other)]))
        self.assertEqual((again["duplicate"], again["accepted"]), (3, 1))
        self.assertEqual(self.status(data)["persons"], 2, "nobody became a new person")

        # The backup has the pair of its day, and opens with today's as well: the number key is the same.
        for name, more in (("own", ()), ("new", ("--keys", keys))):
            restored = self.path(f"restored-{name}")
            fs.frikort_json("restore", "--from", self.path("backups"), "--into", restored, *more)
            self.assertEqual(self.contents(os.path.join(restored, "keys")), old if name == "own" else new)
            self.assertEqual(seen(restored), before)

    def test_refused_while_somebody_has_the_ledger_open(self):
        server = self.serve()
        keys = os.path.join(server.data, "keys")
        before = self.contents(keys)
        for place in (("--data", server.data), ("--keys", keys)):
            self.run_and_expect(3, "keys", "rotate", *place, says=(keys, "in use by another process; remedy: stop it"))
            self.assertEqual(fs.frikort_json("keys", "show", *place)["state"], "whole")
        self.assertEqual(self.contents(keys), before)
        server.stop(clean=False)
        fs.frikort_json("keys", "rotate", "--data", server.data)
        server.start()
        # Keys elsewhere are as much in use.
        elsewhere = self.keys("elsewhere")
        other = fs.Server(self.data("other"), ["--keys", elsewhere]).start()
        self.addCleanup(other.clean)
        self.run_and_expect(3, "keys", "rotate", "--keys", elsewhere, says="in use")
        other.kill()
        fs.frikort_json("keys", "rotate", "--keys", elsewhere)

    def test_one_that_was_ended_after_the_master_key_was_replaced(self):
        data = self.ledger()
        status, keys = self.status(data), os.path.join(data, "keys")
        old = self.contents(keys)
        fs.frikort_json("keys", "rotate", "--data", data)
        new = self.contents(keys)
        for name, content in (("numbers.key.next", new["numbers.key"]), ("numbers.key", old["numbers.key"])):
            path = pathlib.Path(keys, name)
            path.write_bytes(content)
            path.chmod(0o600)
        self.assertEqual(fs.frikort_json("keys", "show", "--data", data)["state"], "rotationUnfinished")
        shown = self.run_and_expect(0, "keys", "show", "--data", data).stdout
        self.assertIn(b"`frikort keys rotate` tidies up", shown)
        self.assertEqual(self.status(data), status)
        fs.frikort_json("backup", "--data", data, "--to", self.path("backups"))
        fs.frikort_json("restore", "--from", self.path("backups"), "--into", self.path("restored"))
        self.assertEqual(self.status(self.path("restored")), status)
        self.assertEqual(fs.frikort_json("keys", "rotate", "--data", data)["state"], "whole")
        self.assertEqual(self.contents(keys).keys(), FILES.keys())
        self.assertEqual(self.status(data), status)

    def test_killed_at_any_moment(self):
        data = self.ledger()
        status, keys = self.status(data), os.path.join(data, "keys")
        killed = 0
        for _ in range(60):
            process = subprocess.Popen([fs.binary(), "keys", "rotate", "--data", data], stdout=subprocess.DEVNULL)
            time.sleep(random.uniform(0, 0.02))
            process.kill()
            killed += process.wait(30) == -signal.SIGKILL
            self.assertIn(fs.frikort_json("keys", "show", "--keys", keys)["state"], ("whole", "rotationUnfinished"))
        self.assertGreater(killed, 0)
        self.assertEqual(self.status(data), status)
        fs.frikort_json("keys", "rotate", "--data", data)
        self.assertEqual(self.contents(keys).keys(), FILES.keys())

    def test_many_at_a_time(self):
        folder = self.keys()
        processes = [subprocess.Popen([fs.binary(), "keys", "rotate", "--keys", folder], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE) for _ in range(8)]
        ends = [(process.communicate(timeout=60)[1], process.returncode) for process in processes]
        self.assertIn(0, [status for _, status in ends])
        for said, status in ends:
            self.assertTrue(status == 0 or (status == 3 and b"in use by another process" in said), ends)
        self.assertEqual(fs.frikort_json("keys", "show", "--keys", folder)["state"], "whole")


class ShowTest(KeysCase):

    def test_nothing_secret_is_told(self):
        folder = self.keys()
        secrets = self.secrets(folder)
        for part in ("show", "rotate"):
            for more in ((), ("--json",)):
                done = self.run_and_expect(0, "keys", part, "--keys", folder, *more)
                for secret in (*secrets, *self.secrets(folder)):
                    self.assertNotIn(secret, done.stdout + done.stderr)

    def test_what_is_wrong_with_the_files_is_named(self):
        for name in SECRETS:
            for part in ("show", "rotate"):
                with self.subTest(name=name, part=part):
                    folder = self.keys(f"{name}-{part}")
                    path = os.path.join(folder, name)
                    os.chmod(path, 0o640)
                    self.run_and_expect(3, "keys", part, "--keys", folder, says=(path, "chmod 600"))
                    os.remove(path)
                    self.run_and_expect(3, "keys", part, "--keys", folder, says=(path, "is missing"))
        folder = self.keys()
        shutil.copy(os.path.join(self.keys("other"), "master.key"), folder)
        self.run_and_expect(3, "keys", "show", "--keys", folder, says="the master key does not open the number key")
        self.run_and_expect(3, "keys", "show", "--keys", self.path("none"), says=self.path("none"))

    def test_usage(self):
        for args in (("keys",), ("keys", "bogus"), ("keys", "bogus", "--help")):
            self.run_and_expect(2, *args, says=("create, rotate, show", "frikort keys --help"))
        self.run_and_expect(2, "keys", "create", says="--keys is required; `frikort keys create --help`")
        for part in ("rotate", "show"):
            says = ("exactly one of --data and --keys", f"`frikort keys {part} --help`")
            self.run_and_expect(2, "keys", part, says=says)
            self.run_and_expect(2, "keys", part, "--data", "x", "--keys", "y", says=says)

    def test_help_is_for_people(self):
        for part in ("create", "rotate", "show"):
            text = self.run_and_expect(0, "keys", part, "--help").stdout.decode()
            self.assertEqual(self.run_and_expect(0, "help", "keys", part).stdout.decode(), text)
            self.assertIn("0 done, 1 findings, 2 wrong usage, 3 could not run", " ".join(text.split()))
            self.assertLessEqual(max(map(len, text.splitlines())), 80)
        self.assertIn("Numbers are encrypted as before", " ".join(
            self.run_and_expect(0, "keys", "rotate", "--help").stdout.decode().split()))


if __name__ == "__main__":
    unittest.main()
