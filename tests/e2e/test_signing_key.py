"""Another signing key takes the place of the one before: under load, over a kill, in backups, and for whoever checks.

Whoever has the first public key needs nothing else: the journal names each key that follows, signed by the one before.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import frikort_server as fs
from frikort_server import copayment

SECONDS = 30
CLIENTS = 3


def checked(script, answer, key_file):
    """What an auditor's script says of an answer, with only these keys."""
    done = subprocess.run([sys.executable, fs.ROOT / "scripts" / script, "-", "--public-key", key_file, "--json"],
                          input=answer, capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout.decode() + done.stderr.decode()


class SigningKeyCase(unittest.TestCase):

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="frikort-e2e-signing-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.server = fs.Server()
        self.addCleanup(self.server.clean)
        self.server.fixed_port = fs.free_port()
        self.server.start()
        self.data = pathlib.Path(self.server.data)
        self.first = self.folder / "first.pub"
        shutil.copy(self.data / "keys" / "signing.pub", self.first)

    def serve(self, data):
        server = fs.Server(data=str(data))
        self.addCleanup(server.clean)
        return server.start()

    def key_ids(self):
        return [key["kid"] for key in self.server.get("/.well-known/jwks.json").json()["keys"]]

    def signer(self):
        """The key that signs the receipt of an item that is sent now."""
        reply = self.server.post_json("/v1/registrations", [copayment()])
        self.assertEqual(reply.status, 200, reply.body)
        receipt, = reply.json()["receipts"]
        return receipt["keyId"]

    def rotate(self, times=1):
        known = len(self.key_ids())
        for _ in range(times):
            fs.frikort_json("keys", "rotate", "--key", "signing", "--data", str(self.data))
        self.wait_for_keys(known + times)

    def wait_for_keys(self, count):
        until = time.monotonic() + SECONDS
        while len(self.key_ids()) < count:
            self.assertLess(time.monotonic(), until, f"the service has not taken the key: {self.server.tail()}")
            time.sleep(0.05)

    def keys_by_verify(self, data=None):
        """The keys that `frikort verify` finds with the first one alone, as a file for the scripts."""
        found = fs.frikort_json("verify", "--data", str(data or self.data), "--public-key", str(self.first))
        self.assertIsNone(found["finding"])
        self.assertIsNone(found["accessLog"]["finding"])
        path = self.folder / "keys.json"
        path.write_text(json.dumps(found), encoding="ascii")
        return path, [key["kid"] for key in found["keys"]]


class UnderLoadTest(SigningKeyCase):

    def work(self, answers, faults, is_over):
        while not is_over.is_set():
            reply = self.server.request("POST", "/v1/registrations", fs.compact([copayment(), copayment()]).encode(),
                                        {"Content-Type": "application/json"})
            (answers if reply.status == 200 else faults).append(reply.body)

    def test_rotated_twice_no_request_is_refused_and_every_receipt_is_proven_by_the_first_key(self):
        answers, faults, is_over = [], [], threading.Event()
        clients = [threading.Thread(target=self.work, args=(answers, faults, is_over)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        try:
            for _ in range(2):
                self.rotate()
                enough = len(answers) + 20
                until = time.monotonic() + SECONDS
                while len(answers) < enough and time.monotonic() < until:
                    time.sleep(0.05)
        finally:
            is_over.set()
            for client in clients:
                client.join()
        self.assertEqual(faults, [])
        served = self.key_ids()
        key_file, found = self.keys_by_verify()
        self.assertEqual((found, len(set(found))), (served, 3))
        signed_by = {receipt["keyId"] for answer in answers for receipt in json.loads(answer)["receipts"]}
        self.assertEqual(signed_by, set(found), "receipts of before, between and after")
        for answer in answers[:: max(1, len(answers) // 60)]:
            self.assertEqual(checked("check_receipt.py", answer, key_file)[0], 0)
        fresh = self.folder / "rebuilt"
        self.server.stop(clean=False)
        fs.frikort_json("rebuild", "--data", str(self.data), "--into", str(fresh))

    def test_two_that_are_made_at_once_follow_each_other(self):
        self.rotate(2)
        _, found = self.keys_by_verify()
        self.assertEqual(found, self.key_ids())
        self.assertEqual(self.signer(), found[-1])


class KilledTest(SigningKeyCase):

    def test_killed_at_any_time_the_ledger_opens_and_signs_with_the_key_that_the_journal_names(self):
        for delay in (0, 0.2, 0.5, 0.8, 0.9, 1.0, 1.1, 1.2, 1.6):
            self.signer()
            before = len(self.key_ids())
            fs.frikort_json("keys", "rotate", "--key", "signing", "--data", str(self.data))
            time.sleep(delay)
            self.server.kill()
            self.server.start()
            self.wait_for_keys(before + 1)
            self.assertEqual(self.signer(), self.key_ids()[-1], f"killed after {delay} s")
        self.keys_by_verify()

    def test_a_file_that_ends_before_its_end_is_said_and_changes_nothing(self):
        torn = self.data / "keys" / "signing-2.pem"
        torn.write_text("Made by: user root\n-----BEGIN PRIVATE KEY-----\nMC4C", encoding="ascii")
        os.chmod(torn, 0o600)
        until = time.monotonic() + SECONDS
        while b"signing_key_not_changed" not in self.server.output():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.1)
        self.signer()
        self.assertEqual(len(self.key_ids()), 1)


class CheckedTest(SigningKeyCase):

    YEAR = 2024

    def test_dossier_and_card_from_before_and_after(self):
        person = fs.new_person()
        item = lambda day: fs.dated(f"{self.YEAR}-03-{day:02}", 200_000, personId=person)
        self.server.stream([item(1)])
        self.rotate()
        self.server.stream([item(2)])
        question = {"personId": person, "year": self.YEAR}
        before = self.server.post_json("/v1/persons/dossier", question).body
        self.rotate()
        after = self.server.post_json("/v1/persons/dossier", question).body
        key_file, _ = self.keys_by_verify()
        for dossier in (before, after):
            status, said = checked("check_dossier.py", dossier, key_file)
            self.assertEqual(status, 0, said)
        self.assertEqual(checked("check_dossier.py", after, self.first)[0], 1, "the first key alone has not signed this")

    def test_the_audit_follows_the_keys_and_a_statement_of_each(self):
        self.server.stream([fs.dated("2024-03-01", 400_000)])
        self.server.stop(clean=False)
        statements = []
        for number in (1, 2):
            out = self.folder / f"out-{number}"
            fs.frikort_json("reconcile", "--data", str(self.data), "--year", "2024", "--output", str(out))
            statements.append(out)
            self.server.start()
            self.rotate()
            self.server.stop(clean=False)
        export = self.folder / "export"
        fs.frikort_json("export", "--data", str(self.data), "--output", str(export), "--journal")
        for statement in statements:
            done = subprocess.run([sys.executable, fs.ROOT / "scripts" / "audit.py", export, "--public-key", self.first,
                                   "--statement", statement, "--json"], capture_output=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stdout[:2000] + done.stderr[:2000])

    def test_backups_of_before_and_after_can_be_restored_and_continued(self):
        backups = self.folder / "backups"
        self.server.submit(copayment())
        self.server.stop(clean=False)
        fs.frikort_json("backup", "--data", str(self.data), "--to", str(backups))
        self.server.start()
        self.rotate()
        self.server.submit(copayment())
        self.server.stop(clean=False)
        fs.frikort_json("backup", "--data", str(self.data), "--to", str(backups))
        for number, count in ((1, 1), (2, 2)):
            restored = self.folder / f"restored-{number}"
            fs.frikort_json("restore", "--from", str(backups), "--into", str(restored), "--number", str(number))
            self.assertEqual(len(self.keys_by_verify(restored)[1]), count)
            server = self.serve(restored)
            self.assertTrue(server.submit(copayment()))
            server.stop(clean=False)
            self.keys_by_verify(restored)
        # The keys of today continue the journal of then, and the newest of them takes its place again.
        restored = self.folder / "with-keys-of-today"
        fs.frikort_json("restore", "--from", str(backups), "--into", str(restored), "--number", "1", "--keys",
                        str(self.data / "keys"))
        self.server = self.serve(restored)
        self.wait_for_keys(2)
        self.server.stop(clean=False)
        self.keys_by_verify(restored)

    def test_a_key_that_was_made_without_a_server_signs_from_the_next_start_on(self):
        self.server.stop(clean=False)
        fs.frikort_json("keys", "rotate", "--key", "signing", "--data", str(self.data))
        self.server.start()
        self.wait_for_keys(2)
        self.assertEqual(self.signer(), self.key_ids()[-1])
        act, = self.server.get("/v1/status").json()["acts"]
        self.assertEqual((act["act"], act["of"], act["by"]), ("key", self.key_ids()[-1], f"user {self.data.owner()}"))

    def test_keys_of_another_ledger_are_refused(self):
        self.rotate()
        self.server.stop(clean=False)
        (self.data / "keys" / "signing-2.pem").unlink()
        status = fs.run_frikort("status", "--data", str(self.data))
        self.assertEqual(status.returncode, 3)
        self.assertIn(b"remedy: --keys", status.stderr)


class ActsTest(SigningKeyCase):

    def acts(self):
        return [(act["act"], act["of"], act["by"]) for act in self.server.get("/v1/status").json()["acts"]]

    def wait_for_acts(self, count):
        until = time.monotonic() + SECONDS
        while len(self.acts()) < count:
            self.assertLess(time.monotonic(), until)
            time.sleep(0.05)

    def test_who_had_keys_made_that_do_not_sign(self):
        user = f"user {pathlib.Path(self.data).owner()}"
        first = fs.frikort_json("keys", "show", "--data", str(self.data))["masterKeyId"]
        query = fs.frikort_json("keys", "rotate", "--key", "query", "--data", str(self.data))["keyId"]
        self.wait_for_acts(1)
        expected = [("key", query, user)]
        self.assertEqual(self.acts(), expected)
        self.server.stop(clean=False)
        second, third = (fs.frikort_json("keys", "rotate", "--data", str(self.data))["masterKeyId"] for _ in range(2))
        self.assertEqual(len({first, second, third}), 3)
        # Of two that were made while nobody had the ledger open, the journal has the one that is there.
        expected.insert(0, ("key", third, user))
        for _ in range(2):
            self.server.start()
            self.wait_for_acts(2)
            time.sleep(1.5)  # a look at the keys more
            self.assertEqual(self.acts(), expected)
            self.server.stop(clean=False)
        self.keys_by_verify()

    def test_who_had_the_ledger_do_what_is_shown_and_is_part_of_the_journal(self):
        self.server.stream([fs.dated("2024-03-01", 400_000)])
        self.assertEqual(self.acts(), [])
        backups = self.folder / "backups"
        fs.frikort_json("backup", "--server", self.server.url, "--to", str(backups))
        fs.frikort_json("reconcile", "--server", self.server.url, "--year", "2024", "--output",
                        str(self.folder / "statement"))
        fs.frikort_json("reconcile", "--server", self.server.url, "--year", "2024", "--output",
                        str(self.folder / "dry"), "--dry-run")
        self.rotate()
        user = f"user {pathlib.Path(self.data).owner()}"
        expected = [("key", self.key_ids()[-1], user), ("reconcile", "2024", "anonymous"),
                    ("backup", str(backups), "anonymous")]
        self.assertEqual(self.acts(), expected)
        self.server.process.send_signal(1)
        self.wait_for_acts(4)
        self.assertEqual(self.acts()[0], ("reload", "", "SIGHUP"))
        self.server.stop(clean=False)
        fs.frikort_json("backup", "--data", str(self.data), "--to", str(backups))
        status = fs.frikort_json("status", "--data", str(self.data))
        self.assertEqual([act["act"] for act in status["acts"]], ["backup", "reload", "key", "reconcile", "backup"])
        self.assertEqual(status["acts"][0]["by"], user)
        self.assertIn(b"reconcile  2024, by anonymous", fs.run_frikort("status", "--data", str(self.data)).stdout)
        rebuilt = self.folder / "rebuilt"
        fs.frikort_json("rebuild", "--data", str(self.data), "--into", str(rebuilt))
        self.keys_by_verify()


if __name__ == "__main__":
    unittest.main()
