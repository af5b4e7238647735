"""What the scripts here share: building, our server, requests, and what the machine is and does."""

import contextlib
import datetime
import http.client
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
TICKS = os.sysconf("SC_CLK_TCK")
READY_SECONDS = 600


class Failed(Exception):
    """A result is wrong or a program failed: there is no figure."""


def say(text):
    """Progress, for who waits."""
    print(text, file=sys.stderr, flush=True)


def clean_up_on_sigterm():
    """Ends as after Ctrl-C, so that no server stays behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))


def build(groups, targets):
    """Installs the packages of the groups and builds the targets of the release preset."""
    for command in ([ROOT / "scripts/install_packages", *groups], [ROOT / "scripts/build"],
                    # Finds libraries that were installed after the last time.
                    ["cmake", "--preset", "release"],
                    ["cmake", "--build", "--preset", "release", "--parallel", str(os.cpu_count()), "--target", *targets]):
        subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=True)


def run_json(command, accepted=(0,), **more):
    """Runs a program that gives one JSON object."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode not in accepted:
        raise Failed(f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr.strip()[-1000:]} "
                     f"{done.stdout.strip()[-1000:]}")
    return json.loads(done.stdout)


def request(path, body, content_type, headers):
    """The bytes of a POST."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n{lines}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


class SocketFileConnection(http.client.HTTPConnection):
    """To a server that listens on a socket file."""

    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Server:
    """`frikort serve` on a socket file, or on a free port of loopback when it `is_tcp`.

    As a context it is started, and killed at the end.
    """

    def __init__(self, data, is_tcp=False):
        self.data = Path(data)
        self.is_tcp = is_tcp
        self.process = None
        self.url = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        """Gives the seconds until it takes items."""
        self.url = address = f"unix:{self.data}.sock"
        if self.is_tcp:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                address = f"127.0.0.1:{probe.getsockname()[1]}"
            self.url = f"http://{address}"
        begin = time.monotonic()
        with open(f"{self.data}.log", "ab") as log:
            self.process = subprocess.Popen([BUILD / "frikort", "serve", "--data", self.data, "--create", "--listen",
                                             address, "--auth", "none"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while time.monotonic() < begin + READY_SECONDS:
            if self.process.poll() is not None:
                break
            try:
                self.get("/isready")
                return time.monotonic() - begin
            except OSError:  # not listening yet, or 503
                time.sleep(0.005)
        self.kill()
        raise Failed(f"the server did not become ready; see {self.data}.log")

    def kill(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    @property
    def pid(self):
        return self.process.pid

    def get(self, path):
        return self._request("GET", path, None)

    def post(self, path, value):
        return self._request("POST", path, json.dumps(value))

    def _request(self, method, path, body):
        if self.is_tcp:
            connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=60)
        else:
            connection = SocketFileConnection(self.url.removeprefix("unix:"))
        with contextlib.closing(connection):
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        if answer.status != 200:
            raise OSError(f"{method} {path} is answered with {answer.status}: {text[:500]}")
        return json.loads(text)


# --- processes -----------------------------------------------------------------------------------

def stat_of(pid):
    """Fields of /proc/PID/stat from the third (state) on; None when the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text[text.rindex(")") + 2:].split()


def cpu_seconds(pid):
    """What the process, the children that it has reaped and those that still run have used."""
    total = 0
    for entry in os.listdir("/proc"):
        fields = stat_of(entry) if entry.isdigit() else None
        if fields is None:
            continue
        if int(entry) == pid:
            total += sum(map(int, fields[11:15]))
        elif int(fields[1]) == pid:
            total += sum(map(int, fields[11:13]))
    return total / TICKS


def machine_busy_seconds():
    """CPU seconds since the start of the machine that were not idle, of all processors together."""
    fields = Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[:8])
    return (user + nice + system + irq + softirq + steal) / TICKS


def status_kb(pid, *keys):
    """Values in kB of /proc/PID/status."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines())
    return [int(lines[key].split()[0]) for key in keys]


def written_bytes(pid):
    """What the process has caused to be written to the disk."""
    lines = Path(f"/proc/{pid}/io").read_text(encoding="utf-8").splitlines()
    return int(dict(line.split(": ") for line in lines)["write_bytes"])


def disk_bytes(folder):
    """What the files take on the disk. Some may vanish meanwhile."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(path, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return total


# --- the machine ---------------------------------------------------------------------------------

def require_disk(folder):
    """A sync to memory costs nothing, so a figure from there would mean nothing."""
    kind = subprocess.run(["stat", "--file-system", "--format=%T", folder], capture_output=True, text=True,
                          check=True).stdout.strip()
    if kind in ("tmpfs", "ramfs"):
        raise Failed(f"{folder} lies in memory; name a folder on a disk with --work")


def circumstances():
    """When, where and of what: to stand beside every figure."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    cpu = next((line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

    def git(*args):
        if shutil.which("git") is None:
            return ""
        return subprocess.run(["git", *args], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": git("rev-parse", "--short=12", "HEAD"),
        "uncommittedChanges": bool(git("status", "--porcelain")),
        "machine": {"cpu": cpu, "cores": len(os.sched_getaffinity(0)), "memoryGiB": round(memory / 2**30, 1),
                    "kernel": platform.release(), "loadAverage": os.getloadavg()[0]},
    }
