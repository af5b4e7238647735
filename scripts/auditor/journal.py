"""Reads the journal, and checks its chain, roots and signatures."""

import hashlib

from .progress import Progress
from .proof import merkle_root
from .record import KIND_KEY, KIND_PRACTICE_EVENT, Record, read_rules
from .registries import Registries
from .terms import Finding, position_text


class Journal:
    """Reads journal.records from the first to the last, and keeps what was seen."""

    def __init__(self, path, key, model):
        self.path, self.key, self.model = path, key, model
        self.keys = {key.id: key}  # that have signed
        self.last, self.root, self.records, self.entries = 0, bytes(32), 0, 0
        self.ends = {}  # last position of a record -> its root
        self.registries = Registries(model)
        self.erased = 0  # numbers
        self.is_whole = False

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
                    record = Record(data)
                    self.check(record)
                    self.take(record, table)
                    self.check_seal(record)
                except (Finding, ValueError, OverflowError) as finding:
                    raise Finding(f"record at {position_text(where)}: {finding}") from None
                done += 4 + len(data)
                if self.last == at_position:
                    then()
                progress.show(done, self.entries)
        self.is_whole = True

    def check(self, record):
        if record.position != self.last + 1:
            raise Finding(f"its content says {position_text(record.position)}: a record is missing or out of place")
        if record.previous_root != self.root:
            raise Finding("does not follow the record before it (previous root)")
        if record.key_id != self.key.id:
            raise Finding(f"is signed with the key {record.key_id}, not with {self.key.id}")
        if not self.key.is_signed(record.root, record.signature):
            raise Finding("the signature does not fit")
        if record.rules:
            self.model.ceilings = {**self.model.ceilings, **read_rules(record.rules)}
            self.model.rule_pack = hashlib.sha256(record.rules).digest()
        if record.rule_pack != self.model.rule_pack:
            raise Finding("names rules that the journal does not hold")

    def check_seal(self, record):
        """After take(): the leaves need the identifiers of the practices."""
        if merkle_root(record.leaves(self.model.practice_ids)) != record.root:
            raise Finding("was changed after it was sealed: content and answers do not give its root")
        for entry in record.entries:
            if entry.kind == KIND_KEY:
                self.key = self.key.successor(entry.key, entry.signature)
                self.keys[self.key.id] = self.key

    def take(self, record, table):
        for entry in record.entries:
            try:
                self.erased += entry.erased
                if entry.is_item():
                    table(entry, self.model.take(entry))
                elif entry.is_person_event():
                    self.registries.take_person_event(entry)
                elif entry.kind == KIND_PRACTICE_EVENT:
                    self.registries.take_practice_event(entry)
            except Finding as finding:
                raise Finding(f"its entry at {position_text(entry.position)} {finding}") from None
        self.records += 1
        self.entries += len(record.entries)
        self.last = record.position + len(record.entries)
        self.root = record.root
        self.ends[self.last] = record.root
