#!/usr/bin/env python3
"""Checks the rules of this code base that neither the compiler nor clang-tidy knows.

    scripts/tidy.py            checks everything; exit status 1 when there are findings
    scripts/tidy.py --list     prints the C++ files of the project, one a line
    scripts/tidy.py --graph    prints which room includes which, and how often

A finding is printed as file:line: rule: remedy. To change a rule, change the tables below and its
test in scripts/tidy_test.py.
"""

import os
import re
import sys
from pathlib import Path

from tidy_co_await import check_co_await
from tidy_code import blank, code_of, line_of
from tidy_rooms import Rooms, check_place

# The layers: which of our folders a folder may include.
MAY_INCLUDE = {
    "ledger": {"ledger"},
    "storage": {"ledger", "storage"},
    "ingest": {"ledger", "ingest"},
    "api": {"ledger", "storage", "ingest", "api"},
    "tests": {"ledger", "storage", "ingest", "api", "tests", "bench"},
    "bench": {"ledger", "storage", "ingest", "api", "tests", "bench"},
}
FOLDERS = tuple(MAY_INCLUDE)
LINES_MAX = 500

# Where headers of others may be included: (what, pattern of the header, pattern of our file).
ROCKSDB_ROOMS = r"storage/(rocksdb|journal|access_log|state|ledger_files|backup)/.*(\.cc|_internal\.h)"
THIRD_PARTY = [
    ("RocksDB", r"rocksdb/.*", ROCKSDB_ROOMS + r"|tests/(crash/.*|storage/.*\.cc)"),
    ("OpenSSL", r"openssl/.*", r"(storage/crypto/.*|api/http/tls_context|api/identity/proof_maker)\.cc"),
    ("cjose", r"cjose/.*", r"(api/identity|tests/api/identity)/.*\.cc"),
    ("libsodium", r"sodium(\.h|/.*)", r"storage/crypto/.*\.cc"),
    ("libqrencode", r"qrencode\.h", r"api/cards/.*\.cc"),
    ("xxHash", r"xxhash\.h", r"storage/bytes/.*\.cc|ledger/records/fingerprint\.cc"),
    ("simdjson", r"simdjson(\.h|/.*)", r"(ingest/items|api/(http|v1|national|commands))/.*\.cc"),
    ("Boost.JSON", r"boost/json(\.hpp|/.*)", r"(ingest|storage)/.*\.cc|(api|tests)/.*"),
    ("Boost.Asio", r"boost/asio(\.hpp|/.*)", r"api/(http|submissions)/.*|bench/.*"),
    ("Boost.Beast", r"boost/beast(\.hpp|/.*)", r"api/(http|submissions)/.*|bench/.*"),
]
# The rules of the scheme are plain C++: the standard library (a name without folder and suffix)
# the two parts of Boost that Result<T> is made of, and hashes.
LEDGER_HEADERS = (r"[a-z_]+|boost/(outcome|system)(\.hpp|/.*)|xxhash\.h|"
                  r"boost/uuid/name_generator_sha1\.hpp")

# Banned in code: (rule, pattern, files where it stands for something else, remedy).
BANNED = [
    ("using-namespace", r"\busing\s+namespace\b", None,
     "name what you use, or write the namespace"),
    ("endl", r"\bstd::endl\b", None, "write '\\n'; std::endl flushes at each line"),
    ("assert", r"(?<!\w)assert\s*\(", None,
     "LEDGER_ASSERT stays on in the release; assert() does not"),
    ("std-hash", r"\bstd::hash\b", None,
     "std::hash may differ from one library to the next; name a hash that is defined"),
    ("random-device", r"\brandom_device\b", None,
     "take the seed as an argument, so that a run can be repeated"),
    ("experimental", r"\bexperimental::", None, "use what is part of the library for good"),
    ("clock", r"\bsystem_clock::now\b", r"ingest/items/clock\..*|(api|bench)/.*",
     "take the time as an argument; only ingest/items/clock reads it"),
]

