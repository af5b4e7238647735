"""What events of the registries do to the ledger: each is decided again."""

from .account import Account
from .oslo_time import oslo_date
from .persons import BIRTH, DEATH, PENSION
from .record import BIRTH_DATE, DIED, MINIMUM_PENSION, OPTED_IN, OPTED_OUT
from .terms import Finding, position_text


class Registries:
    """Takes events into a model; knows those that have been accepted."""

    def __init__(self, model):
        self.model, self.persons = model, model.persons
        self.events = {}  # event id -> position
        self.newest = {}  # practice -> its newest event

    def accept(self, entry):
        if entry.guid in self.events:
            raise Finding(f"was accepted before, at {position_text(self.events[entry.guid])}")
        self.events[entry.guid] = entry.position

    # ---- practices ----

    def take_practice_event(self, entry):
        self.accept(entry)
        self.model.introduce_practice(entry)
        check_periods(entry.periods)
        newest = self.newest.get(entry.practice, 0)
        if entry.previous != newest:
            raise Finding(f"names {position_text(entry.previous)} as the event before it of the practice, which is "
                          f"{position_text(newest)}")
        self.newest[entry.practice] = entry.position

    # ---- persons ----

    def take_person_event(self, entry):
        self.accept(entry)
        if not entry.person:
            raise Finding("names nobody")
        self.persons.introduce(entry)
        self.persons.check_other(entry)
        self.persons.add_numbers(entry)
        self.persons.follow(entry)
        check_periods(entry.periods)
        if entry.date and entry.date > oslo_date(entry.received):
            raise Finding(f"has the date {entry.date}, which is after its receipt")
        if entry.other:
            self.merge(entry)
            return
        if entry.years:
            raise Finding("joins years of nobody else")
        self.hear(entry)

    def hear(self, entry):
        person = self.persons.of(entry.person)
        if entry.type == BIRTH_DATE:
            person.facts[BIRTH] = entry.date
            if not person.opted_out:
                self.judge_again(entry)
        elif entry.type == DIED:
            person.facts[DEATH] = entry.date
        elif entry.type == MINIMUM_PENSION:
            person.facts[PENSION] = entry.periods
        elif entry.type == OPTED_OUT:
            person.opted_out = True
        elif entry.type == OPTED_IN:
            self.opt_in(entry, person)

    def opt_in(self, entry, person):
        if person.opted_out:
            person.opted_out = False
            person.untold.clear()
            self.check_meanwhile(entry.meanwhile, person)
            self.judge_again(entry)
        elif entry.meanwhile:
            raise Finding("names entries that came while the person was opted out, who was not")

    @staticmethod
    def check_meanwhile(names, person):
        """An opt-in names all entries that named nobody since the person was shown last, and may repeat earlier ones."""
        if names != sorted(set(names)) or not set(person.nameless) <= set(names):
            raise Finding(f"names {places(names)} as what came while the person was opted out, which is "
                          f"{places(person.nameless)}")
        if not set(names) <= {*person.nameless, *person.named}:
            raise Finding(f"names {places(names)} as what came while the person was opted out, of which some did not")
        person.named = sorted({*person.named, *person.nameless})
        person.nameless = []

    def judge_again(self, entry):
        for account in self.model.accounts_of(entry.person):
            account.judge(entry, self.persons.born(entry.person), self.model.rule_pack)

    # ---- two persons who are one ----

    def merge(self, entry):
        model = self.model
        person, other = self.persons.of(entry.person), self.persons.of(entry.other)
        person.settle(other)
        years = []
        for year in sorted(model.ceilings):
            kept, gone = (model.accounts.get((who, year)) for who in (entry.person, entry.other))
            if kept or gone:
                years.append((year, kept.newest if kept else 0, gone.newest if gone else 0))
        if entry.years != years:
            raise Finding(f"joins years as {entry.years} (year, entries before it), they are {years}")
        if person.opted_out:
            person.untold.add(entry.position)
        for year, _, _ in years:
            kept, gone = (model.accounts.pop((who, year), None) or Account(who, model.ceilings[year])
                          for who in (entry.person, entry.other))
            self.join(entry, kept, gone, person.opted_out)
            model.accounts[entry.person, year] = kept
        other.merged_into = entry.person

    def join(self, entry, kept, gone, is_hidden):
        """Hidden accounts are joined by what counts in them; else all is judged by the facts of both."""
        kept.begin()
        gone.begin()
        born, rule_pack = self.persons.born(entry.person), self.model.rule_pack
        lines = sorted(kept.lines + gone.lines, key=lambda line: line[1])
        if not is_hidden:
            lines += stop_both(entry, kept, gone, born)
        kept.join(gone, lines)
        kept.settle_gain(entry, rule_pack)
        if not is_hidden:
            kept.start_all(entry, born, rule_pack)
        kept.newest = entry.position


def stop_both(entry, kept, gone, born):
    """What no longer counts stops, each in its own account; gives the lines that this writes, in their order."""
    written = []
    both = [(registration, account) for account in (kept, gone) for registration in account.registrations]
    for registration, account in sorted(both, key=lambda one: one[0].position):
        if registration.counts and registration.reason(born):
            before = len(account.lines)
            account.stop(registration, entry)
            written += account.lines[before:]
    return written


def check_periods(periods):
    """Each begins after the one before it has ended, and only the last goes on."""
    before = None
    for number, (begin, end) in enumerate(periods):
        if before and begin <= before or end and end < begin or not end and number + 1 < len(periods):
            raise Finding("has periods that are not in order")
        before = end


def places(positions):
    return ", ".join(map(position_text, positions)) or "nothing"
