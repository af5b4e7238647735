"""What is told of persons that became one: to who pays, on the card, in the access log and in the feed of events."""

import unittest

import frikort_server as fs
from test_access_log import LogCase, of_year, service
from test_card import claims_of, number_check
from test_registries import RegistryCase, YEAR

NUMBERS = "/v1/persons/numbers"
PERSON_EVENTS = "/v1/person-events"


def received(day):
    return fs.oslo_text(day, "12:00:00")


class ToldCase(RegistryCase):

    def known(self, count=2):
        """Numbers of persons that the ledger knows, of 1, 2 and so on."""
        numbers = [fs.new_person() for _ in range(count)]
        for number in numbers:
            self.pay(number, 10)
        return numbers

    def numbers_of(self, *references):
        """(personRef, personId, payee) of each."""
        reply = self.server.post_json(NUMBERS, {"personRefs": list(references)})
        self.assertEqual(reply.status, 200, reply.body)
        return [(told["personRef"], told["personId"], told["payee"]) for told in reply.json()["numbers"]]


class NumberOfPayoutTest(ToldCase):

    def test_after_a_merge_that_of_the_one_who_stays(self):
        one, two, three = self.known(3)
        self.assertEqual(self.numbers_of(1, 2, 3), [(1, one, "person"), (2, two, "person"), (3, three, "person")])
        self.person("merged", one, otherPersonId=two)
        self.assertEqual(self.numbers_of(2, 1, 3), [(2, one, "person"), (1, one, "person"), (3, three, "person")])
        self.person("merged", one, otherPersonId=three)
        self.assertEqual(self.numbers_of(3, 2, 1), [(3, one, "person"), (2, one, "person"), (1, one, "person")])

    def test_after_a_merge_the_one_who_stays_may_use_the_number_of_the_other(self):
        one, two = self.known()
        self.person("merged", two, otherPersonId=one)
        self.assertEqual(self.numbers_of(1, 2), [(1, two, "person"), (2, two, "person")])

    def test_through_a_chain_of_merges(self):
        one, two, three = self.known(3)
        self.person("merged", three, otherPersonId=two)
        self.assertEqual(self.numbers_of(1, 2, 3), [(1, one, "person"), (2, three, "person"), (3, three, "person")])
        self.person("merged", one, otherPersonId=two)
        self.assertEqual(self.numbers_of(1, 2, 3), [(reference, one, "person") for reference in (1, 2, 3)])

    def test_after_a_change_the_one_in_use(self):
        old, = self.known(1)
        new, newest = fs.new_person(), fs.new_person()
        for number, changed in ((old, new), (new, newest), (newest, old)):
            self.person("numberChanged", number, newPersonId=changed)
            self.assertEqual(self.numbers_of(1), [(1, changed, "person")])
        self.person("merged", new, otherPersonId=newest)
        self.assertEqual(self.numbers_of(1, 2), [(1, new, "person"), (2, None, None)], "his own numbers are no merge")

    def test_after_a_change_to_the_number_of_another(self):
        one, two = self.known()
        self.person("numberChanged", one, newPersonId=two)
        self.assertEqual(self.numbers_of(1, 2), [(1, two, "person"), (2, two, "person")])

    def test_the_estate_after_death(self):
        one, two = self.known()
        self.person("died", two, date=f"{YEAR}-11-30")
        self.assertEqual(self.numbers_of(1, 2), [(1, one, "person"), (2, two, "estate")])

    def test_death_of_the_other_fills_what_no_event_has_said(self):
        one, two, three = self.known(3)
        self.person("died", two, date=f"{YEAR}-11-30")
        self.person("merged", one, otherPersonId=two)
        self.assertEqual(self.numbers_of(1, 2), [(1, one, "estate"), (2, one, "estate")])
        self.person("died", one, date=None)
        self.person("died", three, date=f"{YEAR}-11-29")
        self.person("merged", one, otherPersonId=three)
        self.assertEqual(self.numbers_of(1, 2, 3), [(reference, one, "person") for reference in (1, 2, 3)])


