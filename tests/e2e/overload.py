#!/usr/bin/env python3
"""One practice floods the service over many connections; what becomes of another that sends at a modest rate.

Each round measures the modest practice alone, then beside the flood: single items, open loop, latency from when each was
due (`frikort_http_load`). The flood sends batches over --connections, each as soon as the last is answered, whatever the
answer was: it heeds no Retry-After. It runs at nice +5, because client and server share the processors.

Checked: every answer is 200, 429 or 503, the last two with Retry-After; the modest practice is never refused; its p99 beside
the flood is at most --ratio times that alone or --share of what an accepted batch of the flood takes at p99 (medians of the
rounds; first come, first served, it would be as much); that is at most --accepted milliseconds, and memory stays under
--memory MiB.

    tests/e2e/overload.py --rounds 7 --seconds 8
"""

import argparse
import json
import multiprocessing
import os
import re
import selectors
import socket
import statistics
import subprocess
import sys
import time

import frikort_server as fs
from frikort_server import copayment

FLOOD_PRACTICE = "900001"
LINES = 1000
PERSONS = 5000
HEADERS_END = b"\r\n\r\n"


def load_program():
    return os.environ.get("FRIKORT_HTTP_LOAD", str(fs.ROOT / "build/release/frikort_http_load"))


class Connection:
    """One of the flood: sends a batch, reads the answer, and so on."""

    def __init__(self, port, body, number):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.sock.setblocking(False)
        self.body = body
        self.number = number
        self.batch = 0
        self.next_batch()

    def next_batch(self):
        """The same persons and services, reported under new guids."""
        self.batch += 1
        mark = b"%08x" % (self.number << 20 | self.batch)
        text = self.body.replace(b"########", mark)
        self.request = (b"POST /v1/registrations HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
                        b"Content-Length: %d\r\n\r\n" % len(text)) + text
        self.begin()

    def begin(self):
        self.left = memoryview(self.request)
        self.answer = bytearray()
        self.expected = None
        self.begun = time.monotonic()

    def write(self):
        try:
            self.left = self.left[self.sock.send(self.left):]
        except BlockingIOError:
            pass

    def read(self):
        """The status once the answer is whole; 0 when the connection was closed."""
        try:
            piece = self.sock.recv(1 << 18)
        except BlockingIOError:
            return None
        except ConnectionError:
            return 0
        if not piece:
            return 0
        self.answer += piece
        if self.expected is None:
            end = self.answer.find(HEADERS_END)
            if end < 0:
                return None
            self.head = bytes(self.answer[:end])
            length = re.search(rb"Content-Length: (\d+)", self.head)
            self.expected = end + len(HEADERS_END) + int(length[1])
        return int(self.answer[9:12]) if len(self.answer) >= self.expected else None


def flood(port, connections, seconds, body, figures_out):
    """Runs in a process of its own."""
    os.nice(5)
    selector = selectors.DefaultSelector()
    figures = {"sent": 0, "accepted": 0, "refused429": 0, "refused503": 0, "closed": 0, "problem": ""}
    accepted, refused = [], []
    numbers = iter(range(1, 1 << 12))

    def add():
        connection = Connection(port, body, next(numbers))
        selector.register(connection.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, connection)

    for _ in range(connections):
        add()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for key, events in selector.select(0.1):
            connection = key.data
            if events & selectors.EVENT_WRITE and connection.left:
                try:
                    connection.write()
                except ConnectionError:
                    connection.left = connection.left[:0]
                if not connection.left:
                    selector.modify(connection.sock, selectors.EVENT_READ, connection)
            if not events & selectors.EVENT_READ:
                continue
            status = connection.read()
            if status is None:
                continue
            took = time.monotonic() - connection.begun
            if status == 0:
                figures["closed"] += 1
                selector.unregister(connection.sock)
                connection.sock.close()
                add()
                continue
            figures["sent"] += 1
            if status == 200:
                figures["accepted"] += 1
                accepted.append(took)
                if connection.answer.count(b'"accepted"') != LINES:
                    figures["problem"] = bytes(connection.answer[:500]).decode(errors="replace")
                connection.next_batch()
            else:
                refused.append(took)
                if status not in (429, 503) or b"Retry-After: " not in connection.head:
                    figures["problem"] = bytes(connection.answer[:500]).decode(errors="replace")
                figures[f"refused{status}"] = figures.get(f"refused{status}", 0) + 1
                connection.begin()
            selector.modify(connection.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, connection)
    figures["acceptedP99Ms"] = percentile(accepted, 99)
    figures["refusedP50Ms"] = percentile(refused, 50)
    figures["refusedP99Ms"] = percentile(refused, 99)
    figures_out.put(figures)


def percentile(seconds, percent):
    ordered = sorted(seconds)
    return round(1000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 2) if ordered else None


