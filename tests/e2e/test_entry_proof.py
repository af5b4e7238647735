"""One entry of a big group is proven with the public key alone, without the bytes of any other entry.

This half builds proofs from the journal; entry_proof.py, which shares no code with it, checks them.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import entry_proof
import frikort_server as fs
from frikort_server import copayment, credit_note, payment

sys.path.insert(0, str(fs.ROOT / "scripts"))

from auditor.record import Record  # noqa: E402

ENTRIES = 1024
MOST_BYTES = 2048  # of a proof; the group itself has some 60 000


def records_of(path):
    content, records = path.read_bytes(), []
    while content:
        size = int.from_bytes(content[:4], "big")
        records.append(Record(content[4:4 + size]))
        content = content[4 + size:]
    return records


def path_to(hashes, index):
    """The steps from a leaf up to the root, and the root."""
    path = []
    while len(hashes) > 1:
        beside = index ^ 1
        if beside < len(hashes):
            path.append({"left" if beside < index else "right": hashes[beside].hex()})
        hashes = [fs.node_hash(*hashes[at:at + 2]) if at + 1 < len(hashes) else hashes[at] for at in range(0, len(hashes), 2)]
        index //= 2
    return path, hashes[0]


def flipped(data):
    """Each bit once."""
    for place in range(len(data)):
        for bit in range(8):
            yield data[:place] + bytes((data[place] ^ 1 << bit,)) + data[place + 1:]


class EntryProofTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="frikort-e2e-proof-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        server = fs.Server().start()
        cls.addClassCleanup(server.clean)
        server.submit_one(copayment())
        cls.items = cls.some_items()
        # All or nothing is one group.
        answer = server.post_json("/v1/registrations?atomic=true", cls.items)
        assert all(result["verdict"] == "accepted" for result in answer.json()["results"]), answer.body[:500]
        cls.answer = server.stream([copayment(practiceId="1000007")]).texts[0]
        server.stop(clean=False)
        fs.frikort_json("export", "--data", server.data, "--output", cls.folder / "export", "--journal")
        cls.key = bytes.fromhex((pathlib.Path(server.data) / "keys" / "signing.pub").read_text())
        cls.records = records_of(cls.folder / "export" / "journal.records")
        cls.practices = {entry.practice: entry.practice_id for record in cls.records for entry in record.entries
                         if entry.is_new_practice}
        cls.record = next(record for record in cls.records if len(record.entries) == ENTRIES)
        cls.hashes = cls.record.leaves(cls.practices)
        cls.number = ENTRIES // 2 + 1

    @staticmethod
    def some_items():
        items = [copayment(practiceId=str(1_000_000 + number % 7)) for number in range(ENTRIES - 2)]
        return [*items[:100], payment(items[3]), *items[100:], credit_note(items[5])]

    def leaf(self, number):
        entry = self.record.entries[number]
        return entry.leaf(self.practices[entry.practice])

    def proof(self, number):
        """Of the entry with this number in the group, from 0."""
        header_path, root = path_to(self.hashes, 0)
        entry_path, _ = path_to(self.hashes, 2 + number)
        return {"header": self.record.header.hex(), "headerPath": header_path, "entry": self.leaf(number).hex(),
                "entryPath": entry_path, "root": root.hex(), "signature": self.record.signature.hex()}

    def expect_refused(self, proof, key=None):
        with self.assertRaises((entry_proof.NotProven, ValueError)):
            entry_proof.check(proof, key or self.key)

    def test_every_entry_of_the_group(self):
        guids = [item["guid"].replace("-", "") for item in self.items]
        for number in range(ENTRIES):
            group, entry = entry_proof.check(self.proof(number), self.key)
            self.assertEqual((group["position"], group["entries"]), (self.record.position, ENTRIES))
            self.assertEqual((entry["position"], entry["guid"]), (self.record.position + 1 + number, guids[number]))

    def test_it_says_what_was_sent(self):
        for number, kind in ((self.number, entry_proof.COPAYMENT), (100, entry_proof.PAYMENT),
                             (ENTRIES - 1, entry_proof.CREDIT_NOTE)):
            item = self.items[number]
            _, entry = entry_proof.check(self.proof(number), self.key)
            self.assertEqual((entry["kind"], entry["practiceId"]), (kind, item["practiceId"]))
            self.assertEqual(entry["receivedTime"], fs.parse_time(item["receivedTime"]).timestamp())
            if kind == entry_proof.COPAYMENT:
                self.assertEqual((entry["amountOre"], entry["paid"], entry["counted"]), (item["amountOre"], True, True))
                self.assertEqual(entry["serviceTime"], fs.parse_time(item["serviceTime"]).timestamp())
                self.assertEqual(len(entry["numberCommitment"]), 64)

    def test_it_shows_no_other_entry(self):
        proof = self.proof(self.number)
        shown = bytes.fromhex(proof["header"] + proof["entry"] + proof["root"] + proof["signature"] + "".join(
            sibling for path in (proof["headerPath"], proof["entryPath"]) for step in path for sibling in step.values()))
        self.assertLess(len(shown), MOST_BYTES)
        self.assertIn(self.record.entries[self.number].guid, shown)
        for number, entry in enumerate(self.record.entries):
            if number != self.number:
                self.assertNotIn(entry.guid, shown)
                commitment = entry_proof.read_entry(self.leaf(number)).get("numberCommitment")
                self.assertTrue(commitment is None or bytes.fromhex(commitment) not in shown)

    def test_every_bit_is_needed(self):
        proof = self.proof(self.number)
        for name in ("header", "entry", "root", "signature"):
            for changed in flipped(bytes.fromhex(proof[name])):
                self.expect_refused({**proof, name: changed.hex()})
        for changed in flipped(self.key):
            self.expect_refused(proof, changed)

    def test_every_bit_of_the_paths_is_needed(self):
        proof = self.proof(self.number)
        for name in ("headerPath", "entryPath"):
            path = proof[name]
            for place, step in enumerate(path):
                (side, sibling), = step.items()
                other = {"left": "right", "right": "left"}[side]
                steps = [{other: sibling}, *({side: changed.hex()} for changed in flipped(bytes.fromhex(sibling)))]
                for changed in steps:
                    self.expect_refused({**proof, name: [*path[:place], changed, *path[place + 1:]]})
                self.expect_refused({**proof, name: path[:place] + path[place + 1:]})
                self.expect_refused({**proof, name: [*path[:place], step, *path[place:]]})

    def test_parts_of_other_proofs(self):
        proof, other = self.proof(self.number), self.proof(self.number + 1)
        for name in ("entry", "entryPath"):
            self.expect_refused({**proof, name: other[name]})
        self.expect_refused({**proof, "header": self.records[0].header.hex()})
        first = self.records[0]
        hashes = first.leaves(self.practices)
        path, root = path_to(hashes, 0)
        self.expect_refused({**proof, "header": first.header.hex(), "headerPath": path})
        self.expect_refused({**proof, "root": root.hex(), "signature": first.signature.hex()})

    def test_other_leaves_are_no_entries(self):
        record = self.records[-1]
        hashes = record.leaves(self.practices)
        header_path, root = path_to(hashes, 0)
        proof = {"header": record.header.hex(), "headerPath": header_path, "root": root.hex(),
                 "signature": record.signature.hex()}
        for index, leaf in ((0, record.header), (1, record.tallies), (len(hashes) - 1, self.answer + b"\n")):
            changed = {**proof, "entry": leaf.hex(), "entryPath": path_to(hashes, index)[0]}
            self.assertEqual(entry_proof.climb(leaf, changed["entryPath"]), root, "it is a leaf")
            self.expect_refused(changed)
        entry = record.entries[0].leaf(self.practices[record.entries[0].practice])
        path = path_to(hashes, 2)[0]
        entry_proof.check({**proof, "entry": entry.hex(), "entryPath": path}, self.key)
        self.expect_refused({**proof, "header": entry.hex(), "headerPath": path, "entry": entry.hex(), "entryPath": path})
        self.assertNotEqual(entry_proof.climb(hashes[2] + hashes[3], path[1:]), root, "an inner node is no leaf")

    def test_as_a_script(self):
        file = self.folder / "proof.json"
        file.write_text(json.dumps(self.proof(self.number)))
        script = pathlib.Path(entry_proof.__file__)
        command = [sys.executable, "-I", script, file]
        done = subprocess.run([*command, self.key.hex()], capture_output=True, timeout=60, check=True)
        self.assertEqual(json.loads(done.stdout)["entry"]["position"], self.record.position + 1 + self.number)
        done = subprocess.run([*command, "00" * 32], capture_output=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout[:11]), (1, b"not proven:"))


if __name__ == "__main__":
    unittest.main()
