"""Submission of copayments, payments and credit notes: verdicts, codes, formats and whole-request errors."""

import datetime
import http.client
import json
import re
import socket
import unittest

import frikort_server as fs
from frikort_server import ABSENT, copayment, credit_note, dated, payment

PATH = "/v1/registrations"
UUID_PATTERN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def raw_item(item, **texts):
    """The text of an item with some values written exactly as given."""
    parts = [f"{json.dumps(key)}:{texts.get(key, json.dumps(value))}" for key, value in item.items()]
    return "{" + ",".join(parts) + "}"


class VerdictTest(fs.ServerCase):

    def test_accepted_result_has_all_fields(self):
        item = copayment()
        result = self.server.submit_one(item)
        self.assert_accepted(result, counted=True, exempt=False, code=None)
        self.assertEqual(result["guid"].lower(), item["guid"])
        self.assertEqual(result["index"], 0)
        self.assertRegex(result["position"], r"^\d+-\d+$")

    def test_type_defaults_to_copayment(self):
        item = copayment(type=ABSENT)
        first = self.server.submit_one(item)
        self.assert_accepted(first, counted=True)
        again = self.server.submit_one({**item, "type": "copayment"})
        self.assert_duplicate(again, first)

    def test_every_service_type(self):
        results = self.server.submit(*[copayment(serviceType=code) for code in fs.SERVICE_TYPES])
        for code, result in zip(fs.SERVICE_TYPES, results):
            self.assertEqual(result["verdict"], "accepted", f"service type {code}: {result}")

    def test_reasons_for_not_counted(self):
        unpaid, zero, both, exempted = self.server.submit(
            copayment(paid=False), copayment(amountOre=0), copayment(amountOre=0, paid=False),
            copayment(amountOre=0, exemption="B"))
        self.assert_accepted(unpaid, counted=False, code="UNPAID")
        self.assert_accepted(zero, counted=False, code="ZERO_AMOUNT")
        self.assert_accepted(both, counted=False, code="UNPAID")
        self.assert_accepted(exempted, counted=False, code="ZERO_AMOUNT")

    def test_age_is_never_judged_from_the_number(self):
        child = fs.number_with_date("018115", start=500)  # Reads as born in January 2015.
        self.assert_accepted(self.server.submit_one(copayment(personId=child)), counted=True, code=None)

    def test_amount_bounds(self):
        for amount in (1, fs.MAX_AMOUNT - 1, fs.MAX_AMOUNT):
            self.assert_accepted(self.server.submit_one(copayment(amountOre=amount)), counted=True)

    def test_payment_makes_the_item_count(self):
        item = copayment(paid=False)
        self.assert_accepted(self.server.submit_one(item), counted=False, code="UNPAID")
        self.assert_accepted(self.server.submit_one(payment(item)), counted=True, exempt=False, code=None)

    def test_payment_of_a_paid_item_is_accepted_without_effect(self):
        item = dated("2025-03-01")
        self.server.submit_one(item)
        self.assert_accepted(self.server.submit_one(payment(item)), counted=True)
        self.assertEqual(self.server.account(item["personId"], 2025)["countedOre"], item["amountOre"])

    def test_payment_of_a_zero_item_still_does_not_count(self):
        item = copayment(amountOre=0, paid=False)
        self.server.submit_one(item)
        self.assert_accepted(self.server.submit_one(payment(item)), counted=False, code="ZERO_AMOUNT")

    def test_credit_note(self):
        item = copayment()
        self.server.submit_one(item)
        first = self.server.submit_one(credit_note(item))
        self.assert_accepted(first, counted=False, exempt=False, code="CREDITED")
        self.assert_duplicate(self.server.submit_one(credit_note(item)), first)

    def test_credited_comes_before_the_other_reasons(self):
        unpaid, zero = copayment(paid=False), copayment(amountOre=0)
        self.server.submit(unpaid, zero)
        for result in self.server.submit(credit_note(unpaid), credit_note(zero)):
            self.assert_accepted(result, counted=False, code="CREDITED")

    def test_positions_are_distinct_and_permanent(self):
        items = [copayment() for _ in range(20)]
        first = self.server.submit(*items)
        places = [tuple(map(int, r["position"].split("-"))) for r in first]
        self.assertEqual(places, sorted(set(places)), "a position of its own for each accepted item, in the order of commit")
        for original, again in zip(first, self.server.submit(*items)):
            self.assert_duplicate(again, original)

    def test_payment_and_its_copayment_have_different_positions(self):
        item = copayment(paid=False)
        first, second = self.server.submit(item, payment(item))
        self.assertNotEqual(first["position"], second["position"])


