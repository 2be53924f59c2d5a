"""When a recording began, as chunks in its WAV file tell.

- `guan`, GUANO metadata: lines of `Field: value`, of which `Timestamp` is ISO 8601, with or without a zone.
- `bext` of Broadcast Wave (EBU Tech 3285): OriginationDate and OriginationTime, without a zone.
- `ICMT` in `LIST INFO`, a comment: "Recorded at 10:25:00 04/04/2020 (UTC+2) by AudioMoth ...", day before month.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from atmda.core.audio.riff import LARGEST, Chunk, byte_order, chunks, wide_length
from atmda.core.files import refuse_pipes
from atmda.core.time_zones import offset_of

MOST_CHUNKS = 256  # looked at; files have about ten
MOST_BYTES = 1 << 16  # of a chunk that are read
BEXT_DATE = 320  # where the ten characters of the date begin; eight of the time follow
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(?P<zone>Z|UTC|[+-]\d\d(?::?\d\d)?)?"
)
_BEXT = re.compile(r"(\d{4})[-_:. /](\d\d)[-_:. /](\d\d)(\d\d)[-_:. ](\d\d)[-_:. ](\d\d)")
_COMMENT = re.compile(
    r"Recorded at (\d\d):(\d\d):(\d\d)(?:\.\d+)? (\d\d)/(\d\d)/(\d{4})"
    r"(?: \((?P<zone>UTC(?:[+-]\d{1,2}(?::?\d\d)?)?)\))?"
)


def times_in_chunks(path: Path) -> dict[str, datetime]:
    """The times that are told, by "GUANO", "bext" and "comment", in order of trust; naive where no zone is told.

    Reads some chunks' first bytes, and the sizes of all. A file that is no WAV file, or is damaged, tells none.
    """
    try:
        refuse_pipes(path)
        with path.open("rb") as file:
            found = dict(_told(file, path.stat().st_size))
    except (OSError, struct.error):  # where a file is being cut at this moment
        return {}
    return {source: found[source] for source in ("GUANO", "bext", "comment") if source in found}


def _told(file: BinaryIO, size: int) -> Iterator[tuple[str, datetime]]:
    magic = file.read(12)
    order = byte_order(magic)
    if not order or magic[8:] != b"WAVE":
        return
    for chunk in islice(_all_chunks(file, size, order), MOST_CHUNKS):
        reader = _READERS.get(chunk.name)
        if reader is None:
            continue
        file.seek(chunk.start)
        source, time = reader(file.read(min(chunk.length, MOST_BYTES)), order)
        if time is not None:
            yield source, time


def _all_chunks(file: BinaryIO, size: int, order: str) -> Iterator[Chunk]:
    """Also those behind samples of more than 4 GB, whose length stands in a chunk ds64."""
    wide = 0
    for chunk in chunks(file, size, order):
        if chunk.name == b"ds64":
            wide = wide_length(file, chunk)
        if chunk.name == b"data" and chunk.length == LARGEST and wide:
            yield from chunks(file, size, order, chunk.start + wide + (wide & 1))
            return
        yield chunk


def _guano(content: bytes, order: str) -> tuple[str, datetime | None]:
    for line in content.decode("utf-8", "replace").splitlines():
        field, _, value = line.partition(":")
        iso = _ISO.fullmatch(value.strip()) if field.strip() == "Timestamp" else None
        if iso is not None:
            return "GUANO", _time(iso.groups()[:7], iso["zone"])
    return "GUANO", None


def _bext(content: bytes, order: str) -> tuple[str, datetime | None]:
    match = _BEXT.fullmatch(content[BEXT_DATE : BEXT_DATE + 18].decode("ascii", "replace"))
    return "bext", None if match is None else _time(match.groups(), None)


def _comment(content: bytes, order: str) -> tuple[str, datetime | None]:
    position = 4
    while content[:4] == b"INFO" and position + 8 <= len(content):
        name, length = struct.unpack_from(f"{order}4sI", content, position)
        if name == b"ICMT":
            text = content[position + 8 : position + 8 + length].decode("utf-8", "replace")
            match = _COMMENT.search(text)
            if match is not None:
                hour, minute, second, day, month, year = match.groups()[:6]
                return "comment", _time((year, month, day, hour, minute, second), match["zone"])
        position += 8 + length + (length & 1)
    return "comment", None


_READERS = {b"guan": _guano, b"bext": _bext, b"LIST": _comment}


def _time(parts: tuple[str | None, ...], zone: str | None) -> datetime | None:
    """Year, month, day, hour, minute and perhaps second and its fraction; None where they are no time."""
    year, month, day, hour, minute, second = (int(part or 0) for part in parts[:6])
    fraction = int((parts[6] or "0")[:6].ljust(6, "0")) if len(parts) > 6 else 0
    offset: timezone | None = None
    if zone:
        offset = offset_of(zone)
        if offset is None:
            return None
    try:
        return datetime(year, month, day, hour, minute, second, fraction, offset)
    except ValueError:
        return None
