"""The server process, and what is asked of it over HTTP."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from .items import compact, ndjson
from .program import binary
from .replies import JSON_TYPE, NDJSON_TYPE, NdjsonReply, Reply, read_reply

READY_SECONDS = 20
STOP_SECONDS = 20


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_configuration(path, sections):
    """Sections of names and values, as TOML."""
    with open(path, "w", encoding="utf-8") as file:
        for section, values in sections.items():
            file.write(f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in values.items()))


class Server:
    """`frikort serve` on a free port. Use start(), stop() (asserts exit status 0) and kill()."""

    auth = "none"

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
            self.port = self.choose_port()
            self.process = subprocess.Popen(
                [binary(), "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}", "--auth", self.auth,
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

    def choose_port(self):
        return free_port()

    def connect(self, timeout):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, timeout=60, on_bytes=None):
        """One request on a connection of its own; reads the answer while the body is still being sent.

        With on_bytes (called with all bytes so far) a broken connection gives an incomplete Reply; else it raises.
        """
        connection = self.connect(timeout)
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
            if isinstance(connection, http.client.HTTPSConnection):
                # It has no second handle, so only what fits the buffers may be sent.
                connection.send(body or b"")
            elif body:
                # A handle of its own: the connection is closed with the end of the answer.
                sending = connection.sock.dup()
                sender = threading.Thread(target=_send_quietly, args=(sending, body), daemon=True)
                sender.start()
            return read_reply(connection.getresponse, on_bytes)
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
