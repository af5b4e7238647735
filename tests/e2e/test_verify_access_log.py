"""`frikort verify` holds the sealed access log against the heads that the journal names."""

import json
import pathlib
import shutil
import tempfile
import time
import unittest

import frikort_server as fs


class VerifyAccessLogTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="frikort-e2e-verify-log-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.data = cls.folder / "data"
        cls.data.mkdir()
        cls.person, cls.asked = fs.new_person(), 0
        for _ in range(2):  # the head is named when the server ends, each time
            server = fs.Server(str(cls.data)).start()
            try:
                cls.ask(server, 3)
            finally:
                server.stop()

    @classmethod
    def ask(cls, server, times):
        """Asks about the person, and waits until the log has written it: only that is named at the end."""
        for _ in range(times):
            server.account(cls.person, 2025)
        asked = time.monotonic()
        while time.monotonic() < asked + 20:
            shown = server.post_json("/v1/persons/access-log", {"personId": cls.person, "limit": 1000}).json()
            if sum(entry["what"] == "account" for entry in shown["entries"]) >= cls.asked + times:
                break
        cls.asked += times

    def verify(self, data, exit_status):
        done = fs.run_frikort("verify", "--data", data, "--json")
        self.assertEqual(done.returncode, exit_status, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def copy(self):
        made = pathlib.Path(tempfile.mkdtemp(dir=self.folder)) / "data"
        shutil.copytree(self.data, made)
        return made

    def test_a_whole_log_has_no_finding(self):
        report = self.verify(self.data, 0)
        self.assertIsNone(report["finding"])
        self.assertIsNone(report["accessLog"]["finding"])
        self.assertGreaterEqual(report["accessLog"]["records"], 6)
        self.assertGreaterEqual(report["accessLog"]["blocks"], 2)
        self.assertGreaterEqual(report["entries"], 2)

    def test_a_log_that_is_gone_is_found(self):
        data = self.copy()
        shutil.rmtree(data / "access-log")
        self.assertIn("cut off", self.verify(data, 1)["accessLog"]["finding"])

    def test_an_older_log_is_found(self):
        """A log whose end was cut off is whole in itself."""
        older = self.copy()
        server = fs.Server(str(older)).start()
        try:
            self.ask(server, 1)
        finally:
            server.stop()
        self.verify(older, 0)
        shutil.rmtree(older / "access-log")
        shutil.copytree(self.data / "access-log", older / "access-log")
        self.assertIn("cut off", self.verify(older, 1)["accessLog"]["finding"])


if __name__ == "__main__":
    unittest.main()
