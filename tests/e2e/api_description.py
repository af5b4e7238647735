"""The API description: its operations, schemas and examples, the requests that it shows, and how answers differ."""

import json
import re
import time
import urllib.parse

import yaml

import frikort_server as fs
from json_schema import Schemas, is_same

FILE = fs.ROOT / "api" / "openapi.yaml"
# Their values differ from run to run, or with the day; that they are there, and of which type, does not.
VOLATILE = {"position", "registration", "head", "checksum", "root", "path", "keyId", "signature", "kid", "x", "cardId",
            "rulePack", "personRef", "nextCursor", "time", "token", "qr", "correlationId", "detail", "version", "commit", "silent"}
# There on some days only, such as in the weeks before a year without ceiling.
OCCASIONAL = {"warnings"}


def line_documents(text):
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def differences(documented, real, where="$", name="", has_values=True):
    """Where two answers differ in more than volatile values."""
    if name in VOLATILE or not has_values and not isinstance(documented, (dict, list)):
        same = isinstance(real, type(documented)) or {type(documented), type(real)} <= {int, float}
        return [] if same else [f"{where}: {documented!r} in the document, {real!r} in the answer"]
    if isinstance(documented, dict) and isinstance(real, dict):
        if documented.keys() != real.keys() - OCCASIONAL:
            return [f"{where} has {sorted(documented)} in the document, {sorted(real)} in the answer"]
        return [d for key in documented
                for d in differences(documented[key], real[key], f"{where}.{key}", key, has_values)]
    if isinstance(documented, list) and isinstance(real, list):
        if len(documented) != len(real):
            return [f"{where} has {len(documented)} elements in the document, {len(real)} in the answer"]
        return [d for i, (left, right) in enumerate(zip(documented, real))
                for d in differences(left, right, f"{where}[{i}]", "", has_values)]
    return [] if is_same(documented, real) else [f"{where}: {documented!r} in the document, {real!r} in the answer"]


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
