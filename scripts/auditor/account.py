"""A registration, and a person's year: sum, card and refunds, as ledger/README.md describes them."""

import collections
import uuid

CREDITED, UNPAID, ZERO_AMOUNT, UNDER_16 = 40, 41, 42, 43


class Registration:
    __slots__ = ("position", "guid", "person", "year", "day", "lag", "service_type", "amount", "paid", "paid_later",
                 "credited", "counts")

    def reason(self, born=None):
        """Why it does not count, 0 = it does; without a date of birth as the item alone says."""
        if self.credited:
            return CREDITED
        if not self.paid:
            return UNPAID
        if self.amount == 0:
            return ZERO_AMOUNT
        return UNDER_16 if born and self.is_before_16(born) else 0

    def is_before_16(self, born):
        # As three numbers: so 29 February of a year without it lies before 1 March.
        return (self.day.year, self.day.month, self.day.day) < (born.year + 16, born.month, born.day)


class Card:
    __slots__ = ("person", "issued", "issued_ns", "issued_by", "guid", "rule_pack", "entitled")

    def __init__(self, person, registration, entry, rule_pack):
        self.person = person  # to whom it was issued: its id is made of that
        self.issued, self.issued_ns, self.issued_by = entry.received, entry.received_ns, entry.position
        self.guid, self.rule_pack = registration.guid, rule_pack
        self.entitled = None  # the last date; see Account.begin()

    def id(self, year):
        return uuid.uuid5(uuid.UUID(bytes=self.guid), f"frikort/{self.person}/{year}").hex

    def age(self):
        return self.issued, self.issued_ns, self.issued_by


class Account:
    """A person's year: what counts, by day, and what follows from it."""

    def __init__(self, person, ceiling):
        self.person, self.ceiling = person, ceiling
        self.registrations = []  # by position
        self.sum = 0
        self.days = collections.Counter()
        self.newest = 0
        self.card = None
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

    def card_now(self):
        """(state, entitled from) of the card."""
        if self.sum >= self.ceiling:
            return "active", self.entitled_from()
        return "underReview", self.card.entitled

    def begin(self):
        """Before an entry that may bring the sum under the ceiling: the card keeps the date that it had then."""
        if self.card and self.sum >= self.ceiling:
            self.card.entitled = self.entitled_from()

    def start(self, registration, entry, rule_pack):
        before = self.excess()
        registration.counts = True
        self.sum += registration.amount
        self.days[registration.day] += registration.amount
        if self.sum >= self.ceiling and self.card is None:
            self.card = Card(self.person, registration, entry, rule_pack)
        self.add_line(registration.position, entry.position, self.excess() - before)

    def stop(self, registration, entry):
        before = self.excess()
        registration.counts = False
        self.sum -= registration.amount
        self.days[registration.day] -= registration.amount
        left = before - self.excess()
        left -= self.take_back(registration.position, entry.position, left)
        for line_registration, _, amount in reversed(self.lines[:]):
            if not left:
                break
            if amount > 0:
                left -= self.take_back(line_registration, entry.position, left)
        if left:
            raise AssertionError("every excess has been refunded")

    def judge(self, entry, born, rule_pack):
        """All registrations anew: those that no longer count stop, then those that now do start."""
        self.begin()
        for registration in self.registrations:
            if registration.counts and registration.reason(born):
                self.stop(registration, entry)
        self.start_all(entry, born, rule_pack)

    def start_all(self, entry, born, rule_pack):
        for registration in self.registrations:
            if not registration.counts and registration.reason(born) == 0:
                self.start(registration, entry, rule_pack)

    def join(self, other, lines):
        """Makes the other one's account part of this one; `lines` has those of both, in their order."""
        self.registrations = sorted(self.registrations + other.registrations, key=lambda one: one.position)
        self.sum += other.sum
        self.days.update(other.days)
        self.refunded.update(other.refunded)
        self.lines = lines
        if other.card and (not self.card or other.card.age() < self.card.age()):
            self.card = other.card

    def settle_gain(self, entry, rule_pack):
        """After join(): what the sum has gained goes to the newest; a card where there was none."""
        gain = self.excess() - sum(amount for _, _, amount in self.lines)
        for registration in reversed(self.registrations):
            if registration.counts and gain:
                amount = min(gain, registration.amount - self.refunded[registration.position])
                self.add_line(registration.position, entry.position, amount)
                gain -= amount
        if gain:
            raise AssertionError("what counts has room for every excess")
        total = 0
        for registration in self.registrations:
            total += registration.amount if registration.counts else 0
            if total >= self.ceiling and self.card is None:
                self.card = Card(self.person, registration, entry, rule_pack)

    def take_back(self, registration, cause, wanted):
        amount = min(wanted, self.refunded[registration])
        self.add_line(registration, cause, -amount)
        return amount

    def add_line(self, registration, cause, amount):
        if amount:
            self.lines.append((registration, cause, amount))
            self.refunded[registration] += amount
