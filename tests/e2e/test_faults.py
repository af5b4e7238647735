"""Faults of the machine, from outside: what is refused, what goes on, and that all is well when they are over.

`faulty_disk.cc`, loaded into the server, makes its system calls fail when told to, and moves its clock.
"""

import contextlib
import datetime
import glob
import http.client
import json
import mmap
import os
import pathlib
import resource
import shutil
import struct
import subprocess
import tempfile
import threading
import time
import unittest

import frikort_server as fs
from frikort_server import dated

DISK_FULL, WRITE_ERROR, SYNC_ERROR, READ_ERROR = 1, 2, 4, 8
NO_SPACE, IO_ERROR = "No space left on device", "Input/output error"
YEAR = 2025
NOTICED_SECONDS = 5  # far more than it takes, for a machine under load
RECOVERED_SECONDS = 20


def faulty_disk_library():
    return os.environ.get("FRIKORT_FAULTY_DISK", str(fs.ROOT / "build/release/tests/libfaulty_disk.so"))


class Faults:
    """The control file of faulty_disk.cc."""

    LAYOUT = struct.Struct("=IiqQ96s")

    def __init__(self, folder):
        self.path = os.path.join(folder, "faults")
        with open(self.path, "wb") as file:
            file.write(self.LAYOUT.pack(0, 0, 0, 0, b""))
        with open(self.path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), self.LAYOUT.size)

    def inject(self, faults, path_part="", times=-1):
        """From now on; `times` operations, or all."""
        self.lift()
        self.memory[16:24] = bytes(8)
        self.memory[24:120] = path_part.encode().ljust(96, b"\0")
        self.memory[4:8] = struct.pack("=i", times)
        self.memory[0:4] = struct.pack("=I", faults)

    def lift(self):
        self.memory[0:4] = bytes(4)

    def failed(self):
        return struct.unpack("=Q", self.memory[16:24])[0]

    def move_clock(self, hours):
        self.memory[8:16] = struct.pack("=q", hours * 3600)


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

    def start(self, hand_over_items=None, until="/isready", ceilings=None):
        sections = {"ceilings": ceilings or {}}
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


