"""No file descriptors left: connections leave some to the ledger."""

import contextlib
import http.client
import json
import os
import resource
import time
import unittest

from fault_case import FaultCase, NOTICED_SECONDS
from frikort_server import dated


class DescriptorTest(FaultCase):

    def limit(self, files):
        pid = self.server.process.pid
        hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE, (files, hard))

        def lift():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_NOFILE, before)

        self.addCleanup(lift)
        return lift

    def open_files(self):
        return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))

    def test_connections_leave_files_to_the_ledger(self):
        self.start(hand_over_items=100)
        self.introduce()
        lift = self.limit(2 * self.open_files() + 40)

        def connect():
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=5)
            self.addCleanup(connection.close)
            return connection

        def is_alive(connection):
            try:
                connection.request("GET", "/isalive")
                return connection.getresponse().read() == b'{"alive":true}'
            except (OSError, http.client.HTTPException):
                return False

        held = [connect() for _ in range(200)]
        alive = [connection for connection in held if is_alive(connection)]
        self.assertGreater(len(alive), 10)
        self.assertLess(len(alive), 200, "more than the limit allows")
        self.assertTrue(all(is_alive(connection) for connection in alive), "those that were taken go on")
        refused = connect()
        self.assertFalse(is_alive(refused))
        # The ledger works: a hand-over opens files, on a connection that is there.
        more = [dated("2025-02-01", personId=person) for person in self.persons * 5]
        alive[0].request("POST", "/v1/registrations", json.dumps(more), {"Content-Type": "application/json"})
        reply = alive[0].getresponse()
        reply.read()
        self.assertEqual(reply.status, 200)
        self.sent += more
        for connection in alive[1:6]:
            connection.close()
        self.wait_until(lambda: is_alive(connect()), NOTICED_SECONDS, "new connections get through")
        lift()
        self.wait_until_ready()
        self.assertEqual(self.events_of_log("writes_refused"), [])
        self.check_whole()

    def test_no_descriptor_left_for_a_file(self):
        self.start(hand_over_items=100)
        if self.server.is_sanitized():
            self.skipTest("it looks at memory through a pipe, for which no descriptor is left either")
        self.introduce()
        client = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        client.request("GET", "/isready")
        client.getresponse().read()
        lift = self.limit(self.open_files())
        statuses = []
        for round_number in range(5):
            more = [dated("2025-02-01", 100 + round_number, personId=person) for person in self.persons * 3]
            for _ in range(100):
                client.request("POST", "/v1/registrations", json.dumps(more), {"Content-Type": "application/json"})
                reply = client.getresponse()
                reply.read()
                statuses.append(reply.status)
                self.assertIn(reply.status, (200, 503))
                if reply.status == 200:
                    break
                lift()
                time.sleep(0.1)
            self.sent += more
        self.assertIn("Too many open files", self.events_of_log("writes_refused")[0]["reason"])
        lift()
        client.close()
        self.wait_until_ready()
        self.check_whole()


if __name__ == "__main__":
    unittest.main()
