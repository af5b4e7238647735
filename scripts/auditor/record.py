"""Reads the bytes of a record of the journal, as storage/bytes/format.h describes them."""

import hashlib

from .oslo_time import date_of
from .terms import COPAYMENT, CREDIT_NOTE, Finding, SERVICES


class Reader:
    """The elements of storage/bytes/format.h, one after another."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def raw(self, size):
        end = self.at + size
        if end > len(self.data):
            raise Finding("does not decode: it ends too early")
        part = self.data[self.at:end]
        self.at = end
        return part

    def u8(self):
        return self.raw(1)[0]

    def big_endian(self, size):
        return int.from_bytes(self.raw(size), "big")

    def varint(self):
        data, at, value, shift = self.data, self.at, 0, 0
        try:
            if data[at] < 128:  # most are short
                self.at = at + 1
                return data[at]
            while True:
                byte = data[at]
                at += 1
                value |= (byte & 127) << shift
                if byte < 128:
                    self.at = at
                    return value
                shift += 7
                if shift > 63:
                    raise Finding("does not decode: a number is too long")
        except IndexError:
            raise Finding("does not decode: it ends too early") from None

    def zigzag(self):
        value = self.varint()
        return value >> 1 if value & 1 == 0 else -(value >> 1) - 1

    def text(self):
        return self.raw(self.varint())

    def ascii(self):
        try:
            return self.text().decode("ascii")
        except UnicodeDecodeError:
            raise Finding("does not decode: a text is not ASCII") from None


FORMAT = 2
KIND_TALLIES = 3
KIND_ITEM = 15  # and the type
KIND_PERSON_EVENT = 32  # and the type
KIND_PRACTICE_EVENT, KIND_STATEMENT, KIND_KEY, KIND_ACCESS_LOG, KIND_CHECKPOINT, KIND_ACT = 48, 64, 65, 66, 67, 68
BIRTH_DATE, NUMBER_CHANGED, MERGED, DIED, OPTED_OUT, OPTED_IN, MINIMUM_PENSION = range(1, 8)


def encode_varint(value):
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def encode_zigzag(value):
    return encode_varint(value * 2 if value >= 0 else -value * 2 - 1)


class Entry:
    """An entry of any kind, and how its leaf differs from the bytes in the record."""

    __slots__ = ("position", "kind", "type", "paid", "exemption", "guid", "practice", "practice_id", "person",
                 "is_new_practice", "is_new_person", "previous", "received", "received_ns", "service",
                 "service_ns", "service_type", "amount", "counted", "exempt", "reason", "erased", "key", "signature",
                 "statement", "access_log", "act", "numbers", "date", "periods", "meanwhile", "other", "other_previous", "years",
                 "_changes", "_bytes")

    def is_item(self):
        return KIND_ITEM < self.kind <= KIND_ITEM + CREDIT_NOTE

    def is_person_event(self):
        return KIND_PERSON_EVENT < self.kind <= KIND_PERSON_EVENT + MINIMUM_PENSION

    def leaf(self, practice_id):
        """The bytes of the leaf: position, own identifier of the practice and times stand in it."""
        out, at = b"", 0
        for place, end, replacement in self._changes:
            if replacement is None:
                text = practice_id.encode()
                replacement = encode_varint(len(text)) + text
            out += self._bytes[at:place] + replacement
            at = end
        return out + self._bytes[at:]


class EntryReader:
    """Reads one entry, and notes where its leaf has other bytes."""

    def __init__(self, reader, position, committed):
        self.reader, self.committed, self.begin = reader, committed, reader.at
        self.entry = entry = Entry()
        entry.position, entry.erased, entry.is_new_person, entry.is_new_practice = position, 0, False, False
        entry.person = entry.practice = None
        entry.numbers = ()  # encrypted; None = erased
        entry._changes = []  # begin, end, what stands there in the leaf; None: the identifier of the practice

    def place(self):
        return self.reader.at - self.begin

    def back(self):
        return self.entry.position - self.reader.varint()

    def seconds(self):
        begin = self.place()
        seconds = self.committed + self.reader.zigzag()
        self.entry._changes.append((begin, self.place(), encode_zigzag(seconds)))
        return seconds

    def time(self):
        return self.seconds(), self.reader.varint()

    def number(self):
        begin = self.place()
        tag, rest = self.reader.u8(), self.reader.raw(32)
        if tag > 1:
            raise Finding("does not decode: neither a number nor an erased one")
        self.entry.erased += tag
        self.entry.numbers += (None if tag else rest[16:],)
        self.entry._changes.append((begin, self.place(), rest if tag else hashlib.sha256(rest).digest()))

    def read_practice(self, is_new):
        self.entry.practice = self.reader.varint()
        self.entry.is_new_practice = is_new
        if is_new:
            self.entry.practice_id = self.reader.ascii()
        else:
            self.entry._changes.append((self.place(), self.place(), None))

    def day(self):
        return date_of(self.reader.zigzag())[0]

    def periods(self):
        """Each as (first day, last day or None)."""
        return [(self.day(), self.day() if self.reader.u8() else None) for _ in range(self.reader.varint())]

    def read_position(self):
        self.entry._changes.append((1, 1, encode_varint(self.entry.position)))

    def read(self):
        entry, reader = self.entry, self.reader
        entry.kind = kind = reader.u8()
        self.read_position()
        if KIND_ITEM < kind <= KIND_ITEM + CREDIT_NOTE:
            self.read_item(kind - KIND_ITEM)
        elif KIND_PERSON_EVENT < kind <= KIND_PERSON_EVENT + MINIMUM_PENSION:
            self.read_person_event(kind - KIND_PERSON_EVENT)
        elif kind == KIND_PRACTICE_EVENT:
            self.read_practice_event()
        elif kind == KIND_STATEMENT:
            made, _ = self.time()
            entry.statement = (reader.varint(), reader.varint(), self.back(), reader.raw(32))
        elif kind == KIND_KEY:
            self.time()
            entry.key, entry.signature = reader.raw(32), reader.raw(64)
        elif kind == KIND_ACCESS_LOG:
            self.time()
            entry.access_log = (reader.varint(), reader.varint(), reader.raw(32))
        elif kind == KIND_CHECKPOINT:
            self.back()
            reader.raw(16)
        elif kind == KIND_ACT:
            self.time()
            entry.act = (reader.text(), reader.text(), reader.text())
        else:
            raise Finding(f"has an entry of kind {kind}, which is not known: a newer program wrote it, or it is damaged")
        entry._bytes = reader.data[self.begin:reader.at]
        return entry

    def read_item(self, item_type):
        entry, reader = self.entry, self.reader
        flags, verdict = reader.varint(), reader.u8()
        entry.type, entry.paid = item_type, bool(flags & 1)
        entry.reason, entry.counted, entry.exempt = verdict >> 2, bool(verdict & 2), bool(verdict & 1)
        entry.guid = reader.raw(16)
        self.read_practice(bool(flags & 4))
        entry.person, entry.is_new_person = reader.varint(), bool(flags & 8)
        if entry.is_new_person:
            self.number()
        entry.previous = self.back()
        entry.received = self.seconds()
        entry.received_ns = reader.varint() if flags & 16 else 0
        entry.exemption = None
        if item_type != COPAYMENT:
            return
        entry.service_type = reader.u8()
        if flags & 2:
            entry.exemption = chr(reader.u8())
        entry.service = entry.received - reader.zigzag()
        entry.service_ns = reader.varint() if flags & 32 else 0
        entry.amount = reader.varint()
        if entry.service_type not in SERVICES:
            raise Finding(f"does not decode: service type {entry.service_type}")

    def read_person_event(self, event_type):
        entry, reader = self.entry, self.reader
        flags = reader.varint()
        entry.type, entry.guid = event_type, reader.raw(16)
        entry.received, entry.received_ns = self.time()
        entry.person, entry.is_new_person = reader.varint(), bool(flags & 1)
        has_other = event_type in (NUMBER_CHANGED, MERGED)
        self.number()
        if has_other:
            self.number()
        entry.previous = self.back()
        entry.date = self.day() if flags & 2 else None
        if bool(entry.date) != (event_type == BIRTH_DATE) and event_type != DIED:
            raise Finding("does not decode: a date is missing or too many")
        entry.periods = self.periods() if event_type == MINIMUM_PENSION else []
        entry.meanwhile = [self.back() for _ in range(reader.varint())] if event_type == OPTED_IN else []
        entry.other, entry.other_previous, entry.years = 0, 0, []
        if has_other:
            entry.other, entry.other_previous = reader.varint(), self.back()
            entry.years = [(reader.varint(), self.back(), self.back()) for _ in range(reader.varint())]

    def read_practice_event(self):
        entry, reader = self.entry, self.reader
        flags = reader.varint()
        entry.guid = reader.raw(16)
        entry.received, entry.received_ns = self.time()
        self.read_practice(bool(flags & 1))
        entry.previous = self.back()
        reader.text()
        reader.text()
        for _ in range(2):
            for _ in range(reader.varint()):
                reader.text()
        for _ in range(reader.varint()):
            self.number()
        entry.periods = self.periods()


class Record:
    """A record as it stands in the journal."""

    def __init__(self, data):
        self.data = data
        reader = Reader(data)
        if reader.u8() != FORMAT:
            raise Finding("does not decode: another format")
        self.position = reader.big_endian(8)
        committed = reader.zigzag()
        reader.varint()
        self.previous_root, self.rule_pack, self.rules = reader.raw(32), reader.raw(32), reader.text()
        count = reader.varint()
        self.header = data[:reader.at]
        self.read_tallies(reader)
        offsets = [reader.big_endian(4) for _ in range(max(0, count - 1) // 64)]
        begin = reader.at
        self.entries = []
        for number in range(count):
            if number and number % 64 == 0 and offsets[number // 64 - 1] != reader.at - begin:
                raise Finding("does not decode: an offset is wrong")
            self.entries.append(EntryReader(reader, self.position + 1 + number, committed).read())
        self.answers = [reader.raw(32) for _ in range(reader.varint())]
        self.root, self.key_id, self.signature = reader.raw(32), reader.ascii(), reader.raw(64)
        if reader.at != len(data):
            raise Finding("does not decode: there is more than belongs to it")

    def read_tallies(self, reader):
        """What was refused and resent is in no sum, and makes no practice known."""
        begin = reader.at
        if reader.u8() != KIND_TALLIES:
            raise Finding("does not decode: the tallies are not in their place")
        for _ in range(reader.varint()):
            reader.ascii()
            reader.varint()
            reader.u8()
            reader.varint()
        self.tallies = self.data[begin:reader.at]

    def leaves(self, practice_ids):
        """The hashes that the root is made of."""
        def leaf_hash(data):
            return hashlib.sha256(b"\x00" + data).digest()
        entries = [leaf_hash(entry.leaf(practice_ids[entry.practice] if entry.practice else None))
                   for entry in self.entries]
        return [leaf_hash(self.header), leaf_hash(self.tallies), *entries, *self.answers]


def read_rules(text):
    """The ceilings in øre by year."""
    lines = text.decode("utf-8").split("\n")
    if lines[0] != "frikort-rule-pack 1" or lines[-1]:
        raise Finding("the rules do not decode")
    ceilings = {}
    for line in lines[1:-1]:
        year, ore, _ = line.split(" ", 2)
        ceilings[int(year)] = int(ore)
    return ceilings
