"""A server on a disk with faults, and clients that send until they are answered: what is refused, what goes on, and
that all is well when the faults are over."""

import datetime
import http.client
import json
import os
import pathlib
import shutil
import tempfile
import threading
import time
import unittest

import frikort_server as fs
from faulty_disk import Faults, faulty_disk_library
from frikort_server import dated

YEAR = 2025
NOTICED_SECONDS = 5  # far more than it takes, for a machine under load
RECOVERED_SECONDS = 20


class Client(threading.Thread):
    """A practice: sends its batches in order, each again until it is answered."""

    def __init__(self, server, batches):
        super().__init__(daemon=True)
        self.server, self.batches = server, batches
        self.answered = 0
        self.resent = 0
        self.error = None

    def run(self):
        try:
            for batch in self.batches:
                self.send(batch)
                self.answered += 1
        except Exception as error:  # told by join()
            self.error = error

    def send(self, batch):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                reply = self.server.post_json("/v1/registrations", batch)
            except (OSError, http.client.HTTPException):
                reply = None
            if reply is not None and reply.status == 200:
                verdicts = {result["verdict"] for result in reply.json()["results"]}
                assert verdicts <= {"accepted", "duplicate"}, verdicts
                return
            assert reply is None or reply.status == 503, f"{reply.status}: {reply.body[:300]!r}"
            self.resent += 1
            time.sleep(0.05)
        raise AssertionError("a batch was not taken within a minute")


