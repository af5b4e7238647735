"""What is sent to the national card query: encrypted wrongly, or with the wrong text in it. And what must pass."""

import datetime
import gzip
import json
import os
import unittest

import frikort_server as fs
import national_client as nc
import token_issuer as ti
from national_case import NationalCase, sections
from national_client import CIPHERTEXT, FIELDS, HEADER, IV, TAG, WRAPPED_KEY, question
from test_card_status import years_back

PERSON, KIND, DAY = FIELDS


class BodyCase(NationalCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = cls.client.fetch_key()

    def assert_refused_plaintexts(self, rows):
        """Rows of the name that is told (None: none) and a plaintext."""
        for name, plaintext in rows:
            with self.subTest(repr(plaintext)[:100]):
                self.assert_bad_request(self.client.post(self.client.encrypt(plaintext)), name)
                self.assert_served()


class MediaTypeTest(BodyCase):

    def test_wrong(self):
        for value in (None, "application/json", "application/jose+json", "text/plain", "application/jo",
                      "application/joses", "application/octet-stream", "jose", ""):
            with self.subTest(value=value):
                self.assert_bad_request(self.client.post(headers={"Content-Type": value}))
                self.assert_served()

    def test_right(self):
        for value in ("Application/JOSE", "application/jose; charset=utf-8", "application/jose;a=b"):
            with self.subTest(value=value):
                self.assert_served(headers={"Content-Type": value, "Accept": "text/html"})

    def test_coded_bodies(self):
        for coding in ("gzip", "deflate", "br", "x"):
            with self.subTest(coding):
                body = gzip.compress(self.client.encrypt()) if coding == "gzip" else self.client.encrypt()
                self.assert_bad_request(self.client.post(body, headers={"Content-Encoding": coding}))
                self.assert_served()


class SizeTest(BodyCase):

    more = sections(national={"body_bytes_max": 8192})

    def padded(self, size):
        """A right question in a body of about that size."""
        plaintext = fs.compact(question()).encode()
        return self.client.encrypt(plaintext + b" " * ((size - len(self.client.encrypt(plaintext))) * 3 // 4))

    def test_up_to_the_limit(self):
        body = self.padded(8192)
        self.assertGreater(len(body), 8100)
        self.assertLessEqual(len(body), 8192)
        self.assert_answer(self.client.post(body))

    def test_above_it(self):
        for size in (8300, 100_000):
            with self.subTest(size=size):
                fields = "".join(f"{name}: {value}\r\n" for name, value in self.client.credentials().items())
                reply = self.client.raw("Host: a\r\n" + fields, self.padded(size))
                self.assert_bad_request(reply)
                self.assertEqual(reply.header("Connection"), "close")
                self.assert_served()

    def test_in_chunks(self):
        for size, status in ((4000, 200), (20_000, 400)):
            with self.subTest(size=size):
                headers, body = self.client.prepare(self.padded(size))
                chunks = b"".join(b"%x\r\n%b\r\n" % (len(body[i:i + 1000]), body[i:i + 1000])
                                  for i in range(0, len(body), 1000))
                fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                head = f"POST {nc.QUERY} HTTP/1.1\r\nHost: a\r\n{fields}Transfer-Encoding: chunked\r\n\r\n"
                reply = self.server.raw(head.encode() + chunks + b"0\r\n\r\n")
                if status == 200:
                    self.assert_answer(reply)
                else:
                    self.assert_bad_request(reply)
                self.assert_served()


class DefaultSizeTest(BodyCase):

    def test_64_kilobytes(self):
        white = fs.compact(question()).encode()
        self.assert_answer(self.client.post(self.client.encrypt(white + b" " * 47_000)))
        self.assert_bad_request(self.client.post(self.client.encrypt(white + b" " * 50_000)))
        self.assert_served()

    def test_fields_of_16_kilobytes(self):
        headers = {**self.client.prepare()[0], "X-Filler": ""}
        filler = 16_384 - sum(len(name) + len(value) + 4 for name, value in headers.items())
        self.assert_served(headers={"X-Filler": "x" * filler})


class EncryptionTest(BodyCase):
    """All these failures have one and the same text."""

    def assert_all_alike(self, rows):
        texts = set()
        for name, body in rows:
            with self.subTest(name):
                texts.add(self.assert_bad_request(self.client.post(body if isinstance(body, bytes) else body.encode())))
                self.assert_served()
        reply = self.client.post(nc.with_bit_changed(self.client.encrypt().decode(), TAG).encode())
        texts.add(self.assert_bad_request(reply))
        self.assertEqual(len(texts), 1, texts)

    def make(self, header=None, **knobs):
        return self.client.encrypt(None, header, **knobs).decode()

    def test_no_body(self):
        self.assert_bad_request(self.client.post(b""))
        self.assert_served()

    def test_form(self):
        right = self.make()
        header, key, iv, ciphertext, tag = right.split(".")
        general = {"protected": header, "iv": iv, "ciphertext": ciphertext, "tag": tag}
        self.assert_all_alike([
            ("plain JSON", fs.compact(question())), ("garbage", "garbage"), ("dots", "...."),
            ("bytes", os.urandom(600)), ("four parts", right.rpartition(".")[0]), ("six parts", right + "." + tag),
            ("a dot at the end", right + "."),
            ("flattened JSON", json.dumps({**general, "encrypted_key": key})),
            ("general JSON", json.dumps({**general, "recipients": [{"encrypted_key": key}]})),
            ("padding", f"{header}.{key}==.{iv}.{ciphertext}.{tag}"), ("padding at the end", right + "=="),
            ("a blank before", " " + right), ("a line end after", right + "\r\n"), ("in quotes", f'"{right}"'),
            ("the other alphabet", f"{header}.{'+/' + key[2:]}.{iv}.{ciphertext}.{tag}"),
            *((f"part {i} empty", ".".join(part if j != i else "" for j, part in enumerate(right.split("."))))
              for i in range(5)),
            ("a signed JWT", self.client.token()), ("an array", json.dumps([right])),
        ])

    def test_algorithms(self):
        _, *rest = self.make().split(".")
        direct = ti.encode_part({"alg": "dir", "enc": "A256GCM", "kid": self.key["kid"]})
        self.assert_all_alike([
            ("RSA-OAEP", self.make(wrapping="RSA-OAEP")), ("RSA1_5", self.make(wrapping="RSA1_5")),
            *((f"alg {alg}", self.make({"alg": alg})) for alg in (
                None, "RSA-OAEP", "RSA1_5", "RSA-OAEP-512", "rsa-oaep-256", "A256KW", "A256GCMKW", "ECDH-ES",
                "PBES2-HS256+A128KW", "none", "", 1, ["RSA-OAEP-256"])),
            ("RSA-OAEP by its name alone", self.make({"alg": "RSA-OAEP-256"}, wrapping="RSA-OAEP")),
            ("RSA1_5 under our name", self.make({"alg": "RSA-OAEP-256"}, wrapping="RSA1_5")),
            ("dir", ".".join([direct, "", *rest[1:]])), ("dir with a key", ".".join([direct, *rest])),
        ])

    def test_contents(self):
        self.assert_all_alike([
            *((content, self.make(content=content)) for content in ("A128GCM", "A192GCM", "A256CBC-HS512")),
            *((f"enc {enc}", self.make({"enc": enc})) for enc in (
                None, "A128GCM", "A192GCM", "A256CBC-HS512", "A128CBC-HS256", "a256gcm", "", 1, ["A256GCM"])),
        ])

    def test_keys(self):
        other = ti.RsaKey().public_jwk()
        self.assert_all_alike([
            *((f"kid {kid}", self.make({"kid": kid}))
              for kid in (None, "unknown", 1, "", self.key["kid"] + "x", [self.key["kid"]], "../query-1")),
            ("another key under our kid", nc.encrypt({**other, "kid": self.key["kid"]}, self.client.plaintext)),
            ("another key and its jwk", nc.encrypt({**other, "kid": self.key["kid"]}, self.client.plaintext,
                                                   {"jwk": other})),
        ])

    def test_header(self):
        kid = self.key["kid"]
        right = f'"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"{kid}"'
        sent = lambda text: self.make(as_sent=text.encode("latin-1"))
        self.assert_all_alike([
            *((f"zip {value}", self.make({"zip": value})) for value in ("DEF", "GZIP", "", 1)),
            *((f"crit {value}", self.make({"crit": value})) for value in ([], ["exp"], ["kid"], ["b64"], "exp", {})),
            ("no JSON", sent("alg: RSA-OAEP-256")), ("an array", sent("[]")), ("a text", sent('"RSA-OAEP-256"')),
            ("null", sent("null")), ("cut", sent("{" + right)), ("something behind", sent("{" + right + "}}")),
            ("bad UTF-8", sent("{" + right + ',"more":"\xff"}')), ("empty object", sent("{}")),
            ("kid twice", sent("{" + right + f',"kid":"{kid}"}}')),
            ("alg twice", sent('{"alg":"RSA1_5",' + right + "}")),
            ("an ignored name twice", sent("{" + right + ',"typ":"JWE","typ":"JWE"}')),
            ("the empty name twice", sent("{" + right + ',"":1,"":1}')),
            ("5000 levels deep", sent("{" + right + ',"more":' + "[" * 5000 + "]" * 5000 + "}")),
        ])

    def test_what_nobody_reads_of_the_header_may_be_large(self):
        self.assert_served(body=self.client.encrypt(None, {"x5c": ["A" * 5000], "": 1, "more": {"a": ["B" * 5000]}}))

    def test_lengths(self):
        self.assert_all_alike([
            *((f"a content key of {size}", self.make(key_bytes=size)) for size in (16, 24)),
            *((f"an IV of {size}", self.make(iv_bytes=size)) for size in (8, 16)),
            *((f"a tag of {size}", self.make(tag_bytes=size)) for size in (1, 4, 12, 15)),
        ])

    def test_one_bit(self):
        right = self.make()
        header = ti.decode_part(right.split(".")[HEADER])
        self.assert_all_alike([
            *((f"part {part}, byte {byte}", nc.with_bit_changed(right, part, byte))
              for part in (HEADER, WRAPPED_KEY, IV, CIPHERTEXT, TAG) for byte in (0, -1)),
            ("white space in the header", nc.with_part(right, HEADER, header.replace(b", ", b",", 1))),
            ("the tag of another", right.rpartition(".")[0] + "." + self.make().rpartition(".")[2]),
            ("the header of another", nc.with_part(right, HEADER, header[:-1] + b', "typ": "JWE"}')),
        ])


class PlaintextTest(BodyCase):

    def test_no_object(self):
        right = fs.compact(question()).encode()
        name = PERSON.encode()
        self.assert_refused_plaintexts([(None, plaintext) for plaintext in (
            b"", b" ", right[:-1], right[:40], b"[" + right + b"]", b"[]", b'"text"', b"null", b"true", b"1",
            right + b"}", right + right, right + b",", right + b"x", b"\xef\xbb\xbf" + right, b"/* a */" + right,
            right[:-1] + b",}", right.replace(b'"', b"'"), right.replace(b'"' + name + b'"', name),
            right.replace(b"LE", b"L\xff"), right.replace(b"LE", b"\xed\xa0\x80"), right.replace(b"LE", b"L\nE"),
            right.decode().encode("utf-16"), right + b"\0", b"[" * 5000 + b"]" * 5000,
            b'{"a":' * 5000 + b"1" + b"}" * 5000, right[:-1] + b',"more":' + b"[" * 5000 + b"]" * 5000 + b"}")])

    def test_nested(self):
        claims = question()
        self.assert_refused_plaintexts([
            (None, ti.sign_jws(self.issuers.client, {"alg": "ES256", "typ": "JWT"}, claims).encode()),
            (None, ti.sign_jws(ti.SecretKey(b"k"), {"alg": "none"}, claims).rpartition(".")[0].encode() + b"."),
            (None, self.client.encrypt(claims)),
        ])
        inner = self.client.encrypt(claims)
        for content_type in ("JWT", "jose", "application/json"):
            reply = self.client.post(self.client.encrypt(inner, {"cty": content_type}))
            self.assert_bad_request(reply)
            self.assert_served()

    def test_fields(self):
        right = fs.compact(question())
        twice = lambda name, value: (right[:-1] + f',"{name}":"{value}"}}').encode()
        without = lambda name: {key: value for key, value in question().items() if key != name}
        self.assert_refused_plaintexts([
            *((name, twice(name, question()[name])) for name in FIELDS),
            (KIND, twice(KIND, "A")), (KIND, twice("tjenestetype\\u004bode", "LE")),
            ("ukjent", {**question(), "ukjent": 1}), ("ukjent", {"ukjent": question()}),
            ("x" * 40, {**question(), "x" * 40: None}),
            *((name.upper(), {**without(name), name.upper(): question()[name]}) for name in FIELDS),
            *((name, without(name)) for name in FIELDS), (PERSON, {}),
            *((name, {**question(), name: None}) for name in FIELDS),
        ])

    def test_order(self):
        right = fs.compact({**question(), PERSON: "1", "ukjent": 1})
        self.assert_refused_plaintexts([
            (DAY, (right[:-1] + f',"{DAY}":"x"}}').encode()),
            ("ukjent", {"ukjent": 1, KIND: "XX"}), (PERSON, {KIND: "XX"}), (KIND, {PERSON: "1"}),
            (PERSON, {PERSON: "1", KIND: "XX", DAY: "1999"}), (KIND, {**question(kind="XX"), DAY: "1999"}),
        ])

    def test_unknown_names_that_are_not_told(self):
        number = fs.new_person()
        for name in (number, number + "x", "x" * 41, "", "to ukjente ord", "ukjent1", "ukjent'", 'ukjent"', "æøå",
                     "a.b", "\u202e", fs.compact(question())):
            with self.subTest(name):
                text = self.assert_bad_request(self.client.post(self.client.encrypt({**question(), name: 1})))
                if name:
                    self.assertNotIn(name, text)
                self.assertNotIn("'", text)
                self.assert_served()

    def test_persons(self):
        good = fs.new_person()
        full_width = "".join(chr(0xFF10 + int(digit)) for digit in good)
        self.assert_refused_plaintexts([(PERSON, question(value)) for value in (
            int(good), float(good), good[:10], good + "0", good[:10] + "x", " " + good, good + " ",
            good[:6] + " " + good[6:], fs.wrong_last_digit(good), "12345678901", full_width, "", "0" * 11, [good],
            {"id": good}, True, fs.number_with_rest(4), fs.number_with_date("308275"), "-" + good[1:], good + "\0")])

    def test_service_types(self):
        self.assert_refused_plaintexts([(KIND, question(kind=value)) for value in (
            "XX", "le", "Le", "", "LE ", " LE", "LEGE", "F", "FT,LE", ["LE"], {"a": "LE"}, 1, False, "L\u0395")])

    def test_service_dates(self):
        today = str(fs.oslo_today())
        self.assert_refused_plaintexts([(DAY, {**question(), DAY: value}) for value in (
            today.replace("-", ""), today[:7], today[:4], "2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10",
            "2026-3-5", "25.03.2026", "2026/03/05", today + "T10:00:00", today + "T10:00:00+01:00", today + "Z",
            " " + today, today + " ", "", "i dag", int(today.replace("-", "")), 1795900000, [today], True,
            "+2026-03-05", "-2026-03-05", "12026-03-05", "2026-W10-4", today.replace("-", "\u2010"), "２０２６-03-05")])

    def test_service_dates_that_are_too_old(self):
        limit = years_back(fs.oslo_today(), 2)
        self.assert_refused_plaintexts([(DAY, question(day=day)) for day in (
            limit - datetime.timedelta(days=1), limit - datetime.timedelta(days=400), "1999-01-01", "0001-01-01")])


class AcceptedTest(BodyCase):

    def assert_question(self, plaintext, **knobs):
        self.assert_answer(self.client.post(self.client.encrypt(plaintext, **knobs)), False)

    def test_exactly_two_years_back(self):
        while True:
            today = fs.oslo_today()
            reply = self.client.post(self.client.encrypt(question(day=years_back(today, 2))))
            if fs.oslo_today() == today:
                break
        self.assert_answer(reply, False)

    def test_service_dates(self):
        today = fs.oslo_today()
        for day in (today, today + datetime.timedelta(days=1), f"{today.year + 1}-06-01", "2099-12-31", "2096-02-29",
                    "9999-12-31"):
            with self.subTest(day=day):
                self.assert_question(question(day=day))

    def test_every_service_type(self):
        for kind in fs.SERVICE_TYPES:
            with self.subTest(kind):
                self.assert_question(question(kind=kind))

    def test_numbers_of_all_kinds(self):
        for number in (fs.synthetic_dnumber(3), fs.synthetic_number_40(3), fs.synthetic_number_65(3),
                       fs.number_with_rest(2), *fs.PUBLISHED_NUMBERS):
            with self.subTest(number):
                self.assert_question(question(number))

    def test_ways_of_writing(self):
        right = question()
        for plaintext in (json.dumps(right, indent=2), "\r\n\t " + fs.compact(right) + " \n",
                          fs.compact(dict(reversed(right.items()))), fs.compact(right).replace("LE", "\\u004cE"),
                          fs.compact(right).replace(PERSON, "borger\\u0049dent"),
                          fs.compact(right).replace(ti.CITIZEN, "".join(f"\\u003{digit}" for digit in ti.CITIZEN))):
            with self.subTest(plaintext):
                self.assert_question(plaintext.encode())

    def test_headers(self):
        address = "https://127.0.0.1:1/keys"
        for header in ({"typ": "JWE"}, {"cty": "application/json"}, {"cty": "JWT"}, {"more": {"of": [1, None]}},
                       {"jwk": ti.RsaKey().public_jwk()}, {"jku": address}, {"x5u": address}, {"iat": 1, "exp": 1}):
            with self.subTest(name=next(iter(header))):
                self.assert_question(question(), header=header)
        text = f'{{ "kid" : "{self.key["kid"]}",\n"enc":"A256GC\\u004d", "alg":"RSA-OAEP-256" }}'
        self.assert_question(question(), as_sent=text.encode())

    def test_in_chunks(self):
        headers, body = self.client.prepare()
        connection = self.server.connect(20)
        self.addCleanup(connection.close)
        connection.request("POST", nc.QUERY, iter([body[:1], body[1:500], body[500:]]), headers, encode_chunked=True)
        answer = connection.getresponse()
        self.assert_answer(fs.Reply(answer.status, answer.headers, answer.read()), False)


if __name__ == "__main__":
    unittest.main()
