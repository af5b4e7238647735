"""What is rejected, with which code and field, and what is just allowed."""

import json
import unittest

import frikort_server as fs
from frikort_server import ABSENT, copayment, credit_note, dated, payment, raw_item

PATH = "/v1/registrations"


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


if __name__ == "__main__":
    unittest.main()