# Numbers of persons that do not exist, printed in public specifications.
PUBLISHED_SAMPLES = {"02013299997", "30108299939"}
TEXT_SUFFIXES = {"", ".h", ".cc", ".py", ".md", ".txt", ".cmake", ".json", ".ndjson", ".yaml",
                 ".yml", ".toml", ".csv", ".html", ".js", ".mjs", ".css", ".sh"}

# Back-quoted words of a README that have the shape of a path and are none.
NOT_A_PATH = re.compile(
    r".*[\s*?<>{}\[\]$=|,;()…].*|[/\-~].*|.*://.*|(build|data)/.*|(application|text|image)/.*|"
    r"Europe/Oslo|(boost|rocksdb|openssl|simdjson)/.*|(xxhash|simdjson|sodium|qrencode)\.h|[\d.:/]+")
PATH_SUFFIXES = (".h", ".cc", ".py", ".md", ".yaml")

# How files of tests name them, and how COVERAGE.md does.
TEST_NAMES = {
    ".py": r"^class (?P<group>\w+)|^    def (?P<test>test_\w+)",
    ".cc": r"^TEST(?:_[FP])?\((?P<group>\w+),\s*(?P<test>\w+)\)",
}
HOLDER = r"`([^\s`]+\.(?:py|cc))((?: [\w.]+)*)`"

# --- includes ------------------------------------------------------------------------------------

def check_includes(path, text):
    folder = path.split("/")[0]
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', text, re.MULTILINE):
        line, header = line_of(text, match.start()), match[2]
        top = header.split("/")[0]
        if top in FOLDERS and "/" in header:
            if top not in MAY_INCLUDE[folder]:
                allowed = ", ".join(sorted(MAY_INCLUDE[folder]))
                yield line, "layers", (f"{folder}/ includes only {allowed}; move the code or put "
                                       f"an interface in ledger/ (here: {header})")
            continue
        if match[1] == '"' and "/" not in header:
            yield line, "include-path", f'write the path from the root: "{folder}/{header}"'
            continue
        for name, theirs, ours in THIRD_PARTY:
            if re.fullmatch(theirs, header) and not re.fullmatch(ours, path):
                yield line, "third-party", f"{name} ({header}) is allowed only in {ours}"
                break
        else:
            if folder == "ledger" and not re.fullmatch(LEDGER_HEADERS, header):
                yield line, "third-party", (f"ledger/ includes the standard library, boost/outcome, "
                                            f"boost/system and hashes only (here: {header})")


# --- words ---------------------------------------------------------------------------------------

def check_banned(path, text, code):
    for rule, pattern, allowed, remedy in BANNED:
        if allowed and re.fullmatch(allowed, path):
            continue
        for match in re.finditer(pattern, code):
            yield line_of(code, match.start()), rule, remedy
    for match in re.finditer(r"\b(FIXME|TODO)\b", text):
        yield line_of(text, match.start()), "unfinished", f"finish it, or file it; no {match[1]}"
    if path.startswith("ledger/"):
        lines = text.splitlines()
        for match in re.finditer(r"\b(float|double)\b", code):
            line = line_of(code, match.start())
            if "// not money" not in lines[line - 1]:
                yield line, "money", (f"no {match[1]} in ledger/; count whole øre (a line about "
                                      "something else ends with // not money)")


# --- texts ---------------------------------------------------------------------------------------

def check_length(text):
    lines = text.count("\n")
    if lines > LINES_MAX:
        yield LINES_MAX + 1, "length", (f"{lines} lines; split it by subject into files of at most "
                                        f"{LINES_MAX}")


def check_person_numbers(text):
    """No number that a person can have. With month + 40, + 65 or + 80 it is synthetic; with
    another impossible date it is nobody's."""
    for match in re.finditer(r"(?<![0-9A-Za-z])\d{11}(?![0-9A-Za-z])", text):
        number = match[0]
        day, month = int(number[:2]) % 40, int(number[2:4])
        possible = 1 <= day <= 31 and int(number[:2]) <= 71 and 1 <= month <= 12
        if possible and number not in PUBLISHED_SAMPLES:
            yield line_of(text, match.start()), "person-number", (
                "this can be a living person's number; use a synthetic one (month + 80), and "
                "digit separators in an amount")


