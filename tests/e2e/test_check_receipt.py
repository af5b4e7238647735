"""A vendor's check of receipts: scripts/check_receipt.py on answers as they came, changed, and put together."""

import ast
import importlib.util
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import frikort_server as fs
from api_description import Document, FILE
from frikort_server import compact, copayment, credit_note, payment

SCRIPT = fs.ROOT / "scripts" / "check_receipt.py"
PATH = "/v1/registrations"


def load_script():
    """As a module, for the tests that ask it tens of thousands of times."""
    spec = importlib.util.spec_from_file_location("check_receipt", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check_receipt = load_script()


def run_script(*arguments, stdin=b""):
    return subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], input=stdin, capture_output=True, timeout=120,
                          check=False)


def pem_of(key):
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def raw_of(key):
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def joined(results, receipts):
    """A JSON answer of these texts."""
    return b'{"results":[' + b",".join(results) + b'],"receipts":[' + b",".join(receipts) + b"]}"


def elements(answer):
    """The texts of the results and receipts of a JSON answer of the server, which writes compactly."""
    value = json.loads(answer)
    return ([compact(result).encode() for result in value["results"]],
            [compact(receipt).encode() for receipt in value["receipts"]])


def is_receipt(line):
    return line.startswith(b'{"position"')


def changes(data):
    """Every place with a bit flipped, made white space, left out, or doubled: (place, what, bytes)."""
    for place, byte in enumerate(data):
        others = {byte ^ 1 << bit for bit in range(8)} | set(b" \t\r\n")
        for other in sorted(others - {byte}):
            yield place, f"{byte:#x} to {other:#x}", data[:place] + bytes((other,)) + data[place + 1:]
        yield place, "left out", data[:place] + data[place + 1:]
        yield place, "doubled", data[:place + 1] + data[place:]


