"""What lets nobody in, one row a check or attack: status, code and challenge. After each the right request is served."""

import json
import socket
import time
import unittest
import uuid

import frikort_server as fs
import token_issuer as ti
from access_case import AccessCase

PATH = "/v1/registrations"
CARD_STATUS = "/v1/card-status"
CHILD = "helseid://claims/client/claims/orgnr_child"
PARENT = "helseid://claims/client/claims/orgnr_parent"
SUPPLIER = "helseid://claims/client/claims/orgnr_supplier"
PID = "helseid://claims/identity/pid"
HPR = "helseid://claims/hpr/hpr_number"
LEVEL = "helseid://claims/identity/security_level"
HPR_NUMBER = "9144897"
UNKNOWN_ORGANISATION = "380941813"
PARTY = "iso6523-actorid-upis"
TOKEN, PROOF, SCOPE = "invalid_token", "invalid_dpop_proof", "insufficient_scope"


def resigned(token, header, key=None):
    """With another header, and the signature of `key`; without a key the signature that was there."""
    _, payload, signature = token.split(".")
    signed = f"{ti.encode_part(header)}.{payload}"
    return f"{signed}.{ti.base64url(key.sign(signed.encode())) if key else signature}"


class NegativeCase(AccessCase):

    more = f'[[practices]]\nid = "100007"\nhpr_numbers = ["{HPR_NUMBER}"]\n'

    def with_proof(self, token, path=PATH):
        return {"Authorization": f"DPoP {token}", "DPoP": self.issuers.proof("POST", path, token)}

    def assert_rows(self, rows, status, path=PATH):
        """Rows of a name, the error of the challenge (None: none), and headers."""
        for name, error, headers in rows:
            with self.subTest(name):
                reply = self.server.ask("POST", path, headers)
                self.assert_refused(reply, status, error)
                self.assertEqual(str(uuid.UUID(reply.header("Correlation-Id"))), reply.header("Correlation-Id"))
                self.assert_served()


class CredentialsTest(NegativeCase):

    def test_no_usable_credentials(self):
        token = self.issuers.of_practice()
        self.assert_rows([
            ("none", None, {}),
            ("Basic", None, {"Authorization": "Basic YTpi"}),
            ("a scheme alone", None, {"Authorization": "DPoP"}),
            ("a scheme and blanks", None, {"Authorization": "Bearer   "}),
            ("a token alone", None, {"Authorization": token}),
            ("a proof alone", None, {"DPoP": self.issuers.proof("POST", PATH, token)}),
        ], 401)

    def test_a_token_in_the_query_is_none(self):
        token = self.issuers.of_machine("frikort:api/operator")
        self.assert_refused(self.server.get(f"/v1/status?access_token={token}"), 401)
        self.assert_served()

    def test_two_authorizations(self):
        right = self.issuers.of_machine("frikort:api/operator")
        for second in ("Bearer a.b.c", f"Bearer {right}"):
            reply = self.server.raw(f"GET /v1/status HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {right}\r\n"
                                    f"Authorization: {second}\r\n\r\n".encode())
            self.assertIn(reply.status, (400, 401))
            self.assert_served()

    def test_who_may_comes_before_what_is_sent(self):
        bad = ti.bearer("a.b.c")
        for headers, status, error in (
                (bad, 401, TOKEN),
                ({**bad, "Content-Type": "text/plain"}, 401, TOKEN),
                (self.with_proof(self.issuers.of_practice({"scope": []})), 403, SCOPE),
                ({**self.with_proof(self.issuers.of_practice({"scope": []})), "DPoP": "x"}, 401, PROOF)):
            reply = self.server.request("POST", PATH, b"{", {"Content-Type": fs.JSON_TYPE, **headers})
            self.assert_refused(reply, status, error)
            self.assert_served()

    def test_a_correlation_id_that_is_none_is_replaced(self):
        reply = self.server.get("/v1/status", {"Correlation-Id": "05859047760"})
        self.assert_refused(reply, 401)
        self.assertNotIn("05859047760", str(reply.headers) + reply.body.decode())


