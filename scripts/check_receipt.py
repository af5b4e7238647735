#!/usr/bin/env python3
"""Checks the receipts in an answer of the ledger, with nothing but its public key.

    scripts/check_receipt.py ANSWER --public-key FILE [--json]

ANSWER is a file with the body of an answer of POST /v1/registrations, JSON or NDJSON, byte for byte
as it came (- = standard input). The key file holds 64 hexadecimal digits, PEM, or a JSON Web Key
Set as /.well-known/jwks.json gives it; of a set the key that the receipt names is taken. Take your
copy of the key once, on a day when all is well, and keep it with the answers.

Example, at the practice and years later:

    curl -s LEDGER/.well-known/jwks.json -o keys.json
    curl -s LEDGER/v1/registrations -H 'Content-Type: application/json' -d @items.json -o answer.json
    scripts/check_receipt.py answer.json --public-key keys.json

A receipt proves the results from its `first` to its `last`: that the ledger has committed them as
they stand in the answer. Of these no byte can be another. Results outside every receipt stored
nothing (refused, or sent before) and are not proven; they are named. The position of a receipt says
where its commit group lies; it is not signed, and is held against the positions in the results.
White space around the parts of a JSON answer and at the end of a line with a receipt means nothing;
within the results, and between those of NDJSON, every byte counts.

Exit status: 0 all receipts fit and cover all that was accepted (or nothing was stored, so that there
is none); 1 findings; 2 wrong usage; 3 could not run. Needs Python 3.9 and its package cryptography.
Who checks needs this one file.
"""

import argparse
import base64
import hashlib
import json
import re
import sys

try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
except ImportError:
    print("check_receipt: could not run: the package cryptography is missing; remedy: apt-get install "
          "python3-cryptography", file=sys.stderr)
    sys.exit(3)

VERDICTS = ("accepted", "duplicate", "rejected")
RECEIPT = ("position", "first", "last", "root", "path", "keyId", "signature")
SHOWN = ("position", "first", "last", "keyId")
PATH_STEPS_MAX = 64
SPACE = " \t\r\n"


class Finding(Exception):
    """What is wrong with the answer as a whole, so that its receipts cannot be looked at."""


# --- the key file --------------------------------------------------------------------------------

def key_id(key):
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def keys_of_set(members):
    """The keys of a JSON Web Key Set that can sign receipts, by their id."""
    keys = {}
    for member in members:
        if not isinstance(member, dict) or (member.get("kty"), member.get("crv")) != ("OKP", "Ed25519"):
            continue
        x = member["x"]
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(x + "=" * (-len(x) % 4), b"-_", validate=True))
        if member.get("kid") != key_id(key):
            raise ValueError(f"the key {member.get('kid')!r} in the set is another: its id is {key_id(key)}")
        keys[key_id(key)] = key
    return keys


