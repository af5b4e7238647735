"""frikort backup and restore: on line and off, incremental, verified, whole after a kill."""

import json
import os
import re
import shutil
import subprocess
import threading
import time
import unittest

import faulty_disk
import frikort_server as fs
import test_cli

COUNT = 12_000


def flip_a_byte(folder):
    """Damages the middle of the largest file."""
    path = max((entry.path for entry in os.scandir(folder)), key=os.path.getsize)
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 0x10]))


class BackupCase(test_cli.FolderCase):

    @classmethod
    def setUpClass(cls):
        done = test_cli.generate(5, "-", count=COUNT)
        assert done.returncode == 0, done.stderr
        cls.lines = done.stdout.splitlines()

    def start(self, data=None):
        server = fs.Server(data).start()
        self.addCleanup(server.clean)
        return server

    def backup(self, *source, to="backups", more=(), exit_status=0):
        return fs.frikort_json("backup", *source, "--to", self.path(to), *more, exit_status=exit_status)

    def restore(self, into, *more, exit_status=0):
        return fs.frikort_json("restore", "--from", self.path("backups"), "--into", self.path(into), *more,
                               exit_status=exit_status)

    def check_restored(self, manifest, into, *more):
        restored = self.restore(into, "--number", manifest["number"], *more)
        status = self.status(self.path(into))
        for found in (restored["checksum"], status["checksum"]):
            self.assertEqual(found, manifest["checksum"])
        for found in (restored["position"], status["head"]):
            self.assertEqual(found, manifest["position"])
        rebuilt = fs.frikort_json("rebuild", "--data", self.path(into), "--into", self.path(into + "-rebuilt"))
        self.assertIs(rebuilt["equal"], True, rebuilt)
        return restored


