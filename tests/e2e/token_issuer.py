"""Issuers of tokens with keys made for a test, in the shapes of the three national ones, and proofs of clients."""

import base64
import copy
import hashlib
import hmac
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


def decode_part(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encode_number(number, size=None):
    return base64url(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


def hash_of(algorithm):
    return {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}[algorithm[2:]]()


class RsaKey:

    def __init__(self, algorithm="RS256", bits=2048):
        self.algorithm = algorithm
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=bits)

    def with_algorithm(self, algorithm):
        """The same key, used in another way."""
        other = copy.copy(self)
        other.algorithm = algorithm
        return other

    def public_jwk(self):
        numbers = self.key.public_key().public_numbers()
        return {"kty": "RSA", "e": encode_number(numbers.e), "n": encode_number(numbers.n)}

    def thumbprint(self):
        return thumbprint_of(self.public_jwk())

    def sign(self, data):
        hashed = hash_of(self.algorithm)
        if self.algorithm.startswith("PS"):
            return self.key.sign(data, padding.PSS(padding.MGF1(hashed), hashed.digest_size), hashed)
        return self.key.sign(data, padding.PKCS1v15(), hashed)


class CurveKey:
    CURVES = {"ES256": ("P-256", ec.SECP256R1, 32), "ES384": ("P-384", ec.SECP384R1, 48),
              "ES512": ("P-521", ec.SECP521R1, 66)}

    def __init__(self, algorithm="ES256"):
        self.algorithm = algorithm
        self.name, curve, self.size = self.CURVES[algorithm]
        self.key = ec.generate_private_key(curve())

    def public_jwk(self):
        numbers = self.key.public_key().public_numbers()
        return {"crv": self.name, "kty": "EC", "x": encode_number(numbers.x, self.size),
                "y": encode_number(numbers.y, self.size)}

    def thumbprint(self):
        return thumbprint_of(self.public_jwk())

    def sign_der(self, data):
        return self.key.sign(data, ec.ECDSA(hash_of(self.algorithm)))

    def sign(self, data):
        r, s = utils.decode_dss_signature(self.sign_der(data))
        return r.to_bytes(self.size, "big") + s.to_bytes(self.size, "big")

    def pem(self):
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption())


class SecretKey:
    """HMAC with bytes that somebody else may know, too."""
    algorithm = "HS256"

    def __init__(self, secret):
        self.secret = secret

    def public_jwk(self):
        return {}

    def sign(self, data):
        return hmac.digest(self.secret, data, "sha256")


def thumbprint_of(jwk):
    return base64url(hashlib.sha256(json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()).digest())


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
        self.key_ids = dict.fromkeys(self.keys, "key-1")
        self.client = CurveKey()
        self.further_keys = {}  # by issuer: JWKs that are published, too

    def public_key(self, issuer, key_id=None, key=None):
        key = key or self.keys[issuer]
        return {**key.public_jwk(), "kid": key_id or self.key_ids[issuer], "use": "sig", "alg": key.algorithm}

    def key_set(self, issuer, key_id=None, key=None):
        first = self.public_key(issuer, key_id, key)
        return json.dumps({"keys": [first, *self.further_keys.get(issuer, ())]})

    def rotate(self, issuer):
        """Another key signs; those before it are still published. Gives its id."""
        self.further_keys.setdefault(issuer, []).append(self.public_key(issuer))
        self.keys[issuer] = RsaKey()
        self.key_ids[issuer] = f"key-{len(self.further_keys[issuer]) + 1}"
        return self.key_ids[issuer]

    def token(self, issuer, claims=None, header=None, key=None):
        key = key or self.keys[issuer]
        now = int(time.time())
        base = {"iss": issuer, "aud": AUDIENCE, "iat": now, "exp": now + 600, "client_id": "client-1",
                "jti": secrets.token_hex(8)}
        first = {"alg": key.algorithm, "kid": self.key_ids[issuer]}
        if issuer == HELSEID:
            first["typ"] = "at+jwt"
        return sign_jws(key, changed(first, header), changed(base, claims))

    def publish_unusable_keys(self, issuer, *more):
        """Keys that no token may be signed with, or not as it says, in the issuer's set; gives the two that sign."""
        curve, weak = CurveKey(), RsaKey(bits=1024)
        self.further_keys[issuer] = [
            {**self.keys[issuer].public_jwk(), "kid": "for-encryption", "use": "enc"},
            {**curve.public_jwk(), "kid": "curve"}, {**weak.public_jwk(), "kid": "weak"},
            {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"}, *more]
        return curve, weak

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
