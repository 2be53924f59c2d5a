"""How long was recorded, and how long each label was heard, by the hour, in memory that grows with hours alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

#: where times count from; years before it have no hours
EPOCH = datetime(1, 1, 1)


@dataclass(slots=True)
class Heard:
    """A label in an hour: detections that begin in it, and seconds of it in which the label is heard."""

    detections: int = 0
    seconds: float = 0.0


@dataclass
class Bins:
    """Seconds recorded, and what was heard, in pieces of `unit` seconds by their number."""

    unit: int
    recorded: dict[int, float] = field(default_factory=dict)
    heard: dict[int, dict[int, Heard]] = field(default_factory=dict)

    def add_recorded(self, start: float, end: float) -> None:
        for piece, seconds in self._pieces(start, end):
            self.recorded[piece] = self.recorded.get(piece, 0.0) + seconds

    def add_detection(self, label: int, begins: float, start: float, end: float) -> None:
        """`begins`: where the detection does; `start` to `end`: what of it no other detection of the label covers."""
        self._of(int(begins // self.unit), label).detections += 1
        for piece, seconds in self._pieces(start, end):
            self._of(piece, label).seconds += seconds

    def coarser(self, unit: int) -> Bins:
        """The same in larger pieces, `unit` a multiple of this one's."""
        larger, times = Bins(unit), unit // self.unit
        for piece, seconds in self.recorded.items():
            larger.recorded[piece // times] = larger.recorded.get(piece // times, 0.0) + seconds
        for piece, labels in self.heard.items():
            for label, heard in labels.items():
                sum_ = larger._of(piece // times, label)
                sum_.detections += heard.detections
                sum_.seconds += heard.seconds
        return larger

    def _of(self, piece: int, label: int) -> Heard:
        return self.heard.setdefault(piece, {}).setdefault(label, Heard())

    def _pieces(self, start: float, end: float) -> list[tuple[int, float]]:
        found = []
        while start < end:
            piece = int(start // self.unit)
            border = min(end, (piece + 1) * float(self.unit))
            found.append((piece, border - start))
            start = border
        return found


class Hours:
    """Counts by the hour of the clock where it is known when a recording began, else by minutes from its start.

    Recordings come one after another; of each the windows, and of each label the detections, come in order of their
    starts, so that what overlaps is counted once.
    """

    def __init__(self) -> None:
        self.clock = Bins(3600)
        self.unknown = Bins(60)
        self.recordings = 0
        self._window_of: tuple[str, float] = ("", 0.0)
        self._detection_of = ""
        self._until: dict[int, float] = {}

    def add_window(self, filename: str, start: float, end: float, recorded: datetime | None) -> None:
        """A stretch of a recording was looked at, from `start` to `end` seconds."""
        current, until = self._window_of
        if filename != current:
            self.recordings += 1
            until = 0.0
        self._window_of = (filename, max(until, end))
        offset = None if recorded is None else clock_seconds(recorded, start) - start
        self._bins(offset).add_recorded((offset or 0.0) + max(start, until), (offset or 0.0) + end)

    def add_detection(self, filename: str, label: int, start: float, end: float, begins: datetime | None) -> None:
        """Class `label` is heard from `start` to `end` seconds; `begins`: the time of `start`, where it is known."""
        if filename != self._detection_of:
            self._detection_of, self._until = filename, {}
        until = self._until.get(label, 0.0)
        self._until[label] = max(until, end)
        offset = None if begins is None else clock_seconds(begins, 0.0) - start
        shift = offset or 0.0
        self._bins(offset).add_detection(label, shift + start, shift + max(start, until), shift + end)

    def _bins(self, offset: float | None) -> Bins:
        return self.unknown if offset is None else self.clock


def clock_seconds(moment: datetime, later: float) -> float:
    """What the clocks of the place show `later` seconds after `moment`, in seconds since `EPOCH`."""
    if moment.tzinfo is None:
        return (moment - EPOCH).total_seconds() + later
    shown = (moment.astimezone(timezone.utc) + timedelta(seconds=later)).astimezone(moment.tzinfo)
    return (shown.replace(tzinfo=None) - EPOCH).total_seconds()
