"""Rules where they begin or end: an opt-out between two pages, questions that were aborted, a death annulled, the night
before a birthday, members without a name."""

import json
import time
import unittest

import frikort_server as fs
from frikort_server import dated
from registry_stories import event
from test_access_log import LogCase, service
from test_as_of import AsOfCase
from test_registries import RegistryCase, YEAR
from test_registry_codes import event as person_event, practice

ATOMIC = "?atomic=true"
DRY_ATOMIC = "?dryRun=true&atomic=true"


class CursorTest(AsOfCase):
    year = 2024

    def first_page(self):
        number = fs.new_person()
        guids = []
        for day in range(1, 6):
            item = dated(f"{self.year}-02-0{day}", 100, personId=number)
            self.send(item)
            guids.append(item["guid"])
        return number, guids, self.server.account(number, self.year, limit=2)

    def go_on(self, number, page, **more):
        account = self.server.account(number, self.year, cursor=page["nextCursor"], **more)
        self.assertEqual(account["asOf"], page["asOf"])
        return account

    def assert_hidden(self, account):
        self.assertEqual([account[name] for name in ("countedOre", "remainingOre", "refundedOre")],
                         [0, fs.CEILING[self.year], 0])
        self.assertEqual((account["card"], account["refunds"], account["registrations"]), (None, [], []))
        self.assertIsNone(account["nextCursor"])

    def test_goes_on_after_an_opt_out_and_an_opt_in(self):
        number, guids, page = self.first_page()
        self.send(event("optedOut", number, "2024-03-01"))
        self.assert_hidden(self.go_on(number, page, limit=2))
        self.send(event("optedIn", number, "2024-03-02"))
        self.send(dated("2024-02-04", 4000, personId=number))
        second = self.go_on(number, page, limit=2)
        third = self.go_on(number, second)
        self.assertEqual([line["guid"] for line in second["registrations"]], guids[2:4])
        self.assertEqual([line["guid"] for line in third["registrations"]], guids[4:])
        self.assertIsNone(third["nextCursor"])
        self.assertEqual([account["countedOre"] for account in (page, second, third)], [500] * 3)

    def test_between_a_second_and_a_third_page(self):
        number, guids, page = self.first_page()
        second = self.go_on(number, page, limit=2)
        self.send(event("optedOut", number, "2024-03-01"))
        self.assert_hidden(self.go_on(number, second))
        self.send(event("optedIn", number, "2024-03-02"))
        self.send(event("optedOut", number, "2024-03-03"))
        self.assert_hidden(self.go_on(number, second))
        self.send(event("optedIn", number, "2024-03-04"))
        self.assertEqual([line["guid"] for line in self.go_on(number, second)["registrations"]], guids[4:])

    def test_an_opt_out_before_the_first_page_has_no_say(self):
        number, guids, _ = self.first_page()
        self.send(event("optedOut", number, "2024-03-01"))
        self.send(event("optedIn", number, "2024-03-02"))
        page = self.server.account(number, self.year, limit=4)
        self.assertEqual([line["guid"] for line in self.go_on(number, page)["registrations"]], guids[4:])


class AskedCase(LogCase):
    """Items with exemption F of a request of which nothing is kept."""

    def setUp(self):
        super().setUp()
        self.refused = dated("2025-03-01", serviceType="X")

    def asks(self, day="2025-03-02", person=None, **over):
        return dated(day, 0, personId=person or self.person, exemption="F", **over)

    def give_card(self):
        self.assert_codes([dated("2025-02-01", fs.CEILING[2025], personId=self.person)], "", [None])

    def assert_codes(self, items, query, codes):
        results = self.server.submit(*items, query=query)
        self.assertEqual([result.get("code") for result in results], codes, results)


