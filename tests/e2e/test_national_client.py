"""The helpers of the national card query themselves, with published values. Needs no server."""

import email.message
import hashlib
import json
import time
import unittest

import frikort_server as fs
import national_client as nc
import token_issuer as ti
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from national_case import PROOF, NationalAnswers
from national_client import NationalClient, question

CLIENT_KEY = {"crv": "P-256", "kty": "EC", "x": "AXBEkjyEc0eLLXGnz4mkLBiDvZ841AwUvVxIGjpiMws",
              "y": "qOe9jIBuK1XHijMZnS3e7sR_igHLh9cdvVkZeQVNBsc"}
THUMBPRINT = "GueqilEBPdmzg1JeiW6reuSybTunMi6KPF_aXcE0vkc"
TOKEN = "eyJzeW50ZXRpc2siOnRydWV9.e30.AAAA"
PROOF_OF_TOKEN = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4IjoiQVhCRWtqeUVjMGVMTFhHbn"
    "o0bWtMQmlEdlo4NDFBd1V2VnhJR2pwaU13cyIsInkiOiJxT2U5aklCdUsxWEhpak1ablMzZTdzUl9pZ0hMaDljZHZWa1plUVZOQnNjIn19.eyJqdGk"
    "iOiI0ZjBjOWQyZS02YTFiLTRjM2QtOGU1Zi03YTliMGMxZDJlM2YiLCJodG0iOiJQT1NUIiwiaHR1IjoiaHR0cHM6Ly9mcmlrb3J0LmV4YW1wbGUvY"
    "XBpL2ZyaWtvcnRzcG9ycmluZy9oZWxzZWlkL3YxIiwiaWF0IjoxNzk1OTAwMDAwLCJhdGgiOiJkVXhPVVBxSFoyS1o3ZGxnUVNlOXZhVHlDMXZFb09"
    "mV2lMazRuU1dkYmFZIn0.HPg33bDM-2H7grISh_aiVktn6iztCediQ-09SKb-djCcjnoV0oBG39sMvtwEWReCvJoVVcp9-qhP8OF3BVecVQ")
PRIMES = (
    "wqCYkRVeLcQXTgLukHKEGjH1L63qd6H2fdY3qgC1OfBjFjjyzdDkimUEKFaGP2J5d4Zdo59WE8R2oKb7GEokun1xyavUrJ2539d7EUQJFXPI2gVV4"
    "vSGSEmusvGw0QdvIjI_opujGpPxZZB1fZxMkVTOmT-OEWnWEALtwg0LpB0",
    "v2R8ODuADaVrNfucX7zOveM-GDZxrI_rGWtL7y2yjx1nyBNHNQgTtnzQky0UbppGcECQ9A09SdgpN87ajebWHir_l5pNsaTMYi3pM002iSTm7Efv1"
    "R6nIsjBdDatggr0VcLs-GNuip7sg-wlKyvAsqcnIUO0M65RPLSIBs4pPu0")
PLAINTEXT = b'{"borgerIdent":"22898595734","tjenestetypeKode":"FT","tjenestedato":"2026-11-27"}'
JWE = (
    "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiZnJpa29ydC1lbmMtMjAyNjExMDEtMSJ9.gAWJwuMMUgQ8MrnNc3Rvf"
    "DTgiPuXM2un6gIQ52Fe4ZpXAzWJhHAuM6PWNIi5q1djUAKuxllFsC8rXvOO78ClZitqDfCYL6reJHahi3g87cu1IaFS7q48IR8GjliK0RQVMCyzWGu"
    "d0A4tuWk3XZ60NJ134ZgCOdqcnX63n9-20tkEK7GxH114DoQuxcqzVh3ijejB1P1qExpYClWbSD4Nurn1dDYOCqnbJ8XA32rn5H2qksbGiXLdl3ZOw"
    "IqVi4iDtn5XjHatkHDfvV16onQEUxGdj-Ya4n8t02fyECc5mgHq7Z42CXJg0kEFVgYtOKxkcmK9lg485r5VORwmOZgJxw.n2UFC4IVomTa0oeu.GUZ"
    "4GTWx2H0NJbWceTt4KfFJXS0QaPeqgZzIG5DXyM9Xgm-kgBg4C-lpFDUvm8Y18teiEF0kYmaKkE1hAHkYJAlWFp9srHzw3Wx1ROYDkih1.z9jCq7nG"
    "lCtQR8LmjIPfbg")


