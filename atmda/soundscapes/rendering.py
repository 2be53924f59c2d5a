"""From a soundscape's events to its samples, by scaper's definitions (version 1.6.5).

- A recording is cut to the event, mixed to mono, resampled (soxr HQ) and clipped to [-1, 1], which sox does to
  the overshoot of full-scale recordings (integers stored as floats are divided first); a short background is repeated.
- Background gain: ref_db - L(background). Event gain: ref_db + snr - L(event), measured before fades and padding.
- An event fades in and out over 10 ms as a quarter sine; it begins at int(event_time * sample_rate).
- The sum is the soundscape: no reverb, no limiting unless asked.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import soxr

from atmda.core.audio import AS_USUAL
from atmda.core.audio.channels import CANCELLED, mono
from atmda.core.audio.full_scale import at_full_scale
from atmda.core.audio.levels import Levels
from atmda.core.audio.recording import open_source
from atmda.core.audio.source import Notes
from atmda.core.audio.time_limit import TimeLimit
from atmda.core.types import FloatArray
from atmda.errors import AtmdaError, AudioError
from atmda.soundscapes.levels import CANCEL, OFFSET, dominating_offset, level_notes
from atmda.soundscapes.loudness import integrated_loudness

SAMPLE_RATE = 44_100
FADE_SECONDS = 0.01
ROUNDED = 1e-6  # s, what times lose where they are written and added
HALF_STEP = 0.5 / 32768  # what is no louder becomes zeros in the file
ClipPolicy = Literal["warn", "scale", "error"]


@dataclass(frozen=True)
class Event:
    """One source in a soundscape; times in seconds. A background's `snr` is 0 and its event_time 0."""

    role: Literal["background", "foreground"]
    source: Path
    source_time: float
    event_time: float
    event_duration: float
    snr: float
    name: str = ""


@dataclass(frozen=True)
class Mix:
    """All that a soundscape's samples follow from."""

    duration: float
    events: tuple[Event, ...]
    ref_db: float = -36.0
    sample_rate: int = SAMPLE_RATE
    fade_in: float = FADE_SECONDS
    fade_out: float = FADE_SECONDS
    peak_normalization: bool = False


@dataclass
class Rendered:
    """samples: float32 (n,). loudness: of each event before its gain, LUFS. peak: before scaling. scale: applied.
    spans: when each event begins and ends to sound, in seconds; it ends at its recording's end, or the soundscape's.
    """

    samples: FloatArray
    loudness: list[float] = field(default_factory=list)
    peak: float = 0.0
    scale: float = 1.0
    notes: list[str] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)


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
        result = Rendered(np.zeros(int(mix.duration * mix.sample_rate), np.float32))
        for event in mix.events:
            if event.role == "background":
                samples, loudness, notes = self._background(event, mix)
                result.notes += notes
                result.samples += samples
                result.spans.append((0.0, mix.duration))
            else:
                loudness = self._add_event(event, mix, result)
            result.loudness.append(loudness)
        result.peak = float(max(result.samples.max(initial=0.0), -result.samples.min(initial=0.0)))
        _settle_peak(result, mix, clip_policy, name)
        return result

    def _background(self, event: Event, mix: Mix) -> tuple[FloatArray, float, list[str]]:
        key = (event.source, event.source_time, mix.duration, mix.sample_rate, mix.ref_db)
        if key in self._backgrounds:
            self._backgrounds.move_to_end(key)
            return self._backgrounds[key]
        notes: list[str] = []
        samples = read_event(event, mix.sample_rate, repeat=True, notes=notes)
        loudness = integrated_loudness(samples, mix.sample_rate)
        notes += level_notes("background", shown_name(event), samples, loudness, notes)
        level = np.zeros(int(mix.duration * mix.sample_rate), np.float32)
        samples = samples[: len(level)]
        np.multiply(samples, np.float32(gain(mix.ref_db - loudness)), out=level[: len(samples)])
        self._backgrounds[key] = level, loudness, notes
        if len(self._backgrounds) > self._keep:
            self._backgrounds.popitem(last=False)
        return level, loudness, notes

    @staticmethod
    def _add_event(event: Event, mix: Mix, result: Rendered) -> float:
        samples, seconds = _read(event, mix.sample_rate, notes=result.notes)
        loudness = integrated_loudness(samples, mix.sample_rate)
        result.notes += level_notes("foreground", shown_name(event), samples, loudness, result.notes)
        samples *= np.float32(gain(mix.ref_db + event.snr - loudness))
        if len(samples) < round(max(mix.fade_in, mix.fade_out) * mix.sample_rate):
            result.notes.append(f"event lasts {1000 * len(samples) / mix.sample_rate:.3g} ms; fades shortened to half")
        fade_edges(samples, int(mix.fade_in * mix.sample_rate), int(mix.fade_out * mix.sample_rate))
        start = int(mix.sample_rate * event.event_time)
        room = result.samples[start : start + len(samples)]
        room += samples[: len(room)]
        last = event.event_time + seconds
        result.spans.append((event.event_time, last if last < mix.duration + ROUNDED else mix.duration))
        return loudness


