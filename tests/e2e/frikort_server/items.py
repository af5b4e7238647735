"""Builds what a practice sends."""

import datetime
import itertools
import json
import uuid

from .national_numbers import synthetic_number
from .oslo_time import oslo_text

MAX_AMOUNT = 10_000_000
SERVICE_TYPES = ("A", "S", "B", "LE", "HS", "PO", "LR", "PS", "PR", "BR", "TB", "RH", "FT")
ABSENT = object()

_person_counter = itertools.count(1000)
_practice_counter = itertools.count(700_001)


def new_person():
    return synthetic_number(next(_person_counter))


def new_practice():
    return str(next(_practice_counter))


def new_guid():
    return str(uuid.uuid4())


def _finish(item, over):
    for key, value in over.items():
        if value is ABSENT:
            item.pop(key, None)
        else:
            item[key] = value
    return item


def copayment(**over):
    """A paid copayment of 200 kroner; ABSENT removes a field.

    The day is one of a year with a published ceiling, whatever day it is when the test runs. With a service time of its
    own it is received now.
    """
    item = {
        "type": "copayment",
        "guid": new_guid(),
        "practiceId": "1000001",
        "personId": over["personId"] if "personId" in over else new_person(),
        "serviceType": "LE",
        "serviceTime": oslo_text("2025-11-10"),
        "amountOre": 20_000,
        "paid": True,
    }
    if "serviceTime" not in over:
        item["receivedTime"] = oslo_text("2025-11-13")
    return _finish(item, over)


def dated(day, amount=20_000, received=None, clock="10:00:00", **over):
    """A copayment of an Oslo day, received three days later at noon unless told (a day or a full time)."""
    if received is None:
        received = datetime.date.fromisoformat(str(day)) + datetime.timedelta(days=3)
    received = str(received)
    if len(received) == 10:
        received = oslo_text(received, "12:00:00")
    return copayment(serviceTime=oslo_text(day, clock), amountOre=amount, receivedTime=received, **over)


def _follow_up(kind, item, over):
    made = {"type": kind, "guid": item["guid"], "practiceId": item["practiceId"]}
    if "received" in over:
        received = str(over.pop("received"))
        made["receivedTime"] = oslo_text(received, "12:00:00") if len(received) == 10 else received
    elif "receivedTime" in item:
        made["receivedTime"] = item["receivedTime"]
    return _finish(made, over)


def payment(item, **over):
    """Confirms the payment of a copayment; received=DAY or time, else the time of the copayment."""
    return _follow_up("payment", item, over)


def credit_note(item, **over):
    """Credits a copayment; received=DAY or time, else the time of the copayment."""
    return _follow_up("creditNote", item, over)


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def raw_item(item, **texts):
    """The text of an item with some values written exactly as given."""
    parts = [f"{json.dumps(key)}:{texts.get(key, json.dumps(value))}" for key, value in item.items()]
    return "{" + ",".join(parts) + "}"


def ndjson(items):
    """Items (objects, or lines as text or bytes) as one NDJSON body."""
    lines = []
    for item in items:
        if isinstance(item, bytes):
            lines.append(item)
        elif isinstance(item, str):
            lines.append(item.encode())
        else:
            lines.append(compact(item).encode())
    return b"".join(line + b"\n" for line in lines)
