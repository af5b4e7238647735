"""scripts/sandbox from nothing to an accepted batch with a token, and what it prints to try."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

import frikort_server as fs

SECONDS = 180


class SandboxTest(unittest.TestCase):

    def test_from_nothing_to_an_accepted_batch(self):
        folder = tempfile.mkdtemp(prefix="frikort-e2e-sandbox-")
        self.addCleanup(shutil.rmtree, folder, True)
        process = subprocess.Popen(
            [sys.executable, str(fs.ROOT / "scripts" / "sandbox"), "--folder", os.path.join(folder, "all"), "--port",
             str(fs.free_port()), "--issuer-port", str(fs.free_port()), "--registrations", "400"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env={**os.environ, "FRIKORT": fs.binary()})
        self.addCleanup(process.stdout.close)
        guard = threading.Timer(SECONDS, process.kill)
        guard.start()
        self.addCleanup(guard.cancel)
        lines = []
        for line in process.stdout:
            lines.append(line.strip())
            if line.startswith("Ctrl-C"):
                break
        text = "\n".join(lines)
        self.assertIn("100 of 100 co-payments accepted", text)
        self.assertIn("no finding", text)
        curl = [line for line in lines if line.startswith("curl")]
        self.assertEqual(len(curl), 4, text)
        answers = [json.loads(subprocess.run(line, shell=True, check=True, capture_output=True, timeout=60).stdout)
                   for line in curl]
        self.assertGreaterEqual(answers[0]["registrations"], 500)
        self.assertEqual([answer["year"] for answer in answers[1:3]], [2025, 2025])
        self.assertEqual(len(answers[3]["months"]), 12)
        example = next(line for line in lines if "client_example.py" in line)
        again = subprocess.run(example, shell=True, capture_output=True, timeout=60, check=False)
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
        stranger = subprocess.run(f"{example} --organisation 974761076", shell=True, capture_output=True, timeout=60,
                                  check=False)
        self.assertEqual(stranger.returncode, 1)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), 0)


if __name__ == "__main__":
    unittest.main()
