"""A person's year worked out from its entries alone, as a dossier has them."""

from .account import Account
from .model import Model
from .oslo_time import rfc3339
from .persons import Persons
from .registries import Registries
from .terms import COPAYMENT, Finding, REASONS, SERVICES, guid_text, position_text


class DossierPersons(Persons):
    """Nobody is introduced in turn, and numbers are not known."""

    def __init__(self):
        super().__init__()
        self.count = 2**63

    def introduce(self, entry):
        if entry.person != self.who(entry.person):
            raise Finding(f"names person {entry.person}, who is person {self.who(entry.person)} by then")

    def add_number(self, entry):
        pass

    def add_numbers(self, entry):
        pass


class DossierModel(Model):

    def __init__(self, year, ceiling, rule_pack):
        super().__init__()
        self.persons = DossierPersons()
        self.practice_ids = {}
        self.ceilings, self.rule_pack = {year: ceiling}, rule_pack

    def introduce_practice(self, entry):
        if self.practice_ids.setdefault(entry.practice, entry.practice_id) != entry.practice_id:
            raise Finding("names a practice by another identifier than before")


class PersonYear:

    def __init__(self, year, ceiling, rule_pack):
        self.year, self.ceiling = year, ceiling
        self.model = DossierModel(year, ceiling, rule_pack)
        self.registries = Registries(self.model)
        self.entries = {}  # of co-payments, by position

    def sum_of(self, person):
        account = self.model.accounts.get((person, self.year))
        return account.sum if account else 0

    def take(self, entry):
        """Decides the entry again; gives the sum after it, and by how much it changed that."""
        if entry.is_person_event():
            before = self.sum_of(entry.person)
            self.hear(entry)
            after = self.sum_of(entry.person)
            return after, after - before
        registration = self.model.registrations.get((entry.practice, entry.guid))
        if not entry.person and not registration:
            return 0, 0  # an opt-in names what came meanwhile in other years, too
        owner = self.model.persons.who(registration.person if registration else entry.person)
        before = self.sum_of(owner)
        self.model.take(entry)
        if entry.type == COPAYMENT:
            self.entries[entry.position] = entry
        after = self.sum_of(owner)
        return after, after - before

    def hear(self, entry):
        """Of an event only what is of this year."""
        entry.years = [joined for joined in entry.years if joined[0] == self.year]
        person = self.model.persons.of(entry.person)
        known = {*person.nameless, *person.named}
        entry.meanwhile = [position for position in entry.meanwhile if position in known]
        self.registries.take_person_event(entry)

    def account(self, person):
        return self.model.accounts.get((person, self.year)) or Account(person, self.ceiling)

    def shown(self, person):
        """The account as the citizen portal shows it, but for what is not worked out: names and the time."""
        account = self.account(person)
        refunds = [{"position": position_text(cause), "practiceId": self.entries[registration].practice_id,
                    "guid": guid_text(self.entries[registration].guid), "amountOre": amount}
                   for registration, cause, amount in account.lines]
        return {"year": self.year, "ceilingOre": self.ceiling, "countedOre": account.sum,
                "remainingOre": max(0, self.ceiling - account.sum), "card": self.card(account),
                "refundedOre": account.excess(), "refunds": refunds,
                "registrations": self.registrations(account, self.model.persons.born(person))}

    def card(self, account):
        card = account.card
        if not card:
            return None
        state, entitled = account.card_now()
        return {"cardId": card.id(self.year),
                "state": state, "issuedAt": rfc3339(card.issued, card.issued_ns), "entitledFrom": str(entitled),
                "validTo": f"{self.year}-12-31", "crossingGuid": guid_text(card.guid),
                "rulePack": card.rule_pack.hex()}

    def registrations(self, account, born):
        shown = []
        for registration in account.registrations:
            entry, reason = self.entries[registration.position], registration.reason(born)
            shown.append((entry.service, entry.service_ns, registration.position, {
                "position": position_text(entry.position), "guid": guid_text(entry.guid), "practiceId": entry.practice_id,
                "serviceType": SERVICES[entry.service_type], "serviceTime": rfc3339(entry.service, entry.service_ns),
                "receivedTime": rfc3339(entry.received, entry.received_ns), "amountOre": entry.amount,
                "paid": registration.paid, "credited": registration.credited, "counted": reason == 0,
                "reason": REASONS[reason], "refundedOre": account.refunded[registration.position]}))
        return [row[-1] for row in sorted(shown, key=lambda row: row[:3])]
