"""What was known when: the answers of an earlier time are those that were given then."""

import datetime
import email.utils
import os
import random
import sys
import time
import unittest

import frikort_server as fs
from fault_case import FaultCase
from registry_stories import STORIES, YEAR, anything, event, path_of, pays

TELLS = {"personId", "otherPersonId", "newPersonId"}


def numbers_of(line):
    return [line[name] for name in TELLS if name in line]


class AsOfCase(unittest.TestCase):

    def setUp(self):
        self.server = fs.Server().start()
        self.addCleanup(self.server.clean)

    def send(self, line):
        reply = self.server.request("POST", path_of(line), fs.ndjson([line]), {"Content-Type": "application/x-ndjson"})
        self.assertEqual(reply.status, 200, reply.body)

    def pages(self, number, **more):
        """The account with the registrations of all its pages."""
        account = page = self.server.account(number, YEAR, limit=2, **more)
        while page["nextCursor"]:
            page = self.server.account(number, YEAR, limit=2, cursor=page["nextCursor"])
            self.assertEqual(page["asOf"], account["asOf"])
            account["registrations"] += page["registrations"]
        account["nextCursor"] = None
        return account

    def dossier(self, number, **more):
        reply = self.server.post_json("/v1/persons/dossier", {"personId": number, "year": YEAR, **more})
        self.assertEqual(reply.status, 200, reply.body)
        return reply.body

    def problem(self, path="/v1/persons/account", **question):
        reply = self.server.post_json(path, {"personId": fs.new_person(), "year": YEAR, **question})
        self.assertEqual(reply.status, 400, reply.body)
        return reply.json()["code"], reply.json().get("field")


class AsOfPositionTest(AsOfCase):

    def test_everything_is_as_it_was_shown_then(self):
        seed = int(os.environ.get("FRIKORT_SEED", random.SystemRandom().randrange(1 << 32)))
        print(f"as of: FRIKORT_SEED={seed}", file=sys.stderr)
        choose = random.Random(seed)
        lines = [line for story in STORIES for line in story()] + anything(260, seed)
        numbers = sorted({number for line in lines for number in numbers_of(line)})
        then = []
        for line in lines:
            self.send(line)
            for number in {*numbers_of(line), choose.choice(numbers)}:
                account = self.pages(number)
                then.append((number, account["asOf"]["position"], account, self.dossier(number)))
        for number in numbers:
            self.send(event("optedIn", number, "2024-12-30"))
        asked = choose.sample(then, 220)
        for number, position, account, dossier in asked:
            with self.subTest(position=position, seed=seed):
                self.assertEqual(self.pages(number, asOfPosition=position), account)
                self.assertEqual(self.dossier(number, asOfPosition=position), dossier)
        self.assertGreater(sum(bool(account["card"]) for _, _, account, _ in asked), 5)
        for number, position, account, _ in asked[:40]:
            if not account["registrations"]:
                continue
            self.send(event("optedOut", number, "2024-12-31"))
            with self.subTest("who is opted out now is hidden in earlier times, too", position=position):
                hidden = self.server.account(number, YEAR, asOfPosition=position)
                self.assertEqual((hidden["countedOre"], hidden["registrations"], hidden["card"]), (0, [], None))
                self.assertEqual(hidden["asOf"], account["asOf"])

    def test_a_name_is_that_of_then(self):
        number = fs.new_person()
        self.send(pays(number, 100, "2024-03-01", practiceId="77"))
        before = self.pages(number)
        self.assertNotIn("practiceName", before["registrations"][0])
        shown = {}
        for name in ("Øvre Legekontor", "Nedre Legekontor"):
            self.send({"eventId": fs.new_guid(), "practiceId": "77", "name": name,
                       "receivedTime": "2024-04-01T12:00:00+02:00"})
            shown[name] = self.pages(number)
            self.assertEqual(shown[name]["registrations"][0]["practiceName"], name)
        for name, account in shown.items():
            self.assertEqual(self.pages(number, asOfPosition=account["asOf"]["position"]), account)
        self.assertEqual(self.pages(number, asOfPosition=before["asOf"]["position"]), before)

    def test_what_cannot_be_asked_is_named(self):
        self.send(pays(fs.new_person(), 100, "2024-03-01"))
        for path in ("/v1/persons/account", "/v1/persons/dossier"):
            for field, values in {"asOfPosition": ("", "7", "0-07", "0--1", "1-1", "0-99999", 3, None),
                                  "asOfTime": ("", "2024-01-01", "2024-01-01T00:00:00", "2099-01-01T00:00:00Z", 5)}.items():
                for value in values:
                    with self.subTest(path=path, field=field, value=value):
                        self.assertEqual(self.problem(path, **{field: value}), ("INVALID_AS_OF", field))
            self.assertEqual(self.problem(path, asOfPosition="0-1", asOfTime="2024-01-01T00:00:00Z")[0], "INVALID_AS_OF")

    def test_now_is_not_later_than_now(self):
        number = fs.new_person()
        for _ in range(50):
            self.server.account(number, YEAR, asOfTime=datetime.datetime.now(datetime.timezone.utc).isoformat())


