"""A client in JavaScript, made with npm's jose from the published descriptions: tokens and proofs over TLS, the
national card query, the token of a card, and keys that are rotated while it goes on."""

import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

import frikort_server as fs
import javascript_client as jc
import national_client as nc
import test_national_client as published
import token_issuer as ti
from access_case import AccessCase
from certificates import Authority
from national_case import ALGORITHMS, PROOF, TOKEN, NationalAnswers
from secured_case import secured_server
from token_site import TokenSite

# What is refused, and the error that the challenge says (None: none, for there were no credentials).
REFUSED_BY_NATIVE_API = {
    "proof by another key": PROOF, "proof for another path": PROOF, "proof a second time": PROOF,
    "expired token": TOKEN, "token for another audience": TOKEN, "bound token as bearer": TOKEN, "no token": None}
REFUSED_BY_CARD_QUERY = {
    "proof by another key": PROOF, "proof a second time": PROOF, "token for another audience": TOKEN, "no token": None}
WRONGLY_ENCRYPTED = (
    "unknown key id", "no key id", "RSA-OAEP", "A128GCM", "A256CBC-HS512", "another key under the key id",
    "wrapped key changed", "ciphertext changed", "tag changed")
CLAIMS = ("iss", "iat", "exp", "cardId", "year", "entitledFrom", "validTo", "numberCheck")
# An issuer is asked for its keys again when a token names an unknown one, but not more often than this.
RENEWAL_SECONDS = 10


def setUpModule():
    jc.check_installed()


def temporary_folder(cleanup):
    folder = tempfile.mkdtemp(prefix="frikort-e2e-javascript-")
    cleanup(shutil.rmtree, folder, True)
    return folder


class ClientCase(NationalAnswers, AccessCase):
    """A ledger with TLS, issuers over HTTPS, and the client."""

    @classmethod
    def setUpClass(cls):
        authority = Authority(temporary_folder(cls.addClassCleanup))
        cls.issuers = cls.make_issuers()
        cls.site = TokenSite(cls.issuers, fs.free_port())
        cls.site.serve(*authority.issue("issuers")[:2])
        cls.addClassCleanup(cls.site.close)
        cls.server = secured_server(cls.issuers, authority, *authority.issue("server")[:2])
        path = cls.server.folder / "frikort.toml"
        path.write_text(cls.site.trusted_in(path.read_text(encoding="utf-8"), cls.server.folder, authority.file),
                        encoding="utf-8")
        cls.server.start()
        cls.client = nc.NationalClient(cls.server, cls.issuers)
        cls.javascript = jc.JavascriptClient(temporary_folder(cls.addClassCleanup), authority.file, {
            "ledger": f"https://127.0.0.1:{cls.server.port}", "helseid": cls.site.name_of("helseid"),
            "maskinporten": cls.site.name_of("maskinporten")})

    def setUp(self):
        self.day = fs.recent_day()
        self.ceiling = fs.ceiling_ore(self.day.year)

    def item(self, person, amount):
        return fs.copayment(personId=person, practiceId=ti.PRACTICE, amountOre=amount,
                            serviceTime=fs.oslo_text(self.day))

    def holder(self):
        """A person with a card of the day's year."""
        person = fs.new_person()
        operator = self.site.token("maskinporten", {"scope": "frikort:api/operator"}, None)
        reply = self.server.post_json("/v1/registrations", [self.item(person, self.ceiling)], ti.bearer(operator))
        self.assert_accepted(reply.json()["results"][0], exempt=True)
        return person


class NativeTest(ClientCase):

    def test_tokens_and_proofs(self):
        person = fs.new_person()
        told = self.javascript.run("native_api.mjs", personId=person, serviceTime=fs.oslo_text(self.day),
                                   items=[self.item(person, self.ceiling - 1), self.item(person, 1)])
        replies = {name: jc.reply_of(line) for name, line in told.items()}
        self.assertEqual(set(replies), {"batch", "card status", "account", *REFUSED_BY_NATIVE_API,
                                        *(f"after {name}" for name in REFUSED_BY_NATIVE_API)})
        for name in ("batch", "card status", "account"):
            self.assertEqual(replies[name].status, 200, replies[name].body)
        below, crossing = replies["batch"].json()["results"]
        self.assert_accepted(below, counted=True, exempt=False)
        self.assert_accepted(crossing, counted=True, exempt=True)
        self.assertEqual(replies["card status"].json(), {"exempt": True})
        account = replies["account"].json()
        self.assertEqual((account["year"], account["countedOre"]), (self.day.year, self.ceiling))
        self.assertEqual(account["card"]["state"], "active")
        for name, error in REFUSED_BY_NATIVE_API.items():
            with self.subTest(name):
                self.assert_refused(replies[name], 401, error)
                algorithms = re.search(r'\bDPoP .*algs="([^"]*)"', replies[name].header("WWW-Authenticate"))[1]
                self.assertEqual(set(algorithms.split(" ")), ALGORITHMS)
                self.assertEqual(replies[f"after {name}"].status, 200)


