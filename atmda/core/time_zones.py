"""Time zones by what people call them, and times of recorders in them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from difflib import get_close_matches

from atmda.errors import SettingsError

OFFSET = r"(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?"
_ZONE = re.compile(rf"(?:UTC|GMT)?{OFFSET}|(?P<utc>UTC|GMT|Z)", re.IGNORECASE)
FURTHEST = timedelta(hours=14)  # that a zone in use is away from UTC


def offset_of(text: str) -> timezone | None:
    """The zone that "UTC", "Z", "+02:00", "-0330" or "UTC+2" is; None for anything else."""
    match = _ZONE.fullmatch(text.strip())
    if match is None:
        return None
    if match["utc"]:
        return timezone.utc
    hours, minutes = int(match["hours"]), int(match["minutes"] or 0)
    offset = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or offset > FURTHEST:
        return None
    return timezone(-offset if match["sign"] == "-" else offset)


def time_zone(text: str) -> tzinfo:
    """The zone called `text`: "Europe/Berlin" (of the IANA's database), "UTC" or an offset as "+02:00".

    Raises SettingsError, naming `timezone`, where there is none of that name.
    """
    from zoneinfo import ZoneInfo, available_timezones

    fixed = offset_of(text)
    if fixed is not None:
        return fixed
    known = {name.lower(): name for name in available_timezones()}
    name = known.get(text.strip().lower())
    if name is None:
        near = get_close_matches(text.strip().lower(), known, n=1, cutoff=0.6)
        hint = f"Did you mean {known[near[0]]}?" if near else "Give one as Europe/Berlin, UTC or +02:00."
        raise SettingsError(f"`timezone` {text}: there is no time zone of that name.", hint, setting="timezone")
    return ZoneInfo(name)


def in_zone(time: datetime, zone: tzinfo | None) -> datetime:
    """A clock's `time` with the offset from UTC that `zone` had then; one that has an offset already keeps it.

    A time that summer time skips counts as if the clock had not been put forward yet (02:30 is 03:30 then), one that
    comes twice is the first of the two. The offset is fixed from there on: times that are reckoned from the start of a
    recording are as far apart as they were, also across the night on which clocks change.
    """
    if zone is None or time.tzinfo is not None:
        return time
    try:
        there = time.replace(tzinfo=zone).astimezone(timezone.utc).astimezone(zone)
    except OverflowError:  # in the years 1 and 9999
        return time
    offset = there.utcoffset() or timedelta()
    return there.replace(tzinfo=timezone.utc if not offset else timezone(offset), fold=0)
