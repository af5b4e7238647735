"""Days and times in Oslo, from seconds since 1970."""

import datetime
import functools
import zoneinfo

OSLO = zoneinfo.ZoneInfo("Europe/Oslo")


@functools.lru_cache(maxsize=None)
def oslo_offset(hour):
    """Seconds to add to UTC in an hour since 1970, and the offset as text: clocks change on the hour."""
    time_there = datetime.datetime.fromtimestamp(3600 * hour, OSLO)
    return int(time_there.utcoffset().total_seconds()), time_there.isoformat()[-6:]


@functools.lru_cache(maxsize=None)
def date_of(day):
    """The date a number of days after 1970-01-01, and its text."""
    date = datetime.date(1970, 1, 1) + datetime.timedelta(days=day)
    return date, date.isoformat()


def oslo_date(seconds):
    return date_of((seconds + oslo_offset(seconds // 3600)[0]) // 86400)[0]


def rfc3339(seconds, nanoseconds):
    offset, offset_text = oslo_offset(seconds // 3600)
    day, second = divmod(seconds + offset, 86400)
    decimals = f".{nanoseconds:09d}".rstrip("0") if nanoseconds else ""
    return f"{date_of(day)[1]}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}{decimals}{offset_text}"