class OnlineTest(BackupCase):

    def test_while_items_come(self):
        server = self.start()
        third = COUNT // 3
        server.stream(self.lines[:third])
        sent = threading.Event()

        def load():
            for first in range(third, len(self.lines), 500):
                server.stream(self.lines[first:first + 500])
            sent.set()

        loader = threading.Thread(target=load)
        loader.start()
        manifests = [self.backup("--server", server.url)]
        manifests.append(self.backup("--server", server.url))
        loader.join()
        self.assertTrue(sent.is_set())
        manifests.append(self.backup("--server", server.url))
        final = fs.frikort_json("status", "--server", server.url)
        self.assertEqual((manifests[2]["checksum"], manifests[2]["position"]), (final["checksum"], final["head"]))
        server.stop()
        self.assertEqual([m["verification"] for m in manifests], ["passed"] * 3, manifests)
        self.assertEqual([m["number"] for m in manifests], [1, 2, 3])
        for manifest in manifests:
            self.check_restored(manifest, f"restored-{manifest['number']}")

        # The restored ledger serves, and takes the same load to the same end.
        again = self.start(self.path("restored-1"))
        first = again.stream(self.lines[:10])
        self.assertEqual({r["verdict"] for r in first.results if r["verdict"] != "rejected"}, {"duplicate"})
        again.stream(self.lines)
        online = fs.frikort_json("status", "--server", again.url)
        for key in ("checksum", "registrations", "cards", "persons", "payments", "creditNotes"):
            self.assertEqual(online[key], final[key], key)
        again.stop()

    def test_second_backup_copies_what_is_new(self):
        server = self.start()
        server.stream(self.lines)
        first = self.backup("--server", server.url)
        server.submit(*[fs.dated("2025-03-01") for _ in range(20)])
        second = self.backup("--server", server.url)
        server.stop()
        self.assertGreater(first["newBytes"], 500_000)
        self.assertLess(second["newBytes"], second["bytes"] / 4, second)
        self.assertGreaterEqual(second["bytes"], first["bytes"])
        self.check_restored(first, "one")
        self.check_restored(second, "two")

    def test_kill_during_a_backup(self):
        server = self.start()
        server.stream(self.lines[:4000])
        first = self.backup("--server", server.url)
        for delay in (0, 0.02, 0.05, 0.1, 0.2, 0.4):
            server.submit(*[fs.dated("2025-03-01") for _ in range(50)])
            reply = server.post_json("/v1/backups", {"to": self.path("backups")})
            self.assertEqual(reply.status, 202, reply.body)
            time.sleep(delay)
            server.kill()
            self.check_restored(first, f"killed-{delay}")
            server.start()
        last = self.backup("--server", server.url)
        self.assertEqual(last["verification"], "passed")
        self.assertEqual(last["checksum"], fs.frikort_json("status", "--server", server.url)["checksum"])
        server.stop()
        self.check_restored(last, "last")
        self.assertFalse(os.path.exists(self.path("backups/verification.partial")))

    def test_sigterm_during_a_backup(self):
        server = self.start()
        server.stream(self.lines)
        reply = server.post_json("/v1/backups", {"to": self.path("backups")})
        self.assertEqual(reply.status, 202, reply.body)
        server.stop(clean=False)
        data = server.data
        for name in os.listdir(self.path("backups/backups")) if os.path.isdir(self.path("backups/backups")) else ():
            manifest = self.path(f"backups/backups/{name}/manifest.json")
            if os.path.exists(manifest):
                with open(manifest, encoding="utf-8") as file:
                    self.assertNotEqual(json.load(file)["verification"], "failed", "a stopped backup is not bad")
        self.assertEqual(self.backup("--data", data)["verification"], "passed")

    def test_http(self):
        server = self.start()
        server.submit(*[fs.dated("2025-03-01") for _ in range(20)])
        reply = server.post_json("/v1/backups", {"to": self.path("backups"), "verify": True})
        self.assertEqual(reply.status, 202)
        location = reply.header("Location")
        self.assertRegex(location, "^/v1/backups/[0-9]+$")
        job = reply.json()
        states = set()
        while job["state"] == "running":
            # One at a time, unless this one ended meanwhile.
            other = server.post_json("/v1/backups", {"to": self.path("others")})
            if other.status != 202:
                self.assert_problem_code(other, 409, "JOB_RUNNING")
            states.add(job["state"])
            self.assertIn("progress", job)
            job = server.get(location).json()
        self.assertEqual(job["state"], "done", job)
        self.assertEqual(job["result"]["checksum"], fs.frikort_json("status", "--server", server.url)["checksum"])
        self.assertEqual(location, f"/v1/backups/{job['id']}")
        self.assert_problem_code(server.get("/v1/backups/99"), 404, "NOT_FOUND")
        os.mkdir(self.path("full"))
        self.write("full/file", b"")
        cases = (({"to": "relative"}, "INVALID_FOLDER"), ({"to": 1}, "INVALID_FOLDER"),
                 ({"to": self.path("full")}, "INVALID_FOLDER"), ({"to": self.path("full/file")}, "INVALID_FOLDER"),
                 ({"to": server.data}, "INVALID_FOLDER"), ({"to": server.data + "/below/it"}, "INVALID_FOLDER"),
                 ({}, "MISSING_FIELD"), ({"to": "/x", "what": 1}, "UNKNOWN_FIELD"),
                 ({"to": self.path("x"), "verify": "yes"}, "INVALID_OPTION"),
                 ({"to": self.path("x"), "keep": 0}, "INVALID_OPTION"))
        for body, code in cases:
            with self.subTest(body=body):
                self.assert_problem_code(server.post_json("/v1/backups", body), 400, code)
        server.stop()

    def assert_problem_code(self, reply, status, code):
        self.assertEqual((reply.status, reply.json()["code"]), (status, code), reply.body)

    def test_another_ledger_is_refused(self):
        one, other = self.start(), self.start()
        one.submit_one(fs.dated("2025-03-01"))
        other.submit_one(fs.dated("2025-03-01"))
        self.backup("--server", one.url)
        done = fs.run_frikort("backup", "--server", other.url, "--to", self.path("backups"))
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"another ledger", done.stderr)
        one.stop()
        other.stop()


