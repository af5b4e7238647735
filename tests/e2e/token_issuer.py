"""Issuers of tokens with keys made for a test, in the shapes of the three national ones, and proofs of clients."""

import base64
import copy
import hashlib
import json
import secrets
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

HELSEID = "https://helseid.test"
MASKINPORTEN = "https://maskinporten.test/"
IDPORTEN = "https://idporten.test"
ORIGIN = "https://frikort.test"
AUDIENCE = "frikort:api"
PRACTICE_ORGANISATION = "309538919"
OPERATOR_ORGANISATION = "974761076"
PRACTICE = "100001"
PRACTICE_NAME = "Legekontoret Åsen"
CITIZEN = "05859047760"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode_part(value):
    return base64url(json.dumps(value).encode())


def encode_number(number, size=None):
    return base64url(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


class RsaKey:
    algorithm = "RS256"

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def public_jwk(self):
        numbers = self.key.public_key().public_numbers()
        return {"kty": "RSA", "e": encode_number(numbers.e), "n": encode_number(numbers.n)}

    def sign(self, data):
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())


class CurveKey:
    algorithm = "ES256"

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())

    def public_jwk(self):
        numbers = self.key.public_key().public_numbers()
        return {"crv": "P-256", "kty": "EC", "x": encode_number(numbers.x, 32), "y": encode_number(numbers.y, 32)}

    def thumbprint(self):
        canonical = json.dumps(self.public_jwk(), sort_keys=True, separators=(",", ":"))
        return base64url(hashlib.sha256(canonical.encode()).digest())

    def sign(self, data):
        r, s = utils.decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def pem(self):
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption())


def sign_jws(key, header, payload):
    signed = f"{encode_part(header)}.{encode_part(payload)}"
    return f"{signed}.{base64url(key.sign(signed.encode()))}"


def changed(values, changes):
    """`None` takes a member away."""
    values = {**copy.deepcopy(values), **(changes or {})}
    return {name: value for name, value in values.items() if value is not None}


class Issuers:
    """The keys of all three issuers, and of one client."""

    def __init__(self):
        self.keys = {HELSEID: RsaKey(), MASKINPORTEN: RsaKey(), IDPORTEN: RsaKey()}
        self.client = CurveKey()

    def key_set(self, issuer, key_id="key-1", key=None):
        return json.dumps({"keys": [{**(key or self.keys[issuer]).public_jwk(), "kid": key_id, "use": "sig"}]})

    def token(self, issuer, claims=None, header=None, key=None):
        key = key or self.keys[issuer]
        now = int(time.time())
        base = {"iss": issuer, "aud": AUDIENCE, "iat": now, "exp": now + 600, "client_id": "client-1",
                "jti": secrets.token_hex(8)}
        first = {"alg": key.algorithm, "kid": "key-1"}
        if issuer == HELSEID:
            first["typ"] = "at+jwt"
        return sign_jws(key, changed(first, header), changed(base, claims))

    def of_practice(self, claims=None, header=None, key=None):
        """Bound to the client's key."""
        return self.token(HELSEID, {
            "scope": ["frikort:api/practice"], "cnf": {"jkt": self.client.thumbprint()},
            "helseid://claims/client/claims/orgnr_child": PRACTICE_ORGANISATION, **(claims or {})}, header, key)

    def of_machine(self, scope, organisation=OPERATOR_ORGANISATION, claims=None, header=None, key=None):
        consumer = {"authority": "iso6523-actorid-upis", "ID": f"0192:{organisation}"}
        return self.token(MASKINPORTEN, {"scope": scope, "consumer": consumer, **(claims or {})}, header, key)

    def of_citizen(self, claims=None):
        return self.token(IDPORTEN, {"scope": "openid frikort:api/citizen", "pid": CITIZEN,
                                     "acr": "idporten-loa-high", **(claims or {})})

    def proof(self, method, path, token, claims=None, header=None, key=None, origin=ORIGIN):
        key = key or self.client
        base = {"jti": secrets.token_hex(16), "htm": method, "htu": origin + path.split("?")[0],
                "iat": int(time.time()), "ath": base64url(hashlib.sha256(token.encode()).digest())}
        first = {"alg": key.algorithm, "typ": "dpop+jwt", "jwk": key.public_jwk()}
        return sign_jws(key, changed(first, header), changed(base, claims))

    def headers_of_practice(self, method, path, token=None, **changes):
        token = token or self.of_practice()
        return {"Authorization": f"DPoP {token}", "DPoP": self.proof(method, path, token, **changes)}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}
