"""The events: order, none missing, the long poll, and what waiting clients cost."""

import http.client
import json
import os
import random
import signal
import socket
import sys
import threading
import time
import unittest
import uuid

import frikort_server as fs
from frikort_server import credit_note, dated

TOP = fs.CEILING[2025]
CARD_EVENTS = ("cardIssued", "cardUnderReview", "cardReinstated", "entitlementMoved")


def crossing(person=None, excess=500):
    """A registration that issues a card and is refunded `excess` øre: two events."""
    return dated("2025-03-01", TOP + excess, personId=person or fs.new_person())


def order_of(event):
    """The place of an event in the sequence, as numbers."""
    return tuple(int(part) for part in event["position"].split("-"))


def path_of(after=None, **query):
    if after is not None:
        query["after"] = after
    return "/v1/events?" + "&".join(f"{name}={value}" for name, value in query.items())


def lines_of(reply):
    if (reply.status, reply.media_type) != (200, fs.NDJSON_TYPE):
        raise AssertionError(f"events answered {reply.status}: {reply.body[:500]!r}")
    return [json.loads(line) for line in reply.raw_lines()]


def read(server, after=None, **query):
    """What there is after a position, without waiting unless told."""
    return lines_of(server.get(path_of(after, **{"wait": 0, **query})))


def read_all(server, after=None, limit=1000):
    events = []
    while True:
        page = read(server, after, limit=limit)
        if not page:
            return events
        events += page
        after = page[-1]["position"]


def head_of(server):
    return server.get("/v1/status").json()["head"]


class Poll(threading.Thread):
    """One waiting request."""

    def __init__(self, server, after, wait):
        super().__init__(daemon=True)
        self.server, self.after, self.wait = server, after, wait
        self.events = self.seconds = self.ended = None
        self.start()

    def run(self):
        begin = time.monotonic()
        self.events = lines_of(self.server.request("GET", path_of(self.after, wait=self.wait), timeout=90))
        self.ended = time.monotonic()
        self.seconds = self.ended - begin


def waiting(server):
    """How many requests wait for events."""
    text = server.get("/metrics").body.decode()
    return int(text.partition("\nfrikort_http_waiting_polls ")[2].partition("\n")[0])


def await_waiting(server, count):
    deadline = time.monotonic() + 20
    while waiting(server) != count:
        if time.monotonic() > deadline:
            raise AssertionError(f"{waiting(server)} requests wait, expected {count}")
        time.sleep(0.01)