class CursorTest(AsOfCase):

    def test_goes_on_with_the_account_of_its_first_page(self):
        number = fs.new_person()
        for day in range(1, 8):
            self.send(pays(number, 100, f"2024-02-0{day}"))
        page = self.server.account(number, YEAR, limit=3)
        self.send(pays(number, 3300, "2024-02-02"))
        self.send(event("birthDate", number, "2024-12-01", birthDate="2008-02-05"))
        later = self.server.account(number, YEAR, limit=10, cursor=page["nextCursor"])
        self.assertEqual(later["asOf"], page["asOf"])
        self.assertEqual((later["countedOre"], later["card"], later["nextCursor"]), (70_000, None, None))
        self.assertEqual([r["reason"] for r in later["registrations"]], [None] * 4)

    def test_goes_on_by_any_number_of_the_person(self):
        old, new, other = (fs.new_person() for _ in range(3))
        for day in range(1, 5):
            self.send(pays(old, 100, f"2024-02-0{day}"))
        before = self.server.account(old, YEAR, limit=3)
        self.send(event("numberChanged", old, "2024-03-01", newPersonId=new))
        self.send(pays(other, 100, "2024-03-02"))
        for number in (old, new):
            rest = self.server.account(number, YEAR, cursor=before["nextCursor"])
            self.assertEqual((rest["asOf"], len(rest["registrations"])), (before["asOf"], 1))
        page = self.server.account(new, YEAR, limit=3)
        # Somebody joins him: the account of the first page is still the one that goes on.
        self.send(event("merged", new, "2024-04-01", otherPersonId=other))
        for number in (old, new, other):
            rest = self.server.account(number, YEAR, cursor=page["nextCursor"])
            self.assertEqual((rest["asOf"], rest["countedOre"], len(rest["registrations"])), (page["asOf"], 40_000, 1))

    def test_goes_with_its_question_alone(self):
        number = fs.new_person()
        for day in range(1, 5):
            self.send(pays(number, 100, f"2024-02-0{day}"))
        page = self.server.account(number, YEAR, limit=2)
        cursor, position = page["nextCursor"], page["asOf"]["position"]
        again = self.server.account(number, YEAR, cursor=cursor, asOfPosition=position)
        self.assertEqual(len(again["registrations"]), 2)
        self.send(pays(number, 100, "2024-02-09"))
        newer = self.server.account(number, YEAR)["asOf"]["position"]
        last, as_of, check = cursor.split(".")
        for changed in ({"personId": fs.new_person()}, {"year": YEAR + 1}, {"asOfPosition": newer},
                        {"cursor": f"{last}.{newer}.{check}"}, {"cursor": f"0-1.{as_of}.{check}"},
                        {"cursor": cursor[:-1]}, {"cursor": cursor + "0"}, {"cursor": last}, {"cursor": ""}):
            with self.subTest(changed):
                self.assertEqual(self.problem(**{"personId": number, "cursor": cursor, **changed})[0], "INVALID_CURSOR")

    def test_an_opt_out_hides_the_next_page(self):
        number = fs.new_person()
        for day in range(1, 5):
            self.send(pays(number, 100, f"2024-02-0{day}"))
        page = self.server.account(number, YEAR, limit=2)
        self.send(event("optedOut", number, "2024-12-01"))
        hidden = self.server.account(number, YEAR, cursor=page["nextCursor"])
        self.assertEqual((hidden["countedOre"], hidden["registrations"], hidden["nextCursor"]), (0, [], None))
        self.assertEqual(hidden["asOf"], page["asOf"])


class AsOfTimeTest(FaultCase):

    def set_clock_back(self):
        """By an hour; returns when the server has seen it."""
        before = self.now()
        self.faults.move_clock(-1)
        while self.now() > before - datetime.timedelta(minutes=30):
            time.sleep(0.01)

    def now(self):
        return email.utils.parsedate_to_datetime(self.server.get("/isalive").header("Date"))

    def ask(self, number, moment):
        return self.server.account(number, YEAR, asOfTime=moment.isoformat(timespec="milliseconds"))

    def test_before_at_and_after_each_commit_also_when_the_clock_was_set_back(self):
        self.start()
        number = fs.new_person()
        heads = []
        for i in range(50):
            if i == 25:
                self.set_clock_back()
            self.server.submit_one(pays(number, 10, "2024-02-01"))
            account = self.server.account(number, YEAR)
            heads.append((fs.parse_time(account["asOf"]["time"]), int(account["asOf"]["position"][2:]), account["countedOre"]))
        self.assertEqual(heads, sorted(heads), "commit times never fall")
        step = datetime.timedelta(milliseconds=1)
        for at, _, _ in heads:
            for moment in (at - step, at, at + step):
                if moment > heads[-1][0]:
                    continue  # later than now, as far as the journal knows
                known = [head for head in heads if head[0] <= moment] or [(None, 0, 0)]
                account = self.ask(number, moment)
                self.assertEqual(account["countedOre"], known[-1][2], moment)
                self.assertLessEqual(int(account["asOf"]["position"][2:]), known[-1][1] + 1)
        early = self.ask(number, heads[0][0] - datetime.timedelta(days=1))
        self.assertEqual((early["asOf"]["position"], early["registrations"]), ("0-0", []))


if __name__ == "__main__":
    unittest.main()
