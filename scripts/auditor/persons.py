"""Whom the entries speak of: how persons are numbered, to whom numbers lead, what registries have said."""

from .terms import Finding, position_text

BIRTH, DEATH, PENSION = "birth", "death", "pension"


class Person:
    """What registries have said of somebody."""

    __slots__ = ("facts", "opted_out", "merged_into", "newest", "nameless", "named", "untold")

    def __init__(self):
        self.facts = {}  # what has been said, even if it was nothing
        self.opted_out = False
        self.merged_into = 0
        self.newest = 0  # the newest event
        self.nameless = []  # payments and credit notes that came while opted out, and no opt-in names yet
        self.named = []  # those that one has named
        self.untold = set()  # merges while opted out, whose refund lines nobody has been told of yet

    def settle(self, other):
        """Of two persons who are one the one who stays knows better."""
        self.facts = {**other.facts, **self.facts}
        self.opted_out = self.opted_out or other.opted_out
        self.nameless = sorted(self.nameless + other.nameless)
        self.named = sorted(self.named + other.named)
        self.untold |= other.untold


class Persons:

    def __init__(self):
        self.count = 0
        self.known = {}  # id -> Person, of those of whom a registry has spoken
        self.numbers = {}  # encrypted number -> the id that it led to first; erased ones are not there

    def who(self, person):
        """Who that is by now."""
        known = self.known.get(person)
        while known and known.merged_into:
            person = known.merged_into
            known = self.known.get(person)
        return person

    def untold_merges(self, person):
        known = self.known.get(person)
        return known.untold if known else set()

    def is_opted_out(self, person):
        known = self.known.get(person)
        return known is not None and known.opted_out

    def born(self, person):
        known = self.known.get(person)
        return known and known.facts.get(BIRTH)

    def of(self, person):
        return self.known.setdefault(person, Person())

    def introduce(self, entry):
        """The person whom an entry names is known, or is the next one."""
        if entry.is_new_person:
            self.count += 1
        if entry.person and not 0 < entry.person <= self.count or entry.is_new_person and entry.person != self.count:
            raise Finding(f"names person {entry.person} out of turn")
        if entry.person != self.who(entry.person):
            raise Finding(f"names person {entry.person}, who is person {self.who(entry.person)} by then")

    def add_number(self, entry):
        """Of an item that introduces somebody."""
        for number in entry.numbers:
            if number in self.numbers:
                raise Finding(f"introduces a number that leads to person {self.who(self.numbers[number])}")
            if number:
                self.numbers[number] = entry.person

    def add_numbers(self, entry):
        """Of an event: it must be of those to whom its numbers lead, or introduce somebody. Numbers that have been
        erased lead nowhere; then it says itself whom it concerns."""
        if None not in entry.numbers:
            if len(set(entry.numbers)) < len(entry.numbers):
                raise Finding("names the same number twice")
            led = sorted({self.who(self.numbers[number]) for number in entry.numbers if number in self.numbers})
            found = [] if entry.is_new_person else [entry.person, entry.other][:1 + bool(entry.other)]
            if found != led:
                raise Finding(f"speaks of persons {found}, its numbers lead to {led}")
        for number in entry.numbers:
            if number:
                self.numbers[number] = entry.person

    def check_other(self, entry):
        """Of two who are one the lower id stays."""
        if entry.other and not entry.person < entry.other <= self.count:
            raise Finding(f"merges person {entry.other} into person {entry.person}")
        if entry.other and entry.other != self.who(entry.other):
            raise Finding(f"merges person {entry.other}, who is person {self.who(entry.other)} by then")

    def follow(self, entry):
        """What the event follows; it is the newest of its person from now on."""
        newest = [self.of(entry.person).newest, self.of(entry.other).newest if entry.other else 0]
        if [entry.previous, entry.other_previous] != newest:
            raise Finding(f"names {position_text(entry.previous)} and {position_text(entry.other_previous)} as the "
                          f"events before it, which are {position_text(newest[0])} and {position_text(newest[1])}")
        self.of(entry.person).newest = entry.position