class DiskTest(FaultCase):

    def check_fault_during_load(self, faults, reason, path_part="/journal/"):
        self.start()
        self.introduce()
        sums = self.sums()
        clients = self.start_clients(batches=40)
        self.wait_until(lambda: all(client.answered >= 5 for client in clients), 30, "the load runs")
        self.faults.inject(faults, path_part)
        self.wait_until_refused(reason)
        self.check_reads_go_on(sums)
        self.check_writes_are_refused()
        self.check_refused(reason)
        self.assertGreater(self.faults.failed(), 0)
        self.faults.lift()
        self.wait_until_ready()
        self.join(clients)
        self.assertGreater(sum(client.resent for client in clients), 0, "the fault was to hit the load")
        self.assertIn(reason, self.events_of_log("writes_refused")[0]["reason"])
        self.assertEqual(len(self.events_of_log("service_recovered")), 1)
        metrics = self.server.get("/metrics").body.decode()
        self.assertIn("\nfrikort_writes_refused 0\n", metrics)
        self.assertIn("\nfrikort_recoveries_total 1\n", metrics)
        self.check_whole()

    def test_disk_full_during_load(self):
        self.check_fault_during_load(DISK_FULL, NO_SPACE, "")

    def test_write_error_during_load(self):
        self.check_fault_during_load(WRITE_ERROR, IO_ERROR)

    def test_sync_error_during_load(self):
        self.check_fault_during_load(SYNC_ERROR, IO_ERROR)

    def test_one_failed_operation_at_a_time(self):
        """Whatever the one operation is that fails: the service goes on by itself."""
        self.start(hand_over_items=150)
        self.introduce()
        clients = self.start_clients(batches=60)
        for faults, path_part in ((SYNC_ERROR, "/journal/"), (WRITE_ERROR, "/state/"), (DISK_FULL, "/journal/")):
            self.wait_until_ready()
            self.faults.inject(faults, path_part, times=1)
            self.wait_until(lambda: self.faults.failed() == 1 or not any(client.is_alive() for client in clients),
                            30, "the operation fails")
            self.assertEqual(self.faults.failed(), 1, "the fault was to hit the load")
            self.faults.lift()
        self.wait_until_ready()
        self.join(clients)
        self.wait_until_ready()
        self.check_whole()

    def test_hand_over_on_a_full_disk(self):
        self.start(hand_over_items=200)
        self.introduce()
        sums = self.sums()
        self.faults.inject(DISK_FULL, "/state/")
        clients = self.start_clients(batches=20)
        self.wait_until_refused(NO_SPACE)
        self.check_reads_go_on(sums)
        self.faults.lift()
        self.wait_until_ready()
        self.join(clients)
        self.check_whole()

    def test_access_log_on_a_full_disk(self):
        self.start()
        self.introduce()
        self.faults.inject(DISK_FULL, "/journal/")
        # Nothing but the log of this query is to be written.
        self.assertFalse(self.server.exempt(self.persons[0], fs.recent_day()))
        self.wait_until_refused(NO_SPACE)
        self.check_reads_go_on({})
        self.faults.lift()
        self.wait_until_ready()
        self.assertFalse(self.server.exempt(self.persons[0], fs.recent_day()))
        self.check_whole()
        self.assertEqual(self.events_of_log("access_log_lost"), [])

    def test_start_on_a_full_disk(self):
        self.start()
        self.introduce()
        sums = self.sums()
        self.server.kill()
        self.faults.inject(DISK_FULL)
        self.start(until="/isalive")
        self.wait_until_refused(NO_SPACE)
        self.check_reads_go_on(sums)
        self.check_writes_are_refused()
        self.assertEqual(self.sums(), sums)
        self.faults.lift()
        self.wait_until_ready()
        self.assertEqual(self.sums(), sums)
        self.check_whole()

    def test_stop_on_a_full_disk(self):
        self.start()
        self.introduce()
        self.faults.inject(DISK_FULL)
        self.server.post_json("/v1/registrations", [dated("2025-02-01")])
        self.wait_until_refused(NO_SPACE)
        self.server.stop(clean=False)
        self.faults.lift()
        self.start()
        self.check_whole()

    def test_commands_on_a_full_disk_say_so(self):
        self.start()
        self.introduce()
        self.server.stop(clean=False)
        items = os.path.join(self.folder, "more.ndjson")
        pathlib.Path(items).write_bytes(fs.ndjson([dated("2025-02-01")]))
        self.faults.inject(DISK_FULL)
        done = subprocess.run([fs.binary(), "load", "--data", self.data, items], capture_output=True, timeout=60,
                              check=False, env={**os.environ, **self.server.environment})
        self.assertEqual(done.returncode, 3, done)
        self.assertIn(NO_SPACE, done.stderr.decode())

    def test_load_says_why_the_server_takes_nothing_and_goes_on(self):
        self.start()
        items = os.path.join(self.folder, "more.ndjson")
        pathlib.Path(items).write_bytes(fs.ndjson([dated("2025-02-01")]))
        self.faults.inject(DISK_FULL)
        loading = subprocess.Popen([fs.binary(), "load", "--server", self.server.url, "--trust-received-time", items],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(loading.kill)
        said = b""
        while b"trying again" not in said:
            line = loading.stderr.readline()
            self.assertTrue(line, said)
            said += line
        self.assertIn(NO_SPACE, said.decode())
        self.assertNotIn(b"{", said)
        self.faults.lift()
        out, _ = loading.communicate(timeout=60)
        self.assertEqual(loading.returncode, 0)
        self.assertIn(b"1 accepted", out)

    def test_read_errors_of_the_state(self):
        self.start(hand_over_items=100)
        self.introduce()
        self.server.stop(clean=False)
        self.start(hand_over_items=100)  # nothing is in its cache
        self.faults.inject(READ_ERROR, "/state/")
        for person in self.persons:
            reply = self.server.post_json("/v1/persons/account", {"personId": person, "year": YEAR})
            self.assertEqual(reply.status, 503, reply.body)
        self.wait_until_refused(IO_ERROR)
        self.check_writes_are_refused()
        self.faults.lift()
        self.wait_until_ready()
        sums = self.sums()
        self.assertTrue(all(sums.values()))
        self.assertEqual(self.events_of_log("state_damaged"), [], "what cannot be read is not damaged")
        self.check_whole()


class DamageTest(FaultCase):

    def files(self, pattern):
        return glob.glob(os.path.join(self.data, pattern))

    def damage(self, paths, parts=16):
        """Changes bytes all over the data of files; gives what was there."""
        before = {}
        for path in paths:
            content = bytearray(pathlib.Path(path).read_bytes())
            before[path] = bytes(content)
            for part in range(parts):
                content[len(content) * part // (2 * parts)] ^= 0xFF
            with open(path, "r+b") as file:
                file.write(content)
        self.assertTrue(before, "no such file")
        return before

    def fill(self, items=8):
        self.start(hand_over_items=100)
        self.introduce(items=items)
        sums = self.sums()
        self.server.stop(clean=False)
        return sums

    def ask_until_healed(self, sums):
        """Every answer that comes is right."""
        answers = {}

        def ask():
            for person in sums:
                reply = self.server.post_json("/v1/persons/account", {"personId": person, "year": YEAR})
                self.assertIn(reply.status, (200, 503), reply.body)
                if reply.status == 200:
                    answers[person] = reply.json()["countedOre"]
            return answers == sums and self.ready().status == 200

        self.wait_until(ask, RECOVERED_SECONDS, "all answers are there")

    def check_state_was_made_again(self):
        named = self.events_of_log("state_damaged")
        self.assertEqual(len(named), 1, named)
        self.assertRegex(named[0]["reason"], r"the state is damaged|cannot open the database in .*/state")

    def test_state_damaged_while_stopped(self):
        sums = self.fill()
        self.damage(self.files("state/*.sst"))
        self.start()
        self.ask_until_healed(sums)
        self.check_state_was_made_again()
        self.check_whole()

    def test_state_damaged_while_running(self):
        sums = self.fill()
        self.start()
        self.damage(self.files("state/*.sst"))
        self.ask_until_healed(sums)
        self.check_state_was_made_again()
        self.assertIn("state", self.events_of_log("writes_refused")[0]["reason"])
        self.check_whole()

    def test_state_damaged_and_disk_full(self):
        sums = self.fill()
        self.start()
        self.faults.inject(DISK_FULL)
        self.damage(self.files("state/*.sst"))
        for person in sums:
            self.server.post_json("/v1/persons/account", {"personId": person, "year": YEAR})
        # What is shown is what stands in the way now: first the damage, or the log of these queries; then the full disk.
        self.wait_until(lambda: self.ready().status == 503, NOTICED_SECONDS, "/isready says no")
        self.assertRegex(self.ready().json().get("detail", ""), "/state/|" + NO_SPACE)
        self.assertTrue(os.path.exists(os.path.join(self.data, "state")), "not removed while nothing can be written")
        self.faults.lift()
        self.ask_until_healed(sums)
        self.check_state_was_made_again()
        self.check_whole()

    def test_log_of_the_journal_damaged(self):
        self.fill()
        self.damage(self.files("journal/*.log"), parts=1)
        done = subprocess.run([fs.binary(), "serve", "--data", self.data, "--listen", "127.0.0.1:0", "--auth", "none"],
                              capture_output=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("restore the latest backup", done.stderr.decode())

    def test_file_of_the_journal_damaged(self):
        sums = self.fill(items=40)
        # What is found in the log at a start is written to a sorted file.
        self.start(hand_over_items=100)
        self.server.stop(clean=False)
        self.start(hand_over_items=100)
        # The first block of the records.
        before = self.damage([max(self.files("journal/*.sst"), key=os.path.getsize)], parts=1)
        reply = self.server.post_json("/v1/persons/account", {"personId": self.persons[0], "year": YEAR})
        self.assertEqual(reply.status, 503, reply.body)
        self.wait_until_refused("the journal is damaged")
        self.check_refused("restore the latest backup")
        self.check_writes_are_refused()
        # What needs no damaged block goes on being read.
        self.wait_until(lambda: self.server.get("/v1/status").status == 200, NOTICED_SECONDS, "reads go on")
        self.assertEqual(self.server.get("/v1/timeliness?from=2025-01&to=2025-12").status, 200)
        self.assertFalse(self.server.exempt(self.persons[0], fs.recent_day()))
        time.sleep(2)
        self.check_refused("restore the latest backup")
        self.server.stop(clean=False)
        for path, content in before.items():
            pathlib.Path(path).write_bytes(content)
        self.start()
        self.assertEqual(self.sums(), sums)
        self.check_whole()


class DescriptorTest(FaultCase):

    def limit(self, files):
        pid = self.server.process.pid
        hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE, (files, hard))

        def lift():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_NOFILE, before)

        self.addCleanup(lift)
        return lift

    def open_files(self):
        return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))

    def test_connections_leave_files_to_the_ledger(self):
        self.start(hand_over_items=100)
        self.introduce()
        lift = self.limit(2 * self.open_files() + 40)

        def connect():
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=5)
            self.addCleanup(connection.close)
            return connection

        def is_alive(connection):
            try:
                connection.request("GET", "/isalive")
                return connection.getresponse().read() == b'{"alive":true}'
            except (OSError, http.client.HTTPException):
                return False

        held = [connect() for _ in range(200)]
        alive = [connection for connection in held if is_alive(connection)]
        self.assertGreater(len(alive), 10)
        self.assertLess(len(alive), 200, "more than the limit allows")
        self.assertTrue(all(is_alive(connection) for connection in alive), "those that were taken go on")
        refused = connect()
        self.assertFalse(is_alive(refused))
        # The ledger works: a hand-over opens files, on a connection that is there.
        more = [dated("2025-02-01", personId=person) for person in self.persons * 5]
        alive[0].request("POST", "/v1/registrations", json.dumps(more), {"Content-Type": "application/json"})
        reply = alive[0].getresponse()
        reply.read()
        self.assertEqual(reply.status, 200)
        self.sent += more
        for connection in alive[1:6]:
            connection.close()
        self.wait_until(lambda: is_alive(connect()), NOTICED_SECONDS, "new connections get through")
        lift()
        self.wait_until_ready()
        self.assertEqual(self.events_of_log("writes_refused"), [])
        self.check_whole()

    def test_no_descriptor_left_for_a_file(self):
        self.start(hand_over_items=100)
        if self.server.is_sanitized():
            self.skipTest("it looks at memory through a pipe, for which no descriptor is left either")
        self.introduce()
        client = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        client.request("GET", "/isready")
        client.getresponse().read()
        lift = self.limit(self.open_files())
        statuses = []
        for round_number in range(5):
            more = [dated("2025-02-01", 100 + round_number, personId=person) for person in self.persons * 3]
            for _ in range(100):
                client.request("POST", "/v1/registrations", json.dumps(more), {"Content-Type": "application/json"})
                reply = client.getresponse()
                reply.read()
                statuses.append(reply.status)
                self.assertIn(reply.status, (200, 503))
                if reply.status == 200:
                    break
                lift()
                time.sleep(0.1)
            self.sent += more
        self.assertIn("Too many open files", self.events_of_log("writes_refused")[0]["reason"])
        lift()
        client.close()
        self.wait_until_ready()
        self.check_whole()


