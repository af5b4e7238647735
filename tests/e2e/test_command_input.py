"""What `load` reads: pipes, other forms than lines of JSON, times of receipt."""

import contextlib
import gzip
import json
import os
import subprocess
import threading
import unittest

import frikort_server as fs
from command_case import CommandCase
from frikort_server import dated


class InputTest(CommandCase):

    def items(self, count=20):
        return fs.ndjson([dated("2025-03-01") for _ in range(count)])

    def test_a_pipe_is_read_once(self):
        for number in range(2):
            os.mkfifo(self.path(f"pipe{number}"))
        data = self.data("data")

        def write(number):
            with open(self.path(f"pipe{number}"), "wb") as pipe:
                pipe.write(self.items())

        writers = [threading.Thread(target=write, args=(number,), daemon=True) for number in range(2)]
        for writer in writers:
            writer.start()
        self.assertEqual(self.load(data, self.path("pipe0"), self.path("pipe1"))["accepted"], 40)

    def test_process_substitution(self):
        path = self.write("items", self.items())
        data = self.data("data")
        done = subprocess.run(["bash", "-c", f"{fs.binary()} load --json --data {data} --trust-received-time <(cat {path})"],
                              capture_output=True, timeout=30, check=True)
        self.assertEqual(json.loads(done.stdout)["accepted"], 20)

    def test_other_forms_are_named(self):
        items = self.items()
        array = fs.compact([dated("2025-03-01")]).encode()
        for content, says in ((gzip.compress(items), ("gzip", "gzip -dc")),
                              (items.decode().encode("utf-16"), ("UTF-16", "iconv")),
                              (items.decode().encode("utf-16-le"), ("UTF-16", "iconv")),
                              (items.decode().encode("utf-16-be"), ("UTF-16", "iconv")),
                              (array, ("JSON array", "jq")), (b"  \n" + array, ("JSON array", "jq"))):
            with self.subTest(says=says):
                data = self.data(f"data{hash(content)}")
                path = self.write("items", content)
                self.run_and_expect(2, "load", "--data", data, "--trust-received-time", path, says=says)
                self.run_and_expect(2, "load", "--data", data, "--trust-received-time", "-", stdin=content, says=says)
                self.assertEqual(os.listdir(data), [] if not os.path.exists(f"{data}/keys") else os.listdir(data))

    def status_while_the_pipe_is_open(self, content, says):
        with subprocess.Popen([fs.binary(), "load", "--data", self.data(f"data{len(content)}"), "-"], bufsize=0,
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            with contextlib.suppress(BrokenPipeError):
                rest = memoryview(content)
                while rest:
                    rest = rest[process.stdin.write(rest[:1 << 20]):]
            status = process.wait(30)
            self.assertIn(says, process.stderr.read())
        return status

    def test_what_has_no_lines_is_named_before_it_is_read_to_its_end(self):
        self.assertEqual(self.status_while_the_pipe_is_open(b"[" * 5000, b"JSON array"), 2)
        self.assertEqual(self.status_while_the_pipe_is_open(b"x" * (40 << 20), b"a line of more than 32 MiB"), 2)

    def test_a_file_without_items(self):
        readme = str(fs.ROOT / "README.md")
        self.run_and_expect(2, "load", "--data", self.data("data"), readme, says="is a JSON object")
        self.run_and_expect(2, "load", "--data", self.data("other"), self.folder, says="is a folder")

    def test_a_wrong_second_file_leaves_nothing_loaded(self):
        data = self.ledger(count=1)
        good, bad = self.write("good", self.items()), self.write("bad", gzip.compress(self.items()))
        self.run_and_expect(2, "load", "--data", data, "--trust-received-time", good, bad)
        self.assertEqual(self.status(data)["registrations"], 1)

    def test_received_times_that_are_not_trusted(self):
        path = self.write("items", self.items())
        says = ("receivedTime", "--trust-received-time")
        self.run_and_expect(2, "load", "--data", self.data("data"), path, says=says)
        self.run_and_expect(2, "load", "--server", self.serve().url, path, says=says)
        # Too few to conclude from: each gets its verdict, and a word.
        few = self.write("few", self.items(2))
        done = self.run_and_expect(0, "load", "--data", self.data("few-data"), few, says=says)
        self.assertIn(b"2 rejected", done.stdout)

    def test_test_numbers_are_taken_unless_a_configuration_says_no(self):
        items, config = self.path("items"), self.path("config.toml")
        with open(items, "wb") as file:
            file.write(self.items(3))
        for text, accepted in (("[ceilings]\n2031 = 3500\n", 3), ("accept_test_numbers = true\n", 3),
                               ("accept_test_numbers = false\n", 0)):
            with self.subTest(text):
                with open(config, "w", encoding="utf-8") as file:
                    file.write(text)
                loaded = self.load(self.data(fs.new_guid()), "--config", config, items)
                self.assertEqual((loaded["accepted"], loaded["codes"].get("INVALID_PERSON_ID", 0)), (accepted, 3 - accepted))

    def test_byte_order_mark(self):
        self.assertEqual(self.load(self.data("data"), "-", stdin=b"\xef\xbb\xbf" + self.items(3))["accepted"], 3)


if __name__ == "__main__":
    unittest.main()
