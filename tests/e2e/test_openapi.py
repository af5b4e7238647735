"""The API description is true: what it shows is sent, and what comes back is compared with what it says.

The examples are sent in document order to an empty ledger; the head of api/openapi.yaml explains its x- members.
"""

import copy
import datetime
import json
import re
import time
import unittest
import urllib.parse
import uuid

import yaml

import frikort_server as fs

FILE = fs.ROOT / "api" / "openapi.yaml"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Their values differ from run to run, or with the day; that they are there, and of which type, does not.
VOLATILE = {"position", "registration", "head", "checksum", "root", "path", "keyId", "signature", "kid", "x", "cardId",
            "rulePack", "personRef", "nextCursor", "time", "correlationId", "detail", "version", "commit", "silent"}


def line_documents(text):
    return [json.loads(line) for line in text.splitlines() if line.strip()]


# --- schemas --------------------------------------------------------------------------------------

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
         "null": type(None)}
ANNOTATIONS = {"description", "summary", "default"}


def is_of_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def is_same(left, right):
    return left == right and isinstance(left, bool) == isinstance(right, bool)


class Schemas:
    """Checks values against the part of JSON Schema 2020-12 that the document uses; anything else in a schema is an
    error, so that nothing is stated and not checked."""

    def __init__(self, document):
        self.document = document

    def resolve(self, reference):
        assert reference.startswith("#/"), reference
        node = self.document
        for part in reference[2:].split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
        return node

    def errors(self, schema, value, where="$"):
        found = []
        self._check(schema, value, where, found)
        return found

    def _check(self, schema, value, where, found):
        """Appends what is wrong; gives the names of the members that the schema speaks of."""
        known = set()
        for keyword, rule in schema.items():
            if keyword in ANNOTATIONS or keyword == "unevaluatedProperties":
                continue
            check = getattr(self, "_" + keyword.replace("$", ""), None)
            assert check, f"the checker does not know the keyword {keyword}"
            known |= check(rule, value, where, found, schema) or set()
        if schema.get("unevaluatedProperties") is False and isinstance(value, dict):
            found += [f"{where}.{name} is not described" for name in value if name not in known]
        return known

    def _ref(self, rule, value, where, found, _schema):
        return self._check(self.resolve(rule), value, where, found)

    def _allOf(self, rule, value, where, found, _schema):
        return set().union(*(self._check(part, value, where, found) for part in rule))

    def _anyOf(self, rule, value, where, found, _schema, is_one=False):
        known, fitting, problems = set(), 0, []
        for part in rule:
            mine = []
            names = self._check(part, value, where, mine)
            if mine:
                problems.append(mine)
            else:
                fitting += 1
                known |= names
        if fitting == 0:
            found.append(f"{where} fits none of {len(rule)}: {problems}")
        elif is_one and fitting > 1:
            found.append(f"{where} fits {fitting} of {len(rule)}, not one")
        return known

    def _oneOf(self, rule, value, where, found, schema):
        return self._anyOf(rule, value, where, found, schema, is_one=True)

    def _type(self, rule, value, where, found, _schema):
        names = rule if isinstance(rule, list) else [rule]
        if not any(is_of_type(value, name) for name in names):
            found.append(f"{where} is not {rule}: {value!r}")

    def _enum(self, rule, value, where, found, _schema):
        if not any(is_same(value, allowed) for allowed in rule):
            found.append(f"{where} is none of {rule}: {value!r}")

    def _const(self, rule, value, where, found, _schema):
        if not is_same(value, rule):
            found.append(f"{where} is not {rule!r}: {value!r}")

    def _pattern(self, rule, value, where, found, _schema):
        if isinstance(value, str) and not re.search(rule, value):
            found.append(f"{where} does not match {rule}: {value!r}")

    def _format(self, rule, value, where, found, _schema):
        parse = {"uuid": uuid.UUID, "date": datetime.date.fromisoformat}[rule]
        try:
            if isinstance(value, str):
                parse(value)
        except ValueError:
            found.append(f"{where} is no {rule}: {value!r}")

    def _minimum(self, rule, value, where, found, _schema):
        if is_of_type(value, "number") and value < rule:
            found.append(f"{where} is below {rule}: {value!r}")

    def _maximum(self, rule, value, where, found, _schema):
        if is_of_type(value, "number") and value > rule:
            found.append(f"{where} is above {rule}: {value!r}")

    def _minItems(self, rule, value, where, found, _schema):
        if isinstance(value, list) and len(value) < rule:
            found.append(f"{where} has fewer than {rule} elements")

    def _items(self, rule, value, where, found, _schema):
        if isinstance(value, list):
            for i, element in enumerate(value):
                self._check(rule, element, f"{where}[{i}]", found)

    def _required(self, rule, value, where, found, _schema):
        if isinstance(value, dict):
            found += [f"{where}.{name} is missing" for name in rule if name not in value]

    def _properties(self, rule, value, where, found, _schema):
        if not isinstance(value, dict):
            return set()
        for name in rule.keys() & value.keys():
            self._check(rule[name], value[name], f"{where}.{name}", found)
        return set(rule)

    def _propertyNames(self, rule, value, where, found, _schema):
        if isinstance(value, dict):
            for name in value:
                self._check(rule, name, f"{where}: the name {name}", found)

    def _additionalProperties(self, rule, value, where, found, schema):
        if not isinstance(value, dict):
            return set()
        others = value.keys() - schema.get("properties", {}).keys()
        if rule is False:
            found += [f"{where}.{name} is not described" for name in sorted(others)]
        else:
            for name in sorted(others):
                self._check(rule, value[name], f"{where}.{name}", found)
        return set(value)