class CheckReceiptCase(fs.ServerCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.jwks = cls.server.jwks()
        cls.keys = check_receipt.read_keys(json.dumps(cls.jwks))
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="frikort-e2e-receipts-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.key_file = cls.folder / "keys.json"
        cls.key_file.write_text(json.dumps(cls.jwks))

    def submit(self, items):
        return self.server.post_json(PATH, items).body

    def findings(self, answer, keys=None):
        return check_receipt.run(answer, keys or self.keys)["findings"]

    def expect(self, answer, kind, receipt=None, part=""):
        """One of the findings is of this kind, about this receipt (counted from 1), and has the part."""
        found = self.findings(answer)
        self.assertTrue(any((finding["kind"], finding["receipt"]) == (kind, receipt) and part in finding["text"]
                            for finding in found), f"{kind} of {receipt} in {found}")

    def expect_fits(self, answer, proven):
        report = check_receipt.run(answer, self.keys)
        self.assertEqual((report["findings"], report["proven"]), ([], proven))
        return report


class AnswerTest(CheckReceiptCase):
    """Answers as they came."""

    def test_json(self):
        known = copayment()
        self.server.submit_one(known)
        report = self.expect_fits(self.submit([copayment(), known, copayment(serviceType="X")]), 3)
        self.assertEqual((report["accepted"], report["duplicate"], report["rejected"], report["notProven"]), (1, 1, 1, ""))
        self.expect_fits(self.submit(copayment()), 1)

    def test_ndjson(self):
        item = copayment()
        items = [item, payment(item), credit_note(item), b"{", copayment(practiceId="x")]
        self.expect_fits(self.server.post_ndjson(PATH, items).body, 5)

    def test_big_answers_have_several_receipts(self):
        items = [copayment(amountOre=100) for _ in range(20_000)]
        streamed = self.server.post_ndjson(PATH, items).body
        report = self.expect_fits(streamed, len(items))
        self.assertGreater(len(report["receipts"]), 3)
        again = self.expect_fits(self.server.post_ndjson(PATH, items[:100] + [copayment()]).body, 101)
        self.assertEqual((again["duplicate"], len(again["receipts"])), (100, 1))
        whole = self.submit([copayment(amountOre=100) for _ in range(10_000)])
        self.assertGreater(len(self.expect_fits(whole, 10_000)["receipts"]), 1)

    def test_what_stored_nothing_outside_receipts_is_named(self):
        known = [copayment(amountOre=100) for _ in range(9000)]
        self.server.stream(known)
        report = check_receipt.run(self.server.post_ndjson(PATH, known + [copayment()]).body, self.keys)
        self.assertEqual(report["findings"], [])
        self.assertRegex(report["notProven"], r"^0 to \d+$")
        self.assertEqual(report["proven"] + int(report["notProven"][5:]) + 1, 9001)

    def test_nothing_stored_has_no_receipt(self):
        item = copayment()
        self.server.submit_one(item)
        for name, answer in (("sent before", self.submit(item)), ("no items", self.submit([])),
                             ("refused", self.submit(copayment(serviceType="X"))),
                             ("refused line", self.server.post_ndjson(PATH, [b"{"]).body),
                             ("dry run", self.server.post_json(PATH + "?dryRun=true", copayment()).body),
                             ("dry run of a line", self.server.post_ndjson(PATH + "?dryRun=true", [copayment()]).body)):
            with self.subTest(name):
                self.assertEqual(self.expect_fits(answer, 0)["receipts"], [])
                done = run_script("-", "--public-key", self.key_file, stdin=answer)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(b"no receipt: nothing of this request was stored", done.stdout)

    def test_a_problem_is_a_finding(self):
        refused = self.submit(b"[")
        self.expect(refused, "problem", part="MALFORMED_REQUEST")
        self.expect(json.dumps(json.loads(refused), indent=2).encode(), "problem")
        lines = self.server.post_ndjson(PATH, [copayment()]).body
        self.expect(lines + refused + b"\n", "problem", part="after 1 results")
        self.expect(lines + refused + b"\n" + lines, "form", part="comes after the problem")


class ChangedAnswerTest(CheckReceiptCase):
    """Answers that are not what the ledger sent."""

    def means_nothing(self, place, answer, changed):
        """White space after the answer, and an earlier position of a receipt, which is not signed."""
        if changed.rstrip(b" \t\r\n") == answer.rstrip(b"\n"):
            return True
        digits = [match.span(1) for match in re.finditer(rb'"position":"0-(\d+)","first"', answer)]
        return any(begin <= place < end for begin, end in digits)

    def check_every_change(self, answer):
        self.assertEqual(self.findings(answer), [])
        accepted = []
        for place, what, changed in changes(answer):
            if not self.findings(changed) and not self.means_nothing(place, answer, changed):
                accepted.append((place, what, answer[max(0, place - 20):place + 20]))
        self.assertEqual(accepted, [])

    def test_every_byte_of_a_json_answer(self):
        self.check_every_change(self.submit([copayment(), copayment(serviceType="X")]))

    def test_every_byte_of_an_ndjson_answer(self):
        self.check_every_change(self.server.post_ndjson(PATH, [copayment(), copayment(serviceType="X")]).body)

    def test_white_space(self):
        results, receipts = elements(self.submit([copayment(), copayment()]))
        spaced = b' {\r\n "results" : [ ' + b" ,\n".join(results) + b' ] ,\t"receipts":[ ' + receipts[0].replace(
            b",", b" ,\n ") + b" ] } \n"
        self.expect_fits(spaced, 2)
        self.expect(joined([results[0].replace(b",", b", ", 1), results[1]], receipts), "results", 1)
        lines = self.server.post_ndjson(PATH, [copayment(), copayment()]).body.splitlines()
        self.expect_fits(b"\n".join([*lines[:2], lines[2].replace(b",", b" , ") + b" \r"]) + b"\r\n\n", 2)
        self.expect(b"\r\n".join(lines), "results", 1)
        self.expect(b"\n\n".join(lines), "form", part="line 2 is not JSON")

    def test_a_position_of_a_receipt_that_cannot_be(self):
        results, receipts = elements(self.submit([copayment(), copayment()]))
        first = json.loads(results[0])["position"]
        receipt = json.loads(receipts[0])
        for position in (first, f"0-{int(first[2:]) + 1}", "1-1", "0-99999999999"):
            changed = compact({**receipt, "position": position}).encode()
            self.expect(joined(results, [changed]), "position", 1, repr(first))
        for position in ("0-0", "0-01", "0", "-1", "0-1x", "0-" + "9" * 30, 1, None):
            changed = compact({**receipt, "position": position}).encode()
            self.expect(joined(results, [changed]), "form", part="receipt 1")

    def test_receipts_out_of_form(self):
        results, receipts = elements(self.submit([copayment()]))
        good = json.loads(receipts[0])
        for name, value in (("first", True), ("first", -1), ("first", 0.0), ("first", "0"), ("last", None), ("root", "00"),
                            ("root", good["root"].upper()), ("path", {}), ("path", [{}]), ("path", [good["root"]]),
                            ("path", [{"left": good["root"], "right": good["root"]}]), ("path", [{"up": good["root"]}]),
                            ("path", [{"left": good["root"]}] * 65), ("keyId", ""), ("signature", 5), ("more", 1)):
            with self.subTest(name=name, value=value):
                self.expect(joined(results, [compact({**good, name: value}).encode()]), "form", part="receipt 1")
        for name in good:
            changed = {key: value for key, value in good.items() if key != name}
            self.expect(joined(results, [compact(changed).encode()]), "form", part="receipt 1")
        self.expect(joined(results, [receipts[0][:-1] + b',"first":0}']), "form", part="stands twice")

    def test_each_part_is_named(self):
        results, receipts = elements(self.submit([copayment()]))
        good = json.loads(receipts[0])

        def changed(**over):
            return joined(results, [compact({**good, **over}).encode()])
        other = "00" * 32
        self.expect(joined([results[0].replace(b'"counted":true', b'"counted":null')], receipts), "results", 1, "path")
        self.expect(changed(path=good["path"][1:]), "results", 1, "path")
        self.expect(changed(path=[{"left": other}, *good["path"][1:]]), "results", 1, "path")
        self.expect(changed(path=[*good["path"], {"right": other}]), "results", 1, "path")
        self.expect(changed(root=other), "root", 1)
        self.expect(changed(signature="00" * 64), "signature", 1)
        self.expect(changed(keyId="0" * 16), "keyId", 1, next(iter(self.keys)))
        self.expect(changed(first=1, last=1), "range", 1)
        self.expect(changed(last=1), "range", 1)
        self.expect(changed(first=1, last=0), "range", 1)

    def test_hostile_answers(self):
        deep = b'{"results":' + b"[" * 100_000
        for data in (deep, b"[" * 100_000, b"\xff", b"\xef\xbb\xbf{}", b"[]", b"{}", b"null", b"1", b'"x"', b"{" * 9, b"\0",
                     b'{"results":[]}', b'{"receipts":[]}', b'{"results":[],"receipts":[]}x', b'{"receipts":[],"results":[]}',
                     b'{"results":[],"receipts":[],"more":1}', b'{"results":{},"receipts":[]}', b'{"results":[NaN],"receipts":[]}',
                     b'{"results":[null],"receipts":[]}', b'{"results":[],"receipts":[null]}', b'{"results":[,],"receipts":[]}',
                     b'{"index":0,"verdict":"accepted","index":0}', b'{"index":1e0,"verdict":"accepted"}',
                     b'{"index":' + b"9" * 5000 + b',"verdict":"rejected"}', b'{"index":false,"verdict":"rejected"}',
                     b'{"index":0,"verdict":["accepted"]}', b'{"index":0,"verdict":"refused"}'):
            with self.subTest(data=data[:40]):
                self.expect(data, "form")


def span(receipt):
    """As the script names results; a group may have one alone."""
    first, last = receipt["first"], receipt["last"]
    return f"{first}" if first == last else f"{first} to {last}"


class PutTogetherTest(CheckReceiptCase):
    """Receipts left out, swapped, doubled, and taken from elsewhere."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        items = [copayment(amountOre=100) for _ in range(10_000)]
        cls.streamed = cls.server.post_ndjson(PATH, items).body.splitlines(keepends=True)
        cls.places = [place for place, line in enumerate(cls.streamed) if is_receipt(line)]
        whole = cls.server.post_json(PATH, [copayment(amountOre=100) for _ in range(10_000)]).body
        cls.results, cls.receipts = elements(whole)
        assert joined(cls.results, cls.receipts) == whole
        assert min(len(cls.places), len(cls.receipts)) >= 3

    def test_each_receipt_left_out(self):
        for number in range(len(self.receipts)):
            receipt = json.loads(self.receipts[number])
            self.expect(joined(self.results, self.receipts[:number] + self.receipts[number + 1:]), "coverage",
                        part=f"results {span(receipt)}: accepted")
        for place in self.places:
            receipt = json.loads(self.streamed[place])
            self.expect(b"".join(self.streamed[:place] + self.streamed[place + 1:]), "coverage",
                        part=f"results {span(receipt)}: accepted")
        self.expect(joined(self.results, []), "coverage", part="results 0 to 9999: accepted")

    def test_neighbours_swapped(self):
        for number in range(len(self.receipts) - 1):
            swapped = list(self.receipts)
            swapped[number:number + 2] = reversed(swapped[number:number + 2])
            self.expect(joined(self.results, swapped), "order", number + 2)
        for number, (left, right) in enumerate(zip(self.places, self.places[1:]), 1):
            swapped = list(self.streamed)
            swapped[left], swapped[right] = swapped[right], swapped[left]
            found = {finding["receipt"] for finding in self.findings(b"".join(swapped))}
            self.assertLessEqual({number, number + 1}, found)

    def test_each_doubled_or_out_of_place(self):
        for number, receipt in enumerate(self.receipts, 1):
            self.expect(joined(self.results, self.receipts[:number] + [receipt] + self.receipts[number:]), "order", number + 1,
                        "overlaps")
        for number, place in enumerate(self.places, 1):
            moved = list(self.streamed)
            moved[place - 1:place + 1] = reversed(moved[place - 1:place + 1])
            found = self.findings(b"".join(moved))
            self.assertIn(number, [finding["receipt"] for finding in found])

    def test_overlapping_ranges(self):
        for number, text in enumerate(self.receipts, 1):
            receipt = json.loads(text)
            for name, value in (("first", receipt["first"] - 1), ("first", receipt["first"] + 1), ("last", receipt["last"] - 1),
                                ("last", receipt["last"] + 1)):
                if value < 0:
                    continue
                changed = compact({**receipt, name: value}).encode()
                found = self.findings(joined(self.results, [*self.receipts[:number - 1], changed, *self.receipts[number:]]))
                self.assertIn(number, [finding["receipt"] for finding in found], f"{name} {value}")

    def test_a_receipt_of_an_earlier_group_or_of_nothing(self):
        for number, text in enumerate(self.receipts[1:], 2):
            changed = compact({**json.loads(text), "position": "0-1"}).encode()
            self.expect(joined(self.results, [*self.receipts[:number - 1], changed, *self.receipts[number:]]), "order", number)
        results, _ = elements(self.submit(copayment(serviceType="X")))
        changed = compact({**json.loads(self.receipts[0]), "last": 0}).encode()
        self.expect(joined(results, [changed]), "results", 1, "nothing that was stored")

    def test_receipts_of_another_answer(self):
        others = [line.rstrip() for line in self.streamed if is_receipt(line)]
        for number in range(min(len(self.receipts), len(others))):
            taken = {**json.loads(others[number]), **{name: json.loads(self.receipts[number])[name] for name in ("first", "last")}}
            found = self.findings(joined(self.results, [*self.receipts[:number], compact(taken).encode(),
                                                        *self.receipts[number + 1:]]))
            self.assertIn(number + 1, [finding["receipt"] for finding in found])
        _, earlier = elements(self.submit([copayment(), copayment()]))
        results, receipts = elements(self.submit([copayment(), copayment()]))
        _, later = elements(self.submit([copayment(), copayment()]))
        self.expect(joined(results, earlier), "results", 1)
        self.expect(joined(results, later), "position", 1)
        self.expect(joined([], receipts), "range", 1)

    def test_results_left_out_swapped_and_renumbered(self):
        results, receipts = elements(self.submit([copayment() for _ in range(4)]))
        self.expect(joined(results[:-1], receipts), "range", 1)
        self.expect(joined([results[1], results[0], *results[2:]], receipts), "form", part="result 0 says index 1")
        self.expect(joined([*results, results[3].replace(b'"index":3', b'"index":4')], receipts), "coverage",
                    part="results 4: accepted")
        last = json.loads(receipts[0])
        self.expect(joined(results[:-1], [compact({**last, "last": 2}).encode()]), "results", 1)


class CommandTest(CheckReceiptCase):
    """Key files, exit status, and what is printed."""

    def test_forms_of_the_key(self):
        answer = self.submit([copayment()])
        public = next(iter(self.keys.values()))
        strange = {"keys": [{"kty": "EC"}, 5, *self.jwks["keys"]]}
        for name, text in (("hexadecimal", raw_of(public).hex() + "\n"), ("upper case", raw_of(public).hex().upper()),
                           ("PEM", pem_of(public)), ("set", json.dumps(self.jwks)), ("set with others", json.dumps(strange)),
                           ("the ledger's own", (pathlib.Path(self.server.data) / "keys" / "signing.pub").read_text())):
            with self.subTest(name):
                file = self.folder / "key"
                file.write_text(text)
                done = run_script("-", "--public-key", file, stdin=answer)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertIn(b"no finding: 1 of 1 results are proven", done.stdout)

    def test_another_key(self):
        other = Ed25519PrivateKey.generate().public_key()
        file = self.folder / "other"
        file.write_text(raw_of(other).hex())
        done = run_script("-", "--public-key", file, stdin=self.submit(copayment()))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout.decode(), r"finding: receipt 1 \(0-\d+\): is signed with the key [0-9a-f]{16}; the key file has")

    def test_could_not_run(self):
        public = next(iter(self.keys.values()))
        member = self.jwks["keys"][0]
        answer = self.folder / "answer"
        answer.write_bytes(self.submit(copayment()))
        file = self.folder / "no_key"
        for name, text in (("empty", ""), ("odd", "0" * 63), ("no hexadecimal", "g" * 64), ("curve", pem_of(generate_private_key(
                SECP256R1()).public_key())), ("cut", pem_of(public)[:-40]), ("no keys", "{}"), ("empty set", '{"keys":[]}'),
                           ("no JSON", "{"), ("kid of another", json.dumps({"keys": [{**member, "kid": "0" * 16}]})),
                           ("short", json.dumps({"keys": [{**member, "x": member["x"][:-2]}]})),
                           ("no base64url", json.dumps({"keys": [{**member, "x": "!" * 43}]})),
                           ("number", json.dumps({"keys": [{**member, "x": 5}]})),
                           ("no x", json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519"}]})), ("not ASCII", "å" * 64)):
            with self.subTest(name):
                file.write_text(text)
                done = run_script(answer, "--public-key", file)
                self.assertEqual((done.returncode, done.stdout), (3, b""))
                self.assertIn(b"check_receipt: could not run:", done.stderr)
        for arguments in ((answer, "--public-key", self.folder / "missing"), (self.folder / "missing", "--public-key",
                                                                              self.key_file),
                          (self.folder, "--public-key", self.key_file), ("-", "--public-key", self.key_file)):
            self.assertEqual(run_script(*arguments).returncode, 3, arguments)

    def test_wrong_usage_and_help(self):
        for arguments in ((), ("x",), ("--public-key", "x"), ("x", "y", "--public-key", "z"), ("x", "--public-key", "y", "--z")):
            self.assertEqual(run_script(*arguments).returncode, 2, arguments)
        done = run_script("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"scripts/check_receipt.py answer.json --public-key keys.json", done.stdout)

    def test_json_for_machines(self):
        answer = self.submit([copayment(), copayment()])
        report = json.loads(run_script("-", "--json", "--public-key", self.key_file, stdin=answer).stdout)
        receipt = json.loads(answer)["receipts"][0]
        self.assertEqual(report, {
            "results": 2, "accepted": 2, "duplicate": 0, "rejected": 0, "proven": 2, "notProven": "", "findings": [],
            "receipts": [{**{name: receipt[name] for name in ("position", "first", "last", "keyId")}, "fits": True}]})
        done = run_script("-", "--json", "--public-key", self.key_file, stdin=answer.replace(b"true", b"null"))
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["findings"][0]["position"], receipt["position"])

    def test_one_file_is_enough(self):
        copy = shutil.copy(SCRIPT, self.folder / "alone.py")
        done = subprocess.run([sys.executable, "-I", copy, "-", "--public-key", self.key_file], timeout=60, check=False,
                              input=self.submit(copayment()), capture_output=True, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_its_grammar_is_that_of_python_3_9(self):
        ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 9))


class DocumentTest(unittest.TestCase):
    """The worked example in api/openapi.yaml, and the answers that it shows, are true."""

    @classmethod
    def setUpClass(cls):
        root = Document(FILE.read_text(encoding="utf-8")).root
        operation = root["paths"][PATH]["post"]
        example = operation["description"].split("A worked example.", 1)[1].split("**Codes of rejected", 1)[0]
        blocks = [block.strip() for block in re.findall(r"(?:^    .*\n)+", example, re.MULTILINE)]
        cls.answer, cls.key, cls.hashed, hashes = blocks
        cls.hashes = [line.strip() for line in hashes.splitlines()]
        cls.size = int(re.search(r"These (\d+) bytes", example)[1])
        cls.keys = root["paths"]["/.well-known/jwks.json"]["get"]["responses"]["200"]["content"][fs.JSON_TYPE]["examples"]["keys"][
            "value"]
        cls.examples = {(media_type, name): content["value"]
                        for media_type, media in operation["responses"]["200"]["content"].items()
                        for name, content in media["examples"].items()}

    def check(self, answer, key):
        with tempfile.TemporaryDirectory(prefix="frikort-e2e-receipts-") as folder:
            folder = pathlib.Path(folder)
            (folder / "answer").write_text(answer, encoding="utf-8")
            (folder / "key").write_text(key, encoding="utf-8")
            done = run_script(folder / "answer", "--public-key", folder / "key", "--json")
            return done.returncode, json.loads(done.stdout)

    def test_the_worked_example_checks(self):
        for key in (self.key, json.dumps(self.keys)):
            code, report = self.check(self.answer, key)
            self.assertEqual((code, report["findings"], report["proven"], len(report["receipts"])), (0, [], 1, 1))
        self.assertEqual(self.check(self.answer.replace('"counted":true', '"counted":false'), self.key)[0], 1)

    def test_its_steps_are_the_bytes_and_hashes(self):
        value = json.loads(self.answer)
        self.assertEqual(value, self.examples[fs.JSON_TYPE, "one"], "it is the answer of the example `one`")
        self.assertIn('{"results":[' + self.hashed + "],", self.answer)
        self.assertEqual(len(self.hashed.encode()), self.size)
        receipt = value["receipts"][0]
        current = fs.leaf_hash([self.hashed.encode()])
        reached = [current.hex()]
        for step in receipt["path"]:
            current = fs.climb(current, [step])
            reached.append(current.hex())
        self.assertEqual((reached, reached[-1]), (self.hashes, receipt["root"]))
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.key))
        self.assertEqual((check_receipt.key_id(public), receipt["keyId"]), (self.keys["keys"][0]["kid"],) * 2)

    def test_every_answer_shown_checks(self):
        proven = {}
        for (media_type, name), value in self.examples.items():
            code, report = self.check(value if media_type == fs.NDJSON_TYPE else compact(value), json.dumps(self.keys))
            self.assertEqual((code, report["findings"]), (0, []), name)
            proven[name] = report["proven"]
        self.assertEqual({name for name, count in proven.items() if count}, {"one", "several", "lines"})


if __name__ == "__main__":
    unittest.main()
