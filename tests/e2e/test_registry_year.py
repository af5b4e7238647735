"""A generated year with its registries: events fall before, between and after the items that they concern."""

import json
import pathlib
import random
import shutil
import sys
import tempfile
import unittest

import frikort_server as fs
from test_audit import audit

YEAR, REGISTRATIONS, PERSONS = 2024, 12_000, 800


class RegistryYearTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="frikort-e2e-registry-year-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.seed = random.SystemRandom().randrange(1 << 32)
        print(f"registry year: seed {cls.seed}", file=sys.stderr)
        names = [cls.folder / name for name in ("items", "persons", "practices")]
        fs.frikort_json("generate", "--registrations", REGISTRATIONS, "--persons", PERSONS, "--year", YEAR, "--seed",
                        cls.seed, "--output", names[0], "--persons-output", names[1], "--practices-output", names[2])
        items, persons, practices = ([json.loads(line) for line in name.read_text(encoding="utf-8").splitlines()]
                                     for name in names)
        choose = random.Random(cls.seed)
        # A third of the birth dates comes late, and some of them again with another date.
        late = choose.sample(persons, len(persons) // 3)
        others = [{**event, "eventId": fs.new_guid(), "birthDate": f"{YEAR - 16}-06-01"}
                  for event in late if event["type"] == "birthDate" and choose.random() < 0.1]
        soon = [event for event in persons if event not in late]
        cls.lines = practices + soon + items
        for event in late + others:
            cls.lines.insert(choose.randrange(len(practices), len(cls.lines)), event)

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
        self.assertIsNone(fs.frikort_json("verify", "--data", data)["finding"])
        rebuilt = fs.frikort_json("rebuild", "--data", data, "--into", self.folder / "rebuilt")
        self.assertTrue(rebuilt["equal"], rebuilt)
        statement = fs.frikort_json("reconcile", "--data", data, "--year", YEAR, "--output", self.folder / "closed")
        self.assertEqual(statement["differences"]["count"], 0, f"seed {self.seed}: {statement}")
        fs.frikort_json("export", "--data", data, "--output", self.folder / "export", "--journal")
        code, report = audit(self.folder / "export", data / "keys" / "signing.pub", "--year", YEAR)
        self.assertEqual(code, 0, f"seed {self.seed}: {report}")


if __name__ == "__main__":
    unittest.main()
