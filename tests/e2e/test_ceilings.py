"""Years that an operator adds by configuration."""

import os
import subprocess
import unittest

import frikort_server as fs
from command_case import CommandCase
from frikort_server import dated


class CeilingTest(CommandCase):

    def config(self, text):
        return self.write("config.toml", text.encode())

    def test_what_is_in_force_is_logged(self):
        year = max(fs.CEILING) + 1
        server = self.serve("--config", self.config(f"[ceilings]\n{year} = 3456\n"))
        self.assertIn(f"{year}: 3456 kr (configuration)", server.output().decode())
        server.stop()

    def test_what_cannot_be_a_ceiling_is_refused(self):
        for line, says in (("2027 = 92233720368547759", "100 to 100000"), ("2027 = 340000", "not in øre"),
                           ("2027 = 9000", "confirmed = true"), ("1900 = 3000", "2010 to 2199"),
                           ("2009 = 3000", "2010 to 2199"), ("2200 = 3000", "2010 to 2199")):
            with self.subTest(line=line):
                self.run_and_expect(2, "serve", "--data", self.data(f"d{line}"), "--auth", "none", "--config",
                                    self.config(f"[ceilings]\n{line}\n"), says=(says, "config.toml:2"))

    def test_years_that_are_accepted_are_audited_the_same(self):
        """The first and the last year that a ceiling can be of, on both sides of its summer time."""
        config = self.config("accept_test_numbers = true\n[ceilings]\n2010 = 2000\n"
                             "2199 = { kroner = 9000, confirmed = true }\n")
        items = []
        for day in ("2010-03-28", "2010-10-31"):
            items += [dated(day, clock=clock) for clock in ("00:30:00", "03:30:00", "23:30:00")]
        data = self.data("data")
        loaded = fs.frikort_json("load", "--data", data, "--config", config, "--trust-received-time", "-",
                                 stdin=fs.ndjson(items))
        self.assertEqual(loaded["accepted"], len(items), loaded)
        fs.frikort_json("export", "--data", data, "--config", config, "--journal", "--output", self.path("export"))
        key = os.path.join(data, "keys", "signing.pub")
        done = subprocess.run([str(fs.ROOT / "scripts/audit.py"), self.path("export"), "--public-key", key],
                              capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-500:] + done.stderr[-500:])


if __name__ == "__main__":
    unittest.main()
