"""A generated year, and a server or a command that reconciles it.

A module of tests takes setUpModule() from here.
"""

import hashlib
import json
import pathlib
import re
import shutil
import tempfile
import time
import unittest

import frikort_server as fs

YEAR, COUNT, PERSONS = 2024, 20_000, 2_000
PATH = "/v1/reconciliations"
TABLES = ("differences", "unpaid", "cards", "payouts", "payout_lines", "changes", "practices", "service_types",
          "restatements", "persons", "registered_practices")
FILES = {"statement.json", *(f"{name}.{form}" for name in TABLES for form in ("ndjson", "csv"))}
REFUNDS = "refund_file.ndjson"
WAIT_SECONDS = 120

# What setUpModule() makes, anew for each module of tests.
FOLDER = pathlib.Path(tempfile.gettempdir()) / f"frikort-e2e-reconcile-{fs.new_guid()}"
BASE = FOLDER / "base"
REFERENCE = FOLDER / "reference"  # what an undisturbed run makes of this ledger
ITEMS = []
SUBMITTED = set()  # national numbers


def setUpModule():
    """A generated year, submitted to a running server; each class works on a copy of that ledger."""
    FOLDER.mkdir(mode=0o700)
    unittest.addModuleCleanup(shutil.rmtree, FOLDER, ignore_errors=True)
    items = FOLDER / "items.ndjson"
    done = fs.run_frikort("generate", "--registrations", COUNT, "--persons", PERSONS, "--year", YEAR, "--seed", 5,
                          "--output", items)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    BASE.mkdir()
    server = fs.Server(str(BASE)).start()
    try:
        fs.frikort_json("load", "--server", server.url, "--trust-received-time", items, timeout=300)
    finally:
        server.stop()
    ITEMS[:] = [json.loads(line) for line in items.read_bytes().splitlines()]
    SUBMITTED.update(item["personId"] for item in ITEMS if "personId" in item and len(str(item["personId"])) == 11)
    command(copy_of(BASE), REFERENCE)


def copy_of(data):
    made = pathlib.Path(tempfile.mkdtemp(dir=FOLDER)) / "data"
    shutil.copytree(data, made)
    return made


def command(data, output, *more, exit_status=0):
    """`frikort reconcile`, on a ledger or (an URL) through a server; gives the CompletedProcess."""
    place = ("--server", data) if str(data).startswith("http") else ("--data", data)
    done = fs.run_frikort("reconcile", *place, "--year", YEAR, "--output", output, *more, timeout=WAIT_SECONDS)
    if done.returncode != exit_status:
        raise AssertionError(f"exit status {done.returncode}, expected {exit_status}: {done.stdout[-1000:]!r} "
                             f"{done.stderr[-2000:]!r}")
    return done


def statement_of(folder):
    return json.loads((folder / "statement.json").read_text())


def rows_of(folder, table):
    return [json.loads(line) for line in (folder / f"{table}.ndjson").read_text().splitlines()]


def tables_of(folder):
    """The hash of every table."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES - {"statement.json"}}


def numbers_in(content):
    """National numbers that were submitted and stand in these bytes."""
    return {word.decode() for word in re.findall(rb"(?<!\d)\d{11}(?!\d)", content)} & SUBMITTED


def figures(statement):
    """All of a statement but when, where in the journal and as which number it was made, and what it says of the
    one before."""
    return {name: value for name, value in statement.items()
            if name not in ("statement", "number", "position", "root", "madeAt", "previous", "changes", "isDryRun")}


def documented_columns(heading):
    """{table: columns} as api/TABLES.md explains them below a heading."""
    text = (fs.ROOT / "api" / "TABLES.md").read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    columns, tables = {}, ()
    for line in text.splitlines():
        if begin := re.match(r"((?:`\w+`(?: and )?)+):", line):
            tables = re.findall(r"`(\w+)`", begin[1])
            columns.update({table: set() for table in tables})
        elif line.startswith("| `"):
            for table in tables:
                columns[table].update(re.findall(r"`(\w+)`", line.split("|")[1]))
    return columns


class ReconcileCase(fs.ServerCase):
    """A server on a copy of the ledger."""

    @classmethod
    def setUpClass(cls):
        cls.data = copy_of(BASE)
        cls.server = fs.Server(str(cls.data)).start()
        cls.addClassCleanup(cls.server.clean)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop(clean=False)

    def start(self, year=YEAR, **more):
        return self.server.post_json(PATH, {"year": year, **more})

    def wait(self, location):
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            reply = self.server.get(location)
            self.assertEqual(reply.status, 200, reply.body[:500])
            job = reply.json()
            if job["state"] != "running":
                return job
            progress = job["progress"]
            self.assertLessEqual({"phase", "unit", "done", "total", "perSecond"}, progress.keys())
            time.sleep(0.02)
        raise AssertionError(f"still running after {WAIT_SECONDS} s")

    def reconcile(self, **more):
        """Starts one and waits until it is done; gives the answer about it."""
        reply = self.start(**more)
        self.assertEqual(reply.status, 202, reply.body[:500])
        job = self.wait(reply.header("Location"))
        self.assertEqual(job["state"], "done", job)
        return job

    def pieces(self, job, name):
        """A file of a statement, in the pieces in which it comes."""
        offset = "0"
        while offset is not None:
            reply = self.server.get(f"{PATH}/{job['id']}/file?name={name}&offset={offset}")
            self.assertEqual(reply.status, 200, reply.body[:500])
            yield reply
            offset = reply.header("Next-Offset")

    def file(self, job, name):
        return b"".join(piece.body for piece in self.pieces(job, name))

    def rows(self, job, table):
        return [json.loads(line) for line in self.file(job, f"{table}.ndjson").splitlines()]

    def restart(self):
        self.server.kill()
        self.server.start()

    def work_folder(self, suffix=""):
        return self.data / "statements" / f".work-{YEAR}{suffix}"

    def start_and_see_it_run(self):
        """Starts one and comes back when it has begun to work; it may be done already."""
        reply = self.start()
        self.assertEqual(reply.status, 202, reply.body[:500])
        location = reply.header("Location")
        made = self.data / "statements" / location.rpartition("/")[2]
        deadline = time.monotonic() + WAIT_SECONDS
        while not self.work_folder().exists() and not made.exists() and time.monotonic() < deadline:
            pass
        return location