class IdempotencyTest(fs.ServerCase):

    def test_same_item_twice_in_one_request(self):
        item = copayment()
        first, second = self.server.submit(item, item)
        self.assert_accepted(first)
        self.assert_duplicate(second, first)
        lines = self.server.stream([item, item]).results
        for result in lines:
            self.assert_duplicate(result, first)

    def test_duplicate_repeats_the_data_of_the_original(self):
        person = fs.new_person()
        early = dated("2025-02-01", 100_000, personId=person)
        first = self.server.submit_one(early)
        self.assert_accepted(first, counted=True, exempt=False)
        crossing = self.server.submit_one(dated("2025-03-01", 300_000, personId=person))
        self.assert_accepted(crossing, exempt=True)
        self.server.submit_one(credit_note(early))
        again = self.server.submit_one(early)
        self.assert_duplicate(again, first)
        self.assertEqual((again["counted"], again["exempt"]), (True, False),
                         "a duplicate shows what was answered then, not the state of now")
        unpaid = dated("2025-04-01", paid=False)
        first = self.server.submit_one(unpaid)
        self.server.submit_one(payment(unpaid))
        again = self.server.submit_one(unpaid)
        self.assert_duplicate(again, first)
        self.assertEqual(again["code"], "UNPAID")

    def test_duplicate_payment(self):
        item = copayment(paid=False)
        _, first = self.server.submit(item, payment(item))
        self.assert_duplicate(self.server.submit_one(payment(item)), first)

    def test_received_time_is_not_content(self):
        item = dated("2025-03-01")
        first = self.server.submit_one(item)
        later = {**item, "receivedTime": fs.oslo_text("2025-06-01")}
        self.assert_duplicate(self.server.submit_one(later), first)

    def test_guid_without_regard_to_case_and_braces(self):
        item = copayment()
        guid = item["guid"]
        first = self.server.submit_one({**item, "guid": "{" + guid.upper() + "}"})
        self.assertEqual(first["guid"], guid, "shown in lower case without braces")
        for spelled in (guid, guid.upper(), "{" + guid + "}"):
            again = self.server.submit_one({**item, "guid": spelled})
            self.assert_duplicate(again, first)
            self.assertEqual(again["guid"], guid)
            other = self.server.submit_one({**item, "guid": spelled, "amountOre": item["amountOre"] + 1})
            self.assertEqual((other["code"], other["guid"]), ("CONTENT_CONFLICT", guid))
        credited = self.server.submit_one(credit_note({**item, "guid": "{" + guid.upper() + "}"}))
        self.assert_accepted(credited, counted=False)
        self.assertEqual(credited["guid"], guid)

    def test_service_time_compares_as_an_instant(self):
        item = dated("2025-03-01", clock="10:00:00")
        first = self.server.submit_one(item)
        for text in ("2025-03-01T09:00:00Z", "2025-03-01t09:00:00z", "2025-03-01T09:00:00.0Z",
                     "2025-03-01T09:00:00.000000000+00:00", "2025-03-01T04:00:00-05:00",
                     "2025-03-01T14:30:00+05:30", "2025-02-28T21:00:00-12:00"):
            self.assert_duplicate(self.server.submit_one({**item, "serviceTime": text}), first)

    def test_content_conflict_for_each_field(self):
        item = dated("2025-03-01", 0)
        first = self.server.submit_one(item)
        changes = {"personId": fs.new_person(), "serviceType": "HS", "amountOre": 1, "paid": False, "exemption": "B",
                   "serviceTime": "2025-03-01T09:00:01Z"}
        for field, value in changes.items():
            with self.subTest(field=field):
                self.assert_rejected(self.server.submit_one({**item, field: value}), "CONTENT_CONFLICT")
        self.assert_rejected(self.server.submit_one({**item, "serviceTime": "2025-03-01T09:00:00.000000001Z"}),
                             "CONTENT_CONFLICT")
        self.assert_duplicate(self.server.submit_one(item), first)
        self.assertEqual(len(self.server.account(item["personId"], 2025)["registrations"]), 1)

    def test_the_key_has_practice_and_type(self):
        item = copayment()
        other = {**item, "practiceId": fs.new_practice()}
        first, second = self.server.submit(item, other)
        self.assert_accepted(first)
        self.assert_accepted(second)
        self.assertNotEqual(first["position"], second["position"])
        self.assert_accepted(self.server.submit_one(payment(item)))
        self.assert_accepted(self.server.submit_one(credit_note(item)), code="CREDITED")
        self.assert_accepted(self.server.submit_one(payment(other)), counted=True)

    def test_a_rejected_item_binds_nothing(self):
        item = dated("2025-03-01")
        wrong = [{**item, "serviceType": "X"}, {**item, "receivedTime": fs.oslo_text("2025-12-01")},
                 {**item, "serviceTime": "2019-03-01T10:00:00Z"}, {**item, "exemption": "B"},
                 {**item, "exemption": "F", "amountOre": 0}]
        for result in self.server.submit(*wrong):
            self.assertEqual(result["verdict"], "rejected", result)
        self.assertEqual(self.server.account(item["personId"], 2025)["registrations"], [])
        self.assert_accepted(self.server.submit_one({**item, "amountOre": 12_300}), counted=True)
        self.assertEqual(self.server.account(item["personId"], 2025)["countedOre"], 12_300)

    def test_a_rejected_follow_up_binds_nothing(self):
        item = dated("2025-03-01", paid=False)
        for early in (payment(item), credit_note(item)):
            self.assert_rejected(self.server.submit_one(early), "UNKNOWN_ORIGINAL")
        self.server.submit_one(item)
        self.assert_accepted(self.server.submit_one(payment(item)), counted=True)
        self.assert_accepted(self.server.submit_one(credit_note(item)), counted=False)

    def test_idempotency_key_header_is_ignored(self):
        headers = {"Idempotency-Key": fs.new_guid()}
        for _ in range(2):
            reply = self.server.post_json(PATH, [copayment()], headers)
            self.assertEqual(reply.status, 200)
            self.assert_accepted(reply.json()["results"][0])


