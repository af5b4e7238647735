"""A registration, and a person's year: sum, card and refunds, as ledger/README.md describes them."""

import collections


class Registration:
    __slots__ = ("position", "person", "year", "day", "lag", "service_type", "amount", "paid", "paid_later", "credited")

    def reason(self):
        if self.credited:
            return 40
        if not self.paid:
            return 41
        return 42 if self.amount == 0 else 0


class Account:
    """A person's year: what counts, by day, and what follows from it."""

    def __init__(self, ceiling):
        self.ceiling = ceiling
        self.sum = 0
        self.days = collections.Counter()
        self.newest = 0
        self.card = None  # [issued seconds, nanoseconds, guid, rule pack, entitled from]
        self.lines = []  # (registration, cause, amount)
        self.refunded = collections.Counter()  # by registration

    def excess(self):
        return max(0, self.sum - self.ceiling)

    def entitled_from(self):
        total = 0
        for day in sorted(self.days):
            total += self.days[day]
            if total >= self.ceiling:
                return day
        raise AssertionError("only asked when the sum is there")

    def add(self, registration, entry, rule_pack):
        before = self.excess()
        self.sum += registration.amount
        self.days[registration.day] += registration.amount
        if self.sum >= self.ceiling and self.card is None:
            self.card = [entry.received, entry.received_ns, entry.guid, rule_pack, None]
        if self.excess() > before:
            self.add_line(registration.position, entry.position, self.excess() - before)

    def remove(self, registration, entry):
        before = self.excess()
        if self.card and self.sum >= self.ceiling > self.sum - registration.amount:
            self.card[4] = self.entitled_from()  # the last one is kept
        self.sum -= registration.amount
        self.days[registration.day] -= registration.amount
        left = before - self.excess()
        left -= self.take_back(registration.position, entry.position, left)
        for line_registration, _, amount in reversed(self.lines[:]):
            if amount > 0 and left:
                left -= self.take_back(line_registration, entry.position, left)
        if left:
            raise AssertionError("every excess has been refunded")

    def take_back(self, registration, cause, wanted):
        amount = min(wanted, self.refunded[registration])
        if amount:
            self.add_line(registration, cause, -amount)
        return amount

    def add_line(self, registration, cause, amount):
        self.lines.append((registration, cause, amount))
        self.refunded[registration] += amount

    def card_now(self):
        """(state, entitled from) of the card."""
        if self.sum >= self.ceiling:
            return "active", self.entitled_from()
        return "underReview", self.card[4]
