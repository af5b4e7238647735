"""Checks JSON values against schemas."""

import datetime
import re
import uuid

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

    def _maxItems(self, rule, value, where, found, _schema):
        if isinstance(value, list) and len(value) > rule:
            found.append(f"{where} has more than {rule} elements")

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
