#!/usr/bin/env python3
"""Checks the dossier of a decision off line: that nothing in it was changed, that nothing is missing, and that the
decision follows from it.

    scripts/check_dossier.py FILE --public-key FILE [--json]

FILE is the body of an answer of `POST /v1/persons/dossier`, byte for byte as it came; - reads standard input. The file of
the public key has 64 hexadecimal digits, PEM, or a JWK set as the service gives it at /.well-known/jwks.json: take it from
whom you believe, not from whoever gave you the dossier.

    curl -s LEDGER/v1/persons/dossier -H 'Content-Type: application/json' -d @question.json -o dossier.json
    scripts/check_dossier.py dossier.json --public-key keys.json

What is checked, in this order:

1. Each entry is a leaf of a signed record: hash, path, root, signature.
2. The head is signed. It says which are the newest item and the newest event of a registry.
3. From these two on each entry names those before it: none is missing, and none is of another account.
4. Each entry is decided again from those before it. Sums, card, date of entitlement, refund lines and registrations come
   out as the dossier says.

Exit status: 0 everything fits; 1 something does not, which is named; 2 wrong usage; 3 could not run. Shares no code with
the program. Needs Python 3.9, its package cryptography, and the folder `auditor` beside this file.
"""

import argparse
import base64
import hashlib
import json
import re
import sys

from auditor.leaf import read_leaf
from auditor.person_year import PersonYear
from auditor.record import KIND_PERSON_EVENT, MERGED, NUMBER_CHANGED, OPTED_IN, read_rules
from auditor.terms import Finding, position_text
from check_card import Unusable, keys_of, no_repetition
from cryptography.exceptions import InvalidSignature

DOSSIER_BYTES_MAX = 256 << 20
MERGES = (KIND_PERSON_EVENT + NUMBER_CHANGED, KIND_PERSON_EVENT + MERGED)
ACCOUNT = ',"account":'


class Shape:
    """Takes members out of JSON objects, strictly: a byte that was changed shall not be passed over."""

    @staticmethod
    def members(value, what, names):
        if not isinstance(value, dict) or set(value) != set(names):
            raise Finding(f"{what} does not have the members {', '.join(names)}, and no others")
        return [value[name] for name in names]

    @staticmethod
    def hexadecimal(value, what, size):
        if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{%d}" % (2 * size), value):
            raise Finding(f"{what} is not {2 * size} hexadecimal digits")
        return bytes.fromhex(value)

    @staticmethod
    def position(value, what):
        if not isinstance(value, str) or not re.fullmatch(r"0-(0|[1-9][0-9]{0,18})", value):
            raise Finding(f"{what} is not a position")
        return int(value[2:])

    @staticmethod
    def number(value, what):
        if isinstance(value, bool) or not isinstance(value, int):
            raise Finding(f"{what} is not a whole number")
        return value

    @staticmethod
    def base64(value, what):
        try:
            data = base64.b64decode(value, validate=True)
        except (ValueError, TypeError):
            data = None
        if not data or base64.b64encode(data).decode() != value:
            raise Finding(f"{what} is not base64")
        return data


def leaf_hash(leaf):
    return hashlib.sha256(b"\x00" + leaf).digest()


def climb(leaf, path):
    current = leaf_hash(leaf)
    if not isinstance(path, list):
        raise Finding("its path is not a list")
    for step in path:
        if not isinstance(step, dict) or len(step) != 1 or not set(step) <= {"left", "right"}:
            raise Finding("a step of its path is neither to the left nor to the right")
        (side, sibling), = step.items()
        sibling = Shape.hexadecimal(sibling, "a step of its path", 32)
        current = hashlib.sha256(b"\x01" + (sibling + current if side == "left" else current + sibling)).digest()
    return current