class FaultCase(unittest.TestCase):
    CLIENTS = 4

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="frikort-e2e-faults-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data)
        self.faults = Faults(self.folder)
        self.sent = []  # in an order that gives the same ledger
        self.server = None

    def start(self, hand_over_items=None, until="/isready", ceilings=None, limits=None):
        sections = {"ceilings": ceilings or {}, "limits": limits or {}}
        if hand_over_items is not None:
            sections["state"] = {"hand_over_items": hand_over_items}
        config = os.path.join(self.folder, "config.toml")
        fs.write_configuration(config, sections)
        self.server = fs.Server(self.data, ("--config", config), self.environment())
        self.addCleanup(self.server.clean)
        return self.server.start(until)

    def environment(self):
        """Of a program that meets the faults."""
        # Before what else is loaded into every program, such as a clock that shows another day.
        preload = " ".join((faulty_disk_library(), os.environ.get("LD_PRELOAD", "")))
        return {"LD_PRELOAD": preload, "FRIKORT_FAULTS": self.faults.path, "FRIKORT_FAULTS_UNDER": self.data,
                # A sanitizer wants to be the first library, and need not be.
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def introduce(self, persons=40, items=8):
        """Persons and practices get their numbers in a fixed order, so that the rest may come in any."""
        self.persons = [fs.new_person() for _ in range(persons)]
        self.practices = [fs.new_practice() for _ in range(self.CLIENTS)]
        for number in range(items):
            self.send([dated("2025-01-10", 1000 + 100 * number + place, personId=person,
                             practiceId=self.practices[place % self.CLIENTS])
                       for place, person in enumerate(self.persons)])

    def send(self, batch):
        self.assertEqual({result["verdict"] for result in self.server.submit(*batch)}, {"accepted"})
        self.sent += batch

    def start_clients(self, batches, size=10):
        """Each has persons and a practice of its own."""
        clients = []
        day = datetime.date(YEAR, 2, 1)
        for number in range(self.CLIENTS):
            mine = self.persons[number::self.CLIENTS]
            made = [[dated(day + datetime.timedelta(days=(i * size + j) % 90), 3000 + 100 * j,
                           personId=mine[(i * size + j) % len(mine)], practiceId=self.practices[number])
                     for j in range(size)] for i in range(batches)]
            for batch in made:
                self.sent += batch
            clients.append(Client(self.server, made))
        for client in clients:
            client.start()
        return clients

    def wait_until(self, is_reached, seconds, what):
        end = time.monotonic() + seconds
        while not is_reached():
            if time.monotonic() > end:
                self.fail(f"{what}: not within {seconds} s; output: {self.server.tail()}")
            self.assertIsNone(self.server.process.poll(), f"the server ended; output: {self.server.tail()}")
            time.sleep(0.02)

    def ready(self):
        return self.server.get("/isready")

    def wait_until_refused(self, reason):
        self.wait_until(lambda: self.ready().status == 503, NOTICED_SECONDS, "/isready says no")
        self.check_refused(reason)

    def check_refused(self, reason):
        ready = self.ready()
        self.assertEqual(ready.status, 503)
        self.assertIn(reason, ready.json()["detail"])

    def wait_until_ready(self):
        self.wait_until(lambda: self.ready().status == 200, RECOVERED_SECONDS, "ready again")

    def check_writes_are_refused(self):
        reply = self.server.post_json("/v1/registrations", [dated("2025-02-01")])
        self.assertEqual(reply.status, 503, reply.body)
        self.assertIn(reply.json()["code"], ("STORE_UNAVAILABLE", "DAMAGED_RECORD"))
        self.assertGreaterEqual(int(reply.headers["Retry-After"]), 1)
        for path, body in (("/v1/backups", {"to": self.folder + "/backup"}), ("/v1/reconciliations", {"year": YEAR})):
            self.assertEqual(self.server.post_json(path, body).status, 503, path)
        metrics = self.server.get("/metrics").body.decode()
        self.assertIn("\nfrikort_writes_refused 1\n", metrics)

    def check_reads_go_on(self, sums):
        """The sums are those that were acknowledged, or more."""
        # While the files are opened again reads are refused, too: a moment.
        self.wait_until(lambda: self.server.get("/v1/status").status == 200, NOTICED_SECONDS, "reads go on")
        for person, counted in sums.items():
            self.assertGreaterEqual(self.server.account(person, YEAR)["countedOre"], counted)
        self.assertFalse(self.server.exempt(self.persons[0], fs.recent_day()))
        for path in ("/v1/timeliness?from=2025-01&to=2025-12", "/v1/timeliness/practices", "/v1/events?wait=0",
                     f"/v1/practices/{self.practices[0]}/timeliness?from=2025-01&to=2025-12"):
            self.assertEqual(self.server.get(path).status, 200, path)

    def sums(self):
        return {person: self.server.account(person, YEAR)["countedOre"] for person in self.persons[:5]}

    def join(self, clients):
        for client in clients:
            client.join(90)
            self.assertFalse(client.is_alive(), f"a client waits; output: {self.server.tail()}")
            if client.error:
                raise client.error

    def checksum(self):
        return self.server.get("/v1/status").json()["checksum"]

    def check_whole(self):
        """Nothing lost, nothing doubled: the ledger is that of the same items without any fault."""
        accepted = {item["guid"] for item in self.sent}
        status = self.server.get("/v1/status").json()
        self.assertEqual(status["registrations"], len(accepted))
        self.server.stop(clean=False)
        self.assertIsNone(fs.frikort_json("verify", "--data", self.data)["finding"])
        items = os.path.join(self.folder, "items.ndjson")
        pathlib.Path(items).write_bytes(fs.ndjson(self.sent))
        plain = os.path.join(self.folder, "plain")
        fs.frikort_json("load", "--create", "--data", plain, "--trust-received-time", items)
        self.assertEqual(status["checksum"], fs.frikort_json("status", "--data", plain)["checksum"])
        rebuilt = fs.frikort_json("rebuild", "--data", self.data, "--into", os.path.join(self.folder, "rebuilt"))
        self.assertIs(rebuilt["equal"], True, rebuilt)

    def events_of_log(self, name):
        lines = (json.loads(line) for line in self.server.output().splitlines() if line.startswith(b"{"))
        return [line for line in lines if line["event"] == name]
