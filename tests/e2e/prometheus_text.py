"""Reads Prometheus text (0.0.4) strictly, with the rules of `promtool check metrics` and of OpenMetrics."""

import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
# What OpenMetrics adds to the name of a family to name its samples, by kind.
SUFFIXES = {"counter": ("_total", "_created"), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count", "_created")}
RESERVED = ("_total", "_created", "_bucket", "_sum", "_count", "_info")


class Family:

    def __init__(self, name, help_text):
        self.name, self.help_text = name, help_text
        self.kind = None
        self.samples = []  # (name, labels, value)


def labels_of(text):
    if not text:
        return {}
    found = LABEL.findall(text)
    if ",".join(f'{name}="{value}"' for name, value in found) != text.rstrip(","):
        raise AssertionError(f"labels {text!r}")
    if len({name for name, _ in found}) != len(found):
        raise AssertionError(f"a label twice in {text!r}")
    return dict(found)


def families(text):
    """The families by name; AssertionError says what is wrong."""
    if not text.endswith("\n"):
        raise AssertionError("the last line has no end")
    found, family = {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, _, help_text = line[7:].partition(" ")
            if name in found:
                raise AssertionError(f"{name} comes twice")
            if not help_text:
                raise AssertionError(f"{name} has no help")
            family = found[name] = Family(name, help_text)
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            if family is None or family.name != name or family.kind is not None or family.samples:
                raise AssertionError(f"TYPE of {name} is not after its HELP and before its samples")
            family.kind = kind
        else:
            match = SAMPLE.fullmatch(line)
            if not match or family is None or family.kind is None:
                raise AssertionError(f"a line of no family: {line!r}")
            family.samples.append((match[1], labels_of(match[2]), float(match[3])))
    for family in found.values():
        check_family(family)
    check_names(found)
    return found


def check_family(family):
    if not NAME.fullmatch(family.name) or family.kind not in SUFFIXES or not family.samples:
        raise AssertionError(f"{family.name}, {family.kind}, {len(family.samples)} samples")
    if family.kind == "counter" and not family.name.endswith("_total"):
        raise AssertionError(f"the counter {family.name} does not end with _total")
    if family.kind != "counter" and family.name.endswith(RESERVED):
        raise AssertionError(f"the {family.kind} {family.name} has an ending of another kind")
    series = [(name, tuple(sorted(labels.items()))) for name, labels, _ in family.samples]
    if len(set(series)) != len(series):
        raise AssertionError(f"a series of {family.name} comes twice")
    if family.kind == "histogram":
        check_histogram(family)
    elif {name for name, _, _ in family.samples} != {family.name}:
        raise AssertionError(f"samples of another name in {family.name}")


def check_histogram(family):
    values = {name: value for name, _, value in family.samples}
    buckets = [(float(labels["le"]), value) for name, labels, value in family.samples if name == family.name + "_bucket"]
    if buckets != sorted(buckets) or [v for _, v in buckets] != sorted(v for _, v in buckets):
        raise AssertionError(f"the buckets of {family.name} do not ascend")
    if buckets[-1] != (float("inf"), values[family.name + "_count"]) or family.name + "_sum" not in values:
        raise AssertionError(f"{family.name} lacks +Inf, _sum or _count")


def check_names(found):
    """No family has a name that belongs to another one."""
    owners = {}
    for family in found.values():
        base = family.name.removesuffix("_total") if family.kind == "counter" else family.name
        for name in {base, *(base + suffix for suffix in SUFFIXES[family.kind])}:
            if name in owners:
                raise AssertionError(f"{name} belongs to {owners[name]} and to {family.name}")
            owners[name] = family.name