class OfflineTest(BackupCase):

    def make(self, name="data", lines=None):
        data = self.data(name)
        self.load(data, "-", stdin=b"\n".join(self.lines[:4000] if lines is None else lines) + b"\n")
        return data

    def test_back_up_and_restore(self):
        data = self.make()
        manifest = self.backup("--data", data)
        self.assertEqual(manifest["verification"], "passed")
        status = self.status(data)
        self.assertEqual((manifest["checksum"], manifest["position"]), (status["checksum"], status["head"]))
        shutil.rmtree(data)
        restored = self.check_restored(manifest, "restored")
        self.assertEqual(restored["number"], 1)
        self.assertGreater(restored["bytesPerSecond"], 0)
        self.assertEqual(self.status(self.path("restored")), status, "all totals, not the checksum alone")
        self.assertEqual(self.status(self.path("restored")), status)

    def test_to_an_earlier_position(self):
        data = self.make(lines=self.lines[:2000])
        before = self.status(data)
        self.load(data, "-", stdin=b"\n".join(self.lines[2000:4000]) + b"\n")
        manifest = self.backup("--data", data)
        restored = self.restore("earlier", "--position", before["head"])
        self.assertEqual((restored["position"], restored["checksum"]), (before["head"], before["checksum"]))
        status = self.status(self.path("earlier"))
        self.assertEqual(status, before)
        # The rest again: the same end.
        self.load(self.path("earlier"), "-", stdin=b"\n".join(self.lines[2000:4000]) + b"\n")
        self.assertEqual(self.status(self.path("earlier"))["checksum"], manifest["checksum"])
        # A position within the group after it: still that group's beginning.
        number = int(before["head"].split("-")[1])
        self.assertEqual(self.restore("within", "--position", f"0-{number + 2}")["position"], before["head"])
        beyond = fs.run_frikort("restore", "--from", self.path("backups"), "--into", self.path("x"), "--position",
                                "0-99999999")
        self.assertEqual(beyond.returncode, 3)
        self.assertIn(b"ends at position " + manifest["position"].encode(), beyond.stderr)

    def test_a_damaged_file_is_found(self):
        data = self.make()
        manifest = self.backup("--data", data)
        for database in ("journal", "state"):
            shutil.rmtree(self.path("backups-copy"), ignore_errors=True)
            shutil.copytree(self.path("backups"), self.path("backups-copy"))
            flip_a_byte(self.path(f"backups-copy/{database}/shared_checksum"))
            done = fs.run_frikort("restore", "--from", self.path("backups-copy"), "--into", self.path("restored"))
            self.assertEqual(done.returncode, 3)
            self.assertRegex(done.stderr, rb"shared_checksum/[^ ]+\.sst", "the file is named")
            self.assertFalse(os.path.exists(self.path("restored")))
            bad = self.backup("--data", data, to="backups-copy", exit_status=1)
            self.assertEqual(bad["verification"], "failed")
            self.assertIn("sst", bad["reason"])
        self.check_restored(manifest, "whole")

    def test_a_manifest_that_cannot_be_read_stops_nothing(self):
        data = self.make()
        first = self.backup("--data", data)
        self.backup("--data", data)
        place = self.path("backups/backups/2/manifest.json")
        with open(place, "r+b") as file:
            file.truncate(100)
        restored = self.restore("newest", exit_status=1)
        self.assertEqual(restored["number"], 1)
        self.assertEqual([place in finding for finding in restored["findings"]], [True], restored["findings"])
        self.check_restored(first, "named")
        done = fs.run_frikort("restore", "--from", self.path("backups"), "--into", self.path("two"), "--number", 2)
        self.assertEqual(done.returncode, 3)
        self.assertIn(place.encode(), done.stderr)
        self.assertIn(b"remedy", done.stderr)
        third = self.backup("--data", data, exit_status=1)
        self.assertEqual((third["number"], third["verification"], third["reason"]), (3, "passed", ""))
        self.assertIn(place, third["findings"][0])
        shutil.rmtree(os.path.dirname(place))
        self.assertEqual(self.backup("--data", data)["findings"], [])
        self.assertEqual(self.restore("again")["findings"], [])

    def test_keys(self):
        data = self.make()
        self.backup("--data", data)
        self.backup("--data", data, more=("--without-keys",))
        names = [sorted(os.listdir(self.path(f"backups/backups/{n}/keys"))) for n in (1, 2)]
        self.assertEqual(names, [["master.key", "numbers.key", "signing.pem", "signing.pub"], ["signing.pub"]])
        self.assertEqual(os.stat(self.path("backups/backups/1/keys")).st_mode & 0o777, 0o700)
        done = fs.run_frikort("restore", "--from", self.path("backups"), "--into", self.path("restored"))
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"--keys", done.stderr)
        restored = self.restore("restored", "--keys", os.path.join(data, "keys"))
        self.assertEqual(restored["number"], 2)
        self.assertEqual(self.status(self.path("restored")), self.status(data))

    def test_old_ones_are_deleted(self):
        data = self.make()
        for number in range(1, 5):
            self.load(data, "-", stdin=fs.ndjson([fs.dated("2025-03-01")]))
            self.assertEqual(self.backup("--data", data, more=("--keep", 2))["number"], number)
        self.assertEqual(sorted(os.listdir(self.path("backups/backups"))), ["3", "4"])
        self.restore("three", "--number", 3)
        done = fs.run_frikort("restore", "--from", self.path("backups"), "--into", self.path("x"), "--number", 1)
        self.assertEqual(done.returncode, 3)

    def test_no_room_for_the_verification(self):
        data = self.make()
        self.backup("--data", data, more=("--without-verify",))
        faults = faulty_disk.Faults(self.folder)
        faults.inject(faulty_disk.DISK_FULL, "verification.partial")
        done = subprocess.run(
            [fs.binary(), "backup", "--data", data, "--to", self.path("backups")], capture_output=True, timeout=120,
            check=False, env={**os.environ, "LD_PRELOAD": faulty_disk.faulty_disk_library(), "FRIKORT_FAULTS": faults.path,
                              "FRIKORT_FAULTS_UNDER": self.path("backups"),
                              "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(b"not verified, no room: ", done.stdout)
        self.assertNotIn(b"BAD", done.stdout)
        self.assertFalse(os.path.exists(self.path("backups/verification.partial")))
        restored = self.restore("restored")
        self.assertEqual((restored["number"], restored["manifest"]["verification"]), (2, "noRoom"))
        self.assertEqual(self.status(self.path("restored")), self.status(data))

    def test_targets(self):
        data = self.make()
        self.backup("--data", data)
        os.mkdir(self.path("full"))
        self.write("full/file", b"")
        os.mkdir(self.path("empty"))
        cases = ((("backup", "--data", data, "--to", self.path("full")), 2, b"not empty"),
                 (("backup", "--data", data, "--to", os.path.join(data, "backups")), 2, b"data folder"),
                 (("backup", "--data", self.path("empty"), "--to", self.path("x")), 3, b"no ledger"),
                 (("restore", "--from", self.path("backups"), "--into", self.path("full")), 2, b"not empty"),
                 (("restore", "--from", self.path("backups"), "--into", data), 2, b"not empty"),
                 (("restore", "--from", self.path("empty"), "--into", self.path("x")), 3, b"no backups"),
                 (("restore", "--from", self.path("nowhere"), "--into", self.path("x")), 3, b"no backups"))
        for args, exit_status, reason in cases:
            with self.subTest(args=args):
                done = fs.run_frikort(*args)
                self.assertEqual(done.returncode, exit_status)
                self.assertIn(reason, done.stderr)
        self.restore("empty")
        self.assertFalse(os.path.exists(self.path("x")))

    def test_a_ledger_in_use_is_backed_up_by_its_server(self):
        server = self.start()
        done = fs.run_frikort("backup", "--data", server.data, "--to", self.path("backups"))
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"--server", done.stderr)
        server.stop()

    def test_text_for_people(self):
        data = self.make()
        done = fs.run_frikort("backup", "--data", data, "--to", self.path("backups"))
        self.assertEqual(done.returncode, 0, done.stderr[-500:])
        checksum = self.status(data)["checksum"].encode()
        self.assertIn(checksum, done.stdout)
        self.assertIn(b"verified", done.stdout)
        self.assertIn(b"private keys", done.stdout)
        done = fs.run_frikort("restore", "--from", self.path("backups"), "--into", self.path("restored"))
        self.assertEqual(done.returncode, 0, done.stderr[-500:])
        self.assertIn(checksum, done.stdout)
        self.assertTrue(re.search(rb"[0-9]+ MB a second", done.stdout))
        for line in done.stderr.splitlines():
            self.assertIn("phase", json.loads(line), "progress is JSON lines")


if __name__ == "__main__":
    unittest.main()