class CardQueryTest(ClientCase):

    def setUp(self):
        super().setUp()
        question = nc.question(self.holder(), day=self.day)
        self.told = self.javascript.run("card_query.mjs", question=question, stranger=fs.new_person())
        self.client.plaintext = fs.compact(question).encode()

    def reply(self, name):
        """Notes what was sent for it, of which nothing may be repeated."""
        sent = self.told[name]["sent"]
        self.client.sent = sent["headers"], sent["body"].encode()
        return jc.reply_of(self.told[name])

    def test_questions(self):
        refused = (*WRONGLY_ENCRYPTED, *REFUSED_BY_CARD_QUERY)
        self.assertEqual(set(self.told), {"holder", "stranger", "self-test", *refused,
                                          *(f"after {name}" for name in refused)})
        self.assert_answer(self.reply("holder"), True)
        self.assert_answer(self.reply("stranger"), False)
        self.assert_self_test(self.reply("self-test"), agreement="IKKE_IMPLEMENTERT")
        for name in WRONGLY_ENCRYPTED:
            with self.subTest(name):
                self.assertEqual(self.assert_bad_request(self.reply(name)),
                                 self.assert_bad_request(self.reply(WRONGLY_ENCRYPTED[0])))
                self.assert_answer(self.reply(f"after {name}"), True)
        for name, error in REFUSED_BY_CARD_QUERY.items():
            with self.subTest(name):
                self.assert_unauthenticated(self.reply(name), error)
                self.assert_answer(self.reply(f"after {name}"), True)


class CardTokenTest(ClientCase):

    def test_who_has_the_published_key_needs_nothing_else(self):
        holder = self.holder()
        told = self.javascript.run("card_token.mjs", holder=holder, stranger=fs.new_person(), year=self.day.year,
                                   publicUrl=ti.ORIGIN)
        card = jc.reply_of(told.pop("answer")).json()["card"]
        key, = self.server.jwks()["keys"]
        year = self.day.year
        good = told.pop("good")
        self.assertEqual(good["header"], {"alg": "EdDSA", "typ": "frikort+jwt", "kid": key["kid"]})
        self.assertEqual(set(good["claims"]), set(CLAIMS))
        self.assertAlmostEqual(good["claims"]["iat"], time.time(), delta=60)
        end = fs.oslo_instant(f"{year + 1}-01-01", "00:00:00").timestamp()
        self.assertEqual([good["claims"][name] for name in CLAIMS if name not in ("iat", "numberCheck")], [
            ti.ORIGIN, end, card["cardId"], year, str(self.day), f"{year}-12-31"])
        self.assertEqual(told.pop("whose"), {"holder": True, "stranger": False})
        self.assertEqual(told.pop("forged, checked with its own key"), good, "what the client looks at can be good")
        changed = (*(f"claim {name} changed" for name in CLAIMS), "claim added", "header changed",
                   "signed by another key", "checked with another key")
        self.assertEqual(told, {
            **{name: {"refused": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"} for name in changed},
            "not signed": {"refused": "ERR_JOSE_ALG_NOT_ALLOWED"},
            "after its end": {"refused": "ERR_JWT_EXPIRED"},
            "of another issuer": {"refused": "ERR_JWT_CLAIM_VALIDATION_FAILED"}})


class RotationTest(ClientCase):

    def setUp(self):
        super().setUp()
        item = self.item(self.holder(), 100)
        question = nc.question(item["personId"], day=self.day)
        self.process = self.javascript.start(
            "key_rotation.mjs", {"item": item, "question": question, "year": self.day.year},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        guard = threading.Timer(jc.SECONDS, self.process.kill)
        guard.start()
        for cleanup in (self.process.stdout.close, self.process.stdin.close, self.process.wait, self.process.kill,
                        guard.cancel):
            self.addCleanup(cleanup)
        self.rounds = self.read_rounds()

    def read_rounds(self):
        """The keys that each round has used; the client ends when something is refused."""
        for line in self.process.stdout:
            told = json.loads(line)
            self.assertEqual((told["verdicts"], told["exempt"]), (["accepted"], True))
            yield told["keys"]

    def next_round(self):
        keys = next(self.rounds, None)
        self.assertIsNotNone(keys, "the client ended; what it has met stands above")
        return keys

    def go_on_until_changed(self, key, before):
        while self.next_round()[key] == before[key]:
            pass

    def test_no_good_request_is_refused(self):
        first = self.next_round()
        begun = time.monotonic()
        for key in ("query", "signing"):
            done = fs.run_frikort("keys", "rotate", "--key", key, "--data", self.server.data)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.go_on_until_changed(key, first)
        while time.monotonic() < begun + RENEWAL_SECONDS + 1:
            self.next_round()
        for kind in ("helseid", "maskinporten"):
            self.site.rotate(kind)
            self.go_on_until_changed(kind, first)
        self.process.stdin.close()
        self.assertGreater(len(list(self.rounds)), 0)
        self.assertEqual(self.process.wait(60), 0)


class PublishedExampleTest(unittest.TestCase):

    def test_question_and_proof(self):
        numbers = published.published_key().private_numbers()
        public = numbers.public_numbers
        key = {"kty": "RSA", "alg": "RSA-OAEP-256", "n": public.n, "e": public.e, "d": numbers.d, "p": numbers.p,
               "q": numbers.q, "dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
        jwk = {name: value if isinstance(value, str) else ti.encode_number(value) for name, value in key.items()}
        told = jc.JavascriptClient(temporary_folder(self.addCleanup)).run(
            "published_example.mjs", key=jwk, jwe=published.JWE, proof=published.PROOF_OF_TOKEN, token=published.TOKEN)
        self.assertEqual(told["question"]["text"], published.PLAINTEXT.decode())
        claims = told["proof"]["claims"]
        self.assertEqual((claims["htm"], claims["htu"]), ("POST", "https://frikort.example" + nc.QUERY))
        self.assertEqual(claims["ath"], told["proof"]["tokenHash"])
        self.assertEqual(told["proof"]["thumbprint"], published.THUMBPRINT)


if __name__ == "__main__":
    unittest.main()
