#!/usr/bin/env python3
"""One ledger, killed again and again while several clients send to it; what it answered must hold.

Each round starts `frikort serve` on the same folder, lets clients send singles, batches and streams over connections of
their own, and ends with SIGKILL at a random moment: at work, while the journal is replayed, or after SIGTERM. Hand-overs
of the state are so frequent that kills fall into them. A client sends again what was not answered, as a practice does.

After each start: the journal has not become shorter than what was acknowledged, and a sample of what was answered is
answered the same. Always: an item is accepted once, a position is given once and grows, a batch is there whole or not at
all. In the end everything is sent once more, and the state is that of a ledger which took the same items undisturbed, in
order of their positions.

    tests/e2e/crash_loop.py [--rounds N] [--seed N] [--json]

A seed decides items, configuration and when to kill, but not what the threads of server and clients have done by then: to
replay a failure takes several runs.
"""

import argparse
import datetime
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid

import frikort_server as fs
from frikort_server import credit_note, dated, payment

CLIENTS = ("single", "single", "batch", "batch", "stream", "stream")
PERSONS = 600
PRACTICES = 20
SAMPLE = 60
VERIFY_EVERY = 10
PART = 4000  # items of one request when everything is sent again
SAME = ("position", "counted", "exempt", "code")  # what a duplicate repeats


class Failed(Exception):
    """The ledger has not kept a promise."""


def require(condition, what):
    if not condition:
        raise Failed(what)


def place(position):
    """The number in a position."""
    return int(position.split("-")[1])


class Item:
    """What a client sends, and what it was told first."""

    __slots__ = ("line", "sent", "answer")

    def __init__(self, value):
        self.line = fs.compact(value).encode()
        self.sent = 0
        self.answer = None


class Answers:
    """Holds every answer against all answers before."""

    def __init__(self):
        self.lock = threading.Lock()
        self.items = []    # answered, in the order of their answers
        self.by_place = {}
        self.newest = 0    # place of the newest acknowledged item
        self.floor = 0     # head of the journal when the server was started
        self.re_sent = 0

    def note_sent(self, items):
        with self.lock:
            for item in items:
                self.re_sent += item.sent != 0 and item.answer is None
                item.sent += 1

    def note(self, item, result):
        with self.lock:
            if item.answer is None:
                self.note_first(item, result)
            else:
                self.compare(item, result)

    def note_first(self, item, result):
        verdict = result["verdict"]
        if verdict != "rejected":
            at = place(result["position"])
            require(at not in self.by_place, f"position {at} was given twice")
            self.by_place[at] = item
            self.newest = max(self.newest, at)
            if verdict == "duplicate":
                require(item.sent > 1, f"sent once, and a duplicate: {result}")
            else:
                require(at > self.floor, f"{result} is not after {self.floor}, the head when the server started")
        item.answer = result
        self.items.append(item)

    @staticmethod
    def compare(item, result):
        before = item.answer
        if before["verdict"] == "rejected":
            same = (result["verdict"], result["code"]) == ("rejected", before["code"])
        else:
            same = result["verdict"] == "duplicate" and all(result.get(key) == before.get(key) for key in SAME)
        require(same, f"answered before: {before}; now: {result}")