class AbortedTest(AskedCase):

    query = ATOMIC

    def test_one_is_noted(self):
        self.give_card()
        self.assert_codes([self.asks(), self.refused], self.query, ["ATOMIC_ABORTED", "INVALID_SERVICE_TYPE"])
        self.assert_codes([self.refused, self.asks("2025-03-03")], self.query, ["INVALID_SERVICE_TYPE", "ATOMIC_ABORTED"])
        self.expect(service("submission", None, "2025-03-02"), service("submission", None, "2025-03-03"))

    def test_the_one_without_a_card_aborts(self):
        other = fs.new_person()
        self.give_card()
        self.assert_codes([self.asks(), self.asks(person=other)], self.query, ["ATOMIC_ABORTED", "NO_CARD_REGISTERED"])
        self.expect(service("submission", None, "2025-03-02"))
        self.expect(service("submission", False, "2025-03-02"), person=other)

    def test_others_have_not_asked(self):
        """Neither an ordinary item nor an F that is refused before the question, or known."""
        known = self.asks()
        self.give_card()
        self.assert_codes([known], "", ["ZERO_AMOUNT"])
        items = [dated("2025-03-04", 100, personId=self.person), known, {**self.asks(), "amountOre": 1},
                 self.asks("2025-03-05", serviceType="PO")]
        self.assert_codes(items, self.query, ["ATOMIC_ABORTED", "ATOMIC_ABORTED", "EXEMPT_WITH_AMOUNT", "ATOMIC_ABORTED"])
        self.expect(service("submission", True, "2025-03-02"), service("submission", None, "2025-03-05", "PO"))
        time.sleep(1)  # in which the log is written
        self.assertEqual(len(self.entries()), 2)


class AbortedDryRunTest(AbortedTest):

    query = DRY_ATOMIC


class AskedInVainTest(AskedCase):

    def test_in_a_dry_run_by_itself(self):
        other = fs.new_person()
        self.give_card()
        self.assert_codes([self.asks(), self.asks(person=other)], "?dryRun=true", ["ZERO_AMOUNT", "NO_CARD_REGISTERED"])
        self.expect(service("submission", True, "2025-03-02"))
        self.expect(service("submission", False, "2025-03-02"), person=other)

    def test_a_card_of_the_same_request_aborted_with_it(self):
        crossing = dated("2025-02-01", fs.CEILING[2025], personId=self.person)
        for query in (ATOMIC, DRY_ATOMIC):
            self.assert_codes([crossing, self.asks(), self.refused], query,
                              ["ATOMIC_ABORTED", "ATOMIC_ABORTED", "INVALID_SERVICE_TYPE"])
        self.assert_codes([self.asks()], "", ["NO_CARD_REGISTERED"])
        self.expect(*[service("submission", answer, "2025-03-02") for answer in (None, None, False)])


class DeathTest(RegistryCase):

    def payee(self, reference):
        reply = self.server.post_json("/v1/persons/numbers", {"personRefs": [reference]})
        return [told["payee"] for told in reply.json()["numbers"]]

    def payee_of_statement(self):
        reply = self.server.post_json("/v1/reconciliations", {"year": YEAR})
        self.assertEqual(reply.status, 202, reply.body)
        location, deadline = reply.header("Location"), time.monotonic() + 30
        while (job := self.server.get(location).json())["state"] == "running" and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(job["state"], "done", job)
        rows = self.server.get(f"{location}/file?name=payouts.ndjson").body.splitlines()
        return [json.loads(row)["payee"] for row in rows]

    def test_annulled_and_said_again(self):
        number = fs.new_person()
        self.pay(number, 3300)
        for date, payee in ((f"{YEAR}-11-30", "estate"), (None, "person"), (None, "person"),
                            (f"{YEAR}-11-29", "estate"), (f"{YEAR}-11-28", "estate"), (None, "person")):
            self.person("died", number, date=date)
            self.assertEqual(self.payee(1), [payee], date)
        self.assertEqual(self.news(), ["cardIssued", ("refundDue", 22)], "it changes no decision")

    def test_annulled_for_the_statement(self):
        number = fs.new_person()
        self.pay(number, 3300)
        for date, payee in ((f"{YEAR}-11-30", "estate"), (None, "person")):
            self.person("died", number, date=date)
            self.assertEqual(self.payee_of_statement(), [payee], date)

    def test_null_before_any_date(self):
        number = fs.new_person()
        self.person("died", number, date=None)
        self.assertEqual(self.payee(1), ["person"])


