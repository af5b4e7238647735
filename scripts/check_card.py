#!/usr/bin/env python3
"""Checks an exemption card off line: its token, and whether it is the card of the person with a number.

    scripts/check_card.py TOKEN --public-key FILE [--number-file FILE] [--issuer URL] [--at TIME]

TOKEN is what `POST /v1/persons/card` gave, or what the QR code of a card says; `-` reads it from the first line of
standard input. The national number is asked for on a terminal, else it is the next line of standard input; --number-file
takes it from a file. It is never an argument: everybody on a machine sees those.

FILE has the public key that the checker keeps: 64 hexadecimal digits, PEM, or a JWK set as the service gives it at
/.well-known/jwks.json. --issuer says which service the card must be of. --at checks as of another time (RFC 3339).

Exit status: 0 the card is valid and is this person's, 1 it is refused, 2 wrong usage, 3 could not run. Shares no code
with the program. Needs Python 3.9 and its package cryptography.
"""

import argparse
import base64
import datetime
import getpass
import hashlib
import hmac
import json
import re
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

TOKEN_BYTES_MAX = 4096
# A clock may be so much ahead of the one that issued the card.
LEEWAY = datetime.timedelta(minutes=5)
UTC = datetime.timezone.utc


class Refusal(Exception):
    """Why the card is not taken."""


class Unusable(Exception):
    """Why nothing can be checked."""


# --- public keys ---

def raw(key):
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(key):
    return hashlib.sha256(raw(key)).hexdigest()[:16]


def key_of_jwk(jwk):
    """None when it is a key of another kind."""
    if not isinstance(jwk, dict) or jwk.get("kty") != "OKP" or jwk.get("crv") != "Ed25519":
        return None
    return Ed25519PublicKey.from_public_bytes(decoded(jwk.get("x", ""), Unusable("a key of the set is damaged")))


def keys_of(text):
    """Public keys by their ids."""
    text = text.strip()
    try:
        if re.fullmatch(r"[0-9a-fA-F]{64}", text):
            keys = [Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))]
        elif text.startswith("{"):
            keys = [key for key in map(key_of_jwk, json.loads(text)["keys"]) if key]
        else:
            keys = [load_pem_public_key(text.encode())]
            if not isinstance(keys[0], Ed25519PublicKey):
                raise Unusable("the public key is not one of Ed25519")
    except (ValueError, KeyError, TypeError):
        raise Unusable("the file of the public key has neither 64 hexadecimal digits, nor PEM, nor a JWK set") from None
    if not keys:
        raise Unusable("the JWK set has no key of Ed25519")
    return {key_id(key): key for key in keys}


# --- the token ---

def decoded(text, problem):
    """Base64url without padding, in its one spelling."""
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise problem
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise problem from None
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise problem
    return data


def no_repetition(members):
    names = [name for name, _ in members]
    if len(set(names)) != len(names):
        raise ValueError("a member is there twice")
    return dict(members)


def json_object(data, what):
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=no_repetition)
    except (ValueError, RecursionError):
        raise Refusal(f"the {what} of the token is not JSON") from None
    if not isinstance(value, dict):
        raise Refusal(f"the {what} of the token is not a JSON object")
    return value


def signed_claims(token, keys):
    """The claims, after the signature has been found good."""
    parts = token.split(".")
    if len(token) > TOKEN_BYTES_MAX or len(parts) != 3:
        raise Refusal("this is not a token of a card: three parts with dots between them")
    header, payload, signature = (decoded(part, Refusal("a part of the token is not base64url")) for part in parts)
    head = json_object(header, "header")
    if head.get("alg") != "EdDSA" or head.get("typ") != "frikort+jwt" or "crit" in head:
        raise Refusal("the token is not one of a card: it wants alg EdDSA and typ frikort+jwt")
    key = keys.get(head.get("kid")) if isinstance(head.get("kid"), str) else None
    if key is None:
        raise Refusal("the token is signed with another key than the one given")
    try:
        key.verify(signature, f"{parts[0]}.{parts[1]}".encode())
    except InvalidSignature:
        raise Refusal("the signature is wrong: the token was changed, or somebody else made it") from None
    return json_object(payload, "payload")


def text_claim(claims, name, pattern):
    value = claims.get(name)
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise Refusal(f"the claim {name} is missing or malformed")
    return value