def published_key():
    p, q = (int.from_bytes(ti.decode_part(prime), "big") for prime in PRIMES)
    d = pow(65537, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q),
                                    rsa.RSAPublicNumbers(65537, p * q))
    return numbers.private_key()


class EncryptionTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.key = ti.RsaKey()
        cls.jwk = {**cls.key.public_jwk(), "kid": "k"}

    def test_the_published_question_opens(self):
        self.assertEqual(nc.decrypt(published_key(), JWE), PLAINTEXT)
        self.assertEqual(PLAINTEXT, fs.compact(question("22898595734", "FT", "2026-11-27")).encode())

    def test_what_is_made_opens(self):
        for header in (None, {"cty": "JWT"}):
            jwe = nc.encrypt(self.jwk, PLAINTEXT, header)
            self.assertEqual(nc.decrypt(self.key.key, jwe), PLAINTEXT)
            self.assertEqual([len(ti.decode_part(part)) for part in jwe.split(".")[1:]], [256, 12, len(PLAINTEXT), 16])

    def test_wrong_ones_are_wrong_in_one_way(self):
        """Who looks away from that one fault can open them."""
        opened = [nc.encrypt(self.jwk, PLAINTEXT, **knobs) for knobs in (
            {"wrapping": "RSA-OAEP"}, {"wrapping": "RSA1_5"}, {"content": "A128GCM"}, {"content": "A192GCM"},
            {"key_bytes": 16}, {"iv_bytes": 16})]
        for jwe in opened:
            self.assertEqual(nc.decrypt(self.key.key, jwe), PLAINTEXT)
        self.assertEqual([len(ti.decode_part(opened[-1].split(".")[nc.IV])), opened[-1].count(".")], [16, 4])
        self.assertEqual(len(ti.decode_part(nc.encrypt(self.jwk, b"", tag_bytes=12).split(".")[nc.TAG])), 12)
        sent = nc.encrypt(self.jwk, PLAINTEXT, as_sent=b'{"alg":"RSA-OAEP-256"} ')
        self.assertEqual(ti.decode_part(sent.split(".")[nc.HEADER]), b'{"alg":"RSA-OAEP-256"} ')

    def test_hash_and_block_cipher(self):
        """The published example of AES_256_CBC_HMAC_SHA_512."""
        sealed, tag = nc.seal(
            "A256CBC-HS512", bytes(range(64)), bytes.fromhex("1af38c2dc2b96ffdd86694092341bc04"),
            b"A cipher system must not be required to be secret, and it must be able to fall into the hands of "
            b"the enemy without inconvenience", b"The second principle of Auguste Kerckhoffs")
        self.assertTrue(sealed.hex().startswith("4affaaadb78c31c5da4b1b590d10ffbd"))
        self.assertEqual(tag.hex(), "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5")

    def test_one_bit(self):
        jwe = nc.encrypt(self.jwk, PLAINTEXT)
        for part in (nc.IV, nc.CIPHERTEXT, nc.TAG):
            for byte in (0, -1):
                changed = nc.with_bit_changed(jwe, part, byte)
                self.assertEqual([a == b for a, b in zip(jwe.split("."), changed.split("."))].count(False), 1)
                with self.assertRaises(InvalidTag):
                    nc.decrypt(self.key.key, changed)