class NumberCheckTest(ToldCase):

    def assert_check(self, number, *asked):
        for asked_by in asked:
            reply = self.server.post_json("/v1/persons/card", {"personId": asked_by, "year": YEAR})
            claims = claims_of(reply.json()["token"])
            self.assertEqual(claims["numberCheck"], number_check(number, claims["cardId"]))

    def test_of_the_number_in_use_after_a_change(self):
        old, new = fs.new_person(), fs.new_person()
        self.pay(old, 3278)
        self.assert_check(old, old)
        self.person("numberChanged", old, newPersonId=new)
        self.assert_check(new, old, new)
        self.person("numberChanged", new, newPersonId=old)
        self.assert_check(old, old, new)

    def test_of_the_number_in_use_after_a_merge_of_ones_own_numbers(self):
        old, new = fs.new_person(), fs.new_person()
        self.pay(old, 3278)
        self.person("numberChanged", old, newPersonId=new)
        before = self.account(old)["card"]
        self.person("merged", old, otherPersonId=new)
        self.assert_check(old, old, new)
        self.person("merged", new, otherPersonId=old)
        self.assert_check(new, old, new)
        self.assertEqual(self.account(new)["card"], before)
        self.assertEqual(self.news(), ["cardIssued"])

    def test_of_the_number_in_use_after_a_merge_of_two(self):
        one, two = fs.new_person(), fs.new_person()
        self.pay(one, 3278)
        self.pay(two, 100)
        self.person("merged", two, otherPersonId=one)
        self.assert_check(two, one, two)


class MergedLogTest(LogCase):

    def setUp(self):
        super().setUp()
        self.other = fs.new_person()

    def tell(self, kind, number, **fields):
        reply = self.server.post_ndjson(PERSON_EVENTS, [{"eventId": fs.new_guid(), "type": kind, "personId": number,
                                                         **fields}])
        self.assertIn(b'"accepted"', reply.body)

    def ask(self, number, path, year=2025):
        self.assertEqual(self.post(f"/v1/persons/{path}", {"personId": number, "year": year}).status, 200)

    def make_known(self, *numbers):
        for number in numbers:
            self.server.submit_one(fs.dated(fs.recent_day(), 100, personId=number))

    def expect_of_both(self, *expected):
        for number in (self.person, self.other):
            self.expect(*expected, person=number)

    def ask_before_and_after(self, between):
        """Questions about both, then what `between` does, then questions about both."""
        self.ask(self.person, "account", 2023)
        self.ask(self.other, "card", 2024)
        self.expect(of_year("account", 2023))
        self.expect(of_year("card", 2024), person=self.other)
        between()
        self.ask(self.other, "account")
        self.expect_of_both(of_year("account", 2023), of_year("card", 2024), of_year("account"))
        self.ask(self.person, "card")
        self.expect_of_both(of_year("account", 2023), of_year("card", 2024), of_year("account"), of_year("card"))

    def merge(self):
        self.tell("merged", self.person, otherPersonId=self.other)

    def test_of_two_known_persons(self):
        self.make_known(self.person, self.other)
        self.ask_before_and_after(self.merge)

    def test_of_one_never_heard_of(self):
        self.make_known(self.person)
        self.ask_before_and_after(self.merge)

    def test_of_two_never_heard_of(self):
        self.ask_before_and_after(self.merge)

    def test_after_a_change_of_number(self):
        self.make_known(self.person)
        self.ask_before_and_after(lambda: self.tell("numberChanged", self.person, newPersonId=self.other))

    def test_of_who_is_opted_out(self):
        self.make_known(self.person, self.other)
        self.tell("optedOut", self.other)
        self.ask_before_and_after(self.merge)
        self.tell("optedIn", self.person)
        self.expect_of_both(of_year("account", 2023), of_year("card", 2024), of_year("account"), of_year("card"))

    def test_items_that_asked_for_a_card_of_who_is_opted_out(self):
        self.make_known(self.person, self.other)
        self.tell("optedOut", self.person)
        self.server.submit_one(fs.dated("2025-03-02", 0, personId=self.person, exemption="F"))
        self.merge()
        self.server.submit_one(fs.dated("2025-03-03", 0, personId=self.other, exemption="F"))
        self.expect_of_both(service("submission", False, "2025-03-02"), service("submission", False, "2025-03-03"))


