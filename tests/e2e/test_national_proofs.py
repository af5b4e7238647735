"""Proofs of possession at the national card query: what is none, what is spent, and what is looked at first."""

import concurrent.futures
import hashlib
import json
import time
import unittest

import national_client as nc
import token_issuer as ti
from access_case import TokenServer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from national_case import EITHER, PROOF, TOKEN, NationalAnswers, NationalCase, sections
from national_client import CHILD, PARENT, NationalClient

URL = ti.ORIGIN + nc.QUERY


class EdwardsKey:
    algorithm = "EdDSA"

    def __init__(self):
        self.key = ed25519.Ed25519PrivateKey.generate()

    def public_jwk(self):
        raw = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return {"crv": "Ed25519", "kty": "OKP", "x": ti.base64url(raw)}

    def thumbprint(self):
        return ti.thumbprint_of(self.public_jwk())

    def sign(self, data):
        return self.key.sign(data)


class SharedSecret(ti.SecretKey):
    """That the proof itself tells."""

    def public_jwk(self):
        return {"k": ti.base64url(self.secret), "kty": "oct"}

    def thumbprint(self):
        return ti.thumbprint_of(self.public_jwk())


class ProofCase(NationalCase):

    def setUp(self):
        self.token = self.client.token()

    def proof(self, claims=None, header=None, key=None, **more):
        return self.client.proof(self.token, claims, header, key, **more)

    def with_proof(self, proof, token=None):
        return {"Authorization": f"DPoP {token or self.token}", **({} if proof is None else {"DPoP": proof})}

    def bound_to(self, key, **changes):
        """A token that is bound to the key, and a proof by it."""
        token = self.client.token({"cnf": {"jkt": key.thumbprint()}})
        return self.with_proof(self.client.proof(token, key=key, **changes), token)

    def assert_proofs_refused(self, proofs, errors=PROOF):
        self.assert_credentials_refused([(name, errors, self.with_proof(proof)) for name, proof in proofs])


class FormTest(ProofCase):

    def test_none_or_no_proof(self):
        self.assert_proofs_refused([("none", None)], EITHER)
        header, payload, signature = self.proof().split(".")
        self.assert_proofs_refused([
            ("no JWT", "proof"), ("dots", ".."), ("garbage", "a.b.c"), ("two parts", f"{header}.{payload}"),
            ("five parts", f"{header}.{payload}.{signature}.a.b"), ("the token again", self.token),
            ("padding", f"{header}.{payload}.{signature}=="), ("no signature", f"{header}.{payload}."),
            ("a header that is an array", f"{ti.base64url(b'[]')}.{payload}.{signature}"),
            ("two in one field", f"{self.proof()}, {self.proof()}"),
            ("two with a blank between them", f"{self.proof()} {self.proof()}"),
        ])

    def test_two_fields(self):
        right = self.proof()
        for second in (self.proof(), right, "proof"):
            reply = self.client.raw(f"Host: a\r\nAuthorization: DPoP {self.token}\r\n"
                                    f"DPoP: {right}\r\nDPoP: {second}\r\n")
            self.assert_unauthenticated(reply, PROOF)
            self.assert_served()

    def test_header(self):
        jwk = self.issuers.client.public_jwk()
        make = lambda **header: self.proof(header=header)
        body, _, signature = self.proof().rpartition(".")
        unsigned = self.proof(header={"alg": "none"}).rpartition(".")[0] + "."
        self.assert_proofs_refused([
            *((f"typ {typ}", make(typ=typ)) for typ in ("JWT", None, "DPOP+JWT", "at+jwt", 1)),
            *((f"alg {name}", make(alg=name))
              for name in ("none", "HS256", "EdDSA", "ES384", "RS256", "ES256K", None, 1)),
            ("alg none, unsigned", unsigned),
            ("HS256 with the key", self.proof(key=ti.SecretKey(json.dumps(jwk).encode()), header={"jwk": jwk})),
            *((f"crit {crit}", make(crit=crit)) for crit in ([], ["b64"], ["exp"], "x")),
            *((f"jwk {key}", make(jwk=key)) for key in (None, "key", json.dumps(jwk), [], {}, 1)),
            ("a jku for a jwk", make(jwk=None, jku="https://127.0.0.1:1/")),
            ("private part", make(jwk={**jwk, "d": ti.encode_number(1, 32)})),
            ("a member of private RSA keys", make(jwk={**jwk, "dp": "AQAB"})),
            ("off the curve", make(jwk={**jwk, "y": ti.CurveKey().public_jwk()["y"]})),
            ("zeros for a point", make(jwk={**jwk, "x": ti.encode_number(0, 32), "y": ti.encode_number(0, 32)})),
            ("another curve's name", make(jwk={**jwk, "crv": "P-384"})),
            ("signature changed", body + "." + ("A" if signature[0] != "A" else "B") + signature[1:]),
            ("DER form", body + "." + ti.base64url(self.issuers.client.sign_der(body.encode()))),
            ("zeros for a signature", body + "." + ti.base64url(bytes(64))),
            ("by another key than jwk", self.proof(key=ti.CurveKey(), header={"jwk": jwk})),
        ])

    def test_keys_that_are_not_taken_although_the_token_is_bound_to_them(self):
        weak = ti.RsaKey(bits=1024)
        self.assert_credentials_refused([
            ("EdDSA", PROOF, self.bound_to(EdwardsKey())),
            ("a secret", PROOF, self.bound_to(SharedSecret(b"k" * 32))),
            ("RSA of 1024 bits", PROOF, self.bound_to(weak)),
            ("RSA of 1024 bits, PS256", PROOF, self.bound_to(weak.with_algorithm("PS256"))),
        ])

    def test_the_key_of_another(self):
        self.assert_proofs_refused([("a curve", self.proof(key=ti.CurveKey())), ("RSA", self.proof(key=ti.RsaKey())),
                                    ("a wider curve", self.proof(key=ti.CurveKey("ES384")))], EITHER)


