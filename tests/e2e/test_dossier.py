"""The proof of a decision: what is whole is believed, and nothing that was changed or left out."""

import base64
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

import frikort_server as fs
from registry_stories import STORIES, YEAR, anything, event, path_of, pays
from test_as_of import numbers_of

sys.path.insert(0, str(fs.ROOT / "scripts"))
from auditor.terms import Finding
from check_card import keys_of
from check_dossier import Dossier

CHECK = fs.ROOT / "scripts" / "check_dossier.py"


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class DossierCase(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="frikort-e2e-dossier-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.server = fs.Server().start()
        cls.addClassCleanup(cls.server.clean)
        cls.jwks = json.dumps(cls.server.jwks())
        cls.keys = keys_of(cls.jwks)
        cls.prepare()

    @classmethod
    def prepare(cls):
        pass

    @classmethod
    def send(cls, *lines):
        for line in lines:
            reply = cls.server.request("POST", path_of(line), fs.ndjson([line]), {"Content-Type": "application/x-ndjson"})
            assert reply.status == 200, reply.body

    @classmethod
    def dossier(cls, number, year=YEAR):
        reply = cls.server.post_json("/v1/persons/dossier", {"personId": number, "year": year})
        assert reply.status == 200, reply.body
        return reply.body.decode()

    def believed(self, text):
        return Dossier(text, self.keys).check()

    def refused(self, text, *words):
        """Why the dossier is not believed."""
        with self.assertRaises(Finding) as caught:
            Dossier(text, self.keys).check()
        for word in words:
            self.assertIn(word, str(caught.exception))
        return str(caught.exception)


class WholeTest(DossierCase):

    def test_of_every_story(self):
        cards = 0
        for story in STORIES:
            lines = story()
            self.send(*lines)
            for number in {number for line in lines for number in numbers_of(line)}:
                with self.subTest(story=story.__name__):
                    worked_out = self.believed(self.dossier(number))
                    cards += any(account.card for account in worked_out.model.accounts.values())
        self.assertGreater(cards, 5)

    def test_of_persons_to_whom_anything_happens(self):
        seed = random.SystemRandom().randrange(1 << 32)
        lines = anything(500, seed)
        self.send(*lines)
        for number in sorted({number for line in lines for number in numbers_of(line)}):
            with self.subTest(seed=seed):
                self.believed(self.dossier(number))

    def test_of_payments_of_two_years_that_came_while_opted_out(self):
        number = fs.new_person()
        this, other = pays(number, 700, "2024-03-01", paid=False), pays(number, 900, "2023-11-01", paid=False)
        self.send(this, other, event("optedOut", number, "2024-04-01"), fs.payment(this, received="2024-04-02"),
                  fs.payment(other, received="2024-04-03"), event("optedIn", number, "2024-05-01"))
        for year, kroner in ((2024, 700), (2023, 900)):
            worked_out = self.believed(self.dossier(number, year))
            self.assertEqual([account.sum for account in worked_out.model.accounts.values()], [100 * kroner])

    def test_names_the_person_as_the_feed_does(self):
        number = fs.new_person()
        item = pays(number, 4000, "2024-03-01")
        self.send(item)
        told = self.server.request("GET", "/v1/events?limit=10000").body.decode().splitlines()
        references = {line["personRef"] for line in map(json.loads, told) if line["guid"] == item["guid"]}
        self.assertEqual({json.loads(self.dossier(number))["personRef"]}, references)

    def test_nobody_is_spoken_of_where_nothing_is_shown(self):
        hidden = fs.new_person()
        self.send(pays(hidden, 4000, "2024-03-01"), event("optedOut", hidden, "2024-04-01"))
        empty = []
        for number in (hidden, fs.new_person()):
            text = self.dossier(number)
            self.believed(text)
            dossier = json.loads(text)
            self.assertEqual((dossier["personRef"], dossier["entries"]), (None, []))
            head = dossier["head"]
            self.assertEqual([head[name] for name in ("position", "hash", "personPosition", "personHash")], [None] * 4)
            empty.append(len(text))
        self.assertEqual(*empty)

    def test_says_no_number(self):
        number = fs.new_person()
        self.send(pays(number, 4000, "2024-03-01"))
        text = self.dossier(number)
        self.assertNotIn(number, text)
        for entry in json.loads(text)["entries"]:
            self.assertNotIn(number.encode(), base64.b64decode(entry["bytes"]))

    def test_a_year_without_ceiling(self):
        reply = self.server.post_json("/v1/persons/dossier", {"personId": fs.new_person(), "year": 1999})
        self.assertEqual((reply.status, reply.json()["code"]), (400, "NO_RULES_FOR_YEAR"))


class ChangedTest(DossierCase):
    """Of somebody with a card, 150 items, refunds that were netted, a birth date, and a merge."""

    @classmethod
    def prepare(cls):
        cls.number, other, cls.stranger = (fs.new_person() for _ in range(3))
        items = [pays(cls.number, 30, f"2024-{1 + i // 28:02}-{1 + i % 28:02}") for i in range(140)]
        cls.send({"eventId": fs.new_guid(), "practiceId": items[0]["practiceId"], "name": "Øvre Legekontor"}, *items)
        cls.send(fs.credit_note(items[3], received="2024-08-01"), pays(other, 500, "2024-01-05"),
                 event("birthDate", cls.number, "2024-08-02", birthDate="1990-01-01"),
                 event("merged", cls.number, "2024-08-03", otherPersonId=other), pays(other, 100, "2024-08-04"),
                 fs.credit_note(items[7], received="2024-08-05"), pays(cls.stranger, 3300, "2024-02-01"),
                 fs.payment(pays(cls.stranger, 10, "2024-03-01"), received="2024-03-02"))
        cls.text = cls.dossier(cls.number)
        cls.older = cls.text
        cls.send(pays(cls.number, 50, "2024-08-06"), pays(cls.number, 50, "2024-08-07"),
                 event("birthDate", cls.number, "2024-08-08", birthDate="1991-01-01"))
        cls.text = cls.dossier(cls.number)

    def changed(self, change):
        """The dossier after `change`, written as the service writes: what it signs is the account's text."""
        dossier = json.loads(self.text)
        change(dossier)
        return compact(dossier)

    def test_is_whole(self):
        worked_out = self.believed(self.text)
        dossier = json.loads(self.text)
        self.assertEqual(self.changed(lambda _: None), self.text)
        self.assertGreater(len(dossier["entries"]), 147)
        self.assertEqual(sum(entry["crossing"] for entry in dossier["entries"]), 1)
        self.assertTrue(any(line["amountOre"] < 0 for line in dossier["account"]["refunds"]))
        # What the other one paid is counted in that account first, and by the merge in the one that stays.
        self.assertEqual(sum(entry["countedOre"] for entry in dossier["entries"]), dossier["account"]["countedOre"] + 50_000)
        self.assertEqual(len(worked_out.entries), len(dossier["account"]["registrations"]))

    def test_without_one_entry(self):
        count = len(json.loads(self.text)["entries"])
        for place in range(count):
            with self.subTest(place):
                position = json.loads(self.text)["entries"][place]["position"]
                self.refused(self.changed(lambda dossier: dossier["entries"].pop(place)), position)

    def test_without_the_newest(self):
        def drop(dossier):
            del dossier["entries"][-3:]
        self.refused(self.changed(drop), "is missing: the head names it")

    def test_two_neighbours_swapped(self):
        for place in range(len(json.loads(self.text)["entries"]) - 1):
            def swap(dossier):
                entries = dossier["entries"]
                entries[place], entries[place + 1] = entries[place + 1], entries[place]
            self.refused(self.changed(swap), "order")

    def test_with_an_entry_of_another_account(self):
        strange = json.loads(self.dossier(self.stranger))["entries"][0]
        for place in range(len(json.loads(self.text)["entries"]) + 1):
            def add(dossier):
                dossier["entries"].insert(place, strange)

            def replace(dossier):
                dossier["entries"][place:place + 1] = [strange]
            self.refused(self.changed(add))
            self.refused(self.changed(replace))

    def test_an_older_one_with_the_newer_head(self):
        older = json.loads(self.older)
        for names in (("head",), ("head", "account")):
            older.update({name: json.loads(self.text)[name] for name in names})
            self.refused(compact(older))

    def test_the_head_of_another(self):
        other = json.loads(self.dossier(self.stranger))
        for names in (("head",), ("head", "account"), ("head", "account", "personRef")):
            self.refused(self.changed(lambda dossier: dossier.update({name: other[name] for name in names})))
        self.send(pays(self.number, 60, "2023-05-05"))
        year = json.loads(self.dossier(self.number, 2023))
        for names in (("head",), ("head", "account"), ("head", "account", "year", "rulePack")):
            self.refused(self.changed(lambda dossier: dossier.update({name: year[name] for name in names})))

    def test_other_rules(self):
        def raise_ceiling(dossier):
            rules = dossier["rulePack"]
            rules["ceilingOre"] += 100
            rules["text"] = rules["text"].replace(str(rules["ceilingOre"] - 100), str(rules["ceilingOre"]))
        self.refused(self.changed(raise_ceiling), "rule pack")
        self.refused(self.changed(lambda dossier: dossier["rulePack"].update(hash="00" * 32)), "rule pack")

    def test_another_key(self):
        with tempfile.TemporaryDirectory() as folder:
            fs.frikort_json("keys", "create", "--keys", folder + "/keys")
            other = keys_of(pathlib.Path(folder, "keys", "signing.pub").read_text(encoding="ascii"))
        with self.assertRaises(Finding):
            Dossier(self.text, other)

    def test_the_script(self):
        files = {"whole": self.text, "changed": self.text.replace('"countedOre":', '"countedOre":1', 1),
                 "rewritten": json.dumps(json.loads(self.text))}
        keys = self.folder / "keys.json"
        keys.write_text(self.jwks, encoding="ascii")
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        for name, status, word in (("whole", 0, "valid"), ("changed", 1, "refused"), ("rewritten", 1, "refused"),
                                   ("missing", 3, "")):
            run = subprocess.run([sys.executable, CHECK, self.folder / name, "--public-key", keys], capture_output=True,
                                 text=True, timeout=60, check=False)
            self.assertEqual((run.returncode, run.stdout.split(":")[0].strip()), (status, word), run)


class EveryByteTest(DossierCase):
    """A dossier with little in it, each of whose bytes is changed once."""

    def test_is_noticed(self):
        number = fs.new_person()
        self.send({"eventId": fs.new_guid(), "practiceId": "88", "name": "Øvre Legekontor"},
                  pays(number, 4000, "2024-03-01", practiceId="88"),
                  event("birthDate", number, "2024-04-01", birthDate="1990-01-01"))
        whole = self.dossier(number).encode()
        choose = random.Random(5)
        for place in range(len(whole)):
            changed = bytearray(whole)
            changed[place] ^= 1 << choose.randrange(8)
            try:
                text = bytes(changed).decode()
            except UnicodeDecodeError:
                continue
            with self.subTest(place=place, byte=chr(whole[place]), changed=chr(changed[place])):
                self.refused(text)


if __name__ == "__main__":
    unittest.main()
