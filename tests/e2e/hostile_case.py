"""A server with short timeouts, and clients that send what they like; what they cost is looked at afterwards."""

import os
import re
import resource
import socket
import sys
import threading
import time

import frikort_server as fs
from frikort_server import copayment

PATH = "/v1/registrations"
HOST = b"Host: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"
NDJSON = b"Content-Type: application/x-ndjson\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
POST = b"POST /v1/registrations HTTP/1.1\r\n" + HOST
CLOSE = b"Connection: close\r\n"

# The timeouts of every server here, in seconds.
IDLE = 1
SLOW = 1


class HostileCase(fs.ServerCase):
    """A server with short timeouts; what it may have cost is looked at when a class is done."""

    limits = {}
    rss_mib_max = 160  # the peak: some 30 MiB are those of the empty service

    @classmethod
    def setUpClass(cls):
        limits = {"idle_timeout_s": IDLE, "slow_timeout_s": SLOW, **cls.limits}
        cls.server = fs.Server(configuration={"limits": limits}).start()
        cls.addClassCleanup(cls.server.clean)
        if cls.server.is_sanitized():
            cls.rss_mib_max *= 8
        for _ in range(8):
            cls.server.get("/isalive")  # each network thread has some from its first connection on
        cls.descriptors = cls.count_descriptors()

    @classmethod
    def tearDownClass(cls):
        peak = cls.peak_mib()
        print(f"{cls.__name__}: peak of memory {peak:.0f} MiB, at most {cls.rss_mib_max}", file=sys.stderr)
        deadline = time.monotonic() + IDLE + SLOW + 5
        while cls.count_descriptors() > cls.descriptors + 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        left = cls.count_descriptors()
        cls.server.stop(clean=False)
        output = cls.server.output()
        if left > cls.descriptors + 2:  # two for files that RocksDB has opened since
            raise AssertionError(f"{left} descriptors are open, {cls.descriptors} in the beginning")
        if peak > cls.rss_mib_max:
            raise AssertionError(f"{peak:.0f} MiB of memory, at most {cls.rss_mib_max} were expected")
        if re.search(rb"\d{11}|connection_failed|handler_failed", output):
            raise AssertionError(f"the log has a number or a defect: {output[-2000:]!r}")

    @classmethod
    def count_descriptors(cls):
        return len(os.listdir(f"/proc/{cls.server.process.pid}/fd"))

    @classmethod
    def peak_mib(cls):
        with open(f"/proc/{cls.server.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1]) / 1024

    def connect(self, timeout=10):
        sock = socket.create_connection(("127.0.0.1", self.server.port), timeout=timeout)
        self.addCleanup(sock.close)
        return sock

    def exchange(self, data, timeout=10):
        """Sends bytes; gives all that comes until the server closes."""
        sock = self.connect(timeout)
        sender = threading.Thread(target=send_quietly, args=(sock, data), daemon=True)
        sender.start()
        try:
            return read_to_end(sock)
        finally:
            sock.close()
            sender.join(timeout)

    def assert_served(self, within=2.0):
        """A good client gets its answers meanwhile."""
        begin = time.monotonic()
        # Of a practice of its own: one that sends too much may be told to wait.
        self.assert_accepted(self.server.submit_one(copayment(practiceId="2000001")))
        self.assertEqual(self.server.get("/isready").status, 200)
        self.assertLess(time.monotonic() - begin, within, "a good client waits too long")

    def assert_refused(self, answer, status):
        """One answer with an error, and the connection is closed."""
        self.assertEqual(statuses(answer), [status], f"answer: {answer[:600]!r}")
        self.assertIn(b"application/problem+json", answer)
        self.assertIn(b"connection: close", answer.lower())


def send_quietly(sock, data):
    """Says whether all was sent before the server closed."""
    try:
        for piece in ([data] if isinstance(data, bytes) else data):
            sock.sendall(piece)
    except OSError:
        return False
    return True


def read_to_end(sock):
    answer = bytearray()
    while True:
        try:
            piece = sock.recv(1 << 16)
        except ConnectionResetError:
            return bytes(answer)
        if not piece:
            return bytes(answer)
        answer += piece


def statuses(answer):
    return [int(status) for status in re.findall(rb"(?:^|\n|\})HTTP/1\.1 (\d{3}) ", answer)]


def repeat(piece, times, first=b""):
    """`first`, then `piece` again and again."""
    if first:
        yield first
    for _ in range(times):
        yield piece


def allow_descriptors(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
