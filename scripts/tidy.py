#!/usr/bin/env python3
"""Checks the rules of this code base that neither the compiler nor clang-tidy knows.

    scripts/tidy.py            checks everything; exit status 1 when there are findings
    scripts/tidy.py --list     prints the C++ files of the project, one a line

A finding is printed as file:line: rule: remedy. To change a rule, change the tables below and its
test in scripts/tidy_test.py.
"""

import os
import re
import sys
from pathlib import Path

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

# Where headers of others may be included: (what, pattern of the header, pattern of our file).
STORAGE_PRIVATE = r"storage/.*(\.cc|_internal\.h)"
THIRD_PARTY = [
    ("RocksDB", r"rocksdb/.*", STORAGE_PRIVATE + r"|tests/(crash/.*|storage/.*\.cc)"),
    ("OpenSSL", r"openssl/.*", STORAGE_PRIVATE),
    ("libsodium", r"sodium(\.h|/.*)", STORAGE_PRIVATE),
    ("xxHash", r"xxhash\.h", STORAGE_PRIVATE + r"|ledger/fingerprint\.cc"),
    ("simdjson", r"simdjson(\.h|/.*)", r"(ingest|api)/.*\.cc"),
    ("Boost.JSON", r"boost/json(\.hpp|/.*)", r"(ingest|storage)/.*\.cc|(api|tests)/.*"),
    ("Boost.Asio", r"boost/asio(\.hpp|/.*)", r"(api|bench)/.*"),
    ("Boost.Beast", r"boost/beast(\.hpp|/.*)", r"(api|bench)/.*"),
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
    ("clock", r"\bsystem_clock::now\b", r"ingest/clock\..*|(api|bench)/.*",
     "take the time as an argument; only ingest/clock reads it"),
]

# Numbers of persons that do not exist, printed in public specifications.
PUBLISHED_SAMPLES = {"02013299997", "30108299939"}
TEXT_SUFFIXES = {"", ".h", ".cc", ".py", ".md", ".txt", ".cmake", ".json", ".ndjson", ".yaml",
                 ".yml", ".toml", ".csv", ".html", ".js", ".css", ".sh"}

# Back-quoted words of a README that have the shape of a path and are none.
NOT_A_PATH = re.compile(
    r".*[\s*?<>{}\[\]$=|,;()…].*|[/\-~].*|.*://.*|(build|data)/.*|(application|text|image)/.*|"
    r"Europe/Oslo|(boost|rocksdb|openssl|simdjson)/.*|(xxhash|simdjson|sodium)\.h|[\d.:/]+")
PATH_SUFFIXES = (".h", ".cc", ".py", ".md", ".yaml")

# How files of tests name them, and how COVERAGE.md does.
TEST_NAMES = {
    ".py": r"^class (?P<group>\w+)|^    def (?P<test>test_\w+)",
    ".cc": r"^TEST(?:_[FP])?\((?P<group>\w+),\s*(?P<test>\w+)\)",
}
HOLDER = r"`([^\s`]+\.(?:py|cc))((?: [\w.]+)*)`"

TOKEN = re.compile(
    r"""(?P<comment> //(?:\\\n|[^\n])* | /\*.*?\*/ )
      | (?P<raw> (?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)" )
      | (?P<string> "(?:\\.|[^"\\\n])*" )
      | (?P<number> \.?\d(?:'?[\w.])* )
      | (?P<character> '(?:\\.|[^'\\\n])+' )
      | (?P<word> [A-Za-z_]\w* )""",
    re.VERBOSE | re.DOTALL)


def blank(text):
    """The same number of characters and lines, nothing else."""
    return re.sub(r"[^\n]", " ", text)


def code_of(text):
    """The source with comments, contents of strings and preprocessor lines made blank, so that
    the rules see code only; every character keeps its place."""
    def replace(match):
        if match["comment"]:
            return blank(match[0])
        if match["raw"] or match["string"]:
            return '"' + blank(match[0][1:-1]) + '"'
        if match["character"]:
            return "'" + " " * (len(match[0]) - 2) + "'"
        return match[0]
    code = TOKEN.sub(replace, text)
    return re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: blank(m[0]), code, flags=re.MULTILINE)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


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


# --- co_await ------------------------------------------------------------------------------------
# g++ 12 destroys some temporaries of a statement with co_await twice: captures of a lambda, and
# braced temporaries of aggregates. They must be named on the line above and moved in.

CLOSING = {")": "(", "]": "[", "}": "{"}
# A brace after one of these words opens a block.
BLOCK_WORDS = {"else", "do", "try", "noexcept", "mutable", "const", "override", "final"}
TYPE_WORDS = {"struct", "class", "union", "enum", "namespace", "concept"}
# A name after one of these words is an expression, not the declaration of a variable.
EXPRESSION_WORDS = {"return", "co_return", "co_await", "co_yield", "throw", "case", "else", "new"}


def skip_back(code, end):
    while end > 0 and code[end - 1].isspace():
        end -= 1
    return end


def skip_pair(code, start):
    """The place after the bracket that closes the one at `start`."""
    depth = 0
    for place in range(start, len(code)):
        if code[place] in "([{":
            depth += 1
        elif code[place] in ")]}":
            depth -= 1
            if depth == 0:
                return place + 1
    return len(code)


