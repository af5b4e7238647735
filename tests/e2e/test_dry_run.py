"""A dry run answers as the same request would be answered now, and leaves nothing behind."""

import json
import unittest

import frikort_server as fs
from frikort_server import copayment, credit_note, dated, payment

PATH = "/v1/registrations"
DRY = "?dryRun=true"
TOP = fs.CEILING[2025]
LINE_MAX = 4096


def without_position(results):
    return [{name: value for name, value in result.items() if name != "position"} for result in results]


class DryRunTest(fs.ServerCase):

    def dry(self, *items, query=DRY):
        answer = self.server.post_json(PATH + query, list(items))
        self.assertEqual(answer.status, 200, answer.body[:500])
        self.assertEqual(answer.json()["receipts"], [], "nothing was committed")
        return answer.json()["results"]

    def test_it_says_what_then_happens(self):
        person = fs.new_person()
        known = dated("2025-01-10", 100, personId=person)
        first = self.server.submit_one(known)
        unpaid = dated("2025-02-01", TOP, personId=person, paid=False)
        items = [known, {**known, "amountOre": 200}, unpaid, payment(unpaid), unpaid, credit_note(unpaid),
                 credit_note(unpaid), dated("2025-03-01", 0, personId=person, exemption="F"),
                 dated("2025-03-01", serviceType="X"), payment(copayment())]
        told = self.dry(*items)
        self.assertEqual(told[0], {**first, "verdict": "duplicate"}, "a stored original has its position")
        self.assertEqual([r["index"] for r in told if "position" in r], [0], "nothing else is stored yet")
        self.assertEqual(told, self.dry(*items), "it left nothing behind")
        done = self.server.submit(*items)
        self.assertEqual(without_position(told), without_position(done))
        self.assertEqual([r.get("code", r["verdict"]) for r in done],
                         ["duplicate", "CONTENT_CONFLICT", "UNPAID", "accepted", "UNPAID", "CREDITED", "CREDITED",
                          "accepted" if done[7]["verdict"] == "accepted" and "code" not in done[7] else "ZERO_AMOUNT",
                          "INVALID_SERVICE_TYPE", "UNKNOWN_ORIGINAL"])
        self.assertEqual((done[4]["verdict"], done[6]["verdict"]), ("duplicate", "duplicate"))

    def test_nothing_is_kept_and_no_counter_moves(self):
        person, practice = fs.new_person(), fs.new_practice()
        before = self.server.get("/v1/status").json()
        item = dated("2025-03-01", TOP, personId=person, practiceId=practice)
        for result in self.dry(item, dated("2025-03-01", serviceType="X", practiceId=practice)):
            self.assertNotIn("position", result)
        self.assertEqual(self.server.get("/v1/status").json(), before)
        self.assertEqual(self.server.account(person, 2025)["registrations"], [])
        figures = self.server.get(f"/v1/practices/{practice}/timeliness?from=2025-03&to=2025-03").json()["total"]
        self.assertEqual((figures["count"], figures["rejected"], figures["duplicates"]), (0, {}, 0))
        self.assert_accepted(self.server.submit_one(item), exempt=True)

    def test_counters_of_the_metrics_stand_still(self):
        def figures():
            return [line for line in self.server.get("/metrics").body.decode().splitlines()
                    if line.startswith(("frikort_items_total", "frikort_rejections_total", "frikort_events_total"))]
        before = figures()
        self.dry(dated("2025-03-01", TOP), dated("2025-03-01", serviceType="X"))
        self.assertEqual(figures(), before)

    def test_lines(self):
        items = [dated("2025-03-01", 100), dated("2025-03-01", serviceType="X")]
        answer = self.server.stream(items, query=DRY)
        self.assertEqual([r["verdict"] for r in answer.results], ["accepted", "rejected"])
        self.assertEqual((answer.receipts, answer.others), ([], []))
        chunked = self.server.raw(b"POST " + (PATH + DRY).encode() + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                  b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                  b"%x\r\n%s\r\n0\r\n\r\n" % (len(fs.ndjson(items)), fs.ndjson(items)))
        self.assertEqual([json.loads(line) for line in chunked.raw_lines()], answer.results)

    def test_all_or_nothing(self):
        good, bad = dated("2025-03-01", 100), dated("2025-03-01", serviceType="X")
        known = dated("2025-03-01", 100)
        self.server.submit_one(known)
        told = self.dry(good, known, bad, query=DRY + "&atomic=true")
        self.assertEqual([r["code"] for r in told], ["ATOMIC_ABORTED", "ATOMIC_ABORTED", "INVALID_SERVICE_TYPE"])
        self.assertEqual([r["verdict"] for r in self.dry(good, known, query=DRY + "&atomic=true")],
                         ["accepted", "duplicate"])

    def test_limit(self):
        person = fs.new_person()
        items = [dated("2025-03-01", 1, personId=person) for _ in range(LINE_MAX)]
        self.assertEqual(len(self.dry(*items)), LINE_MAX)
        items.append(dated("2025-03-01", 1, personId=person))
        for reply in (self.server.post_json(PATH + DRY, items), self.server.post_ndjson(PATH + DRY, items)):
            self.assert_problem(reply, 413, "TOO_LARGE")

    def test_empty(self):
        self.assertEqual(self.dry(), [])
        self.assertEqual(self.server.stream(b"\n", query=DRY).reply.body, b"")

    def test_bad_flag(self):
        self.assert_problem(self.server.post_json(PATH + "?dryRun=1", [copayment()]), 400)
        self.assert_accepted(self.server.submit(dated("2025-03-01", 100), query="?dryRun=false")[0])

    def test_while_others_submit(self):
        person = fs.new_person()
        for amount in range(1, 40):
            item = dated("2025-03-01", amount, personId=person)
            self.assertNotIn("position", self.dry(item)[0])
            self.assertIn("position", self.server.submit_one(item))


class ReceiptTest(fs.ServerCase):
    """What stored nothing has no receipt."""

    def receipts(self, *items, query=""):
        reply = self.server.post_json(PATH + query, list(items)).json()
        lines = self.server.stream(items, query=query)
        return reply["results"], reply["receipts"], lines.receipts

    def test_refused(self):
        _, json_receipts, line_receipts = self.receipts(dated("2025-03-01", serviceType="X"), payment(copayment()))
        self.assertEqual((json_receipts, line_receipts), ([], []))

    def test_sent_again(self):
        item = dated("2025-03-01", 100)
        results, first, again = self.receipts(item)
        self.assertEqual((results[0]["verdict"], len(first), again), ("accepted", 1, []))

    def test_aborted(self):
        _, json_receipts, line_receipts = self.receipts(dated("2025-03-01", 1), dated("2025-03-01", serviceType="X"),
                                                        query="?atomic=true")
        self.assertEqual((json_receipts, line_receipts), ([], []))

    def test_one_of_many_is_enough(self):
        reply = self.server.post_json(PATH, [dated("2025-03-01", serviceType="X"), dated("2025-03-01", 1)]).json()
        self.assertEqual([(r["first"], r["last"]) for r in reply["receipts"]], [(0, 1)])


if __name__ == "__main__":
    unittest.main()
