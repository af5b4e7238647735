"""Tokens that open the national card query and tokens that do not, one row a check or attack."""

import datetime
import json
import shutil
import socket
import tempfile
import time
import unittest

import frikort_server as fs
import national_client as nc
import token_issuer as ti
from access_case import TokenServer
from certificates import Authority
from cryptography.hazmat.primitives import serialization
from issuer_site import IssuerSite
from national_case import EITHER, TOKEN, NationalAnswers, NationalCase, sections
from national_client import CHILD, HPR, LEVEL, PARENT, PID, SCOPE, SUPPLIER, NationalClient

OTHER_ORGANISATION = "339065284"
SUPPLIERS_ORGANISATION = "380941813"
UNKNOWN_ORGANISATION = "307731339"


def resigned(token, header, key=None):
    """With another header, and the signature of `key`; without a key the signature that was there."""
    _, payload, signature = token.split(".")
    signed = f"{ti.encode_part(header)}.{payload}"
    return f"{signed}.{ti.base64url(key.sign(signed.encode())) if key else signature}"


def public_pem(key):
    public = key.key.public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


class TokenCase(NationalCase):

    def assert_tokens_refused(self, tokens, errors=TOKEN):
        self.assert_credentials_refused([(name, errors, self.client.credentials(token)) for name, token in tokens])


class CredentialsTest(TokenCase):

    def test_no_usable_credentials(self):
        token = self.client.token()
        proof = self.client.proof(token)
        self.assert_credentials_refused([
            ("none", None, {}),
            ("Basic", None, {"Authorization": "Basic YTpi"}),
            ("Basic, with a proof", None, {"Authorization": "Basic YTpi", "DPoP": proof}),
            ("a scheme alone", None, {"Authorization": "DPoP", "DPoP": proof}),
            ("a scheme and blanks", None, {"Authorization": "DPoP   ", "DPoP": proof}),
            ("a token alone", None, {"Authorization": token, "DPoP": proof}),
            ("a proof alone", None, {"DPoP": proof}),
        ])

    def test_a_token_in_the_query_is_none(self):
        token = self.client.token()
        for credentials in ({}, {"DPoP": self.client.proof(token)}):
            reply = self.client.post(credentials=credentials, query=f"?access_token={token}")
            self.assert_unauthenticated(reply, None)
            self.assert_served()
        self.assertNotIn(token.encode(), self.server.output())

    def test_bearer(self):
        token, loose = self.client.token(), self.client.token({"cnf": None})
        self.assert_credentials_refused([
            ("bound", TOKEN, ti.bearer(token)),
            ("bound, with a proof", TOKEN, {**ti.bearer(token), "DPoP": self.client.proof(token)}),
            ("not bound", TOKEN, ti.bearer(loose)),
        ])

    def test_two_authorizations(self):
        token = self.client.token()
        for second in ("DPoP a.b.c", f"DPoP {token}", "Basic YTpi"):
            with self.subTest(second[:12]):
                reply = self.client.raw(f"Host: a\r\nAuthorization: DPoP {token}\r\nAuthorization: {second}\r\n"
                                        f"DPoP: {self.client.proof(token)}\r\n")
                self.assertIn(reply.status, (400, 401))
                self.assert_error(reply, reply.status)
                self.assert_served()

    def test_the_scheme_in_any_case(self):
        token = self.client.token()
        for scheme in ("dpop", "DPOP", "dPoP"):
            self.assert_served(credentials={"Authorization": f"{scheme} {token}", "DPoP": self.client.proof(token)})


