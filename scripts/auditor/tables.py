"""Holds the exported tables against what follows from the journal."""

import csv
import json
from pathlib import Path

from .oslo_time import rfc3339
from .terms import COPAYMENT, Finding, REASONS, SERVICES, TRUTHS, TYPES, guid_text, position_text


class Tables:
    """The exported tables, as tuples of texts whichever format they have."""

    def __init__(self, folder, files):
        self.folder = folder
        self.names = {Path(file["name"]).stem: file["name"] for file in files}

    def rows(self, table, columns):
        try:
            path = self.folder / self.names[table]
            with open(path, newline="", encoding="utf-8") as file:
                rows = csv.DictReader(file) if path.suffix == ".csv" else map(json.loads, file)
                for row in rows:
                    cells = [row[column] for column in columns]
                    yield tuple([cell if cell.__class__ is str else as_text(cell) for cell in cells])
        except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
            raise Finding(f"{table}: cannot be read: {error!r}") from None


def as_text(value):
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def compare_rows(name, rows, expected, findings):
    """Rows as (key, row) against {key: row}; names the first that differs."""
    left = dict(expected)
    try:
        for key, row in rows:
            if left.pop(key, None) != row:
                raise Finding(f"{name}: {key} is {row}, the journal gives {expected.get(key, 'nothing')}")
    except Finding as finding:
        findings.append(str(finding))
        return
    if left:
        key = min(left)
        findings.append(f"{name}: {key} is missing, the journal gives {left[key]}")


ENTRY_COLUMNS = ("position", "type", "year", "practiceId", "personRef", "guid", "serviceType", "serviceTime",
                 "receivedTime", "amountOre", "paid", "exemption", "counted", "exempt", "reason")


def entry_row(entry, year):
    is_copayment = entry.type == COPAYMENT
    return (position_text(entry.position), TYPES[entry.type], str(year), entry.practice_id, str(entry.person),
            guid_text(entry.guid),
            SERVICES[entry.service_type] if is_copayment else "",
            rfc3339(entry.service, entry.service_ns) if is_copayment else "",
            rfc3339(entry.received, entry.received_ns),
            str(entry.amount) if is_copayment else "",
            TRUTHS[entry.paid] if is_copayment else "",
            entry.exemption or "",
            TRUTHS[entry.counted], TRUTHS[entry.exempt], REASONS[entry.reason] or "")


class EntriesTable:
    """Holds the exported entries against those of the journal, side by side."""

    def __init__(self, tables, year, findings):
        self.rows = tables.rows("entries", ENTRY_COLUMNS)
        self.year, self.findings, self.is_wrong = year, findings, False

    def take(self, entry, year):
        if self.is_wrong or self.year not in (None, year):
            return
        row, expected = self.next(), entry_row(entry, year)
        if row != expected and not self.is_wrong:
            self.is_wrong = True
            self.findings.append(f"entries: {position_text(entry.position)} is {row}, the journal gives {expected}")

    def next(self):
        try:
            return next(self.rows, None)
        except Finding as finding:
            self.is_wrong = True
            self.findings.append(str(finding))
            return None

    def finish(self):
        row = None if self.is_wrong else self.next()
        if row:
            self.findings.append(f"entries: {row} does not follow from the journal")


def compare_tables(tables, model, year, findings):
    """accounts, cards, refund_lines, timeliness."""
    accounts, cards, lines = {}, {}, []
    guids = {registration.position: guid for (_, guid), registration in model.registrations.items()}
    for (person, of), account in sorted(model.accounts.items()):
        if year not in (None, of):
            continue
        key = (str(person), str(of))
        accounts[key] = (str(account.sum), str(account.excess()), position_text(account.newest))
        if account.card:
            card, (state, entitled) = account.card, account.card_now()
            cards[key] = (card.id(of), state, rfc3339(card.issued, card.issued_ns), str(entitled), guid_text(card.guid),
                          card.rule_pack.hex())
        lines += [(*key, position_text(cause), position_text(registration), guid_text(guids[registration]), str(amount))
                  for registration, cause, amount in account.lines]
    lags = {key[:3] + (str(key[3]),): (str(count),) for key, count in model.lags.items()
            if year in (None, int(key[2][:4]))}

    def exported(table, keys, values):
        return ((row[:len(keys)], row[len(keys):]) for row in tables.rows(table, keys + values))
    compare_rows("accounts", exported("accounts", ("personRef", "year"), ("countedOre", "refundedOre", "newest")),
                 accounts, findings)
    compare_rows("cards", exported("cards", ("personRef", "year"),
                                   ("cardId", "state", "issuedAt", "entitledFrom", "crossingGuid", "rulePack")),
                 cards, findings)
    compare_rows("timeliness", exported("timeliness", ("practiceId", "basis", "month", "lagDays"), ("count",)),
                 lags, findings)
    rows = tables.rows("refund_lines", ("personRef", "year", "position", "registration", "guid", "amountOre"))
    compare_rows("refund_lines", enumerate(rows), dict(enumerate(lines)), findings)
    return {"accounts": len(accounts), "cards": len(cards), "refund_lines": len(lines), "timeliness": len(lags)}
