#!/usr/bin/env python3
"""Runs clang-tidy-14 over our sources, as many at a time as there are processors.

    scripts/clang_tidy.py BUILD_DIRECTORY [--all | --since COMMIT]

The program's sources, without the analyzer: it takes half of the time. With --all also tests and
benchmarks, and the analyzer. With --since only those that differ from COMMIT, and
of each header that differs its own source, or one that includes it.

A file takes up to half a minute and a full run many, so a file found clean is remembered by the
hash of all that the verdict depends on and skipped while none of it changes. Findings are never
remembered. To begin anew, remove the folder that the last line names.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import tidy

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "frikort-clang-tidy"
CLANG_TIDY = "clang-tidy-14"
PROGRAM = ("ledger/", "ingest/", "storage/", "api/")
# Warnings of the compiler are for the compiler of the build; without the analyzer they would end the run.
# What g++ has precompiled is nothing that clang could read.
PRECOMPILED = re.compile(r" -Winvalid-pch| -include \S*/cmake_pch\.hxx")
WITHOUT_ANALYZER = ("--checks=-clang-analyzer-*", "--extra-arg=-Wno-error")


def own_headers(path, seen):
    """The file and all headers of ours that it includes, directly or not."""
    if path in seen or not (ROOT / path).is_file():
        return seen
    seen.add(path)
    text = (ROOT / path).read_text(encoding="utf-8")
    for header in re.findall(r'^\s*#\s*include\s*"([^"]+)"', text, re.MULTILINE):
        own_headers(header, seen)
    return seen


def key_of(path, command, environment):
    digest = hashlib.sha256(environment)
    digest.update(command.replace(str(ROOT), "").encode())
    for name in sorted(own_headers(path, set())):
        digest.update(f"\0{name}\0".encode() + (ROOT / name).read_bytes())
    return digest.hexdigest()


def run(path, build, is_analyzed):
    command = [CLANG_TIDY, "--quiet", "-p", str(build), str(ROOT / path)]
    if not is_analyzed:
        command += WITHOUT_ANALYZER
    elif "co_await" in (ROOT / path).read_text(encoding="utf-8"):
        # The analyzer of clang 14 does not know how a coroutine begins.
        command.append("--checks=-clang-analyzer-core.CallAndMessage")
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    # Standard error holds the count of warnings in system headers, unless something went wrong.
    return result.returncode, result.stdout + (result.stderr if result.returncode else "")


def changed_since(commit):
    """The files that differ from the commit, or None when the checkout does not have it."""
    diff = subprocess.run(["git", "diff", "--name-only", commit], cwd=ROOT, capture_output=True, text=True,
                          check=False)
    return set(diff.stdout.splitlines()) if diff.returncode == 0 else None


def sources_of(changed, sources):
    """What shows all that is in the changed files: sources, and of a header the one of its name, or any with it."""
    headers = {path: own_headers(path, set()) for path in sources}
    found = {path for path in sources if path in changed or path.removesuffix(".cc") + ".h" in changed}
    for header in changed:
        if header.endswith(".h") and not any(header in headers[path] for path in found):
            found.update([path for path in sources if header in headers[path]][:1])
    return sorted(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=lambda path: Path(path).resolve())
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--all", action="store_true", dest="is_all")
    what.add_argument("--since", metavar="COMMIT")
    options = parser.parse_args()
    build, is_all = options.build, options.is_all
    changed = changed_since(options.since) if options.since else None
    if options.since and changed is None:
        print(f"clang-tidy: no commit {options.since} here; all files are checked")
    commands = {}
    database = PRECOMPILED.sub("", (build / "compile_commands.json").read_text(encoding="utf-8"))
    for entry in json.loads(database):
        path = os.path.relpath(Path(entry["directory"], entry["file"]), ROOT)
        if tidy.is_cpp(path) and (is_all or path.startswith(PROGRAM)):  # not what CMake generates to compile the headers alone
            commands[path] = entry["command"]
    for path in filter(tidy.is_cpp, tidy.files_of(ROOT)):
        if is_all and path.endswith(".cc") and path not in commands:
            print(f"{path}: not built by this preset, so not checked")

    # The headers of the libraries count by the versions of their packages.
    configuration = [ROOT / ".clang-tidy", *sorted(ROOT.glob("*/.clang-tidy"))]
    environment = b"".join(path.read_bytes() for path in configuration) + subprocess.run(
        ["dpkg-query", "--show", "lib*-dev", "prometheus-cpp-dev", "libstdc++*", CLANG_TIDY],
        capture_output=True, check=False).stdout
    environment += b"" if is_all else " ".join(WITHOUT_ANALYZER).encode()
    CACHE.mkdir(parents=True, exist_ok=True)
    if changed is not None:
        commands = {path: commands[path] for path in sources_of(changed, commands)}
    keys = {path: key_of(path, command, environment) for path, command in commands.items()}
    todo = [path for path in keys if not (CACHE / keys[path]).exists()]
    print(f"clang-tidy: {len(todo)} of {len(keys)} files to check", flush=True)
    bad = 0
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        Path(folder, "compile_commands.json").write_text(database, encoding="utf-8")
        results = pool.map(lambda path: run(path, folder, is_all), todo)
        for number, (path, (code, output)) in enumerate(zip(todo, results), 1):
            print(f"  {number} of {len(todo)}: {path}", flush=True)
            if code == 0:
                (CACHE / keys[path]).touch()
            else:
                bad += 1
                print(output, flush=True)
    print(f"clang-tidy: {bad} files with findings; clean ones remembered in {CACHE}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