def flood_body(round_number):
    lines = []
    for number in range(LINES):
        guid = f"########-{round_number:04x}-4000-8000-{number:012x}"
        lines.append(copayment(guid=guid, practiceId=FLOOD_PRACTICE, personId=fs.synthetic_number(number % PERSONS),
                               amountOre=number % 2))  # so little that nobody reaches the ceiling
    return fs.ndjson(lines)


class Overload:

    def __init__(self, options):
        self.options = options
        self.seed = int(time.time()) << 8
        self.failed = 0  # requests of the modest practice without a good answer
        self.server = fs.Server(configuration={"ceilings": fs.ceilings(fs.present_years())})

    def modest(self):
        """Figures of the modest practice."""
        self.seed += 1
        done = subprocess.run(
            [load_program(), "--url", self.server.url, "--mode", "single", "--connections", "32", "--rate",
             str(self.options.rate), "--seconds", str(self.options.seconds), "--persons", "2000", "--seed", str(self.seed),
             "--json"], capture_output=True, timeout=300, check=False)
        # Exit status 1 says that others wrote to the ledger, too: so they do.
        if done.returncode not in (0, 1):
            raise AssertionError(f"frikort_http_load: {done.returncode}: {done.stderr.decode()}")
        figures = json.loads(done.stdout)
        self.failed += sum(figures[key] for key in ("not200", "unexpected", "broken", "rejected"))
        return figures

    def settle(self):
        """Waits until nothing of a flood is left."""
        quiet = 0
        while quiet < 5:
            quiet = quiet + 1 if b"\nfrikort_waiting_items 0\n" in self.server.get("/metrics").body else 0
            time.sleep(0.1)

    def beside_flood(self, round_number):
        queue = multiprocessing.Queue()
        # It begins before the modest practice is measured and ends after.
        process = multiprocessing.Process(target=flood, args=(self.server.port, self.options.connections,
                                                              self.options.seconds + 1.5, flood_body(round_number), queue))
        process.start()
        time.sleep(0.7)
        modest = self.modest()
        figures = queue.get(timeout=60)
        process.join()
        return modest, figures

    def peak_mib(self):
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1]) // 1024

    def run(self):
        self.server.start()
        alone, loaded, floods = [], [], []
        for number in range(self.options.rounds):
            self.settle()
            alone.append(self.modest())
            modest, figures = self.beside_flood(number)
            loaded.append(modest)
            floods.append(figures)
            print(f"round {number + 1}: modest p99 {p99(alone[-1])} ms alone, {p99(modest)} ms beside {figures}",
                  file=sys.stderr, flush=True)
        peak = self.peak_mib()
        self.server.stop()
        total = {key: sum(figures[key] for figures in floods)
                 for key in ("sent", "accepted", "refused429", "refused503", "closed")}
        median = {key: statistics.median([figures[key] for figures in floods if figures[key] is not None] or [0])
                  for key in ("acceptedP99Ms", "refusedP50Ms", "refusedP99Ms")}
        ratios = [p99(there) / p99(here) for here, there in zip(alone, loaded)]
        seconds = self.options.rounds * (self.options.seconds + 1.5)
        return {
            "modestRate": self.options.rate, "aloneP99Ms": statistics.median(map(p99, alone)),
            "besideP99Ms": statistics.median(map(p99, loaded)), "ratio": round(statistics.median(ratios), 2),
            "besideWorstP99Ms": max(map(p99, loaded)), "modestFailed": self.failed,
            "floodOfferedItemsPerSecond": round(total["sent"] * LINES / seconds),
            "floodAcceptedItemsPerSecond": round(total["accepted"] * LINES / seconds),
            **total, **median, "peakMiB": peak,
            "problem": next((figures["problem"] for figures in floods if figures["problem"]), ""),
        }


def p99(figures):
    return figures["latencyMicroseconds"]["p99"] / 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of each measurement, two in a round")
    parser.add_argument("--rate", type=int, default=200, help="single items a second of the modest practice")
    parser.add_argument("--connections", type=int, default=96, help="of the flood")
    parser.add_argument("--ratio", type=float, default=2)
    parser.add_argument("--share", type=float, default=0)
    parser.add_argument("--accepted", type=float, default=2000)
    parser.add_argument("--memory", type=int, default=1024)
    options = parser.parse_args()
    test = Overload(options)
    try:
        figures = test.run()
    finally:
        test.server.clean()
    print(json.dumps(figures, indent=1))
    faults = []
    if figures["problem"]:
        faults.append("an answer to the flood: " + figures["problem"])
    if figures["besideP99Ms"] > max(options.share * figures["acceptedP99Ms"], options.ratio * figures["aloneP99Ms"]):
        faults.append("the modest practice waits too long beside the flood")
    if figures["modestFailed"]:
        faults.append("the modest practice was refused")
    if figures["acceptedP99Ms"] > options.accepted:
        faults.append("accepted batches take too long")
    if figures["accepted"] == 0 or figures["refused429"] + figures["refused503"] + figures["closed"] == 0:
        faults.append("this was no flood")
    if figures["peakMiB"] > options.memory:
        faults.append("too much memory")
    for fault in faults:
        print(f"overload: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