class FormTest(TokenCase):

    @classmethod
    def make_issuers(cls):
        issuers = super().make_issuers()
        cls.curve, cls.weak = issuers.publish_unusable_keys(ti.HELSEID)
        return issuers

    def test_form(self):
        right = self.client.token()
        header, payload, signature = right.split(".")
        self.assert_tokens_refused([
            ("dots", "..."), ("garbage", "a.b.c"), ("five parts", right + ".a.b"), ("two parts", f"{header}.{payload}"),
            ("no signature", f"{header}.{payload}."), ("no header", f".{payload}.{signature}"),
            ("no payload", f"{header}..{signature}"),
            ("a header that is an array", f"{ti.base64url(b'[]')}.{payload}.{signature}"),
            ("a payload that is a number", f"{header}.{ti.base64url(b'1')}.{signature}"),
        ])
        self.assert_tokens_refused([
            ("padding inside", f"{header}=.{payload}.{signature}"), ("padding at the end", right + "=="),
        ], (None, TOKEN))

    def test_algorithms(self):
        right, key = self.client.token(), self.issuers.keys[ti.HELSEID]
        head = {"alg": "RS256", "kid": "key-1", "typ": "at+jwt"}
        public = json.dumps(key.public_jwk()).encode()
        self.assert_tokens_refused([
            *((f"alg {name}, with the real signature", resigned(right, {**head, "alg": name}))
              for name in ("none", "NoNe", "NONE", "", "RS512", "EdDSA", None, 256)),
            *((f"alg {name}, unsigned", resigned(right, {**head, "alg": name}).rpartition(".")[0] + ".")
              for name in ("none", "NoNe")),
            ("no alg", resigned(right, {"kid": "key-1", "typ": "at+jwt"}, key)),
            ("HS256 with the public JWK", self.client.token(key=ti.SecretKey(public))),
            ("HS256 with the public key as PEM", self.client.token(key=ti.SecretKey(public_pem(key)))),
            ("HS256 under the kid of a secret that is published",
             self.client.token(key=ti.SecretKey(b"secret"), header={"kid": "secret"})),
            ("PS256 by a key for RS256", self.client.token(key=key.with_algorithm("PS256"))),
            ("RS512 by a key for RS256", self.client.token(key=key.with_algorithm("RS512"))),
            ("ES256 under the kid of an RSA key", self.client.token(key=self.curve)),
            ("RS256 under the kid of a curve", self.client.token(header={"kid": "curve"})),
        ])

    def test_keys(self):
        make, other = self.client.token, ti.RsaKey()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(0.2)
            address = f"https://127.0.0.1:{listener.getsockname()[1]}/keys"
            self.assert_tokens_refused([
                ("another key under the right kid", make(key=other)),
                ("unknown kid", make(header={"kid": "key-9"})), ("no kid", make(header={"kid": None})),
                ("kid a number", make(header={"kid": 1})), ("kid empty", make(header={"kid": ""})),
                ("a key for encryption", make(header={"kid": "for-encryption"})),
                ("an RSA key of 1024 bits", make(key=self.weak, header={"kid": "weak"})),
                ("own key as jwk", make(header={"jwk": other.public_jwk()}, key=other)),
                ("own key as jwk, no kid", make(header={"jwk": other.public_jwk(), "kid": None}, key=other)),
                ("own key as jku", make(header={"jku": address}, key=other)),
                ("own key as jku under an unknown kid", make(header={"jku": address, "kid": "key-7"}, key=other)),
                ("own key as x5u", make(header={"x5u": address}, key=other)),
                ("another trusted issuer's key", make(key=self.issuers.keys[ti.MASKINPORTEN])),
            ])
            with self.assertRaises(TimeoutError, msg="an address in a token was asked"):
                listener.accept()

    def test_what_was_changed_after_signing(self):
        right = self.client.token()
        header, payload, signature = right.split(".")
        claims = {**json.loads(ti.decode_part(payload)), CHILD: OTHER_ORGANISATION}
        bit = bytearray(ti.decode_part(signature))
        bit[40] ^= 1
        self.assert_tokens_refused([
            ("payload", f"{header}.{ti.encode_part(claims)}.{signature}"),
            ("a bit of the signature", f"{header}.{payload}.{ti.base64url(bytes(bit))}"),
            ("a member of the header", resigned(right, {"alg": "RS256", "kid": "key-1", "typ": "at+jwt", "more": 1})),
        ])

    def test_header(self):
        self.assert_tokens_refused([
            *((f"typ {typ}", self.client.token(header={"typ": typ}))
              for typ in (None, "dpop+jwt", "logout+jwt", "", 1)),
            *((f"crit {crit}", self.client.token(header={"crit": crit})) for crit in ([], ["exp"], ["b64"], {}, "exp")),
        ])

    def test_issuer_and_audience(self):
        make, audience = self.client.token, nc.AUDIENCE
        self.assert_tokens_refused([
            *((f"iss {iss}", make({"iss": iss}))
              for iss in (None, "https://other.test", ti.HELSEID + "/", ti.HELSEID.upper(), 1, [ti.HELSEID])),
            *((f"aud {aud}", make({"aud": aud}))
              for aud in (None, "hdir:kuhr-krav-api", audience + "x", audience[:-1], audience.upper(), [], 1, [1], "",
                          [audience + "x"], audience + " other", ti.AUDIENCE, SCOPE)),
            ("an id_token", make({"aud": "client-1"})),
            ("for our own services", self.issuers.of_practice()),
            ("for our own services, with the scope", self.issuers.of_practice({"scope": [SCOPE]})),
        ])

    def test_times_and_binding(self):
        make, now = self.client.token, int(time.time())
        hashed = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"
        self.assert_tokens_refused([
            *((f"exp {exp}", make({"exp": exp})) for exp in (now - 60, now - 11, None, str(now + 60), -1, True)),
            *((f"nbf {nbf}", make({"nbf": nbf})) for nbf in (now + 120, str(now))),
            *((f"cnf {cnf}", make({"cnf": cnf})) for cnf in (None, {}, {"x5t#S256": hashed}, 1, {"jkt": 1}, hashed)),
        ])
        other = make({"cnf": {"jkt": ti.CurveKey().thumbprint()}})
        self.assert_tokens_refused([("bound to another key than the proof's", other)], EITHER)

    def test_what_only_looks_different_is_let_in(self):
        now = int(time.time())
        for name, token in (
                *((f"typ {typ}", self.client.token(header={"typ": typ})) for typ in ("JWT", "jwt", "AT+JWT")),
                ("several audiences", self.client.token({"aud": ["hdir:kuhr-krav-api", nc.AUDIENCE]})),
                ("scope as text", self.client.token({"scope": f"openid {SCOPE} other"})),
                ("further scopes", self.client.token({"scope": ["openid", SCOPE]})),
                ("hardly expired", self.client.token({"exp": now - 2})),
                ("hardly begun", self.client.token({"nbf": now + 5})),
                ("no nbf", self.client.token({"nbf": None})),
                ("another key and algorithm", self.client.token(key=self.curve, header={"kid": "curve"})),
                ("unknown members", self.client.token({"more": {}}, header={"x5t": "a", "more": 1}))):
            with self.subTest(name):
                self.assert_served(credentials=self.client.credentials(token))


