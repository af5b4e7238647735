"""Files that were damaged: the state is made again, a damaged journal wants the backup."""

import glob
import os
import pathlib
import subprocess
import time
import unittest

import frikort_server as fs
from fault_case import FaultCase, NOTICED_SECONDS, RECOVERED_SECONDS, YEAR
from faulty_disk import DISK_FULL, NO_SPACE


class DamageTest(FaultCase):

    def files(self, pattern):
        return glob.glob(os.path.join(self.data, pattern))

    def damage(self, paths, parts=16):
        """Changes bytes all over the data of files; gives what was there."""
        before = {}
        for path in paths:
            content = bytearray(pathlib.Path(path).read_bytes())
            before[path] = bytes(content)
            for part in range(parts):
                content[len(content) * part // (2 * parts)] ^= 0xFF
            with open(path, "r+b") as file:
                file.write(content)
        self.assertTrue(before, "no such file")
        return before

    def fill(self, items=8):
        self.start(hand_over_items=100)
        self.introduce(items=items)
        sums = self.sums()
        self.server.stop(clean=False)
        return sums

    def ask_until_healed(self, sums):
        """Every answer that comes is right."""
        answers = {}

        def ask():
            for person in sums:
                reply = self.server.post_json("/v1/persons/account", {"personId": person, "year": YEAR})
                self.assertIn(reply.status, (200, 503), reply.body)
                if reply.status == 200:
                    answers[person] = reply.json()["countedOre"]
            return answers == sums and self.ready().status == 200

        self.wait_until(ask, RECOVERED_SECONDS, "all answers are there")

    def check_state_was_made_again(self):
        named = self.events_of_log("state_damaged")
        self.assertEqual(len(named), 1, named)
        self.assertRegex(named[0]["reason"], r"the state is damaged|cannot open the database in .*/state")

    def test_state_damaged_while_stopped(self):
        sums = self.fill()
        self.damage(self.files("state/*.sst"))
        self.start()
        self.ask_until_healed(sums)
        self.check_state_was_made_again()
        self.check_whole()

    def test_state_damaged_while_running(self):
        sums = self.fill()
        self.start()
        self.damage(self.files("state/*.sst"))
        self.ask_until_healed(sums)
        self.check_state_was_made_again()
        self.assertIn("state", self.events_of_log("writes_refused")[0]["reason"])
        self.check_whole()

    def test_state_damaged_and_disk_full(self):
        sums = self.fill()
        self.start()
        self.faults.inject(DISK_FULL)
        self.damage(self.files("state/*.sst"))
        for person in sums:
            self.server.post_json("/v1/persons/account", {"personId": person, "year": YEAR})
        # What is shown is what stands in the way now: first the damage, or the log of these queries; then the full disk.
        self.wait_until(lambda: self.ready().status == 503, NOTICED_SECONDS, "/isready says no")
        self.assertRegex(self.ready().json().get("detail", ""), "/state/|" + NO_SPACE)
        self.assertTrue(os.path.exists(os.path.join(self.data, "state")), "not removed while nothing can be written")
        self.faults.lift()
        self.ask_until_healed(sums)
        self.check_state_was_made_again()
        self.check_whole()

    def test_log_of_the_journal_damaged(self):
        self.fill()
        self.damage(self.files("journal/*.log"), parts=1)
        done = subprocess.run([fs.binary(), "serve", "--data", self.data, "--listen", "127.0.0.1:0", "--auth", "none"],
                              capture_output=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("restore the latest backup", done.stderr.decode())

    def test_file_of_the_journal_damaged(self):
        sums = self.fill(items=40)
        # What is found in the log at a start is written to a sorted file.
        self.start(hand_over_items=100)
        self.server.stop(clean=False)
        self.start(hand_over_items=100)
        # The first block of the records.
        before = self.damage([max(self.files("journal/*.sst"), key=os.path.getsize)], parts=1)
        reply = self.server.post_json("/v1/persons/account", {"personId": self.persons[0], "year": YEAR})
        self.assertEqual(reply.status, 503, reply.body)
        self.wait_until_refused("the journal is damaged")
        self.check_refused("restore the latest backup")
        self.check_writes_are_refused()
        # What needs no damaged block goes on being read.
        self.wait_until(lambda: self.server.get("/v1/status").status == 200, NOTICED_SECONDS, "reads go on")
        self.assertEqual(self.server.get("/v1/timeliness?from=2025-01&to=2025-12").status, 200)
        self.assertFalse(self.server.exempt(self.persons[0], fs.recent_day()))
        time.sleep(2)
        self.check_refused("restore the latest backup")
        self.server.stop(clean=False)
        for path, content in before.items():
            pathlib.Path(path).write_bytes(content)
        self.start()
        self.assertEqual(self.sums(), sums)
        self.check_whole()


if __name__ == "__main__":
    unittest.main()
