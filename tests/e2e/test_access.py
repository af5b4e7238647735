"""Who may, by tokens and proofs, as long as the service lives; what lets nobody in is in test_access_negative."""

import concurrent.futures
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
import unittest

import frikort_server as fs
import token_issuer as ti
from access_case import AccessCase, TokenServer
from national_client import NationalClient


def received_now(practice):
    """A co-payment that says nothing of when it was received: only operators may."""
    return fs.copayment(practiceId=practice, serviceTime=fs.oslo_text(fs.recent_day()))


class ProofTest(AccessCase):

    def test_a_proof_is_good_once(self):
        headers = self.issuers.headers_of_practice("POST", "/v1/registrations")
        self.assertEqual(self.server.ask("POST", "/v1/registrations", headers).status, 200)
        self.assert_refused(self.server.ask("POST", "/v1/registrations", headers), 401, "invalid_dpop_proof")
        spent = self.issuers.headers_of_practice("POST", "/v1/registrations")
        refused = self.server.ask("POST", "/v1/registrations", spent, b"{")
        self.assert_problem(refused, 400)
        self.assert_refused(self.server.ask("POST", "/v1/registrations", spent), 401, "invalid_dpop_proof")

    def test_of_twenty_at_once_one_is_answered(self):
        headers = self.issuers.headers_of_practice("POST", "/v1/registrations")
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            asked = [pool.submit(self.server.ask, "POST", "/v1/registrations", headers) for _ in range(20)]
            statuses = sorted(one.result().status for one in asked)
        self.assertEqual(statuses, [200] + [401] * 19)

    def test_a_forged_proof_spends_nothing(self):
        token = self.issuers.of_practice()
        claims = {"jti": "the-one"}
        forged = self.issuers.proof("POST", "/v1/registrations", token, claims, key=ti.CurveKey(),
                                    header={"jwk": self.issuers.client.public_jwk()})
        headers = {"Authorization": f"DPoP {token}", "DPoP": forged}
        self.assert_refused(self.server.ask("POST", "/v1/registrations", headers), 401, "invalid_dpop_proof")
        headers["DPoP"] = self.issuers.proof("POST", "/v1/registrations", token, claims)
        self.assertEqual(self.server.ask("POST", "/v1/registrations", headers).status, 200)


