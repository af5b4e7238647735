"""What a server refuses, told by the commands that ask it; and when they are interrupted."""

import os
import re
import signal
import subprocess
import time
import unittest

import frikort_server as fs
from command_case import CommandCase


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


if __name__ == "__main__":
    unittest.main()
