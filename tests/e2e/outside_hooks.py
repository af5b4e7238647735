"""What Schemathesis cannot take from the two API descriptions: which values mean something to a ledger, how bodies that
are not JSON are made, who asks, and which of its findings are none. outside_tools.py names this file to it."""

import datetime
import json
import os
import pathlib
import ssl
import urllib.request

import schemathesis
from cryptography.hazmat.primitives import serialization
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import RejectedPositiveData

import frikort_server as fs
import national_client as nc
import token_issuer as ti
from frikort_server.national_numbers import synthetic_number

SETTINGS = json.loads(pathlib.Path(os.environ["FRIKORT_OUTSIDE_SETTINGS"]).read_text(encoding="utf-8"))
TODAY = fs.oslo_today()
DAYS = [str(TODAY - datetime.timedelta(days=days)) for days in (0, 40, 400)]
# Few persons, so that they come to have something.
PERSONS = [synthetic_number(i) for i in range(12)]
GUIDS = [f"5f1c7a52-0d3e-4b5e-9a51-6f0d8c2b7{i:03}" for i in range(30)]
TIMES = [fs.oslo_text(TODAY - datetime.timedelta(days=days)) for days in (1, 2, 30, 90, 340)]
# A pattern knows no check digits, and hardly ever finds a day that is one.
ONLY = {"PersonId": PERSONS}
ALSO = {"Time": TIMES, "PracticeId": [ti.PRACTICE, SETTINGS["practice"]]}
SENT = {"guid": {"enum": GUIDS}, "receivedTime": {"enum": [fs.oslo_text(TODAY)]}}
YEAR = {"year": {"type": "integer", "minimum": min(fs.CEILING), "maximum": max(fs.CEILING)}}
MEMBERS = {"Copayment": {**SENT, "serviceTime": {"enum": TIMES}}, "FollowUp": SENT, "AccountQuestion": YEAR,
           "CardInHandQuestion": YEAR, "DossierQuestion": YEAR, "CardQuestion": {"serviceDate": {"enum": DAYS}},
           "Question": {"borgerIdent": {"enum": PERSONS}, "tjenestedato": {"enum": DAYS}}}

# Answered with 200 and a verdict for each item.
ITEM_BY_ITEM = {"/v1/registrations", "/v1/card-status/batch", "/v1/person-events", "/v1/practice-events"}
# Why a request is refused that fits its schema: what no schema says, or what this one leaves to the text.
UNSAID = {
    "INVALID_CURSOR": "not one that an answer has given",
    "INVALID_RANGE": "`to` before `from`, or too far from it",
    "INVALID_FROM": "not there, but `to`",
    "INVALID_TO": "not there, but `from`",
    "INVALID_AS_OF": "two moments at once, or a position of another ledger",
    "INVALID_GUID": "of a lookup, which tells which of them is none",
    "INVALID_YEAR": "2026.0 is an integer to JSON Schema",
    "INVALID_LIMIT": "likewise",
    "INVALID_PERSON_REFS": "likewise",
}


# The documents

def contents(raw):
    """Each body of a request or an answer, by media type."""
    for methods in raw["paths"].values():
        for operation in methods.values():
            for part in (operation.get("requestBody", {}), *operation["responses"].values()):
                yield from part.get("content", {}).values()


def describe_inside(content):
    """The tool sees lines as an array, and what is encrypted as it is before."""
    if "x-line-schema" in content:
        content["schema"] = {"type": "array", "items": content["x-line-schema"]}
    if "x-decrypted-schema" in content:
        content["schema"] = content["x-decrypted-schema"]
    if "x-line-schema" in content or "x-decrypted-schema" in content:
        content.pop("examples", None)


@schemathesis.hook
def before_load_schema(_context, raw_schema):
    for content in contents(raw_schema):
        describe_inside(content)
    schemas = raw_schema["components"]["schemas"]
    for name in ONLY.keys() & schemas.keys():
        schemas[name] = {"enum": ONLY[name]}
    for name in ALSO.keys() & schemas.keys():
        schemas[name] = {"anyOf": [{"enum": ALSO[name]}, schemas[name]]}
    for name in MEMBERS.keys() & schemas.keys():
        schemas[name]["properties"] |= MEMBERS[name]


# Bodies

@schemathesis.serializer(fs.NDJSON_TYPE)
def write_lines(_context, value):
    return b"".join(fs.compact(line).encode() + b"\n" for line in (value if isinstance(value, list) else [value]))


@schemathesis.deserializer(fs.NDJSON_TYPE)
def read_lines(_context, response):
    return [json.loads(line) for line in response.content.splitlines()]


class Reader:
    """As much of a server as a client needs to fetch the key."""

    def get(self, path):
        context = ssl.create_default_context(cafile=SETTINGS["ca"])
        with urllib.request.urlopen(SETTINGS["url"] + path, timeout=10, context=context) as answer:
            return fs.Reply(answer.status, answer.headers, answer.read())


client = nc.NationalClient(Reader())


@schemathesis.serializer(nc.JOSE_TYPE)
def encrypt(_context, value):
    """A text goes as it is, so that there are bodies that cannot be decrypted."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return client.encrypt(json.dumps(value).encode())


# Who asks

class Signer(ti.Issuers):
    """Has the client's key alone."""

    def __init__(self):
        self.client = ti.CurveKey()
        self.client.key = serialization.load_pem_private_key(SETTINGS["proof_key"].encode(), None)


signer = Signer()


@schemathesis.auth(refresh_interval=None)
class Caller:

    def get(self, case, _context):
        return SETTINGS["national_token" if case.operation.path.startswith("/api/") else "token"]

    def set(self, case, token, _context):
        path = case.operation.path
        if path.startswith("/api/"):
            case.headers.update(Authorization=f"DPoP {token}", DPoP=signer.proof(case.method, path, token))
        else:
            case.headers.update(ti.bearer(token))


# Findings

def codes_in(response):
    """What was told of each item, line or request."""
    try:
        told = [json.loads(line) for line in response.content.splitlines()]
    except ValueError:
        return []
    results = told[0].get("results", told) if told and isinstance(told[0], dict) else told
    return [result["code"] for result in results
            if "code" in result and result.get("verdict", "rejected") == "rejected"]


def is_none(failure, case, response):
    path, codes = case.operation.path, codes_in(response)
    if isinstance(failure, RejectedPositiveData):
        return response.status_code == 400 and bool(codes) and codes[0] in UNSAID
    if not isinstance(failure, AcceptedNegativeData) or not case.meta.is_negative_at(ParameterLocation.BODY):
        return False
    # The tool does not take 413 for a refusal. The self-test looks at no text, and answers any body with a report.
    return response.status_code == 413 or path == nc.SELF_TEST or path in ITEM_BY_ITEM and bool(codes)


@schemathesis.hook
def filter_failure(_context, failure, case, response):
    return not is_none(failure, case, response)
