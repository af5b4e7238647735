"""A client of the national card query: its tokens and proofs, and questions that are encrypted rightly or wrongly."""

import hmac
import json
import os
import re
import time

from cryptography.hazmat.primitives import hashes, padding as blocks
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import frikort_server as fs
import token_issuer as ti

QUERY = "/api/frikortsporring/helseid/v1"
SELF_TEST = QUERY + "/klientstatus"
JWK = "/api/frikortsporring/jwk"
AUDIENCE = "hdir:frikortsporring"
SCOPE = AUDIENCE + "/read"
JOSE_TYPE = "application/jose"
FIELDS = ("borgerIdent", "tjenestetypeKode", "tjenestedato")

CHILD = "helseid://claims/client/claims/orgnr_child"
PARENT = "helseid://claims/client/claims/orgnr_parent"
SUPPLIER = "helseid://claims/client/claims/orgnr_supplier"
CLIENT_NAME = "helseid://claims/client/client_name"
PID = "helseid://claims/identity/pid"
LEVEL = "helseid://claims/identity/security_level"
HPR = "helseid://claims/hpr/hpr_number"

CONTENT_KEY_BYTES = {"A128GCM": 16, "A192GCM": 24, "A256GCM": 32, "A256CBC-HS512": 64}
HEADER, WRAPPED_KEY, IV, CIPHERTEXT, TAG = range(5)


# Encryption

def padding_of(algorithm):
    if algorithm == "RSA1_5":
        return padding.PKCS1v15()
    hashed = {"RSA-OAEP": hashes.SHA1, "RSA-OAEP-256": hashes.SHA256}[algorithm]()
    return padding.OAEP(padding.MGF1(hashed), hashed, None)


def public_key_of(jwk):
    modulus, exponent = (int.from_bytes(ti.decode_part(jwk[name]), "big") for name in ("n", "e"))
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def seal(content, key, iv, plaintext, header):
    """Ciphertext and tag; the header is authenticated as it is sent."""
    if content != "A256CBC-HS512":
        sealed = AESGCM(key).encrypt(iv, plaintext, header)
        return sealed[:-16], sealed[-16:]
    padder = blocks.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key[32:]), modes.CBC(iv)).encryptor()
    sealed = encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()
    bits = (8 * len(header)).to_bytes(8, "big")
    return sealed, hmac.digest(key[:32], header + iv + sealed + bits, "sha512")[:32]


def encrypt(jwk, plaintext, header=None, *, as_sent=None, wrapping="RSA-OAEP-256", content="A256GCM", key_bytes=None,
            iv_bytes=12, tag_bytes=16):
    """A compact JWE. It is made as its header says, unless `header` (None takes a member away) or `as_sent`, the whole
    header as bytes, says something else."""
    members = ti.changed({"alg": wrapping, "enc": content, "kid": jwk["kid"]}, header)
    first = ti.base64url(json.dumps(members).encode() if as_sent is None else as_sent)
    key = os.urandom(key_bytes or CONTENT_KEY_BYTES[content])
    iv = os.urandom(16 if content == "A256CBC-HS512" else iv_bytes)
    ciphertext, tag = seal(content, key, iv, plaintext, first.encode())
    if content != "A256CBC-HS512":
        tag = tag[:tag_bytes]
    wrapped = public_key_of(jwk).encrypt(key, padding_of(wrapping))
    return ".".join([first, *map(ti.base64url, (wrapped, iv, ciphertext, tag))])


def decrypt(private_key, jwe):
    """The plaintext of a JWE that is as it should be."""
    first, wrapped, iv, ciphertext, tag = jwe.split(".")
    header = json.loads(ti.decode_part(first))
    key = private_key.decrypt(ti.decode_part(wrapped), padding_of(header["alg"]))
    return AESGCM(key).decrypt(ti.decode_part(iv), ti.decode_part(ciphertext) + ti.decode_part(tag), first.encode())


def with_part(jwe, part, data):
    """Another part in the place of one; the rest is as it was."""
    parts = jwe.split(".")
    parts[part] = ti.base64url(data)
    return ".".join(parts)


def with_bit_changed(jwe, part, byte=0):
    data = bytearray(ti.decode_part(jwe.split(".")[part]))
    data[byte] ^= 1
    return with_part(jwe, part, bytes(data))


# Requests

