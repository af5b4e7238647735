"""Starts a ledger server for a test, talks to it, and builds what a practice sends.

Everything here sees the server from outside: the program, its HTTP answers and its exit status.
The binary is named by the environment variable FRIKORT (default: build/release/frikort in the repository).
"""

import datetime
import hashlib
import http.client
import itertools
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
CEILING_KRONER = {2021: 2460, 2022: 2921, 2023: 3040, 2024: 3165, 2025: 3278, 2026: 3278}
CEILING = {year: kroner * 100 for year, kroner in CEILING_KRONER.items()}
LATER_CEILING_KRONER = 3400  # what ceilings() makes up for a year without a published one
MAX_AMOUNT = 10_000_000
SERVICE_TYPES = ("A", "S", "B", "LE", "HS", "PO", "LR", "PS", "PR", "BR", "TB", "RH", "FT")
READY_SECONDS = 20
STOP_SECONDS = 20
JSON_TYPE = "application/json"
NDJSON_TYPE = "application/x-ndjson"
PROBLEM_TYPE = "application/problem+json"
UTC = datetime.timezone.utc
ABSENT = object()

# Published synthetic and sample numbers.
PUBLISHED_NUMBERS = (
    "22898595734", "53859401909", "17839597738", "47927200909", "25909799913",
    "13527248013", "68467038838", "02013299997", "30108299939",
)


# --- time -----------------------------------------------------------------------------------------

def _last_sunday(year, month):
    last = datetime.date(year, month, 31)
    return last - datetime.timedelta(days=(last.weekday() + 1) % 7)


def oslo_offset_hours(instant):
    """Hours ahead of UTC in Europe/Oslo at an aware instant (the EU rule)."""
    instant = instant.astimezone(UTC)
    begin = datetime.datetime.combine(_last_sunday(instant.year, 3), datetime.time(1), UTC)
    end = datetime.datetime.combine(_last_sunday(instant.year, 10), datetime.time(1), UTC)
    return 2 if begin <= instant < end else 1


def to_oslo(instant):
    zone = datetime.timezone(datetime.timedelta(hours=oslo_offset_hours(instant)))
    return instant.astimezone(zone)


def oslo_date(instant):
    return to_oslo(instant).date()


def oslo_today():
    return oslo_date(datetime.datetime.now(UTC))


def oslo_instant(day, clock="10:00:00"):
    """The instant of an Oslo wall-clock time; `day` is a date or YYYY-MM-DD."""
    naive = datetime.datetime.fromisoformat(f"{day}T{clock}")
    for hours in (2, 1):
        instant = (naive - datetime.timedelta(hours=hours)).replace(tzinfo=UTC)
        if oslo_offset_hours(instant) == hours:
            return instant
    return (naive - datetime.timedelta(hours=1)).replace(tzinfo=UTC)


def oslo_text(day, clock="10:00:00"):
    return rfc3339(to_oslo(oslo_instant(day, clock)))


def utc_text(instant):
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339(instant):
    return instant.isoformat(timespec="seconds")


def parse_time(text):
    """RFC 3339 to an aware instant, cut to microseconds."""
    if not isinstance(text, str):
        raise AssertionError(f"expected a time as text, got {text!r}")
    body = text.upper().replace("Z", "+00:00")
    base, rest = body[:19], body[19:]
    fraction = ""
    if rest.startswith("."):
        sign = max(rest.find("+"), rest.find("-"))
        fraction, rest = rest[1:sign], rest[sign:]
    instant = datetime.datetime.fromisoformat(base + rest)
    if instant.tzinfo is None:
        raise AssertionError(f"time without offset: {text!r}")
    return instant.replace(microsecond=int((fraction + "000000")[:6])).astimezone(UTC)


def recent_day(days_ago=3):
    """For what is about the present; its year may have no ceiling unless ceilings() is configured."""
    return oslo_today() - datetime.timedelta(days=days_ago)