class TokenTest(NegativeCase):

    @classmethod
    def make_issuers(cls):
        issuers = super().make_issuers()
        cls.curve, cls.weak = issuers.publish_unusable_keys(ti.HELSEID, {"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "odd"})
        return issuers

    def assert_tokens_refused(self, tokens):
        self.assert_rows([(name, TOKEN, self.with_proof(token)) for name, token in tokens], 401)

    def test_form(self):
        right = self.issuers.of_practice()
        header, payload, signature = right.split(".")
        deep = ti.base64url(b'{"a":' * 5000 + b"1" + b"}" * 5000)
        self.assert_tokens_refused([
            ("dots", "..."), ("garbage", "a.b.c"), ("five parts", right + ".a.b"), ("two parts", f"{header}.{payload}"),
            ("padding at the end", right + "="), ("padding inside", f"{header}=.{payload}.{signature}"),
            ("no signature", f"{header}.{payload}."), ("no header", f".{payload}.{signature}"),
            ("the other alphabet", f"{header}.{payload}.{signature[:-2]}+/"),
            ("a header that is an array", f"{ti.base64url(b'[]')}.{payload}.{signature}"),
            ("a payload that is a text", f"{header}.{ti.base64url(b'1')}.{signature}"),
            ("5000 levels", f"{header}.{deep[:6000]}.{signature}"),
            ("huge", self.issuers.of_practice({"more": "x" * 9000})),
        ])

    def test_a_token_of_20_kilobytes_is_no_head(self):
        reply = self.server.ask("POST", PATH, ti.bearer(self.issuers.of_practice({"more": "x" * 15_000})))
        self.assertIn(reply.status, (401, 431))
        self.assert_served()

    def test_algorithms(self):
        right, key = self.issuers.of_practice(), self.issuers.keys[ti.HELSEID]
        head = {"alg": "RS256", "kid": "key-1", "typ": "at+jwt"}
        public = json.dumps(key.public_jwk()).encode()
        self.assert_tokens_refused([
            *((f"alg {name}", resigned(right, {**head, "alg": name}))
              for name in ("none", "NoNe", "NONE", "", "RS512", "EdDSA", "ES256K", None, 256, ["RS256"])),
            ("no alg", resigned(right, {"kid": "key-1", "typ": "at+jwt"}, key)),
            ("HS256 with the public key", self.issuers.of_practice(key=ti.SecretKey(public))),
            ("HS256 under the kid of a secret that is published",
             self.issuers.of_practice(key=ti.SecretKey(b"secret"), header={"kid": "secret"})),
            ("PS256 by a key for RS256", self.issuers.of_practice(key=key.with_algorithm("PS256"))),
            ("RS512 by a key for RS256", self.issuers.of_practice(key=key.with_algorithm("RS512"))),
            ("RS256 under the kid of a curve", self.issuers.of_practice(header={"kid": "curve"})),
            ("ES256 under the kid of an RSA key", self.issuers.of_practice(key=self.curve)),
            ("ES384 by a key on P-256", resigned(right, {**head, "alg": "ES384", "kid": "curve"}, self.curve)),
            ("a key of another curve", self.issuers.of_practice(key=ti.CurveKey("ES384"), header={"kid": "curve"})),
            ("a signature in DER form",
             resigned(right, {**head, "alg": "ES256", "kid": "curve"}).rpartition(".")[0] + "." +
             ti.base64url(self.curve.sign_der(resigned(right, {**head, "alg": "ES256", "kid": "curve"})
                                              .rpartition(".")[0].encode()))),
            ("zeros for a signature", resigned(right, {**head, "alg": "ES256", "kid": "curve"}).rpartition(".")[0] +
             "." + ti.base64url(bytes(64))),
        ])
        good = self.issuers.of_practice(key=self.curve, header={"kid": "curve"})
        self.assertEqual(self.server.ask("POST", PATH, self.with_proof(good)).status, 200, "another algorithm, rightly")

    def test_keys(self):
        other = ti.RsaKey()
        make = self.issuers.of_practice
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            listener.settimeout(0.2)
            address = f"https://127.0.0.1:{listener.getsockname()[1]}/keys"
            self.assert_tokens_refused([
                ("another key", make(key=other)),
                ("unknown kid", make(header={"kid": "key-9"})),
                ("no kid", make(header={"kid": None})),
                ("kid a number", make(header={"kid": 1})),
                ("kid empty", make(header={"kid": ""})),
                ("kid a path", make(header={"kid": "../../etc/passwd"})),
                ("a key for encryption", make(header={"kid": "for-encryption"})),
                ("an RSA key of 1024 bits", make(key=self.weak, header={"kid": "weak"})),
                ("own key as jwk", make(header={"jwk": other.public_jwk()}, key=other)),
                ("own key as jwk, no kid", make(header={"jwk": other.public_jwk(), "kid": None}, key=other)),
                ("own key as jku", make(header={"jku": address}, key=other)),
                ("own key as x5u", make(header={"x5u": address}, key=other)),
                ("own certificate as x5c", make(header={"x5c": ["MIIB"]}, key=other)),
                ("another issuer's key", make(key=self.issuers.keys[ti.MASKINPORTEN])),
            ])
            with self.assertRaises(TimeoutError, msg="an address in a token was asked"):
                listener.accept()

    def test_header_and_payload(self):
        right = self.issuers.of_practice()
        header, payload, signature = right.split(".")
        flipped = "A" if signature[40] != "A" else "B"
        now, make = int(time.time()), self.issuers.of_practice
        self.assert_tokens_refused([
            ("payload changed", f"{header}.{ti.encode_part({'iss': ti.HELSEID})}.{signature}"),
            ("a bit of the signature", f"{header}.{payload}.{signature[:40]}{flipped}{signature[41:]}"),
            *((f"typ {typ}", make(header={"typ": typ})) for typ in (None, "dpop+jwt", "logout+jwt", "", 1)),
            *((f"crit {crit}", make(header={"crit": crit})) for crit in ([], ["exp"], ["b64"], {}, "exp", False)),
            *((f"iss {iss}", make({"iss": iss}))
              for iss in (None, "https://other.test", ti.HELSEID + "/", ti.HELSEID.upper(), 1, [ti.HELSEID])),
            *((f"aud {aud}", make({"aud": aud}))
              for aud in (None, "hdir:kuhr-krav-api", "hdir:frikortsporring", ti.AUDIENCE + "x", ti.AUDIENCE.upper(), [], 1,
                          [1], "", ti.AUDIENCE + " other")),
            ("an id_token", make({"aud": "client-1"})),
            *((f"exp {exp}", make({"exp": exp})) for exp in (now - 60, None, str(now + 60), -1, 1e300, True, now - 11)),
            *((f"nbf {nbf}", make({"nbf": nbf})) for nbf in (now + 120, str(now), [])),
            *((f"cnf {cnf}", make({"cnf": cnf}))
              for cnf in (None, {}, {"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}, 1, {"jkt": 1}, "jkt")),
        ])

    def test_binding(self):
        token = self.issuers.of_practice({"cnf": {"jkt": ti.CurveKey().thumbprint()}})
        self.assert_rows([("bound to another key", PROOF, self.with_proof(token))], 401)
        self.assert_rows([
            ("bound, as bearer", TOKEN, ti.bearer(self.issuers.of_practice())),
            ("not bound, as bearer", TOKEN, ti.bearer(self.issuers.of_practice({"cnf": None}))),
            ("HelseID's by Maskinporten's key", TOKEN, ti.bearer(self.issuers.token(
                ti.HELSEID, {"scope": "frikort:api/practice"}, key=self.issuers.keys[ti.MASKINPORTEN]))),
        ], 401)

    def test_tokens_of_machines_and_citizens(self):
        machine = self.issuers.of_machine
        make = lambda **claims: machine("frikort:api/practice", ti.PRACTICE_ORGANISATION, claims)
        helseids = {CHILD: ti.PRACTICE_ORGANISATION, PARENT: ti.PRACTICE_ORGANISATION}
        self.assert_rows([
            ("other aud", TOKEN, ti.bearer(make(aud="hdir:frikortsporring"))),
            ("aud unspecified", TOKEN, ti.bearer(make(aud="unspecified"))),
            ("no aud", TOKEN, ti.bearer(make(aud=None))),
            ("expired", TOKEN, ti.bearer(make(exp=int(time.time()) - 60))),
            ("issuer without its slash", TOKEN, ti.bearer(make(iss=ti.MASKINPORTEN[:-1]))),
            ("another key", TOKEN, ti.bearer(machine("frikort:api/practice", key=ti.RsaKey()))),
            ("signed by HelseID", TOKEN, ti.bearer(machine("frikort:api/practice", key=self.issuers.keys[ti.HELSEID]))),
            ("with DPoP", TOKEN, self.with_proof(make())),
            ("bound, with DPoP", TOKEN, self.with_proof(make(cnf={"jkt": self.issuers.client.thumbprint()}))),
            ("bound to a certificate", TOKEN, ti.bearer(make(cnf={"x5t#S256": "abc"}))),
            ("with DPoP and HelseID's claims", TOKEN, self.with_proof(make(**helseids))),
            ("a citizen's id_token", TOKEN, ti.bearer(self.issuers.of_citizen({"aud": "client-1"}))),
            ("a citizen's with DPoP", TOKEN, self.with_proof(self.issuers.of_citizen())),
        ], 401)
        self.assertEqual(self.server.ask("POST", PATH, ti.bearer(make())).status, 200)


class ForbiddenTest(NegativeCase):

    def test_scopes(self):
        scopes = (None, [], "", ["nav:kuhr/krav"], ["frikort:api/practices"], ["frikort:api/pract"], ["frikort:api"],
                  ["Frikort:api/practice"], ["frikort:api/practice,other"], [1], 7, {"frikort:api/practice": 1},
                  ["frikort:api/practice", 1], "x,frikort:api/practice")
        self.assert_rows([(f"scope {scope}", SCOPE, self.with_proof(self.issuers.of_practice({"scope": scope})))
                          for scope in scopes], 403)

    def test_who_is_no_practice(self):
        make = lambda **claims: self.with_proof(self.issuers.of_practice({CHILD: None, **claims}), CARD_STATUS)
        own, unknown = ti.PRACTICE_ORGANISATION, UNKNOWN_ORGANISATION
        self.assert_rows([(name, None, make(**claims)) for name, claims in (
            ("nobody", {}),
            ("only a supplier", {SUPPLIER: own}),
            ("only a plain pid", {"pid": ti.CITIZEN}),
            ("HelseID with consumer alone", {"consumer": {"authority": PARTY, "ID": f"0192:{own}"}}),
            ("an organisation that is no practice", {CHILD: unknown}),
            ("child without, parent with", {CHILD: unknown, PARENT: own}),
            ("person without, organisation with", {PID: ti.CITIZEN, LEVEL: "4", CHILD: own}),
            ("practitioner without, organisation with", {HPR: "1", LEVEL: "4", CHILD: own}),
            ("supplier with, child without", {CHILD: unknown, SUPPLIER: own}),
            ("level 3", {HPR: HPR_NUMBER, LEVEL: "3"}),
            ("no level", {HPR: HPR_NUMBER}),
            ("level a number", {HPR: HPR_NUMBER, LEVEL: 4}),
            ("level 44x", {HPR: HPR_NUMBER, LEVEL: "44x"}),
            ("HPR number a number", {HPR: int(HPR_NUMBER), LEVEL: "4"}),
            ("HPR number with a blank", {HPR: HPR_NUMBER + " ", LEVEL: "4"}),
            ("child with register", {CHILD: f"0192:{own}"}),
            ("child an array", {CHILD: [own]}),
            ("child a number", {CHILD: int(own)}),
            ("child null, parent with", {CHILD: [], PARENT: own}),
        )], 403, CARD_STATUS)
        practitioner = make(**{HPR: HPR_NUMBER, LEVEL: "4"})
        self.assertNotIn(self.server.ask("POST", CARD_STATUS, practitioner).status, (401, 403))

    def test_machines_without_their_conditions(self):
        own = ti.PRACTICE_ORGANISATION
        make = lambda **claims: ti.bearer(self.issuers.of_machine("frikort:api/practice", own, claims))
        party = lambda **changes: {"authority": PARTY, "ID": f"0192:{own}", **changes}
        supplier = {"authority": PARTY, "ID": f"0192:{UNKNOWN_ORGANISATION}"}
        system = [{"type": "urn:altinn:systemuser", "systemuser_org": party()}]
        self.assert_rows([(name, None, make(**claims)) for name, claims in (
            ("no consumer", {"consumer": None}),
            ("another authority", {"consumer": party(authority="other")}),
            ("another register", {"consumer": party(ID=f"0088:{own}")}),
            ("no register", {"consumer": party(ID=own)}),
            ("consumer a text", {"consumer": f"0192:{own}"}),
            ("consumer a list", {"consumer": [party()]}),
            ("a wrong check digit", {"consumer": party(ID="0192:309538918")}),
            ("HelseID's claims instead", {"consumer": None, CHILD: own, PARENT: own}),
            ("client_orgno instead", {"consumer": None, "client_orgno": own}),
            ("supplier without delegation", {"supplier": supplier}),
            ("delegation that is not trusted", {"supplier": supplier, "delegation_source": "https://altinn.example/"}),
            ("delegation a list", {"supplier": supplier, "delegation_source": ["https://www.altinn.no/"]}),
            ("a system user: the customer is not the caller",
             {"consumer": party(ID=f"0192:{UNKNOWN_ORGANISATION}"), "authorization_details": system}),
        )], 403, CARD_STATUS)
        trusted = make(supplier=supplier, delegation_source="https://www.altinn.no/")
        self.assertEqual(self.server.ask("POST", PATH, trusted).status, 200)

    def test_roles_of_organisations_that_are_not_listed(self):
        for role, method, path in (("portal", "POST", "/v1/persons/account"), ("operator", "GET", "/v1/status"),
                                   ("payout", "GET", "/v1/events"), ("registry", "GET", "/v1/timeliness")):
            with self.subTest(role):
                token = ti.bearer(self.issuers.of_machine(f"frikort:api/{role}", ti.PRACTICE_ORGANISATION))
                self.assert_refused(self.server.ask(method, path, token), 403)
                self.assert_served()

    def test_citizens(self):
        path = "/v1/persons/account"
        own = {"personId": ti.CITIZEN, "year": 2026}
        restricted = self.issuers.of_machine("frikort:api/citizen", claims={"pid": ti.CITIZEN, "acr": "idporten-loa-high"})
        for name, token, error in (
                ("acr substantial", self.issuers.of_citizen({"acr": "idporten-loa-substantial"}), None),
                ("no acr", self.issuers.of_citizen({"acr": None}), None),
                ("acr a list", self.issuers.of_citizen({"acr": ["idporten-loa-high"]}), None),
                ("no pid", self.issuers.of_citizen({"pid": None}), None),
                ("pid a number", self.issuers.of_citizen({"pid": int(ti.CITIZEN)}), None),
                ("no scope", self.issuers.of_citizen({"scope": "openid profile"}), SCOPE),
                ("Maskinporten's token for a pid", restricted, SCOPE)):
            with self.subTest(name):
                reply = self.server.post_json(path, own, ti.bearer(token))
                self.assert_refused(reply, 403, error)
                self.assertNotIn(ti.CITIZEN.encode(), reply.body)
                self.assert_served()
        self.assertEqual(self.server.post_json(path, own, ti.bearer(self.issuers.of_citizen())).status, 200)


class ProofTest(NegativeCase):

    def assert_proofs_refused(self, token, proofs):
        self.assert_rows([(name, PROOF, {"Authorization": f"DPoP {token}", **({} if proof is None else {"DPoP": proof})})
                          for name, proof in proofs], 401)

    def test_form_and_key(self):
        token, client, other = self.issuers.of_practice(), self.issuers.client, ti.CurveKey()
        make = lambda **changes: self.issuers.proof("POST", PATH, token, **changes)
        right = make()
        body, _, signature = right.rpartition(".")
        jwk = client.public_jwk()
        weak = ti.RsaKey(bits=1024)
        wide = ti.CurveKey("ES384")
        self.assert_proofs_refused(token, [
            ("none", None), ("empty", " "), ("no JWT", "proof"), ("two in one field", f"{make()}, {make()}"),
            ("the token again", token),
            *((f"typ {typ}", make(header={"typ": typ})) for typ in ("JWT", None, "DPOP+JWT", "at+jwt", 1)),
            *((f"alg {name}", make(header={"alg": name})) for name in ("none", "HS256", "EdDSA", "ES384", "RS256", None, 1)),
            ("HS256 with the key", make(key=ti.SecretKey(json.dumps(jwk).encode()), header={"jwk": jwk})),
            ("RSA of 1024 bits", make(key=weak)),
            *((f"jwk {key}", make(header={"jwk": key})) for key in (None, "key", [], {}, 1)),
            ("private part", make(header={"jwk": {**jwk, "d": ti.encode_number(1, 32)}})),
            ("a secret", make(header={"jwk": {"kty": "oct", "k": "c2VjcmV0"}})),
            ("off the curve", make(header={"jwk": {**jwk, "y": other.public_jwk()["y"]}})),
            ("another curve's name", make(header={"jwk": {**jwk, "crv": "P-384"}})),
            ("zeros for a point", make(header={"jwk": {**jwk, "x": ti.encode_number(0, 32), "y": ti.encode_number(0, 32)}})),
            *((f"crit {crit}", make(header={"crit": crit})) for crit in ([], ["b64"], "x", False)),
            ("signature changed", body + "." + ("A" if signature[9] != "A" else "B") + signature[1:]),
            ("DER form", body + "." + ti.base64url(client.sign_der(body.encode()))),
            ("zeros for a signature", body + "." + ti.base64url(bytes(64))),
            ("by another key than jwk", make(key=other, header={"jwk": jwk})),
            ("by a key that is not the token's", make(key=other)),
            ("by a wide key that is not the token's", make(key=wide)),
            ("a jku", make(key=other, header={"jwk": None, "jku": "https://127.0.0.1:1/"})),
        ])

    def test_claims(self):
        token, now = self.issuers.of_practice(), int(time.time())
        make = lambda **claims: self.issuers.proof("POST", PATH, token, claims)
        origin, url = ti.ORIGIN, ti.ORIGIN + PATH
        hashed = json.loads(ti.decode_part(make().split(".")[1]))["ath"]
        self.assert_proofs_refused(token, [
            *((f"jti {str(jti)[:9]}", make(jti=jti)) for jti in (None, "", 7, "j" * 3000, ["a"])),
            *((f"htm {htm}", make(htm=htm)) for htm in (None, "GET", "post", ["POST"])),
            *((f"htu {htu}", make(htu=htu)) for htu in (
                None, "https://other.test" + PATH, origin + ":444" + PATH, "http://frikort.test" + PATH, url.upper(),
                url + "/", PATH, origin, origin + "/v1", origin + CARD_STATUS, url + "/lookup", self.server.url + PATH,
                "https://a@frikort.test" + PATH, f"https://frikort.test.other{PATH}", origin + "/v1/./../registrations",
                [url])),
            *((f"iat {iat}", make(iat=iat)) for iat in (
                None, str(now), now * 1000, now - 300, now - 120, now + 60, now + 300, -1, 1e300)),
            *((f"ath {ath}", make(ath=ath)) for ath in (None, "AAAA", hashed + "=", hashed.lower(), 1, [hashed])),
        ])

    def test_another_host_in_the_head_does_not_help(self):
        token = self.issuers.of_practice()
        proof = self.issuers.proof("POST", PATH, token, origin="https://evil.test")
        for host, more in (("evil.test", ""), ("a", "X-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: https\r\n")):
            reply = self.server.raw(f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\n{more}Authorization: DPoP {token}\r\n"
                                    f"DPoP: {proof}\r\nContent-Length: 0\r\n\r\n".encode())
            self.assert_refused(reply, 401, PROOF)
            self.assert_served()

    def test_two_proofs(self):
        token = self.issuers.of_practice()
        fields = "".join(f"DPoP: {self.issuers.proof('POST', PATH, token)}\r\n" for _ in range(2))
        reply = self.server.raw(f"POST {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: DPoP {token}\r\n{fields}"
                                "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n[]".encode())
        self.assertIn(reply.status, (400, 401))
        self.assert_served()

    def test_what_only_looks_different_is_let_in(self):
        token, now = self.issuers.of_practice(), int(time.time())
        keys = [ti.CurveKey(name) for name in ti.CurveKey.CURVES]
        first = ti.RsaKey()
        keys += [first.with_algorithm(kind + size) for kind in ("RS", "PS") for size in ("256", "384", "512")]
        for key in keys:
            with self.subTest(key.algorithm):
                bound = self.issuers.of_practice({"cnf": {"jkt": key.thumbprint()}})
                reply = self.server.ask_as_practice(token=bound, key=key)
                self.assertEqual(reply.status, 200, reply.body)
        for claims in ({"iat": now - 5}, {"iat": now + 3}, {"htu": "https://FRIKORT.test:443" + PATH},
                       {"htu": ti.ORIGIN + "/v1/%72egistrations?a=b#c"}, {"nonce": "n", "exp": 1, "more": {}}):
            with self.subTest(claims):
                self.assertEqual(self.server.ask_as_practice(token=token, claims=claims).status, 200)
        reply = self.server.ask_as_practice(path=PATH + "?dryRun=true")
        self.assertEqual(reply.status, 200, "the query is not part of htu")
        proof = self.issuers.proof("POST", PATH, token)
        reply = self.server.raw(f"POST http://inside.test:80{PATH}?dryRun=true HTTP/1.1\r\nHost: inside.test:80\r\n"
                                f"Authorization: DPoP {token}\r\nDPoP: {proof}\r\n"
                                "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n[]".encode())
        self.assertEqual(reply.status, 200, "a proxy may put its host before the path")


if __name__ == "__main__":
    unittest.main()