class FeedTest(fs.ServerCase):

    def test_what_an_event_says(self):
        after = head_of(self.server)
        person = fs.new_person()
        first = dated("2025-02-01", 200_000, personId=person, practiceId="00123")
        item = dated("2025-03-01", TOP - 200_000 + 700, personId=person, practiceId="456")
        credit = credit_note(first, received="2025-04-01")
        results = self.server.submit(first, item, credit)
        again = dated("2025-06-01", 200_000, personId=person)
        results += self.server.submit(again, dated("2025-01-05", 200_000, personId=person, received="2025-06-05"))
        events = read(self.server, after)
        self.assertEqual([(e["type"], e["cause"]) for e in events],
                         [("cardIssued", "copayment"), ("refundDue", "copayment"), ("cardUnderReview", "creditNote"),
                          ("refundNetted", "creditNote"), ("cardReinstated", "copayment"),
                          ("entitlementMoved", "copayment"), ("refundDue", "copayment"),
                          ("entitlementMoved", "copayment"), ("refundDue", "copayment")])
        card = self.server.account(person, 2025)["card"]
        common = {"position", "type", "at", "personRef", "year", "cause", "registration", "practiceId", "guid"}
        for event in events:
            self.assertEqual(event["year"], 2025)
            self.assertEqual(event["personRef"], events[0]["personRef"])
            more = {"cardId", "entitledFrom"} if event["type"] in CARD_EVENTS else {"amountOre"}
            if event["type"] == "entitlementMoved":
                more.add("movedFrom")
            self.assertEqual(set(event), common | more, event)
            self.assertEqual(event.get("cardId", card["cardId"]), card["cardId"], event)
        crossing = uuid.UUID(card["crossingGuid"])
        self.assertEqual(card["cardId"], uuid.uuid5(crossing, f"frikort/{events[0]['personRef']}/2025").hex)
        issued, due, review, netted, reinstated, beside, _, moved, last = events
        self.assertEqual([e["entitledFrom"] for e in (issued, review, reinstated)],
                         ["2025-03-01", "2025-03-01", "2025-06-01"], "under review the card keeps its date")
        self.assertEqual((beside["movedFrom"], beside["entitledFrom"]), ("2025-03-01", "2025-06-01"))
        self.assertEqual(moved["movedFrom"], "2025-06-01")
        self.assert_same_instant(issued["at"], item["receivedTime"], "when the crossing item came")
        self.assertEqual((issued["registration"], issued["practiceId"], issued["guid"]),
                         (results[1]["position"], "456", item["guid"]))
        self.assertEqual((due["amountOre"], due["guid"]), (700, item["guid"]))
        self.assert_same_instant(review["at"], credit["receivedTime"], "when the credit note came")
        self.assertEqual((review["registration"], review["practiceId"], review["guid"]),
                         (results[0]["position"], "00123", first["guid"]))
        self.assertEqual((netted["amountOre"], netted["registration"], netted["guid"], netted["practiceId"]),
                         (-700, results[1]["position"], item["guid"], "456"),
                         "a credit note takes back what another registration was refunded")
        self.assertEqual(moved["entitledFrom"], card["entitledFrom"])
        self.assertEqual(sum(e.get("amountOre", 0) for e in events), self.server.account(person, 2025)["refundedOre"])
        self.assertEqual(last["registration"], results[4]["position"])
        self.assertNotIn(person, json.dumps(events))

    def test_order_and_none_missing_in_pages_of_any_size(self):
        after = head_of(self.server)
        items = [crossing() for _ in range(40)]
        self.server.submit(*items)
        whole = read_all(self.server, after)
        self.assertEqual([(e["type"], e["guid"]) for e in whole],
                         [(kind, item["guid"]) for item in items for kind in ("cardIssued", "refundDue")])
        places = [order_of(e) for e in whole]
        self.assertEqual(places, sorted(set(places)), "one place each, in order")
        for limit in (1, 2, 3, 79, 80, 81):
            self.assertEqual(read_all(self.server, after, limit), whole, f"pages of {limit}")
        self.assertEqual(read_all(self.server)[-len(whole):], whole, "from the first event")
        self.assertEqual(read_all(self.server, "0-0"), read_all(self.server), "from the first event")

    def test_after_an_item_or_group(self):
        answer = self.server.post_json("/v1/registrations", [crossing(), crossing(), crossing()]).json()
        group = answer["receipts"][0]["position"]
        first, second, third = (result["position"] for result in answer["results"])
        causes = [e["registration"] for e in read(self.server, group)]
        self.assertEqual(causes, [first] * 2 + [second] * 2 + [third] * 2, "all of the group")
        self.assertEqual([e["registration"] for e in read(self.server, first + "-0")], causes[1:])
        self.assertEqual([e["registration"] for e in read(self.server, first)], causes[2:])
        self.assertEqual(read(self.server, third), [])
        self.assertEqual(read(self.server, head_of(self.server)), [])

    def test_bad_parameters(self):
        cases = {"after": ("", "0", "0-", "00-5", "0-05", "0-2-00", "1-5", "0-x", "0-5-", "0-5-x", "0-5-1-", "0--1",
                           "0-5--1", "-0-5", "5",
                           "0-99999999999999999999", "0-5-4294967296", "0-5%201", "0-0-0", "0-99999999", "0-99999999-0",
                           "0-1-0", "0-18446744073709551615"),
                 "limit": ("", "0", "-1", "10001", "1x", "1.0"),
                 "wait": ("", "-1", "61", "1.5", "5s", "99999999999999999999")}
        for name, values in cases.items():
            for value in values:
                with self.subTest(parameter=name, value=value):
                    reply = self.server.get(f"/v1/events?{name}={value}")
                    problem = self.assert_problem(reply, 400, f"INVALID_{name.upper()}")
                    self.assertEqual(problem["field"], name)


class PersonRefTest(fs.ServerCase):

    def test_in_the_order_of_the_first_accepted_items(self):
        asked, refused, tried, aborted, unpaid, first = people = [fs.new_person() for _ in range(6)]
        self.assertEqual(self.server.account(asked, 2025)["countedOre"], 0)
        self.assertFalse(self.server.exempt(asked, fs.recent_day()))
        self.server.submit(dated("2025-03-01", 0, personId=refused, exemption="F"))
        self.server.submit(crossing(tried), query="?dryRun=true")
        self.server.submit(crossing(aborted), dated("2025-03-01", -1), query="?atomic=true")
        self.assertEqual(self.server.get("/v1/status").json()["persons"], 0, "none of these has made anybody known")
        order = [first, aborted, unpaid, tried, refused, asked]
        self.server.submit(*[dated("2025-03-01", 100, personId=person, paid=False) for person in order])
        self.server.submit(*[crossing(person) for person in people])
        issued = [e["personRef"] for e in read(self.server) if e["type"] == "cardIssued"]
        self.assertEqual(issued, [order.index(person) + 1 for person in people])