class ClaimsTest(ProofCase):

    def make(self, **claims):
        return self.proof(claims)

    def test_id_and_method(self):
        self.assert_proofs_refused([
            *((f"jti {str(jti)[:9]}", self.make(jti=jti)) for jti in (None, "", 7, "j" * 6000, ["a"])),
            *((f"htm {htm}", self.make(htm=htm)) for htm in (None, "GET", "post", "", ["POST"])),
        ])

    def test_address(self):
        self.assert_proofs_refused([(f"htu {htu}", self.make(htu=htu)) for htu in (
            None, "", "https://other.test" + nc.QUERY, ti.ORIGIN + ":444" + nc.QUERY, "http://frikort.test" + nc.QUERY,
            URL.upper(), ti.ORIGIN + nc.QUERY.replace("helseid", "HelseID"), URL + "/", nc.QUERY, ti.ORIGIN,
            ti.ORIGIN + "/", URL[:-1], URL[:-3], URL + "1", ti.ORIGIN + nc.SELF_TEST, ti.ORIGIN + nc.JWK,
            self.server.url + nc.QUERY, "https://a@frikort.test" + nc.QUERY, f"https://frikort.test.other{nc.QUERY}",
            ti.ORIGIN + "/api/frikortsporring/helseid/../v1", "//frikort.test" + nc.QUERY, [URL])])

    def test_another_host_in_the_head_does_not_help(self):
        for host, more in (("evil.test", ""), ("a", "X-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: https\r\n"),
                           ("a", "Forwarded: host=evil.test;proto=https\r\n")):
            proof = self.proof(origin="https://evil.test")
            reply = self.client.raw(f"Host: {host}\r\n{more}Authorization: DPoP {self.token}\r\nDPoP: {proof}\r\n")
            self.assert_unauthenticated(reply, PROOF)
            self.assert_served()

    def test_time(self):
        now = int(time.time())
        self.assert_proofs_refused([(f"iat {iat}", self.make(iat=iat)) for iat in (
            None, str(now), now * 1000, now - 300, now - 120, now - 62, now + 60, now + 300, -1, True)])

    def test_hash_of_the_token(self):
        digest = hashlib.sha256(self.token.encode()).digest()
        other = hashlib.sha256(self.client.token().encode()).digest()
        self.assert_proofs_refused([(f"ath {name}", self.make(ath=ath)) for name, ath in (
            ("missing", None), ("empty", ""), ("of another token", ti.base64url(other)),
            ("padded", ti.base64url(digest) + "="), ("in hex", digest.hex()), ("cut", ti.base64url(digest[:16])),
            ("a number", 1), ("an array", [ti.base64url(digest)]))])