def present_years():
    """The years of services that are reported now, late or minutes early."""
    return range(oslo_today().year - 1, recent_day(-1).year + 1)


def ceilings(years):
    """A section of a configuration: made-up ceilings in kroner for those of the years that are not built in."""
    return {year: LATER_CEILING_KRONER for year in years if year not in CEILING_KRONER}


def ceiling_ore(year):
    """The ceiling of a year where ceilings() is configured."""
    return 100 * CEILING_KRONER.get(year, LATER_CEILING_KRONER)


# --- national numbers -----------------------------------------------------------------------------

_K1 = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_K2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def _weighted(digits, weights):
    return sum(int(d) * w for d, w in zip(digits, weights))


def rests(number):
    """The two rests of a number; (0, 0) under the rule of today."""
    first = (_weighted(number[:9], _K1) + int(number[9])) % 11
    second = (_weighted(number[:10], _K2) + int(number[10])) % 11
    return first, second


def with_check_digits(nine, first_rest=0):
    """Completes nine digits so that the first rest is `first_rest` and the second 0; None if a digit would be 10."""
    k1 = (first_rest - _weighted(nine, _K1)) % 11
    if k1 == 10:
        return None
    ten = nine + str(k1)
    k2 = -_weighted(ten, _K2) % 11
    return None if k2 == 10 else ten + str(k2)


_DAYS, _MONTHS, _YEARS, _SERIES = 28, 12, 40, 500
_SPACE = _DAYS * _MONTHS * _YEARS * _SERIES


def nine_digits(step, day_add=0, month_add=80):
    """The first nine digits of the step-th candidate: born 1950-1989, individual number 000-499."""
    spread = step * 1_000_003 % _SPACE
    spread, day = divmod(spread, _DAYS)
    spread, month = divmod(spread, _MONTHS)
    series, year = divmod(spread, _YEARS)
    return f"{day + 1 + day_add:02}{month + 1 + month_add:02}{year + 50:02}{series:03}"


class _Numbers:
    """A lazily grown list of valid synthetic numbers, the same in every run."""

    def __init__(self, day_add, month_add):
        self.day_add = day_add
        self.month_add = month_add
        self.found = []
        self.step = 0
        self.lock = threading.Lock()

    def get(self, index):
        with self.lock:
            while len(self.found) <= index:
                number = with_check_digits(nine_digits(self.step, self.day_add, self.month_add))
                self.step += 1
                if number is not None:
                    self.found.append(number)
            return self.found[index]


_plain, _dnumbers = _Numbers(0, 80), _Numbers(40, 80)
_month40, _month65 = _Numbers(0, 40), _Numbers(0, 65)


def synthetic_number(index):
    """Valid synthetic national number (month + 80)."""
    return _plain.get(index)


def synthetic_dnumber(index):
    """Valid synthetic D-number (day + 40, month + 80)."""
    return _dnumbers.get(index)


def synthetic_number_40(index):
    return _month40.get(index)


def synthetic_number_65(index):
    return _month65.get(index)


def number_with_rest(first_rest, start=0):
    """A synthetic number whose first rest is as given; 1-3 are valid from 2032 only, 4-10 never."""
    for step in itertools.count(start):
        number = with_check_digits(nine_digits(step), first_rest)
        if number is not None:
            return number


def number_with_date(day_month_year, start=0):
    """Right check digits on six digits of a date part that may be impossible."""
    for series in range(start, 1000):
        number = with_check_digits(f"{day_month_year}{series:03}")
        if number is not None:
            return number
    raise AssertionError("no candidate")


def wrong_last_digit(number):
    return number[:10] + str((int(number[10]) + 1) % 10)


_person_counter = itertools.count(1000)
_practice_counter = itertools.count(700_001)


def new_person():
    return synthetic_number(next(_person_counter))


def new_practice():
    return str(next(_practice_counter))


def new_guid():
    return str(uuid.uuid4())


# --- items ----------------------------------------------------------------------------------------

