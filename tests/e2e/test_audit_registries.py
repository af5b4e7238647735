"""The audit by other code, of a ledger of which registries have spoken: it agrees, and finds what was changed."""

import hashlib
import pathlib
import shutil
import sys
import tempfile
import unittest

from cryptography.hazmat.primitives.serialization import load_pem_private_key

import frikort_server as fs
from registry_stories import STORIES, YEAR, anything, event, pays
from test_audit import audit, mend_manifest, records_of, write_records

sys.path.insert(0, str(fs.ROOT / "scripts"))
from auditor.proof import merkle_root
from auditor.record import MERGED, OPTED_IN, BIRTH_DATE, Reader, Record

class RegistryAuditTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="frikort-e2e-audit-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.told = [line for story in STORIES for line in story()]
        cls.data, cls.export = cls.make("told", cls.told)
        cls.key = cls.data / "keys" / "signing.pub"

    @classmethod
    def make(cls, name, lines):
        """A ledger and its export; the second half of the lines is a record of its own."""
        data, export = cls.folder / name, cls.folder / f"{name}_export"
        for part in (lines[:len(lines) // 2], lines[len(lines) // 2:]):
            fs.frikort_json("load", "--create", "--data", data, "--trust-received-time", "-", stdin=fs.ndjson(part))
        fs.frikort_json("export", "--data", data, "--output", export, "--journal")
        return data, export

    def expect_agreement(self, data, export):
        code, report = audit(export, data / "keys" / "signing.pub", "--year", YEAR)
        self.assertEqual((code, report["findings"]), (0, []))
        status = fs.frikort_json("status", "--data", data)
        for name in ("accounts", "cards"):
            self.assertEqual(report["compared"][name], status[name])
        totals = report["figures"]["totals"]
        self.assertEqual((totals["registrations"], totals["payments"], totals["creditNotes"]),
                         (status["registrations"], status["payments"], status["creditNotes"]))
        return report

    def test_agrees(self):
        report = self.expect_agreement(self.data, self.export)
        self.assertEqual(report["entries"], len(self.told))
        self.assertEqual(report["registryEvents"], sum("eventId" in line for line in self.told))
        totals = report["figures"]["totals"]
        self.assertEqual((totals["cards"], totals["cardsUnderReview"]), (6, 2), "crossing() and opted_out()")
        # By hand: two_cards(), birth_dates() twice, settled_by_the_other(); the others end under the ceiling.
        self.assertEqual(totals["refundedOre"], 100 * (3535 + 835 + 4135 + 2335))
        parts = sum(totals[name] for name in ("counted", "unpaid", "credited", "zeroAmount"))
        self.assertEqual(totals["registrations"] - parts, 6, "of children")

    def test_lines_that_nobody_has_been_told_of_are_not_due(self):
        """Merged while opted out, and told by the opt-in."""
        one, two = fs.new_person(), fs.new_person()
        lines = [pays(one, 3000, "2024-03-01"), pays(two, 3000, "2024-03-02"), event("optedOut", one, "2024-04-01"),
                 event("merged", one, "2024-05-01", otherPersonId=two)]
        for name, more, due in (("untold", [], 0), ("told", [event("optedIn", one, "2024-06-01")], 100 * (6000 - 3165))):
            with self.subTest(name):
                lines += more
                data, export = self.make(f"merge_{name}", lines)
                statement = self.folder / f"merge_{name}_statement"
                fs.frikort_json("reconcile", "--data", data, "--year", YEAR, "--output", statement)
                shutil.rmtree(export)
                fs.frikort_json("export", "--data", data, "--output", export, "--journal")
                code, report = audit(export, data / "keys" / "signing.pub", "--statement", statement)
                self.assertEqual((code, report["findings"]), (0, []))
                self.assertEqual(report["figures"]["totals"]["refundedOre"], 100 * (6000 - 3165))
                self.assertEqual(report["figures"]["refunds"]["dueOre"], due)

    def test_agrees_on_any_order(self):
        data, export = self.make("any", anything(600, 11))
        report = self.expect_agreement(data, export)
        self.assertGreater(report["compared"]["cards"], 10)
        self.assertGreater(report["registryEvents"], 150)

    # --- a journal that was changed by somebody who can sign ---

    def records(self):
        return [bytearray(record) for record in records_of(self.export / "journal.records")]

    def entries(self, records, wanted):
        """(record, place, entry) of those entries; the place is that of its first byte."""
        for record in records:
            for entry in Record(bytes(record)).entries:
                if wanted(entry):
                    yield record, bytes(record).index(entry._bytes), entry

    def seal(self, records):
        """Makes chain, roots and signatures fit again."""
        signing = load_pem_private_key((self.data / "keys" / "signing.pem").read_bytes(), None)
        identifiers, root = [None], None
        for record in records:
            before = Record(bytes(record))
            at = bytes(record).index(before.root)
            if root:
                place = bytes(record).index(before.previous_root)
                record[place:place + 32] = root
            sealed = Record(bytes(record))
            identifiers += [entry.practice_id for entry in sealed.entries if entry.is_new_practice]
            root = merkle_root(sealed.leaves(identifiers))
            record[at:at + 32], record[-64:] = root, signing.sign(root)

    def expect_finding(self, records, *parts, is_sealed=True):
        if is_sealed:
            self.seal(records)
        export = pathlib.Path(tempfile.mkdtemp(dir=self.folder)) / "export"
        shutil.copytree(self.export, export)
        write_records(export / "journal.records", records)
        mend_manifest(export)
        code, report = audit(export, self.key)
        self.assertEqual(code, 1, report)
        self.assertTrue(any(all(part in finding for part in parts) for finding in report["findings"]),
                        f"{parts} in {report['findings']}")

    def change(self, wanted, place_in, bits, *parts, which=0):
        """One byte of an entry; place_in gives it from the entry and its bytes."""
        records = self.records()
        record, begin, entry = list(self.entries(records, wanted))[which]
        at = begin + place_in(entry, entry._bytes)
        record[at] ^= bits
        self.expect_finding(records, *parts)

    @staticmethod
    def person_place(entry, data):
        """Of the id in an event: after the id of the event and its time."""
        reader = Reader(data, data.index(entry.guid) + 16)
        reader.varint()
        reader.varint()
        return reader.at

    def other_place(self, entry, data):
        reader = Reader(data, self.person_place(entry, data))
        reader.varint()
        reader.raw(2 * 33)
        reader.varint()
        return reader.at

    @staticmethod
    def is_event(kind, more=lambda entry: True):
        return lambda entry: entry.is_person_event() and entry.type == kind and more(entry)

    def test_sealed_again_without_a_change(self):
        records = self.records()
        self.seal(records)
        self.assertEqual(records, self.records())

    def test_a_changed_date(self):
        born = self.is_event(BIRTH_DATE)
        last_three = lambda entry, data: len(data) - 3
        records = self.records()
        record, place, entry = next(self.entries(records, born))
        record[place + len(entry._bytes) - 3] ^= 16
        self.expect_finding(records, "record at 0-1:", "changed after it was sealed", is_sealed=False)
        # A month later: the item of 10 January does not count, either.
        self.change(born, last_three, 64, "accounts: ", which=1)
        # Two days earlier: that of 28 February counts.
        self.change(born, last_three, 4, "was decided (reason, counted, exempt) = (43, False, False), the rules give (0,",
                    which=2)

    def test_a_changed_person(self):
        merged = self.is_event(MERGED, lambda entry: entry.other)
        self.change(merged, self.person_place, 1, "speaks of persons [6, 8], its numbers lead to [7, 8]", which=1)
        self.change(merged, self.other_place, 1, "merges person 9 into person 7", which=1)
        born = self.is_event(BIRTH_DATE)
        self.change(born, self.person_place, 1, "names person 4, who is person 3 by then")
        self.change(born, self.person_place, 3, "speaks of persons [5], its numbers lead to [6]", which=3)

    def test_a_changed_list(self):
        named = self.is_event(OPTED_IN, lambda entry: len(entry.meanwhile) > 1)
        self.change(named, lambda entry, data: len(data) - 1, 1, "as what came while the person was opted out")
        joined = self.is_event(MERGED, lambda entry: entry.years)
        self.change(joined, lambda entry, data: len(data) - 1, 1, "joins years as")

    def test_a_changed_verdict(self):
        verdict = lambda entry, data: 2
        # Of a child: 43 << 2 | exempt. What is said to be exempt, to be unpaid.
        child = lambda entry: entry.is_item() and entry.reason == 43
        self.change(child, verdict, 1, "(43, False, True)", "(43, False, False)", which=1)
        self.change(child, verdict, 2 << 2, "(41, False, True)", "(43, False, True)")
        # Of nobody: exempt by a card that it must not know of.
        nobody = lambda entry: entry.is_item() and not entry.person
        self.change(nobody, verdict, 1, "(0, True, True), the rules give (0, True, False)")

    def test_erased_numbers_are_no_fault(self):
        records = self.records()
        for record, place, entry in self.entries(records, lambda entry: entry.numbers):
            for number in entry.numbers:
                at = bytes(record).index(number, place) - 17
                record[at:at + 33] = b"\x01" + hashlib.sha256(record[at + 1:at + 33]).digest()
        export = self.folder / "erased"
        shutil.copytree(self.export, export)
        write_records(export / "journal.records", records)
        mend_manifest(export)
        code, report = audit(export, self.key)
        self.assertEqual((code, report["findings"]), (0, []))
        self.assertGreater(report["erased"], 30)


if __name__ == "__main__":
    unittest.main()