class AcceptedTest(ProofCase):

    def test_all_algorithms(self):
        keys = [ti.CurveKey(name) for name in ti.CurveKey.CURVES]
        first = ti.RsaKey()
        keys += [first.with_algorithm(kind + size) for kind in ("RS", "PS") for size in ("256", "384", "512")]
        for key in keys:
            with self.subTest(key.algorithm):
                self.assert_served(credentials=self.bound_to(key))

    def test_what_only_looks_different(self):
        path = nc.QUERY.replace("frikort", "%66rikort", 1)
        for name, change in (
                ("5 seconds old", {"iat": int(time.time()) - 5}), ("3 seconds ahead", {"iat": int(time.time()) + 3}),
                ("part of a second", {"iat": time.time()}), ("upper case", {"htu": "HTTPS://FRIKORT.test" + nc.QUERY}),
                ("default port", {"htu": "https://frikort.test:443" + nc.QUERY}),
                ("an encoded letter", {"htu": ti.ORIGIN + path}),
                ("query and fragment", {"htu": URL + "?a=b#c"}), ("a dot", {"htu": ti.ORIGIN + "/." + nc.QUERY}),
                ("a long jti", {"jti": "j" * 256}), ("a nonce", {"nonce": "n"}), ("expired", {"exp": 1}),
                ("more", {"more": {"of": ["it"]}})):
            with self.subTest(name):
                self.assert_served(credentials=self.with_proof(self.proof(change)))
        self.assert_served(credentials=self.with_proof(self.proof(header={"kid": "a", "more": 1})))

    def test_the_query_of_the_request_is_not_part_of_it(self):
        self.assert_answer(self.client.post(query="?a=b"))


class ReplayTest(ProofCase):

    def test_good_once(self):
        credentials = self.client.credentials()
        self.assert_served(credentials=credentials)
        for _ in range(2):
            self.assert_unauthenticated(self.client.post(credentials=credentials), PROOF)
        self.assert_served()

    def test_of_twenty_at_once_one_is_answered(self):
        headers, body = self.client.prepare()
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            asked = [pool.submit(self.server.request, "POST", nc.QUERY, body, headers) for _ in range(20)]
            replies = sorted((one.result() for one in asked), key=lambda reply: reply.status)
        self.assert_answer(replies[0])
        for reply in replies[1:]:
            self.assert_unauthenticated(reply, PROOF)

    def test_spent_by_a_request_that_was_refused_for_something_else(self):
        no_scope = self.client.token({"scope": []})
        for name, credentials, parts, check in (
                ("body", self.client.credentials(), {"body": b"garbage"}, self.assert_bad_request),
                ("plaintext", self.client.credentials(), {"body": self.client.encrypt(b"[]")}, self.assert_bad_request),
                ("media type", self.client.credentials(), {"headers": {"Content-Type": None}}, self.assert_bad_request),
                ("scope", self.client.credentials(no_scope), {}, self.assert_no_scope)):
            with self.subTest(name):
                check(self.client.post(credentials=credentials, **parts))
                self.assert_unauthenticated(self.client.post(credentials=credentials), PROOF)
                self.assert_served()

    def test_a_forged_proof_spends_nothing(self):
        jwk = self.issuers.client.public_jwk()
        for name, errors, claims, forgery in (
                ("signature", (PROOF,), {}, {"key": ti.CurveKey(), "header": {"jwk": jwk}}),
                ("key", EITHER, {}, {"key": ti.CurveKey()}),
                ("method", (PROOF,), {"htm": "GET"}, {}), ("token", (PROOF,), {"ath": "AAAA"}, {})):
            with self.subTest(name):
                real = {"jti": f"the-one-{name}"}
                forged = self.with_proof(self.proof({**real, **claims}, **forgery))
                self.assert_unauthenticated(self.client.post(credentials=forged), *errors)
                self.assert_served(credentials=self.with_proof(self.proof(real)))

    def test_one_id_of_two_clients(self):
        claims = {"jti": "a-common-one"}
        self.assert_served(credentials=self.with_proof(self.proof(claims)))
        self.assert_served(credentials=self.bound_to(ti.CurveKey(), claims=claims))


