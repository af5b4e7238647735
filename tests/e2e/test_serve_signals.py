"""Signals that do not end the server."""

import signal
import time
import unittest

import frikort_server as fs
from command_case import CommandCase


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


if __name__ == "__main__":
    unittest.main()
