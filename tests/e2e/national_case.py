"""What answers of the national card query must look like, and a server that takes national tokens."""

import json
import re
import time
import uuid

import frikort_server as fs
import token_issuer as ti
from access_case import AccessCase
from national_client import FIELDS, SCOPE, NationalClient

TOKEN, PROOF = "invalid_token", "invalid_dpop_proof"
EITHER = (TOKEN, PROOF)  # where the rules leave it open which of the two is at fault
ALGORITHMS = {kind + size for kind in ("ES", "PS", "RS") for size in ("256", "384", "512")}
ANSWERS = {b'{"harEgenandelsfritak":true}': True, b'{"harEgenandelsfritak":false}': False}
CODES = {400: "UGYLDIG_REQUEST", 401: "AUTENTISERING_FEILET", 403: "INGEN_TILGANG", 404: "IKKE_FUNNET",
         405: "METODE_IKKE_TILLATT", 429: "FOR_MANGE_FORESPORSLER", 431: "UGYLDIG_REQUEST",
         500: "INTERN_FEIL"}
PARTS = ("autentisering", "kryptering", "helfoAvtale")


def sections(**tables):
    """Tables of a configuration as text. What is text in it is to be quoted by the caller."""
    return "".join(f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
                   for name, values in tables.items())


def without_repeats(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise AssertionError(f"a member twice: {names}")
    return dict(pairs)


class NationalAnswers:
    """Part of a TestCase that has a client."""

    client = None

    def correlation_id(self, reply):
        """There is exactly one, a UUID."""
        values = reply.headers.get_all("Correlation-Id") or []
        self.assertEqual(len(values), 1, values)
        self.assertEqual(str(uuid.UUID(values[0])), values[0].lower())
        return values[0]

    def assert_nothing_repeated(self, reply):
        shown = reply.body.decode() + " ".join(value for _, value in reply.headers.items())
        for value in self.client.values_sent():
            self.assertNotIn(value, shown, "a value of the request")

    def assert_answer(self, reply, answer=None):
        """The person was looked up; with the answer, when that matters."""
        self.assertEqual(reply.status, 200, reply.body[:500])
        self.assertEqual(reply.header("Content-Type"), fs.JSON_TYPE)
        self.assertEqual(reply.header("Cache-Control"), "no-store")
        self.correlation_id(reply)
        self.assertIn(reply.body, ANSWERS)
        if answer is not None:
            self.assertIs(ANSWERS[reply.body], answer)
        self.assert_nothing_repeated(reply)

    def assert_error(self, reply, status):
        """The four members and nothing else; gives the text for people."""
        self.assertIsNotNone(reply, f"the connection closed without an answer, expected {status}")
        self.assertEqual(reply.status, status, reply.body[:500])
        self.assertEqual(reply.header("Content-Type"), fs.JSON_TYPE)
        error = json.loads(reply.body, object_pairs_hook=without_repeats)
        self.assertEqual(set(error), {"correlationId", "feilkode", "melding", "timestamp"})
        for value in error.values():
            self.assertIsInstance(value, str)
        self.assertEqual(error["feilkode"], CODES[status])
        self.assertEqual(error["correlationId"], self.correlation_id(reply))
        self.assertRegex(error["timestamp"], r"\A[1-9][0-9]{12}\Z")
        self.assertLess(abs(int(error["timestamp"]) / 1000 - time.time()), 60)
        self.assertTrue(error["melding"].strip())
        self.assertNotRegex(error["melding"], r"[0-9]{9}", "a number of a person or an organisation")
        self.assert_nothing_repeated(reply)
        return error["melding"]

    def challenge_of(self, reply):
        """Its parameters; DPoP is the only scheme."""
        values = reply.headers.get_all("WWW-Authenticate") or []
        self.assertEqual(len(values), 1, values)
        self.assertNotIn("Bearer", values[0])
        scheme, _, rest = values[0].partition(" ")
        self.assertEqual(scheme, "DPoP")
        return dict(re.findall(r'([a-z_]+)="([^"]*)"', rest))

    def assert_unauthenticated(self, reply, *errors):
        """One of the errors stands in the challenge; None is none."""
        self.assert_error(reply, 401)
        challenge = self.challenge_of(reply)
        self.assertEqual(set(challenge["algs"].split(" ")), ALGORITHMS)
        self.assertIn(challenge.get("error"), errors)

    def assert_no_scope(self, reply):
        self.assert_error(reply, 403)
        challenge = self.challenge_of(reply)
        self.assertEqual((challenge["error"], challenge["scope"]), ("insufficient_scope", SCOPE))

    def assert_no_agreement(self, reply):
        """Or nobody whose agreement could be looked up."""
        self.assert_error(reply, 403)
        for value in reply.headers.get_all("WWW-Authenticate") or []:
            self.assertNotIn("error=", value)

    def assert_bad_request(self, reply, name=None):
        """Of the names in the question only this one is told; gives the text."""
        text = self.assert_error(reply, 400)
        if name is not None:
            self.assertIn(f"'{name}'", text)
        for other in FIELDS:
            if other != name:
                self.assertNotIn(f"'{other}'", text)
        return text

    def assert_self_test(self, reply, encryption="OK", agreement="OK"):
        """A report, with 200 whatever it says."""
        self.assertEqual(reply.status, 200, reply.body[:500])
        self.assertEqual(reply.header("Content-Type"), fs.JSON_TYPE)
        self.correlation_id(reply)
        report = json.loads(reply.body, object_pairs_hook=without_repeats)
        self.assertEqual(set(report), {"overordnetStatus", *PARTS})
        for part in PARTS:
            self.assertEqual(set(report[part]), {"status", "beskrivelse"})
            self.assertTrue(report[part]["beskrivelse"].strip())
        self.assertEqual([report[part]["status"] for part in PARTS], ["OK", encryption, agreement])
        self.assertEqual(report["overordnetStatus"], "FEIL" if "FEIL" in (encryption, agreement) else "OK")
        self.assert_nothing_repeated(reply)

    def assert_served(self, **parts):
        """The right request is."""
        self.assert_answer(self.client.post(**parts))

    def assert_credentials_refused(self, rows):
        """Rows of a name, the error of the challenge or several that may be, and credentials."""
        for name, errors, credentials in rows:
            with self.subTest(name):
                reply = self.client.post(credentials=credentials)
                self.assert_unauthenticated(reply, *(errors if isinstance(errors, tuple) else (errors,)))
                self.assert_served()

    def machine(self, _role):
        """Credentials of another caller; none are looked at with `--auth none`."""
        return {}

    def tell(self, path, *events):
        """Events of a registry; all are accepted."""
        told = [{"eventId": fs.new_guid(), **event} for event in events]
        reply = self.client.server.post_ndjson(path, told, self.machine("registry"))
        results = [json.loads(line) for line in reply.raw_lines()][:len(events)]
        self.assertEqual([result.get("verdict") for result in results], ["accepted"] * len(events), results)

    def wait_for(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, self.client.server.tail())
            time.sleep(0.05)


class NationalCase(NationalAnswers, AccessCase):
    """One server for all tests of a class, and a client of the practice that it knows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = NationalClient(cls.server, cls.issuers)

    def machine(self, role):
        return ti.bearer(self.issuers.of_machine(f"frikort:api/{role}"))

    def submit(self, *items):
        reply = self.server.post_json("/v1/registrations", list(items), self.machine("operator"))
        self.assertEqual(reply.status, 200, reply.body[:500])
        for result in reply.json()["results"]:
            self.assert_accepted(result)