class EventsOfMergeTest(RegistryCase):

    def pay_on(self, number, kroner, day):
        return self.pay(number, kroner, day=day)["guid"]

    def story(self, one, two):
        """What both paid in five years; gives the guids that the events name."""
        first = fs.dated("2021-02-01", 200_000, personId=one)
        self.server.submit(first)
        self.pay_on(one, 500, "2021-03-01")
        self.server.submit(fs.credit_note(first))
        guids = {"back": self.pay_on(two, 2200, "2021-05-01")}
        self.pay_on(one, 3000, "2022-05-01")
        guids["older"] = self.pay_on(two, 3000, "2022-03-01")
        self.pay_on(one, 2000, "2023-06-01")
        guids["crossing"], guids["after"] = self.pay_on(two, 1900, "2023-04-01"), self.pay_on(one, 100, "2023-05-01")
        self.pay_on(one, 2000, "2024-02-01")
        guids["early"], guids["late"] = self.pay_on(two, 1500, "2024-03-01"), self.pay_on(one, 1200, "2024-08-01")
        self.pay_on(two, 2000, "2025-01-10")
        guids["filled"], guids["reached"] = self.pay_on(one, 1300, "2025-02-01"), self.pay_on(two, 1278, "2025-06-01")
        guids["newest"] = self.pay_on(one, 2000, "2025-08-01")
        return guids

    def test_of_several_years_in_order(self):
        one, two = fs.new_person(), fs.new_person()
        guids = self.story(one, two)
        card = lambda number, year: self.server.account(number, year)["card"]["cardId"]
        replaced = [{"year": year, "cardId": card(two, year), "replacedCardId": card(one, year)}
                    for year in (2022, 2025)]
        self.news()
        result = self.person("merged", one, otherPersonId=two, receivedTime=received("2025-12-02"))
        self.news()
        merged, *events = self.last_events
        self.assertEqual((merged["type"], merged["personRef"], merged["mergedPersonRef"]), ("personMerged", 1, 2))
        self.assertEqual(merged["replacedCards"], replaced)
        self.assertEqual({event["personRef"] for event in events}, {1})
        self.assertEqual([(e["year"], e["type"], e.get("amountOre"), e.get("guid")) for e in events], [
            (2021, "cardReinstated", None, None), (2021, "entitlementMoved", None, None),
            (2021, "refundDue", 24_000, guids["back"]),
            (2022, "refundDue", 292_100, guids["older"]),
            (2023, "cardIssued", None, guids["crossing"]),
            (2023, "refundDue", 10_000, guids["after"]), (2023, "refundDue", 86_000, guids["crossing"]),
            (2024, "entitlementMoved", None, None),
            (2024, "refundDue", 116_500, guids["late"]), (2024, "refundDue", 33_500, guids["early"]),
            (2025, "entitlementMoved", None, None), (2025, "refundDue", 197_800, guids["newest"]),
            (2025, "refundDue", 127_800, guids["reached"]), (2025, "refundDue", 2_200, guids["filled"])])
        self.assertEqual([(e["year"], e.get("movedFrom"), e["entitledFrom"]) for e in events if "entitledFrom" in e],
                         [(2021, None, "2021-05-01"), (2021, "2021-03-01", "2021-05-01"), (2023, None, "2023-06-01"),
                          (2024, "2024-08-01", "2024-03-01"), (2025, "2025-06-01", "2025-02-01")])
        self.assert_of_entry(result, "merged", received("2025-12-02"))
        for year in range(2021, 2026):
            account = self.server.account(two, year)
            self.assertEqual(account["refundedOre"], account["countedOre"] - fs.CEILING[year], year)
            told = {event["cardId"] for event in events if event["year"] == year and "cardId" in event}
            self.assertLessEqual(told, {account["card"]["cardId"]}, year)

    def assert_of_entry(self, result, cause, at):
        """The last events are all of that entry, in the feed's order."""
        places = [event["position"].rpartition("-") for event in self.last_events]
        self.assertEqual({entry for entry, _, _ in places}, {result["position"]})
        numbers = [int(number) for _, _, number in places]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual({event["cause"] for event in self.last_events}, {cause})
        for event in self.last_events:
            self.assertEqual(fs.parse_time(event["at"]), fs.parse_time(at))

    def test_hidden_merges_are_told_in_their_order(self):
        one, two, three = (fs.new_person() for _ in range(3))
        for number in (one, two, three):
            self.pay(number, 1200)
        self.person("optedOut", two)
        self.person("merged", three, otherPersonId=two)
        self.person("merged", one, otherPersonId=three)
        self.assertEqual(self.news(), [])
        opt_in = self.person("optedIn", three, receivedTime=received(f"{YEAR}-12-03"))
        self.assertEqual(self.news(), ["personMerged", "personMerged", "cardIssued", ("refundDue", 322)])
        self.assertEqual([(event["personRef"], event.get("mergedPersonRef")) for event in self.last_events],
                         [(2, 3), (1, 2), (1, None), (1, None)])
        self.assert_of_entry(opt_in, "optedIn", received(f"{YEAR}-12-03"))

    def test_told_with_the_opt_in_when_the_card_is_by_then_under_review(self):
        one, two = fs.new_person(), fs.new_person()
        first, last = self.pay(one, 2000), self.pay(two, 2000, day=f"{YEAR}-04-05")
        self.person("optedOut", one, receivedTime=received(f"{YEAR}-05-01"))
        merge = self.person("merged", one, otherPersonId=two, receivedTime=received(f"{YEAR}-05-02"))
        self.server.submit(fs.credit_note(first))
        self.assertEqual(self.news(), [])
        opt_in = self.person("optedIn", two, receivedTime=received(f"{YEAR}-05-03"))
        self.assertEqual(self.news(), ["personMerged", "cardIssued", "cardUnderReview", ("refundDue", 722),
                                       ("refundNetted", -722)])
        self.assert_of_entry(opt_in, "optedIn", received(f"{YEAR}-05-03"))
        merged, issued, review, due, netted = self.last_events
        self.assertEqual((merged["mergedPersonRef"], merged["replacedCards"]), (2, []))
        self.assertEqual({event["personRef"] for event in self.last_events}, {1})
        self.assertEqual([issued["guid"], due["guid"], netted["guid"]], [last["guid"]] * 3)
        self.assertNotIn("guid", review)
        account = self.account(one)
        self.assertEqual([(line["position"], line["guid"], line["amountOre"]) for line in account["refunds"]],
                         [(merge["position"], last["guid"], 72_200), (opt_in["position"], last["guid"], -72_200)])
        card = account["card"]
        self.assertEqual((card["state"], card["entitledFrom"], card["crossingGuid"]),
                         ("underReview", f"{YEAR}-04-05", last["guid"]))
        self.assertEqual(fs.parse_time(card["issuedAt"]), fs.parse_time(received(f"{YEAR}-05-02")))
        for event in (issued, review):
            self.assertEqual((event["cardId"], event["entitledFrom"]), (card["cardId"], card["entitledFrom"]))


if __name__ == "__main__":
    unittest.main()
