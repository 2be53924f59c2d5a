"""Long recordings, window by window, in stretches that are read by themselves.

A stretch is a minute of consecutive windows. Which windows share one follows from the cut alone, and each is read
and resampled from its own beginning, so that a recording gives the same numbers on any number of threads and machines,
and after a run that was killed in the middle of it. Memory holds a stretch, however long the recording.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import soxr

from atmda.core.audio.channels import check_channel
from atmda.core.audio.cut import Cut, Span
from atmda.core.audio.full_scale import Scale
from atmda.core.audio.levels import Levels
from atmda.core.audio.reading import Reading
from atmda.core.audio.recording import Audio, one_channel, open_source, resampled
from atmda.core.audio.source import Notes, Source
from atmda.core.audio.time_limit import TimeLimit
from atmda.core.types import FloatArray
from atmda.errors import AudioError

STRETCH_SECONDS = 60
MOST_WINDOWS = 1024  # a stretch
#: seconds read before a stretch and behind it, for the resampler to come to rest in; its filter is far shorter
MARGIN = 0.5
LEAST_MARGIN = 1000  # frames


@dataclass(frozen=True)
class LongRecording:
    """A recording whose header has been read, and how it is cut.

    Attributes:
        name: what errors call it. frames, sample_rate: as stored. notes: what is to be said of it.
    """

    name: str
    cut: Cut
    reading: Reading
    source: Source
    notes: Notes
    scale: Scale = field(default_factory=Scale)

    @classmethod
    def open(cls, path: Path, name: str, cut: Cut, reading: Reading) -> LongRecording:
        """Raises AudioError as `open_audio` does."""
        notes = Notes()
        source = open_source(path, name, reading, TimeLimit(name, reading.max_seconds), notes)
        check_channel(name, reading.channel, source.channels)
        return cls(name, cut, reading, source, notes)

    @property
    def frames(self) -> int:
        return self.source.frames

    @property
    def sample_rate(self) -> int:
        return self.source.sample_rate

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate

    @property
    def windows(self) -> int:
        """How many there are."""
        return self.cut.count(self.frames, self.sample_rate)

    def stretches(self) -> Iterator[Stretch]:
        """All of it, in order."""
        size = min(max(1, round(STRETCH_SECONDS / self.cut.hop)), MOST_WINDOWS)
        for number, first in enumerate(range(0, self.windows, size)):
            yield Stretch(self, number, range(first, min(first + size, self.windows)))


@dataclass(frozen=True)
class Stretch:
    """Consecutive windows of a recording. number: of the stretch. windows: their numbers."""

    recording: LongRecording
    number: int
    windows: range
    notes: Notes = field(default_factory=Notes)

    def alone(self, place: int) -> Stretch:
        """The window at a place among them, as a stretch of its own."""
        return replace(self, windows=self.windows[place : place + 1])

    def without(self, done: bytes | bytearray) -> list[int]:
        """The places of the windows that are not `done`, which has 1 for each that is, by the window's number."""
        return [place for place, number in enumerate(self.windows) if number >= len(done) or not done[number]]

    @property
    def spans(self) -> list[tuple[float, float]]:
        """Start and end of each window in seconds."""
        return [(float(start), float(end)) for start, end in map(self._span, self.windows)]

    def places(self, sample_rate: int) -> list[tuple[int, int]]:
        """First sample of each window and the one behind its last, at `sample_rate` Hz from the recording's start."""
        size = round(self.recording.cut.window * sample_rate)
        whole = math.ceil(self.recording.frames * sample_rate / self.recording.sample_rate)
        starts = [round(start * sample_rate) for start, _ in map(self._span, self.windows)]
        return [(start, min(start + size, whole)) for start in starts]

    def audio(self, sample_rate: int) -> Iterator[Audio]:
        """Each window as a recording of its own, mono at `sample_rate` Hz. Raises AudioError where reading fails."""
        held, at = np.zeros(0, np.float32), 0
        places = self.places(sample_rate)
        blocks = self._resampled(sample_rate)
        for start, end in places:
            parts, have = [held], at + len(held)
            while have < end:
                first, block = next(blocks, (0, None))
                if block is None:
                    break
                if not have:
                    at = have = first
                parts.append(block)
                have += len(block)
            held = np.concatenate(parts) if len(parts) > 1 else held
            drop = min(max(0, start - at), len(held))
            held, at = held[drop:], at + drop
            yield self._window(held[: end - start], sample_rate)

    def samples(self, sample_rate: int) -> tuple[int, FloatArray]:
        """All of it, mono at `sample_rate` Hz, float32 (n,), and the place of its first sample. Raises AudioError."""
        blocks = list(self._resampled(sample_rate))
        return blocks[0][0], np.concatenate([block for _, block in blocks])

    def _window(self, samples: FloatArray, sample_rate: int) -> Audio:
        left = [samples]  # read once and let go, for what is known of all windows stays until the stretch is done
        blocks = lambda: iter([left.pop()] if left else [])  # noqa: E731
        return Audio(self.recording.name, sample_rate, len(samples), blocks, step=self.recording.source.step)

    def _span(self, number: int) -> Span:
        recording = self.recording
        return recording.cut.span(number, recording.frames, recording.sample_rate)

    def _resampled(self, sample_rate: int) -> Iterator[tuple[int, FloatArray]]:
        """Blocks at `sample_rate` Hz, each with the place of its first sample. Raises AudioError."""
        recording, stored = self.recording, self.recording.sample_rate
        begin, end = self._span(self.windows[0])[0], self._span(self.windows[-1])[1]
        first, last = int(begin * stored), math.ceil(end * stored)
        resampler = None
        if sample_rate != stored:
            margin = max(round(MARGIN * stored), LEAST_MARGIN)
            # from where a sample of one rate falls together with one of the other
            grid = stored // math.gcd(stored, sample_rate)
            first, last = max(0, first - margin) // grid * grid, last + margin
            resampler = soxr.ResampleStream(stored, sample_rate, 1, dtype="float32", quality="HQ")
        last = min(last, recording.frames)
        at, count = first * sample_rate // stored, 0
        levels = Levels()  # for what it raises
        for block in self._mono(first, last):
            levels.add(recording.name, block)
            count += len(block)
            for out in resampled(resampler, block):
                yield at, out
                at += len(out)
        if count < last - first:
            raise AudioError(recording.name, f"it ends after {first + count} of {recording.frames} frames (truncated)")
        if resampler is not None:
            yield at, resampler.resample_chunk(np.zeros(0, np.float32), last=True)

    def _mono(self, first: int, last: int) -> Iterator[FloatArray]:
        recording = self.recording
        limit = TimeLimit(recording.name, recording.reading.max_seconds)
        source = recording.source
        blocks = one_channel(
            source,
            lambda: source.blocks(first, last - first),
            recording.reading.channel,
            limit,
            self.notes.tell,
            recording.scale,
        )
        return blocks()