class ItemTest(AccessCase):

    def test_items_of_another_practice_are_not_allowed(self):
        own, other = received_now(ti.PRACTICE), received_now("100002")
        reply = self.server.ask_as_practice(value=[own, other])
        self.assertEqual(reply.status, 200)
        results = reply.json()["results"]
        self.assert_accepted(results[0])
        self.assert_rejected(results[1], "PRACTICE_NOT_ALLOWED", "practiceId")
        machine = ti.bearer(self.issuers.of_machine("frikort:api/practice", ti.OPERATOR_ORGANISATION))
        results = self.server.ask("POST", "/v1/registrations", machine, [own]).json()["results"]
        self.assert_rejected(results[0], "PRACTICE_NOT_ALLOWED", "practiceId")

    def test_only_operators_say_when_something_was_received(self):
        item = fs.copayment(personId=fs.new_person(), practiceId=ti.PRACTICE, receivedTime="2026-02-01T10:00:00+01:00",
                            serviceTime="2026-01-12T10:00:00+01:00")
        results = self.server.ask_as_practice(value=[item]).json()["results"]
        self.assert_rejected(results[0], "UNKNOWN_FIELD", "receivedTime")
        operator = ti.bearer(self.issuers.of_machine("frikort:api/operator"))
        self.assert_accepted(self.server.ask("POST", "/v1/registrations", operator, [item]).json()["results"][0])

    def test_a_citizen_sees_himself_alone(self):
        headers = ti.bearer(self.issuers.of_citizen())
        for path, more in (("account", {"year": 2026}), ("card", {"year": 2026}), ("access-log", {})):
            with self.subTest(path):
                path = f"/v1/persons/{path}"
                own = self.server.post_json(path, {"personId": ti.CITIZEN, **more}, headers)
                self.assertEqual(own.status, 200, own.body[:300])
                other = self.server.post_json(path, {"personId": fs.new_person(), **more}, headers)
                self.assert_refused(other, 403)
        self.assertNotIn(ti.CITIZEN.encode(), self.server.output())

    def test_what_the_body_asks_in_vain_is_counted_and_logged(self):
        operator = ti.bearer(self.issuers.of_machine("frikort:api/operator"))

        def refused():
            text = self.server.get("/metrics", operator).body.decode()
            return int(float(re.search(r'\nfrikort_access_refused_total{status="403"} (\S+)', text)[1]))

        before = refused()
        lookup = {"practiceId": "100002", "guids": [fs.new_guid()]}
        self.assert_refused(self.server.ask_as_practice(path="/v1/registrations/lookup", value=lookup), 403)
        citizen = ti.bearer(self.issuers.of_citizen())
        self.assert_refused(self.server.post_json("/v1/persons/access-log", {"personId": fs.new_person()}, citizen), 403)
        self.assertEqual(refused() - before, 2)
        output = self.server.output().decode()
        for reason, path in (("another practice", "/v1/registrations/lookup"), ("another person", "/v1/persons/access-log")):
            self.assertIn(f'"event":"access_refused","status":"403","reason":"{reason}","path":"{path}"', output)

    def test_a_person_is_told_who_has_asked(self):
        person = fs.new_person()
        asks = fs.copayment(personId=person, practiceId=ti.PRACTICE, serviceTime=fs.oslo_text(fs.recent_day()),
                            amountOre=0, exemption="F")
        question = {"personId": person, "serviceType": "LE", "serviceDate": str(fs.recent_day())}
        portal = ti.bearer(self.issuers.of_machine("frikort:api/portal", claims={
            "helseid://claims/client/client_name": "Portalen"}))
        operator = ti.bearer(self.issuers.of_machine("frikort:api/operator"))

        def entries():
            reply = self.server.post_json("/v1/persons/access-log", {"personId": person, "limit": 1000}, portal)
            return [entry for entry in reply.json()["entries"] if entry["what"] != "access-log"]

        self.assertEqual(self.server.ask_as_practice(path="/v1/card-status", value=question).status, 200)
        for reply in (self.server.ask_as_practice(value=[asks]),
                      self.server.ask("POST", "/v1/registrations", operator, [asks])):
            self.assert_rejected(reply.json()["results"][0], "NO_CARD_REGISTERED", "exemption")
        self.assertEqual(self.server.ask("POST", "/v1/persons/card", portal, {"personId": person, "year": 2026}).status,
                         200)
        deadline = time.monotonic() + 10
        while len(entries()) < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
        practice = {"name": ti.PRACTICE_NAME, "organisationNumber": ti.PRACTICE_ORGANISATION}
        nameless = {"name": None, "organisationNumber": ti.OPERATOR_ORGANISATION}
        named = {"name": "Portalen", "organisationNumber": ti.OPERATOR_ORGANISATION}
        self.assertEqual([(entry["what"], entry["role"], entry["who"]) for entry in reversed(entries())],
                         [("card-status", "practice", practice), ("submission", "practice", practice),
                          ("submission", "practice", nameless), ("card", "portal", named)])
        citizen = ti.bearer(self.issuers.of_citizen())
        look = {"personId": ti.CITIZEN}
        while True:
            seen = self.server.post_json("/v1/persons/access-log", look, citizen).json()["entries"]
            if seen:
                break
            self.assertLess(time.monotonic(), deadline + 10)
            time.sleep(0.05)
        self.assertEqual(seen[0]["who"], {"name": None, "organisationNumber": None})