def read_keys(text):
    """All keys of a key file, by their id; raises ValueError when there is none."""
    text = text.strip()
    if text.startswith("{"):
        members = json.loads(text).get("keys")
        keys = keys_of_set(members if isinstance(members, list) else [])
        if not keys:
            raise ValueError("the key set has no key of Ed25519")
        return keys
    if re.fullmatch(r"[0-9A-Fa-f]{64}", text):
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    else:
        key = load_pem_public_key(text.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("the public key is not one of Ed25519")
    return {key_id(key): key}


# --- the answer ----------------------------------------------------------------------------------

def unique(pairs):
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return value


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


DECODER = json.JSONDecoder(object_pairs_hook=unique, parse_constant=refuse_constant)


class Answer:
    """The parts of an answer, as they came."""

    def __init__(self):
        self.texts = []     # of the results, whose bytes are hashed
        self.results = []
        self.receipts = []
        self.ends = []      # of each receipt in NDJSON: results before it
        self.problem = None  # with which a stream ended

    def add_result(self, text, value):
        where = f"result {len(self.results)}"
        if not isinstance(value, dict) or value.get("verdict") not in VERDICTS:
            raise Finding(f"{where} is no result: {text[:100]!r}")
        if type(value.get("index")) is not int or value["index"] != len(self.results):
            raise Finding(f"{where} says index {value.get('index')!r}: a result is missing, added or out of place")
        self.texts.append(text.encode())
        self.results.append(value)

    def add_receipt(self, value):
        if not isinstance(value, dict) or not is_receipt(value):
            raise Finding(f"receipt {len(self.receipts) + 1} is no receipt: a member is missing, too many, or not "
                          f"what it can be: {json.dumps(value)[:300]}")
        self.receipts.append(value)


def is_hex(value, digits):
    return isinstance(value, str) and re.fullmatch(rf"[0-9a-f]{{{digits}}}", value) is not None


def is_step(step):
    return isinstance(step, dict) and len(step) == 1 and all(
        side in ("left", "right") and is_hex(value, 64) for side, value in step.items())


def position_of(value):
    """Shard and offset; nothing when it is no position."""
    match = re.fullmatch(r"(0|[1-9][0-9]{0,19})-([1-9][0-9]{0,19})", value) if isinstance(value, str) else None
    return match and (int(match[1]), int(match[2]))


def is_receipt(value):
    return (value.keys() == set(RECEIPT)
            and all(type(value[name]) is int and value[name] >= 0 for name in ("first", "last"))
            and position_of(value["position"]) is not None and is_hex(value["root"], 64)
            and isinstance(value["path"], list) and len(value["path"]) <= PATH_STEPS_MAX
            and all(map(is_step, value["path"])) and is_hex(value["keyId"], 16) and is_hex(value["signature"], 128))


class Whole:
    """Reads an answer that is one JSON object, and keeps the bytes of its results."""

    def __init__(self, text, answer):
        self.text, self.answer, self.at = text, answer, 0

    def skip(self):
        while self.at < len(self.text) and self.text[self.at] in SPACE:
            self.at += 1

    def is_next(self, token):
        self.skip()
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def take(self, *tokens):
        for token in tokens:
            if not self.is_next(token):
                raise Finding(f"the answer has {self.text[self.at:self.at + 20]!r} at character {self.at}, where "
                              f"{token} belongs")

    def elements(self, add):
        """Text and value of each element of an array go to `add`."""
        self.take("[")
        if self.is_next("]"):
            return
        while True:
            self.skip()
            begin = self.at
            value, self.at = DECODER.raw_decode(self.text, begin)
            add(self.text[begin:self.at], value)
            if not self.is_next(","):
                return self.take("]")

    def read(self):
        self.take("{", '"results"', ":")
        self.elements(self.answer.add_result)
        self.take(",", '"receipts"', ":")
        self.elements(lambda _, value: self.answer.add_receipt(value))
        self.take("}")
        self.skip()
        if self.at != len(self.text):
            raise Finding(f"the answer goes on after its end, at character {self.at}")


def read_lines(text, answer):
    """Reads NDJSON: results, each receipt right after those that it covers, perhaps a problem at the end."""
    for number, line in enumerate(text.rstrip(SPACE).split("\n"), 1):
        if answer.problem:
            raise Finding(f"line {number} comes after the problem that ends the answer")
        try:
            value = DECODER.decode(line)
        except ValueError as error:
            raise Finding(f"line {number} is not JSON: {error}") from None
        if isinstance(value, dict) and "signature" in value:
            answer.add_receipt(value)
            answer.ends.append(len(answer.results))
        elif isinstance(value, dict) and "verdict" not in value and "status" in value and "code" in value:
            answer.problem = value
        else:
            answer.add_result(line, value)


def read_answer(data):
    """Raises Finding when it is none."""
    answer = Answer()
    try:
        text = data.decode("utf-8")
        first, end = DECODER.raw_decode(text, len(text) - len(text.lstrip(SPACE)))
        is_whole = isinstance(first, dict) and ("results" in first or "receipts" in first)
        if is_whole:
            Whole(text, answer).read()
        elif isinstance(first, dict) and "status" in first and not text[end:].strip(SPACE):
            answer.problem = first  # of a request that was refused as a whole: on several lines, perhaps
        else:
            read_lines(text, answer)
    except (ValueError, RecursionError) as error:
        raise Finding(f"the answer is neither JSON nor NDJSON, or was changed: {error}") from None
    return answer


# --- the receipts --------------------------------------------------------------------------------

def climb(texts, path):
    """The root that a path leads to from the results."""
    current = hashlib.sha256(b"\x00" + b"".join(text + b"\n" for text in texts)).digest()
    for step in path:
        (side, sibling), = step.items()
        pair = bytes.fromhex(sibling) + current if side == "left" else current + bytes.fromhex(sibling)
        current = hashlib.sha256(b"\x01" + pair).digest()
    return current


def is_signed(key, signature, root):
    try:
        key.verify(bytes.fromhex(signature), root)
        return True
    except InvalidSignature:
        return False


def proof_fault(receipt, texts, keys):
    """(kind, text) of what does not fit between results, path, root, signature and key; or nothing."""
    key = keys.get(receipt["keyId"])
    if key is None:
        return "keyId", f"is signed with the key {receipt['keyId']}; the key file has {', '.join(sorted(keys))}"
    root, reached = bytes.fromhex(receipt["root"]), climb(texts, receipt["path"])
    fits = is_signed(key, receipt["signature"], root)
    if reached == root:
        return None if fits else ("signature", "the signature is not one of this key over the root")
    if fits:
        return "results", "the results and the path do not lead to the root, which is signed: one of them was changed"
    if is_signed(key, receipt["signature"], reached):
        return "root", "the root was changed: the signature is over the one that results and path lead to"
    return "results", "the results and the path do not lead to the root, and the signature is not over it"


def place_fault(receipt, before, answer):
    """(kind, text) of what is wrong with where a receipt stands; `before` is the one before it."""
    first, last = receipt["first"], receipt["last"]
    if first > last or last >= len(answer.results):
        return "range", f"the answer has no results {first} to {last}; it has {len(answer.results)}"
    group = position_of(receipt["position"])
    if before and first <= before["last"]:
        return "order", f"overlaps the receipt before it, which ends at result {before['last']}, or is out of order"
    if before and is_before(group, position_of(before["position"])):
        return "order", f"its position comes before {before['position']}, that of the receipt before it"
    stored = [result for result in answer.results[first:last + 1] if result["verdict"] == "accepted"]
    if not stored:
        return "results", "covers nothing that was stored"
    for result in stored:
        position = position_of(result.get("position"))
        if position is None or position[0] != group[0] or position <= group:
            return "position", (f"result {result['index']} stands at {result.get('position')!r}, which is not in a "
                                "group that begins there")
    return None


def line_fault(receipt, end):
    """In NDJSON a receipt comes right after the results that it covers; `end` is empty in JSON."""
    if end and receipt["last"] != end[0] - 1:
        return "order", f"covers results {receipt['first']} to {receipt['last']}, but comes after result {end[0] - 1}"
    return None


def is_before(one, other):
    return one[0] == other[0] and one < other


def spans(indexes):
    """Neighbours together, for people: 0 to 3, 7."""
    found = []
    for index in indexes:
        if found and found[-1][1] == index - 1:
            found[-1][1] = index
        else:
            found.append([index, index])
    return ", ".join(str(begin) if begin == end else f"{begin} to {end}" for begin, end in found)


def check(answer, keys):
    """What was found out, for --json; `findings` is empty when everything fits."""
    findings, receipts, before, covered, proven = [], [], None, set(), set()
    for number, receipt in enumerate(answer.receipts, 1):
        fault = place_fault(receipt, before, answer) or line_fault(receipt, answer.ends[number - 1:number])
        if fault is None or fault[0] != "range":
            covered.update(range(receipt["first"], receipt["last"] + 1))
            texts = answer.texts[receipt["first"]:receipt["last"] + 1]
            fault = fault or proof_fault(receipt, texts, keys)
        if fault is None:
            proven.update(range(receipt["first"], receipt["last"] + 1))
        else:
            findings.append({"receipt": number, "position": receipt["position"], "kind": fault[0], "text": fault[1]})
        receipts.append({**{name: receipt[name] for name in SHOWN}, "fits": fault is None})
        before = receipt
    findings += [{"receipt": None, "position": None, "kind": kind, "text": text}
                 for kind, text in answer_faults(answer, covered)]
    counts = {verdict: sum(result["verdict"] == verdict for result in answer.results) for verdict in VERDICTS}
    return {"results": len(answer.results), **counts, "receipts": receipts, "proven": len(proven),
            "notProven": spans(index for index in range(len(answer.results)) if index not in proven),
            "findings": findings}


def answer_faults(answer, covered):
    """What is wrong outside the receipts."""
    stored = [result["index"] for result in answer.results if result["verdict"] == "accepted"
              and (answer.receipts or "position" in result) and result["index"] not in covered]
    if stored:
        yield "coverage", f"results {spans(stored)}: accepted, but no receipt covers them; a receipt is missing"
    if answer.problem:
        yield "problem", (f"the answer ends with a problem, {answer.problem.get('code')}: what was sent after "
                          f"{len(answer.results)} results may not be committed; send it again")


def show(report):
    print(f"results    {report['results']}: " + ", ".join(f"{report[verdict]} {verdict}" for verdict in VERDICTS))
    for number, receipt in enumerate(report["receipts"], 1):
        print(f"receipt {number}  {receipt['position']}, results {receipt['first']} to {receipt['last']}, key "
              f"{receipt['keyId']}: {'fits' if receipt['fits'] else 'DOES NOT FIT'}")
    if not report["receipts"] and not report["findings"]:
        print("no receipt: nothing of this request was stored (refused, sent before, or a dry run)")
    elif report["notProven"]:
        print(f"not proven {report['notProven']}")
    for finding in report["findings"]:
        where = f"receipt {finding['receipt']} ({finding['position']})" if finding["receipt"] else "answer"
        print(f"finding: {where}: {finding['text']}")
    print(f"{len(report['findings'])} findings" if report["findings"] else
          f"no finding: {report['proven']} of {report['results']} results are proven" if report["receipts"] else "no finding")


def run(data, keys):
    """The report on the bytes of an answer."""
    try:
        return check(read_answer(data), keys)
    except Finding as finding:
        return {"results": 0, **dict.fromkeys(VERDICTS, 0), "receipts": [], "proven": 0, "notProven": "",
                "findings": [{"receipt": None, "position": None, "kind": "form", "text": str(finding)}]}


def read_file(name):
    if name == "-":
        return sys.stdin.buffer.read()
    with open(name, "rb") as file:
        return file.read()


def main():
    head, _, rest = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(description=head, epilog=rest.split("\n\n", 1)[1],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("answer", metavar="ANSWER", help="file with the body of the answer; - = standard input")
    parser.add_argument("--public-key", metavar="FILE", required=True, help="hexadecimal, PEM, or a JSON Web Key Set")
    parser.add_argument("--json", action="store_true", help="everything that was found out, as JSON")
    options = parser.parse_args()
    try:
        keys = read_keys(read_file(options.public_key).decode("ascii"))
    except (OSError, ValueError, KeyError, TypeError, UnsupportedAlgorithm) as error:
        print(f"check_receipt: could not run: {options.public_key} holds no public key: {error}", file=sys.stderr)
        return 3
    try:
        data = read_file(options.answer)
        if not data.strip():
            raise ValueError(f"{options.answer} is empty")
        report = run(data, keys)
        print(json.dumps(report, ensure_ascii=False)) if options.json else show(report)
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        print(f"check_receipt: could not run: {error}", file=sys.stderr)
        return 3
    return 1 if report["findings"] else 0


if __name__ == "__main__":
    sys.exit(main())