def differences(documented, real, where="$", name="", has_values=True):
    """Where two answers differ in more than volatile values."""
    if name in VOLATILE or not has_values and not isinstance(documented, (dict, list)):
        same = isinstance(real, type(documented)) or {type(documented), type(real)} <= {int, float}
        return [] if same else [f"{where}: {documented!r} in the document, {real!r} in the answer"]
    if isinstance(documented, dict) and isinstance(real, dict):
        if documented.keys() != real.keys():
            return [f"{where} has {sorted(documented)} in the document, {sorted(real)} in the answer"]
        return [d for key in documented
                for d in differences(documented[key], real[key], f"{where}.{key}", key, has_values)]
    if isinstance(documented, list) and isinstance(real, list):
        if len(documented) != len(real):
            return [f"{where} has {len(documented)} elements in the document, {len(real)} in the answer"]
        return [d for i, (left, right) in enumerate(zip(documented, real))
                for d in differences(left, right, f"{where}[{i}]", "", has_values)]
    return [] if is_same(documented, real) else [f"{where}: {documented!r} in the document, {real!r} in the answer"]


# --- the document ---------------------------------------------------------------------------------

class Document:

    def __init__(self, text):
        self.root = yaml.safe_load(text)
        self.schemas = Schemas(self.root)

    def operations(self):
        for path, methods in self.root["paths"].items():
            for method, operation in methods.items():
                yield method.upper(), path, operation

    def schema(self, name):
        return self.root["components"]["schemas"][name]

    def responses(self, operation):
        """Status (a text, or `default`) to response, references followed."""
        return {status: self.schemas.resolve(response["$ref"]) if "$ref" in response else response
                for status, response in operation["responses"].items()}

    def headers(self, response):
        return {name: self.schemas.resolve(header["$ref"]) for name, header in response.get("headers", {}).items()}

    def response_examples(self, operation):
        """(status, media type, name, example) of each."""
        for status, response in self.responses(operation).items():
            for media_type, content in response["content"].items():
                for name, example in content.get("examples", {}).items():
                    yield status, media_type, name, example

    def content_errors(self, content, value):
        """`value` is what stands in an example: a JSON value, or the text of anything else."""
        found = self.schemas.errors(content["schema"], value)
        if "x-line-schema" in content:
            for i, line in enumerate(line_documents(value)):
                found += self.schemas.errors(content["x-line-schema"], line, f"line {i}")
        return found

    def requests(self):
        """Each documented request, in document order."""
        for method, path, operation in self.operations():
            if "requestBody" in operation:
                answers = {name: status for status, _, name, _ in self.response_examples(operation)}
                for media_type, content in operation["requestBody"]["content"].items():
                    for name, example in content["examples"].items():
                        yield Request(method, path, operation, name, answers.get(name, "200"), example, media_type)
                continue
            examples = list(self.response_examples(operation))
            for status, _, name, example in examples:
                yield Request(method, path, operation, name, status, example)
            if not examples:
                yield Request(method, path, operation, "no example", "200", {})

    def parameters(self, operation):
        return [self.schemas.resolve(parameter["$ref"]) if "$ref" in parameter else parameter
                for parameter in operation.get("parameters", [])]