class Client:
    """Sends items of its own, in its own order, over one connection; knows what was not answered."""

    def __init__(self, kind, rng, answers):
        self.kind = kind
        self.rng = rng
        self.answers = answers
        self.unanswered = []
        self.copayments = []
        self.received = fs.oslo_instant("2025-04-01", "06:00:00")
        self.newest = 0  # place of its last item: they keep the order in which it sent them
        self.problem = None

    def new_item(self):
        rng = self.rng
        self.received += datetime.timedelta(seconds=rng.randint(1, 60))
        received = fs.rfc3339(fs.to_oslo(self.received))
        dice = rng.random()
        if dice < 0.85 or not self.copayments:
            day = fs.oslo_date(self.received) - datetime.timedelta(days=rng.randint(1, 80))
            value = dated(day, rng.choice((0, 0, 9_000, 18_000, 40_000)), received=received,
                          guid=str(uuid.UUID(int=rng.getrandbits(128))), personId=fs.synthetic_number(rng.randrange(PERSONS)),
                          practiceId=str(500_001 + rng.randrange(PRACTICES)), paid=rng.random() < 0.85)
            self.copayments.append(value)
        elif dice < 0.97:
            # At most one for each: any duplicate is then one that the loop made.
            original = self.copayments.pop(rng.randrange(max(0, len(self.copayments) - 200), len(self.copayments)))
            value = (payment if dice < 0.92 else credit_note)(original, received=received)
        else:
            value = dated("2025-03-01", received=received, personId=fs.synthetic_number(0), serviceType="X")
        return Item(value)

    def next_request(self):
        """What was not answered, else new items."""
        if not self.unanswered:
            count = {"single": 1, "batch": self.rng.randint(2, 400), "stream": self.rng.randint(500, 4000)}[self.kind]
            self.unanswered = [self.new_item() for _ in range(count)]
        self.answers.note_sent(self.unanswered)
        return list(self.unanswered)

    def run(self, port, is_last):
        """Until the connection breaks; in the last round until everything is answered."""
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                while not is_last or self.unanswered:
                    if not self.send(connection):
                        break
            finally:
                connection.close()
        except (OSError, http.client.HTTPException):
            pass  # killed; what was answered has been noted
        except Exception as error:  # pylint: disable=broad-except
            self.problem = error

    def note(self, items, results):
        """The first results of a request; True when none is missing."""
        for item, result in zip(items, results):
            self.answers.note(item, result)
            if result["verdict"] != "rejected":
                require(place(result["position"]) > self.newest, f"{result} is before {self.newest}, sent earlier")
                self.newest = place(result["position"])
        del self.unanswered[:len(results)]
        return len(results) == len(items)

    def send(self, connection):
        items = self.next_request()
        if self.kind == "stream":
            return self.send_stream(connection, items)
        body = items[0].line if self.kind == "single" else b"[" + b",".join(item.line for item in items) + b"]"
        connection.request("POST", "/v1/registrations", body, {"Content-Type": fs.JSON_TYPE})
        response = connection.getresponse()
        answer = json.loads(response.read())
        if response.status == 503:
            return False  # it is stopping; to be sent again
        require(response.status == 200, f"{response.status}: {answer}")
        results = answer["results"]
        require(len(results) == len(items), f"{len(results)} results for {len(items)} items")
        if items[0].sent > 1:
            verdicts = {result["verdict"] for result in results} - {"rejected"}
            require(len(verdicts) <= 1, "half of a batch was there after a kill")
        return self.note(items, results)

    def send_stream(self, connection, items):
        connection.putrequest("POST", "/v1/registrations")
        connection.putheader("Content-Type", fs.NDJSON_TYPE)
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        piece_size = self.rng.randint(1, 300)
        sender = threading.Thread(target=send_pieces, args=(connection.sock, items, piece_size), daemon=True)
        sender.start()
        noted = 0
        try:
            response = connection.getresponse()
            require(response.status in (200, 503), f"stream answered {response.status}")
            while response.status == 200:
                line = response.readline()
                if not line.endswith(b"\n"):
                    break  # the end, or a line cut by the kill
                value = json.loads(line)
                if "verdict" in value:
                    require(value["index"] == noted, f"result {value['index']} came as number {noted}")
                    self.note(items[noted:noted + 1], [value])
                    noted += 1
                elif "root" not in value:
                    break  # a problem: it is stopping
        finally:
            try:
                connection.sock.shutdown(2)
            except (OSError, AttributeError):
                pass
            sender.join()
            connection.close()
        return noted == len(items)


def send_pieces(sock, items, piece_size):
    try:
        for first in range(0, len(items), piece_size):
            data = b"".join(item.line + b"\n" for item in items[first:first + piece_size])
            sock.sendall(b"%x\r\n%s\r\n" % (len(data), data))
        sock.sendall(b"0\r\n\r\n")
    except OSError:
        pass


