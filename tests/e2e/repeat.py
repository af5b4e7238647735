#!/usr/bin/env python3
"""Runs tests of this folder again and again, several at a time: to find those that fail seldom.

    tests/e2e/repeat.py test_faults_damage.DamageTest.test_state_damaged_and_disk_full --times 2000 --parallel 6

Each run is a process of its own. Says how many failed, and shows the first failures; exit status 1 when there was one.
"""

import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import threading
import time

SHOWN_MAX = 3
FOLDER = pathlib.Path(__file__).resolve().parent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tests", nargs="+", help="names as unittest takes them")
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--parallel", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begins no run after so long")
    options = parser.parse_args()
    begin = time.monotonic()
    lock = threading.Lock()
    ended = failed = 0

    def run(_):
        nonlocal ended, failed
        if time.monotonic() - begin > options.seconds:
            return
        done = subprocess.run([sys.executable, "-m", "unittest", *options.tests], cwd=FOLDER, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        with lock:
            ended += 1
            if done.returncode == 0:
                return
            failed += 1
            if failed <= SHOWN_MAX:
                print(f"--- run {ended}\n{done.stdout.decode(errors='replace')}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(options.parallel) as pool:
        list(pool.map(run, range(options.times)))
    print(f"{' '.join(options.tests)}: {failed} of {ended} runs failed, {options.parallel} at a time, "
          f"{time.monotonic() - begin:.0f} s")
    return 1 if failed or not ended else 0


if __name__ == "__main__":
    sys.exit(main())
