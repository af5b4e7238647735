#!/usr/bin/env python3
"""Tests of tidy.py: each rule with what it must find and what it must leave alone."""

import tempfile
import unittest
from pathlib import Path

import tidy


ROOMS = {
    "ledger/CMakeLists.txt": """
frikort_library(ledger/values)  # frikort_library(ledger/none USES ledger/rules)
frikort_library(ledger/ports USES ledger/values)
frikort_library(ledger/rules USES ledger/ports
  ledger/values LINKS fmt::fmt)
""",
    "storage/CMakeLists.txt": """
frikort_library(storage/state USES ledger/ports)
""",
}
# An include for each use, so that none is idle.
USES = {"ledger/ports/uses.h": '#include "ledger/values/a.h"\n',
        "ledger/rules/uses.h": '#include "ledger/ports/uses.h"\n#include "ledger/values/a.h"\n',
        "storage/state/uses.h": '#include "ledger/ports/uses.h"\n'}


def findings(files):
    """What is found in a tree of these files, as 'path line rule'."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return [f"{path} {line} {rule}" for path, line, rule, _ in tidy.check(root)]


def rules(path, text, other_files=()):
    """The rules that a tree with this one file breaks, as 'line rule'."""
    found = findings({**{name: "" for name in other_files}, path: text})
    return [line.removeprefix(path + " ") for line in found]


class Rooms(unittest.TestCase):
    def check(self, files, expected):
        self.assertEqual(findings({**ROOMS, **USES, **files}), expected)

    def test_arrows_that_are_declared(self):
        self.check({"ledger/rules/a.cc": '#include "ledger/rules/b.h"\n#include "ledger/values/a.h"\n'}, [])

    def test_arrow_back(self):
        self.check({"ledger/values/a.h": '\n#include "ledger/rules/b.h"\n'}, ["ledger/values/a.h 2 rooms"])

    def test_arrow_that_is_not_declared(self):
        self.check({"storage/state/a.h": '#include "ledger/values/a.h"\n'}, ["storage/state/a.h 1 rooms"])

    def test_use_that_stands_below(self):
        self.check({"ledger/CMakeLists.txt": ROOMS["ledger/CMakeLists.txt"].replace(
            "ledger/values)  #", "ledger/values USES ledger/rules)  #"),
                    "ledger/values/a.h": '#include "ledger/rules/uses.h"\n'}, ["ledger/CMakeLists.txt 2 rooms"])

    def test_use_that_is_idle(self):
        self.check({"storage/state/uses.h": ""}, ["storage/CMakeLists.txt 2 rooms"])

    def test_file_outside_of_the_rooms(self):
        self.check({"ledger/a.h": "", "ledger/new/a.h": ""}, ["ledger/a.h 1 rooms", "ledger/new/a.h 1 rooms"])

    def test_forward_declaration(self):
        home = "class Account final : public Base {\n};\n"
        self.check({"ledger/rules/a.h": home, "ledger/values/b.h": "\nclass Account;\n",
                    "ledger/rules/b.h": "class Account;\n", "ledger/values/c.h": "class Unknown;\n"},
                   ["ledger/values/b.h 2 forward-declaration"])

    def test_interface_that_is_implemented_upstairs(self):
        interface = "class {} {{\n  virtual void f(int) const = 0;\n}};\n"
        self.check({"ledger/values/b.h": interface.format("Teller"), "ledger/ports/b.h": interface.format("Store"),
                    "ledger/rules/b.h": interface.format("Own") + "class Mine : public Own {};\n",
                    "storage/state/b.h": "class A : public ledger::Teller, public ledger::Store {};\n"},
                   ["ledger/values/b.h 1 interface"])

    def test_graph(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, text in {**ROOMS, **USES}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            rooms = tidy.Rooms(root, set(tidy.files_of(root)))
            self.assertEqual(list(rooms.graph()), [
                "ledger/values (0 files) -> nothing", "ledger/ports (1 files) -> ledger/values 1",
                "ledger/rules (1 files) -> ledger/ports 1, ledger/values 1",
                "storage/state (1 files) -> ledger/ports 1"])


class Includes(unittest.TestCase):
    def test_layers(self):
        for path, header, allowed in [
                ("ledger/a.h", "ledger/b.h", True), ("ledger/a.h", "storage/b.h", False),
                ("storage/a.cc", "ledger/b.h", True), ("storage/a.cc", "ingest/b.h", False),
                ("ingest/a.cc", "ledger/b.h", True), ("ingest/a.cc", "storage/b.h", False),
                ("ingest/a.cc", "api/b.h", False), ("api/a.cc", "storage/b.h", True),
                ("tests/a.cc", "api/b.h", True), ("bench/a.cc", "tests/b.h", True),
                ("api/a.cc", "tests/b.h", False)]:
            expected = [] if allowed else ["2 layers"]
            self.assertEqual(rules(path, f'\n#include "{header}"\n'), expected, (path, header))

    def test_third_party(self):
        for path, header, allowed in [
                ("storage/state/a.cc", "rocksdb/db.h", True), ("storage/state/a.h", "rocksdb/db.h", False),
                ("storage/crypto/a.cc", "openssl/evp.h", True), ("storage/state/a.cc", "openssl/evp.h", False),
                ("storage/files/a.cc", "rocksdb/db.h", False), ("api/a.cc", "rocksdb/db.h", False),
                ("api/a.cc", "openssl/evp.h", False), ("ledger/records/fingerprint.cc", "xxhash.h", True),
                ("ingest/a.cc", "xxhash.h", False), ("ingest/items/a.cc", "simdjson.h", True),
                ("tests/a.cc", "simdjson.h", False), ("api/a.cc", "boost/json.hpp", True),
                ("ledger/a.h", "boost/json/value.hpp", False), ("api/http/a.h", "boost/asio/ip/tcp.hpp", True),
                ("bench/a.cc", "boost/beast/core.hpp", True),
                ("ingest/a.cc", "boost/asio.hpp", False), ("ledger/a.h", "cstdint", True),
                ("ledger/a.h", "boost/outcome/result.hpp", True), ("ledger/a.h", "fmt/core.h", False),
                ("ledger/a.h", "unistd.h", False), ("tests/a.cc", "gtest/gtest.h", True)]:
            expected = [] if allowed else ["1 third-party"]
            self.assertEqual(rules(path, f"#include <{header}>\n"), expected, (path, header))

    def test_path_from_the_root(self):
        self.assertEqual(rules("ledger/a.cc", '#include "a.h"\n'), ["1 include-path"])

    def test_comment_is_no_include(self):
        self.assertEqual(rules("ledger/a.cc", '// #include "storage/a.h"\n'), [])


class Length(unittest.TestCase):
    def test_length(self):
        self.assertEqual(rules("tests/a.cc", "\n" * 500), [])
        self.assertEqual(rules("tests/a.cc", "\n" * 501), ["501 length"])


class Words(unittest.TestCase):
    def test_banned(self):
        for line, rule in [
                ("using namespace std;", "using-namespace"), ("out << std::endl;", "endl"),
                ("assert(x > 0);", "assert"), ("std::hash<int> h;", "std-hash"),
                ("std::random_device seed;", "random-device"),
                ("namespace e = std::experimental::x;", "experimental"),
                ("// FIXME later", "unfinished"), ("int x;  // TODO", "unfinished")]:
            self.assertEqual(rules("tests/a.cc", f"\n\n{line}\n"), [f"3 {rule}"], line)

    def test_look_alikes(self):
        for line in ["static_assert(true);", "LEDGER_ASSERT(x);", "// assert(x) is banned",
                     'auto text = "using namespace std; std::endl";', "my_hash(std::hashed());",
                     'auto raw = R"(assert( std::endl )";',
                     "auto n = 1'000'000; char q = '\"'; f(\"assert(\");"]:
            self.assertEqual(rules("tests/a.cc", line + "\n"), [], line)

    def test_clock(self):
        line = "auto now = std::chrono::system_clock::now();\n"
        for path, allowed in [("ingest/items/clock.h", True), ("api/a.cc", True), ("bench/a.cc", True),
                              ("ledger/a.cc", False), ("ingest/a.cc", False), ("tests/a.cc", False)]:
            self.assertEqual(rules(path, line), [] if allowed else ["1 clock"], path)

    def test_money(self):
        self.assertEqual(rules("ledger/a.cc", "double kroner;\nfloat x;\n"), ["1 money", "2 money"])
        self.assertEqual(rules("ledger/a.cc", "double share;  // not money\n// a double\n"), [])
        self.assertEqual(rules("api/a.cc", "double share;\n"), [])


def in_coroutine(body):
    return rules("api/a.cc", "asio::awaitable<void> f() {\n" + body + "\n}\n")


class CoAwait(unittest.TestCase):
    def test_finds(self):
        for body, rule in [
                ("co_await f([p] { use(p); });", "lambda"),
                ("co_await co_spawn(ex, [p = q]() -> asio::awaitable<void> { co_return; }, t);",
                 "lambda"),
                ("auto x = co_await f([this](int y) { return y; });", "lambda"),
                ("co_await f(Agg{1, 2});", "temporary"), ("co_await f({1, 2});", "temporary"),
                ("co_await f(a, ns::Agg<int>{});", "temporary"),
                ("co_spawn(co_await asio::this_coro::executor, f(Agg{1}), detached);", "temporary"),
                ("auto x = co_await f(Agg{});", "temporary"),
                ("co_return Agg{co_await g()};", "temporary"),
                ("h(Agg{co_await g()});", "temporary"),
                ("if (co_await f(Agg{1})) { g(); }", "temporary"),
                ("if (auto r = co_await f(Agg{1}); r) { g(); }", "temporary"),
                ("for (auto& x : co_await f(Agg{1})) g(x);", "temporary"),
                ("g();\n}\nvoid h() { co_await f(Agg{1});", "temporary")]:
            found = [finding.split()[1] for finding in in_coroutine(body)]
            self.assertEqual(found, [f"co-await-{rule}"], body)

    def test_line_is_that_of_the_temporary(self):
        self.assertEqual(in_coroutine("co_await f(\n    a,\n    Agg{1});"), ["4 co-await-temporary"])

    def test_leaves_alone(self):
        for body in [
                "Agg a{1};\nco_await f(std::move(a));", "auto g = [p] { use(p); };\nco_await f(g);",
                "co_await f(make());", "auto [e, n] = co_await f(asio::as_tuple(use_awaitable));",
                "Reply r{co_await f()};", "const Reply& r{co_await f()};",
                "std::vector<int> v{co_await f()};", "Agg a = {co_await f(), 2};",
                "if (co_await f()) {\n  g(Agg{1});\n}", "while (co_await f()) { g(Agg{1}); }",
                "if (x) { g(Agg{1}); }\nco_await f();", "else_();\nif (x) {\n} else {\n"
                "  g([p] {});\n}\nco_await f();", "co_await f();\ng(Agg{1});",
                "co_await f(table[i]);", "[[maybe_unused]] auto x = co_await f();",
                "co_await f([](int x) { return Agg{x}; });",
                "switch (co_await f()) { case A: g(Agg{1}); break; }",
                "try {\n  co_await f();\n} catch (const E& e) {\n  g(Agg{1});\n}",
                "auto run = [p]() -> asio::awaitable<void> { co_await f(p); };",
                "// co_await f(Agg{1});", "struct Local { int x; };\nco_await f();",
                "for (;;) {\n  co_await f();\n}"]:
            self.assertEqual(in_coroutine(body), [], body)


class Texts(unittest.TestCase):
    def test_person_numbers(self):
        # Put together here, so that no such number stands in this file.
        for start, found in [("010190", True), ("410190", True), ("018190", False),
                             ("014190", False), ("016690", False), ("990190", False),
                             ("011390", False), ("000190", False)]:
            for path in ("tests/a.cc", "scripts/x", "api/openapi.yaml", "README.md"):
                self.assertEqual(rules(path, f"\n{start}" + "12345\n"),
                                 ["2 person-number"] if found else [], (start, path))

    def test_other_digits(self):
        text = "02013299997 30108299939 " + "010190123456 0x010190" + "12345\n"
        self.assertEqual(rules("tests/a.cc", text), [])

    def test_readme(self):
        text = ("`ledger/a.h` `a.h` `ledger/` `storage/gone.h`\n`gone.md` `coin.h:12` "
                "`*.h` `/v1/x` `build/x` `data/demo` `http://a/b.md` `a b/c` `application/json`\n"
                "```\n`x/y`\n```\n`words` `Europe/Oslo` `--data=a/b`\n")
        self.assertEqual(rules("ledger/README.md", text, ["ledger/a.h", "ledger/coin.h"]),
                         ["1 readme", "2 readme"])

    def test_coverage(self):
        files = {"tests/e2e/test_a.py": "class OneTest(Case):\n\n    def test_x(self):\n        pass\n\n"
                                        "class TwoTest(Case):\n\n    def test_y(self):\n        pass\n",
                 "tests/a_test.cc": "TEST(Money, adds) {\n}\nTEST_F(MoneyTest,\n       is_whole) {\n}\n",
                 "tests/one/main.cc": "", "tests/two/main.cc": ""}
        head = "| behaviour | held by |\n|---|---|\n"
        for cell, found in [
                ("`test_a.py OneTest.test_x`", 0), ("`e2e/test_a.py OneTest TwoTest.test_y`", 0),
                ("`a_test.cc Money.adds MoneyTest.is_whole`, `one/main.cc`", 0), ("`a_test.cc MoneyTest`", 0),
                ("`test_a.py OneTest.test_y`", 1), ("`test_a.py ThreeTest NoTest`", 2),
                ("`a_test.cc Money.takes`", 1), ("`a_test.cc adds`", 1), ("`one/main.cc Money`", 1),
                ("`main.cc`", 1), ("`gone_test.cc Money`", 1), ("`est_a.py OneTest`", 1), ("", 1),
                ("Money", 1), ("`Money.adds`", 1)]:
            with tempfile.TemporaryDirectory() as folder:
                for name, text in {**files, "tests/COVERAGE.md": f"# x\n{head}| `gone.py` | {cell} |\n"}.items():
                    (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                    (Path(folder) / name).write_text(text, encoding="utf-8")
                self.assertEqual([f"{line} {rule}" for _, line, rule, _ in tidy.check(Path(folder))],
                                 ["4 coverage"] * found, cell)

    def test_hidden_and_built_files_are_not_read(self):
        for path in ("build/release/README.md", "data/README.md", ".git/README.md"):
            self.assertEqual(rules(path, "`gone.md`\n"), [], path)

    def test_bytes_that_are_no_text(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "ledger").mkdir()
            for name in ("ledger/a.cc", "ledger/corpus.txt"):
                (Path(folder) / name).write_bytes(b"\xff")
            self.assertEqual([f[0] for f in tidy.check(Path(folder))], ["ledger/a.cc"])


if __name__ == "__main__":
    unittest.main()
