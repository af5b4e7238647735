"""A generated year with its registries: events fall before, between and after the items that they concern.

FRIKORT_YEAR_REGISTRATIONS makes it larger. The program that FRIKORT_RESTATEMENTS names judges the journal anew by the
rules and compares accounts before and after each event; the statement's table must be what it finds.
"""

import collections
import itertools
import json
import operator
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

import frikort_server as fs
from test_audit import audit

YEAR = 2024
REGISTRATIONS = int(os.environ.get("FRIKORT_YEAR_REGISTRATIONS", "12000"))
PERSONS = REGISTRATIONS // 15


def restatements_by_rules(data):
    """How often each row must be there, as [position, type, personRef, what, before, after]."""
    program = os.environ.get("FRIKORT_RESTATEMENTS", fs.ROOT / "build/release/tests/restatements_by_rules")
    rows = subprocess.run([program, data, str(YEAR)], check=True, capture_output=True, text=True).stdout
    return collections.Counter(tuple(json.loads(row)) for row in rows.splitlines())


def restatements_of(statement):
    """The same, of the table of a statement."""
    rows = map(json.loads, (statement / "restatements.ndjson").read_text(encoding="utf-8").splitlines())
    return collections.Counter((row["position"], row["type"], row["personRef"], row["what"],
                                *("" if row[cell] is None else str(row[cell]) for cell in ("before", "after")))
                               for row in rows)


class RegistryYearTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="frikort-e2e-registry-year-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.seed = random.SystemRandom().randrange(1 << 32)
        print(f"registry year: seed {cls.seed}", file=sys.stderr)
        names = [cls.folder / name for name in ("items", "persons", "practices")]
        fs.frikort_json("generate", "--registrations", REGISTRATIONS, "--persons", PERSONS, "--year", YEAR, "--seed",
                        cls.seed, "--output", names[0], "--persons-output", names[1], "--practices-output", names[2],
                        timeout=600)
        items, persons, practices = ([json.loads(line) for line in name.read_text(encoding="utf-8").splitlines()]
                                     for name in names)
        choose = random.Random(cls.seed)
        # A third of the birth dates comes late, and some of them again with another date.
        late = choose.sample(persons, len(persons) // 3)
        others = [{**event, "eventId": fs.new_guid(), "birthDate": f"{YEAR - 16}-06-01"}
                  for event in late if event["type"] == "birthDate" and choose.random() < 0.1]
        late_ids = {event["eventId"] for event in late}
        on_time = [event for event in persons if event["eventId"] not in late_ids] + items
        places = sorted(choose.uniform(0, len(on_time)) for _ in late + others)
        moved = choose.sample(late + others, len(places))
        in_order = sorted(itertools.chain(enumerate(on_time), zip(places, moved)), key=operator.itemgetter(0))
        cls.lines = practices + [line for _, line in in_order]

    def load(self, name, sizes):
        """Into a ledger through a server, in batches of these sizes."""
        server = fs.Server(data=str(self.folder / name)).start()
        self.addCleanup(server.clean)
        choose, at = random.Random(name), 0
        while at < len(self.lines):
            path = self.folder / "part"
            size = choose.choice(sizes)
            path.write_bytes(fs.ndjson(self.lines[at:at + size]))
            fs.frikort_json("load", "--server", server.url, "--trust-received-time", path, timeout=300)
            at += size
        checksum = server.get("/v1/status").json()["checksum"]
        server.stop()
        return self.folder / name, checksum

    def test_is_loaded_audited_and_reconciled(self):
        data, checksum = self.load("data", (2000, 7000))
        self.assertEqual(self.load("again", (900, 5000))[1], checksum, f"seed {self.seed}: another batching")
        self.assertIsNone(fs.frikort_json("verify", "--data", data, timeout=600)["finding"])
        rebuilt = fs.frikort_json("rebuild", "--data", data, "--into", self.folder / "rebuilt", timeout=600)
        self.assertTrue(rebuilt["equal"], rebuilt)
        statement = fs.frikort_json("reconcile", "--data", data, "--year", YEAR, "--output", self.folder / "closed",
                                    timeout=600)
        self.assertEqual(statement["differences"]["count"], 0, f"seed {self.seed}: {statement}")
        expected = restatements_by_rules(data)
        self.assertEqual(restatements_of(self.folder / "closed"), expected, f"seed {self.seed}")
        print(f"registry year: {len(self.lines)} lines, {expected.total()} restatements", file=sys.stderr)
        self.assertGreater(expected.total(), REGISTRATIONS // 1000)
        fs.frikort_json("export", "--data", data, "--output", self.folder / "export", "--journal", timeout=600)
        code, report = audit(self.folder / "export", data / "keys" / "signing.pub", "--year", YEAR)
        self.assertEqual(code, 0, f"seed {self.seed}: {report}")


if __name__ == "__main__":
    unittest.main()
