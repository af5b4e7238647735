"""What events of the registries do, seen from outside: birth dates, merges, opt-outs, pensions, agreements."""

import json
import pathlib
import sys
import time
import unittest
import uuid

import frikort_server as fs
from test_audit import records_of

sys.path.insert(0, str(fs.ROOT / "scripts"))
from auditor.record import Record

YEAR = 2025


class RegistryCase(unittest.TestCase):
    configuration = None

    def setUp(self):
        self.server = fs.Server(configuration=self.configuration).start()
        self.addCleanup(self.server.clean)
        self.told = 0

    def tell(self, path, *events):
        """Posts events; gives their results, all accepted."""
        body = "".join(json.dumps({"eventId": str(uuid.uuid4()), **event}) + "\n" for event in events)
        reply = self.server.request("POST", path, body.encode(), {"Content-Type": "application/x-ndjson"})
        results = [json.loads(line) for line in reply.raw_lines()][:len(events)]
        self.assertEqual([result["verdict"] for result in results], ["accepted"] * len(events), results)
        return results

    def person(self, kind, number, **fields):
        fields.setdefault("receivedTime", f"{YEAR}-12-01T12:00:00+01:00")
        return self.tell("/v1/person-events", {"type": kind, "personId": number, **fields})[0]

    def pay(self, number, kroner, day=f"{YEAR}-03-03", **over):
        item = fs.dated(day, 100 * kroner, personId=number, **over)
        self.results = self.server.submit(item)
        self.assertEqual(self.results[0]["verdict"], "accepted", self.results)
        return item

    def account(self, number):
        return self.server.account(number, YEAR)

    def news(self):
        """The types of the events since the last call, with the amounts of refunds."""
        lines = self.server.get("/v1/events?wait=0").raw_lines()
        events = [json.loads(line) for line in lines[self.told:]]
        self.told = len(lines)
        self.last_events = events
        return [(event["type"], event["amountOre"] // 100) if "amountOre" in event else event["type"]
                for event in events]


class BirthDateTest(RegistryCase):
    def test_after_the_card_and_corrected(self):
        child = fs.new_person()
        self.pay(child, 2000)
        self.pay(child, 2000, day=f"{YEAR}-04-01")
        self.assertEqual(self.news(), ["cardIssued", ("refundDue", 722)])
        before = self.account(child)
        self.person("birthDate", child, birthDate=f"{YEAR - 16}-03-15")
        self.assertEqual(self.news(), ["cardUnderReview", ("refundNetted", -722)])
        self.assertEqual({event["cause"] for event in self.last_events}, {"birthDate"})
        self.assertNotIn("registration", self.last_events[0])
        account = self.account(child)
        self.assertEqual((account["countedOre"], account["card"]["state"]), (200_000, "underReview"))
        self.assertEqual([r["reason"] for r in account["registrations"]], ["UNDER_16", None])
        self.person("birthDate", child, birthDate=f"{YEAR - 20}-03-15")
        self.assertEqual(self.news(), ["cardReinstated", ("refundDue", 722)])
        after = self.account(child)
        for field in ("countedOre", "refundedOre"):
            self.assertEqual(after[field], before[field])
        self.assertEqual(after["card"], before["card"])

    def test_an_item_of_a_child_does_not_count(self):
        child = fs.new_person()
        self.person("birthDate", child, birthDate=f"{YEAR - 16}-03-04")
        self.pay(child, 100, day=f"{YEAR}-03-03")
        self.assertEqual((self.results[0]["counted"], self.results[0]["code"]), (False, "UNDER_16"))
        self.pay(child, 100, day=f"{YEAR}-03-04")
        self.assertNotIn("code", self.results[0])
        unpaid = self.pay(child, 100, day=f"{YEAR}-03-03", paid=False)
        self.assertEqual(self.results[0]["code"], "UNPAID")
        self.assertEqual(self.server.submit_one(fs.payment(unpaid))["code"], "UNDER_16")


class MergeTest(RegistryCase):
    def test_crosses_the_ceiling(self):
        one, two = fs.new_person(), fs.new_person()
        self.pay(one, 2000)
        last = self.pay(two, 2000)
        self.person("merged", two, otherPersonId=one)
        self.assertEqual(self.news(), ["personMerged", "cardIssued", ("refundDue", 722)])
        merged, issued, refund = self.last_events
        self.assertNotIn("year", merged)
        self.assertEqual((merged["personRef"], merged["mergedPersonRef"], merged["replacedCards"]), (1, 2, []))
        self.assertEqual((issued["guid"], refund["guid"]), (last["guid"], last["guid"]))
        self.assertEqual(self.account(one)["card"], self.account(two)["card"])
        self.server.submit_one(fs.credit_note(last))
        self.assertEqual(self.news(), ["cardUnderReview", ("refundNetted", -722)])
        for kind, over in (("duplicate", {}), ("rejected", {"personId": fs.new_person()})):
            self.assertEqual(self.server.submit_one({**last, **over})["verdict"], kind)
        self.assertEqual(self.server.submit_one({**last, "personId": one})["verdict"], "duplicate")

    def test_of_two_cards_one_stays(self):
        one, two = fs.new_person(), fs.new_person()
        self.pay(one, 3300, day=f"{YEAR}-05-01")
        self.pay(two, 3300)
        cards = [self.account(number)["card"]["cardId"] for number in (one, two)]
        self.news()
        self.person("merged", one, otherPersonId=two)
        self.assertEqual(self.news(), ["personMerged", ("refundDue", 3278)])
        replaced = self.last_events[0]["replacedCards"]
        self.assertEqual(replaced, [{"year": YEAR, "cardId": cards[1], "replacedCardId": cards[0]}])
        account = self.account(one)
        self.assertEqual(account["card"]["cardId"], cards[1])
        self.assertEqual(account["refundedOre"], account["countedOre"] - account["ceilingOre"])

    def test_a_number_changed_back_and_forth(self):
        old, new = fs.new_person(), fs.new_person()
        self.pay(old, 100)
        self.person("numberChanged", old, newPersonId=new)
        self.pay(new, 100)
        self.person("numberChanged", new, newPersonId=old)
        self.assertEqual(self.news(), [])
        self.assertEqual((self.account(old)["countedOre"], self.account(new)["countedOre"]), (20_000, 20_000))


class OptOutTest(RegistryCase):
    def test_nothing_is_shown_nor_told_until_the_opt_in(self):
        number, other = fs.new_person(), fs.new_person()
        self.pay(number, 3000)
        unpaid = self.pay(number, 1000, paid=False)
        self.pay(other, 200)
        self.person("optedOut", number)
        empty = self.account(fs.new_person())
        self.assertEqual({**self.account(number), "asOf": None}, {**empty, "asOf": None})
        sent = self.pay(number, 5000)
        self.assertEqual((self.results[0]["counted"], self.results[0]["exempt"]), (True, False))
        paid = self.server.submit_one(fs.payment(unpaid))
        self.assertEqual((paid["counted"], paid["exempt"]), (True, False))
        refused = self.server.submit_one(fs.dated(f"{YEAR}-03-03", 0, personId=number, exemption="F"))
        self.assertEqual(refused["code"], "NO_CARD_REGISTERED")
        self.assertEqual(self.server.submit_one({**sent, "personId": other})["verdict"], "duplicate")
        self.person("merged", number, otherPersonId=other)
        self.assertEqual(self.news(), [])
        self.assertEqual(self.account(other)["countedOre"], 0)
        self.person("optedIn", other)
        self.assertEqual(self.news(), ["personMerged", "cardIssued", ("refundDue", 922)])
        self.assertEqual({event["cause"] for event in self.last_events}, {"optedIn"})
        account = self.account(number)
        self.assertEqual((account["countedOre"], len(account["registrations"])), (420_000, 3))
        self.assertEqual([r["paid"] for r in account["registrations"]], [True] * 3)

    def test_the_journal_does_not_name_who_is_opted_out(self):
        number = fs.new_person()
        unpaid, paid = self.pay(number, 50, paid=False), self.pay(number, 60)
        self.person("optedOut", number)
        shown_until = int(self.server.get("/v1/status").json()["head"].partition("-")[2])
        later = self.pay(number, 100, paid=False)
        results = self.server.submit(fs.payment(unpaid), fs.credit_note(paid), fs.payment(later))
        self.assertEqual({result["verdict"] for result in results}, {"accepted"}, results)
        self.server.stop(clean=False)
        export = pathlib.Path(self.server.data, "export")
        fs.frikort_json("export", "--data", self.server.data, "--journal", "--output", export)
        records = [Record(data) for data in records_of(export / "journal.records")]
        entries = [entry for record in records for entry in record.entries]
        told = [entry for entry in entries if entry.is_item() and entry.position <= shown_until]
        hidden = [entry for entry in entries if entry.is_item() and entry not in told]
        self.assertEqual((len(told), len(hidden)), (2, 4))
        encrypted, = told[0].numbers
        self.assertEqual([(entry.person, entry.numbers, entry.previous) for entry in hidden], [(0, (), 0)] * 4)
        for record in records:
            if record.entries[-1] in hidden:
                self.assertNotIn(encrypted, record.data)
        self.assertIn(encrypted, records[0].data, "else this test sees nothing")


class PensionTest(RegistryCase):
    def test_exempts_from_three_service_types(self):
        number = fs.new_person()
        today = fs.recent_day(0)
        day = fs.recent_day
        self.person("minimumPension", number, periods=[{"from": str(day(20)), "to": str(day(10))},
                                                        {"from": str(day(5)), "to": None}])
        for when, is_covered in ((21, False), (20, True), (10, True), (9, False), (6, False), (5, True), (0, True)):
            for kind in "A S B LE HS PO LR PS PR BR TB RH FT".split():
                with self.subTest(when=when, kind=kind):
                    self.assertEqual(self.server.exempt(number, day(when), kind), is_covered and kind in "A S B".split())
        self.person("optedOut", number)
        self.assertFalse(self.server.exempt(number, today, "A"))


class AgreementTest(RegistryCase):
    configuration = {"registry": {"practices": '"required"'}}

    def code(self, day, practice="77"):
        result = self.server.submit_one(fs.dated(day, practiceId=practice))
        return result.get("code", result["verdict"])

    def practice(self, *agreements, practice="77"):
        self.tell("/v1/practice-events", {"practiceId": practice, "name": "Example", "agreements": [
            {"from": first, "to": last} for first, last in agreements]})

    def test_decide_by_the_day_of_service(self):
        self.assertEqual(self.code(f"{YEAR}-03-01"), "UNKNOWN_PRACTICE")
        self.practice()
        self.assertEqual(self.code(f"{YEAR}-03-01"), "NO_AGREEMENT")
        self.practice((f"{YEAR}-02-01", f"{YEAR}-02-28"), (f"{YEAR}-04-01", None))
        for day, code in (("01-31", "NO_AGREEMENT"), ("02-01", "accepted"), ("02-28", "accepted"),
                          ("03-01", "NO_AGREEMENT"), ("03-31", "NO_AGREEMENT"), ("04-01", "accepted"),
                          ("12-01", "accepted")):
            with self.subTest(day=day):
                self.assertEqual(self.code(f"{YEAR}-{day}"), code)
        sent = fs.dated(f"{YEAR}-05-01", practiceId="77", paid=False)
        self.server.submit_one(sent)
        self.practice()
        self.assertEqual(self.server.submit_one(sent)["verdict"], "duplicate")
        self.assertEqual(self.server.submit_one(fs.payment(sent))["verdict"], "accepted")
        self.assertEqual(self.code(f"{YEAR}-05-01"), "NO_AGREEMENT")


    def test_who_is_refused_before_the_question_for_a_card_has_not_asked(self):
        number = fs.new_person()
        item = fs.dated(f"{YEAR}-05-02", 0, practiceId="78", personId=number, exemption="F")
        self.assertEqual(self.server.submit_one(item)["code"], "UNKNOWN_PRACTICE")
        self.practice((f"{YEAR}-01-01", None), practice="78")
        self.assertEqual(self.server.submit_one(item)["code"], "NO_CARD_REGISTERED")
        time.sleep(1)  # in which the log is written
        log = self.server.post_json("/v1/persons/access-log", {"personId": number}).json()["entries"]
        self.assertEqual([entry["what"] for entry in log if entry["what"] != "access-log"], ["submission"])


class RebuildTest(RegistryCase):
    def test_gives_the_same_state(self):
        numbers = [fs.new_person() for _ in range(4)]
        for i, number in enumerate(numbers):
            self.pay(number, 1500 + 100 * i)
        self.person("birthDate", numbers[0], birthDate="1990-01-01")
        self.person("merged", numbers[1], otherPersonId=numbers[0])
        self.person("optedOut", numbers[2])
        self.person("merged", numbers[3], otherPersonId=numbers[2])
        self.pay(numbers[3], 300)
        self.person("optedIn", numbers[3])
        self.person("died", numbers[0], date=f"{YEAR}-11-30")
        self.tell("/v1/practice-events", {"practiceId": "1000001", "name": "Øvre Legekontor"})
        names = {r["practiceName"] for r in self.account(numbers[0])["registrations"]}
        self.assertEqual(names, {"Øvre Legekontor"})
        self.server.stop(clean=False)
        checksum = fs.frikort_json("status", "--data", self.server.data, "--json")["checksum"]
        self.assertEqual(fs.run_frikort("verify", "--data", self.server.data).returncode, 0)
        rebuilt = fs.run_frikort("rebuild", "--data", self.server.data, "--into", self.server.data + "-rebuilt")
        self.assertEqual(rebuilt.returncode, 0, rebuilt.stdout + rebuilt.stderr)
        self.assertIn(checksum.encode(), rebuilt.stdout)


class LoadTest(RegistryCase):
    def lines(self):
        """Items with events before, between and after them."""
        numbers = [fs.new_person() for _ in range(3)]
        event = lambda kind, number, **fields: {"eventId": str(uuid.uuid4()), "type": kind, "personId": number,
                                                "receivedTime": f"{YEAR}-12-01T12:00:00+01:00", **fields}
        item = lambda number, kroner: fs.dated(f"{YEAR}-03-03", 100 * kroner, personId=number, practiceId="0123")
        return [event("birthDate", numbers[0], birthDate="1980-02-01"),
                {"eventId": str(uuid.uuid4()), "practiceId": "0123", "name": "Example",
                 "receivedTime": f"{YEAR}-01-01T12:00:00+01:00"},
                item(numbers[0], 2000), item(numbers[1], 2000), event("merged", numbers[0], otherPersonId=numbers[1]),
                item(numbers[2], 4000), event("optedOut", numbers[2]), item(numbers[2], 100),
                event("optedIn", numbers[2])]

    def test_takes_items_and_events_of_one_file_in_order(self):
        path = self.server.data + "-lines.ndjson"
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in self.lines())
        for accepted, duplicate in ((9, 0), (0, 9)):
            summary = fs.frikort_json("load", "--server", self.server.url, "--trust-received-time", "--json", path)
            self.assertEqual((summary["accepted"], summary["duplicate"], summary["rejected"]),
                             (accepted, duplicate, 0), summary)
        checksum = self.server.get("/v1/status").json()["checksum"]
        folder = self.server.data + "-loaded"
        fs.frikort_json("load", "--data", folder, "--create", "--trust-received-time", "--json", path)
        self.assertEqual(fs.frikort_json("status", "--data", folder, "--json")["checksum"], checksum)


if __name__ == "__main__":
    unittest.main()