def sounds(event: Event, mix: Mix) -> bool:
    """Whether `event` begins before the last sample of `mix`."""
    return int(mix.sample_rate * event.event_time) < int(mix.duration * mix.sample_rate)


def gain(decibels: float) -> float:
    return float(10.0 ** (decibels / 20.0))


def fade_edges(samples: FloatArray, fade_in: int, fade_out: int) -> None:
    """Quarter-sine fades over `fade_in` and `fade_out` samples, in place; half the event where it is shorter."""
    n = len(samples)
    rise = fade_in if n >= fade_in else n // 2
    fall = fade_out if n >= fade_out else n // 2
    samples[:rise] *= np.sin(np.linspace(0.0, np.pi / 2, rise)).astype(np.float32)
    samples[n - fall :] *= np.sin(np.linspace(np.pi / 2, 0.0, fall)).astype(np.float32)


def shown_name(event: Event) -> str:
    """What messages and notes call the recording of `event`."""
    return event.name or str(event.source)


def read_event(event: Event, sample_rate: int, repeat: bool = False, notes: list[str] | None = None) -> FloatArray:
    """The part of its recording that an event uses: mono float32 (n,) at `sample_rate` Hz.

    Only that part is read. With `repeat` a recording shorter than the event is repeated to fill it. What had to be
    mended to read it, a dominating offset removed among it, is added to `notes`. Raises AudioError.
    """
    return _read(event, sample_rate, repeat, notes)[0]


def _read(
    event: Event, sample_rate: int, repeat: bool = False, notes: list[str] | None = None
) -> tuple[FloatArray, float]:
    """The samples of `read_event`, and the event's length in seconds: shorter than asked for where its recording is."""
    shown = shown_name(event)
    found = Notes()
    source = open_source(event.source, shown, AS_USUAL, TimeLimit(shown, None), found)
    start = int(event.source_time * source.sample_rate)
    stop = max(start + 1, int((event.source_time + event.event_duration) * source.sample_rate))
    if start >= source.frames:
        end = source.frames / source.sample_rate
        raise AudioError(shown, f"the event begins at {event.source_time:g} s, after its end at {end:g} s")
    wanted = min(stop, source.frames) - start
    whole = repeat or stop <= source.frames + 1  # times that were rounded may reach one frame beyond
    mixed: list[str] = []
    levelled = at_full_scale(source, lambda: source.blocks(start, wanted), found.tell)
    blocks = mono(levelled, source.channels, AS_USUAL.channel, mixed.append)
    samples = np.concatenate([np.zeros(0, np.float32), *blocks])
    if len(samples) < wanted:
        raise AudioError(shown, f"it ends after {start + len(samples)} of {source.frames} frames (truncated)")
    levels = Levels(source.step)
    levels.add(shown, samples)  # which refuses what are no numbers, or too large ones
    if levels.silent and levels.peak:  # zeros are told of where they are mixed in
        found.tell(levels.note)
    offset = dominating_offset(samples, source.sample_rate)
    if offset:
        samples = samples - np.float32(offset)  # before resampling, which rings where it begins and ends
    if notes is not None:
        notes += [f"{shown}: {note}" for note in found]
        notes += [f"{shown}: {CANCEL}"] * (CANCELLED in mixed)
        notes += [f"{shown}: {OFFSET} of {offset:.4g} dominated it and was removed"] * bool(offset)
    if repeat and len(samples) < stop - start:
        samples = np.tile(samples, -(-(stop - start) // len(samples)))[: stop - start]
    if source.sample_rate != sample_rate:
        samples = soxr.resample(samples, source.sample_rate, sample_rate, quality="HQ")
    seconds = event.event_duration if whole else wanted / source.sample_rate
    return np.asarray(np.clip(samples, -1.0, 1.0), np.float32), seconds


def _settle_peak(result: Rendered, mix: Mix, clip_policy: ClipPolicy, name: str) -> None:
    clipping = result.peak > 1.0
    if clipping and clip_policy == "error":
        raise AtmdaError(
            f"{name}: the sum clips, its peak is {result.peak:.3f}.",
            "Lower `ref_db` or the SNR, or use `clip_policy` scale.",
        )
    if mix.peak_normalization or (clipping and clip_policy == "scale"):
        result.scale = 1.0 / (result.peak + 1e-10)
        result.samples *= np.float32(result.scale)
        result.notes.append(f"scaled by {result.scale:.6g}: the peak was {result.peak:.4g}")
    elif clipping:
        result.notes.append(f"clipped: the peak was {result.peak:.4g}")
    if result.peak * result.scale <= HALF_STEP:
        result.notes.append(f"silent: the peak, {result.peak:.4g}, is less than half a step of 16 bits")
