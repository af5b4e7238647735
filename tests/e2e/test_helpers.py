"""The helpers themselves: numbers, time, Merkle paths. Needs no server."""

import datetime
import unittest

import frikort_server as fs


class NumberTest(unittest.TestCase):

    def test_published_vectors(self):
        for number in fs.PUBLISHED_NUMBERS:
            first, second = fs.rests(number)
            self.assertEqual(second, 0, f"second rest of {number}")
            self.assertEqual(first, 1 if number == "30108299939" else 0, f"first rest of {number}")

    def test_generated_numbers_are_synthetic_valid_and_distinct(self):
        numbers = [fs.synthetic_number(i) for i in range(5000)]
        self.assertEqual(len(set(numbers)), 5000)
        for number in numbers:
            self.assertEqual(fs.rests(number), (0, 0))
            self.assertTrue(81 <= int(number[2:4]) <= 92, number)
            self.assertTrue(1 <= int(number[:2]) <= 28, number)
        self.assertEqual(fs.synthetic_number(17), numbers[17])

    def test_other_series(self):
        for index in range(50):
            self.assertTrue(41 <= int(fs.synthetic_dnumber(index)[:2]) <= 68)
            self.assertTrue(41 <= int(fs.synthetic_number_40(index)[2:4]) <= 52)
            self.assertTrue(66 <= int(fs.synthetic_number_65(index)[2:4]) <= 77)
            self.assertEqual(fs.rests(fs.synthetic_dnumber(index)), (0, 0))

    def test_wrong_digits(self):
        for index in range(50):
            self.assertNotEqual(fs.rests(fs.wrong_last_digit(fs.synthetic_number(index)))[1], 0)
        for rest in range(11):
            self.assertEqual(fs.rests(fs.number_with_rest(rest)), (rest, 0))


class TimeTest(unittest.TestCase):

    def test_oslo_matches_the_time_zone_database(self):
        try:
            import zoneinfo
            zone = zoneinfo.ZoneInfo("Europe/Oslo")
        except (ImportError, KeyError):
            self.skipTest("no time zone database")
        instant = datetime.datetime(2021, 1, 1, tzinfo=fs.UTC)
        while instant.year < 2028:
            self.assertEqual(fs.to_oslo(instant).utcoffset(), instant.astimezone(zone).utcoffset(), instant)
            instant += datetime.timedelta(minutes=30 * 47)
        for day in ("2025-03-30", "2025-10-26"):
            for minute in range(0, 24 * 60, 15):
                instant = datetime.datetime.fromisoformat(day).replace(tzinfo=fs.UTC) + datetime.timedelta(minutes=minute)
                self.assertEqual(fs.to_oslo(instant).utcoffset(), instant.astimezone(zone).utcoffset(), instant)

    def test_parse_and_format(self):
        self.assertEqual(fs.parse_time("2025-01-01T00:30:00+01:00"), fs.parse_time("2024-12-31t23:30:00.000z"))
        self.assertEqual(fs.oslo_text("2025-07-01", "00:30:00"), "2025-07-01T00:30:00+02:00")
        self.assertEqual(fs.oslo_text("2025-12-01"), "2025-12-01T10:00:00+01:00")


class MerkleTest(unittest.TestCase):

    def test_paths_of_a_tree_of_three_leaves(self):
        texts = [[b'{"index":0}', b'{"index":1}'], [b'{"index":2}'], [b'{"index":3}']]
        a, b, c = (fs.leaf_hash(group) for group in texts)
        root = fs.node_hash(fs.node_hash(a, b), c)
        ab = fs.node_hash(a, b)
        self.assertEqual(fs.climb(a, [{"right": b.hex()}, {"right": c.hex()}]), root)
        self.assertEqual(fs.climb(b, [{"left": a.hex()}, {"right": c.hex()}]), root)
        self.assertEqual(fs.climb(c, [{"left": ab.hex()}]), root)
        receipt = {"first": 0, "last": 1, "path": [{"right": b.hex()}, {"right": c.hex()}], "root": root.hex()}
        self.assertTrue(fs.receipt_root_matches(receipt, texts[0]))
        self.assertFalse(fs.receipt_root_matches(receipt, [b'{"index":0}', b'{"index":9}']))
        with self.assertRaises(AssertionError):
            fs.climb(a, [{"up": b.hex()}])

    def test_signature(self):
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
            from cryptography.hazmat.primitives import serialization
        except ImportError:
            self.skipTest("python3-cryptography is not installed")
        import base64
        key = Ed25519PrivateKey.generate()
        raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        jwks = {"keys": [{"kid": "k1", "kty": "OKP", "crv": "Ed25519", "x": x}]}
        root = fs.leaf_hash([b"{}"])
        receipt = {"keyId": "k1", "root": root.hex(), "signature": key.sign(root).hex()}
        self.assertTrue(fs.signature_valid(receipt, jwks))
        receipt["root"] = fs.leaf_hash([b"[]"]).hex()
        self.assertFalse(fs.signature_valid(receipt, jwks))


class ItemTest(unittest.TestCase):

    def test_builders(self):
        item = fs.dated("2025-04-15", 100, paid=False, serviceType=fs.ABSENT)
        self.assertEqual((item["serviceTime"], item["receivedTime"]),
                         ("2025-04-15T10:00:00+02:00", "2025-04-18T12:00:00+02:00"))
        self.assertNotIn("serviceType", item)
        note = fs.credit_note(item, received="2025-05-01")
        self.assertEqual(note, {"type": "creditNote", "guid": item["guid"], "practiceId": item["practiceId"],
                                "receivedTime": "2025-05-01T12:00:00+02:00"})
        self.assertEqual(fs.ndjson([{"a": 1}, b"x", "y"]), b'{"a":1}\nx\ny\n')


if __name__ == "__main__":
    unittest.main()