class Dossier:

    def __init__(self, text, keys):
        self.keys = keys
        text = text.rstrip(" \t\r\n")
        try:
            value = json.loads(text, object_pairs_hook=no_repetition)
        except (ValueError, RecursionError):
            raise Finding("the file is not the JSON of a dossier") from None
        year, person, rules, entries, head, self.account = Shape.members(
            value, "the dossier", ("year", "personRef", "rulePack", "entries", "head", "account"))
        place = text.find(ACCOUNT)
        if place < 0:
            raise Finding("the account is not written as the ledger writes it; its bytes are what has been hashed")
        self.account_hash = hashlib.sha256(text[place + len(ACCOUNT):-1].encode()).digest()
        self.year = Shape.number(year, "year")
        if person is not None and not (type(person) is int and 0 < person < 2**63):
            raise Finding("personRef is not the reference of a person")
        self.person = None if person is None else str(person)
        self.read_rules(rules)
        self.read_head(head)
        if not isinstance(entries, list):
            raise Finding("entries is not a list")
        self.entries, self.leaves, self.said = {}, {}, {}
        for entry in entries:
            self.read_entry(entry)

    # ---- what is signed ----

    def verify(self, key_id, message, signature, what):
        key = self.keys.get(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise Finding(f"{what} is signed with a key that the file of the public key does not have")
        try:
            key.verify(Shape.hexadecimal(signature, f"the signature of {what}", 64), message)
        except InvalidSignature:
            raise Finding(f"the signature of {what} does not fit") from None

    def read_rules(self, rules):
        text, ceiling, rule_hash = Shape.members(rules, "rulePack", ("text", "ceilingOre", "hash"))
        self.rules = Shape.hexadecimal(rule_hash, "the hash of the rule pack", 32)
        if not isinstance(text, str) or hashlib.sha256(text.encode()).digest() != self.rules:
            raise Finding("the rule pack does not have the hash that it is said to have")
        try:
            self.ceiling = read_rules(text.encode()).get(self.year)
        except (ValueError, IndexError):
            raise Finding("the rule pack is not one") from None
        if not self.ceiling or Shape.number(ceiling, "ceilingOre") != self.ceiling:
            raise Finding(f"the rule pack has another ceiling for {self.year}")

    def read_head(self, head):
        item, item_hash, event, event_hash, as_of, key_id, signature = Shape.members(
            head, "the head", ("position", "hash", "personPosition", "personHash", "asOf", "keyId", "signature"))
        self.newest = {}  # position -> hash of the leaf
        lines = ["frikort dossier head 1", f"year {self.year}", f"person {self.person or 'none'}",
                 f"rules {self.rules.hex()}"]
        for name, position, digest in (("item", item, item_hash), ("event", event, event_hash)):
            if position is None and digest is None:
                lines.append(f"{name} none")
                continue
            self.newest[Shape.position(position, f"the {name} of the head")] = Shape.hexadecimal(
                digest, f"the hash of the {name} of the head", 32)
            lines.append(f"{name} {position} {digest}")
        self.as_of = Shape.position(as_of, "asOf of the head")
        lines += [f"as-of {as_of}", f"account {self.account_hash.hex()}", ""]
        self.verify(key_id, "\n".join(lines).encode(), signature, "the head")

    def read_entry(self, value):
        position, data, path, root, key_id, signature, total, change, crossing = Shape.members(
            value, "an entry", ("position", "bytes", "path", "root", "keyId", "signature", "sumOre", "countedOre", "crossing"))
        place = Shape.position(position, "the position of an entry")
        what = f"the entry at {position}"
        try:
            if self.entries and place <= max(self.entries):
                raise Finding("does not stand in its order")
            leaf = Shape.base64(data, "what it has as bytes")
            root = Shape.hexadecimal(root, "its root", 32)
            if climb(leaf, path) != root:
                raise Finding("and its path do not lead to its root")
            self.verify(key_id, root, signature, "its record")
            entry = read_leaf(leaf)
            if entry.position != place:
                raise Finding(f"says itself that it is at {position_text(entry.position)}")
            if not entry.is_item() and not entry.is_person_event():
                raise Finding("is neither of an item nor about a person")
            if not isinstance(crossing, bool):
                raise Finding("does not say whether it is the one that crossed the ceiling")
            said = (Shape.number(total, "its sumOre"), Shape.number(change, "its countedOre"), crossing)
        except Finding as finding:
            raise Finding(f"{what} {finding}") from None
        self.entries[place], self.leaves[place], self.said[place] = entry, leaf, said

    # ---- what is complete ----

    def named_by(self, entry):
        """The positions that an entry names, as far as they are of this year."""
        if entry.is_item():
            return [entry.previous]
        named = [entry.previous, entry.other_previous, *(entry.meanwhile if entry.type == OPTED_IN else ())]
        if entry.kind in MERGES:
            named += [place for year, kept, other in entry.years if year == self.year for place in (kept, other)]
        return named

    def check_chain(self):
        to_do, reached = [(place, "the head") for place in self.newest], set()
        while to_do:
            place, by = to_do.pop()
            if place == 0 or place in reached:
                continue
            if place not in self.entries:
                raise Finding(f"the entry at {position_text(place)} is missing: {by} names it")
            reached.add(place)
            to_do += [(named, f"the entry at {position_text(place)}") for named in self.named_by(self.entries[place])]
        for place in sorted(set(self.entries) - reached):
            raise Finding(f"the entry at {position_text(place)} is not of this account: no other entry names it")
        for place, digest in self.newest.items():
            if leaf_hash(self.leaves[place]) != digest:
                raise Finding(f"the entry at {position_text(place)} is not the one that the head speaks of")
        if any(place > self.as_of for place in self.entries):
            raise Finding("there is an entry after the position that the head speaks of")
        if bool(self.person) != bool(self.entries):
            raise Finding("a dossier without entries speaks of nobody, and one with entries of somebody")

    # ---- what follows ----

    def check_decisions(self):
        """Decides every entry again; gives the year that comes out."""
        worked_out, person = PersonYear(self.year, self.ceiling, self.rules), int(self.person or 0)
        sums = {}
        for place, entry in self.entries.items():
            try:
                sums[place] = worked_out.take(entry)
            except Finding as finding:
                raise Finding(f"the entry at {position_text(place)} {finding}") from None
        persons = worked_out.model.persons
        for place, entry in self.entries.items():
            if entry.person and persons.who(entry.person) != person:
                raise Finding(f"the entry at {position_text(place)} is of person {entry.person}, not of {person}")
        if persons.is_opted_out(person):
            raise Finding("the person is opted out, of whom nothing is shown")
        card = worked_out.account(person).card
        for place, (total, change) in sums.items():
            expected = (total, change, bool(card) and card.issued_by == place)
            if self.said[place] != expected:
                raise Finding(f"the entry at {position_text(place)} has (sumOre, countedOre, crossing) = "
                              f"{self.said[place]}, the rules give {expected}")
        self.check_account(worked_out.shown(person))
        return worked_out

    def check_account(self, expected):
        shown = self.account
        if not isinstance(shown, dict) or not isinstance(shown.get("registrations"), list):
            raise Finding("the account is not one")
        as_of, cursor = shown.get("asOf"), shown.get("nextCursor")
        if cursor is not None or not isinstance(as_of, dict) or as_of.get("position") != position_text(self.as_of):
            raise Finding("the account is not whole, or not of the time of which the head speaks")
        registrations = [{name: value for name, value in registration.items() if name != "practiceName"}
                         for registration in shown["registrations"] if isinstance(registration, dict)]
        shown = {**shown, "registrations": registrations}
        for name in ("asOf", "nextCursor"):
            shown.pop(name)
        if set(shown) != set(expected):
            raise Finding("the account does not have the members of one")
        for name, value in expected.items():
            if shown[name] != value:
                raise Finding(f"{name} of the account is {shown[name]}, the entries give {value}")

    def check(self):
        self.check_chain()
        return self.check_decisions()


def report(dossier, worked_out):
    account = worked_out.account(int(dossier.person or 0))
    card = account.card and worked_out.card(account)
    return {"verdict": "valid", "year": dossier.year, "entries": len(dossier.entries), "asOf": position_text(dossier.as_of),
            "countedOre": account.sum, "refundedOre": account.excess(), "card": card or None}


def text_of(result):
    card = result["card"]
    decided = f"card {card['cardId']}, {card['state']}, from {card['entitledFrom']}" if card else "no card"
    return (f"valid: {result['entries']} entries of {result['year']} as of {result['asOf']}; counted "
            f"{result['countedOre'] / 100:.2f} kr; {decided}; refunded {result['refundedOre'] / 100:.2f} kr")


def read(path):
    if path == "-":
        return sys.stdin.buffer.read(DOSSIER_BYTES_MAX)
    with open(path, "rb") as file:
        return file.read(DOSSIER_BYTES_MAX)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dossier", metavar="FILE", help="the answer, or - for standard input")
    parser.add_argument("--public-key", required=True, metavar="FILE", help="64 hexadecimal digits, PEM or a JWK set")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args()
    try:
        with open(options.public_key, encoding="ascii") as file:
            keys = keys_of(file.read())
        data = read(options.dossier)
    except (OSError, UnicodeDecodeError, Unusable) as error:
        print(f"check_dossier: could not run: {error}", file=sys.stderr)
        return 3
    try:
        dossier = Dossier(data.decode("utf-8"), keys)
        result = report(dossier, dossier.check())
    except (Finding, UnicodeDecodeError) as finding:
        reason = "the file is not UTF-8" if isinstance(finding, UnicodeDecodeError) else str(finding)
        print(json.dumps({"verdict": "refused", "reason": reason}) if options.json else f"refused: {reason}")
        return 1
    print(json.dumps(result) if options.json else text_of(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
