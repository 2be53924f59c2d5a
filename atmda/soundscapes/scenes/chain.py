"""The background of a long scene: recordings of one kind of place, one after the other.

A loop of ten seconds is soon learned by heart, and no place sounds so. Here the recordings follow in a drawn order, all
of them before one comes again. Where the data set tells places and the drawn one has enough recordings, all are of that
place. Each stretch is brought to the loudness asked for by itself, so that an event's SNR holds where the event is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from atmda.soundscapes.sampling import Draws, Recording

JOIN = 0.5  # s over which one stretch gives way to the next
SHORTEST = 5.0  # s; a shorter recording is repeated to last so long
LONGEST = 120.0  # s that are read, measured and mixed at a time; a longer recording goes on in the next stretch
PLACE = 6  # recordings that a place needs to be a background by itself
DECIMALS = 9
CLOSE = 1e-6  # s, more than times are rounded by

Seconds = Callable[[Recording], float]


@dataclass(frozen=True)
class Stretch:
    """A part of a recording in the background; times in seconds."""

    recording: Recording
    source_time: float
    onset: float
    duration: float

    @property
    def end(self) -> float:
        return self.onset + self.duration


def of_one_place(recordings: Sequence[Recording], draws: Draws) -> Sequence[Recording]:
    """Those of a drawn place, where places are told and one has enough of them; else all."""
    places: dict[str, list[Recording]] = {}
    for recording in recordings:
        if recording.source is not None:
            places.setdefault(recording.source, []).append(recording)
    large = sorted(place for place, there in places.items() if len(there) >= PLACE)
    return places[large[int(draws.uniform("place") * len(large))]] if large else recordings


def draw_chain(recordings: Sequence[Recording], duration: float, draws: Draws, seconds: Seconds) -> list[Stretch]:
    """Stretches that fill `duration`; `seconds` tells how long a recording lasts.

    A recording longer than the scene begins at a drawn time; the others are used from their beginning to their end.
    """
    chain: list[Stretch] = []
    for recording, begin, end in _laps(recordings, duration, draws, seconds):
        time = begin
        while not chain or chain[-1].end < duration - CLOSE:
            before = chain[-1] if chain else None
            onset = 0.0 if before is None else before.end - JOIN
            length = end - time if end - time < LONGEST + SHORTEST else LONGEST
            rest = duration - (onset + length - JOIN)  # for the next one
            cut = JOIN < rest < SHORTEST <= length / 2  # or it would be too short to measure
            length = min(length - SHORTEST * cut, duration - onset)
            chain.append(Stretch(recording, *(round(value, DECIMALS) for value in (time, onset, length))))
            time += length - JOIN
            if end - time < (rest + SHORTEST if cut else SHORTEST):
                break
        if chain[-1].end >= duration - CLOSE:
            return chain
    raise AssertionError("recordings follow without end")


def _laps(
    recordings: Sequence[Recording], duration: float, draws: Draws, seconds: Seconds
) -> Iterator[tuple[Recording, float, float]]:
    """Recordings without end, and which part of each is used: none comes again before all others, nor at once."""
    lap, last = 0, ""
    while True:
        order = sorted(recordings, key=lambda r: draws.uniform(f"background {lap} {r.name}"))
        if len(order) > 1 and order[0].name == last:
            order.append(order.pop(0))
        for recording in order:
            there = seconds(recording)
            begin = round(draws.uniform(f"begin {lap} {recording.name}") * max(0.0, there - duration), DECIMALS)
            yield recording, begin, begin + max(SHORTEST, min(there, duration))
        lap, last = lap + 1, order[-1].name
