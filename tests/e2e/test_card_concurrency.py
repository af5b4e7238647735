"""One card a person and year, however many send at once."""

import json
import threading
import unittest

import frikort_server as fs
from card_case import CardCase, TOP
from frikort_server import dated


class ConcurrencyTest(CardCase):
    CONNECTIONS = 16

    def together(self, work):
        """Runs work(n) on sixteen threads at once; gives the answers in order."""
        barrier = threading.Barrier(self.CONNECTIONS)
        answers, errors = [None] * self.CONNECTIONS, []

        def run(number):
            try:
                barrier.wait(20)
                answers[number] = work(number)
            except Exception as error:  # noqa: BLE001 - shown by the test
                errors.append(f"connection {number}: {error!r}")

        threads = [threading.Thread(target=run, args=(n,)) for n in range(self.CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(errors, [])
        return answers

    def cards_issued(self):
        """The `cardIssued` events in the feed."""
        lines = self.server.get("/v1/events?limit=10000&wait=0").body.decode().splitlines()
        return sum(json.loads(line)["type"] == "cardIssued" for line in lines)

    def test_the_same_crossing_item_on_sixteen_connections(self):
        for _ in range(5):
            issued = self.cards_issued()
            person = fs.new_person()
            self.server.submit_one(dated("2025-02-01", TOP - 1000, personId=person))
            crossing = dated("2025-03-01", 1500, personId=person)
            results = [r for answer in self.together(lambda n: [self.server.submit_one(crossing) for _ in range(3)])
                       for r in answer]
            accepted = [r for r in results if r["verdict"] == "accepted"]
            self.assertEqual(len(accepted), 1, f"accepted once of {len(results)}")
            for result in results:
                self.assertIs(result["exempt"], True, result)
                if result is not accepted[0]:
                    self.assert_duplicate(result, accepted[0])
            account = self.server.account(person, 2025)
            self.assert_account(account, TOP + 500)
            self.assertEqual(len(account["registrations"]), 2)
            self.assertEqual(account["card"]["crossingGuid"].lower(), crossing["guid"])
            self.assertEqual(self.cards_issued(), issued + 1)

    def test_sixteen_crossing_items_give_one_card(self):
        for _ in range(5):
            issued = self.cards_issued()
            person = fs.new_person()
            self.server.submit_one(dated("2025-02-01", TOP - 1000, personId=person))
            items = [dated("2025-03-01", 2000 + n, personId=person) for n in range(self.CONNECTIONS)]
            seen = []

            def work(number):
                result = self.server.submit_one(items[number])
                account = self.server.account(person, 2025)
                self.server.submit_one(items[number])
                seen.append((account["card"]["cardId"], account["card"]["crossingGuid"], account["card"]["issuedAt"]))
                return result

            for result in self.together(work):
                self.assert_accepted(result, counted=True, exempt=True)
            self.assertEqual(len(set(seen)), 1, f"one card, the same from the first look on: {set(seen)}")
            account = self.server.account(person, 2025)
            self.assert_account(account, TOP - 1000 + sum(i["amountOre"] for i in items))
            self.assertIn(account["card"]["crossingGuid"].lower(), {i["guid"] for i in items})
            self.assertEqual(self.cards_issued(), issued + 1)

    def test_many_persons_on_sixteen_connections(self):
        people = [fs.new_person() for _ in range(8)]
        items = [[dated("2025-03-01", 30_000, personId=people[(n + k) % 8]) for k in range(40)]
                 for n in range(self.CONNECTIONS)]
        for answer in self.together(lambda n: self.server.stream(items[n])):
            self.assertEqual({r["verdict"] for r in answer.results}, {"accepted"})
        for person in people:
            mine = sum(i["amountOre"] for batch in items for i in batch if i["personId"] == person)
            self.assert_account(self.server.account(person, 2025, limit=1000), mine)


if __name__ == "__main__":
    unittest.main()