class RegistryTest(unittest.TestCase):
    """What the registry says of a practice, beside what the configuration says."""

    def setUp(self):
        self.issuers = ti.Issuers()
        self.server = TokenServer(self.issuers, '[registry]\npractices = "required"\n').start()
        self.addCleanup(self.server.clean)
        self.question = {"personId": fs.new_person(), "serviceType": "LE", "serviceDate": str(fs.recent_day())}

    def register(self, practice, name, organisations):
        event = {"eventId": fs.new_guid(), "practiceId": practice, "name": name, "organisationNumbers": organisations,
                 "agreements": [{"from": "2020-01-01", "to": None}]}
        headers = ti.bearer(self.issuers.of_machine("frikort:api/registry"))
        reply = self.server.request("POST", "/v1/practice-events", fs.ndjson([event]),
                                    {"Content-Type": "application/x-ndjson", **headers})
        self.assertIn(b'"accepted"', reply.body)

    def ask_as_machine(self, scope, organisation):
        machine = ti.bearer(self.issuers.of_machine(scope, organisation))
        return self.server.post_json("/v1/card-status", self.question, machine).status

    def test_an_operator_is_no_practice(self):
        both = "frikort:api/practice frikort:api/operator"
        for scope in ("frikort:api/practice", "frikort:api/operator", both):
            self.assertEqual(self.ask_as_machine(scope, ti.OPERATOR_ORGANISATION), 403, scope)
        self.register("200001", "Kommunelegen", [ti.OPERATOR_ORGANISATION])
        self.assertEqual(self.ask_as_machine(both, ti.OPERATOR_ORGANISATION), 200)

    def test_the_registry_says_whose_a_practice_is_and_what_it_is_called(self):
        self.register(ti.PRACTICE, "Det nye kontoret", [ti.PRACTICE_ORGANISATION])
        self.assertEqual(self.server.ask_as_practice(path="/v1/card-status", value=self.question).status, 200)
        portal = ti.bearer(self.issuers.of_machine("frikort:api/portal"))
        look, entries, deadline = {"personId": self.question["personId"]}, [], time.monotonic() + 10
        while not entries and time.monotonic() < deadline:
            time.sleep(0.05)  # to look is logged, too, and a page holds only so much
            entries = self.server.post_json("/v1/persons/access-log", look, portal).json()["entries"]
        self.assertEqual(entries[-1]["who"]["name"], "Det nye kontoret")
        self.register(ti.PRACTICE, "Det nye kontoret", [])
        self.assertEqual(self.server.ask_as_practice(path="/v1/card-status", value=self.question).status, 403)


    def test_the_longest_name_that_the_registry_takes_is_shown_whole(self):
        """200 characters, each of four bytes; whatever asks is answered, and in the log."""
        name, person = "\U0001d4b6" * 200, self.question["personId"]
        self.register(ti.PRACTICE, name, [ti.PRACTICE_ORGANISATION])
        self.assertEqual(self.server.ask_as_practice(path="/v1/card-status", value=self.question).status, 200)
        path = "/v1/card-status/batch"
        headers = {"Content-Type": "application/x-ndjson", **self.issuers.headers_of_practice("POST", path)}
        self.assertEqual(self.server.request("POST", path, fs.ndjson([self.question]), headers).raw_lines(),
                         [b'{"exempt":false}'])
        asks = fs.copayment(personId=person, practiceId=ti.PRACTICE, serviceTime=fs.oslo_text(fs.recent_day()),
                            amountOre=0, exemption="F")
        results = self.server.ask_as_practice(value=[asks]).json()["results"]
        self.assertEqual(results[0]["code"], "NO_CARD_REGISTERED")
        self.assertEqual(NationalClient(self.server, self.issuers).ask(person).status, 200)
        portal = ti.bearer(self.issuers.of_machine("frikort:api/portal"))
        seen, deadline = [], time.monotonic() + 10
        while len(seen) < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
            look = {"personId": person, "limit": 1000}
            entries = self.server.post_json("/v1/persons/access-log", look, portal).json()["entries"]
            seen = [entry for entry in reversed(entries) if entry["what"] != "access-log"]
        self.assertEqual([(entry["what"], entry["who"]["name"]) for entry in seen],
                         [(what, name) for what in ("card-status", "card-status", "submission", "frikortsporring")])