class CodeTest(fs.ServerCase):

    def one_line(self, text):
        """The result of one NDJSON line given as it is."""
        answer = self.server.stream([text])
        self.assertEqual(len(answer.results), 1, f"one line, one result: {answer.reply.body[:500]!r}")
        return answer.results[0]

    def test_malformed_lines(self):
        good = raw_item(copayment())
        lines = ["{", "}", "[]", "5", "null", "true", '"text"', "nonsense", "{}}", good + ",", good[:-1], "[" + good + "]",
                 good + good, "{'a':1}", '{"guid":}', '{"guid":01}', "{" + good[1:-1] + ",}", b'{"guid":"\xff\xfe"}',
                 b'{"guid":"\xc0\xaf"}', b'{"guid":"\xed\xa0\x80"}', b'{"guid":"a\x00b"}', b"\x00", "[" * 50_000,
                 '{"a":' * 50_000]
        items = []
        for line in lines:
            items += [line, copayment()]
        answer = self.server.stream(items)
        self.assertEqual(len(answer.results), 2 * len(lines), "one result a line")
        for number, line in enumerate(lines):
            result = answer.results[2 * number]
            with self.subTest(line=line[:60]):
                self.assertEqual(result["index"], 2 * number)
                self.assert_rejected(result, "MALFORMED_ITEM")
                self.assertNotIn("guid", result, "no guid to be had from a malformed line")
            self.assert_accepted(answer.results[2 * number + 1])

    def test_amount_without_leading_zero_rule_is_malformed(self):
        self.assert_rejected(self.one_line(raw_item(copayment(), amountOre="0123")), "MALFORMED_ITEM")

    def test_array_elements_that_are_not_objects(self):
        results = self.server.submit(5, None, "x", [], copayment(), True)
        for index in (0, 1, 2, 3, 5):
            self.assert_rejected(results[index], "MALFORMED_ITEM")
        self.assert_accepted(results[4])

    def test_invalid_type(self):
        for value in ("", "Copayment", "COPAYMENT", "credit_note", "refund", 5, None, True, ["copayment"], {}):
            with self.subTest(type=value):
                self.assert_rejected(self.server.submit_one(copayment(type=value)), "INVALID_TYPE")

    def test_unknown_field(self):
        for field in ("bogus", "Guid", "amount", "counted", " guid", ""):
            with self.subTest(field=field):
                self.assert_rejected(self.server.submit_one(copayment(**{field: 1})), "UNKNOWN_FIELD", field)

    def test_unknown_field_is_the_first_in_the_items_own_order(self):
        item = {"zulu": 1, **copayment(), "alpha": 1}
        self.assert_rejected(self.server.submit_one(item), "UNKNOWN_FIELD", "zulu")

    def test_copayment_fields_are_unknown_in_follow_ups(self):
        item = copayment()
        self.server.submit_one(item)
        for build in (payment, credit_note):
            for field in ("personId", "serviceType", "serviceTime", "amountOre", "paid"):
                with self.subTest(build=build.__name__, field=field):
                    result = self.server.submit_one(build(item, **{field: item[field]}))
                    self.assert_rejected(result, "UNKNOWN_FIELD", field)
            self.assert_rejected(self.server.submit_one(build(item, exemption="B")), "UNKNOWN_FIELD", "exemption")
            both = {"paid": True, **build(item), "amountOre": 1}
            self.assert_rejected(self.server.submit_one(both), "UNKNOWN_FIELD", "paid")

    def test_missing_field_in_table_order(self):
        order = ("guid", "practiceId", "personId", "serviceType", "serviceTime", "amountOre", "paid")
        full = copayment()
        for count, field in enumerate(order):
            # Fields of the item in reverse: the table's order decides, not the item's.
            item = {"type": "copayment", **{key: full[key] for key in reversed(order[:count])}}
            with self.subTest(first_missing=field):
                self.assert_rejected(self.server.submit_one(item), "MISSING_FIELD", field)
        for field in order:
            with self.subTest(missing=field):
                self.assert_rejected(self.server.submit_one(copayment(**{field: ABSENT})), "MISSING_FIELD", field)
        self.assert_rejected(self.server.submit_one({}), "MISSING_FIELD", "guid")
        for kind in ("payment", "creditNote"):
            self.assert_rejected(self.server.submit_one({"type": kind}), "MISSING_FIELD", "guid")
            self.assert_rejected(self.server.submit_one({"type": kind, "guid": fs.new_guid()}), "MISSING_FIELD",
                                 "practiceId")

    def test_duplicate_field(self):
        text = raw_item(copayment())
        for field in ("guid", "practiceId", "personId", "serviceType", "serviceTime", "amountOre", "paid"):
            value = json.dumps(json.loads(text)[field])
            with self.subTest(field=field):
                doubled = text[:-1] + f",{json.dumps(field)}:{value}}}"
                self.assert_rejected(self.one_line(doubled), "DUPLICATE_FIELD", field)
        with self.subTest("escaped name"):
            escaped = text[:-1] + ',"gu\\u0069d":"x"}'
            self.assert_rejected(self.one_line(escaped), "DUPLICATE_FIELD", "guid")
        with self.subTest("first in the item's own order"):
            item = copayment()
            guid, paid = json.dumps(item["guid"]), "true"
            doubled = f'{{"guid":{guid},"guid":{guid},"paid":{paid},"paid":{paid},' + \
                raw_item({k: v for k, v in item.items() if k not in ("guid", "paid")})[1:]
            self.assert_rejected(self.one_line(doubled), "DUPLICATE_FIELD", "guid")

    def test_duplicate_field_in_a_json_body(self):
        text = raw_item(copayment())[:-1] + ',"paid":true}'
        for body in (text, "[" + text + "]"):
            reply = self.server.post_json(PATH, body.encode())
            self.assertEqual(reply.status, 200, reply.body[:300])
            self.assert_rejected(reply.json()["results"][0], "DUPLICATE_FIELD", "paid")

    def test_of_a_repeated_type_the_first_counts(self):
        item = copayment()
        rest = raw_item({k: v for k, v in item.items() if k != "type"})[1:]
        self.assert_rejected(self.one_line('{"type":"copayment","type":"bogus",' + rest), "DUPLICATE_FIELD", "type")
        self.assert_rejected(self.one_line('{"type":"bogus","type":"copayment",' + rest), "INVALID_TYPE")
        self.assert_rejected(self.one_line('{"type":"payment","type":"copayment",' + rest), "UNKNOWN_FIELD", "personId")

    def test_of_a_repeated_guid_the_first_is_shown(self):
        first, second = fs.new_guid(), fs.new_guid()
        for guid, shown in ((first, first), ("not-a-guid", None)):
            line = raw_item(copayment(guid=guid))[:-1] + f',"guid":"{second}"}}'
            result = self.one_line(line)
            self.assert_rejected(result, "DUPLICATE_FIELD", "guid")
            self.assertEqual(result.get("guid"), shown)

    def check_values(self, field, code, bad, good=(), base=None):
        base = base or copayment
        for value in bad:
            with self.subTest(field=field, bad=value):
                result = self.server.submit_one(base(**{field: value}))
                self.assert_rejected(result, code)
                self.assertIn(result.get("field"), (None, field), "field names the field with the invalid value")
        for value in good:
            with self.subTest(field=field, good=value):
                self.assert_accepted(self.server.submit_one(base(**{field: value})))

    def test_guid_values(self):
        guid = fs.new_guid()
        bad = ["", "x", guid[:-1], guid + "0", "{" + guid, guid + "}", "{{" + guid + "}}", guid.replace("-", ""), guid[:-1] + "g", " " + guid,
               guid.replace("-", "_"), "urn:uuid:" + guid, guid[:8] + "\u0000" + guid[9:], 5, None, True, [guid]]
        self.check_values("guid", "INVALID_GUID", bad, good=[fs.new_guid().upper(), "{" + fs.new_guid() + "}"])

    def test_an_invalid_guid_is_not_echoed(self):
        reply = self.server.post_json(PATH, [copayment(guid="not-a-guid-4711")])
        self.assertNotIn(b"not-a-guid-4711", reply.body)
        self.assertNotIn("guid", reply.json()["results"][0])
        item = copayment(serviceType="X")
        self.assertEqual(self.server.submit_one(item)["guid"].lower(), item["guid"], "a valid guid is named")

    def test_practice_values(self):
        bad = ["", "x", "12a", "-1", "1.0", " 1", "1 ", "1" * 21, "١٢٣", 1000001, None, True]
        self.check_values("practiceId", "INVALID_PRACTICE_ID", bad, good=["1", "9" * 20])

    def test_person_numbers_of_all_series(self):
        good = list(fs.PUBLISHED_NUMBERS)
        for index in range(3):
            good += [fs.synthetic_number(index), fs.synthetic_dnumber(index), fs.synthetic_number_40(index),
                     fs.synthetic_number_65(index)]
        good += [fs.number_with_rest(rest) for rest in (1, 2, 3)]
        self.check_values("personId", "INVALID_PERSON_ID", [], good=good)

    def test_invalid_person_numbers(self):
        number = fs.new_person()
        bad = [fs.wrong_last_digit(number), fs.wrong_last_digit(fs.synthetic_dnumber(0)), number[:10], number + "0", "",
               number[:-1] + "x", " " + number[1:], number[:6] + " " + number[6:], "00000000000", int(number), None,
               True, [number]]
        bad += [fs.number_with_rest(rest) for rest in (4, 5, 6, 7, 8, 9, 10)]
        # 30 February, 31 April, day 0, 32 and 72, month 0, 13 and 99: right check digits, impossible date.
        bad += [fs.number_with_date(text) for text in ("308270", "318470", "008170", "328170", "728170", "010070",
                                                       "011370", "019970", "808170")]
        self.check_values("personId", "INVALID_PERSON_ID", bad)

    def test_an_invalid_number_is_not_echoed(self):
        number = fs.wrong_last_digit(fs.new_person())
        for reply in (self.server.post_json(PATH, [copayment(personId=number)]),
                      self.server.post_ndjson(PATH, [copayment(personId=number)])):
            self.assertEqual(reply.status, 200)
            self.assertNotIn(number.encode(), reply.body, "an invalid number must not be echoed")

    def test_service_type_values(self):
        self.check_values("serviceType", "INVALID_SERVICE_TYPE",
                          ["", "X", "a", "le", "LE ", "L", "AS", "\u00c5", 5, None, True])

    def test_service_time_values(self):
        day = "2025-11-10"

        def received(**over):
            return copayment(receivedTime="2025-11-13T10:00:00Z", **over)
        bad = ["", day, f"{day}T10:00:00", f"{day} 10:00:00Z", f"{day}T10:00Z", f"{day}T10:00:60Z", f"{day}T24:00:00Z",
               f"{day}T10:60:00Z", f"{day}T25:00:00Z", f"{day}T10:00:00.Z", f"{day}T10:00:00.1234567890Z",
               f"{day}T10:00:00,5Z", f"{day}T10:00:00+0100", f"{day}T10:00:00+25:00", f"{day}T10:00:00+01:60",
               f"{day}T10:00:00Zx", f" {day}T10:00:00Z", f"{day}T1:00:00Z", "2025-02-30T10:00:00Z",
               "2025-13-01T10:00:00Z", "2025-00-01T10:00:00Z", "2025-01-00T10:00:00Z", "2026-02-29T10:00:00Z",
               "20250301T100000Z", 1740819600, None, True]
        good = [f"{day}T10:00:00Z", f"{day}t10:00:00z", f"{day}T10:00:00+02:00", f"{day}T10:00:00-05:00",
                f"{day}T10:00:00.1Z", f"{day}T10:00:00.123456789Z", f"{day}t10:00:00.5+01:00"]
        self.check_values("serviceTime", "INVALID_SERVICE_TIME", bad, good, base=received)

    def test_amount_values(self):
        self.check_values("amountOre", "INVALID_AMOUNT",
                          [-1, fs.MAX_AMOUNT + 1, "100", "", None, True, False, [100], {}], good=[0, fs.MAX_AMOUNT])
        for text in ("-0", "1.0", "1e2", "1E2", "1e-2", "0.0", "0e0", "-1", "1e9", "9223372036854775807",
                     "9223372036854775808", "-9223372036854775809", "18446744073709551616", "1" * 400, "1e400"):
            with self.subTest(amount=text[:30]):
                self.assert_rejected(self.one_line(raw_item(copayment(), amountOre=text)), "INVALID_AMOUNT")

    def test_paid_values(self):
        self.check_values("paid", "INVALID_PAID", ["true", "", 0, 1, None, []], good=[True, False])

    def test_exemption_values(self):
        def zero(**over):
            return copayment(amountOre=0, **over)
        self.check_values("exemption", "INVALID_EXEMPTION", ["", "b", "BB", "B ", "1", "\u00c5", 5, None, True],
                          good=["A", "B", "G", "H"], base=zero)

    def test_received_time_values(self):
        self.check_values("receivedTime", "INVALID_RECEIVED_TIME",
                          ["", "x", "2025-03-01", "2025-03-01T10:00:00", "2025-03-01T10:00:60Z", 5, None, True])
        item = copayment()
        self.server.submit_one(item)
        for build in (payment, credit_note):
            self.assert_rejected(self.server.submit_one(build(item, receivedTime="x")), "INVALID_RECEIVED_TIME")

    def test_received_on_an_oslo_day_from_2010_to_2199(self):
        for received, code in (("2009-12-31T22:59:59Z", "INVALID_RECEIVED_TIME"), ("2009-12-31T23:00:00Z", "UNKNOWN_ORIGINAL"),
                               ("2199-12-31T22:59:59.999999999Z", "UNKNOWN_ORIGINAL"),
                               ("2199-12-31T23:00:00Z", "INVALID_RECEIVED_TIME")):
            for build in (payment, credit_note):
                with self.subTest(received=received, build=build.__name__):
                    self.assert_rejected(self.server.submit_one(build(copayment(), receivedTime=received)), code)

    def test_exemption_with_amount(self):
        self.assert_rejected(self.server.submit_one(copayment(exemption="B", amountOre=1)), "EXEMPT_WITH_AMOUNT")
        self.assert_rejected(self.server.submit_one(copayment(exemption="F", amountOre=1)), "EXEMPT_WITH_AMOUNT")

    def test_no_rules_for_year(self):
        for year in (1999, 2019, 2020, 2050):
            with self.subTest(year=year):
                item = copayment(serviceTime=f"{year}-06-01T10:00:00Z", receivedTime=f"{max(year, 2010)}-06-02T10:00:00Z")
                self.assert_rejected(self.server.submit_one(item), "NO_RULES_FOR_YEAR")
        for year in fs.CEILING:
            if year <= 2025:
                self.assert_accepted(self.server.submit_one(dated(f"{year}-06-01")))

    def test_year_of_rules_is_the_oslo_year(self):
        received = "2021-01-02T10:00:00Z"
        before = copayment(serviceTime="2020-12-31T22:59:59Z", receivedTime=received)
        after = copayment(serviceTime="2020-12-31T23:00:00Z", receivedTime=received)
        first, second = self.server.submit(before, after)
        self.assert_rejected(first, "NO_RULES_FOR_YEAR")
        self.assert_accepted(second)

    def test_future_is_more_than_five_minutes(self):
        received = "2025-03-01T10:00:00Z"
        for service, ok in (("2025-03-01T10:05:00Z", True), ("2025-03-01T10:05:01Z", False),
                            ("2025-03-01T10:05:00.001Z", False), ("2025-03-01T11:04:59+01:00", True),
                            ("2025-03-02T10:00:00Z", False)):
            result = self.server.submit_one(copayment(serviceTime=service, receivedTime=received))
            with self.subTest(service=service):
                if ok:
                    self.assert_accepted(result)
                else:
                    self.assert_rejected(result, "FUTURE_SERVICE_TIME")

    def test_time_barred_after_the_last_day_of_the_sixth_month(self):
        cases = (
            ("2025-04-01T10:00:00+02:00", "2025-10-31T23:59:59+01:00", True),
            ("2025-04-30T10:00:00+02:00", "2025-10-31T22:59:59Z", True),
            ("2025-04-30T10:00:00+02:00", "2025-10-31T23:00:00Z", False),
            ("2025-04-01T00:00:00+02:00", "2025-11-01T00:00:00+01:00", False),
            ("2025-04-30T22:30:00Z", "2025-11-30T22:59:59Z", True),      # 1 May in Oslo
            ("2025-04-30T22:30:00Z", "2025-11-30T23:00:00Z", False),
            ("2024-08-15T10:00:00+02:00", "2025-02-28T23:59:59+01:00", True),
            ("2024-08-15T10:00:00+02:00", "2025-03-01T00:00:00+01:00", False),
            ("2023-08-15T10:00:00+02:00", "2024-02-29T23:59:59+01:00", True),
            ("2023-08-15T10:00:00+02:00", "2024-03-01T00:00:00+01:00", False),
            ("2024-12-31T23:30:00Z", "2025-07-31T21:59:59Z", True),      # 1 January in Oslo
            ("2024-12-31T22:30:00Z", "2025-07-01T10:00:00Z", False),     # 31 December
        )
        results = self.server.submit(*[copayment(serviceTime=s, receivedTime=r) for s, r, _ in cases])
        for (service, received, ok), result in zip(cases, results):
            with self.subTest(service=service, received=received):
                if ok:
                    self.assert_accepted(result)
                else:
                    self.assert_rejected(result, "TIME_BARRED")

    def test_a_payment_is_never_time_barred(self):
        item = dated("2025-01-10", paid=False)
        self.server.submit_one(item)
        self.assert_accepted(self.server.submit_one(payment(item, received="2026-10-01")), counted=True)

    def test_no_card_registered(self):
        person = fs.new_person()
        f_item = dated("2025-03-01", 0, personId=person, exemption="F")
        self.assert_rejected(self.server.submit_one(f_item), "NO_CARD_REGISTERED")
        crossing = self.server.submit_one(dated("2025-03-01", fs.CEILING[2025], personId=person))
        self.assert_accepted(crossing, exempt=True)
        self.assert_accepted(self.server.submit_one(f_item), counted=False, exempt=True, code="ZERO_AMOUNT")
        other_year = dated("2024-12-30", 0, personId=person, exemption="F")
        self.assert_rejected(self.server.submit_one(other_year), "NO_CARD_REGISTERED")

    def test_unknown_original(self):
        item = copayment()
        for build in (payment, credit_note):
            self.assert_rejected(self.server.submit_one(build(item)), "UNKNOWN_ORIGINAL")
        self.server.submit_one(item)
        for build in (payment, credit_note):
            other = build(item, practiceId=fs.new_practice())
            self.assert_rejected(self.server.submit_one(other), "UNKNOWN_ORIGINAL")
        rejected = copayment(serviceType="X")
        self.server.submit_one(rejected)
        self.assert_rejected(self.server.submit_one(credit_note(rejected)), "UNKNOWN_ORIGINAL")

    def test_payment_of_a_credited_item(self):
        item = copayment(paid=False)
        self.server.submit(item, credit_note(item))
        self.assert_rejected(self.server.submit_one(payment(item)), "ORIGINAL_CREDITED")

    def test_too_old_to_credit(self):
        items = [dated("2022-05-10") for _ in range(3)]
        self.server.submit(*items)
        last, late, later = self.server.submit(
            credit_note(items[0], received="2025-05-10T23:59:59+02:00"),
            credit_note(items[1], received="2025-05-11T00:00:00+02:00"),
            credit_note(items[2], received="2025-12-01"))
        self.assert_accepted(last, counted=False)
        self.assert_rejected(late, "TOO_OLD_TO_CREDIT")
        self.assert_rejected(later, "TOO_OLD_TO_CREDIT")
        again = self.server.submit_one(credit_note(items[0], received="2025-12-01"))
        self.assert_duplicate(again, last)