class Request:
    """A documented request, and what came back."""

    def __init__(self, method, path, operation, name, status, example, media_type=None):
        self.method = method
        self.path = path
        self.operation = operation
        self.name = name
        self.status = status
        self.example = example
        self.media_type = media_type
        self.is_stale = str(fs.oslo_today()) >= example.get("x-stale-after", "9999")
        self.reply = None

    def __str__(self):
        return f"{self.method} {self.path} {self.name}"

    def target(self, document):
        path, query = self.path, {}
        for parameter in document.parameters(self.operation):
            if "example" in parameter and parameter["in"] == "query":
                query[parameter["name"]] = parameter["example"]
            elif "example" in parameter:
                path = path.replace("{" + parameter["name"] + "}", parameter["example"])
        query = self.example.get("x-query", query)
        return path + ("?" + urllib.parse.urlencode(query) if query else "")

    def value(self):
        if not self.is_stale:
            return self.example["value"]
        is_text = self.media_type == fs.NDJSON_TYPE
        text = self.example["value"] if is_text else json.dumps(self.example["value"])
        text = re.sub(r'("serviceDate": ?)"[^"]*"', rf'\g<1>"{fs.oslo_today()}"', text)
        return text if is_text else json.loads(text)

    def send(self, server, document):
        body, headers = None, {}
        if self.media_type is not None:
            body = (self.value() if self.media_type == fs.NDJSON_TYPE else json.dumps(self.value())).encode()
            headers["Content-Type"] = self.media_type
        self.reply = server.request(self.method, self.target(document), body, headers)
        if self.reply.status == 202:
            await_end(server, self.reply.header("Location"))
        return self


def await_end(server, location):
    """Work in the background is over before the next request."""
    deadline = time.monotonic() + 60
    while server.get(location).json()["state"] == "running":
        assert time.monotonic() < deadline, f"{location} does not end"
        time.sleep(0.02)


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
        for literal in re.split("\n  /v1/events:|\ncomponents:", self.text):
            self.assertLess(len(literal.encode()), 64_000)
        self.assertNotIn(')yaml"', self.text)
        self.assertNotRegex(self.text, r"@\w+@")

    def test_references_lead_somewhere_and_components_are_used(self):
        used = set(re.findall(r"\$ref: '([^']+)'", self.text))
        for reference in used:
            self.document.schemas.resolve(reference)
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
        source = (fs.ROOT / "api" / "service.cc").read_text(encoding="utf-8")
        routes = set(re.findall(r'"([A-Z]+)",\s*"(/[^"]*)",\s*RouteKind', source))
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
        source = (fs.ROOT / "ledger" / "code.cc").read_text(encoding="utf-8")
        body = source[source.index("name_of(Code code)"):source.index("field_of(Code code)")]
        names = dict(re.findall(r'case Code::(\w+):\s*return "(\w+)";', body))
        documented = self.document.schema("RejectionCode")["enum"] + self.document.schema("NotCountedCode")["enum"]
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
        for file in [*(fs.ROOT / "api").glob("*.cc"), fs.ROOT / "storage" / "closing.cc"]:
            text = file.read_text(encoding="utf-8")
            codes |= set(re.findall(r'(?<!\w)"([A-Z]{6,}(?:_[A-Z]+)*|[A-Z]+(?:_[A-Z]+)+)"', text))
        known = {*self.document.schema("ProblemCode")["enum"], *self.document.schema("LineProblem")["properties"]["code"]["enum"]}
        self.assertEqual(sorted(known), sorted(codes))

    def test_limits_are_those_of_the_service(self):
        header = (fs.ROOT / "api" / "service.h").read_text(encoding="utf-8")
        names = set(re.findall(r"std::size_t (\w+_max) =", header))
        names |= {name + "_s" for name in re.findall(r"std::chrono::seconds (\w+)\{", header)} - {"drain_timeout_s"}
        self.assertEqual(set(re.findall(r"`(\w+_(?:max|s))`", self.document.root["info"]["description"])), names)


