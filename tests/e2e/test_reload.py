"""SIGHUP: what is read again while connections stay open, and what is said to want a restart; the metrics' listener."""

import http.client
import json
import signal
import time
import unittest

import frikort_server as fs
import token_issuer as ti
from access_case import TokenServer
from frikort_server import dated


class ReloadCase(unittest.TestCase):

    def setUp(self):
        self.server = TokenServer(ti.Issuers())
        self.addCleanup(self.server.clean)

    def start(self, more=""):
        self.server.write_configuration(more)
        self.server.start()

    def reload(self, more):
        seen = self.server.output().count(b'"reload')
        self.server.write_configuration(more)
        self.server.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: self.server.output().count(b'"reload') > seen)

    def ignored_by_reload(self, more):
        """The keys that want a restart, as the log says."""
        self.reload(more)
        self.wait_for(lambda: b"reload_ignored" in self.server.output())
        line = [line for line in self.server.output().decode().splitlines() if "reload_ignored" in line][-1]
        return json.loads(line)["keys"].split(", ")

    def wait_for(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, self.server.tail())
            time.sleep(0.05)

    def operator(self):
        return ti.bearer(self.server.issuers.of_machine("frikort:api/operator"))


class ReloadTest(ReloadCase):

    def requests_logged(self):
        return self.server.output().count(b'"event":"request"')

    def test_the_log_level(self):
        self.start()
        self.assertEqual(self.requests_logged(), 0)
        self.reload('[log]\nlevel = "debug"\n')
        self.assertEqual(self.server.get("/v1/status", self.operator()).status, 200)
        self.wait_for(lambda: self.requests_logged() > 0)
        line = [line for line in self.server.output().decode().splitlines() if '"event":"request"' in line][-1]
        logged = json.loads(line)
        self.assertEqual((logged["method"], logged["path"], logged["status"]), ("GET", "/v1/status", "200"))
        self.assertEqual(logged["caller"], f"client-1 for {ti.OPERATOR_ORGANISATION}")
        self.server.write_configuration('[log]\nlevel = "error"\n')
        self.server.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        before = self.requests_logged()
        self.assertEqual(self.server.get("/v1/status", self.operator()).status, 200)
        self.assertEqual(self.requests_logged(), before)

    def test_ceilings_of_further_years_on_an_open_connection(self):
        year = fs.oslo_today().year + 1
        last = max(*fs.CEILING, year)
        self.start()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        self.addCleanup(connection.close)

        def account():
            body = f'{{"personId":"{ti.CITIZEN}","year":{last}}}'
            portal = ti.bearer(self.server.issuers.of_machine("frikort:api/portal"))
            connection.request("POST", "/v1/persons/account", body, {**portal, "Content-Type": fs.JSON_TYPE})
            answer = connection.getresponse()
            return answer.status, answer.read()

        self.assertEqual(account()[0], 400, "no rules for the year")
        opened = connection.sock
        self.reload(f"[ceilings]\n{last} = 3400\n")
        self.wait_for(lambda: account()[0] == 200)
        self.assertIs(connection.sock, opened)
        self.assertIn(b'"ceilingOre":340000', account()[1])
        item = dated("2026-01-12", 100, personId=fs.new_person())
        reply = self.server.post_json("/v1/registrations", [item], self.operator())
        self.assertEqual(reply.json()["results"][0]["verdict"], "accepted")

    def test_what_wants_a_restart_is_said(self):
        self.start()
        ignored = self.ignored_by_reload(
            "[limits]\nidle_timeout_s = 7\n[ceilings]\n2025 = 3300\n[auth]\nproofs_max = 9\n")
        # Behind them stand made-up ceilings of later years, where there are such.
        self.assertEqual(ignored[:3], ["limits.idle_timeout_s", "auth.proofs_max", "ceilings.2025"])
        reply = self.server.post_json("/v1/persons/account", {"personId": ti.CITIZEN, "year": 2025},
                                      ti.bearer(self.server.issuers.of_machine("frikort:api/portal")))
        self.assertEqual(reply.json()["ceilingOre"], fs.CEILING[2025])

    def test_another_public_address_wants_a_restart(self):
        self.start()
        ignored = self.ignored_by_reload(
            'origins = ["https://other.test"]\n[registry]\npractices = "required"\n[national]\nserve = false\n')
        self.assertEqual(ignored[:3], ["public.origins", "national.serve", "registry.practices"])
        reply = self.server.ask_as_practice(value=[fs.copayment()])
        self.assertEqual(reply.status, 200, "proofs are for the address of the start")

    def test_a_configuration_without_issuers_changes_nothing(self):
        self.start()
        (self.server.folder / "frikort.toml").write_text(f'[public]\nurl = "{ti.ORIGIN}"\n', encoding="utf-8")
        self.server.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: b"reload_failed" in self.server.output())
        self.assertIn(b"[[issuers]]", self.server.output())
        self.assertNotIn(b'"event":"reloaded"', self.server.output())
        self.assertEqual(self.server.get("/v1/status", self.operator()).status, 200)


class MetricsTest(ReloadCase):

    def test_a_listener_of_its_own_gives_metrics_and_nothing_else(self):
        port = fs.free_port()
        self.start(f'[metrics]\nlisten = "127.0.0.1:{port}"\n')

        def ask(path, method="GET"):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request(method, path)
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            return answer.status, body

        status, body = ask("/metrics")
        self.assertEqual(status, 200)
        self.assertIn(b"frikort_http_open_connections", body)
        for path in ("/v1/status", "/v1/events", "/isready", "/"):
            self.assertEqual(ask(path)[0], 404, path)
        self.assertEqual(ask("/metrics", "POST")[0], 405)
        self.assertEqual(self.server.get("/metrics").status, 401, "the other listener wants an operator")
        self.assertEqual(self.server.get("/metrics", self.operator()).status, 200)
        self.server.stop()

    def test_an_address_that_others_reach_is_refused(self):
        for listen, word in (("0.0.0.0:0", b"--allow-plain"), ("nowhere", b"metrics.listen")):
            self.server.write_configuration(f'[metrics]\nlisten = "{listen}"\n')
            done = fs.run_frikort("serve", "--data", self.server.data, "--config", self.server.folder / "frikort.toml")
            self.assertEqual(done.returncode, 2)
            self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main()
