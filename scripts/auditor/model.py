"""The ledger as it follows from its entries: each is decided again, and all is added up."""

import collections

from .account import Account, CREDITED, Registration, UNPAID, ZERO_AMOUNT
from .oslo_time import oslo_date
from .persons import Persons
from .terms import COPAYMENT, CREDIT_NOTE, EXEMPTION_BY_CARD, Finding, PAYMENT, SERVICES, position_text

LIMITS = (16, 24, 32)
WITHIN = {limit: f"within{limit}" for limit in LIMITS}


class Model:
    """The ledger as it follows from the entries."""

    def __init__(self):
        self.registrations = {}
        self.accounts = {}
        self.practices = {}  # id -> number
        self.practice_ids = [None]
        self.persons = Persons()
        self.follow_ups = collections.Counter()  # (year, type)
        self.lags = collections.Counter()  # (practice id, basis, month, lag)
        self.ceilings = {}
        self.rule_pack = None

    def add_practice(self, practice_id):
        self.practices[practice_id] = len(self.practice_ids)
        self.practice_ids.append(practice_id)

    def introduce_practice(self, entry):
        """Practices come in turn."""
        if entry.is_new_practice:
            if entry.practice_id in self.practices:
                raise Finding("introduces a practice that is known")
            self.add_practice(entry.practice_id)
        if (not 0 < entry.practice < len(self.practice_ids) or
                entry.is_new_practice and entry.practice != len(self.practice_ids) - 1):
            raise Finding(f"names practice {entry.practice} out of turn")

    def accounts_of(self, person):
        accounts = (self.accounts.get((person, year)) for year in sorted(self.ceilings))
        return [account for account in accounts if account]

    def take(self, entry):
        """Takes an item; gives the year that it belongs to."""
        self.persons.introduce(entry)
        if entry.is_new_person:
            self.persons.add_number(entry)
        self.introduce_practice(entry)
        entry.practice_id = self.practice_ids[entry.practice]
        key = (entry.practice, entry.guid)
        registration = self.registrations.get(key)
        if entry.type == COPAYMENT:
            if registration:
                raise Finding(f"was accepted before, at {position_text(registration.position)}")
            if self.persons.is_opted_out(entry.person):
                raise Finding(f"names person {entry.person}, who is opted out")
            registration = self.registrations[key] = self.register(entry)
        elif not registration:
            raise Finding("refers to a co-payment that is not there")
        elif registration.credited or entry.type == PAYMENT and registration.paid_later:
            raise Finding("refers to a co-payment that was credited or paid before")
        else:
            self.check_owner(entry, registration)
        expected = self.post(entry, registration) if entry.person else self.post_alone(entry, registration)
        found = (entry.reason, entry.counted, entry.exempt)
        if found != expected:
            raise Finding(f"was decided (reason, counted, exempt) = {found}, the rules give {expected}")
        return registration.year

    def check_owner(self, entry, registration):
        """A payment or credit note is of the person whose the co-payment is by now, unless that is hidden."""
        owner = self.persons.who(registration.person)
        if self.persons.is_opted_out(owner):
            self.persons.of(owner).nameless.append(entry.position)
            owner = 0
        if entry.person != owner:
            raise Finding("is of another person than the co-payment it refers to")

    def register(self, entry):
        registration = Registration()
        registration.position, registration.guid, registration.person = entry.position, entry.guid, entry.person
        registration.day = oslo_date(entry.service)
        registration.year = registration.day.year
        received = oslo_date(entry.received)
        registration.lag = max(0, (received - registration.day).days)
        registration.service_type, registration.amount = entry.service_type, entry.amount
        registration.paid, registration.paid_later, registration.credited = entry.paid, False, False
        registration.counts = False
        if registration.year not in self.ceilings:
            raise Finding(f"is of {registration.year}, a year without ceiling")
        if entry.exemption and entry.amount:
            raise Finding("has an amount though nothing was to be paid")
        for basis, day in (("received", received), ("service", registration.day)):
            self.lags[entry.practice_id, basis, f"{day.year:04}-{day.month:02}", registration.lag] += 1
        return registration

    def change(self, entry, registration):
        if entry.type == PAYMENT:
            registration.paid = registration.paid_later = True
        elif entry.type == CREDIT_NOTE:
            registration.credited = True
        if entry.type != COPAYMENT:
            self.follow_ups[registration.year, entry.type] += 1

    def post_alone(self, entry, registration):
        """Of nobody, or of somebody hidden: no account learns of it, and the item alone decides the verdict."""
        if entry.previous:
            raise Finding(f"names nobody, but follows {position_text(entry.previous)}")
        if entry.exemption == EXEMPTION_BY_CARD:
            raise Finding("names a card as exemption, but nobody who has one")
        self.change(entry, registration)
        reason = registration.reason()
        return reason, reason == 0, False

    def post(self, entry, registration):
        account = self.accounts.get((entry.person, registration.year))
        if entry.exemption == EXEMPTION_BY_CARD and not (account and account.card):
            raise Finding("names a card as exemption, which is not there")
        if account is None:
            account = Account(entry.person, self.ceilings[registration.year])
            self.accounts[entry.person, registration.year] = account
        if entry.previous != account.newest:
            raise Finding(f"names {position_text(entry.previous)} as the entry before it in the account, which is "
                          f"{position_text(account.newest)}")
        account.newest = entry.position
        if entry.type == COPAYMENT:
            account.registrations.append(registration)
        self.change(entry, registration)
        reason = registration.reason(self.persons.born(entry.person))
        if reason == 0 and not registration.counts:
            account.start(registration, entry, self.rule_pack)
        elif reason and registration.counts:
            account.begin()
            account.stop(registration, entry)
        return reason, reason == 0, account.card is not None

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
        names = {CREDITED: "credited", UNPAID: "unpaid", ZERO_AMOUNT: "zeroAmount"}
        for (practice, _), registration in self.registrations.items():
            if registration.year != year:
                continue
            amount, counts = registration.amount, registration.counts
            owner = accounts.get(self.persons.who(registration.person))
            refunded = owner.refunded.get(registration.position, 0) if owner else 0
            totals["registrations"] += 1
            totals["amountOre"] += amount
            # What counts for nobody, or is of a child, is in none of the parts.
            part = "counted" if counts else names.get(registration.reason())
            if part:
                totals[part] += 1
            if part in ("unpaid", "credited"):
                totals[part + "Ore"] += amount
            for row in (services[registration.service_type], practices[practice]):
                row["registrations"] += 1
                row["amountOre"] += amount
                row["countedOre"] += amount if counts else 0
                row["refundedOre"] += refunded
            for limit in LIMITS:
                within[limit] += registration.lag <= limit
                practices[practice][WITHIN[limit]] += registration.lag <= limit
        due = 0
        for person, account in accounts.items():
            refunded = sum(amount for _, _, amount in account.lines)
            untold = self.persons.untold_merges(person)
            due += sum(amount for _, cause, amount in account.lines if cause not in untold)
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
            "refunds": {"dueOre": due},
            "serviceTypes": [{"serviceType": SERVICES[kind], **services[kind]} for kind in sorted(services)],
            "practices": [{"practiceId": self.practice_ids[number], **practices[number]} for number in sorted(practices)],
            "timeliness": {"count": totals["registrations"],
                           "limits": [{"days": limit, "within": within[limit]} for limit in LIMITS]},
        }