class CheckerTest(unittest.TestCase):
    """The checker itself finds what is wrong."""

    def errors(self, schema, value):
        return Schemas({"defs": {"word": {"type": "string", "pattern": "^[a-z]+$"}}}).errors(schema, value)

    def test_values(self):
        word = {"$ref": "#/defs/word"}
        closed = {"type": "object", "additionalProperties": False, "required": ["a"], "properties": {"a": word}}
        part = {"allOf": [{"properties": {"a": word}}], "unevaluatedProperties": False,
                "properties": {"b": {"const": 1}}}
        cases = (
            ({"type": "integer"}, [1], [True, 1.5, "1", None]),
            ({"type": ["string", "null"]}, ["", None], [0]),
            ({"enum": ["a", 1]}, ["a", 1], [True, "b"]),
            ({"const": True}, [True], [1]),
            ({"minimum": 0, "maximum": 1}, [0, 1, "2"], [-1, 2]),
            ({"type": "array", "minItems": 1, "items": word}, [["a"]], [[], ["A"]]),
            (closed, [{"a": "a"}], [{}, {"a": "a", "b": 1}, {"a": 1}]),
            (part, [{"a": "a", "b": 1}, {}], [{"c": 1}, {"b": 2}]),
            ({"oneOf": [word, closed]}, ["a", {"a": "a"}], ["A", {}]),
            ({"oneOf": [word, word]}, [], ["a"]),
            ({"anyOf": [word, word]}, ["a"], ["A"]),
            ({"propertyNames": word, "additionalProperties": {"type": "integer"}}, [{"a": 1}], [{"A": 1}, {"a": "1"}]),
            ({"format": "date"}, ["2026-01-31"], ["2026-02-30"]),
            ({"format": "uuid"}, [str(uuid.uuid4())], ["a"]),
        )
        for schema, right, wrong in cases:
            for value in right:
                self.assertEqual(self.errors(schema, value), [], (schema, value))
            for value in wrong:
                self.assertNotEqual(self.errors(schema, value), [], (schema, value))

    def test_unknown_keywords_are_refused(self):
        with self.assertRaises(AssertionError):
            self.errors({"multipleOf": 2}, 4)

    def test_differences(self):
        self.assertEqual(differences({"position": "0-1", "a": [1]}, {"position": "0-2", "a": [1]}), [])
        cases = (({"a": 1}, {"a": 2}), ({"a": 1}, {}), ([1], [1, 1]), ({"position": "0-1"}, {"position": 1}))
        for documented, real in cases:
            self.assertNotEqual(differences(documented, real), [], (documented, real))
        self.assertEqual(differences({"a": 1}, {"a": 2}, has_values=False), [])


if __name__ == "__main__":
    unittest.main()