def question(person=ti.CITIZEN, kind="LE", day=None):
    return dict(zip(FIELDS, (person, kind, str(day or fs.oslo_today()))))


class NationalClient:
    """Without issuers it has neither tokens nor proofs: for `--auth none`."""

    def __init__(self, server, issuers=None):
        self.server, self.issuers = server, issuers
        self.jwk = None
        self.plaintext = b""  # of the last question
        self.sent = {}, b""  # headers and body of the last request

    def fetch_key(self):
        """Keeps it, as clients may; gives it."""
        reply = self.server.get(JWK)
        if reply.status != 200:
            raise AssertionError(f"the key: {reply.status} {reply.body[:500]!r}")
        self.jwk = reply.json()
        return self.jwk

    def encrypt(self, plaintext=None, header=None, **knobs):
        """Of an object, or of bytes as they are."""
        if not isinstance(plaintext, bytes):
            plaintext = fs.compact(question() if plaintext is None else plaintext).encode()
        self.plaintext = plaintext
        return encrypt(self.jwk or self.fetch_key(), plaintext, header, **knobs).encode()

    def token(self, claims=None, header=None, key=None):
        """Of a machine of the practice, bound to the client's key."""
        now = int(time.time())
        return self.issuers.token(ti.HELSEID, {
            "aud": AUDIENCE, "scope": [SCOPE], "iat": now - 10, "nbf": now - 10, "client_amr": "private_key_jwt",
            CLIENT_NAME: "Syntetisk journalsystem", CHILD: ti.PRACTICE_ORGANISATION, PARENT: ti.PRACTICE_ORGANISATION,
            "cnf": {"jkt": self.issuers.client.thumbprint()}, **(claims or {})}, header, key)

    def proof(self, token, claims=None, header=None, key=None, path=QUERY, origin=ti.ORIGIN):
        return self.issuers.proof("POST", path, token, claims, header, key, origin)

    def credentials(self, token=None, path=QUERY, **changes):
        """A token and a proof for it, which is changed."""
        if self.issuers is None:
            return {}
        token = token or self.token()
        return {"Authorization": f"DPoP {token}", "DPoP": self.proof(token, path=path, **changes)}

    def prepare(self, body=None, credentials=None, headers=None, path=QUERY):
        """Headers and body of a right request, but for what is told. A header that is None is left out."""
        if body is None:
            body = self.encrypt()
        if credentials is None:
            credentials = self.credentials(path=path)
        headers = ti.changed({"Content-Type": JOSE_TYPE, **credentials}, headers)
        self.sent = headers, body
        return headers, body

    def post(self, body=None, credentials=None, headers=None, path=QUERY, query=""):
        headers, body = self.prepare(body, credentials, headers, path)
        return self.server.request("POST", path + query, body, headers)

    def post_on(self, connection, **parts):
        """On a connection that stays open."""
        headers, body = self.prepare(**parts)
        connection.request("POST", parts.get("path", QUERY), body, headers)
        answer = connection.getresponse()
        return fs.Reply(answer.status, answer.headers, answer.read())

    def raw(self, fields, body=None, path=QUERY):
        """With the fields of the head as lines, right or not; the length of the body is added."""
        body = self.encrypt() if body is None else body
        self.sent = {"fields": fields}, body
        head = f"POST {path} HTTP/1.1\r\n{fields}Content-Type: {JOSE_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
        return self.server.raw(head.encode() + body)

    def ask(self, person, kind="LE", day=None):
        return self.post(self.encrypt(question(person, kind, day)))

    def values_sent(self):
        """What no answer to the last request may repeat: parts of token, proof and body, and what was encrypted."""
        headers, body = self.sent
        text = " ".join([*(headers.get(name, "") for name in ("Authorization", "DPoP", "fields")),
                         body.decode("latin-1")])
        plain = self.plaintext.decode("latin-1")
        values = {*re.findall(r"[A-Za-z0-9_-]{16,}|(?<![\w-])\d{9,}", text), *re.findall(r':\s*"([^"]{4,})"', plain),
                  *re.findall(r"\d{4}-\d\d-\d\d|\d{8,}", plain)}
        # A short one may stand in an identifier or a time by chance.
        return {value for value in values - set(FIELDS) if not re.fullmatch(r"[0-9a-fA-F-]{,7}", value)}
