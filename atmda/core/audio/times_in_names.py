"""When a recording began, as its file's name tells.

20240705_184401.WAV, SITE_20240705_184401.wav    AudioMoth, Song Meter and most others
2024-07-05T18-44-01.flac                         with any of - _ . : and space between
S4A03998_20180427_180000+0200.wav                with an offset from UTC, or Z
5AFCD4F4.WAV                                     the first AudioMoths: seconds since 1970 in UTC, in hexadecimal
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import PurePosixPath

from atmda.core.time_zones import offset_of

YEARS = range(1990, 2101)
#: in which years recorders wrote hexadecimal names; "DEADBEEF" is the year 2088
HEXADECIMAL_YEARS = range(2010, 2036)
_TIME = re.compile(
    r"(?<!\d)(\d{4})([-_. ]?)(\d\d)\2(\d\d)[-_T .]{0,2}(\d\d)([-_.:h ]?)(\d\d)\6(\d\d)(?!\d)"
    r"(?P<zone>Z(?![A-Za-z0-9])|[+-](?:0\d|1[0-4]):?(?:00|15|30|45)(?!\d))?"
)
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{8}")


def time_in_name(name: str) -> datetime | None:
    """When the recording called `name` began; naive where the name tells no zone, None where it tells no time.

    >>> time_in_name("park/SITE_20240705_184401.wav")
    datetime.datetime(2024, 7, 5, 18, 44, 1)
    """
    file = PurePosixPath(name)
    for match in _TIME.finditer(file.name):
        year, _, month, day, hour, _, minute, second = match.groups()[:8]
        try:
            time = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))
        except ValueError:
            continue
        if time.year in YEARS:
            return time.replace(tzinfo=offset_of(match["zone"]) if match["zone"] else None)
    if _HEXADECIMAL.fullmatch(file.stem):
        time = datetime.fromtimestamp(int(file.stem, 16), timezone.utc)
        if time.year in HEXADECIMAL_YEARS:
            return time
    return None
