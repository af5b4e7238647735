"""The card in the hand: its token, and what is refused."""

import base64
import concurrent.futures
import datetime
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding, PublicFormat, load_pem_private_key)

import frikort_server as fs
from card_case import PATH, TOP, TokenCase
from frikort_server import dated

CHECKER = fs.ROOT / "scripts" / "check_card.py"
NO_CARD = {"year": 2025, "card": None, "token": None, "qr": None}
# A time at which the cards of 2025 are valid, whatever day it is when the test runs; those of tests are issued "now".
LATE_2025 = "2025-12-31T23:59:59+01:00"


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims_of(token):
    return json.loads(decoded(token.split(".")[1]))


def number_check(person, card_id):
    return encoded(hashlib.scrypt(person.encode(), salt=bytes.fromhex(card_id), n=16384, r=8, p=1, dklen=16))


class CardTest(TokenCase):

    def test_the_token_of_a_card(self):
        person = self.holder()
        answer = self.card(person)
        self.assertEqual(list(answer), ["year", "card", "token", "qr"])
        self.assertEqual(answer["card"], self.server.account(person, 2025)["card"])
        header, payload, signature = answer["token"].split(".")
        key, = self.server.jwks()["keys"]
        self.assertEqual(json.loads(decoded(header)), {"alg": "EdDSA", "typ": "frikort+jwt", "kid": key["kid"]})
        claims = json.loads(decoded(payload))
        now = datetime.datetime.now(fs.UTC).timestamp()
        self.assertAlmostEqual(claims.pop("iat"), now, delta=60)
        card = answer["card"]
        self.assertEqual(claims, {
            "iss": self.server.url, "exp": int(fs.oslo_instant("2026-01-01", "00:00:00").timestamp()),
            "cardId": card["cardId"], "year": 2025, "entitledFrom": card["entitledFrom"], "validTo": "2025-12-31",
            "numberCheck": number_check(person, card["cardId"])})
        Ed25519PublicKey.from_public_bytes(decoded(key["x"])).verify(decoded(signature), f"{header}.{payload}".encode())
        self.assertNotIn(person, json.dumps(answer))

    def test_no_card(self):
        without = fs.new_person()
        self.server.submit_one(dated("2025-03-01", TOP - 1, personId=without))
        replies = [self.server.post_json(PATH, {"personId": person, "year": 2025})
                   for person in (without, fs.new_person(), fs.synthetic_dnumber(77))]
        for reply in replies:
            self.assertEqual((reply.status, reply.json()), (200, NO_CARD))
            self.assertEqual(reply.body, replies[0].body)
            self.assertEqual(len(reply.headers), len(replies[0].headers))

    def test_the_card_is_there_with_the_answer_and_for_its_year(self):
        person = self.holder("2024-03-01", amount=fs.CEILING[2024])
        self.assertEqual(self.card(person)["card"], None)
        past = self.card(person, 2024)
        self.assertEqual(claims_of(past["token"])["validTo"], "2024-12-31", "of a past year, expired")

    def test_a_card_under_review_still_is_one(self):
        person = fs.new_person()
        item = self.cross(person)
        before = claims_of(self.card(person)["token"])
        self.server.submit_one(fs.credit_note(item))
        answer = self.card(person)
        self.assertEqual(answer["card"]["state"], "underReview")
        self.assertEqual({**claims_of(answer["token"]), "iat": 0}, {**before, "iat": 0})

    def test_another_library_takes_the_token(self):
        """Of Debian, for whichever Python has it."""
        token = self.card(self.holder())["token"]
        program = ("import json, sys; from jwcrypto import jwk, jws; given = json.load(sys.stdin); "
                   "token = jws.JWS(); token.deserialize(given['token']); "
                   "keys = jwk.JWKSet.from_json(given['keys']); "
                   "token.verify(keys.get_key(json.loads(token.objects['protected'])['kid'])); "
                   "sys.stdout.buffer.write(token.payload)")
        given = json.dumps({"token": token, "keys": json.dumps(self.server.jwks())})
        for python in (sys.executable, "/usr/bin/python3"):
            done = subprocess.run([python, "-c", program], input=given, capture_output=True, text=True, check=False)
            if "ModuleNotFoundError" not in done.stderr:
                break
        else:
            raise AssertionError("jwcrypto is missing; run: scripts/install_packages test")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout), claims_of(token))

    def test_questions_that_are_refused(self):
        person = fs.new_person()
        good = {"personId": person, "year": 2025}
        for value, code in ((b"", "MALFORMED_REQUEST"), (b"[]", "MALFORMED_REQUEST"), (b"{" * 5000, "MALFORMED_REQUEST"),
                            (b'{"personId":"\xff"}', "MALFORMED_REQUEST"), ({}, "MISSING_FIELD"),
                            ({"year": 2025}, "MISSING_FIELD"), ({"personId": person}, "MISSING_FIELD"),
                            ({**good, "limit": 1}, "UNKNOWN_FIELD"), ({**good, "personId": 1}, "INVALID_PERSON_ID"),
                            ({**good, "personId": fs.wrong_last_digit(person)}, "INVALID_PERSON_ID"),
                            ({**good, "personId": person + "\0"}, "INVALID_PERSON_ID"),
                            ({**good, "year": 0}, "INVALID_YEAR"), ({**good, "year": 10_000}, "INVALID_YEAR"),
                            ({**good, "year": "2025"}, "INVALID_YEAR"), ({**good, "year": 2025.5}, "INVALID_YEAR"),
                            (b'{"personId":"%s","year":2025,"year":2025}' % person.encode(), "DUPLICATE_FIELD"),
                            (b'{"personId":"%s","year":18446744073709551617}' % person.encode(), "INVALID_YEAR"),
                            ({**good, "year": 1999}, "NO_RULES_FOR_YEAR")):
            with self.subTest(value=value):
                problem = self.assert_problem(self.server.post_json(PATH, value), 400, code)
                self.assertNotIn(person, json.dumps(problem))
        self.assert_problem(self.server.post_json(PATH, b" " * 20_000), 413)
        self.assert_problem(self.server.request("POST", PATH, b"{}", {"Content-Type": "text/plain"}), 415)
        self.assert_problem(self.server.post_json(PATH + "?year=2025", good), 400, "MALFORMED_REQUEST")