class LongPollTest(fs.ServerCase):

    def test_an_event_ends_the_wait(self):
        for _ in range(10):
            after = head_of(self.server)
            poll = Poll(self.server, after, 30)
            await_waiting(self.server, 1)
            item = crossing()
            self.server.submit_one(item)
            answered = time.monotonic()
            poll.join(30)
            self.assertEqual([(e["type"], e["guid"]) for e in poll.events],
                             [("cardIssued", item["guid"]), ("refundDue", item["guid"])], "all that the item caused")
            self.assertLess(poll.ended - answered, 1, "at once, not at the end of the wait")

    def test_events_that_are_there_do_not_wait(self):
        after = head_of(self.server)
        self.server.submit_one(crossing())
        begin = time.monotonic()
        self.assertEqual(len(read(self.server, after, wait=60)), 2)
        self.assertLess(time.monotonic() - begin, 5)

    def test_what_makes_no_event_does_not_end_the_wait(self):
        poll = Poll(self.server, head_of(self.server), 2)
        await_waiting(self.server, 1)
        for _ in range(20):
            self.server.submit_one(dated("2025-03-01", 100))
        poll.join(30)
        self.assertEqual(poll.events, [])
        self.assertGreaterEqual(poll.seconds, 1.9)

    def test_the_wait_ends_at_its_deadline(self):
        for wait in (0, 1, 2):
            begin = time.monotonic()
            self.assertEqual(read(self.server, head_of(self.server), wait=wait), [])
            self.assertAlmostEqual(time.monotonic() - begin, wait, delta=0.9)

    def test_it_waits_without_being_told(self):
        begin = time.monotonic()
        self.assertEqual(lines_of(self.server.get(path_of(head_of(self.server)))), [])
        self.assertAlmostEqual(time.monotonic() - begin, 5, delta=0.9)

    def test_waiting_is_not_in_the_latencies(self):
        def slow():
            text = self.server.get("/metrics").body.decode()
            name = "\nfrikort_http_request_seconds_"
            count, quick = (text.partition(name + part)[2].partition("\n")[0] for part in ("count ", 'bucket{le="1"} '))
            return float(count) - float(quick)
        before = slow()
        self.assertEqual(read(self.server, head_of(self.server), wait=2), [])
        self.assertEqual(slow(), before)

    def test_a_connection_goes_on_after_a_wait(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        for _ in range(3):
            connection.request("GET", path_of(head_of(self.server), wait=1))
            response = connection.getresponse()
            self.assertEqual((response.status, response.read()), (200, b""))
            self.assertFalse(response.will_close)
        connection.close()

    def test_a_client_that_goes_away_is_noticed(self):
        after = head_of(self.server)
        request = f"GET {path_of(after, wait=60)} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        gone = [socket.create_connection(("127.0.0.1", self.server.port)) for _ in range(20)]
        half = socket.create_connection(("127.0.0.1", self.server.port), timeout=10)
        busy = socket.create_connection(("127.0.0.1", self.server.port), timeout=30)
        for client in (*gone, half):
            client.sendall(request)
        busy.sendall(request + b"GET /isalive HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await_waiting(self.server, 22)
        for client in gone:
            client.close()
        await_waiting(self.server, 2)
        half.shutdown(socket.SHUT_WR)
        await_waiting(self.server, 1)
        self.assertTrue(half.recv(1000).startswith(b"HTTP/1.1 200"), "the last answer still comes")
        half.close()
        self.server.submit_one(crossing())
        with busy.makefile("rb") as answers:
            self.assertIn(b'{"alive":true}', answers.read(), "the next request is answered after the wait")
        busy.close()
        await_waiting(self.server, 0)

    def test_many_wait_while_others_work(self):
        count = 200
        polls = [Poll(self.server, head_of(self.server), 50) for _ in range(count)]
        await_waiting(self.server, count)
        slowest = 0
        for _ in range(50):
            begin = time.monotonic()
            item = dated("2025-03-01", 100)
            self.assert_accepted(self.server.submit_one(item))
            self.assertEqual(self.server.account(item["personId"], 2025)["countedOre"], 100)
            self.assertFalse(self.server.exempt(item["personId"], fs.recent_day()))
            slowest = max(slowest, time.monotonic() - begin)
        self.assertLess(slowest, 5, "waiting clients hold no thread")
        self.assertEqual(waiting(self.server), count)
        item = crossing()
        self.server.submit_one(item)
        answered = time.monotonic()
        for poll in polls:
            poll.join(30)
            self.assertEqual([e["guid"] for e in poll.events], [item["guid"]] * 2)
            self.assertLess(poll.ended - answered, 5)
        await_waiting(self.server, 0)

    def test_followers_miss_nothing_while_items_come_in(self):
        after = head_of(self.server)
        items = [crossing() for _ in range(400)]
        seen = [[] for _ in range(8)]

        def follow(events, limit):
            at = after
            while len(events) < 2 * len(items):
                page = read(self.server, at, wait=20, limit=limit)
                if not page:
                    return
                events += page
                at = page[-1]["position"]

        followers = [threading.Thread(target=follow, args=(events, (1, 1000)[n % 2])) for n, events in enumerate(seen)]
        for thread in followers:
            thread.start()
        senders = [threading.Thread(target=lambda n=n: [self.server.submit(*items[first:first + 5])
                                                        for first in range(n * 100, n * 100 + 100, 5)])
                   for n in range(4)]
        for thread in senders:
            thread.start()
        for thread in senders + followers:
            thread.join(120)
        whole = read_all(self.server, after)
        self.assertEqual(sorted(e["guid"] for e in whole), sorted(2 * [item["guid"] for item in items]))
        for events in seen:
            self.assertEqual(events, whole)


class LimitTest(fs.ServerCase):

    @classmethod
    def configuration(cls):
        return {"limits": {"waiting_polls_max": 2, "poll_timeout_s": 2}}

    def test_limits(self):
        polls = [Poll(self.server, None, 60) for _ in range(2)]
        await_waiting(self.server, 2)
        begin = time.monotonic()
        self.assertEqual(read(self.server, wait=60), [])
        self.assertLess(time.monotonic() - begin, 1, "more than may wait: answered at once")
        for poll in polls:
            poll.join(30)
            self.assertEqual(poll.events, [])
            self.assertAlmostEqual(poll.seconds, 2, delta=0.9)


class LifeTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.seed = int(os.environ.get("FRIKORT_SEED", random.SystemRandom().randrange(1 << 32)))
        print(f"crash points: FRIKORT_SEED={cls.seed}", file=sys.stderr)

    def setUp(self):
        self.server = fs.Server().start()
        self.addCleanup(self.server.clean)

    def test_sigterm_ends_the_waits_and_the_server(self):
        polls = [Poll(self.server, None, 60) for _ in range(50)]
        await_waiting(self.server, 50)
        begin = time.monotonic()
        self.server.process.send_signal(signal.SIGTERM)
        for poll in polls:
            poll.join(30)
            self.assertEqual(poll.events, [], "an empty answer, not a lost connection")
        self.assertEqual(self.server.process.wait(fs.STOP_SECONDS), 0, self.server.tail())
        self.assertLess(time.monotonic() - begin, 5)
        self.server.process = None

    def send(self, items, batch=20):
        """All items from the first on, until the server is killed."""
        for first in range(0, len(items), batch):
            answer = self.server.stream(items[first:first + batch], on_bytes=lambda _: None)
            if len(answer.results) != len(items[first:first + batch]):
                return

    def test_a_follower_misses_nothing_through_crashes(self):
        rng = random.Random(self.seed)
        where = f"FRIKORT_SEED={self.seed}"
        items = [crossing() for _ in range(900)]
        followed = []
        for kill_at in sorted(rng.sample(range(50, 2 * len(items) - 100), 3)) + [2 * len(items)]:
            sender = threading.Thread(target=self.send, args=(items,), daemon=True)
            sender.start()
            while len(followed) < kill_at:
                after = followed[-1]["position"] if followed else None
                page = read(self.server, after, wait=20, limit=rng.choice((1, 7, 100)))
                self.assertTrue(page, f"{where}: all items are on their way")
                followed += page
            self.server.kill()
            sender.join(60)
            self.server.start()
        self.assertEqual(read_all(self.server), followed, f"{where}: what was shown stays, and nothing is left out")
        self.assertEqual([e["guid"] for e in followed], [item["guid"] for item in items for _ in range(2)], where)
        self.server.stop()


if __name__ == "__main__":
    unittest.main()
