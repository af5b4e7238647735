"""The national card query as long as the service lives: paths, the self-test, keys, rates, who is let in no more."""

import datetime
import http.client
import re
import signal
import stat
import time
import unittest
import uuid
from pathlib import Path

import frikort_server as fs
import national_client as nc
import token_issuer as ti
from access_case import TokenServer
from national_case import PROOF, TOKEN, NationalAnswers, NationalCase, sections
from national_client import CHILD, PARENT, NationalClient, question

OTHER_ORGANISATION = "339065284"
MEMBERS = {"kty", "use", "alg", "kid", "n", "e", "exp"}
DAY_SECONDS = 86_400


class PathTest(NationalCase):

    def test_paths_that_are_not_there(self):
        bad = {"Authorization": "DPoP a.b.c", "Content-Type": nc.JOSE_TYPE}
        for path in ("/api/frikortsporring/jwks", nc.QUERY.replace("v1", "v2"), nc.QUERY.replace("v1", "v0"),
                     nc.QUERY.replace("v1", "V1"), nc.QUERY.replace("frikort", "Frikort"),
                     nc.QUERY.replace("helseid", "HelseID"), nc.QUERY + "/", nc.QUERY + "/?a=b", nc.QUERY + "/x",
                     nc.QUERY[:-1], nc.QUERY[:-3], nc.SELF_TEST + "/", nc.JWK + "/", "/api/frikortsporring", "/api/",
                     "/api/unknown", "/api//frikortsporring/helseid/v1", nc.QUERY.replace("v1", "%761"),
                     nc.QUERY.replace("/v1", "%2Fv1"), nc.JWK.replace("jwk", "%6Awk"), nc.JWK + "%2F",
                     nc.JWK + "/%zz"):
            for method in ("POST", "GET"):
                for headers in ({}, bad, self.client.credentials(path=path)):
                    with self.subTest(path=path, method=method):
                        reply = self.server.request(method, path, b"x" if method == "POST" else None, headers)
                        self.assert_error(reply, 404)
        self.assert_served()

    def test_other_methods(self):
        bad = {"Authorization": "DPoP a.b.c"}
        for path, methods, allowed in ((nc.QUERY, ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"), "POST"),
                                       (nc.SELF_TEST, ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"), "POST"),
                                       (nc.JWK, ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"), "GET")):
            for method in methods:
                for headers in ({}, bad):
                    with self.subTest(path=path, method=method):
                        reply = self.server.request(method, path, b"" if method == "POST" else None, headers)
                        self.assert_error(reply, 405)
                        names = re.split(r"\s*,\s*", reply.header("Allow"))
                        self.assertIn(allowed, names)
                        self.assertNotIn(method, names)
        for path, allowed in ((nc.QUERY, "POST"), (nc.JWK, "GET")):
            reply = self.server.request("HEAD", path)
            self.assertEqual((reply.status, reply.header("Allow")), (405, allowed))
        self.assert_served()

    def test_fields_that_stand_there_twice_are_judged_in_their_turn(self):
        twice = {"Authorization": "DPoP a.b.c", "Content-Type": nc.JOSE_TYPE}
        expired = self.client.credentials(self.client.token({"exp": 1}))
        no_scope = self.client.credentials(self.client.token({"scope": []}))
        for name, value in twice.items():
            lines = f"{name}: {value}\r\n" * 2
            with self.subTest(name):
                self.assertEqual(self.server.raw(f"GET {nc.JWK} HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode()).status, 200)
                for method, path, status in (("GET", nc.QUERY + "/", 404), ("GET", nc.QUERY, 405)):
                    head = f"{method} {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n"
                    self.assert_error(self.server.raw(head.encode()), status)
        types = f"Host: a\r\nContent-Type: {nc.JOSE_TYPE}\r\n"
        for credentials, status in ((expired, 401), (no_scope, 403), (self.client.credentials(), 400)):
            fields = "".join(f"{name}: {value}\r\n" for name, value in credentials.items())
            self.assert_error(self.client.raw(types + fields), status)
        self.assert_served()

    def test_a_path_spelled_otherwise_is_of_no_contract(self):
        for path in ("/%61pi/frikortsporring/jwk", "/%61pi/unknown"):
            self.assert_problem(self.server.get(path), 404, "NOT_FOUND")

    def test_a_first_line_that_is_too_long_is_told_in_the_form_of_the_contract(self):
        for path in ("/api/" + "a" * 60_000, nc.JWK + "?" + "a" * 60_000):
            self.assert_error(self.server.raw(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()), 431)
        self.assert_served()

    def test_each_surface_has_its_own_errors(self):
        for path in ("/v1/unknown", "/apis/frikortsporring", "/frikortsporring/helseid/v1"):
            self.assert_problem(self.server.request("POST", path, b"", {}), 404, "NOT_FOUND")

    def test_a_query_string_is_ignored_and_not_logged(self):
        person = fs.new_person()
        self.assert_answer(self.client.post(query=f"?borgerIdent={person}&access_token=abc"))
        self.assertEqual(self.server.get(f"{nc.JWK}?borgerIdent={person}").status, 200)
        self.assertNotIn(person.encode(), self.server.output())
        for query in ("?a=%zz", "?%", "?[", "?|", '?"', "?{}", "?\\^"):
            with self.subTest(query):
                self.assert_answer(self.client.post(query=query))
                self.assertEqual(self.server.get(nc.JWK + query).status, 200)

    def test_not_served_where_it_is_switched_off(self):
        server = TokenServer(self.issuers, sections(national={"serve": "false"})).start()
        self.addCleanup(server.clean)
        credentials = {"Content-Type": nc.JOSE_TYPE, **self.client.credentials()}
        self.assertEqual(server.request("POST", nc.QUERY, self.client.encrypt(), credentials).status, 404)
        self.assertEqual(server.get(nc.JWK).status, 404)


class CorrelationTest(NationalCase):

    def replies(self, **headers):
        """One of each status."""
        expired = self.client.token({"exp": 1})
        yield self.client.post(headers=headers)
        yield self.client.post(b"garbage", headers=headers)
        yield self.client.post(credentials=self.client.credentials(expired), headers=headers)
        no_scope = self.client.token({"scope": []})
        yield self.client.post(credentials=self.client.credentials(no_scope), headers=headers)
        yield self.client.post(path=nc.QUERY + "/x", headers=headers)
        yield self.client.post(path=nc.JWK, headers=headers)
        yield self.client.post(path=nc.SELF_TEST, headers=headers)
        yield self.server.get(nc.JWK, headers)

    def test_echoed_as_it_was_sent(self):
        for sent in (str(uuid.uuid4()), str(uuid.uuid4()).upper()):
            for reply in self.replies(**{"Correlation-Id": sent}):
                self.assertEqual(self.correlation_id(reply), sent)
                if reply.status >= 400:
                    self.assert_error(reply, reply.status)

    def test_each_answer_has_a_new_one(self):
        found = [self.correlation_id(reply) for reply in self.replies()]
        self.assertEqual(len(set(found)), len(found))

    def test_what_is_no_uuid_is_replaced(self):
        right = str(uuid.uuid4())
        for sent in (ti.CITIZEN, "no-uuid", right[:-1], right + "0", "g" + right[1:]):
            for reply in self.replies(**{"Correlation-Id": sent}):
                self.assertNotIn(sent, str(reply.headers) + reply.body.decode())
                self.correlation_id(reply)
        self.assert_served(headers={"Correlation-Id": ti.CITIZEN})
        self.assertNotIn(ti.CITIZEN.encode(), self.server.output())

    def test_two_are_replaced(self):
        sent = [str(uuid.uuid4()), str(uuid.uuid4())]
        for pair in (sent, [sent[0], sent[0]]):
            fields = {**self.client.credentials(), "Host": "a"}
            reply = self.client.raw("".join(f"{name}: {value}\r\n" for name, value in fields.items()) +
                                    "".join(f"Correlation-Id: {value}\r\n" for value in pair))
            self.assert_answer(reply)
            self.assertNotIn(self.correlation_id(reply), pair)


class ReportCase(NationalCase):
    agreement = "IKKE_IMPLEMENTERT"

    def report(self, body=None, encryption="OK", agreement=None, **parts):
        reply = self.client.post(body, path=nc.SELF_TEST, **parts)
        self.assert_self_test(reply, encryption, agreement or self.agreement)


class ReportTest(ReportCase):
    """No registry is in force."""

    def test_any_plaintext_is_right(self):
        for plaintext in (b"no JSON", b"\xff\x00", b"{}", fs.compact(question()).encode(), b"[" * 5000):
            with self.subTest(plaintext[:20]):
                self.report(self.client.encrypt(plaintext))

    def test_faults_of_encryption_are_reported(self):
        make = lambda *header, **knobs: self.client.encrypt(None, *header, **knobs).decode()
        right = make()
        other = {**ti.RsaKey().public_jwk(), "kid": self.client.jwk["kid"]}
        for name, body in (
                ("another key", nc.encrypt(other, b"{}")), ("garbage", "garbage"), ("dots", "...."),
                ("plain JSON", fs.compact(question())), ("four parts", right.rpartition(".")[0]),
                ("alg", make(wrapping="RSA-OAEP")), ("enc", make(content="A128GCM")),
                ("unknown kid", make({"kid": "unknown"})), ("no kid", make({"kid": None})),
                ("a signed JWT", self.client.token()), ("zip", make({"zip": "DEF"})),
                *((f"part {part} changed", nc.with_bit_changed(right, part)) for part in range(5))):
            with self.subTest(name):
                self.report(body.encode(), "FEIL")
                self.report()

    def test_what_is_refused_instead_of_reported(self):
        unauthenticated = lambda error: lambda reply: self.assert_unauthenticated(reply, error)
        make = lambda **claims: self.client.credentials(self.client.token(claims), path=nc.SELF_TEST)
        for check, parts in (
                (unauthenticated(None), {"credentials": {}}),
                (unauthenticated(TOKEN), {"credentials": make(exp=1)}),
                (unauthenticated(TOKEN), {"credentials": ti.bearer(self.client.token())}),
                (unauthenticated(PROOF), {"credentials": {**make(), "DPoP": "a.b.c"}}),
                (unauthenticated(PROOF), {"credentials": self.client.credentials()}),
                (self.assert_no_scope, {"credentials": make(scope=[])}),
                (self.assert_no_scope, {"credentials": make(scope=[]), "body": b"garbage"}),
                (self.assert_bad_request, {"headers": {"Content-Type": "text/plain"}}),
                (self.assert_bad_request, {"headers": {"Content-Type": None}}),
                (self.assert_bad_request, {"body": b""})):
            check(self.client.post(path=nc.SELF_TEST, **parts))
            self.report()

    def test_its_proof_is_not_for_the_query(self):
        credentials = self.client.credentials(path=nc.SELF_TEST)
        self.assert_unauthenticated(self.client.post(credentials=credentials), PROOF)


class AgreementReportTest(ReportCase):
    more = sections(registry={"practices": '"required"'})
    agreement = "OK"

    def setUp(self):
        for practice, organisation, last in (("100001", ti.PRACTICE_ORGANISATION, None),
                                             ("100002", OTHER_ORGANISATION, "2024-12-31")):
            self.tell("/v1/practice-events", {
                "practiceId": practice, "name": "Legekontoret", "organisationNumbers": [organisation],
                "agreements": [{"from": "2020-01-01", "to": last}]})

    def test_agreements_are_reported(self):
        for name, claims in (("unknown", {CHILD: "307731339"}), ("ended", {CHILD: OTHER_ORGANISATION}),
                             ("nobody", {CHILD: None, PARENT: None}), ("an array", {CHILD: [ti.PRACTICE_ORGANISATION]}),
                             ("level 3", {nc.PID: ti.CITIZEN, nc.LEVEL: "3"})):
            with self.subTest(name):
                for body, encryption in ((None, "OK"), (b"garbage", "FEIL")):
                    credentials = self.client.credentials(self.client.token(claims), path=nc.SELF_TEST)
                    self.report(body, encryption, "FEIL", credentials=credentials)
                self.report()
                self.report(b"garbage", "FEIL")


    def refused(self):
        text = self.server.get("/metrics", self.machine("operator")).body.decode()
        return int(float(re.search(r'\nfrikort_access_refused_total{status="403"} (\S+)', text)[1]))

    def test_refusals_are_counted_and_logged(self):
        before = self.refused()
        for claims, reason in (({CHILD: OTHER_ORGANISATION}, "no agreement today"),
                               ({CHILD: None, PARENT: None}, "the token does not say who asks")):
            self.assert_no_agreement(self.client.post(credentials=self.client.credentials(self.client.token(claims))))
            line = f'"event":"access_refused","status":"403","reason":"{reason}","path":"{nc.QUERY}"'
            self.wait_for(lambda: line in self.server.output().decode())
        self.report(agreement="FEIL", credentials=self.client.credentials(self.client.token({CHILD: OTHER_ORGANISATION}),
                                                                          path=nc.SELF_TEST))
        self.assertEqual(self.refused() - before, 2, "a report is no refusal")

    def test_of_each_fault_one_sentence_says_what_to_do(self):
        for claims in ({CHILD: OTHER_ORGANISATION}, {CHILD: None, PARENT: None}):
            credentials = self.client.credentials(self.client.token(claims), path=nc.SELF_TEST)
            report = self.client.post(b"garbage", path=nc.SELF_TEST, credentials=credentials).json()
            for part, remedy in (("kryptering", "hent nøkkelen på nytt"), ("helfoAvtale", ": (få|hent) ")):
                sentence = report[part]["beskrivelse"]
                self.assertRegex(sentence, r"\A[A-ZÆØÅ][^.]*\.\Z", "one sentence")
                self.assertRegex(sentence, remedy)


class KeyTest(NationalCase):

    def rotate(self):
        before = self.client.fetch_key()
        done = fs.run_frikort("keys", "rotate", "--key", "query", "--data", self.server.data)
        self.assertEqual(done.returncode, 0, done.stderr)
        rotated = time.monotonic()
        while self.client.fetch_key()["kid"] == before["kid"]:
            self.assertLess(time.monotonic() - rotated, 10, "a new key is served within ten seconds")
            time.sleep(0.05)
        return before

    def files(self):
        return sorted(Path(self.server.data, "keys").glob("query-*.pem"))

    def ask_with(self, jwk):
        self.client.jwk = jwk
        self.assert_answer(self.client.post(self.client.encrypt()))

    def test_what_is_published(self):
        key = self.client.fetch_key()
        self.assertEqual(set(key), MEMBERS)
        self.assertEqual([key[name] for name in ("kty", "use", "alg", "e")], ["RSA", "enc", "RSA-OAEP-256", "AQAB"])
        self.assertRegex(key["n"], r"\A[A-Za-z0-9_-]{342,}\Z")
        self.assertGreaterEqual(nc.public_key_of(key).key_size, 2048)
        self.assertTrue(key["kid"])
        self.assertIs(type(key["exp"]), int)
        self.assertAlmostEqual(key["exp"], time.time() + 90 * DAY_SECONDS, delta=2 * DAY_SECONDS)

    def test_open_to_all(self):
        usual = self.server.get(nc.JWK)
        for headers in ({}, {"Authorization": "DPoP a.b.c", "DPoP": "x"}, {"Authorization": "Basic YTpi"},
                        ti.bearer(self.client.token({"exp": 1})), {"Accept": "text/html"}):
            reply = self.server.get(nc.JWK, headers)
            self.assertEqual((reply.status, reply.body), (200, usual.body))
            self.assertEqual(reply.header("Content-Type"), fs.JSON_TYPE)
            kept = re.fullmatch(r"public, max-age=(\d+)", reply.header("Cache-Control"))
            self.assertTrue(0 < int(kept[1]) <= 3600)
            self.assertIsNone(reply.header("WWW-Authenticate"))
            self.correlation_id(reply)

    def test_old_keys_open_after_a_rotation_and_after_a_kill(self):
        first = self.rotate()
        second = self.rotate()
        third = self.client.jwk
        for name in ("kid", "n"):
            self.assertEqual(len({key[name] for key in (first, second, third)}), 3, name)
        for end in (None, self.server.kill, lambda: self.server.stop(clean=False)):
            if end is not None:
                end()
                self.server.start()
                self.wait_for(lambda: self.client.post().status == 200)
            for key in (first, second, third):
                self.ask_with(key)
            self.assertEqual(self.client.fetch_key(), third)
        self.assertGreaterEqual(len(self.files()), 3)
        self.assertEqual({stat.S_IMODE(path.stat().st_mode) for path in self.files()}, {0o600})

    def test_nothing_private_is_shown(self):
        self.rotate()
        told = self.server.output() + self.server.get(nc.JWK).body
        for path in self.files():
            for line in path.read_bytes().splitlines():
                if not line.startswith(b"-----"):
                    self.assertNotIn(line, told)

    def test_a_life_of_its_own(self):
        server = TokenServer(self.issuers, sections(national={"key_days": 40, "key_rotate_days": 10})).start()
        self.addCleanup(server.clean)
        key = NationalClient(server).fetch_key()
        self.assertAlmostEqual(key["exp"], time.time() + 40 * DAY_SECONDS, delta=2 * DAY_SECONDS)

    def test_a_rotation_by_hand_is_served_however_long_other_keys_live(self):
        server = TokenServer(self.issuers, sections(national={"key_days": 365})).start()
        self.addCleanup(server.clean)
        client = NationalClient(server)
        first = client.fetch_key()
        made = fs.frikort_json("keys", "rotate", "--key", "query", "--data", server.data)
        self.wait_for(lambda: client.fetch_key()["kid"] == made["keyId"], 10)
        self.assertGreater(client.jwk["exp"], first["exp"])
        self.assertEqual(datetime.datetime.fromisoformat(made["expires"]).timestamp(), client.jwk["exp"])
        time.sleep(6)  # until the server has looked into the folder again
        self.assertEqual(client.fetch_key()["kid"], made["keyId"])
        self.assertEqual(len(list(Path(server.data, "keys").glob("query-*.pem"))), 2, "nobody made another")


class LifeTest(NationalAnswers, unittest.TestCase):

    def start(self, more=""):
        self.issuers = ti.Issuers()
        self.server = TokenServer(self.issuers, more)
        self.addCleanup(self.server.clean)
        self.server.start()
        self.client = NationalClient(self.server, self.issuers)
        self.assert_served()

    def test_an_issuer_changes_its_key(self):
        self.start()
        old = self.client.token()
        self.issuers.rotate(ti.HELSEID)
        self.server.write_keys()
        new = lambda: self.client.credentials(self.client.token())
        self.wait_for(lambda: self.client.post(credentials=new()).status == 200, 12)
        self.assert_served(credentials=new())
        self.assert_served(credentials=self.client.credentials(old))

    def test_rates(self):
        self.start(sections(rates={"client_requests_per_s": 1, "client_requests_burst": 4}))
        no_scope = self.client.token({"scope": []})
        limited = []
        for _ in range(4):
            for parts in ({}, {"body": b"garbage"}, {"credentials": self.client.credentials(no_scope)}):
                reply = self.client.post(**parts)
                if reply.status == 429:
                    self.assert_error(reply, 429)
                    limited.append(reply)
        self.assertTrue(limited)
        for reply in limited:
            self.assertRegex(reply.header("Retry-After"), r"\A[1-9][0-9]*\Z")
        self.assert_unauthenticated(self.client.post(credentials={}), None)
        self.assert_served(credentials=self.client.credentials(self.client.token({"client_id": "client-2"})))
        self.wait_for(lambda: self.client.post().status == 200)

    def test_who_is_blocked_on_an_open_connection(self):
        self.start()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        self.addCleanup(connection.close)
        self.assert_answer(self.client.post_on(connection))
        opened = connection.sock
        for more in ('blocked_clients = ["client-1"]', f'blocked_organisations = ["{ti.PRACTICE_ORGANISATION}"]'):
            for text, status in ((f"[auth]\n{more}\n", 403), ("", 200)):
                self.server.write_configuration(text)
                self.server.process.send_signal(signal.SIGHUP)
                self.wait_for(lambda: self.client.post_on(connection).status == status)
                reply = self.client.post_on(connection)
                if status == 403:
                    self.assert_no_agreement(reply)
                else:
                    self.assert_answer(reply)
        self.assertIs(connection.sock, opened)

    def test_no_number_and_no_token_in_the_log(self):
        self.start(sections(log={"level": '"debug"'}))
        person, values = fs.new_person(), set()
        for parts in ({}, {"path": nc.SELF_TEST}, {"body": self.client.encrypt({**question(), person: 1})},
                      {"credentials": self.client.credentials(self.client.token({"exp": 1}))},
                      {"credentials": self.client.credentials(self.client.token({nc.PID: person, nc.LEVEL: "3"}))}):
            self.client.post(**{"body": self.client.encrypt(question(person)), **parts})
            values |= {value for value in self.client.values_sent() if len(value) > 10}
        self.server.stop(clean=False)
        logged = self.server.output().decode()
        self.assertIn('"event":"request"', logged)
        for value in (person, *values):
            self.assertNotIn(value, logged)


class WithoutTokensTest(NationalAnswers, fs.ServerCase):
    """`--auth none` looks at neither token nor proof, but at everything else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = NationalClient(cls.server)

    def test_tokens_and_proofs_are_not_looked_at(self):
        for credentials in ({}, {"Authorization": "DPoP a.b.c", "DPoP": "x"}, {"Authorization": "Basic YTpi"}):
            self.assert_answer(self.client.post(credentials=credentials), False)
        reply = self.client.raw("Host: a\r\nAuthorization: DPoP a\r\nDPoP: a\r\nDPoP: b\r\n")
        self.assert_answer(reply, False)

    def test_bodies_are(self):
        for body, name in ((b"garbage", None), (self.client.encrypt(b"[]"), None),
                           (self.client.encrypt(question("1")), nc.FIELDS[0])):
            self.assert_bad_request(self.client.post(body), name)
        self.assert_bad_request(self.client.post(headers={"Content-Type": "text/plain"}))
        self.assert_error(self.server.get(nc.QUERY), 405)
        self.assert_served()


if __name__ == "__main__":
    unittest.main()
