"""The reconciliation as a job in the background: one at a time, beside other work, and after interruptions."""

import itertools
import json
import os
import subprocess
import sys
import threading
import time
import unittest

import frikort_server as fs
from frikort_server import dated, new_person
from reconcile_case import (
    BASE, FOLDER, PATH, REFERENCE, ReconcileCase, WAIT_SECONDS, YEAR, command, copy_of, figures, setUpModule,
    statement_of, tables_of)

AUDIT = fs.ROOT / "scripts" / "audit.py"


class JobTest(ReconcileCase):

    def test_one_at_a_time(self):
        # It may be done before the second request arrives; not every time.
        for _ in range(20):
            first = self.start(dryRun=True)
            second = self.start(year=YEAR - 1, dryRun=True)
            self.assertEqual(first.status, 202, first.body)
            if second.status == 409:
                break
            self.assertEqual(second.status, 202, second.body)
            self.wait(second.header("Location"))
        problem = self.assert_problem(second, 409, "JOB_RUNNING")
        self.assertIn(f"{YEAR}-dry", problem["detail"])
        self.assertEqual(self.wait(first.header("Location"))["state"], "done")
        self.assertEqual(self.reconcile(year=YEAR - 1, dryRun=True)["statement"]["totals"]["registrations"], 0)

    def test_asked_for_again_while_it_runs(self):
        number = len(self.server.get(PATH).json()["reconciliations"])
        for _ in range(20):
            first, second = self.start(), self.start()
            self.assertEqual((first.status, second.status), (202, 202))
            self.assertEqual(self.wait(second.header("Location"))["state"], "done")
            if first.header("Location") == second.header("Location"):
                break
        self.assertEqual(first.header("Location"), second.header("Location"), "it is the same one")
        self.assertGreater(len(self.server.get(PATH).json()["reconciliations"]), number)

    def test_ingest_and_queries_go_on(self):
        practice, person, sent, stopped = fs.new_practice(), new_person(), [], threading.Event()
        failures = []

        def submit():
            try:
                while not stopped.is_set():
                    item = dated(f"{YEAR}-12-01", 100, practiceId=practice, personId=person)
                    sent.append(self.server.submit_one(item))
                    self.server.account(person, YEAR)
            except Exception as error:  # told by the main thread
                failures.append(error)

        thread = threading.Thread(target=submit)
        thread.start()
        try:
            job = self.reconcile()
        finally:
            stopped.set()
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual({result["verdict"] for result in sent}, {"accepted"})
        self.assertEqual(self.server.account(person, YEAR)["countedOre"], 100 * len(sent))

        # The statement is of one position, and right for it.
        end = int(job["statement"]["position"][2:])
        self.assertEqual(job["statement"]["differences"]["count"], 0)
        covered = sum(int(result["position"][2:]) <= end for result in sent)
        rows = {row["practiceId"]: row["registrations"] for row in self.rows(job, "practices")}
        self.assertEqual(rows.get(practice, 0), covered)

        # Audited by other code, at a position before the journal's end.
        self.server.submit_one(dated(f"{YEAR}-12-02", 100, practiceId=practice, personId=person))
        self.server.stop(clean=False)
        try:
            export, folder = FOLDER / "audited", self.data / "statements" / job["id"]
            fs.frikort_json("export", "--data", self.data, "--output", export, "--journal")
            self.assertGreater(int(fs.frikort_json("status", "--data", self.data)["head"][2:]), end)
            done = subprocess.run([sys.executable, AUDIT, export, "--public-key", self.data / "keys" / "signing.pub",
                                   "--statement", folder, "--json"], capture_output=True, timeout=WAIT_SECONDS, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            report = json.loads(done.stdout)
            self.assertEqual((report["findings"], report["statement"]["position"]), ([], job["statement"]["position"]))
            self.assertGreater(report["statement"]["figures"], 50)
            verified = fs.frikort_json("verify", "--data", self.data)
            self.assertIsNone(verified["finding"])
            self.assertGreaterEqual(verified["statements"], 1)
        finally:
            self.server.start()


class InterruptionTest(ReconcileCase):

    def assert_undisturbed(self, job):
        """But for what a later statement of the series says of the ones before."""
        found, expected = figures(job["statement"]), figures(statement_of(REFERENCE))
        tables, expected_tables = tables_of(self.data / "statements" / job["id"]), tables_of(REFERENCE)
        if job["number"] != 1:
            for of_statement in (found, expected):
                of_statement["refunds"] = of_statement["refunds"]["dueOre"]
            for of_tables in (tables, expected_tables):
                del of_tables["payouts.ndjson"], of_tables["payouts.csv"]
        self.assertEqual(found, expected)
        self.assertEqual(tables, expected_tables)

    def test_killed(self):
        # Killed in one phase after another; each run goes on where the last one was.
        interrupted = 0
        for delay in (0, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12):
            location = self.start_and_see_it_run()
            time.sleep(delay)
            self.restart()
            reply = self.server.get(location)
            if reply.status == 404:
                continue  # killed before anything was written
            self.assertIn(reply.json()["state"], ("interrupted", "done"))
            if reply.json()["state"] == "interrupted":
                interrupted += 1
                self.assertIn("start it again", reply.json()["error"])
            else:
                self.assert_undisturbed(reply.json())
        self.assertGreater(interrupted, 0)
        job = self.reconcile()
        self.assert_undisturbed(job)
        self.assertFalse(self.work_folder().exists())
        numbers = [entry["number"] for entry in self.server.get(PATH).json()["reconciliations"]]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)), "none is missing")

    def test_killed_at_each_checkpoint(self):
        for number in itertools.count(1):
            data = copy_of(BASE)
            output = data.parent / "output"
            process = subprocess.Popen([fs.binary(), "reconcile", "--data", data, "--year", str(YEAR), "--output", output],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            checkpoint, last, seen = data / "statements" / f".work-{YEAR}" / "checkpoint", None, 0
            while seen < number and process.poll() is None:
                try:
                    current = os.stat(checkpoint).st_ino
                except FileNotFoundError:
                    continue
                seen, last = seen + (current != last), current
            process.kill()
            process.wait()
            if seen < number:
                break
            with self.subTest(checkpoint=number):
                output = data.parent / "again"
                command(data, output)
                self.assertEqual(tables_of(output), tables_of(REFERENCE))
        self.assertGreater(number, 1, "none was seen")

    def test_stopped(self):
        location = self.start_and_see_it_run()
        begin = time.monotonic()
        self.server.stop(clean=False)  # asserts exit status 0
        self.assertLess(time.monotonic() - begin, 10)
        self.server.start()
        state = self.server.get(location).json()["state"]
        self.assertIn(state, ("interrupted", "done"))
        self.assert_undisturbed(self.reconcile())


if __name__ == "__main__":
    unittest.main()
