"""Times as the service takes and gives them, in Oslo and in UTC."""

import datetime

UTC = datetime.timezone.utc


def _last_sunday(year, month):
    last = datetime.date(year, month, 31)
    return last - datetime.timedelta(days=(last.weekday() + 1) % 7)


def oslo_offset_hours(instant):
    """Hours ahead of UTC in Europe/Oslo at an aware instant (the EU rule)."""
    instant = instant.astimezone(UTC)
    begin = datetime.datetime.combine(_last_sunday(instant.year, 3), datetime.time(1), UTC)
    end = datetime.datetime.combine(_last_sunday(instant.year, 10), datetime.time(1), UTC)
    return 2 if begin <= instant < end else 1


def to_oslo(instant):
    zone = datetime.timezone(datetime.timedelta(hours=oslo_offset_hours(instant)))
    return instant.astimezone(zone)


def oslo_date(instant):
    return to_oslo(instant).date()


def oslo_today():
    return oslo_date(datetime.datetime.now(UTC))


def oslo_instant(day, clock="10:00:00"):
    """The instant of an Oslo wall-clock time; `day` is a date or YYYY-MM-DD."""
    naive = datetime.datetime.fromisoformat(f"{day}T{clock}")
    for hours in (2, 1):
        instant = (naive - datetime.timedelta(hours=hours)).replace(tzinfo=UTC)
        if oslo_offset_hours(instant) == hours:
            return instant
    return (naive - datetime.timedelta(hours=1)).replace(tzinfo=UTC)


def oslo_text(day, clock="10:00:00"):
    return rfc3339(to_oslo(oslo_instant(day, clock)))


def utc_text(instant):
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339(instant):
    return instant.isoformat(timespec="seconds")


def parse_time(text):
    """RFC 3339 to an aware instant, cut to microseconds."""
    if not isinstance(text, str):
        raise AssertionError(f"expected a time as text, got {text!r}")
    body = text.upper().replace("Z", "+00:00")
    base, rest = body[:19], body[19:]
    fraction = ""
    if rest.startswith("."):
        sign = max(rest.find("+"), rest.find("-"))
        fraction, rest = rest[1:sign], rest[sign:]
    instant = datetime.datetime.fromisoformat(base + rest)
    if instant.tzinfo is None:
        raise AssertionError(f"time without offset: {text!r}")
    return instant.replace(microsecond=int((fraction + "000000")[:6])).astimezone(UTC)


def recent_day(days_ago=3):
    """For what is about the present; its year may have no ceiling unless ceilings() is configured."""
    return oslo_today() - datetime.timedelta(days=days_ago)
