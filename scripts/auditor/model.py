"""The ledger as it follows from its entries: each is decided again, and all is added up."""

import collections

from .account import Account, Registration
from .oslo_time import oslo_date
from .terms import COPAYMENT, CREDIT_NOTE, Finding, PAYMENT, SERVICES, position_text

LIMITS = (16, 24, 32)
WITHIN = {limit: f"within{limit}" for limit in LIMITS}


class Model:
    """The ledger as it follows from the entries."""

    def __init__(self):
        self.registrations = {}
        self.accounts = {}
        self.practices = {}  # id -> number
        self.practice_ids = [None]
        self.persons = 0
        self.follow_ups = collections.Counter()  # (year, type)
        self.lags = collections.Counter()  # (practice id, basis, month, lag)
        self.ceilings = {}
        self.rule_pack = None

    def add_practice(self, practice_id):
        self.practices[practice_id] = len(self.practice_ids)
        self.practice_ids.append(practice_id)

    def introduce(self, entry):
        """The person and the practice of an entry come in turn."""
        if entry.is_new_person:
            self.persons += 1
        if entry.person is not None and (
                not 0 < entry.person <= self.persons or entry.is_new_person and entry.person != self.persons):
            raise Finding(f"names person {entry.person} out of turn")
        if entry.is_new_practice:
            if entry.practice_id in self.practices:
                raise Finding("introduces a practice that is known")
            self.add_practice(entry.practice_id)
        if entry.practice is not None and (
                not 0 < entry.practice < len(self.practice_ids) or
                entry.is_new_practice and entry.practice != len(self.practice_ids) - 1):
            raise Finding(f"names practice {entry.practice} out of turn")

    def take(self, entry):
        """Takes an item; gives the year that it belongs to."""
        self.introduce(entry)
        entry.practice_id = self.practice_ids[entry.practice]
        key = (entry.practice, entry.guid)
        registration = self.registrations.get(key)
        if entry.type == COPAYMENT:
            if registration:
                raise Finding(f"was accepted before, at {position_text(registration.position)}")
            registration = self.registrations[key] = self.register(entry)
        elif not registration:
            raise Finding("refers to a co-payment that is not there")
        elif registration.credited or entry.type == PAYMENT and registration.paid_later:
            raise Finding("refers to a co-payment that was credited or paid before")
        if registration.person != entry.person:
            raise Finding("is of another person than the co-payment it refers to")
        account = self.accounts.get((registration.person, registration.year))
        if account is None:
            account = Account(self.ceilings[registration.year])
            self.accounts[registration.person, registration.year] = account
        if entry.previous != account.newest:
            raise Finding(f"names {position_text(entry.previous)} as the entry before it in the account, which is "
                          f"{position_text(account.newest)}")
        account.newest = entry.position
        self.post(entry, registration, account)
        reason = registration.reason()
        expected = (reason, reason == 0, account.card is not None)
        found = (entry.reason, entry.counted, entry.exempt)
        if found != expected:
            raise Finding(f"was decided (reason, counted, exempt) = {found}, the rules give {expected}")
        return registration.year

    def register(self, entry):
        registration = Registration()
        registration.position, registration.person = entry.position, entry.person
        registration.day = oslo_date(entry.service)
        registration.year = registration.day.year
        received = oslo_date(entry.received)
        registration.lag = max(0, (received - registration.day).days)
        registration.service_type, registration.amount = entry.service_type, entry.amount
        registration.paid, registration.paid_later, registration.credited = entry.paid, False, False
        if registration.year not in self.ceilings:
            raise Finding(f"is of {registration.year}, a year without ceiling")
        if entry.exemption and entry.amount:
            raise Finding("has an amount though nothing was to be paid")
        for basis, day in (("received", received), ("service", registration.day)):
            self.lags[entry.practice_id, basis, f"{day.year:04}-{day.month:02}", registration.lag] += 1
        return registration

    def post(self, entry, registration, account):
        counted = entry.type != COPAYMENT and registration.reason() == 0
        if entry.type == PAYMENT:
            registration.paid = registration.paid_later = True
        elif entry.type == CREDIT_NOTE:
            registration.credited = True
        if entry.type != COPAYMENT:
            self.follow_ups[registration.year, entry.type] += 1
        counts = registration.reason() == 0
        if counts and not counted:
            account.add(registration, entry, self.rule_pack)
        elif counted and not counts:
            account.remove(registration, entry)

    def fullest_year(self):
        """The year with the most co-payments; 0 when there is none."""
        counts = collections.Counter(registration.year for registration in self.registrations.values())
        return max(counts, key=lambda year: (counts[year], year), default=0)

    def figures(self, year):
        """What a statement of the year says, as it is now."""
        totals = collections.Counter({name: 0 for name in (
            "registrations", "amountOre", "unpaid", "unpaidOre", "zeroAmount", "credited", "creditedOre", "counted",
            "countedOre", "persons", "cards", "cardsUnderReview", "refundLines", "refundedOre", "payouts", "payoutOre")})
        totals["payments"], totals["creditNotes"] = self.follow_ups[year, PAYMENT], self.follow_ups[year, CREDIT_NOTE]
        services = collections.defaultdict(collections.Counter)
        practices = collections.defaultdict(collections.Counter)
        within = collections.Counter()
        accounts = {person: account for (person, of), account in self.accounts.items() if of == year}
        names = {0: "counted", 40: "credited", 41: "unpaid", 42: "zeroAmount"}
        for (practice, _), registration in self.registrations.items():
            if registration.year != year:
                continue
            reason, amount = registration.reason(), registration.amount
            refunded = accounts[registration.person].refunded.get(registration.position, 0)
            totals["registrations"] += 1
            totals["amountOre"] += amount
            totals[names[reason]] += 1
            if reason == 41:
                totals["unpaidOre"] += amount
            if reason == 40:
                totals["creditedOre"] += amount
            for row in (services[registration.service_type], practices[practice]):
                row["registrations"] += 1
                row["amountOre"] += amount
                row["countedOre"] += amount if reason == 0 else 0
                row["refundedOre"] += refunded
            for limit in LIMITS:
                within[limit] += registration.lag <= limit
                practices[practice][WITHIN[limit]] += registration.lag <= limit
        for account in accounts.values():
            refunded = sum(amount for _, _, amount in account.lines)
            if refunded != account.excess():
                raise Finding(f"the refund lines of an account are {refunded} øre, its excess {account.excess()}")
            totals["persons"] += 1
            totals["countedOre"] += account.sum
            if account.card:
                totals["cards"] += 1
                totals["cardsUnderReview"] += account.sum < account.ceiling
            totals["refundLines"] += len(account.lines)
            totals["refundedOre"] += refunded
            totals["payouts"] += refunded > 0
            totals["payoutOre"] += refunded if refunded > 0 else 0
        return {
            "year": year,
            "totals": dict(totals),
            "serviceTypes": [{"serviceType": SERVICES[kind], **services[kind]} for kind in sorted(services)],
            "practices": [{"practiceId": self.practice_ids[number], **practices[number]} for number in sorted(practices)],
            "timeliness": {"count": totals["registrations"],
                           "limits": [{"days": limit, "within": within[limit]} for limit in LIMITS]},
        }