class OrderTest(ProofCase):
    """Two faults at a time: the first that is looked at is the answer."""

    more = sections(registry={"practices": '"required"'})

    def setUp(self):
        super().setUp()
        self.tell("/v1/practice-events", {
            "practiceId": "100001", "name": "Legekontoret", "organisationNumbers": [ti.PRACTICE_ORGANISATION],
            "agreements": [{"from": "2020-01-01", "to": None}]})
        self.no_agreement = {CHILD: "339065284", PARENT: None}

    def credentials(self, **claims):
        return self.client.credentials(self.client.token(claims))

    def test_tokens_come_before_bodies(self):
        for name, parts in (("body", {"body": b"garbage"}), ("no body", {"body": b""}),
                            ("media type", {"headers": {"Content-Type": "text/plain"}})):
            with self.subTest(name):
                expired = self.credentials(exp=int(time.time()) - 60)
                self.assert_unauthenticated(self.client.post(credentials=expired, **parts), TOKEN)
                self.assert_unauthenticated(self.client.post(credentials={}, **parts), None)
                self.assert_served()

    def test_tokens_come_before_proofs_and_proofs_before_scopes(self):
        expired = self.credentials(exp=int(time.time()) - 60)
        self.assert_unauthenticated(self.client.post(credentials={**expired, "DPoP": "proof"}), TOKEN)
        for claims in ({"scope": []}, {"scope": None, **self.no_agreement}, self.no_agreement):
            bad = {**self.credentials(**claims), "DPoP": "proof"}
            self.assert_unauthenticated(self.client.post(credentials=bad), PROOF)
            self.assert_unauthenticated(self.client.post(b"garbage", credentials=bad), PROOF)
        self.assert_served()

    def test_scopes_come_before_agreements_and_bodies(self):
        self.assert_no_scope(self.client.post(b"garbage", credentials=self.credentials(scope=[])))
        self.assert_no_scope(self.client.post(credentials=self.credentials(scope=[], **self.no_agreement)))
        self.assert_served()

    def test_agreements_come_before_bodies(self):
        for name, parts in (("right", {}), ("body", {"body": b"garbage"}), ("no body", {"body": b""}),
                            ("media type", {"headers": {"Content-Type": "text/plain"}}),
                            ("plaintext", {"body": self.client.encrypt(b"{}")})):
            with self.subTest(name):
                reply = self.client.post(credentials=self.credentials(**self.no_agreement), **parts)
                self.assert_no_agreement(reply)
                self.assert_served()

    def test_media_types_come_before_bodies_and_unknown_fields_before_values(self):
        bad = {"headers": {"Content-Type": "text/plain"}}
        texts = {self.assert_bad_request(self.client.post(body, **bad)) for body in (None, b"garbage", b"{}")}
        self.assertEqual(len(texts), 1, texts)
        wrong = dict(zip(nc.FIELDS, ("1", "XX", "1999")))
        for value, name in (({**wrong, "ukjent": 1}, "ukjent"), (wrong, nc.FIELDS[0]),
                            ({**wrong, nc.FIELDS[0]: ti.CITIZEN}, nc.FIELDS[1]),
                            ({**wrong, nc.FIELDS[0]: ti.CITIZEN, nc.FIELDS[1]: "A"}, nc.FIELDS[2]),
                            ({nc.FIELDS[0]: "1", "ukjent": 1}, "ukjent"), ({nc.FIELDS[2]: "1999"}, nc.FIELDS[0])):
            with self.subTest(value=value):
                self.assert_bad_request(self.client.post(self.client.encrypt(value)), name)
                self.assert_served()


class RestartTest(NationalAnswers, unittest.TestCase):

    def test_a_proof_that_was_spent_before_a_kill_stays_spent(self):
        issuers = ti.Issuers()
        server = TokenServer(issuers)
        self.addCleanup(server.clean)
        server.start()
        self.client = NationalClient(server, issuers)
        credentials = self.client.credentials()
        self.assert_served(credentials=credentials)
        server.kill()
        server.start()
        self.assert_unauthenticated(self.client.post(credentials=credentials), PROOF)
        self.wait_for(lambda: self.client.post().status == 200)
        self.assert_unauthenticated(self.client.post(credentials=credentials), PROOF)


if __name__ == "__main__":
    unittest.main()