class LifeTest(unittest.TestCase):

    def setUp(self):
        self.issuers = ti.Issuers()
        self.server = TokenServer(self.issuers)
        self.addCleanup(self.server.clean)

    def wait_for(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def status_of(self, token):
        return self.server.ask_as_practice(token=token).status

    def test_a_proof_that_was_spent_before_a_kill_stays_spent(self):
        self.server.start()
        headers = self.issuers.headers_of_practice("POST", "/v1/registrations")
        self.assertEqual(self.server.ask("POST", "/v1/registrations", headers).status, 200)
        self.server.kill()
        self.server.start()
        self.wait_for(lambda: self.server.ask_as_practice().status == 200)
        self.assertEqual(self.server.ask("POST", "/v1/registrations", headers).status, 401)

    def test_keys_that_are_not_of_this_boot_open_no_door(self):
        self.server.start()
        headers = self.issuers.headers_of_practice("POST", "/v1/registrations")
        self.assertEqual(self.server.ask("POST", "/v1/registrations", headers).status, 200)
        self.server.kill()
        os.remove(os.path.join(self.server.data, "proofs", "proofs"))
        self.server.start()
        self.assertEqual(self.server.ask("POST", "/v1/registrations", headers).status, 401)

    def test_new_keys_are_taken_with_the_first_token_and_old_ones_go(self):
        self.server.start()
        old, new = self.issuers.of_practice(), self.issuers.of_practice(header={"kid": "key-2"})
        self.wait_for(lambda: self.status_of(old) == 200)
        self.server.write_keys("key-2")
        time.sleep(10)  # At most one renewal in that time, whatever comes.
        self.assertEqual(self.status_of(new), 200)
        self.assertEqual(self.status_of(old), 401)

    def test_a_client_is_blocked_on_an_open_connection(self):
        self.server.start()
        token = self.issuers.of_machine("frikort:api/operator")
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        self.addCleanup(connection.close)

        def ask():
            connection.request("GET", "/v1/status", headers=ti.bearer(token))
            answer = connection.getresponse()
            answer.read()
            return answer.status

        self.wait_for(lambda: ask() == 200)
        opened = connection.sock
        self.server.write_configuration('[auth]\nblocked_clients = ["client-1"]\n')
        self.server.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: ask() == 403)
        self.assertIs(connection.sock, opened)
        self.server.write_configuration("[auth]\nnonsense = 1\n")
        self.server.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: b"reload_failed" in self.server.output())
        self.assertEqual(ask(), 403, "what was in force stays")

    def test_rates(self):
        self.server.write_configuration("[rates]\nclient_requests_per_s = 1\nclient_requests_burst = 3\n")
        self.server.start()
        token = ti.bearer(self.issuers.of_machine("frikort:api/operator"))
        replies = [self.server.get("/v1/status", token) for _ in range(8)]
        limited = [reply for reply in replies if reply.status == 429]
        self.assertTrue(limited)
        self.assertEqual(limited[0].json()["code"], "RATE_LIMITED")
        self.assertGreaterEqual(int(limited[0].header("Retry-After")), 1)
        self.assertEqual(limited[0].header("RateLimit-Policy"), '"client-requests";q=3;w=3')
        self.assertRegex(limited[0].header("RateLimit"), r'"client-requests";r=0;t=\d+')
        time.sleep(2)
        self.assertEqual(self.server.get("/v1/status", token).status, 200)

    def test_questions_of_a_practice_have_a_rate(self):
        self.server.write_configuration("[rates]\npractice_requests_per_s = 1\npractice_requests_burst = 3\n")
        self.server.start()
        question = {"personId": ti.CITIZEN, "serviceType": "LE", "serviceDate": fs.oslo_today().isoformat()}

        def ask(number):
            token = self.issuers.of_practice({"client_id": f"client-{number}"})
            return self.server.ask_as_practice(path="/v1/card-status", value=question, token=token)

        self.wait_for(lambda: ask(0).status == 200)
        limited = [reply for reply in map(ask, range(8)) if reply.status == 429]
        self.assertTrue(limited, "whichever client asks")
        self.assertEqual(limited[0].header("RateLimit-Policy"), '"practice-requests";q=3;w=3')

    def test_items_of_a_practice_have_a_rate(self):
        self.server.write_configuration("[rates]\npractice_items_per_s = 1\npractice_items_burst = 5\n")
        self.server.start()
        items = [received_now(ti.PRACTICE) for _ in range(5)]
        self.wait_for(lambda: self.server.ask_as_practice().status == 200)
        self.assertEqual(self.server.ask_as_practice(value=items).status, 200)
        limited = self.server.ask_as_practice(value=items)
        self.assertEqual((limited.status, limited.json()["code"]), (429, "RATE_LIMITED"))


