"""When a recording began: by what its file holds, else by its name; and where, by its folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path, PurePosixPath

from atmda.core.audio.times_in_chunks import times_in_chunks
from atmda.core.audio.times_in_names import time_in_name
from atmda.core.time_zones import FURTHEST, in_zone

NEAR = timedelta(seconds=2)  # by which two tellings may differ: recorders name files before they begin
STEP = timedelta(minutes=15)  # of all time zones' offsets


@dataclass(frozen=True)
class Recorded:
    """When a recording began.

    Attributes:
        start: None where it is not known; naive where it is not known in which zone. An offset is fixed, so that
            `start + timedelta(seconds=...)` is right on the night on which clocks change too.
        source: what told it: "GUANO", "bext", "comment" or "name"; "" where nothing did.
        note: where two tellings contradict each other, a sentence without its full stop; else "".
    """

    start: datetime | None = None
    source: str = ""
    note: str = ""


def recorded_at(path: Path | None, name: str, zone: tzinfo | None = None) -> Recorded:
    """When the recording `name`, which lies at `path`, began; without a path its name alone is asked.

    GUANO metadata, a bext chunk and an AudioMoth's comment are believed before the name, in this order. `zone` holds
    for times that are told without one.
    """
    told = dict(times_in_chunks(path)) if path is not None else {}
    named = time_in_name(name)
    if named is not None:
        told["name"] = named
    if not told:
        return Recorded()
    times = {source: in_zone(time, zone) for source, time in told.items()}
    source, start = next(iter(times.items()))
    other = next((other for other, time in times.items() if _contradict(start, time)), None)
    note = "" if other is None else f"its {source} says {start.isoformat()} and its {other} {times[other].isoformat()}"
    return Recorded(start, source, note)


def site_of(name: str) -> str:
    """The place of a recording: the first folder in its name; "" where there is none.

    A name that is a whole path, as of recordings called alike in several folders, tells the folder it lies in.
    """
    path = PurePosixPath(name)
    if path.is_absolute():
        return path.parent.name
    return path.parts[0] if len(path.parts) > 1 else ""


def _contradict(one: datetime, other: datetime) -> bool:
    """Whether the two cannot be the same moment; where a zone is not known, the zone may be what they differ by."""
    if (one.tzinfo is None) == (other.tzinfo is None):
        return abs(one - other) > NEAR
    apart = abs(one.replace(tzinfo=None) - other.replace(tzinfo=None))
    beyond = apart % STEP
    return apart > FURTHEST + NEAR or min(beyond, STEP - beyond) > NEAR
