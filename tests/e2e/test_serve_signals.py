"""Signals that do not end the server, and one that ends it before it serves."""

import os
import shutil
import signal
import subprocess
import time
import unittest

import frikort_server as fs
from command_case import CommandCase


def await_signal_of_end():
    """In the process to be: SIGTERM has come, and waits until somebody looks for it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    os.kill(os.getpid(), signal.SIGTERM)


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

    def test_an_end_while_the_journal_is_applied(self):
        data, items, count = self.data("data"), self.path("items"), 200_000
        done = fs.run_frikort("generate", "--registrations", count, "--persons", count // 10, "--year", 2024,
                              "--seed", 3, "--output", items)
        self.assertEqual(done.returncode, 0, done.stderr)
        fs.frikort_json("load", "--data", data, "--trust-received-time", items, timeout=120)
        checksum = self.status(data)["checksum"]
        shutil.rmtree(os.path.join(data, "state"))
        with subprocess.Popen([fs.binary(), "serve", "--data", data, "--listen", "127.0.0.1:0", "--auth", "none"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              preexec_fn=await_signal_of_end) as process:
            self.addCleanup(process.kill)
            deadline = time.monotonic() + 60
            # It gets so little of the processor that the journal takes seconds.
            while process.poll() is None:
                self.assertLess(time.monotonic(), deadline)
                process.send_signal(signal.SIGSTOP)
                time.sleep(0.05)
                process.send_signal(signal.SIGCONT)
                time.sleep(0.002)
            output = process.stdout.read()
        self.assertEqual(process.returncode, 0, output)
        self.assertIn(b'"event":"ended_while_opening"', output)
        self.assertNotIn(b'"event":"listening"', output)
        self.assertEqual(self.status(data)["checksum"], checksum)


if __name__ == "__main__":
    unittest.main()
