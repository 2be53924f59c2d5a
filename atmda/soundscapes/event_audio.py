"""The part of its recording that an event uses, read as scaper reads it.

A recording is cut to the event, mixed to mono, resampled (soxr HQ) and clipped to [-1, 1], which sox does to the
overshoot of full-scale recordings (integers stored as floats are divided first); a short background is repeated.
"""

from __future__ import annotations

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
from atmda.errors import AudioError
from atmda.soundscapes.levels import CANCEL, OFFSET, dominating_offset
from atmda.soundscapes.mix import Event, shown_name


def read_event(event: Event, sample_rate: int, repeat: bool = False, notes: list[str] | None = None) -> FloatArray:
    """The part of its recording that an event uses: mono float32 (n,) at `sample_rate` Hz.

    Only that part is read. With `repeat` a recording shorter than the event is repeated to fill it. What had to be
    mended to read it, a dominating offset removed among it, is added to `notes`. Raises AudioError.
    """
    return read_part(event, sample_rate, repeat, notes)[0]


def read_part(
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