class IssuerTest(TokenCase):

    def national(self, issuer, **claims):
        return self.issuers.token(issuer, {"aud": nc.AUDIENCE, "scope": SCOPE, **claims})

    def test_tokens_of_other_issuers(self):
        bound = {"cnf": {"jkt": self.issuers.client.thumbprint()}}
        theirs = {"consumer": {"authority": "iso6523-actorid-upis", "ID": f"0192:{ti.PRACTICE_ORGANISATION}"}}
        helseids = {CHILD: ti.PRACTICE_ORGANISATION, PARENT: ti.PRACTICE_ORGANISATION}
        rows = []
        for issuer, own in ((ti.MASKINPORTEN, theirs), (ti.IDPORTEN, {"pid": ti.CITIZEN, "acr": "idporten-loa-high"})):
            for name, claims in (("its claims", own), ("with HelseID's claims", {**own, **helseids}),
                                 ("bound", {**own, **helseids, **bound})):
                token = self.national(issuer, **claims)
                rows += [(f"{issuer}, {name}, DPoP", TOKEN, self.client.credentials(token)),
                         (f"{issuer}, {name}, bearer", TOKEN, ti.bearer(token))]
        self.assert_credentials_refused([
            *rows, ("operator", TOKEN, self.machine("operator")),
            ("citizen", TOKEN, ti.bearer(self.issuers.of_citizen()))])

    def test_the_national_token_opens_nothing_else(self):
        for path in ("/v1/card-status", "/v1/registrations"):
            reply = self.server.post_json(path, [], self.client.credentials(path=path))
            self.assert_problem(reply, 401, "UNAUTHENTICATED")

    def test_scopes(self):
        for scope in (None, [], "", ["hdir:kuhr-krav-api/krav"], [SCOPE + "x"], [SCOPE[:-1]], [nc.AUDIENCE],
                      [SCOPE.upper()], [f"{SCOPE},other"], f"other,{SCOPE}", 7, {SCOPE: 1}, ["frikort:api/practice"],
                      [f"openid {SCOPE}"]):
            with self.subTest(scope=scope):
                token = self.client.token({"scope": scope})
                self.assert_no_scope(self.client.post(credentials=self.client.credentials(token)))
                self.assert_served()

    def test_nobody_in_the_token(self):
        # Refused although nobody's agreement is asked for here.
        own = ti.PRACTICE_ORGANISATION
        for name, claims in (
                ("nobody", {}), ("only a supplier", {SUPPLIER: own}), ("only a plain pid", {"pid": ti.CITIZEN}),
                ("only a practitioner's number", {HPR: "9144897", LEVEL: "4"}),
                ("child with its register", {CHILD: f"0192:{own}"}), ("child an array", {CHILD: [own]}),
                ("child a number", {CHILD: int(own)}), ("child with a blank", {CHILD: own + " "}),
                ("child empty, parent right", {CHILD: "", PARENT: own}),
                ("child with its register, parent right", {CHILD: f"0192:{own}", PARENT: own}),
                ("pid with a wrong check digit", {PID: fs.wrong_last_digit(ti.CITIZEN), CHILD: own}),
                ("pid a number", {PID: int(fs.synthetic_number(9)), CHILD: own}),
                ("pid with level 3", {PID: ti.CITIZEN, LEVEL: "3", CHILD: own})):
            with self.subTest(name):
                token = self.client.token({CHILD: None, PARENT: None, **claims})
                self.assert_no_agreement(self.client.post(credentials=self.client.credentials(token)))
                self.assert_served()

    def test_a_test_person_is_nobody_where_test_numbers_are_not_accepted(self):
        server = TokenServer(self.issuers)
        self.addCleanup(server.clean)
        settings = server.folder / "frikort.toml"
        settings.write_text(settings.read_text(encoding="utf-8").replace("accept_test_numbers = true", ""), encoding="utf-8")
        server.start()
        client = NationalClient(server, self.issuers)
        for claims, agreement in (({}, "IKKE_IMPLEMENTERT"), ({PID: ti.CITIZEN, LEVEL: "4"}, "FEIL")):
            credentials = client.credentials(client.token(claims), path=nc.SELF_TEST)
            self.assert_self_test(client.post(path=nc.SELF_TEST, credentials=credentials), "OK", agreement)

    def test_anybody_else_is_served_where_no_agreement_is_asked_for(self):
        for name, claims in (
                ("an unknown organisation", {CHILD: UNKNOWN_ORGANISATION}), ("parent alone", {CHILD: None}),
                ("a person", {PID: fs.new_person(), LEVEL: "4"}), ("a person, no level", {PID: ti.CITIZEN})):
            with self.subTest(name):
                self.assert_served(credentials=self.client.credentials(self.client.token(claims)))


