#!/usr/bin/env python3
"""How a practice's system reaches the ledger: a token that is bound to its key, a proof for each request,
a batch of co-payments, its receipts checked and kept, and the national card query.

    scripts/client_example.py --server URL --issuer URL --ca-file FILE [--organisation NUMBER] [--practice ID]

Made for scripts/sandbox, whose issuer gives a token to whoever asks. A client of HelseID proves who it is
with its registered key besides (private_key_jwt); all that follows is the same. The person is made up
(month + 80). Needs Python 3.9 and its package cryptography. Exit status 1 when something is refused.
"""

import argparse
import base64
import datetime
import hashlib
import json
import pathlib
import secrets
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHECK_RECEIPT = pathlib.Path(__file__).resolve().parent / "check_receipt.py"
PERSON = "22898595734"
PRACTICE_SCOPE = "frikort:api/practice"
QUERY_SCOPE = "hdir:frikortsporring/read"
QUERY_PATH = "/api/frikortsporring/helseid/v1"
KEY_PATH = "/api/frikortsporring/jwk"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value):
    return base64url(json.dumps(value, separators=(",", ":")).encode())


def number_of(text):
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def encrypted(text, jwk):
    """A JWE in compact form (RFC 7516): a new key for the text, and that key for whoever has the private half."""
    header = part({"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": jwk["kid"]})
    key, vector = secrets.token_bytes(32), secrets.token_bytes(12)
    public = rsa.RSAPublicNumbers(number_of(jwk["e"]), number_of(jwk["n"])).public_key()
    wrapped = public.encrypt(key, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    sealed = AESGCM(key).encrypt(vector, text, header.encode())
    return ".".join((header, *map(base64url, (wrapped, vector, sealed[:-16], sealed[-16:]))))


class ProofKey:
    """The key that tokens are bound to, and its proofs (RFC 9449). A real client makes one and keeps it."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        numbers = self.key.public_key().public_numbers()
        self.jwk = {"kty": "EC", "crv": "P-256", "x": base64url(numbers.x.to_bytes(32, "big")),
                    "y": base64url(numbers.y.to_bytes(32, "big"))}

    def proof(self, method, url, token=None):
        """For one request: the address without its query, and a new `jti`."""
        claims = {"jti": secrets.token_hex(16), "htm": method, "htu": url.split("?")[0], "iat": int(time.time())}
        if token is not None:
            claims["ath"] = base64url(hashlib.sha256(token.encode()).digest())
        signed = f"{part({'typ': 'dpop+jwt', 'alg': 'ES256', 'jwk': self.jwk})}.{part(claims)}"
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


class Client:

    def __init__(self, options):
        self.options = options
        self.context = ssl.create_default_context(cafile=options.ca_file)
        self.key = ProofKey()
        self.tokens = {}  # by scope

    def send(self, url, body=None, headers=None):
        request = urllib.request.Request(url, data=body, headers=headers or {})
        with urllib.request.urlopen(request, timeout=60, context=self.context) as answer:
            return answer.read()

    def get_token(self, scope):
        """From the token endpoint that the issuer's metadata name."""
        issuer = self.options.issuer.rstrip("/")
        endpoint = json.loads(self.send(f"{issuer}/.well-known/openid-configuration"))["token_endpoint"]
        form = {"grant_type": "client_credentials", "scope": scope}
        if self.options.organisation:
            form["organisation"] = self.options.organisation
        answer = self.send(endpoint, urllib.parse.urlencode(form).encode(), {"DPoP": self.key.proof("POST", endpoint)})
        self.tokens[scope] = json.loads(answer)["access_token"]

    def ask(self, method, path, body=None, media_type="application/json", scope=PRACTICE_SCOPE):
        """With a new token when the one we have is refused, and a new proof each time."""
        url = self.options.server + path
        for attempt in (1, 2):
            if scope not in self.tokens:
                self.get_token(scope)
            token = self.tokens[scope]
            headers = {"Authorization": f"DPoP {token}", "DPoP": self.key.proof(method, url, token)}
            if body is not None:
                headers["Content-Type"] = media_type
            try:
                return self.send(url, body, headers)
            except urllib.error.HTTPError as error:
                if error.code != 401 or attempt == 2:
                    raise
                del self.tokens[scope]
        raise AssertionError("unreachable")


def items(practice, count):
    service = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    return [{"guid": str(uuid.uuid4()), "practiceId": practice, "personId": PERSON, "serviceType": "LE",
             "serviceTime": service.isoformat(timespec="seconds"), "amountOre": 100, "paid": True}
            for _ in range(count)]


def card_query(client, day):
    """The same question as any system of the nation asks it: encrypted, and with a token of its own."""
    key = json.loads(client.send(client.options.server + KEY_PATH))
    question = {"borgerIdent": PERSON, "tjenestetypeKode": "LE", "tjenestedato": str(day)}
    body = encrypted(json.dumps(question).encode(), key)
    return client.ask("POST", QUERY_PATH, body.encode(), "application/jose", QUERY_SCOPE).decode()


def run(options):
    client = Client(options)
    body = "".join(json.dumps(item) + "\n" for item in items(options.practice, 100)).encode()
    answer = client.ask("POST", "/v1/registrations", body, "application/x-ndjson")
    results = [line for line in map(json.loads, answer.splitlines()) if "verdict" in line]
    accepted = sum(result["verdict"] == "accepted" for result in results)
    print(f"{accepted} of {len(results)} co-payments accepted")
    with tempfile.TemporaryDirectory() as folder:
        kept, keys = pathlib.Path(folder) / "answer.ndjson", pathlib.Path(folder) / "keys.json"
        kept.write_bytes(answer)  # byte for byte: the receipts are over these
        keys.write_bytes(client.send(options.server + "/.well-known/jwks.json"))
        checked = subprocess.run([sys.executable, str(CHECK_RECEIPT), str(kept), "--public-key", str(keys)],
                                 check=False)
    today = datetime.datetime.now().date()
    question = json.dumps({"personId": PERSON, "serviceType": "LE", "serviceDate": str(today)}).encode()
    print("Is the patient exempt?", client.ask("POST", "/v1/card-status", question).decode())
    print("And by the national card query?", card_query(client, today))
    return 0 if accepted == len(results) and checked.returncode == 0 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--server", "--issuer", "--ca-file"):
        parser.add_argument(name, required=True)
    parser.add_argument("--organisation")
    parser.add_argument("--practice", default="100001")
    options = parser.parse_args()
    try:
        return run(options)
    except urllib.error.HTTPError as error:
        print(f"scripts/client_example.py: {error.code}: {error.read().decode(errors='replace')}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
