#!/usr/bin/env python3
"""Checks a ledger from outside: without its program, by other code in another language.

    scripts/audit.py EXPORT --public-key FILE [--statement FOLDER] [--year YEAR] [--json]

EXPORT is what `frikort export --journal` wrote. Checks the hashes of its files; reads every record
of the journal, its chain, roots and signatures; decides every entry again; adds up every person's
year, card and refund, and every practice's lags, from the journal alone; and compares them with
the exported tables and, when one is given, with a statement of reconciliation. The bytes are read
as storage/bytes/format.h describes them, the rules as ledger/README.md does.

The public key (64 hexadecimal digits or PEM) is the auditor's own copy, not one from the ledger.
--year says of which year to print the figures; default: the statement's, or the one with the most
co-payments.

Exit status: 0 everything fits, 1 findings, 2 wrong usage, 3 could not run. Needs Python 3.9 and its
package cryptography. Keeps the whole ledger in memory: meant for up to some millions of entries.
"""

import argparse
import collections
import csv
import datetime
import functools
import gc
import hashlib
import json
import sys
import time
import uuid
import zoneinfo
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

OSLO = zoneinfo.ZoneInfo("Europe/Oslo")
COPAYMENT, PAYMENT, CREDIT_NOTE = 1, 2, 3
TYPES = {COPAYMENT: "copayment", PAYMENT: "payment", CREDIT_NOTE: "creditNote"}
SERVICES = {1: "A", 2: "S", 3: "B", 4: "LE", 5: "HS", 6: "PO", 7: "LR", 8: "PS", 9: "PR", 10: "BR",
            11: "TB", 12: "RH", 13: "FT"}
TRUTHS = {False: "false", True: "true"}
REASONS = {0: None, 40: "CREDITED", 41: "UNPAID", 42: "ZERO_AMOUNT", 43: "UNDER_16"}
LIMITS = (16, 24, 32)
WITHIN = {limit: f"within{limit}" for limit in LIMITS}


class Finding(Exception):
    """Something does not fit; the text says where, what, and against what."""


def position_text(position):
    return f"0-{position}"


@functools.lru_cache(maxsize=None)
def oslo_offset(hour):
    """Seconds to add to UTC in an hour since 1970, and the offset as text: clocks change on the hour."""
    time_there = datetime.datetime.fromtimestamp(3600 * hour, OSLO)
    return int(time_there.utcoffset().total_seconds()), time_there.isoformat()[-6:]


@functools.lru_cache(maxsize=None)
def date_of(day):
    """The date a number of days after 1970-01-01, and its text."""
    date = datetime.date(1970, 1, 1) + datetime.timedelta(days=day)
    return date, date.isoformat()