def _finish(item, over):
    for key, value in over.items():
        if value is ABSENT:
            item.pop(key, None)
        else:
            item[key] = value
    return item


def copayment(**over):
    """A paid copayment of 200 kroner; ABSENT removes a field.

    The day is one of a year with a published ceiling, whatever day it is when the test runs. With a service time of its
    own it is received now.
    """
    item = {
        "type": "copayment",
        "guid": new_guid(),
        "practiceId": "1000001",
        "personId": over["personId"] if "personId" in over else new_person(),
        "serviceType": "LE",
        "serviceTime": oslo_text("2025-11-10"),
        "amountOre": 20_000,
        "paid": True,
    }
    if "serviceTime" not in over:
        item["receivedTime"] = oslo_text("2025-11-13")
    return _finish(item, over)


def dated(day, amount=20_000, received=None, clock="10:00:00", **over):
    """A copayment of an Oslo day, received three days later at noon unless told (a day or a full time)."""
    if received is None:
        received = datetime.date.fromisoformat(str(day)) + datetime.timedelta(days=3)
    received = str(received)
    if len(received) == 10:
        received = oslo_text(received, "12:00:00")
    return copayment(serviceTime=oslo_text(day, clock), amountOre=amount, receivedTime=received, **over)


def _follow_up(kind, item, over):
    made = {"type": kind, "guid": item["guid"], "practiceId": item["practiceId"]}
    if "received" in over:
        received = str(over.pop("received"))
        made["receivedTime"] = oslo_text(received, "12:00:00") if len(received) == 10 else received
    elif "receivedTime" in item:
        made["receivedTime"] = item["receivedTime"]
    return _finish(made, over)


def payment(item, **over):
    """Confirms the payment of a copayment; received=DAY or time, else the time of the copayment."""
    return _follow_up("payment", item, over)


def credit_note(item, **over):
    """Credits a copayment; received=DAY or time, else the time of the copayment."""
    return _follow_up("creditNote", item, over)


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def ndjson(items):
    """Items (objects, or lines as text or bytes) as one NDJSON body."""
    lines = []
    for item in items:
        if isinstance(item, bytes):
            lines.append(item)
        elif isinstance(item, str):
            lines.append(item.encode())
        else:
            lines.append(compact(item).encode())
    return b"".join(line + b"\n" for line in lines)


# --- receipts -------------------------------------------------------------------------------------

def leaf_hash(texts):
    """Hash of a run of results, each as sent and followed by a newline."""
    return hashlib.sha256(b"\x00" + b"".join(text + b"\n" for text in texts)).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def climb(leaf, path):
    """The root that a path leads to from a leaf."""
    current = leaf
    for step in path:
        if set(step) == {"left"}:
            current = node_hash(bytes.fromhex(step["left"]), current)
        elif set(step) == {"right"}:
            current = node_hash(current, bytes.fromhex(step["right"]))
        else:
            raise AssertionError(f"a step of a receipt path is {{left}} or {{right}}, got {step!r}")
    return current


def result_text(result):
    return compact(result).encode()


def receipt_root_matches(receipt, texts):
    """`texts` are all results of the request, as bytes, in order."""
    mine = texts[receipt["first"]:receipt["last"] + 1]
    return climb(leaf_hash(mine), receipt["path"]) == bytes.fromhex(receipt["root"])


