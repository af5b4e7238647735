#!/usr/bin/env python3
"""Loads for longer than a token lives: `frikort load` over TLS, with bound tokens that it has to get again and again,
beside a client that sends single items with tokens of its own.

    tests/e2e/token_load.py --minutes 30

Fails when an item was not accepted, a single item not answered with 200, or a token used to its end. Prints how many tokens
were given out.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time

import frikort_server as fs
import token_issuer as ti
from certificates import Authority
from frikort_server.server import free_port
from https_site import HttpsSite
from issuer_site import Handler
from secured_case import secured_server

ITEMS_A_SECOND = 3000  # `load` sends a request every half minute then
SINGLES_A_SECOND = 5


class FreshTokens(HttpsSite):
    """Gives whoever asks a token that lives so many seconds. Counts what it is asked for."""

    handler = Handler

    def __init__(self, issuers, seconds):
        super().__init__(free_port())
        self.issuers, self.seconds = issuers, seconds
        self.asked = []
        self.answers = self

    def __getitem__(self, _path):
        return self.issuers.of_practice({"exp": int(time.time()) + self.seconds})


def item(day):
    return fs.copayment(practiceId=ti.PRACTICE, serviceTime=fs.oslo_text(day), amountOre=1)


class SingleItems(threading.Thread):
    """Sends one item after another, with a token that is renewed when a quarter of its time is left."""

    def __init__(self, server, issuers, seconds, day):
        super().__init__(daemon=True)
        self.server, self.issuers, self.seconds, self.day = server, issuers, seconds, day
        self.stopping = threading.Event()
        self.sent = 0
        self.refused = []

    def run(self):
        until = 0
        while not self.stopping.wait(1 / SINGLES_A_SECOND):
            if time.time() > until - self.seconds / 4:
                until = int(time.time()) + self.seconds
                token = self.issuers.of_practice({"exp": until})
            reply = self.server.ask_as_practice(value=item(self.day), token=token)
            self.sent += 1
            if reply.status != 200 or reply.json()["results"][0]["verdict"] != "accepted":
                self.refused.append(f"{reply.status} {reply.body[:200]!r}")


def feed(pipe, seconds, day):
    """Writes items at an even rate; gives how many."""
    begin, count = time.monotonic(), 0
    while (passed := time.monotonic() - begin) < seconds:
        due = int(passed * ITEMS_A_SECOND) - count
        if due > 0:
            pipe.write(fs.ndjson([item(day) for _ in range(due)]))
            pipe.flush()
            count += due
        time.sleep(0.1)
    pipe.close()
    return count


def run(options, folder):
    issuers, authority = ti.Issuers(), Authority(folder)
    certificate, key, _ = authority.issue("server")
    server = secured_server(issuers, authority, certificate, key)
    server.start()
    client_key = f"{folder}/client.pem"
    with open(client_key, "wb") as file:
        file.write(issuers.client.pem())
    day = fs.recent_day(20)
    site = FreshTokens(issuers, options.token_seconds)
    site.serve(certificate, key)
    command = f"curl --silent --fail --cacert {authority.file} https://127.0.0.1:{site.port}/"
    singles = SingleItems(server, issuers, options.token_seconds, day)
    try:
        singles.start()
        with subprocess.Popen(
                [fs.binary(), "load", "--server", f"https://127.0.0.1:{server.port}", "--ca-file", authority.file,
                 "--token-command", command, "--dpop-key", client_key, "--json", "-"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as load:
            sent = feed(load.stdin, options.minutes * 60, day)
            told, errors = load.stdout.read(), load.stderr.read()
        singles.stopping.set()
        singles.join()
        server.stop()
    finally:
        site.close()
        server.clean()
    if load.returncode != 0:
        yield f"load: exit status {load.returncode}: {errors[-500:].decode()}"
        return
    result = json.loads(told)
    if result["accepted"] != sent:
        yield f"load: {sent} items were sent, {result}"
    yield from singles.refused[:3]
    tokens_min = options.minutes * 60 // options.token_seconds
    if len(site.asked) < tokens_min:
        yield f"load: {len(site.asked)} tokens, but {tokens_min} had to be used to their end"
    print(f"{sent} items loaded and {singles.sent} single ones in {options.minutes:g} minutes; load got {len(site.asked)} tokens "
          f"of {options.token_seconds} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--token-seconds", type=int, default=120)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="frikort-token-load-") as folder:
        faults = list(run(options, folder))
    for fault in faults:
        print(f"token_load: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