class AgreementTest(TokenCase):
    """The practice registry is in force."""

    more = sections(registry={"practices": '"required"'})

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.practitioner, cls.without = fs.new_person(), fs.new_person()

    def setUp(self):
        today = fs.oslo_today()
        # A day to spare: the day may turn while the test runs.
        away = lambda days: str(today + datetime.timedelta(days=days))
        self.practice("100001", [ti.PRACTICE_ORGANISATION], [], {"from": away(-900), "to": None})
        self.practice("100002", [OTHER_ORGANISATION], [self.without], {"from": away(-900), "to": away(-1)})
        self.practice("100003", [SUPPLIERS_ORGANISATION], [self.practitioner], {"from": away(0), "to": away(1)})
        self.practice("100004", [ti.OPERATOR_ORGANISATION], [], {"from": away(2), "to": None})
        self.practice("100005", ["974760673"], [])

    def practice(self, practice_id, organisations, persons, *agreements):
        self.tell("/v1/practice-events", {
            "practiceId": practice_id, "name": f"Legekontor {practice_id}", "organisationNumbers": organisations,
            "personIds": persons, "agreements": list(agreements)})

    def assert_agreed(self, claims, is_agreed):
        token = self.client.token(claims)
        reply = self.client.post(credentials=self.client.credentials(token))
        if is_agreed:
            self.assert_answer(reply)
        else:
            self.assert_no_agreement(reply)
            self.assert_served()

    def test_of_organisations(self):
        own, supplier = ti.PRACTICE_ORGANISATION, SUPPLIERS_ORGANISATION
        for name, claims, is_agreed in (
                ("unknown", {CHILD: UNKNOWN_ORGANISATION, PARENT: None}, False),
                ("ended", {CHILD: OTHER_ORGANISATION, PARENT: None}, False),
                ("not yet begun", {CHILD: ti.OPERATOR_ORGANISATION, PARENT: None}, False),
                ("never had one", {CHILD: "974760673", PARENT: None}, False),
                ("begins today", {CHILD: supplier, PARENT: None}, True),
                ("child without, parent with", {CHILD: OTHER_ORGANISATION, PARENT: own}, False),
                ("unknown child, parent with", {CHILD: UNKNOWN_ORGANISATION, PARENT: own}, False),
                ("child with, parent without", {CHILD: own, PARENT: OTHER_ORGANISATION}, True),
                ("parent alone", {CHILD: None, PARENT: own}, True),
                ("parent alone, without", {CHILD: None, PARENT: OTHER_ORGANISATION}, False),
                ("customer without, supplier with",
                 {CHILD: OTHER_ORGANISATION, PARENT: None, SUPPLIER: supplier}, False),
                ("supplier alone", {CHILD: None, PARENT: None, SUPPLIER: supplier}, False),
                ("customer with, supplier unknown", {SUPPLIER: UNKNOWN_ORGANISATION}, True),
                ("child with its register", {CHILD: f"0192:{own}"}, False), ("child an array", {CHILD: [own]}, False),
                ("nobody", {CHILD: None, PARENT: None}, False)):
            with self.subTest(name):
                self.assert_agreed(claims, is_agreed)

    def test_of_persons(self):
        organisations = {CHILD: ti.PRACTICE_ORGANISATION, PARENT: ti.PRACTICE_ORGANISATION}
        nobodys = {CHILD: None, PARENT: None}
        for name, claims, is_agreed in (
                ("with", {PID: self.practitioner, LEVEL: "4", **nobodys}, True),
                ("with, level unknown", {PID: self.practitioner, **nobodys}, True),
                ("with, organisation without", {PID: self.practitioner, LEVEL: "4", CHILD: OTHER_ORGANISATION}, True),
                ("level 3", {PID: self.practitioner, LEVEL: "3", **organisations}, False),
                ("level a number", {PID: self.practitioner, LEVEL: 4, **organisations}, False),
                ("without, organisations with", {PID: self.without, LEVEL: "4", **organisations}, False),
                ("unknown, organisations with", {PID: fs.new_person(), LEVEL: "4", **organisations}, False),
                ("a plain pid alone", {"pid": self.practitioner, **nobodys}, False),
                ("a plain pid is no one to decide by", {"pid": self.without, **organisations}, True)):
            with self.subTest(name):
                self.assert_agreed(claims, is_agreed)

    def test_one_of_several_practices_is_enough(self):
        shared = [OTHER_ORGANISATION]
        self.practice("100006", shared, [], {"from": "2020-01-01", "to": None})
        self.assert_agreed({CHILD: OTHER_ORGANISATION}, True)
        self.practice("100006", shared, [])
        self.assert_agreed({CHILD: OTHER_ORGANISATION}, False)


