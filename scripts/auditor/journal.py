"""Reads the journal, and checks its chain, roots and signatures."""

import hashlib

from .progress import Progress
from .proof import merkle_root
from .record import read_record, read_rules
from .terms import Finding, position_text


class Journal:
    """Reads journal.records from the first to the last, and keeps what was seen."""

    def __init__(self, path, key, model):
        self.path, self.key, self.model = path, key, model
        self.last, self.root, self.records, self.entries = 0, bytes(32), 0, 0
        self.ends = {}  # last position of a record -> its root
        self.year_of = {}  # position -> year

    def read(self, at_position, then, table):
        """Calls `then` where everything up to `at_position` has been taken; `table` with each entry."""
        progress = Progress(self.path.stat().st_size)
        done = 0
        with open(self.path, "rb") as file:
            while size := file.read(4):
                data = file.read(int.from_bytes(size, "big"))
                where = self.last + 1
                try:
                    if len(size) < 4 or len(data) != int.from_bytes(size, "big"):
                        raise Finding("was cut short")
                    record = read_record(data)
                    self.check(record)
                    self.take(record, table)
                except (Finding, ValueError, OverflowError) as finding:
                    raise Finding(f"record at {position_text(where)}: {finding}") from None
                done += 4 + len(data)
                if self.last == at_position:
                    then()
                progress.show(done, self.entries)

    def check(self, record):
        if record.position != self.last + 1:
            raise Finding(f"its content says {position_text(record.position)}: a record is missing or out of place")
        if record.previous_root != self.root:
            raise Finding("does not follow the record before it (previous root)")
        leaves = [hashlib.sha256(b"\x00" + record.content).digest(), *record.leaves]
        if merkle_root(leaves) != record.root:
            raise Finding("was changed after it was sealed: content and answers do not give its root")
        if record.key_id != self.key.id:
            raise Finding(f"is signed with the key {record.key_id}, not with {self.key.id}")
        if not self.key.is_signed(record.root, record.signature):
            raise Finding("the signature does not fit")
        if record.rules:
            self.model.ceilings = {**self.model.ceilings, **read_rules(record.rules)}
            self.model.rule_pack = hashlib.sha256(record.rules).digest()
        if record.rule_pack != self.model.rule_pack:
            raise Finding("names rules that the journal does not hold")

    def take(self, record, table):
        for entry in record.entries:
            try:
                year = self.model.take(entry)
                table(entry, year)
            except Finding as finding:
                raise Finding(f"its entry at {position_text(entry.position)} {finding}") from None
        self.records += 1
        self.entries += len(record.entries)
        self.last = record.position + len(record.entries)
        self.root = record.root
        self.ends[self.last] = record.root