class PrecedenceTest(fs.ServerCase):
    """The first code of the table that applies is the answer."""

    def one_line(self, text):
        return self.server.stream([text]).results[0]

    def test_type_unknown_missing_duplicate(self):
        item = copayment()
        incomplete = {k: v for k, v in item.items() if k not in ("type", "paid")}
        double = raw_item(incomplete)[:-1] + f',"guid":{json.dumps(item["guid"])}'
        self.assert_rejected(self.one_line('{"type":"bogus","odd":1,' + double[1:] + "}"), "INVALID_TYPE")
        self.assert_rejected(self.one_line(double + ',"odd":1}'), "UNKNOWN_FIELD", "odd")
        self.assert_rejected(self.one_line(double + ',"odd":1,"odd":2,"paid":true}'), "UNKNOWN_FIELD", "odd")
        self.assert_rejected(self.one_line(double + "}"), "MISSING_FIELD", "paid")
        self.assert_rejected(self.one_line(double + ',"paid":true}'), "DUPLICATE_FIELD", "guid")

    def test_structure_comes_before_values(self):
        bad = copayment(guid="x", personId="x")
        self.assert_rejected(self.server.submit_one({**bad, "odd": 1}), "UNKNOWN_FIELD", "odd")
        self.assert_rejected(self.server.submit_one({k: v for k, v in bad.items() if k != "paid"}), "MISSING_FIELD",
                             "paid")
        self.assert_rejected(self.one_line(raw_item(bad)[:-1] + ',"paid":true}'), "DUPLICATE_FIELD", "paid")

    def test_values_from_left_to_right(self):
        good = dated("2025-03-01", 0, exemption="B")
        chain = (("guid", "INVALID_GUID"), ("practiceId", "INVALID_PRACTICE_ID"), ("personId", "INVALID_PERSON_ID"),
                 ("serviceType", "INVALID_SERVICE_TYPE"), ("serviceTime", "INVALID_SERVICE_TIME"),
                 ("amountOre", "INVALID_AMOUNT"), ("paid", "INVALID_PAID"), ("exemption", "INVALID_EXEMPTION"),
                 ("receivedTime", "INVALID_RECEIVED_TIME"))
        # The item's own order is turned round: only the table's order may decide.
        item = {field: "x" for field, _ in reversed(chain)}
        item["amountOre"] = -1
        for field, code in chain:
            self.assert_rejected(self.server.submit_one(item), code)
            item[field] = good[field]
        self.assert_accepted(self.server.submit_one(item))

    def test_values_before_exemption_with_amount(self):
        item = copayment(exemption="B", amountOre=100, receivedTime="x")
        self.assert_rejected(self.server.submit_one(item), "INVALID_RECEIVED_TIME")

    def test_exemption_with_amount_before_the_key(self):
        item = dated("2025-03-01", 0, exemption="B")
        self.server.submit_one(item)
        self.assert_rejected(self.server.submit_one({**item, "amountOre": 5}), "EXEMPT_WITH_AMOUNT")
        self.assert_rejected(self.server.submit_one({**item, "amountOre": 5, "serviceTime": "2019-03-01T10:00:00Z"}),
                             "EXEMPT_WITH_AMOUNT")

    def test_values_before_the_key(self):
        item = dated("2025-03-01")
        self.server.submit_one(item)
        self.assert_rejected(self.server.submit_one({**item, "serviceType": "X"}), "INVALID_SERVICE_TYPE")

    def test_the_key_before_the_rules(self):
        item = dated("2025-03-01")
        first = self.server.submit_one(item)
        barred = {**item, "receivedTime": fs.oslo_text("2025-12-01")}
        self.assert_duplicate(self.server.submit_one(barred), first)
        self.assert_rejected(self.server.submit_one({**barred, "amountOre": 5}), "CONTENT_CONFLICT")
        self.assert_rejected(self.server.submit_one({**item, "serviceTime": "2019-03-01T10:00:00Z"}), "CONTENT_CONFLICT")
        self.assert_rejected(self.server.submit_one({**item, "serviceTime": "2025-06-01T10:00:00Z"}), "CONTENT_CONFLICT")
        self.assert_rejected(self.server.submit_one({**item, "amountOre": 0, "exemption": "F"}), "CONTENT_CONFLICT")

    def test_no_rules_before_future_and_time_barred(self):
        future = copayment(serviceTime="2050-06-01T10:00:00Z", receivedTime="2025-06-01T10:00:00Z")
        self.assert_rejected(self.server.submit_one(future), "NO_RULES_FOR_YEAR")
        barred = copayment(serviceTime="2019-06-01T10:00:00Z", receivedTime="2025-06-01T10:00:00Z")
        self.assert_rejected(self.server.submit_one(barred), "NO_RULES_FOR_YEAR")

    def test_future_and_time_barred_before_no_card(self):
        future = dated("2025-06-01", 0, received="2025-05-01", exemption="F")
        self.assert_rejected(self.server.submit_one(future), "FUTURE_SERVICE_TIME")
        barred = dated("2025-03-01", 0, received="2025-12-01", exemption="F")
        self.assert_rejected(self.server.submit_one(barred), "TIME_BARRED")

    def test_duplicate_payment_before_original_credited(self):
        item = copayment(paid=False)
        results = self.server.submit(item, payment(item), credit_note(item), payment(item))
        self.assert_duplicate(results[3], results[1])

    def test_unknown_original_before_too_old(self):
        item = dated("2022-05-10")
        self.assert_rejected(self.server.submit_one(credit_note(item, received="2026-05-10")), "UNKNOWN_ORIGINAL")