class SocketFileTest(unittest.TestCase):

    def test_the_services_own_user_is_operator_on_the_socket_file(self):
        server = TokenServer(ti.Issuers())
        self.addCleanup(server.clean)
        path = str(server.folder / "frikort.sock")
        process = subprocess.Popen([fs.binary(), "serve", "--data", server.data, "--listen", f"unix:{path}",
                                    *server.options], stdin=subprocess.DEVNULL, stdout=server.log,
                                   stderr=subprocess.STDOUT)
        server.process = process
        deadline = time.monotonic() + 20
        while not os.path.exists(path):
            self.assertLess(time.monotonic(), deadline, server.tail())
            time.sleep(0.05)

        def ask(target, method="GET", body=b""):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
                sock.connect(path)
                sock.sendall(f"{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                             f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
                return int(sock.makefile("rb").readline().split()[1])

        self.assertEqual(ask("/v1/status"), 200)
        self.assertEqual(ask("/v1/persons/account", "POST", b"{}"), 403)
        self.assertEqual(fs.run_frikort("status", "--server", f"unix:{path}").returncode, 0)


class StartTest(unittest.TestCase):

    def refusal(self, *options, text=None):
        server = TokenServer(ti.Issuers())
        self.addCleanup(server.clean)
        config = server.folder / "frikort.toml"
        if text is not None:
            config.write_text(text, encoding="utf-8")
        done = fs.run_frikort("serve", "--create", "--data", os.path.join(server.data, "new"), "--config", config,
                              *options)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr.decode()

    def test_what_would_let_in_the_wrong_ones_is_refused_with_a_remedy(self):
        self.assertIn("--auth jwt", self.refusal("--auth", "none", "--listen", "0.0.0.0:0"))
        self.assertIn("--allow-plain", self.refusal("--listen", "0.0.0.0:0"))
        missing = self.refusal(text="")
        for word in ("[[issuers]]", "[public] url", "--auth none"):
            self.assertIn(word, missing)
        self.assertIn("`issuers[0].audience` is missing",
                      self.refusal(text='[[issuers]]\nkind = "helseid"\nissuer = "https://a.test"\n'))

    def test_check_config_names_every_fault_at_once_and_what_is_served(self):
        server = TokenServer(ti.Issuers())
        self.addCleanup(server.clean)
        config = server.folder / "frikort.toml"
        done = fs.run_frikort("check-config", "--config", config, "--json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(report["findings"], [])
        self.assertTrue(any("role operator: scope frikort:api/operator" in line for line in report["served"]))
        os.remove(server.folder / "helseid.json")
        done = fs.run_frikort("check-config", "--config", config)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"no keys", done.stdout)
        config.write_text('[limits]\nspeed = 1\n[tls]\ncertificate = 7\n[[issuers]]\nkind = "other"\n',
                          encoding="utf-8")
        done = fs.run_frikort("check-config", "--config", config)
        self.assertEqual(done.returncode, 2)
        for word in (b"limits.speed", b"tls.certificate", b"tls.key", b"issuers[0].kind"):
            self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main()