def word_before(code, end):
    end = skip_back(code, end)
    match = re.search(r"[A-Za-z_]\w*$", code[max(0, end - 80):end])
    return match[0] if match else ""


def type_before(code, end):
    """The start of the type name a::b<c> that ends at `end`; `end` itself when there is none."""
    start = end = skip_back(code, end)
    while True:
        place = skip_back(code, start)
        if place and code[place - 1] == ">" and code[place - 2:place] != "->":
            depth = 0
            while place > 0:
                place -= 1
                if code[place] in ";{}":
                    return end
                depth += (code[place] == ">") - (code[place] == "<")
                if depth == 0:
                    break
        name = word_before(code, place)
        if not name or name in BLOCK_WORDS | EXPRESSION_WORDS:
            return start
        start = skip_back(code, place) - len(name)
        before = skip_back(code, start)
        if code[before - 2:before] != "::":
            return start
        start = before - 2


def kind_of_brace(code, place):
    """What the brace at `place` opens: 'block', 'declaration' (T name{}, = {}), or 'temporary'."""
    end = skip_back(code, place)
    if end == 0 or code[end - 1] in ";{}:]":
        return "block"
    last = code[end - 1]
    if last == ")":
        return "block"  # of a function, a lambda or a control statement
    if last in "(,":
        return "temporary"
    if last == ">" or last.isalnum() or last == "_":
        start = type_before(code, end)
        if start == end:
            word = word_before(code, end)
            return "declaration" if word in EXPRESSION_WORDS - {"else"} else "block"
        before = skip_back(code, start)
        if code[before - 2:before] == "->":
            return "block"  # of a lambda or function with its result type behind
        word = word_before(code, before)
        if word in TYPE_WORDS:
            return "block"
        declares = word and word not in EXPRESSION_WORDS or code[before - 1:before] in ("&", "*") \
            and code[before - 2:before] != "&&" or code[before - 1:before] == ">"
        return "declaration" if declares else "temporary"
    return "declaration"


def statement_start(code, place):
    depth = 0
    while place > 0:
        place -= 1
        character = code[place]
        if character in ")]":
            depth += 1
        elif character in "([":
            depth = max(0, depth - 1)
        elif character == "}":
            following = code[place + 1:].lstrip()[:1]
            if depth == 0 and following not in set(",).;]}:?<>=|&-+("):
                return place + 1
            opened = 1  # a brace inside the statement: pass over it
            while place > 0 and opened:
                place -= 1
                opened += (code[place] == "}") - (code[place] == "{")
        elif character == "{":
            if kind_of_brace(code, place) == "block":
                return place + 1
        elif character == ";" and depth == 0:
            return place + 1
    return 0


def statement_end(code, start):
    """Past the last character of the statement; the block of an if, for or while is not in it."""
    place, depth = start, 0
    control = re.match(r"\s*(?:\}?\s*else\s+)?(?:if|for|while|switch)\b", code[start:start + 200])
    while place < len(code):
        character = code[place]
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
            if depth < 0 or (depth == 0 and control and character == ")"):
                return place
        elif character == "{":
            place = skip_pair(code, place)
            continue
        elif character == "}" or (character == ";" and depth == 0):
            return place
        place += 1
    return place


def lambdas(code, start, end):
    """Each lambda of code[start:end] as (place of [, captures, place of the body, its end)."""
    for place in range(start, end):
        if code[place] != "[" or code[place + 1] == "[" or code[place - 1] == "[":
            continue
        before = skip_back(code, place)
        if before and (code[before - 1] in ")]\"" or code[before - 1].isalnum()
                       or code[before - 1] == "_"):
            if word_before(code, before) not in EXPRESSION_WORDS:
                continue  # a subscript
        close = skip_pair(code, place)
        body = code.find("{", close, end)
        yield (place, code[place + 1:close - 1].strip(), body if body >= 0 else end,
               skip_pair(code, body) if body >= 0 else end)


def check_co_await(code):
    seen = set()
    for match in re.finditer(r"\bco_await\b", code):
        start = statement_start(code, match.start())
        if start in seen:
            continue
        seen.add(start)
        end = statement_end(code, start)
        bodies = []
        for place, captures, body, body_end in lambdas(code, start, end):
            bodies.append((body, body_end))
            if captures and not any(a < place < b for a, b in bodies[:-1]):
                yield line_of(code, place), "co-await-lambda", (
                    "g++ 12 destroys its captures twice; name the lambda on the line above and "
                    "std::move it in")
        for place in range(start, end):
            if code[place] != "{" or any(a <= place < b for a, b in bodies):
                continue
            if kind_of_brace(code, place) == "temporary":
                yield line_of(code, place), "co-await-temporary", (
                    "g++ 12 destroys a braced temporary twice; name it on the line above and "
                    "std::move it in")


# --- texts ---------------------------------------------------------------------------------------

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
        if Path(path).name == "README.md":
            findings += check_readme(root, path, text)
        if Path(path).name == "COVERAGE.md":
            findings += check_coverage(root, files, text)
        for line, rule, remedy in sorted(findings):
            yield path, line, rule, remedy


def main():
    root = Path(__file__).resolve().parent.parent
    cpp = [path for path in files_of(root) if is_cpp(path)]
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