class BodyTest(fs.ServerCase):

    def test_one_object_and_one_array(self):
        reply = self.server.post_json(PATH, copayment())
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.media_type, fs.JSON_TYPE)
        answer = reply.json()
        self.assertEqual(len(answer["results"]), 1)
        self.assertIsInstance(answer["receipts"], list)
        self.assert_accepted(answer["results"][0])
        results = self.server.submit(copayment(), copayment(serviceType="X"), copayment())
        self.assertEqual([r["verdict"] for r in results], ["accepted", "rejected", "accepted"])

    def test_json_with_white_space(self):
        body = json.dumps([copayment(), copayment()], indent=3).replace("\n", "\r\n").encode()
        reply = self.server.post_json(PATH, b" \r\n\t" + body + b"\n ")
        self.assertEqual([r["verdict"] for r in reply.json()["results"]], ["accepted", "accepted"])

    def test_empty_array(self):
        reply = self.server.post_json(PATH, [])
        self.assertEqual(reply.status, 200, reply.body[:300])
        self.assertEqual(reply.json()["results"], [])

    def test_ndjson(self):
        items = [copayment(), copayment(paid=False), copayment(serviceType="X")]
        answer = self.server.stream(items + [items[0]])
        self.assertEqual(answer.reply.media_type, fs.NDJSON_TYPE)
        self.assertEqual([r["index"] for r in answer.results], [0, 1, 2, 3], "results in the order sent")
        self.assertEqual([r["verdict"] for r in answer.results], ["accepted", "accepted", "rejected", "duplicate"])
        self.assertEqual(answer.others, [], "only results and receipts")

    def test_blank_lines_and_line_ends(self):
        a, b, c = (fs.compact(copayment()).encode() for _ in range(3))
        body = b"\n\r\n" + a + b"\r\n\n\n" + b + b"\n\r\n" + c  # The last line has no end.
        answer = self.server.stream(body)
        self.assertEqual([(r["index"], r["verdict"]) for r in answer.results],
                         [(0, "accepted"), (1, "accepted"), (2, "accepted")], "blank lines are not counted")

    def test_lines_of_white_space_are_blank(self):
        answer = self.server.stream(b"  \t \n" + fs.ndjson([copayment()]) + b" \n")
        self.assertEqual([(r["index"], r["verdict"]) for r in answer.results], [(0, "accepted")])

    def test_ndjson_without_lines(self):
        for body in (b"", b"\n", b"\r\n\n\n"):
            answer = self.server.stream(body)
            self.assertEqual(answer.results, [], f"body {body!r}")

    def test_many_lines(self):
        practice = fs.new_practice()
        people = [fs.new_person() for _ in range(100)]
        items = [copayment(personId=people[i % 100], practiceId=practice, amountOre=100) for i in range(5000)]
        answer = self.server.stream(items)
        self.assertEqual([r["index"] for r in answer.results], list(range(5000)))
        self.assertEqual({r["verdict"] for r in answer.results}, {"accepted"})
        self.assertEqual([r["guid"].lower() for r in answer.results], [i["guid"] for i in items])

    def test_chunked_upload(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            body = fs.ndjson([copayment() for _ in range(10)])
            pieces = [body[i:i + 97] for i in range(0, len(body), 97)]
            connection.request("POST", PATH, iter(pieces), {"Content-Type": fs.NDJSON_TYPE,
                                                            "Transfer-Encoding": "chunked"}, encode_chunked=True)
            response = connection.getresponse()
            answer = fs.NdjsonReply(fs.Reply(response.status, response.headers, response.read()))
        finally:
            connection.close()
        self.assertEqual(answer.status, 200)
        self.assertEqual([r["verdict"] for r in answer.results], ["accepted"] * 10)

    def test_connection_is_kept(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            connection.connect()
            sock = connection.sock
            for _ in range(5):
                connection.request("POST", PATH, fs.compact([copayment()]), {"Content-Type": fs.JSON_TYPE})
                response = connection.getresponse()
                self.assertEqual(response.status, 200)
                self.assert_accepted(json.loads(response.read())["results"][0])
            self.assertIs(connection.sock, sock, "five requests on one connection")
        finally:
            connection.close()

    def test_content_types(self):
        item = fs.compact([copayment()]).encode()
        for good in ("application/json", "application/json; charset=utf-8", "Application/JSON",
                     "application/json;charset=UTF-8"):
            reply = self.server.request("POST", PATH, item, {"Content-Type": good})
            self.assertEqual(reply.status, 200, f"{good}: {reply.body[:200]!r}")
        reply = self.server.request("POST", PATH, fs.ndjson([copayment()]),
                                    {"Content-Type": "application/x-ndjson; charset=utf-8"})
        self.assertEqual(reply.status, 200)
        for bad in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonx"):
            with self.subTest(content_type=bad):
                self.assert_problem(self.server.request("POST", PATH, item, {"Content-Type": bad}), 415)
        with self.subTest("no content type"):
            self.assert_problem(self.server.request("POST", PATH, item), (400, 415))

    def test_invalid_json_body_is_400(self):
        good = raw_item(copayment())
        for body in ("", "{", "[", "[" + good, good + ",", "nonsense", good + good, "[" + good + ",]", "[" * 50_000):
            with self.subTest(body=body[:40]):
                self.assert_problem(self.server.post_json(PATH, body.encode()), 400, "MALFORMED_REQUEST")

    def test_nothing_of_a_malformed_body_is_committed(self):
        item = copayment()
        body = "[" + raw_item(item) + ",{]"
        self.assert_problem(self.server.post_json(PATH, body.encode()), 400, "MALFORMED_REQUEST")
        self.assert_accepted(self.server.submit_one(item))

    def test_invalid_utf8_in_a_json_body(self):
        body = raw_item(copayment()).encode().replace(b'"LE"', b'"\xff\xfe"')
        reply = self.server.post_json(PATH, b"[" + body + b"]")
        if reply.status == 200:
            self.assert_rejected(reply.json()["results"][0], "MALFORMED_ITEM")
        else:
            self.assert_problem(reply, 400, "MALFORMED_REQUEST")

    def test_lone_surrogate_and_hostile_lines_get_a_verdict(self):
        lines = ['{"guid":"\\ud800"}', raw_item(copayment(), serviceType='"\\udfff"'),
                 '{"' + "k" * 100_000 + '":1}', raw_item(copayment(), amountOre="1e999999999"),
                 raw_item(copayment(), amountOre="[" * 1000 + "]" * 1000), raw_item(copayment(), paid='{"a":{"a":1}}')]
        answer = self.server.stream(lines)
        self.assertEqual([r["verdict"] for r in answer.results], ["rejected"] * len(lines))
        self.assert_accepted(self.server.submit_one(copayment()))


class RequestErrorTest(fs.ServerCase):

    def test_unknown_path(self):
        for method, path in (("GET", "/v1/nothing"), ("POST", "/v1/nothing"), ("GET", "/v1/registrationsx")):
            with self.subTest(path=path):
                self.assert_problem(self.server.request(method, path), 404)

    def test_wrong_method_names_the_allowed_ones(self):
        for method, path, allowed in (("GET", PATH, "POST"), ("PUT", PATH, "POST"), ("DELETE", PATH, "POST"),
                                      ("GET", "/v1/persons/account", "POST"), ("GET", "/v1/card-status", "POST"),
                                      ("POST", "/v1/timeliness", "GET"), ("POST", "/isalive", "GET")):
            with self.subTest(method=method, path=path):
                reply = self.server.request(method, path)
                self.assert_problem(reply, 405)
                methods = [part.strip() for part in (reply.header("Allow") or "").split(",")]
                self.assertIn(allowed, methods, "405 has Allow")

    def test_declared_body_too_large(self):
        head = (f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                f"Content-Length: {1 << 40}\r\n\r\n[")
        reply = self.server.raw(head.encode())
        self.assert_problem(reply, 413, "TOO_LARGE")

    def test_header_too_large(self):
        head = f"GET /isalive HTTP/1.1\r\nHost: localhost\r\nX-Large: {'x' * (1 << 20)}\r\n\r\n"
        self.assert_problem(self.server.raw(head.encode()), 431, "HEADER_TOO_LARGE")
        self.assertEqual(self.server.get("/isalive").status, 200)

    def test_garbage_instead_of_http(self):
        for data in (b"GARBAGE\r\n\r\n", b"\x00\x01\x02\x03\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                     b"POST /v1/registrations HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
                     b"POST /v1/registrations HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n[]",
                     b"POST /v1/registrations HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"):
            with self.subTest(data=data[:60]):
                try:
                    reply = self.server.raw(data, timeout=5)
                except TimeoutError:
                    self.fail("neither an answer nor a closed connection within 5 s")
                # A chunked stream may have got its 200 before the bad chunk was seen.
                if reply is not None and b"chunked" not in data:
                    self.assertTrue(400 <= reply.status <= 505, f"status {reply.status}")
                self.assertEqual(self.server.get("/isalive").status, 200, "the server goes on")

    def test_client_that_goes_away(self):
        item = copayment()
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=5) as sock:
                sock.sendall(f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                             f"Content-Length: 5000\r\n\r\n{raw_item(item)[:50]}".encode())
        self.assert_accepted(self.server.submit_one(item))

    def test_correlation_id_is_echoed(self):
        mine = fs.new_guid()
        reply = self.server.post_json(PATH, [copayment()], {"Correlation-Id": mine})
        self.assertEqual(reply.status, 200)
        self.assertEqual((reply.header("Correlation-Id") or "").lower(), mine)
        reply = self.server.post_json(PATH, b"{", {"Correlation-Id": mine})
        problem = self.assert_problem(reply, 400, "MALFORMED_REQUEST")
        self.assertEqual(problem["correlationId"].lower(), mine)
        self.assertEqual((reply.header("Correlation-Id") or "").lower(), mine)

    def test_correlation_id_is_created(self):
        seen = set()
        for body in ([copayment()], b"{"):
            reply = self.server.post_json(PATH, body)
            value = reply.header("Correlation-Id") or ""
            self.assertRegex(value, UUID_PATTERN, "a Correlation-Id is created")
            if reply.status != 200:
                self.assertEqual(reply.json()["correlationId"], value, "in the problem as in the header")
            seen.add(value)
        self.assertEqual(len(seen), 2, "each request has a Correlation-Id of its own")

    def test_correlation_id_that_is_no_uuid_does_no_harm(self):
        reply = self.server.post_json(PATH, [copayment()], {"Correlation-Id": "<script>"})
        self.assertIn(reply.status, (200, 400))
        self.assertNotIn(b"<script>", reply.body)


class ReceivedTimeTest(fs.ServerCase):

    def test_received_time_is_trusted_without_authentication(self):
        item = dated("2024-05-06", received="2024-05-20")
        self.assert_accepted(self.server.submit_one(item))
        line = self.server.account(item["personId"], 2024)["registrations"][0]
        self.assert_same_instant(line["receivedTime"], item["receivedTime"], "receivedTime")
        self.assert_same_instant(line["serviceTime"], item["serviceTime"], "serviceTime")


class PresentTest(fs.ServerCase):
    """Items without a received time, which are received now: whatever day that is, its year has a ceiling."""

    @classmethod
    def configuration(cls):
        return {"ceilings": fs.ceilings(fs.present_years())}

    def test_received_is_now_by_default(self):
        item = copayment(serviceTime=fs.oslo_text(fs.recent_day()))
        before = datetime.datetime.now(fs.UTC)
        self.assert_accepted(self.server.submit_one(item))
        after = datetime.datetime.now(fs.UTC)
        year = fs.oslo_date(fs.parse_time(item["serviceTime"])).year
        got = fs.parse_time(self.server.account(item["personId"], year)["registrations"][0]["receivedTime"])
        second = datetime.timedelta(seconds=1)
        self.assertTrue(before - second <= got <= after + second, f"received {got}, sent between {before} and {after}")

    def test_future_without_received_time_is_measured_from_now(self):
        now = datetime.datetime.now(fs.UTC)
        near, far = now + datetime.timedelta(minutes=4), now + datetime.timedelta(minutes=7)
        first, second = self.server.submit(copayment(serviceTime=fs.utc_text(near)), copayment(serviceTime=fs.utc_text(far)))
        self.assert_accepted(first)
        self.assert_rejected(second, "FUTURE_SERVICE_TIME")

    def test_time_barred_without_received_time(self):
        old = fs.recent_day(250)
        self.assert_rejected(self.server.submit_one(copayment(serviceTime=fs.oslo_text(old))), "TIME_BARRED")


class LeapDayTest(fs.ServerCase):

    @classmethod
    def configuration(cls):
        return {"ceilings": fs.ceilings((2020,))}

    def test_too_old_to_credit_after_a_leap_day(self):
        items = [dated("2020-02-29") for _ in range(2)]
        self.server.submit(*items)
        last, late = self.server.submit(credit_note(items[0], received="2023-02-28T23:59:59+01:00"),
                                        credit_note(items[1], received="2023-03-01T00:00:00+01:00"))
        self.assert_accepted(last)
        self.assert_rejected(late, "TOO_OLD_TO_CREDIT")


class ReceiptTest(fs.ServerCase):

    def check(self, results, texts, receipts):
        covered = {}
        for receipt in receipts:
            for key in ("position", "first", "last", "root", "path", "keyId", "signature"):
                self.assertIn(key, receipt, f"receipt: {receipt}")
            self.assertTrue(0 <= receipt["first"] <= receipt["last"] < len(results), f"range of {receipt}")
            self.assertEqual(len(bytes.fromhex(receipt["root"])), 32, "root in hex")
            self.assertEqual(len(bytes.fromhex(receipt["signature"])), 64, "signature in hex")
            self.assertTrue(fs.receipt_root_matches(receipt, texts),
                            f"the path must lead from the results {receipt['first']}-{receipt['last']} to the root")
            for index in range(receipt["first"], receipt["last"] + 1):
                covered[index] = covered.get(index, 0) + 1
        for result in results:
            if result["verdict"] == "accepted":
                self.assertEqual(covered.get(result["index"]), 1, f"exactly one receipt covers {result}")

    def check_signatures(self, receipts):
        try:
            import cryptography  # noqa: F401
        except ImportError:
            self.skipTest("python3-cryptography is not installed")
        jwks = self.server.jwks()
        self.assertTrue(receipts, "receipts to check")
        for receipt in receipts:
            self.assertTrue(fs.signature_valid(receipt, jwks), f"signature of {receipt}")
            changed = {**receipt, "root": fs.leaf_hash([b"other"]).hex()}
            self.assertFalse(fs.signature_valid(changed, jwks), "a changed root must not pass")

    def test_json(self):
        known = copayment()
        self.server.submit_one(known)
        reply = self.server.post_json(PATH, [copayment(), known, copayment(serviceType="X"), copayment()])
        answer = reply.json()
        texts = [fs.result_text(result) for result in answer["results"]]
        self.assertTrue(answer["receipts"], "committed items have a receipt")
        self.check(answer["results"], texts, answer["receipts"])
        changed = [texts[0].replace(b'"counted":true', b'"counted":false'), *texts[1:]]
        self.assertNotEqual(changed[0], texts[0])
        first = next(r for r in answer["receipts"] if r["first"] == 0)
        self.assertFalse(fs.receipt_root_matches(first, changed), "a changed result must not match")
        self.check_signatures(answer["receipts"])

    def test_ndjson(self):
        items = [copayment(amountOre=100) for _ in range(2500)]
        answer = self.server.stream(items)
        self.assertEqual(len(answer.results), 2500)
        self.check(answer.results, answer.texts, answer.receipts)
        self.check_signatures(answer.receipts[:5])


if __name__ == "__main__":
    unittest.main()