def b64url(text):
    import base64
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def signature_valid(receipt, jwks):
    """Ed25519 over the 32 root bytes, with the key of the set that the receipt names."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    for key in jwks["keys"]:
        if key.get("kid") == receipt["keyId"] and key.get("kty") == "OKP" and key.get("crv") == "Ed25519":
            public = Ed25519PublicKey.from_public_bytes(b64url(key["x"]))
            try:
                public.verify(bytes.fromhex(receipt["signature"]), bytes.fromhex(receipt["root"]))
                return True
            except InvalidSignature:
                return False
    raise AssertionError(f"no Ed25519 key {receipt['keyId']!r} in the key set")


# --- the program ----------------------------------------------------------------------------------

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


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Reply:
    """One HTTP answer."""

    def __init__(self, status, headers, body, complete=True):
        self.status = status
        self.headers = headers
        self.body = body
        self.complete = complete

    def header(self, name):
        return self.headers.get(name)

    @property
    def media_type(self):
        return (self.header("Content-Type") or "").split(";")[0].strip().lower()

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise AssertionError(f"answer {self.status} is not JSON: {self.body[:500]!r}") from error

    def raw_lines(self):
        """Whole lines only: what a client may rely on when the connection broke."""
        end = len(self.body) if self.complete else self.body.rfind(b"\n") + 1
        return [line for line in self.body[:end].split(b"\n") if line.strip()]


class NdjsonReply:
    """An NDJSON answer taken apart: results (with their text), receipts and anything else."""

    def __init__(self, reply):
        self.reply = reply
        self.status = reply.status
        self.complete = reply.complete
        self.results, self.texts, self.receipts, self.others = [], [], [], []
        for line in reply.raw_lines():
            value = json.loads(line)
            if "verdict" in value:
                self.results.append(value)
                self.texts.append(line.rstrip(b"\r"))
            elif "root" in value and "signature" in value:
                self.receipts.append(value)
            else:
                self.others.append(value)


def write_configuration(path, sections):
    """Sections of names and values, as TOML."""
    with open(path, "w", encoding="utf-8") as file:
        for section, values in sections.items():
            file.write(f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in values.items()))


class Server:
    """`frikort serve` on a free port. Use start(), stop() (asserts exit status 0) and kill()."""

    def __init__(self, data=None, options=(), environment=None, configuration=None):
        self.configuration = configuration and tempfile.NamedTemporaryFile(prefix="frikort-e2e-", suffix=".toml")
        if configuration:
            write_configuration(self.configuration.name, configuration)
            options = (*options, "--config", self.configuration.name)
        self.options = options  # more of `serve`
        self.environment = environment  # more than this process has
        self.owns_data = data is None
        self.data = data or tempfile.mkdtemp(prefix="frikort-e2e-")
        self.log = tempfile.TemporaryFile(prefix="frikort-e2e-log-")
        self.process = None
        self.port = None

    # life

    def start(self, until="/isready"):
        """Returns when a GET of the path is answered with 200."""
        last = ""
        for _ in range(3):
            self.port = free_port()
            self.process = subprocess.Popen(
                [binary(), "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}", "--auth", "none",
                 *self.options],
                stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
                env={**os.environ, **(self.environment or {})})
            deadline = time.monotonic() + READY_SECONDS
            while time.monotonic() < deadline and self.process.poll() is None:
                try:
                    if self.request("GET", until, timeout=2).status == 200:
                        return self
                except OSError:
                    pass
                except http.client.HTTPException:
                    pass
                time.sleep(0.02)
            last = f"exit status {self.process.poll()}"
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
                last = f"not ready within {READY_SECONDS} s"
                break
        message = f"the server did not start: {last}; output: {self.tail()}"
        self.clean()
        raise AssertionError(message)

    def stop(self, clean=True):
        """SIGTERM, and the exit status must be 0."""
        try:
            if self.process is not None:
                early = self.process.poll()
                if early is not None:
                    raise AssertionError(f"the server ended by itself: exit status {early}; output: {self.tail()}")
                self.process.send_signal(signal.SIGTERM)
                try:
                    status = self.process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
                    raise AssertionError(f"SIGTERM did not end the server within {STOP_SECONDS} s") from None
                if status != 0:
                    raise AssertionError(f"exit status {status} after SIGTERM, expected 0; output: {self.tail()}")
        finally:
            self.process = None
            if clean:
                self.clean()

    def kill(self):
        """SIGKILL: the crash."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def clean(self):
        self.kill()
        self.log.close()
        if self.configuration:
            self.configuration.close()
        if self.owns_data:
            shutil.rmtree(self.data, ignore_errors=True)

    def is_sanitized(self):
        """Whether a sanitizer watches the program; it needs memory and files of its own."""
        with open(f"/proc/{self.process.pid}/maps", encoding="utf-8") as file:
            maps = file.read()
        return "libasan.so" in maps or "libtsan.so" in maps

    def output(self):
        """All that the server has written to standard output and standard error."""
        size = os.fstat(self.log.fileno()).st_size
        return os.pread(self.log.fileno(), size, 0)

    def tail(self):
        return self.output()[-2000:].decode(errors="replace")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    # HTTP

    def request(self, method, path, body=None, headers=None, timeout=60, on_bytes=None):
        """One request on a connection of its own; reads the answer while the body is still being sent.

        With on_bytes (called with all bytes so far) a broken connection gives an incomplete Reply; else it raises.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        sender = sending = None
        try:
            connection.putrequest(method, path)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            elif method in ("POST", "PUT", "PATCH"):
                connection.putheader("Content-Length", "0")
            connection.putheader("Connection", "close")
            connection.endheaders()
            if body:
                # A handle of its own: the connection is closed with the end of the answer.
                sending = connection.sock.dup()
                sender = threading.Thread(target=_send_quietly, args=(sending, body), daemon=True)
                sender.start()
            return _read_reply(connection.getresponse, on_bytes)
        except (OSError, http.client.HTTPException):
            if on_bytes is None:
                raise
            return Reply(0, {}, b"", complete=False)
        finally:
            if sender is not None:
                try:
                    sending.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                sender.join(timeout)
                sending.close()
            connection.close()

    def get(self, path, headers=None):
        return self.request("GET", path, headers=headers)

    def post_json(self, path, value, headers=None):
        """`value` is serialised, or sent as it is when it is bytes."""
        body = value if isinstance(value, bytes) else compact(value).encode()
        return self.request("POST", path, body, {"Content-Type": JSON_TYPE, **(headers or {})})

    def post_ndjson(self, path, items, headers=None, on_bytes=None):
        """`items`: objects, lines, or a whole body as bytes."""
        body = items if isinstance(items, bytes) else ndjson(items)
        return self.request("POST", path, body, {"Content-Type": NDJSON_TYPE, **(headers or {})}, on_bytes=on_bytes)

    def raw(self, data, timeout=15):
        """Sends bytes as they are; gives the Reply, or None when the connection closed without one."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as sock:
            sender = threading.Thread(target=_send_quietly, args=(sock, data), daemon=True)
            sender.start()
            response = http.client.HTTPResponse(sock)
            try:
                response.begin()
                return Reply(response.status, response.headers, response.read())
            except TimeoutError:
                raise
            except (OSError, http.client.HTTPException):
                return None
            finally:
                response.close()
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                sender.join(timeout)

    # the service

    def submit(self, *items, query=""):
        """Posts a JSON array; gives the results, one for each item."""
        reply = self.post_json("/v1/registrations" + query, list(items))
        if reply.status != 200:
            raise AssertionError(f"submission answered {reply.status}: {reply.body[:500]!r}")
        results = reply.json()["results"]
        if [r.get("index") for r in results] != list(range(len(items))):
            raise AssertionError(f"{len(items)} items sent, result indexes {[r.get('index') for r in results]}")
        return results

    def submit_one(self, item):
        return self.submit(item)[0]

    def stream(self, items, query="", on_bytes=None):
        """Posts NDJSON; gives the answer taken apart."""
        reply = self.post_ndjson("/v1/registrations" + query, items, on_bytes=on_bytes)
        if reply.status != 200 and on_bytes is None:
            raise AssertionError(f"submission answered {reply.status}: {reply.body[:500]!r}")
        return NdjsonReply(reply)

    def account(self, person, year, **more):
        reply = self.post_json("/v1/persons/account", {"personId": person, "year": year, **more})
        if reply.status != 200:
            raise AssertionError(f"account answered {reply.status}: {reply.body[:500]!r}")
        return reply.json()

    def exempt(self, person, service_date, service_type="LE"):
        reply = self.post_json("/v1/card-status", {"personId": person, "serviceType": service_type,
                                                   "serviceDate": str(service_date)})
        if reply.status != 200:
            raise AssertionError(f"card status answered {reply.status}: {reply.body[:500]!r}")
        return reply.json()["exempt"]

    def jwks(self):
        reply = self.get("/.well-known/jwks.json")
        if reply.status != 200:
            raise AssertionError(f"the key set answered {reply.status}")
        return reply.json()