class ProofTest(unittest.TestCase):

    def test_published_hashes(self):
        self.assertEqual(ti.thumbprint_of(CLIENT_KEY), THUMBPRINT)
        claims = json.loads(ti.decode_part(PROOF_OF_TOKEN.split(".")[1]))
        self.assertEqual(claims["ath"], ti.base64url(hashlib.sha256(TOKEN.encode()).digest()))
        self.assertEqual(claims["htu"], "https://frikort.example" + nc.QUERY)

    def test_published_proof(self):
        signed, _, signature = PROOF_OF_TOKEN.rpartition(".")
        pair = ti.decode_part(signature)
        r, s = (int.from_bytes(half, "big") for half in (pair[:32], pair[32:]))
        x, y = (int.from_bytes(ti.decode_part(CLIENT_KEY[name]), "big") for name in ("x", "y"))
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        key.verify(utils.encode_dss_signature(r, s), signed.encode(), ec.ECDSA(hashes.SHA256()))

    def test_credentials_are_bound_to_each_other(self):
        issuers = ti.Issuers()
        credentials = NationalClient(None, issuers).credentials(path=nc.SELF_TEST)
        token = credentials["Authorization"].removeprefix("DPoP ")
        header, claims = (json.loads(ti.decode_part(part)) for part in credentials["DPoP"].split(".")[:2])
        bound = json.loads(ti.decode_part(token.split(".")[1]))
        self.assertEqual(ti.thumbprint_of(header["jwk"]), bound["cnf"]["jkt"])
        self.assertEqual((claims["htm"], claims["htu"]), ("POST", ti.ORIGIN + nc.SELF_TEST))
        self.assertEqual((bound["aud"], bound["scope"]), (nc.AUDIENCE, [nc.SCOPE]))


class AnswersTest(NationalAnswers, unittest.TestCase):
    """What the checks let pass and what they do not."""

    ID = "6f1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
    CHALLENGE = ('DPoP error="invalid_dpop_proof", error_description="htu", '
                 'algs="ES256 ES384 ES512 PS256 PS384 PS512 RS256 RS384 RS512"')

    def setUp(self):
        self.client = NationalClient(None, ti.Issuers())
        self.client.jwk = {**ti.RsaKey().public_jwk(), "kid": "k"}
        self.client.prepare()

    def reply(self, status, value, **headers):
        message = email.message.Message()
        for name, text in {"Content-Type": fs.JSON_TYPE, "Correlation-Id": self.ID, **headers}.items():
            message[name] = text
        return fs.Reply(status, message, value if isinstance(value, bytes) else fs.compact(value).encode())

    def error(self, **changes):
        return ti.changed({"correlationId": self.ID, "feilkode": "AUTENTISERING_FEILET",
                           "melding": "DPoP-beviset gjelder en annen adresse.",
                           "timestamp": str(int(time.time() * 1000))}, changes)

    def test_errors(self):
        right = {"WWW-Authenticate": self.CHALLENGE}
        self.assert_unauthenticated(self.reply(401, self.error(), **right), PROOF)
        for changes in ({"timestamp": int(time.time() * 1000)}, {"timestamp": str(int(time.time()))},
                        {"timestamp": None}, {"correlationId": self.ID[:-1] + "e"}, {"feilkode": "INGEN_TILGANG"},
                        {"more": ""},
                        {"melding": ""}, {"melding": ti.CITIZEN}, {"melding": str(fs.oslo_today())},
                        {"melding": self.client.sent[0]["DPoP"].split(".")[1]}):
            with self.subTest(changes), self.assertRaises(AssertionError):
                self.assert_unauthenticated(self.reply(401, self.error(**changes), **right), PROOF)
        for headers in ({}, {"WWW-Authenticate": "Bearer"}, {"WWW-Authenticate": 'DPoP error="invalid_token"'},
                        {**right, "Content-Type": "application/problem+json"}, {**right, "Correlation-Id": "x"}):
            with self.subTest(headers), self.assertRaises((AssertionError, KeyError, ValueError)):
                self.assert_unauthenticated(self.reply(401, self.error(), **headers), PROOF)

    def test_names_that_are_told(self):
        bad = self.error(feilkode="UGYLDIG_REQUEST", melding="Feltet 'tjenestedato' mangler.")
        self.assert_bad_request(self.reply(400, bad), "tjenestedato")
        for name in (None, "borgerIdent"):
            with self.assertRaises(AssertionError):
                self.assert_bad_request(self.reply(400, bad), name)

    def test_answers(self):
        headers = {"Cache-Control": "no-store"}
        self.assert_answer(self.reply(200, {"harEgenandelsfritak": False}, **headers), False)
        for value in (b'{"harEgenandelsfritak": true}', b"{}", b'{"harEgenandelsfritak":true}'):
            with self.assertRaises(AssertionError):
                self.assert_answer(self.reply(200, value, **headers), False)


if __name__ == "__main__":
    unittest.main()