def oslo_date(seconds):
    return date_of((seconds + oslo_offset(seconds // 3600)[0]) // 86400)[0]


def rfc3339(seconds, nanoseconds):
    offset, offset_text = oslo_offset(seconds // 3600)
    day, second = divmod(seconds + offset, 86400)
    decimals = f".{nanoseconds:09d}".rstrip("0") if nanoseconds else ""
    return f"{date_of(day)[1]}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}{decimals}{offset_text}"


def guid_text(guid):
    digits = guid.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


# --- bytes of the journal ------------------------------------------------------------------------

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


def merkle_root(hashes):
    while len(hashes) > 1:
        above = [hashlib.sha256(b"\x01" + hashes[i] + hashes[i + 1]).digest() for i in range(0, len(hashes) - 1, 2)]
        if len(hashes) % 2:
            above.append(hashes[-1])
        hashes = above
    return hashes[0]


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


class PublicKey:

    def __init__(self, text):
        digits = text.strip()
        if len(digits) == 64:
            self._key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(digits))
        else:
            self._key = load_pem_public_key(text.encode())
        if not isinstance(self._key, Ed25519PublicKey):
            raise ValueError("the public key is not one of Ed25519")
        self.id = hashlib.sha256(self._key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]

    def is_signed(self, message, signature):
        try:
            self._key.verify(signature, message)
            return True
        except InvalidSignature:
            return False


# --- the rules, once more ------------------------------------------------------------------------

class Registration:
    __slots__ = ("position", "person", "year", "day", "lag", "service_type", "amount", "paid", "paid_later", "credited")

    def reason(self):
        if self.credited:
            return 40
        if not self.paid:
            return 41
        return 42 if self.amount == 0 else 0


class Account:
    """A person's year: what counts, by day, and what follows from it."""

    def __init__(self, ceiling):
        self.ceiling = ceiling
        self.sum = 0
        self.days = collections.Counter()
        self.newest = 0
        self.card = None  # [issued seconds, nanoseconds, guid, rule pack, entitled from]
        self.lines = []  # (registration, cause, amount)
        self.refunded = collections.Counter()  # by registration

    def excess(self):
        return max(0, self.sum - self.ceiling)

    def entitled_from(self):
        total = 0
        for day in sorted(self.days):
            total += self.days[day]
            if total >= self.ceiling:
                return day
        raise AssertionError("only asked when the sum is there")

    def add(self, registration, entry, rule_pack):
        before = self.excess()
        self.sum += registration.amount
        self.days[registration.day] += registration.amount
        if self.sum >= self.ceiling and self.card is None:
            self.card = [entry.received, entry.received_ns, entry.guid, rule_pack, None]
        if self.excess() > before:
            self.add_line(registration.position, entry.position, self.excess() - before)

    def remove(self, registration, entry):
        before = self.excess()
        if self.card and self.sum >= self.ceiling > self.sum - registration.amount:
            self.card[4] = self.entitled_from()  # the last one is kept
        self.sum -= registration.amount
        self.days[registration.day] -= registration.amount
        left = before - self.excess()
        left -= self.take_back(registration.position, entry.position, left)
        for line_registration, _, amount in reversed(self.lines[:]):
            if amount > 0 and left:
                left -= self.take_back(line_registration, entry.position, left)
        if left:
            raise AssertionError("every excess has been refunded")

    def take_back(self, registration, cause, wanted):
        amount = min(wanted, self.refunded[registration])
        if amount:
            self.add_line(registration, cause, -amount)
        return amount

    def add_line(self, registration, cause, amount):
        self.lines.append((registration, cause, amount))
        self.refunded[registration] += amount

    def card_now(self):
        """(state, entitled from) of the card."""
        if self.sum >= self.ceiling:
            return "active", self.entitled_from()
        return "underReview", self.card[4]


class Model:
    """The ledger as it follows from the entries."""

    def __init__(self):
        self.registrations = {}
        self.accounts = {}
        self.practices = {}  # id -> number
        self.practice_ids = [None]
        self.persons = 0
        self.follow_ups = collections.Counter()  # (year, type)
        self.lags = collections.Counter()  # (practice id, basis, month, lag)
        self.ceilings = {}
        self.rule_pack = None

    def add_practice(self, practice_id):
        self.practices[practice_id] = len(self.practice_ids)
        self.practice_ids.append(practice_id)

    def take(self, entry):
        """Takes one entry; gives the year that it belongs to."""
        if entry.is_new_person:
            self.persons += 1
        if not 0 < entry.person <= self.persons or entry.is_new_person and entry.person != self.persons:
            raise Finding(f"names person {entry.person} out of turn")
        if entry.is_new_practice:
            if entry.practice_id in self.practices:
                raise Finding("introduces a practice that is known")
            self.add_practice(entry.practice_id)
        if not 0 < entry.practice < len(self.practice_ids) or \
                entry.is_new_practice and entry.practice != len(self.practice_ids) - 1:
            raise Finding(f"names practice {entry.practice} out of turn")
        entry.practice_id = self.practice_ids[entry.practice]
        key = (entry.practice, entry.guid)
        registration = self.registrations.get(key)
        if entry.type == COPAYMENT:
            if registration:
                raise Finding(f"was accepted before, at {position_text(registration.position)}")
            registration = self.registrations[key] = self.register(entry)
        elif not registration:
            raise Finding("refers to a co-payment that is not there")
        elif registration.credited or entry.type == PAYMENT and registration.paid_later:
            raise Finding("refers to a co-payment that was credited or paid before")
        if registration.person != entry.person:
            raise Finding("is of another person than the co-payment it refers to")
        account = self.accounts.get((registration.person, registration.year))
        if account is None:
            account = Account(self.ceilings[registration.year])
            self.accounts[registration.person, registration.year] = account
        if entry.previous != account.newest:
            raise Finding(f"names {position_text(entry.previous)} as the entry before it in the account, which is "
                          f"{position_text(account.newest)}")
        account.newest = entry.position
        self.post(entry, registration, account)
        reason = registration.reason()
        expected = (reason, reason == 0, account.card is not None)
        found = (entry.reason, entry.counted, entry.exempt)
        if found != expected:
            raise Finding(f"was decided (reason, counted, exempt) = {found}, the rules give {expected}")
        return registration.year

    def register(self, entry):
        registration = Registration()
        registration.position, registration.person = entry.position, entry.person
        registration.day = oslo_date(entry.service)
        registration.year = registration.day.year
        received = oslo_date(entry.received)
        registration.lag = max(0, (received - registration.day).days)
        registration.service_type, registration.amount = entry.service_type, entry.amount
        registration.paid, registration.paid_later, registration.credited = entry.paid, False, False
        if registration.year not in self.ceilings:
            raise Finding(f"is of {registration.year}, a year without ceiling")
        if entry.exemption and entry.amount:
            raise Finding("has an amount though nothing was to be paid")
        for basis, day in (("received", received), ("service", registration.day)):
            self.lags[entry.practice_id, basis, f"{day.year:04}-{day.month:02}", registration.lag] += 1
        return registration

    def post(self, entry, registration, account):
        counted = entry.type != COPAYMENT and registration.reason() == 0
        if entry.type == PAYMENT:
            registration.paid = registration.paid_later = True
        elif entry.type == CREDIT_NOTE:
            registration.credited = True
        if entry.type != COPAYMENT:
            self.follow_ups[registration.year, entry.type] += 1
        counts = registration.reason() == 0
        if counts and not counted:
            account.add(registration, entry, self.rule_pack)
        elif counted and not counts:
            account.remove(registration, entry)

    def fullest_year(self):
        """The year with the most co-payments; 0 when there is none."""
        counts = collections.Counter(registration.year for registration in self.registrations.values())
        return max(counts, key=lambda year: (counts[year], year), default=0)

    def figures(self, year):
        """What a statement of the year says, as it is now."""
        totals = collections.Counter({name: 0 for name in (
            "registrations", "amountOre", "unpaid", "unpaidOre", "zeroAmount", "credited", "creditedOre", "counted",
            "countedOre", "persons", "cards", "cardsUnderReview", "refundLines", "refundedOre", "payouts", "payoutOre")})
        totals["payments"], totals["creditNotes"] = self.follow_ups[year, PAYMENT], self.follow_ups[year, CREDIT_NOTE]
        services = collections.defaultdict(collections.Counter)
        practices = collections.defaultdict(collections.Counter)
        within = collections.Counter()
        accounts = {person: account for (person, of), account in self.accounts.items() if of == year}
        names = {0: "counted", 40: "credited", 41: "unpaid", 42: "zeroAmount"}
        for (practice, _), registration in self.registrations.items():
            if registration.year != year:
                continue
            reason, amount = registration.reason(), registration.amount
            refunded = accounts[registration.person].refunded.get(registration.position, 0)
            totals["registrations"] += 1
            totals["amountOre"] += amount
            totals[names[reason]] += 1
            if reason == 41:
                totals["unpaidOre"] += amount
            if reason == 40:
                totals["creditedOre"] += amount
            for row in (services[registration.service_type], practices[practice]):
                row["registrations"] += 1
                row["amountOre"] += amount
                row["countedOre"] += amount if reason == 0 else 0
                row["refundedOre"] += refunded
            for limit in LIMITS:
                within[limit] += registration.lag <= limit
                practices[practice][WITHIN[limit]] += registration.lag <= limit
        for account in accounts.values():
            refunded = sum(amount for _, _, amount in account.lines)
            if refunded != account.excess():
                raise Finding(f"the refund lines of an account are {refunded} øre, its excess {account.excess()}")
            totals["persons"] += 1
            totals["countedOre"] += account.sum
            if account.card:
                totals["cards"] += 1
                totals["cardsUnderReview"] += account.sum < account.ceiling
            totals["refundLines"] += len(account.lines)
            totals["refundedOre"] += refunded
            totals["payouts"] += refunded > 0
            totals["payoutOre"] += refunded if refunded > 0 else 0
        return {
            "year": year,
            "totals": dict(totals),
            "serviceTypes": [{"serviceType": SERVICES[kind], **services[kind]} for kind in sorted(services)],
            "practices": [{"practiceId": self.practice_ids[number], **practices[number]} for number in sorted(practices)],
            "timeliness": {"count": totals["registrations"],
                           "limits": [{"days": limit, "within": within[limit]} for limit in LIMITS]},
        }


# --- the checks ----------------------------------------------------------------------------------

class Progress:
    """How far it is, on standard error: one line that changes on a terminal, else a JSON line a second."""

    def __init__(self, total):
        self.total, self.begin = max(1, total), time.monotonic()
        self.next, self.is_terminal = self.begin + 1, sys.stderr.isatty()

    def show(self, done, entries):
        now = time.monotonic()
        if now < self.next and done != self.total:
            return
        self.next = now + (0.2 if self.is_terminal else 1)
        rate = round(entries / max(now - self.begin, 1e-9))
        if self.is_terminal:
            end = "\n" if done == self.total else ""
            print(f"\rjournal {100 * done / self.total:3.0f} %, {entries} entries, {rate}/s\033[K", end=end,
                  file=sys.stderr, flush=True)
        else:
            print(json.dumps({"phase": "journal", "unit": "bytes", "done": done, "total": self.total,
                              "entries": entries, "entriesPerSecond": rate}), file=sys.stderr, flush=True)


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


def check_manifest(folder, files, findings):
    """Sizes, rows and hashes of the files; gives how many fit."""
    good = 0
    for named in files:
        path = folder / named["name"]
        digest, size, lines = hashlib.sha256(), 0, 0
        try:
            with open(path, "rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
                    size += len(block)
                    lines += block.count(b"\n")
        except OSError as error:
            findings.append(f"{path}: {error.strerror}")
            continue
        rows = {".ndjson": lines, ".csv": lines - 1}.get(path.suffix, named.get("rows"))
        found = {"bytes": size, "rows": rows, "sha256": digest.hexdigest()}
        wrong = [name for name, value in found.items() if named.get(name, value) != value]
        if wrong:
            findings.append(f"{path} is not as its manifest says: {', '.join(wrong)} differ")
        good += not wrong
    return good


class Tables:
    """The exported tables, as tuples of texts whichever format they have."""

    def __init__(self, folder, files):
        self.folder = folder
        self.names = {Path(file["name"]).stem: file["name"] for file in files}

    def rows(self, table, columns):
        try:
            path = self.folder / self.names[table]
            with open(path, newline="", encoding="utf-8") as file:
                rows = csv.DictReader(file) if path.suffix == ".csv" else map(json.loads, file)
                for row in rows:
                    cells = [row[column] for column in columns]
                    yield tuple([cell if cell.__class__ is str else as_text(cell) for cell in cells])
        except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
            raise Finding(f"{table}: cannot be read: {error!r}") from None


def as_text(value):
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def compare_rows(name, rows, expected, findings):
    """Rows as (key, row) against {key: row}; names the first that differs."""
    left = dict(expected)
    try:
        for key, row in rows:
            if left.pop(key, None) != row:
                raise Finding(f"{name}: {key} is {row}, the journal gives {expected.get(key, 'nothing')}")
    except Finding as finding:
        findings.append(str(finding))
        return
    if left:
        key = min(left)
        findings.append(f"{name}: {key} is missing, the journal gives {left[key]}")


ENTRY_COLUMNS = ("position", "type", "year", "practiceId", "personRef", "guid", "serviceType", "serviceTime",
                 "receivedTime", "amountOre", "paid", "exemption", "counted", "exempt", "reason")


def entry_row(entry, year):
    is_copayment = entry.type == COPAYMENT
    return (position_text(entry.position), TYPES[entry.type], str(year), entry.practice_id, str(entry.person),
            guid_text(entry.guid),
            SERVICES[entry.service_type] if is_copayment else "",
            rfc3339(entry.service, entry.service_ns) if is_copayment else "",
            rfc3339(entry.received, entry.received_ns),
            str(entry.amount) if is_copayment else "",
            TRUTHS[entry.paid] if is_copayment else "",
            entry.exemption or "",
            TRUTHS[entry.counted], TRUTHS[entry.exempt], REASONS[entry.reason] or "")


class EntriesTable:
    """Holds the exported entries against those of the journal, side by side."""

    def __init__(self, tables, year, findings):
        self.rows = tables.rows("entries", ENTRY_COLUMNS)
        self.year, self.findings, self.is_wrong = year, findings, False

    def take(self, entry, year):
        if self.is_wrong or self.year not in (None, year):
            return
        row, expected = self.next(), entry_row(entry, year)
        if row != expected and not self.is_wrong:
            self.is_wrong = True
            self.findings.append(f"entries: {position_text(entry.position)} is {row}, the journal gives {expected}")

    def next(self):
        try:
            return next(self.rows, None)
        except Finding as finding:
            self.is_wrong = True
            self.findings.append(str(finding))
            return None

    def finish(self):
        row = None if self.is_wrong else self.next()
        if row:
            self.findings.append(f"entries: {row} does not follow from the journal")


def compare_tables(tables, model, year, findings):
    """accounts, cards, refund_lines, timeliness."""
    accounts, cards, lines = {}, {}, []
    guids = {registration.position: guid for (_, guid), registration in model.registrations.items()}
    for (person, of), account in sorted(model.accounts.items()):
        if year not in (None, of):
            continue
        key = (str(person), str(of))
        accounts[key] = (str(account.sum), str(account.excess()), position_text(account.newest))
        if account.card:
            issued, issued_ns, guid, rule_pack, _ = account.card
            state, entitled = account.card_now()
            card_id = uuid.uuid5(uuid.UUID(bytes=guid), f"frikort/{person}/{of}").hex
            cards[key] = (card_id, state, rfc3339(issued, issued_ns), str(entitled), guid_text(guid),
                          rule_pack.hex())
        lines += [(*key, position_text(cause), position_text(registration), guid_text(guids[registration]), str(amount))
                  for registration, cause, amount in account.lines]
    lags = {key[:3] + (str(key[3]),): (str(count),) for key, count in model.lags.items()
            if year in (None, int(key[2][:4]))}

    def exported(table, keys, values):
        return ((row[:len(keys)], row[len(keys):]) for row in tables.rows(table, keys + values))
    compare_rows("accounts", exported("accounts", ("personRef", "year"), ("countedOre", "refundedOre", "newest")),
                 accounts, findings)
    compare_rows("cards", exported("cards", ("personRef", "year"),
                                   ("cardId", "state", "issuedAt", "entitledFrom", "crossingGuid", "rulePack")),
                 cards, findings)
    compare_rows("timeliness", exported("timeliness", ("practiceId", "basis", "month", "lagDays"), ("count",)),
                 lags, findings)
    rows = tables.rows("refund_lines", ("personRef", "year", "position", "registration", "guid", "amountOre"))
    compare_rows("refund_lines", enumerate(rows), dict(enumerate(lines)), findings)
    return {"accounts": len(accounts), "cards": len(cards), "refund_lines": len(lines), "timeliness": len(lags)}


# --- statements ----------------------------------------------------------------------------------

class Statement:

    def __init__(self, folder):
        self.folder = Path(folder)
        self.content = json.loads((self.folder / "statement.json").read_text(encoding="utf-8"))
        self.position = int(self.content["position"].removeprefix("0-"))

    def check_files(self, key, findings):
        raw = (self.folder / "manifest.json").read_bytes()
        signed = json.loads((self.folder / "manifest.sig").read_text(encoding="utf-8"))
        if signed["keyId"] != key.id:
            findings.append(f"{self.folder}: the manifest is signed with the key {signed['keyId']}, not with {key.id}")
        elif not key.is_signed(hashlib.sha256(raw).digest(), bytes.fromhex(signed["signature"])):
            findings.append(f"{self.folder}: the signature of the manifest does not fit")
        manifest = json.loads(raw)
        if "statement.json" not in {file["name"] for file in manifest["files"]}:
            findings.append(f"{self.folder}: the manifest does not name statement.json")
        check_manifest(self.folder, manifest["files"], findings)

    def compare(self, figures, findings):
        """Every figure that the statement has and this program knows; gives how many."""
        compared = 0

        def compare(where, said, known):
            nonlocal compared
            for name in known:
                if name not in said:
                    continue
                compared += 1
                if said[name] != known[name]:
                    findings.append(f"{self.folder}: {where} {name} is {said[name]}, the journal gives {known[name]}")
        compare("totals:", self.content.get("totals", {}), figures["totals"])
        for part, key in (("serviceTypes", "serviceType"), ("practices", "practiceId")):
            said = self.content.get(part)
            if not isinstance(said, list):
                continue
            said = {row[key]: row for row in said}
            for row in figures[part]:
                compare(f"{part} {row[key]}:", said.pop(row[key], dict.fromkeys(row)), row)
            findings += [f"{self.folder}: {part} {name} does not follow from the journal"
                         for name, row in said.items() if row.get("registrations")]
        practices = {row["practiceId"]: row for row in figures["practices"]}
        for row in self.content.get("latestPractices", []):
            compare(f"latestPractices {row['practiceId']}:", row, practices.get(row["practiceId"], dict.fromkeys(row)))
        compare("refunds:", self.content.get("refunds", {}), {"dueOre": figures["totals"]["refundedOre"]})
        lags = self.content.get("timeliness", {})
        compare("timeliness:", lags, {"count": figures["timeliness"]["count"]})
        within = {limit["days"]: limit for limit in lags.get("limits", [])}
        for limit in figures["timeliness"]["limits"]:
            compare(f"timeliness within {limit['days']} days:", within.get(limit["days"], {}), limit)
        return compared


# --- all together --------------------------------------------------------------------------------

def audit(folder, key, statement, year):
    """Everything; gives (what was checked, findings)."""
    findings = []
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    tables = Tables(folder, manifest["files"])
    if "journal.records" not in tables.names.values():
        raise OSError(f"{folder} has no journal.records; remedy: export with --journal")
    report = {"files": check_manifest(folder, manifest["files"], findings)}
    if statement:
        statement.check_files(key, findings)
        year = year or statement.content["year"]
    model = Model()
    journal = Journal(folder / "journal.records", key, model)
    stated = {}
    entries = EntriesTable(tables, manifest.get("year"), findings)
    try:
        journal.read(statement and statement.position, lambda: stated.update(model.figures(year)), entries.take)
    except Finding as finding:
        findings.append(str(finding))
        return {**report, "records": journal.records, "entries": journal.entries}, findings
    entries.finish()
    report.update(records=journal.records, entries=journal.entries, position=position_text(journal.last),
                  root=journal.root.hex(), keyId=key.id, practices=len(model.practices), persons=model.persons)
    if (manifest["position"], manifest["root"]) != (report["position"], report["root"]):
        findings.append(f"record at {position_text(journal.last + 1)}: is missing: the journal ends at "
                        f"{report['position']}, but the manifest names {manifest['position']} with another root")
    report["compared"] = compare_tables(tables, model, manifest.get("year"), findings)
    report["years"] = sorted({of for _, of in model.accounts})
    report["figures"] = model.figures(year or model.fullest_year())
    if statement:
        report["statement"] = {"position": position_text(statement.position)}
        if journal.ends.get(statement.position, bytes()).hex() != statement.content["root"]:
            findings.append(f"{statement.folder}: no record ends at {position_text(statement.position)} with the root "
                            "of the statement: the journal was cut off or replaced")
        else:
            report["statement"]["figures"] = statement.compare(stated, findings)
    return report, findings


def show(report):
    print(f"manifest           {report['files']} files fit")
    print(f"journal            {report['records']} records, {report['entries']} entries")
    if "root" not in report:
        return
    print(f"head               {report['position']} {report['root']}")
    print(f"signed by          {report['keyId']}")
    print("compared           " + ", ".join(f"{count} {name}" for name, count in report["compared"].items()))
    if "statement" in report and "figures" in report["statement"]:
        print(f"statement          {report['statement']['figures']} figures at {report['statement']['position']}")
    figures = report["figures"]
    others = [str(year) for year in report["years"] if year != figures["year"]]
    print(f"year               {figures['year']}" + (f"; --year shows {', '.join(others)}" if others else ""))
    for name, value in figures["totals"].items():
        print(f"  {name:<16} {value}")
    for limit in figures["timeliness"]["limits"]:
        print(f"  within {limit['days']} days   {limit['within']}")
    for row in figures["serviceTypes"]:
        print(f"  {row['serviceType']:<3} {row['registrations']:>10} registrations {row['amountOre']:>14} øre, counted "
              f"{row['countedOre']:>14}, refunded {row['refundedOre']:>12}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0], epilog=__doc__.split("\n\n", 2)[2],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", type=Path, help="folder written by frikort export --journal")
    parser.add_argument("--public-key", type=Path, required=True, help="hexadecimal or PEM")
    parser.add_argument("--statement", type=Path, help="folder of a statement of reconciliation")
    parser.add_argument("--year", type=int)
    parser.add_argument("--json", action="store_true", help="everything that was found out, as JSON")
    options = parser.parse_args()
    gc.disable()  # millions of objects without a cycle, which it would look through again and again
    try:
        key = PublicKey(options.public_key.read_text(encoding="ascii"))
        statement = Statement(options.statement) if options.statement else None
        report, findings = audit(options.export, key, statement, options.year)
    except (OSError, ValueError, KeyError) as error:
        print(f"audit: could not run: {error!r}" if isinstance(error, KeyError) else f"audit: could not run: {error}",
              file=sys.stderr)
        return 3
    if options.json:
        print(json.dumps({**report, "findings": findings}, ensure_ascii=False))
    else:
        show(report)
        for finding in findings:
            print(f"finding: {finding}")
        print("no finding: everything fits" if not findings else f"{len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
