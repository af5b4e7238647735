"""A disk that is full, or fails to write, sync or read."""

import os
import pathlib
import subprocess
import threading
import unittest

import frikort_server as fs
from fault_case import FaultCase, YEAR
from faulty_disk import DISK_FULL, IO_ERROR, NO_SPACE, READ_ERROR, SYNC_ERROR, SYNC_STALL, WRITE_ERROR
from frikort_server import dated


class DiskTest(FaultCase):

    def check_fault_during_load(self, faults, reason, path_part="/journal/"):
        self.start()
        self.introduce()
        sums = self.sums()
        clients = self.start_clients(batches=40)
        self.wait_until(lambda: all(client.answered >= 5 for client in clients), 30, "the load runs")
        self.faults.inject(faults, path_part)
        self.wait_until_refused(reason)
        self.check_reads_go_on(sums)
        self.check_writes_are_refused()
        self.check_refused(reason)
        self.assertGreater(self.faults.failed(), 0)
        self.faults.lift()
        self.wait_until_ready()
        self.join(clients)
        self.assertGreater(sum(client.resent for client in clients), 0, "the fault was to hit the load")
        self.assertIn(reason, self.events_of_log("writes_refused")[0]["reason"])
        self.assertEqual(len(self.events_of_log("service_recovered")), 1)
        metrics = self.server.get("/metrics").body.decode()
        self.assertIn("\nfrikort_writes_refused 0\n", metrics)
        self.assertIn("\nfrikort_recoveries_total 1\n", metrics)
        self.check_whole()

    def test_disk_full_during_load(self):
        self.check_fault_during_load(DISK_FULL, NO_SPACE, "")

    def test_write_error_during_load(self):
        self.check_fault_during_load(WRITE_ERROR, IO_ERROR)

    def test_sync_error_during_load(self):
        self.check_fault_during_load(SYNC_ERROR, IO_ERROR)

    def test_one_failed_operation_at_a_time(self):
        """Whatever the one operation is that fails: the service goes on by itself."""
        self.start(hand_over_items=150)
        self.introduce()
        clients = self.start_clients(batches=60)
        for faults, path_part in ((SYNC_ERROR, "/journal/"), (WRITE_ERROR, "/state/"), (DISK_FULL, "/journal/")):
            self.wait_until_ready()
            self.faults.inject(faults, path_part, times=1)
            self.wait_until(lambda: self.faults.failed() == 1 or not any(client.is_alive() for client in clients),
                            30, "the operation fails")
            self.assertEqual(self.faults.failed(), 1, "the fault was to hit the load")
            self.faults.lift()
        self.wait_until_ready()
        self.join(clients)
        self.wait_until_ready()
        self.check_whole()

    def test_a_disk_that_stands_still_cuts_no_stream(self):
        """The time that a client may take is not over because the disk takes longer."""
        self.start(limits={"slow_timeout_s": 1})
        self.introduce()
        items = [dated("2025-02-01", personId=person, practiceId=self.practices[0]) for person in self.persons]
        body = fs.ndjson(items)
        self.faults.inject(SYNC_STALL, "/journal/")
        lift = threading.Timer(4, self.faults.lift)
        lift.start()
        self.addCleanup(lift.cancel)
        reply = self.server.raw(b"POST /v1/registrations?trustReceivedTime=true HTTP/1.1\r\nHost: a\r\n"
                                b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
                                b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        self.assertGreater(self.faults.failed(), 0, "the disk was to stand still")
        self.assertIsNotNone(reply, f"the stream was cut; output: {self.server.tail()}")
        self.assertEqual((reply.status, reply.body.count(b'"accepted"')), (200, len(items)))
        self.sent += items
        self.check_whole()

    def test_hand_over_on_a_full_disk(self):
        self.start(hand_over_items=200)
        self.introduce()
        sums = self.sums()
        self.faults.inject(DISK_FULL, "/state/")
        clients = self.start_clients(batches=20)
        self.wait_until_refused(NO_SPACE)
        self.check_reads_go_on(sums)
        self.faults.lift()
        self.wait_until_ready()
        self.join(clients)
        self.check_whole()

    def test_access_log_on_a_full_disk(self):
        self.start()
        self.introduce()
        self.faults.inject(DISK_FULL, "/access-log/")
        # Nothing but the log of this query is to be written.
        self.assertFalse(self.server.exempt(self.persons[0], fs.recent_day()))
        self.wait_until_refused(NO_SPACE)
        self.check_reads_go_on({})
        self.faults.lift()
        self.wait_until_ready()
        self.assertFalse(self.server.exempt(self.persons[0], fs.recent_day()))
        self.check_whole()
        self.assertEqual(self.events_of_log("access_log_lost"), [])

    def test_start_on_a_full_disk(self):
        self.start()
        self.introduce()
        sums = self.sums()
        self.server.kill()
        self.faults.inject(DISK_FULL)
        self.start(until="/isalive")
        self.wait_until_refused(NO_SPACE)
        self.check_reads_go_on(sums)
        self.check_writes_are_refused()
        self.assertEqual(self.sums(), sums)
        self.faults.lift()
        self.wait_until_ready()
        self.assertEqual(self.sums(), sums)
        self.check_whole()

    def test_stop_on_a_full_disk(self):
        self.start()
        self.introduce()
        self.faults.inject(DISK_FULL)
        self.server.post_json("/v1/registrations", [dated("2025-02-01")])
        self.wait_until_refused(NO_SPACE)
        self.server.stop(clean=False)
        self.faults.lift()
        self.start()
        self.check_whole()

    def test_commands_on_a_full_disk_say_so(self):
        self.start()
        self.introduce()
        self.server.stop(clean=False)
        items = os.path.join(self.folder, "more.ndjson")
        pathlib.Path(items).write_bytes(fs.ndjson([dated("2025-02-01")]))
        self.faults.inject(DISK_FULL)
        done = subprocess.run([fs.binary(), "load", "--data", self.data, items], capture_output=True, timeout=60,
                              check=False, env={**os.environ, **self.server.environment})
        self.assertEqual(done.returncode, 3, done)
        self.assertIn(NO_SPACE, done.stderr.decode())

    def test_load_says_why_the_server_takes_nothing_and_goes_on(self):
        self.start()
        items = os.path.join(self.folder, "more.ndjson")
        pathlib.Path(items).write_bytes(fs.ndjson([dated("2025-02-01")]))
        self.faults.inject(DISK_FULL)
        loading = subprocess.Popen([fs.binary(), "load", "--server", self.server.url, "--trust-received-time", items],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(loading.kill)
        said = b""
        while b"trying again" not in said:
            line = loading.stderr.readline()
            self.assertTrue(line, said)
            said += line
        self.assertIn(NO_SPACE, said.decode())
        self.assertNotIn(b"{", said)
        self.faults.lift()
        out, _ = loading.communicate(timeout=60)
        self.assertEqual(loading.returncode, 0)
        self.assertIn(b"1 accepted", out)

    def test_read_errors_of_the_state(self):
        self.start(hand_over_items=100)
        self.introduce()
        self.server.stop(clean=False)
        self.start(hand_over_items=100)  # nothing is in its cache
        self.faults.inject(READ_ERROR, "/state/")
        for person in self.persons:
            reply = self.server.post_json("/v1/persons/account", {"personId": person, "year": YEAR})
            self.assertEqual(reply.status, 503, reply.body)
        self.wait_until_refused(IO_ERROR)
        self.check_writes_are_refused()
        self.faults.lift()
        self.wait_until_ready()
        sums = self.sums()
        self.assertTrue(all(sums.values()))
        self.assertEqual(self.events_of_log("state_damaged"), [], "what cannot be read is not damaged")
        self.check_whole()


if __name__ == "__main__":
    unittest.main()
