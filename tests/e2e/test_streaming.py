"""NDJSON is answered while it comes: results and receipts of what is committed, whatever happens to the rest."""

import json
import socket
import unittest

import frikort_server as fs
from frikort_server import copayment

HEAD = (b"POST /v1/registrations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n")


class StreamTest(fs.ServerCase):

    def setUp(self):
        self.sock = socket.create_connection(("127.0.0.1", self.server.port), timeout=15)
        self.addCleanup(self.sock.close)
        self.sock.sendall(HEAD)
        self.answer = b""

    def send(self, data):
        self.sock.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    def lines(self):
        """What has come so far, without the frame of HTTP."""
        lines = [line for line in self.answer.split(b"\r\n") if line.startswith(b"{")]
        return [json.loads(line) for piece in lines for line in piece.splitlines()]

    def read_until(self, is_enough):
        while not is_enough():
            piece = self.sock.recv(1 << 16)
            if not piece:
                return
            self.answer += piece

    def read_receipt(self, number):
        self.read_until(lambda: sum("signature" in line for line in self.lines()) >= number)

    def test_results_come_while_the_body_is_still_sent(self):
        for number in range(3):
            item = copayment()
            self.send(fs.ndjson([item]))
            self.read_receipt(number + 1)  # else the connection times out
            result, receipt = self.lines()[-2:]
            self.assert_accepted(result)
            self.assertEqual((result["index"], result["guid"]), (number, item["guid"]))
            self.assertEqual((receipt["first"], receipt["last"]), (number, number))
            self.assertEqual(self.server.account(item["personId"], 2025)["countedOre"], item["amountOre"], "committed")
        self.sock.sendall(b"0\r\n\r\n")
        self.read_until(lambda: False)
        self.assertTrue(self.answer.endswith(b"0\r\n\r\n"))

    def test_a_fault_in_the_middle_ends_it_with_a_problem(self):
        items = [copayment() for _ in range(3)]
        self.send(fs.ndjson(items[:2]))
        self.read_receipt(1)
        self.sock.sendall(b"zz\r\n" + fs.ndjson(items[2:]))
        self.read_until(lambda: False)
        *told, problem = self.lines()
        self.assertEqual((problem["status"], problem["code"]), (400, "MALFORMED_REQUEST"))
        results = [line for line in told if "verdict" in line]
        self.assertEqual([r["index"] for r in results], [0, 1])
        again = self.server.submit(*items)
        for before, after in zip(results, again):
            self.assert_duplicate(after, before)
        self.assert_accepted(again[2])


if __name__ == "__main__":
    unittest.main()