class SiteCase(NationalAnswers, unittest.TestCase):
    """HelseID is asked for its keys over HTTPS."""

    def setUp(self):
        folder = tempfile.mkdtemp(prefix="frikort-e2e-national-")
        self.addCleanup(shutil.rmtree, folder, True)
        self.issuers = ti.Issuers()
        self.site = IssuerSite(self.issuers, Authority(folder))
        self.addCleanup(self.site.close)
        self.server = self.site.server(self.issuers)
        self.addCleanup(self.server.clean)
        self.client = NationalClient(self.server, self.issuers)

    def credentials(self, **header):
        return self.client.credentials(self.client.token({"iss": self.site.origin}, header))

    def test_forty_unknown_keys_are_two_fetches_at_most(self):
        self.site.open()
        self.server.start()
        self.assert_served(credentials=self.credentials())
        before = self.site.asked.count("/keys")
        for i in range(40):
            self.assert_unauthenticated(self.client.post(credentials=self.credentials(kid=f"unknown-{i}")), TOKEN)
        self.assertLessEqual(self.site.asked.count("/keys") - before, 2)
        self.assert_served(credentials=self.credentials())

    def test_an_issuer_that_is_down(self):
        self.site.open()
        self.server.start()
        self.assert_served(credentials=self.credentials())
        self.site.close()
        self.assert_unauthenticated(self.client.post(credentials=self.credentials(kid="unknown")), TOKEN)
        self.assert_served(credentials=self.credentials())

    def test_an_issuer_that_was_never_up(self):
        self.server.start(until="/isalive")
        reply = self.client.post(credentials=self.credentials())
        self.assert_error(reply, 500)


if __name__ == "__main__":
    unittest.main()
