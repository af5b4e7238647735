"""The checks of the API description find what is wrong."""

import unittest
import uuid

from api_description import differences
from json_schema import Schemas


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
