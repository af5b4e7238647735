"""Commands beside a server: what it refuses, what it puts off, and what it gives to a role."""

import http.server
import json
import os
import threading
import unittest

import frikort_server as fs
import token_issuer as ti
from access_case import TokenServer
from command_case import CommandCase
from frikort_server import dated

REFUNDS = "refund_file.ndjson"


class Site(http.server.ThreadingHTTPServer):
    """Answers each submission with the next of some statuses; 200 accepts one item."""

    def __init__(self, statuses):
        super().__init__(("127.0.0.1", 0), Answer)
        self.statuses = list(statuses)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200, b"{}")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.statuses.pop(0)
        self.answer(status, b'{"verdict":"accepted"}\n' if status == 200 else b'{"detail":"No."}')

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        """Nothing: the output is the test's."""


class LoadTest(CommandCase):

    def load_to(self, exit_status, *statuses, says=()):
        site = Site(statuses)
        self.addCleanup(site.close)
        url = f"http://127.0.0.1:{site.server_port}"
        done = self.run_and_expect(exit_status, "load", "--json", "--server", url, "-",
                                   stdin=fs.ndjson([fs.copayment()]), says=says)
        self.assertEqual(site.statuses, [], "each was asked for")
        return done

    def test_whoever_may_not_send_is_not_told_that_the_file_is_wrong(self):
        for status in (401, 403):
            with self.subTest(status):
                done = self.load_to(3, status, says="the server refuses: No.")
                self.assertNotIn(b"the file", done.stderr)

    def test_a_file_that_is_wrong(self):
        self.load_to(2, 413, says="the server refuses the file: No.")

    def test_what_was_slow_is_sent_again(self):
        for status in (408, 429, 503):
            with self.subTest(status):
                done = self.load_to(0, status, 200, says="trying again")
                self.assertEqual(json.loads(done.stdout)["accepted"], 1)


class RolesTest(CommandCase):

    def serve_with_tokens(self, more=""):
        self.server = TokenServer(ti.Issuers(), more)
        self.addCleanup(self.server.clean)
        self.server.start()
        self.run_and_expect(0, "load", *self.access("operator"), "--trust-received-time", "-",
                            stdin=fs.ndjson([dated("2024-03-01", fs.CEILING[2024] + 100)]))

    def access(self, *roles):
        token = self.server.issuers.of_machine(" ".join(f"frikort:api/{role}" for role in roles))
        return "--server", self.server.url, "--token-file", self.write("-".join(roles), token.encode())

    def reconcile(self, exit_status, roles, output, *more, says=()):
        return self.run_and_expect(exit_status, "reconcile", *self.access(*roles), "--year", 2024, "--output",
                                   self.path(output), *more, says=says)

    def amounts(self, output):
        with open(os.path.join(self.path(output), REFUNDS), encoding="utf-8") as rows:
            return [json.loads(row)["toPayOre"] for row in rows]

    def test_an_operator_gets_all_but_the_refund_file_and_who_pays_that_alone(self):
        self.serve_with_tokens()
        self.reconcile(1, ["operator"], "closing", says=("refund file", "--refund-file-only", "--number 1"))
        names = set(os.listdir(self.path("closing")))
        self.assertEqual(names & {REFUNDS, "report.html", "manifest.sig"}, {"report.html", "manifest.sig"})
        self.reconcile(0, ["operator"], "without", "--number", 1, "--without-numbers")
        self.reconcile(0, ["payout"], "refunds", "--number", 1, "--refund-file-only")
        self.assertEqual(os.listdir(self.path("refunds")), [REFUNDS])
        self.assertEqual(self.amounts("refunds"), [100])
        self.assertEqual(os.stat(os.path.join(self.path("refunds"), REFUNDS)).st_mode & 0o777, 0o600)
        self.reconcile(2, ["payout"], "none", "--refund-file-only", says="wants --server and --number")
        self.reconcile(2, ["payout"], "none", "--number", 2, "--refund-file-only", says="no statement 2024-2")
        self.reconcile(3, ["operator"], "none", "--number", 1, "--refund-file-only", says="refuses")
        self.assertFalse(os.path.exists(self.path("none")))
        self.reconcile(0, ["operator", "payout"], "both", "--number", 1)
        self.assertEqual(self.amounts("both"), [100])

    def test_a_rate_puts_a_command_off_and_does_not_end_it(self):
        self.serve_with_tokens("[rates]\nclient_requests_per_s = 5\n")
        self.reconcile(0, ["operator", "payout"], "closing")
        self.assertEqual(self.amounts("closing"), [100])


if __name__ == "__main__":
    unittest.main()