class BirthdayTest(RegistryCase):
    """The sixteenth, by the Oslo day of the service."""

    def assert_counts_from(self, born, before, after):
        """Services at these instants in UTC, before and after the beginning of the day."""
        for is_known in (True, False):
            child = fs.new_person()
            tell = lambda number=child: self.person("birthDate", number, birthDate=born)
            if is_known:
                tell()
            for time_of_service in (before, after):
                self.server.submit(fs.copayment(personId=child, serviceTime=time_of_service, amountOre=100,
                                                receivedTime=f"{YEAR}-08-01T12:00:00Z"))
            if not is_known:
                tell()
            with self.subTest(born=born, is_known=is_known):
                account = self.account(child)
                self.assertEqual([line["reason"] for line in account["registrations"]], ["UNDER_16", None])
                self.assertEqual(account["countedOre"], 100)

    def test_at_the_border_of_a_night(self):
        for before, after in (("22:59:59.999999999", "23:00:00"), ("22:30:00", "23:30:00")):
            self.assert_counts_from(f"{YEAR - 16}-03-01", f"{YEAR}-02-28T{before}Z", f"{YEAR}-02-28T{after}Z")

    def test_in_summer(self):
        self.assert_counts_from(f"{YEAR - 16}-07-01", f"{YEAR}-06-30T21:59:59Z", f"{YEAR}-06-30T22:00:00Z")

    def test_whatever_the_offset_of_the_item(self):
        self.assert_counts_from(f"{YEAR - 16}-03-01", f"{YEAR}-03-01T08:59:59+10:00", f"{YEAR}-02-28T18:30:00-05:00")

    def test_what_the_verdict_says(self):
        child = fs.new_person()
        self.person("birthDate", child, birthDate=f"{YEAR - 16}-03-01")
        for time_of_service, counted, code in ((f"{YEAR}-02-28T22:30:00Z", False, "UNDER_16"),
                                               (f"{YEAR}-02-28T23:30:00Z", True, None)):
            result = self.server.submit_one(fs.copayment(personId=child, serviceTime=time_of_service,
                                                         receivedTime=f"{YEAR}-03-02T12:00:00Z"))
            self.assertEqual((result["counted"], result.get("code")), (counted, code), time_of_service)


class NamelessMemberTest(fs.ServerCase):
    """A member whose name is empty is unknown like any other, and named."""

    nameless = {"": 1}

    def assert_named(self, answers, count):
        self.assertEqual([(answer.get("code"), answer.get("field")) for answer in answers],
                         [("UNKNOWN_FIELD", "")] * count)

    def lines(self, path, *values):
        return fs.NdjsonReply(self.server.post_ndjson(path, values))

    def test_in_items(self):
        item = fs.copayment()
        items = [{**made, **self.nameless} for made in (item, fs.payment(item), fs.credit_note(item))]
        items += [{**self.nameless, "more": 1, **item}, self.nameless]
        self.assert_named(self.server.submit(*items), len(items))
        self.assert_named(self.server.stream(items).results, len(items))

    def test_in_events(self):
        for path, made in (("/v1/person-events", person_event()), ("/v1/practice-events", practice())):
            values = {**made, **self.nameless}, {**self.nameless, "more": 1, **made}
            self.assert_named(self.lines(path, *values).results, 2)

    def question(self):
        return {"personId": fs.new_person(), "serviceType": "LE", "serviceDate": str(fs.recent_day())}

    def test_in_batch_lines(self):
        values = [{**self.question(), **self.nameless}, {**self.nameless, "more": 1, **self.question()}, self.nameless]
        self.assert_named(self.lines("/v1/card-status/batch", *values).others, 3)

    def test_in_single_requests(self):
        person = {"personId": fs.new_person()}
        of_year = {**person, "year": 2025}
        for path, body in (("/v1/card-status", self.question()), ("/v1/persons/account", of_year),
                           ("/v1/persons/card", of_year), ("/v1/persons/dossier", of_year),
                           ("/v1/persons/access-log", person), ("/v1/persons/numbers", {"personRefs": [1]}),
                           ("/v1/registrations/lookup", {"practiceId": "1", "guids": [fs.new_guid()]}),
                           ("/v1/reconciliations", {"year": 2025}), ("/v1/backups", {"to": "/nowhere"})):
            for value in ({**body, **self.nameless}, {**self.nameless, "more": 1, **body}):
                with self.subTest(path=path):
                    self.assert_named([self.assert_problem(self.server.post_json(path, value), 400)], 1)

    def test_up_to_32_levels_in_items_and_events(self):
        for deep, code in ((31, "UNKNOWN_FIELD"), (32, "MALFORMED_ITEM"), (200, "MALFORMED_ITEM")):
            nested = json.loads("[" * deep + "]" * deep)
            for path, made in (("/v1/registrations", fs.copayment()), ("/v1/person-events", person_event()),
                               ("/v1/practice-events", practice())):
                with self.subTest(path=path, deep=deep):
                    self.assertEqual(self.lines(path, {**made, "x": nested}).results[0]["code"], code)


if __name__ == "__main__":
    unittest.main()
