"""Runs the program's commands.

The binary is named by the environment variable FRIKORT (default: build/release/frikort in the repository).
"""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
COMMANDS = ("serve", "generate", "load", "status", "reconcile", "verify", "rebuild", "backup", "restore", "export",
            "keys", "check-config")


def binary():
    path = pathlib.Path(os.environ.get("FRIKORT", "build/release/frikort"))
    if not path.is_absolute():
        path = ROOT / path
    if not path.is_file():
        raise RuntimeError(f"no such program: {path}; build it, or set FRIKORT")
    return str(path)


def run_frikort(*args, stdin=None, timeout=60):
    """Runs a command to its end; gives the CompletedProcess with bytes."""
    if stdin is None:
        return subprocess.run([binary(), *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=timeout, check=False)
    return subprocess.run([binary(), *map(str, args)], input=stdin, capture_output=True, timeout=timeout,
                          check=False)


def frikort_json(*args, stdin=None, timeout=60, exit_status=0):
    """Runs a command with --json; its standard output is one JSON object."""
    done = run_frikort(*args, "--json", stdin=stdin, timeout=timeout)
    what = f"frikort {' '.join(map(str, args))} --json"
    if done.returncode != exit_status:
        raise AssertionError(f"{what}: exit status {done.returncode}, expected {exit_status}; "
                             f"stderr: {done.stderr[-2000:].decode(errors='replace')}")
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        raise AssertionError(f"{what}: standard output is not one JSON object: {done.stdout[:500]!r}") from error