class CrashLoop:

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.folder = tempfile.mkdtemp(prefix="frikort-crash-loop-")
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data)
        self.config = os.path.join(self.folder, "frikort.toml")
        self.server = fs.Server(self.data, ("--config", self.config))
        self.answers = Answers()
        self.clients = [Client(kind, random.Random(self.rng.random()), self.answers) for kind in CLIENTS]
        self.start_seconds = 0.1  # how long the last start took
        self.moments = {"working": 0, "starting": 0, "stopping": 0}

    def configure(self):
        items = self.rng.choice((50, 300, 2_000, 20_000, 1_000_000))
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"[state]\nhand_over_items = {items}\n")

    def start(self):
        begin = time.monotonic()
        self.server.start()
        self.start_seconds = time.monotonic() - begin
        status = self.server.get("/v1/status").json()
        head = place(status["head"])
        require(head >= self.answers.newest,
                f"the journal ends at {head}, but {self.answers.newest} was acknowledged")
        self.answers.floor = head
        sample = self.rng.sample(self.answers.items, min(SAMPLE, len(self.answers.items)))
        self.send_again(sample)

    def send_again(self, items):
        """Items that were answered: the same answer."""
        for first in range(0, len(items), PART):
            part = items[first:first + PART]
            self.answers.note_sent(part)
            reply = self.server.stream([item.line for item in part])
            require(len(reply.results) == len(part), f"{len(reply.results)} results for {len(part)} items")
            for item, result in zip(part, reply.results):
                self.answers.note(item, result)

    def work(self, is_last=False):
        threads = [threading.Thread(target=client.run, args=(self.server.port, is_last)) for client in self.clients]
        for thread in threads:
            thread.start()
        return threads

    def join(self, threads):
        for thread in threads:
            thread.join()
        for client in self.clients:
            if client.problem is not None:
                raise client.problem

    def round(self):
        self.configure()
        moment = self.rng.choices(("working", "starting", "stopping"), (5, 2, 3))[0]
        self.moments[moment] += 1
        if moment == "starting":
            process = subprocess.Popen(
                [fs.binary(), "serve", "--data", self.data, "--listen", "127.0.0.1:0", "--auth", "none", "--config",
                 self.config], stdin=subprocess.DEVNULL, stdout=self.server.log, stderr=subprocess.STDOUT)
            time.sleep(self.rng.uniform(0, 1.3 * self.start_seconds))
            process.kill()
            process.wait()
            return
        self.start()
        threads = self.work()
        time.sleep(self.rng.uniform(0.02, 0.6))
        if moment == "stopping":
            self.server.process.send_signal(signal.SIGTERM)
            time.sleep(self.rng.choice((0, self.rng.uniform(0, 0.01), self.rng.uniform(0, 0.15))))
        self.server.kill()
        self.join(threads)

    def verify(self):
        report = fs.frikort_json("verify", "--data", self.data, timeout=300)
        require(report["finding"] is None, f"verify: {report}")

    def run(self, rounds):
        for number in range(1, rounds + 1):
            self.round()
            if number % VERIFY_EVERY == 0:
                self.verify()
        self.configure()
        self.start()
        self.join(self.work(is_last=True))
        require(not any(client.unanswered for client in self.clients), "something was not answered in the end")
        self.send_again(self.answers.items)
        self.server.stop(clean=False)
        self.verify()
        self.compare()

    def compare(self):
        """The same items, in the order of their positions, into a ledger that nobody kills."""
        path = os.path.join(self.folder, "items.ndjson")
        in_order = [item for _, item in sorted(self.answers.by_place.items())]
        with open(path, "wb") as file:
            file.writelines(item.line + b"\n" for item in in_order)
        plain = os.path.join(self.folder, "undisturbed")
        os.mkdir(plain)
        loaded = fs.frikort_json("load", "--data", plain, "--trust-received-time", path, timeout=300)
        require(loaded["accepted"] == len(in_order), f"{len(in_order)} were accepted, of them now: {loaded}")
        left = fs.frikort_json("status", "--data", self.data)
        right = fs.frikort_json("status", "--data", plain)
        for key in ("checksum", "registrations", "payments", "creditNotes", "persons", "accounts", "cards",
                    "cardsUnderReview", "countedOre", "refundedOre", "events"):
            require(left[key] == right[key], f"{key}: {left[key]}, undisturbed {right[key]}")
        require(left["cards"] > 0, f"no card: the items are not what they should be: {left}")
        rebuilt = fs.frikort_json("rebuild", "--data", self.data, "--into", os.path.join(self.folder, "rebuilt"),
                                  timeout=300)
        require(rebuilt["equal"] is True, f"rebuild: {rebuilt}")

    def clean(self):
        self.server.clean()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("FRIKORT_SEED", time.time_ns() % (1 << 32))))
    parser.add_argument("--json", action="store_true", help="the figures as one JSON object")
    options = parser.parse_args()
    begin = time.monotonic()
    loop = CrashLoop(options.seed)
    print(f"crash_loop: --rounds {options.rounds} --seed {options.seed}", file=sys.stderr, flush=True)
    try:
        loop.run(options.rounds)
    except Exception as error:  # pylint: disable=broad-except
        print(f"crash_loop: FAILED with --seed {options.seed}: {type(error).__name__}: {error}\n{loop.server.tail()}",
              file=sys.stderr)
        loop.server.kill()
        print(f"the ledger is kept: {loop.folder}", file=sys.stderr)
        return 1
    answers = loop.answers
    figures = {"rounds": options.rounds, "kills": loop.moments, "acknowledged": len(answers.items),
               "accepted": len(answers.by_place), "reSent": answers.re_sent,
               "seconds": round(time.monotonic() - begin, 1)}
    loop.clean()
    if options.json:
        print(fs.compact(figures))
    else:
        print("crash_loop: nothing lost, nothing doubled: " + ", ".join(f"{k} {v}" for k, v in figures.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
