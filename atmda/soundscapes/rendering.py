"""From a soundscape's events to its samples, by scaper's definitions (version 1.6.5).

- Background gain: ref_db - L(background). Event gain: ref_db + snr - L(event), measured before fades and padding.
- An event fades in and out over 10 ms as a quarter sine; it begins at int(event_time * sample_rate).
- The sum is the soundscape: no reverb, no limiting unless asked.

Summed block by block, in the order of the mix: each source is read when its time comes and forgotten when it has
sounded, so that a day takes no more memory than its longest source.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from atmda.core.types import FloatArray
from atmda.errors import AtmdaError
from atmda.soundscapes.event_audio import read_event, read_part
from atmda.soundscapes.fades import Join, fade_edges, joins
from atmda.soundscapes.levels import level_notes
from atmda.soundscapes.loudness import integrated_loudness
from atmda.soundscapes.mix import Event, Mix, shown_name

ROUNDED = 1e-6  # s, what times lose where they are written and added
HALF_STEP = 0.5 / 32768  # what is no louder becomes zeros in the file
BLOCK = 1 << 20  # samples that are summed at a time
ClipPolicy = Literal["warn", "scale", "error"]


@dataclass
class Rendered:
    """samples: float32 (n,). loudness: of each event before its gain, LUFS. peak: before scaling. scale: applied.
    spans: when each event begins and ends to sound, in seconds; it ends at its recording's end, or the soundscape's.
    """

    samples: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))
    loudness: list[float] = field(default_factory=list)
    peak: float = 0.0
    scale: float = 1.0
    notes: list[str] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)


@dataclass
class Laid:
    """One event at its level: its samples, the frame of the soundscape where they begin, and what is told of it."""

    first: int
    samples: FloatArray
    loudness: float
    span: tuple[float, float]
    notes: list[str]

    def add_to(self, block: FloatArray, first: int) -> None:
        """Add what sounds in `block`, which begins at the frame `first`."""
        low, high = max(first, self.first), min(first + len(block), self.first + len(self.samples))
        if low < high:
            block[low - first : high - first] += self.samples[low - self.first : high - self.first]


class Renderer:
    """Renders soundscapes; keeps the last backgrounds, at level, since sets are rendered background by background.

    keep: how many backgrounds to hold (10 s take 1.8 MB).
    """

    def __init__(self, keep: int = 4) -> None:
        self._keep = keep
        self._backgrounds: OrderedDict[tuple[object, ...], tuple[FloatArray, float, list[str]]] = OrderedDict()

    def render(self, mix: Mix, clip_policy: ClipPolicy = "warn", name: str = "soundscape") -> Rendered:
        """The samples of `mix`. Raises AudioError for a source that cannot be used, AtmdaError where clipping is
        refused (`clip_policy` "error"); "scale" brings a clipping sum to a peak of 1, "warn" leaves and notes it."""
        result = Rendered()
        blocks = list(self.blocks(mix, result))
        result.samples = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        settle_peak(result, mix, clip_policy, name)
        if result.scale != 1.0:
            result.samples *= np.float32(result.scale)
        return result

    def blocks(self, mix: Mix, result: Rendered) -> Iterator[FloatArray]:
        """The sum of `mix` before any scaling, block by block. When the last one has been taken, `result` has
        loudness, spans, notes and peak. Raises AudioError."""
        fades, laid = joins(mix), dict[int, Laid]()
        told: dict[int, tuple[float, tuple[float, float], list[str]]] = {}
        begins = [min(mix.first_frame(event), mix.frames - 1) for event in mix.events]
        waiting = sorted(range(len(mix.events)), key=lambda k: begins[k], reverse=True)
        for first in range(0, mix.frames, BLOCK):
            block = np.zeros(min(BLOCK, mix.frames - first), np.float32)
            while waiting and begins[waiting[-1]] < first + len(block):
                k = waiting.pop()
                one = laid[k] = self._laid(mix.events[k], mix, fades.get(k))
                told[k] = one.loudness, one.span, one.notes
            for k in sorted(laid):
                laid[k].add_to(block, first)
                if laid[k].first + len(laid[k].samples) <= first + len(block):
                    del laid[k]
            result.peak = max(result.peak, float(block.max()), -float(block.min()))
            yield block
        for k in sorted(told):
            loudness, span, notes = told[k]
            result.loudness.append(loudness)
            result.spans.append(span)
            result.notes += notes

    def _laid(self, event: Event, mix: Mix, join: Join | None) -> Laid:
        if event.role == "foreground":
            return _laid_event(event, mix)
        samples, loudness, notes = self._background(event, mix, keep=join is None)
        end = mix.duration if event.event_time == 0 and join is None else event.event_time + event.event_duration
        span = (event.event_time, min(end, mix.duration))
        return Laid(mix.first_frame(event), join.apply(samples) if join else samples, loudness, span, notes)

    def _background(self, event: Event, mix: Mix, keep: bool) -> tuple[FloatArray, float, list[str]]:
        key = (event.source, event.source_time, event.event_duration, mix.duration, mix.sample_rate, mix.ref_db)
        if key in self._backgrounds:
            self._backgrounds.move_to_end(key)
            return self._backgrounds[key]
        notes: list[str] = []
        samples = read_event(event, mix.sample_rate, repeat=True, notes=notes)
        loudness = integrated_loudness(samples, mix.sample_rate)
        notes += level_notes("background", shown_name(event), samples, loudness, notes)
        level = samples[: mix.frames] * np.float32(gain(mix.ref_db - loudness))
        if keep:
            self._backgrounds[key] = level, loudness, notes
            if len(self._backgrounds) > self._keep:
                self._backgrounds.popitem(last=False)
        return level, loudness, notes


def _laid_event(event: Event, mix: Mix) -> Laid:
    notes: list[str] = []
    samples, seconds = read_part(event, mix.sample_rate, notes=notes)
    loudness = integrated_loudness(samples, mix.sample_rate)
    notes += level_notes("foreground", shown_name(event), samples, loudness, notes)
    samples *= np.float32(gain(mix.ref_db + event.snr - loudness))
    if len(samples) < round(max(mix.fade_in, mix.fade_out) * mix.sample_rate):
        notes.append(f"event lasts {1000 * len(samples) / mix.sample_rate:.3g} ms; fades shortened to half")
    fade_edges(samples, int(mix.fade_in * mix.sample_rate), int(mix.fade_out * mix.sample_rate))
    last = event.event_time + seconds
    span = (event.event_time, last if last < mix.duration + ROUNDED else mix.duration)
    return Laid(mix.first_frame(event), samples, loudness, span, notes)


def gain(decibels: float) -> float:
    return float(10.0 ** (decibels / 20.0))


def settle_peak(result: Rendered, mix: Mix, clip_policy: ClipPolicy, name: str) -> None:
    """Find the scale of a sum whose peak is known, and note what it does. Raises AtmdaError where it may not clip."""
    clipping = result.peak > 1.0
    if clipping and clip_policy == "error":
        raise AtmdaError(
            f"{name}: the sum clips, its peak is {result.peak:.3f}.",
            "Lower `ref_db` or the SNR, or use `clip_policy` scale.",
        )
    if mix.peak_normalization or (clipping and clip_policy == "scale"):
        result.scale = 1.0 / (result.peak + 1e-10)
        result.notes.append(f"scaled by {result.scale:.6g}: the peak was {result.peak:.4g}")
    elif clipping:
        result.notes.append(f"clipped: the peak was {result.peak:.4g}")
    if result.peak * result.scale <= HALF_STEP:
        result.notes.append(f"silent: the peak, {result.peak:.4g}, is less than half a step of 16 bits")
