"""A test case with a server, and what it says of results and problems."""

import unittest

from .items import ABSENT
from .oslo_time import parse_time
from .replies import PROBLEM_TYPE
from .server import Server


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
