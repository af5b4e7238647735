"""The queue to the writer when it is as small as it may be: every request comes through, also beside others."""

import threading
import unittest

import frikort_server as fs
from frikort_server import dated

PATH = "/v1/registrations"
GROUP = 4096  # the most items that can be all or nothing
SMALLEST = 2 * GROUP  # of limits.waiting_items_max
DAY = "2025-03-01"


def items_of(count, practice=None):
    practice = practice or fs.new_practice()
    people = [fs.new_person() for _ in range(50)]
    return [dated(DAY, 1, practiceId=practice, personId=people[number % len(people)]) for number in range(count)]


class SmallestQueueTest(fs.ServerCase):

    @classmethod
    def configuration(cls):
        return {"limits": {"waiting_items_max": SMALLEST}}

    def assert_all_accepted(self, results, count):
        self.assertEqual(len(results), count)
        self.assertEqual({result["verdict"] for result in results}, {"accepted"})

    def test_a_stream_longer_than_the_queue(self):
        answer = self.server.stream(items_of(SMALLEST + 1))
        self.assertTrue(answer.complete)
        self.assertEqual(answer.others, [])
        self.assert_all_accepted(answer.results, SMALLEST + 1)

    def test_an_array_longer_than_the_queue(self):
        self.assert_all_accepted(self.server.submit(*items_of(SMALLEST + 1)), SMALLEST + 1)

    def test_all_or_nothing_as_large_as_can_be(self):
        self.assert_all_accepted(self.server.submit(*items_of(GROUP), query="?atomic=true"), GROUP)

    def test_streams_beside_each_other_and_beside_single_items(self):
        answers = {}

        def stream(number):
            answers[number] = self.server.stream(items_of(SMALLEST + 1))

        streams = [threading.Thread(target=stream, args=(number,), daemon=True) for number in range(3)]
        for thread in streams:
            thread.start()
        singles = 0
        while any(thread.is_alive() for thread in streams):
            reply = self.server.post_json(PATH, items_of(1))
            self.assertIn(reply.status, (200, 429, 503), reply.body)
            singles += 1
            self.assertLess(singles, 100_000, "a stream does not come to its end")
        for number in range(len(streams)):
            self.assertEqual(answers[number].others, [])
            self.assert_all_accepted(answers[number].results, SMALLEST + 1)


if __name__ == "__main__":
    unittest.main()
