"""Reads the bytes of a record of the journal, as storage/format.h describes them."""

import collections

from .terms import COPAYMENT, Finding, SERVICES, TYPES


class Reader:
    """The elements of storage/format.h, one after another."""

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


class Entry:
    __slots__ = ("position", "type", "paid", "exemption", "guid", "practice", "practice_id", "person",
                 "is_new_practice", "is_new_person", "previous", "received", "received_ns", "service",
                 "service_ns", "service_type", "amount", "counted", "exempt", "reason")


def read_entry(reader, position, committed):
    entry = Entry()
    entry.position = position
    flags, verdict = reader.u8(), reader.u8()
    entry.type, entry.paid = flags & 3, bool(flags & 4)
    entry.reason, entry.counted, entry.exempt = verdict >> 2, bool(verdict & 2), bool(verdict & 1)
    entry.guid = reader.raw(16)
    entry.practice = reader.varint()
    entry.is_new_practice, entry.is_new_person = bool(flags & 16), bool(flags & 32)
    entry.practice_id = reader.ascii() if entry.is_new_practice else None
    entry.person = reader.varint()
    if entry.is_new_person:
        reader.raw(16)
    entry.previous = position - reader.varint()
    entry.received = committed + reader.zigzag()
    entry.received_ns = reader.varint() if flags & 64 else 0
    entry.exemption = None
    if entry.type == COPAYMENT:
        entry.service_type = reader.u8()
        if flags & 8:
            entry.exemption = chr(reader.u8())
        entry.service = entry.received - reader.zigzag()
        entry.service_ns = reader.varint() if flags & 128 else 0
        entry.amount = reader.varint()
        if entry.service_type not in SERVICES:
            raise Finding(f"does not decode: service type {entry.service_type}")
    elif entry.type not in TYPES:
        raise Finding(f"does not decode: type {entry.type}")
    return entry


Record = collections.namedtuple(
    "Record", "position previous_root rule_pack rules entries content leaves root key_id signature")


def read_record(data):
    reader = Reader(data)
    if reader.u8() != 1:
        raise Finding("does not decode: another format")
    position = reader.big_endian(8)
    committed = reader.zigzag()
    reader.varint()
    previous_root, rule_pack, rules = reader.raw(32), reader.raw(32), reader.text()
    for _ in range(reader.varint()):  # what was refused and resent is in no sum, and makes no practice known
        reader.ascii()
        reader.varint()
        reader.u8()
        reader.varint()
    count = reader.varint()
    offsets = [reader.big_endian(4) for _ in range(max(0, count - 1) // 64)]
    begin = reader.at
    entries = []
    for number in range(count):
        if number and number % 64 == 0 and offsets[number // 64 - 1] != reader.at - begin:
            raise Finding("does not decode: an offset is wrong")
        entries.append(read_entry(reader, position + 1 + number, committed))
    content = data[:reader.at]
    leaves = [reader.raw(32) for _ in range(reader.varint())]
    root, key_id, signature = reader.raw(32), reader.ascii(), reader.raw(64)
    if reader.at != len(data):
        raise Finding("does not decode: there is more than belongs to it")
    return Record(position, previous_root, rule_pack, rules, entries, content, leaves, root, key_id, signature)


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
