"""Who may: every operation of the API description, for every role and for callers without a token."""

import unittest

import frikort_server as fs
import token_issuer as ti
from access_case import AccessCase
from api_description import FILE, Document

ROLES = ("practice", "portal", "citizen", "operator", "payout", "registry")
ANYBODY = ("none", *ROLES)
# An operation that is missing here fails the test.
MATRIX = {
    ("GET", "/isalive"): ANYBODY,
    ("GET", "/isready"): ANYBODY,
    ("GET", "/version"): ANYBODY,
    ("GET", "/openapi.yaml"): ANYBODY,
    ("GET", "/openapi-frikortsporring.yaml"): ANYBODY,
    ("GET", "/.well-known/jwks.json"): ANYBODY,
    ("GET", "/metrics"): ("operator",),
    ("GET", "/v1/status"): ("operator",),
    ("POST", "/v1/registrations"): ("practice", "operator"),
    ("POST", "/v1/person-events"): ("registry",),
    ("POST", "/v1/practice-events"): ("registry",),
    ("POST", "/v1/registrations/lookup"): ("practice", "operator"),
    ("GET", "/v1/practices/{practiceId}/unpaid"): ("practice", "operator"),
    ("GET", "/v1/practices/{practiceId}/timeliness"): ("practice", "operator"),
    ("GET", "/v1/timeliness"): ROLES,
    ("GET", "/v1/timeliness/practices"): ("operator",),
    ("POST", "/v1/card-status"): ("practice",),
    ("POST", "/v1/card-status/batch"): ("practice",),
    ("POST", "/v1/persons/account"): ("portal", "citizen"),
    ("POST", "/v1/persons/card"): ("portal", "citizen"),
    ("POST", "/v1/persons/dossier"): ("portal", "citizen"),
    ("POST", "/v1/persons/access-log"): ("portal", "citizen"),
    ("POST", "/v1/persons/numbers"): ("payout",),
    ("GET", "/v1/events"): ("payout",),
    ("POST", "/v1/reconciliations"): ("operator",),
    ("GET", "/v1/reconciliations"): ("operator",),
    ("GET", "/v1/reconciliations/{id}"): ("operator",),
    ("GET", "/v1/reconciliations/{id}/file"): ("operator", "payout"),
    ("POST", "/v1/backups"): ("operator",),
    ("GET", "/v1/backups/{id}"): ("operator",),
}
REFUSALS = {"401": "Unauthenticated", "403": "Forbidden", "429": "TooManyRequests"}


class MatrixTest(AccessCase):

    more = "[limits]\npoll_timeout_s = 1\n"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = Document(FILE.read_text(encoding="utf-8"))

    def headers_of(self, role, method, path):
        if role == "none":
            return {}
        if role == "practice":
            return self.issuers.headers_of_practice(method, path)
        if role == "citizen":
            return ti.bearer(self.issuers.of_citizen())
        return ti.bearer(self.issuers.of_machine(f"frikort:api/{role}"))

    def send(self, role, method, path, operation):
        headers = self.headers_of(role, method, path)
        if method != "POST":
            return self.server.request(method, path, None, headers)
        headers["Content-Type"] = next(iter(operation["requestBody"]["content"]))
        return self.server.request(method, path, b"{}", headers)

    def test_the_description_says_who_may(self):
        described = {(method, path): operation for method, path, operation in self.document.operations()}
        self.assertEqual(described.keys(), MATRIX.keys())
        for (method, path), operation in described.items():
            with self.subTest(f"{method} {path}"):
                allowed, ways = MATRIX[method, path], operation["security"]
                self.assertEqual(ways == [], allowed is ANYBODY)
                self.assertEqual({roles[0] for way in ways for roles in way.values()}, set(allowed if ways else ()))
                self.assertEqual({"dpop": ["practice"]} in ways, bool(ways) and "practice" in allowed)
                for status, name in REFUSALS.items():
                    response = operation["responses"].get(status, {}).get("$ref")
                    self.assertEqual(response, f"#/components/responses/{name}" if ways else None, status)

    def test_every_operation_for_every_role(self):
        for method, template, operation in self.document.operations():
            allowed = MATRIX[method, template]
            path = template.replace("{practiceId}", ti.PRACTICE).replace("{id}", "2026-1")
            for role in ANYBODY:
                for sent in (method, "HEAD") if method == "GET" else (method,):
                    with self.subTest(f"{role}: {sent} {template}"):
                        reply = self.send(role, sent, path, operation)
                        if role in allowed:
                            self.assertNotIn(reply.status, (401, 403), reply.body[:300])
                        elif sent == "HEAD":
                            self.assertEqual(reply.status, 401 if role == "none" else 403)
                        elif role == "none":
                            self.assert_refused(reply, 401)
                        else:
                            self.assert_refused(reply, 403, "insufficient_scope")

    def test_refusals_are_as_described(self):
        for status, role in ((401, "none"), (403, "registry")):
            reply = self.send(role, "GET", "/v1/status", {})
            self.assertEqual(reply.status, status)
            response = self.document.schemas.resolve(f"#/components/responses/{REFUSALS[str(status)]}")
            content = response["content"][fs.PROBLEM_TYPE]
            self.assertEqual(self.document.content_errors(content, reply.json()), [])
            for name, header in self.document.headers(response).items():
                self.assertEqual(self.document.schemas.errors(header["schema"], reply.header(name)), [], name)

    def test_paths_and_methods_that_are_not_there_want_no_token(self):
        for headers in ({}, ti.bearer("a.b.c")):
            self.assert_problem(self.server.get("/v2/status", headers), 404, "NOT_FOUND")
            self.assert_problem(self.server.request("PUT", "/v1/status", b"{}", headers), 405, "METHOD_NOT_ALLOWED")

    def test_another_practice_is_not_the_callers(self):
        for path in ("/v1/practices/100002/timeliness", "/v1/practices/100002/unpaid"):
            self.assert_refused(self.server.ask_as_practice("GET", path), 403)
        reply = self.server.ask_as_practice(path="/v1/registrations/lookup",
                                            value={"practiceId": "100002", "guids": [fs.new_guid()]})
        self.assert_refused(reply, 403)

    def test_who_is_no_practice_asks_for_no_card(self):
        path = "/v1/card-status"
        token = self.issuers.of_practice({"helseid://claims/client/claims/orgnr_child": ti.OPERATOR_ORGANISATION})
        self.assert_refused(self.server.ask_as_practice(path=path, value={}, token=token), 403)

    def test_who_pays_gets_the_refund_file_alone(self):
        for name in ("payouts.ndjson", "cards.csv", "statement.json", "manifest.json", "refund_file", "x"):
            path = f"/v1/reconciliations/2026-1/file?name={name}"
            payout = self.server.get(path, ti.bearer(self.issuers.of_machine("frikort:api/payout")))
            self.assert_refused(payout, 403)
            operator = self.server.get(path, ti.bearer(self.issuers.of_machine("frikort:api/operator")))
            self.assert_problem(operator, 404)

    def test_operators_get_no_refund_file(self):
        path = "/v1/reconciliations/2026-1/file?name=refund_file.ndjson"
        payout = self.server.get(path, ti.bearer(self.issuers.of_machine("frikort:api/payout")))
        self.assert_problem(payout, 404)
        operator = self.server.get(path, ti.bearer(self.issuers.of_machine("frikort:api/operator")))
        self.assert_refused(operator, 403)


if __name__ == "__main__":
    unittest.main()