def _send_quietly(sock, data):
    try:
        sock.sendall(data)
    except OSError:
        pass  # The server may answer and close before it has read everything.


def _read_reply(get_response, on_bytes):
    response = get_response()
    body = bytearray()
    complete = True
    try:
        if on_bytes is None:
            body += response.read()
        else:
            while True:
                chunk = response.read1(65536)
                if not chunk:
                    break
                body += chunk
                on_bytes(body)
            if response.length not in (None, 0):
                complete = False
    except (OSError, http.client.HTTPException):
        if on_bytes is None:
            raise
        complete = False
    return Reply(response.status, response.headers, bytes(body), complete)


class ServerCase(unittest.TestCase):
    """One server for all tests of a class; each test uses persons and practices of its own."""

    server = None
    maxDiff = 4000

    @classmethod
    def configuration(cls):
        """Of the server: sections of names and values."""
        return {}

    @classmethod
    def setUpClass(cls):
        cls.server = Server(configuration=cls.configuration()).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def assert_accepted(self, result, counted=None, exempt=None, code=ABSENT):
        self.assertEqual(result.get("verdict"), "accepted", f"expected accepted: {result}")
        self.assert_effect(result, counted, exempt, code)

    def assert_duplicate(self, result, original=None):
        self.assertEqual(result.get("verdict"), "duplicate", f"expected duplicate: {result}")
        if original is not None:
            for key in ("counted", "exempt", "code", "position"):
                self.assertEqual(result.get(key), original.get(key),
                                 f"a duplicate repeats the original's {key}: {result} of {original}")

    def assert_effect(self, result, counted=None, exempt=None, code=ABSENT):
        if counted is not None:
            self.assertIs(result.get("counted"), counted, f"counted: {result}")
        if exempt is not None:
            self.assertIs(result.get("exempt"), exempt, f"exempt: {result}")
        if code is not ABSENT:
            self.assertEqual(result.get("code"), code, f"code: {result}")

    def assert_rejected(self, result, code, field=ABSENT):
        self.assertEqual((result.get("verdict"), result.get("code")), ("rejected", code),
                         f"expected rejected/{code}: {result}")
        for key in ("counted", "exempt", "position"):
            self.assertNotIn(key, result, f"a rejected result has no {key}: {result}")
        if field is not ABSENT:
            self.assertEqual(result.get("field"), field, f"field: {result}")

    def assert_problem(self, reply, status, code=None):
        self.assertIsNotNone(reply, f"the connection closed without an answer, expected {status}")
        statuses = (status,) if isinstance(status, int) else status
        self.assertIn(reply.status, statuses, f"status; body: {reply.body[:500]!r}")
        self.assertEqual(reply.media_type, PROBLEM_TYPE, "media type of an error")
        problem = reply.json()
        self.assertTrue(problem.get("code"), f"a problem has a code: {problem}")
        self.assertTrue(problem.get("correlationId"), f"a problem has a correlationId: {problem}")
        if "status" in problem:
            self.assertEqual(problem["status"], reply.status, "status in the body and of the answer")
        if code is not None:
            self.assertEqual(problem["code"], code, f"problem code: {problem}")
        return problem

    def assert_same_instant(self, left, right, message=""):
        self.assertEqual(parse_time(left), parse_time(right), f"{message}: {left} and {right} are not one instant")
