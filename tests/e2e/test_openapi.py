"""The API description is true: what it shows is sent, and what comes back is compared with what it says.

The examples are sent in document order to an empty ledger; the head of api/openapi.yaml explains its x- members.
"""

import copy
import json
import re
import tempfile
import unittest

import frikort_server as fs
from api_description import Document, FILE, await_end, differences, line_documents

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def real_value(reply):
    return reply.json() if reply.media_type in (fs.JSON_TYPE, fs.PROBLEM_TYPE) else reply.body.decode()


def paths_of(text):
    """Segments in braces lose their names."""
    return re.sub(r"\{[^}]*\}", "{}", text)


class OpenapiTest(fs.ServerCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.text = FILE.read_text(encoding="utf-8")
        cls.document = Document(cls.text)
        cls.requests = [request.send(cls.server, cls.document) for request in cls.document.requests()]

    def described(self, request):
        """The response that the document has for the answer, and its content."""
        responses = self.document.responses(request.operation)
        response = responses.get(str(request.reply.status), responses["default"])
        self.assertIn(request.reply.media_type, response["content"], request)
        return response, response["content"][request.reply.media_type]

    # the file

    def test_the_server_gives_the_file(self):
        reply = self.server.get("/openapi.yaml")
        self.assertEqual(reply.media_type, "application/yaml")
        self.assertEqual(reply.body.decode(), self.text, "the program was built from another api/openapi.yaml")

    def test_the_file_can_be_built_in(self):
        for literal in re.split("\n  /v1/person-events:|\ncomponents:", self.text):
            self.assertLess(len(literal.encode()), 64_000)
        self.assertNotIn(')yaml"', self.text)
        self.assertNotRegex(self.text, r"@\w+@")

    def test_references_lead_somewhere_and_components_are_used(self):
        used = set(re.findall(r"\$ref: '([^']+)'", self.text))
        for reference in used:
            self.document.schemas.resolve(reference)
        for _, _, operation in self.document.operations():
            used |= {f"#/components/securitySchemes/{name}" for way in operation["security"] for name in way}
        for kind, components in self.document.root["components"].items():
            for name in components:
                self.assertIn(f"#/components/{kind}/{name}", used)

    def test_operation_ids_are_unique(self):
        names = [operation["operationId"] for _, _, operation in self.document.operations()]
        self.assertEqual(len(names), len(set(names)))

    def test_person_numbers_are_synthetic(self):
        for number in re.findall(r"(?<!\w)\d{11}(?!\w)", self.text):
            self.assertTrue(81 <= int(number[2:4]) <= 92, "month + 80")

    # routes

    def test_routes_are_those_of_the_service(self):
        routes = set()
        for source in (file.read_text(encoding="utf-8") for file in (fs.ROOT / "api").glob("*/*.cc")):
            named = dict(re.findall(r'string_view (path) = "(/[^"]*)"', source))
            routes |= {(method, path or named[name])
                       for method, path, name in re.findall(r'\.method = "(\w+)",\s*\.path = (?:"([^"]+)"|(\w+))', source)
                       if path or name in named}
            routes |= {("GET", path) for path in re.findall(r'add_open\("([^"]+)"', source)}
        self.assertEqual({(method, paths_of(path)) for method, path, _ in self.document.operations()}, routes)

    def test_other_methods_are_not_allowed(self):
        for path, methods in self.document.root["paths"].items():
            allowed = [method.upper() for method in methods]
            if "GET" in allowed:
                allowed.append("HEAD")
            for method in METHODS:
                if method in allowed:
                    continue
                with self.subTest(method=method, path=path):
                    reply = self.server.request(method, re.sub(r"{[^}]*}", "1", path))
                    self.assertEqual(reply.status, 405)
                    self.assertEqual(sorted(reply.header("Allow").split(", ")), sorted(allowed))
                    if method != "HEAD":
                        self.assertEqual(self.assert_problem(reply, 405, "METHOD_NOT_ALLOWED")["status"], 405)

    def test_other_paths_are_not_found(self):
        for path in ("/", "/v1", "/v1/registrations/", "/v1/practices//timeliness", "/v1/practices/1/2/timeliness"):
            with self.subTest(path=path):
                problem = self.assert_problem(self.server.get(path), 404, "NOT_FOUND")
                self.assertEqual(self.document.schemas.errors(self.document.schema("Problem"), problem), [])

    # examples

    def test_request_examples_fit_their_schema(self):
        for request in self.requests:
            if request.media_type is None:
                continue
            with self.subTest(request=str(request)):
                content = request.operation["requestBody"]["content"][request.media_type]
                self.assertEqual(self.document.content_errors(content, request.example["value"]), [])

    def test_response_examples_fit_their_schema(self):
        for method, path, operation in self.document.operations():
            responses = self.document.responses(operation)
            for status, media_type, name, example in self.document.response_examples(operation):
                with self.subTest(method=method, path=path, status=status, example=name):
                    content = responses[status]["content"][media_type]
                    self.assertEqual(self.document.content_errors(content, example["value"]), [])

    def test_each_request_is_answered_as_described(self):
        for request in self.requests:
            with self.subTest(request=str(request)):
                self.assertEqual(str(request.reply.status), request.status, request.reply.body[:500])
                response, content = self.described(request)
                self.assertEqual(self.document.content_errors(content, real_value(request.reply)), [])
                for name, header in self.document.headers(response).items():
                    value = request.reply.header(name)
                    if value is not None:
                        self.assertEqual(self.document.schemas.errors(header["schema"], value), [], name)
                    else:
                        self.assertFalse(header.get("required"), f"the header {name} is missing")

    def test_each_answer_is_the_documented_one(self):
        for request in self.requests:
            _, content = self.described(request)
            example = content.get("examples", {}).get(request.name)
            if example is None:
                continue
            with self.subTest(request=str(request)):
                documented, real = copy.deepcopy(example["value"]), real_value(request.reply)
                if request.reply.media_type == "text/plain":
                    names = {line.rpartition(" ")[0] for line in real.splitlines()}
                    self.assertLessEqual({line.rpartition(" ")[0] for line in documented.splitlines()}, names)
                    continue
                if request.reply.media_type == "text/csv":
                    real = real.replace("\r\n", "\n")  # YAML has no other line ends
                if request.reply.media_type == fs.NDJSON_TYPE:
                    documented, real = line_documents(documented), line_documents(real)
                self.assertEqual(differences(documented, real, has_values=not request.is_stale), [])

    def test_a_backup_is_where_the_description_says(self):
        operation, = (operation for _, _, operation in self.document.operations()
                      if operation["operationId"] == "startBackup")
        header = self.document.headers(self.document.responses(operation)["202"])["Location"]
        with tempfile.TemporaryDirectory() as folder:
            reply = self.server.post_json("/v1/backups", {"to": f"{folder}/backups", "verify": False})
            self.assertEqual(self.document.schemas.errors(header["schema"], reply.header("Location")), [])
            await_end(self.server, reply.header("Location"))

    def test_documented_receipts_check(self):
        keys = self.example("/.well-known/jwks.json", "get", "200", fs.JSON_TYPE, "keys")
        answers = [self.example("/v1/registrations", "post", "200", fs.JSON_TYPE, name) for name in ("one", "several")]
        found = [([fs.result_text(result) for result in answer["results"]], answer["receipts"]) for answer in answers]
        lines = self.example("/v1/registrations", "post", "200", fs.NDJSON_TYPE, "lines").splitlines()
        found.append(([line.encode() for line in lines[:-1]], [json.loads(lines[-1])]))
        for texts, receipts in found:
            for receipt in receipts:
                self.assertTrue(fs.receipt_root_matches(receipt, texts), receipt)
                self.assertTrue(fs.signature_valid(receipt, keys), receipt)

    def example(self, path, method, status, media_type, name):
        response = self.document.root["paths"][path][method]["responses"][status]
        return response["content"][media_type]["examples"][name]["value"]

    # codes

    def test_codes_are_those_of_the_ledger(self):
        source = (fs.ROOT / "ledger/values/code.cc").read_text(encoding="utf-8")
        body = source[source.index("name_of(Code code)"):source.index("field_of(Code code)")]
        names = dict(re.findall(r'case Code::(\w+):\s*return "(\w+)";', body))
        documented = [code for name in ("RejectionCode", "EventCode", "NotCountedCode")
                      for code in self.document.schema(name)["enum"]]
        self.assertEqual(documented, list(names.values()), "in the order of ledger/values/code.cc")

        fields = {}
        body = source[source.index("field_of(Code"):]
        for cases, field in re.findall(r'((?:case Code::\w+:\s*)+)return "(\w+)";', body):
            fields.update((names[case], field) for case in re.findall(r"Code::(\w+)", cases))
        description = self.document.root["paths"]["/v1/registrations"]["post"]["description"]
        rows = re.findall(r"^\| `([A-Z_0-9]+)` \| ([^|]*)\| [^|]+ \| [^|]+ \|$", description, re.MULTILINE)
        self.assertEqual([code for code, _ in rows], self.document.schema("RejectionCode")["enum"], "the table")
        for code, field in rows:
            if field.strip() != "*named*":
                self.assertEqual(field.strip(), fields.get(code, ""), code)

    def test_problem_codes_are_those_of_the_service(self):
        codes = set()
        for file in [*(fs.ROOT / "api").glob("*/*.cc"), fs.ROOT / "storage/closing/closing.cc"]:
            if file.parent.name == "national":
                continue  # codes of somebody else's contract
            text = file.read_text(encoding="utf-8")
            codes |= set(re.findall(r'(?<!\w)"([A-Z]{6,}(?:_[A-Z]+)*|[A-Z]+(?:_[A-Z]+)+)"', text))
        codes.remove("POSITION")  # what an option of a command takes
        known = {*self.document.schema("ProblemCode")["enum"], *self.document.schema("LineProblem")["properties"]["code"]["enum"]}
        self.assertEqual(sorted(known), sorted(codes))

    def test_a_field_that_may_be_missing_may_be_there_twice(self):
        for _, path, operation in self.document.operations():
            description = self.document.responses(operation).get("400", {}).get("description", "")
            with self.subTest(path):
                self.assertEqual("`MISSING_FIELD`" in description, "`DUPLICATE_FIELD`" in description)

    def test_limits_are_those_of_the_service(self):
        header = "".join((fs.ROOT / "api" / name).read_text(encoding="utf-8")
                         for name in ("http/http_limits.h", "runtime/limits.h"))
        names = set(re.findall(r"^  std::size_t (\w+_max) =", header, re.MULTILINE))
        names |= {name + "_s" for name in re.findall(r"std::chrono::seconds (\w+)\{", header)} - {"drain_timeout_s"}
        self.assertEqual(set(re.findall(r"`(\w+_(?:max|s))`", self.document.root["info"]["description"])), names)


if __name__ == "__main__":
    unittest.main()