def check_readme(root, path, text):
    text = re.sub(r"^```.*?^```", lambda m: blank(m[0]), text, flags=re.MULTILINE | re.DOTALL)
    for match in re.finditer(r"`([^`\n]+)`", text):
        name = re.sub(r":\d+$", "", match[1])
        if NOT_A_PATH.fullmatch(name) or not ("/" in name or name.endswith(PATH_SUFFIXES)):
            continue
        if not (root / name).exists() and not (root / path).parent.joinpath(name).exists():
            yield line_of(text, match.start()), "readme", f"{name} does not exist; correct the name"


def tests_in(name, text):
    """The tests that a file of tests has, as 'Class' and 'Class.test'."""
    names, group = set(), None
    for match in re.finditer(TEST_NAMES[Path(name).suffix], text, re.MULTILINE):
        group = match["group"] or group
        names |= {group, f"{group}.{match['test']}"}
    return names


def check_coverage(root, files, text):
    """Each row of its tables names tests that there are."""
    for line, row in enumerate(text.splitlines(), 1):
        if not row.startswith("|") or set(row) <= set("|-") or row.endswith("| held by |"):
            continue
        holders = re.findall(HOLDER, row.rstrip("|").rpartition("|")[2])
        if not holders:
            yield line, "coverage", "name what holds this: `FILE`, or `FILE Class Class.test`"
        for name, tests in holders:
            paths = [path for path in files if f"/{path}".endswith(f"/{name}")]
            if len(paths) != 1:
                yield line, "coverage", f"{name} is the end of {len(paths)} paths; it must be of one"
                continue
            found = tests_in(name, (root / paths[0]).read_text(encoding="utf-8")) if tests else ()
            for test in tests.split():
                if test not in found:
                    yield line, "coverage", f"{name} has no test {test}; correct the name"


def files_of(root):
    """All files of the project as paths from the root, without what is built, loaded or hidden."""
    for folder, folders, names in os.walk(root):
        top = Path(folder) == root
        folders[:] = sorted(f for f in folders if f != "__pycache__" and not f.startswith(".")
                            and not (top and f in ("build", "data")))
        for name in sorted(names):
            yield (Path(folder) / name).relative_to(root).as_posix()


def is_cpp(path):
    return path.split("/")[0] in FOLDERS and path.endswith((".h", ".cc"))


def check(root):
    """All findings of the tree as (path, line, rule, remedy)."""
    files = list(files_of(root))
    rooms = Rooms(root, set(files))
    yield from rooms.check()
    for path in files:
        if Path(path).suffix not in TEXT_SUFFIXES:
            continue
        try:
            text = (root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            if is_cpp(path):
                yield path, 1, "encoding", "write it in UTF-8"
            continue  # a file of bytes, such as a corpus
        findings = list(check_person_numbers(text))
        if is_cpp(path):
            code = code_of(text)
            findings += check_includes(path, text)
            findings += check_banned(path, text, code)
            findings += check_co_await(code)
            findings += check_place(path, rooms)
        if is_cpp(path) or path.endswith(".py"):
            findings += check_length(text)
        if Path(path).name == "README.md":
            findings += check_readme(root, path, text)
        if Path(path).name == "COVERAGE.md":
            findings += check_coverage(root, files, text)
        for line, rule, remedy in sorted(findings):
            yield path, line, rule, remedy


def main():
    root = Path(__file__).resolve().parent.parent
    cpp = [path for path in files_of(root) if is_cpp(path)]
    if sys.argv[1:] == ["--graph"]:
        print("\n".join(Rooms(root, set(files_of(root))).graph()))
        return 0
    if sys.argv[1:] == ["--list"]:
        print("\n".join(cpp))
        return 0
    if sys.argv[1:]:
        print(__doc__, file=sys.stderr)
        return 2
    findings = list(check(root))
    for path, line, rule, remedy in findings:
        print(f"{path}:{line}: {rule}: {remedy}")
    print(f"tidy: {len(cpp)} C++ files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
