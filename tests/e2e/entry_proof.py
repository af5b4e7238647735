#!/usr/bin/env python3
"""Checks the proof of one entry of the journal: what somebody writes who has storage/bytes/format.h and no code of ours.

    entry_proof.py PROOF PUBLIC_KEY

PROOF is JSON: `header` and `entry`, the bytes of two leaves in hexadecimal; `headerPath` and `entryPath`, from each of them
up to `root`, as in receipts; and `signature`. PUBLIC_KEY has 64 hexadecimal digits. Nothing of another entry is needed.
Prints what is proven; exit status 1 when nothing is.
"""

import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = 2
COPAYMENT, PAYMENT, CREDIT_NOTE = 16, 17, 18
KINDS = {*range(16, 19), *range(33, 40), 48, *range(64, 69)}


class NotProven(Exception):
    pass


class Leaf:
    """The elements of a leaf, one after another."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        if self.at + size > len(self.data):
            raise NotProven("a leaf ends too early")
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def signed(self):
        value = self.number()
        return value // 2 if value % 2 == 0 else -(value + 1) // 2

    def text(self):
        return self.take(self.number())

    def end(self):
        if self.at != len(self.data):
            raise NotProven("a leaf is longer than what stands in it")


def climb(leaf, path):
    current = hashlib.sha256(b"\x00" + leaf).digest()
    for step in path:
        (side, sibling), = step.items()
        if side not in ("left", "right") or len(sibling) != 64:
            raise NotProven("a step of a path is none")
        sibling = bytes.fromhex(sibling)
        current = hashlib.sha256(b"\x01" + (sibling + current if side == "left" else current + sibling)).digest()
    return current


def read_header(data):
    leaf = Leaf(data)
    if leaf.take(1)[0] != FORMAT:
        raise NotProven("the header is of another format, or is no header")
    group = {"position": int.from_bytes(leaf.take(8), "big"), "committedAt": leaf.signed(), "nanoseconds": leaf.number(),
             "previousRoot": leaf.take(32).hex(), "rulePack": leaf.take(32).hex(), "rules": leaf.text().decode(),
             "entries": leaf.number()}
    leaf.end()
    return group


def read_entry(data):
    """Of an item all that it says; of other kinds where it stands."""
    leaf = Leaf(data)
    entry = {"kind": leaf.take(1)[0], "position": leaf.number()}
    if entry["kind"] not in KINDS:
        raise NotProven("the leaf is not an entry")
    if entry["kind"] > CREDIT_NOTE:
        return entry
    flags, verdict = leaf.number(), leaf.take(1)[0]
    entry.update(paid=bool(flags & 1), counted=bool(verdict & 2), exempt=bool(verdict & 1), guid=leaf.take(16).hex())
    leaf.number()  # the practice's number, for those who have the journal
    entry.update(practiceId=leaf.text().decode(), person=leaf.number())
    if flags & 8:
        entry["numberCommitment"] = leaf.take(32).hex()
    entry.update(previous=entry["position"] - leaf.number(), receivedTime=leaf.signed())
    if flags & 16:
        leaf.number()
    if entry["kind"] == COPAYMENT:
        entry["serviceType"] = leaf.take(1)[0]
        if flags & 2:
            entry["exemption"] = chr(leaf.take(1)[0])
        entry["serviceTime"] = entry["receivedTime"] - leaf.signed()
        if flags & 32:
            leaf.number()
        entry["amountOre"] = leaf.number()
    leaf.end()
    return entry


def check(proof, public_key):
    """What is proven: (group, entry). Raises NotProven."""
    root, header, entry = (bytes.fromhex(proof[name]) for name in ("root", "header", "entry"))
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(bytes.fromhex(proof["signature"]), root)
    except InvalidSignature:
        raise NotProven("the signature is not one of this key over the root") from None
    if any("left" in step for step in proof["headerPath"]):
        raise NotProven("the header is the first leaf: nothing is left of it")
    for name, leaf in (("header", header), ("entry", entry)):
        if climb(leaf, proof[name + "Path"]) != root:
            raise NotProven(f"the {name} and its path do not lead to the root")
    group, found = read_header(header), read_entry(entry)
    if not 0 < found["position"] - group["position"] <= group["entries"]:
        raise NotProven("the entry does not belong to this group")
    return group, found


def main(proof, public_key):
    try:
        group, entry = check(json.loads(open(proof, encoding="ascii").read()), bytes.fromhex(public_key))
    except (NotProven, ValueError, KeyError) as error:
        print(f"not proven: {error}")
        return 1
    print(json.dumps({"group": group, "entry": entry}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
