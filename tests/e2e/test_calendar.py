"""The turn of the year: what is said before a ceiling is missing, and the tour on any day."""

import datetime
import json
import os
import subprocess
import sys
import unittest

import fault_case
import frikort_server as fs

LAST_YEAR = max(fs.CEILING)


class CalendarCase(fault_case.FaultCase):

    def start_on(self, day, config=""):
        """A server whose clock shows noon of the day."""
        noon = datetime.datetime.combine(datetime.date.fromisoformat(day), datetime.time(12), fs.UTC)
        self.faults.move_clock(round((noon - datetime.datetime.now(fs.UTC)).total_seconds() / 3600))
        path = os.path.join(self.folder, "config.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(config)
        self.server = fs.Server(self.data, ["--config", path], self.environment())
        self.addCleanup(self.server.clean)
        return self.server.start()

    def metric(self, name):
        for line in self.server.get("/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise AssertionError(f"no metric {name}")


class CeilingTest(CalendarCase):

    def warnings(self):
        return [json.loads(line) for line in self.server.output().decode().splitlines() if '"ceiling_missing"' in line]

    def check(self, day, missing, config=""):
        self.start_on(day, config)
        ready = self.server.get("/isready")
        self.assertEqual(ready.status, 200)
        if missing is not None:
            self.wait_until(self.warnings, fault_case.NOTICED_SECONDS, "a warning in the log")
        warned = self.warnings()
        self.assertEqual(self.metric("frikort_ceiling_missing"), 0 if missing is None else 1)
        if missing is None:
            self.assertEqual(ready.json(), {"ready": True})
            self.assertEqual(warned, [])
            return
        self.assertEqual(len(warned), 1, "once a day")
        for text in (ready.json()["warnings"][0], warned[0]["reason"]):
            for part in (str(missing), "[ceilings]", "--config"):
                self.assertIn(part, text)

    def test_in_november_nothing_is_said(self):
        self.check(f"{LAST_YEAR}-11-29", None)

    def test_from_december_on_the_coming_year_is_missed(self):
        self.check(f"{LAST_YEAR}-12-01", LAST_YEAR + 1)

    def test_in_the_new_year_it_is_missed(self):
        self.check(f"{LAST_YEAR + 1}-01-03", LAST_YEAR + 1)

    def test_a_configured_year_is_not_missed(self):
        self.check(f"{LAST_YEAR}-12-05", None, f"[ceilings]\n{LAST_YEAR + 1} = 3400\n")


class OldestQuestionTest(CalendarCase):
    """Card status is told for services up to the same day two years ago."""

    def check(self, today, oldest):
        self.start_on(today)
        too_old = datetime.date.fromisoformat(oldest) - datetime.timedelta(days=1)
        question = {"personId": fs.new_person(), "serviceType": "LE", "serviceDate": oldest}
        self.assertEqual(self.server.post_json("/v1/card-status", question).json(), {"exempt": False})
        reply = self.server.post_json("/v1/card-status", {**question, "serviceDate": str(too_old)})
        self.assertEqual((reply.status, reply.json()["code"]), (400, "SERVICE_DATE_TOO_OLD"))

    def test_on_an_ordinary_day(self):
        self.check("2026-05-12", "2024-05-12")

    def test_on_a_leap_day(self):
        self.check("2028-02-29", "2026-02-28")

    def test_two_years_after_a_leap_day(self):
        self.check("2026-02-28", "2024-02-28")
        self.server.stop(clean=False)
        self.check("2026-03-01", "2024-03-01")


class TourTest(CalendarCase):
    """The tour of scripts/run asks the server for the date, and uses years that have a ceiling."""

    def check(self, day):
        self.start_on(day)
        done = subprocess.run([sys.executable, str(fs.ROOT / "scripts/tour.py"), self.server.url], capture_output=True,
                              timeout=60, check=False, text=True)
        self.assertEqual(done.returncode, 0, done.stdout[-1000:] + done.stderr[-1000:])
        self.assertIn('"exempt": true', done.stdout)
        self.assertIn('"state": "active"', done.stdout)

    def test_on_an_ordinary_day(self):
        self.check(f"{LAST_YEAR}-05-12")

    def test_on_new_years_day(self):
        self.check(f"{LAST_YEAR}-01-01")

    def test_after_a_new_year_without_ceiling(self):
        self.check(f"{LAST_YEAR + 1}-01-03")

    def test_on_a_leap_day(self):
        self.check("2028-02-29")

    def test_ten_years_on(self):
        self.check(f"{LAST_YEAR + 10}-07-01")


if __name__ == "__main__":
    unittest.main()