class ClockTest(FaultCase):

    def test_clock_jumps_back_and_forth(self):
        self.start(ceilings=fs.ceilings(fs.present_years()))
        practice, person = fs.new_practice(), fs.new_person()
        positions = []
        day = fs.recent_day(20)
        for number, hours in enumerate((0, -5, 0, 7, -48, 0)):
            self.faults.move_clock(hours)
            item = fs.copayment(practiceId=practice, personId=person, amountOre=1000 + number,
                                serviceTime=fs.oslo_text(day, f"10:0{number}:00"))
            before = time.time() + hours * 3600
            result = self.server.submit_one(item)
            self.assertEqual(result["verdict"], "accepted", result)
            self.assertEqual(self.server.submit_one(item)["position"], result["position"])
            positions.append(int(result["position"].split("-")[1]))
            shown = [r for r in self.server.account(person, day.year)["registrations"] if r["guid"] == item["guid"]]
            received = fs.parse_time(shown[0]["receivedTime"]).timestamp()
            self.assertLess(abs(received - before), 60, "received is what the clock says")
            # A long poll lasts as long as was asked, whatever the wall clock does meanwhile.
            newest = self.server.get("/v1/status").json()["head"]
            begin = time.monotonic()
            timer = threading.Timer(0.2, self.faults.move_clock, (hours + 3,))
            timer.start()
            self.assertEqual(self.server.get(f"/v1/events?wait=1&after={newest}").status, 200)
            timer.join()
            # A timer that follows it ends after 0.2 seconds, or hours later.
            taken = time.monotonic() - begin
            self.assertTrue(0.9 < taken < 30, f"timers do not follow the wall clock: {taken}")
        self.assertEqual(positions, sorted(set(positions)))
        self.assertEqual(self.ready().status, 200)
        self.faults.move_clock(-1000)
        checksum = self.checksum()
        self.server.stop(clean=False)
        self.assertIsNone(fs.frikort_json("verify", "--data", self.data)["finding"])
        status = fs.frikort_json("status", "--data", self.data, *self.server.options)
        self.assertEqual(status["checksum"], checksum)


if __name__ == "__main__":
    unittest.main()