class IssuerTest(TokenCase):

    @classmethod
    def configuration(cls):
        return {"public": {"url": '"https://frikort.example/ledger"'}}

    def test_the_issuer_is_configured(self):
        self.assertEqual(claims_of(self.card(self.holder())["token"])["iss"], "https://frikort.example/ledger")


class ManyTest(TokenCase):

    @classmethod
    def configuration(cls):
        return {"limits": {"waiting_cards_max": 4}}

    def test_sixty_four_connections(self):
        holders, nobody = [self.holder() for _ in range(64)], fs.new_person()
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            asked = [pool.submit(self.server.post_json, PATH, {"personId": person, "year": 2025}) for person in holders]
            # Meanwhile everybody else is served.
            self.server.submit_one(dated("2025-04-01", 100))
            self.assertEqual(self.card(nobody), NO_CARD)
            replies = [future.result() for future in asked]
        refused = [reply for reply in replies if reply.status != 200]
        self.assertTrue(0 < len(refused) < 64, f"{len(refused)} refused")
        for reply in refused:
            self.assert_problem(reply, 429, "TOO_MANY_REQUESTS")
            self.assertTrue(reply.header("Retry-After"))
        for person in holders:
            self.assertIsNotNone(self.card(person)["token"], "room again")


class CheckerTest(TokenCase):
    """scripts/check_card.py, which never sees the service."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.TemporaryDirectory(prefix="frikort-e2e-card-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.key = load_pem_private_key(pathlib.Path(cls.server.data, "keys", "signing.pem").read_bytes(), None)
        cls.jwks = cls.file("jwks", json.dumps(cls.server.jwks()))

    @classmethod
    def file(cls, name, text):
        path = pathlib.Path(cls.folder.name, name)
        path.write_text(text, encoding="ascii")
        return path

    def setUp(self):
        self.person = self.holder()
        self.token = self.card(self.person)["token"]

    def run_checker(self, *arguments, stdin):
        return subprocess.run([sys.executable, CHECKER, *map(str, arguments)], input=stdin, capture_output=True,
                              text=True, check=False, timeout=60)

    def check(self, token=None, number=None, key=None, at=None, more=()):
        """Exit status and what is said; unless told, as of a moment at which cards of 2025 are valid."""
        token = token or self.token
        done = self.run_checker(token, "--public-key", key or self.jwks, "--at", at or LATE_2025, *more,
                                stdin=(number or self.person) + "\n")
        self.assertNotIn(number or self.person, done.stdout + done.stderr)
        return done.returncode, done.stdout + done.stderr

    def signed(self, claims, key=None, **header):
        """A token that only who has the key can make."""
        head = {"alg": "EdDSA", "typ": "frikort+jwt", "kid": self.server.jwks()["keys"][0]["kid"], **header}
        text = f"{encoded(json.dumps(head).encode())}.{encoded(json.dumps(claims).encode())}"
        return f"{text}.{encoded((key or self.key).sign(text.encode()))}"

    def timely(self, **over):
        """The claims of the card as if it had been shown in its year."""
        claims = {**claims_of(self.token), "iat": int(fs.oslo_instant("2025-06-01", "12:00:00").timestamp()), **over}
        return {name: value for name, value in claims.items() if value is not fs.ABSENT}

    def test_the_right_number(self):
        status, said = self.check(self.signed(self.timely()))
        self.assertEqual(status, 0, said)
        self.assertIn("valid", said)

    def test_a_card_of_today(self):
        today = fs.oslo_today()
        if today.year not in fs.CEILING:
            self.skipTest("no ceiling of this year is built in")
        person = fs.new_person()
        self.server.submit_one(fs.copayment(personId=person, serviceTime=fs.oslo_text(today, "00:00:01"),
                                            amountOre=fs.CEILING[today.year], receivedTime=fs.ABSENT))
        token = self.card(person, today.year)["token"]
        done = self.run_checker(token, "--public-key", self.jwks, stdin=person + "\n")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_all_forms_of_the_key(self):
        public = self.key.public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        digits = public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        for name, text in (("pem", pem), ("hex", digits + "\n")):
            self.assertEqual(self.check(self.signed(self.timely()), key=self.file(name, text))[0], 0, name)
        for name, text in (("empty", ""), ("short", digits[:-2]), ("rsa", '{"keys":[{"kty":"RSA"}]}'), ("json", "{}")):
            self.assertEqual(self.check(self.signed(self.timely()), key=self.file(name, text))[0], 3, name)

    def test_another_number(self):
        status, said = self.check(self.signed(self.timely()), number=fs.new_person())
        self.assertEqual(status, 1)
        self.assertIn("another person", said)

    def test_after_the_end_of_the_year(self):
        token = self.signed(self.timely())
        self.assertEqual(self.check(token, at="2025-12-31T22:59:59Z")[0], 0)
        status, said = self.check(token, at="2025-12-31T23:00:00Z")
        self.assertEqual(status, 1)
        self.assertIn("expired", said)

    def test_another_key(self):
        other = Ed25519PrivateKey.generate()
        digits = other.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        for status, said in (self.check(self.signed(self.timely()), key=self.file("other", digits)),
                             self.check(self.signed(self.timely(), key=other))):
            self.assertEqual(status, 1, said)

    def test_each_claim_changed(self):
        token = self.signed(self.timely())
        header, payload, signature = token.split(".")
        for name, value in self.timely().items():
            changed = value + 1 if isinstance(value, int) else value[:-1] + ("A" if value[-1] != "A" else "B")
            forged = encoded(json.dumps(self.timely(**{name: changed})).encode())
            status, said = self.check(f"{header}.{forged}.{signature}")
            self.assertEqual(status, 1, name)
            self.assertIn("signature", said, name)
            # A service that signs such a thing is not believed either.
            self.assertEqual(self.check(self.signed(self.timely(**{name: fs.ABSENT})))[0], 1, name)
        for over in ({"exp": 2**39}, {"exp": True}, {"year": "2025"}, {"validTo": "2026-12-31"}, {"iat": 2**39},
                     {"entitledFrom": "2024-03-01"}, {"entitledFrom": "2025-02-30"}, {"cardId": "0" * 32}, {"iss": ""}):
            self.assertEqual(self.check(self.signed(self.timely(**over)))[0], 1, over)

    def test_what_is_no_token(self):
        token = self.signed(self.timely())
        header, payload, signature = token.split(".")
        none = encoded(b'{"alg":"none","typ":"frikort+jwt"}')
        for bad in ("x", "..", token + ".", token[:-1], token + "A", f"{none}.{payload}.", f"{header}=.{payload}.{signature}",
                    f"{header}.{payload}.{signature[:-1]}B", self.signed(self.timely(), alg="HS256"), "a" * 9000,
                    self.signed(self.timely(), typ="JWT"), self.signed(self.timely(), crit=["x"]), f"{header}.e30.{signature}"):
            self.assertEqual(self.check(bad)[0], 1, bad[:80])

    def test_issuer_and_where_the_number_comes_from(self):
        token = self.signed(self.timely())
        self.assertEqual(self.check(token, more=("--issuer", self.server.url))[0], 0)
        self.assertEqual(self.check(token, more=("--issuer", "https://other.example"))[0], 1)
        number = self.file("number", self.person + "\n")
        done = self.run_checker("-", "--public-key", self.jwks, "--at", LATE_2025, "--number-file", number,
                                stdin=token + "\n")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = self.run_checker("-", "--public-key", self.jwks, "--at", LATE_2025, stdin=f"{token}\n{self.person}\n")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for wrong in ("", "12345", "not a number"):
            self.assertEqual(self.run_checker(token, "--public-key", self.jwks, stdin=wrong).returncode, 3)
        self.assertEqual(self.run_checker(token, stdin=self.person).returncode, 2)


if __name__ == "__main__":
    unittest.main()
