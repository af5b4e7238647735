"""Every route that answers about a person leaves one record, and a long log is read whole while it grows."""

import threading
import time
import unittest

import frikort_server as fs
import national_client as nc
from api_description import Document, FILE

LOG = "/v1/persons/access-log"
YEAR = fs.oslo_today().year
# A registry learns nothing; a practice that sends asks with exemption F alone, see test_access_log.py.
TOLD_NOTHING = {"/v1/person-events", "/v1/registrations"}
RECORDS, LINES = 100_000, 10_000


def names_person(document, schema):
    """Whether a value of this schema, or of one within it, has a `personId`."""
    if isinstance(schema, list):
        return any(names_person(document, part) for part in schema)
    if not isinstance(schema, dict):
        return False
    if "$ref" in schema:
        return names_person(document, document.schema(schema["$ref"].rsplit("/", 1)[-1]))
    return "personId" in schema.get("properties", {}) or any(names_person(document, part) for part in schema.values())


def routes_about_persons():
    document = Document(FILE.read_text(encoding="utf-8"))
    return {path for method, path, operation in document.operations()
            if method == "POST" and names_person(document, operation.get("requestBody"))} - TOLD_NOTHING


class RoutesTest(fs.ServerCase):

    @classmethod
    def configuration(cls):
        return {"ceilings": fs.ceilings(fs.present_years())}

    def service(self, person):
        return {"personId": person, "serviceType": "LE", "serviceDate": str(fs.recent_day())}

    def of_year(self, person):
        return {"personId": person, "year": YEAR}

    def entries(self, person):
        return self.server.post_json(LOG, {"personId": person}).json()["entries"]

    def test_each_leaves_one_record_within_a_second(self):
        national = nc.NationalClient(self.server)
        asked = {
            "/v1/card-status": ("card-status", lambda person, path: self.server.post_json(path, self.service(person))),
            "/v1/card-status/batch": ("card-status", lambda person, path: self.server.post_ndjson(
                path, [self.service(person)])),
            "/v1/persons/account": ("account", lambda person, path: self.server.post_json(path, self.of_year(person))),
            "/v1/persons/card": ("card", lambda person, path: self.server.post_json(path, self.of_year(person))),
            "/v1/persons/dossier": ("dossier", lambda person, path: self.server.post_json(path, self.of_year(person))),
            LOG: ("access-log", lambda person, path: self.server.post_json(path, {"personId": person})),
        }
        self.assertEqual(routes_about_persons(), asked.keys(), "a route that tells of persons has to be in this table")
        asked[nc.QUERY] = ("frikortsporring", lambda person, path: national.ask(person))
        for path, (what, ask) in asked.items():
            for knows in (True, False):
                with self.subTest(path=path, knows=knows):
                    person = fs.new_person()
                    if knows:
                        self.server.submit(fs.dated(fs.recent_day(), fs.ceiling_ore(fs.recent_day().year), personId=person))
                    self.assertEqual(ask(person, path).status, 200)
                    time.sleep(1)
                    found = [entry["what"] for entry in self.entries(person)]
                    self.assertEqual(found, [what])


class LongLogTest(fs.ServerCase):

    def test_a_cursor_reads_a_hundred_thousand_records_while_new_ones_come(self):
        person, kinds, is_over = fs.new_person(), fs.SERVICE_TYPES, threading.Event()
        days = [str(fs.recent_day(-n)) for n in range(500)]
        lines = [{"personId": person, "serviceType": kinds[n % len(kinds)], "serviceDate": days[n % len(days)]}
                 for n in range(RECORDS)]
        for begin in range(0, RECORDS, LINES):
            self.assertEqual(self.server.post_ndjson("/v1/card-status/batch", lines[begin:begin + LINES]).status, 200)
        time.sleep(2)

        def ask_more():
            while not is_over.is_set():
                self.server.post_json("/v1/persons/account", {"personId": person, "year": YEAR})

        more = threading.Thread(target=ask_more)
        seen, cursor = [], {}
        try:
            while cursor is not None:
                page = self.server.post_json(LOG, {"personId": person, "limit": 1000, **cursor}).json()
                seen += page["entries"]
                cursor = page["nextCursor"] and {"cursor": page["nextCursor"]}
                if not more.is_alive():
                    more.start()
        finally:
            is_over.set()
            more.join()
        told = [(entry["serviceType"], entry["serviceDate"]) for entry in seen]
        self.assertEqual(len(told), RECORDS)
        self.assertEqual(told, [(line["serviceType"], line["serviceDate"]) for line in reversed(lines)])


if __name__ == "__main__":
    unittest.main()
