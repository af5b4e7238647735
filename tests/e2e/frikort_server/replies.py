"""HTTP answers, whole or cut short."""

import http.client
import json

JSON_TYPE = "application/json"
NDJSON_TYPE = "application/x-ndjson"
PROBLEM_TYPE = "application/problem+json"


class Reply:
    """One HTTP answer."""

    def __init__(self, status, headers, body, complete=True):
        self.status = status
        self.headers = headers
        self.body = body
        self.complete = complete

    def header(self, name):
        return self.headers.get(name)

    @property
    def media_type(self):
        return (self.header("Content-Type") or "").split(";")[0].strip().lower()

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise AssertionError(f"answer {self.status} is not JSON: {self.body[:500]!r}") from error

    def raw_lines(self):
        """Whole lines only: what a client may rely on when the connection broke."""
        end = len(self.body) if self.complete else self.body.rfind(b"\n") + 1
        return [line for line in self.body[:end].split(b"\n") if line.strip()]


class NdjsonReply:
    """An NDJSON answer taken apart: results (with their text), receipts and anything else."""

    def __init__(self, reply):
        self.reply = reply
        self.status = reply.status
        self.complete = reply.complete
        self.results, self.texts, self.receipts, self.others = [], [], [], []
        for line in reply.raw_lines():
            value = json.loads(line)
            if "verdict" in value:
                self.results.append(value)
                self.texts.append(line.rstrip(b"\r"))
            elif "root" in value and "signature" in value:
                self.receipts.append(value)
            else:
                self.others.append(value)


def read_reply(get_response, on_bytes):
    response = get_response()
    body = bytearray()
    complete = True
    try:
        if on_bytes is None:
            body += response.read()
        else:
            while True:
                chunk = response.read1(65536)
                if not chunk:
                    break
                body += chunk
                on_bytes(body)
            if response.length not in (None, 0):
                complete = False
    except (OSError, http.client.HTTPException):
        if on_bytes is None:
            raise
        complete = False
    return Reply(response.status, response.headers, bytes(body), complete)