def integer_claim(claims, name):
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**40:
        raise Refusal(f"the claim {name} is missing or malformed")
    return value


def date_claim(claims, name):
    try:
        return datetime.date.fromisoformat(text_claim(claims, name, r"\d{4}-\d{2}-\d{2}"))
    except ValueError:
        raise Refusal(f"the claim {name} is not a date") from None


def year_end(year):
    """Midnight in Oslo, where clocks are an hour ahead in winter."""
    return datetime.datetime(year, 12, 31, 23, tzinfo=UTC)


def check_times(claims, now):
    year = integer_claim(claims, "year")
    if not 2010 <= year <= 2199:
        raise Refusal("the claim year is out of bounds")
    end = year_end(year)
    if integer_claim(claims, "exp") != int(end.timestamp()):
        raise Refusal("the card does not expire with its year")
    if date_claim(claims, "validTo") != datetime.date(year, 12, 31):
        raise Refusal("the card is not valid to the end of its year")
    if date_claim(claims, "entitledFrom").year != year:
        raise Refusal("the day from which the card entitles is not of its year")
    if integer_claim(claims, "iat") > (now + LEEWAY).timestamp():
        raise Refusal("the token was issued in the future")
    if now >= end:
        raise Refusal(f"the card has expired: it was valid to {year}-12-31")


def check_number(claims, number):
    salt = bytes.fromhex(text_claim(claims, "cardId", r"[0-9a-f]{32}"))
    check = decoded(text_claim(claims, "numberCheck", r"[A-Za-z0-9_-]{22}"), Refusal("the claim numberCheck is malformed"))
    mine = hashlib.scrypt(number.encode(), salt=salt, n=16384, r=8, p=1, maxmem=64 << 20, dklen=16)
    if not hmac.compare_digest(check, mine):
        raise Refusal("the card is of another person: the national number is not the one it was made for")


def check(token, keys, number, now, issuer=None):
    """The claims of a card that is to be believed. Raises Refusal."""
    claims = signed_claims(token, keys)
    issued_by = text_claim(claims, "iss", r"\S{1,512}")
    if issuer is not None and issued_by != issuer:
        raise Refusal("the card was issued by another service")
    check_times(claims, now)
    check_number(claims, number)
    return claims


# --- the command ---

def read_line(what):
    line = sys.stdin.readline(TOKEN_BYTES_MAX + 2)
    if not line.strip():
        raise Unusable(f"standard input has no {what}")
    return line.strip()


def read_number(options):
    if options.number_file:
        with open(options.number_file, encoding="ascii") as file:
            number = file.read(64).strip()
    elif sys.stdin.isatty():
        number = getpass.getpass("National number: ").strip()
    else:
        number = read_line("national number")
    if not re.fullmatch(r"\d{11}", number, re.ASCII):
        raise Unusable("a national number has eleven digits")
    return number


def time_of(text):
    try:
        time = datetime.datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text))
    except ValueError:
        raise argparse.ArgumentTypeError("a time as RFC 3339 says: 2026-12-31T12:00:00+01:00") from None
    if time.tzinfo is None:
        raise argparse.ArgumentTypeError("a time with an offset, such as +01:00")
    return time


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0], epilog=__doc__.split("\n\n", 2)[2],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("token", help="the token, or - for the first line of standard input")
    parser.add_argument("--public-key", required=True, metavar="FILE", help="64 hexadecimal digits, PEM or a JWK set")
    parser.add_argument("--number-file", metavar="FILE", help="a file with the national number")
    parser.add_argument("--issuer", metavar="URL", help="the service that must have issued the card")
    parser.add_argument("--at", type=time_of, metavar="TIME", help="check as of this time instead of now")
    options = parser.parse_args()
    try:
        with open(options.public_key, encoding="ascii") as file:
            keys = keys_of(file.read())
        token = read_line("token") if options.token == "-" else options.token.strip()
        number = read_number(options)
        claims = check(token, keys, number, options.at or datetime.datetime.now(UTC), options.issuer)
    except Refusal as refusal:
        print(f"refused: {refusal}")
        return 1
    except (OSError, UnicodeDecodeError, Unusable) as error:
        print(f"check_card: could not run: {error}", file=sys.stderr)
        return 3
    print(f"valid: card {claims['cardId']} of {claims['year']} is of the person with this number; it exempts from "
          f"{claims['entitledFrom']} to {claims['validTo']}; issued by {claims['iss']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
