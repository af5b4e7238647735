"""A server that takes tokens, with issuers whose keys stand in files."""

import http.client
import pathlib
import shutil
import ssl
import tempfile

import frikort_server as fs
import token_issuer as ti
from frikort_server.server import Server, free_port


def present_ceilings(more):
    """A section with made-up ceilings of the years in which the tests report, unless `more` has one."""
    years = {} if "[ceilings]" in more else fs.ceilings(fs.present_years())
    return "[ceilings]\n" + "".join(f"{year} = {kroner}\n" for year, kroner in years.items()) if years else ""


def configuration(folder, more=""):
    return f"""
accept_test_numbers = true
[public]
url = "{ti.ORIGIN}"
{more}
{present_ceilings(more)}
[[practices]]
id = "{ti.PRACTICE}"
name = "{ti.PRACTICE_NAME}"
organisations = ["{ti.PRACTICE_ORGANISATION}"]
[[issuers]]
kind = "helseid"
issuer = "{ti.HELSEID}"
audience = "{ti.AUDIENCE}"
keys_file = "{folder}/helseid.json"
[[issuers]]
kind = "idporten"
issuer = "{ti.IDPORTEN}"
audience = "{ti.AUDIENCE}"
keys_file = "{folder}/idporten.json"
[[issuers]]
kind = "maskinporten"
issuer = "{ti.MASKINPORTEN}"
audience = "{ti.AUDIENCE}"
keys_file = "{folder}/maskinporten.json"
""" + "".join(f"""
[[issuers.roles]]
role = "{role}"
organisations = ["{ti.OPERATOR_ORGANISATION}"]
""" for role in ("portal", "operator", "payout", "registry"))


class TokenServer(Server):
    """`frikort serve --auth jwt`. `more` goes into the configuration, before its arrays of tables."""

    auth = "jwt"

    def __init__(self, issuers, more="", options=(), tls=None):
        self.issuers = issuers
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="frikort-e2e-access-"))
        self.tls = tls
        self.fixed_port = None
        self.write_keys()
        self.write_configuration(more)
        super().__init__(options=(*options, "--config", str(self.folder / "frikort.toml")))

    def write_configuration(self, more=""):
        (self.folder / "frikort.toml").write_text(configuration(self.folder, more), encoding="utf-8")

    def write_keys(self, key_id=None):
        for name, issuer in (("helseid", ti.HELSEID), ("maskinporten", ti.MASKINPORTEN), ("idporten", ti.IDPORTEN)):
            (self.folder / f"{name}.json").write_text(self.issuers.key_set(issuer, key_id), encoding="utf-8")

    def choose_port(self):
        return self.fixed_port or free_port()

    def connect(self, timeout):
        if self.tls is None:
            return super().connect(timeout)
        context = ssl.create_default_context(cafile=self.tls)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=context)

    def clean(self):
        super().clean()
        shutil.rmtree(self.folder, ignore_errors=True)

    # requests

    def ask_as_practice(self, method="POST", path="/v1/registrations", value=None, token=None, **changes):
        headers = self.issuers.headers_of_practice(method, path, token, **changes)
        return self.ask(method, path, headers, value)

    def ask(self, method, path, headers, value=None):
        if method == "GET":
            return self.get(path, headers)
        return self.post_json(path, [] if value is None else value, headers)


class AccessCase(fs.ServerCase):
    """One server that takes tokens, for all tests of a class."""

    more = ""

    @classmethod
    def make_issuers(cls):
        return ti.Issuers()

    @classmethod
    def setUpClass(cls):
        cls.issuers = cls.make_issuers()
        cls.server = TokenServer(cls.issuers, cls.more).start()

    def assert_refused(self, reply, status, error=None):
        self.assert_problem(reply, status, {401: "UNAUTHENTICATED", 403: "FORBIDDEN"}[status])
        challenge = reply.header("WWW-Authenticate") or ""
        if status == 401:
            self.assertIn("DPoP", challenge)
            self.assertIn("Bearer", challenge)
        if error is None:
            self.assertNotIn("error=", challenge)
        else:
            self.assertIn(f'error="{error}"', challenge)
        self.assertTrue(reply.header("Correlation-Id"))

    def assert_served(self):
        reply = self.server.ask_as_practice()
        self.assertEqual(reply.status, 200, f"the right request: {reply.body[:300]!r}")
