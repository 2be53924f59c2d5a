"""The engine for long recordings: window by window, in stretches that threads share.

A stretch (`core.audio.long`) is read, encoded and pooled by one thread, so that one recording keeps all of them busy,
and memory holds a few stretches however long it is. Each window is embedded as a clip of its own, but where windows
overlap and the encoder can share what they have in common.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np

from atmda.core.audio import AS_USUAL, Audio, Reading
from atmda.core.audio.cut import Cut
from atmda.core.audio.levels import Levels
from atmda.core.audio.long import Stretch
from atmda.core.audio.time_limit import TookTooLongError
from atmda.core.clip import Clip
from atmda.core.device import usable_cores
from atmda.core.embeddings.engine import AudioEncoder, Embedded, TakeFingerprint, embed_together
from atmda.core.embeddings.windowed import WindowedRecording
from atmda.core.parallel import one_threaded_pool
from atmda.core.part_names import part_name
from atmda.core.types import FloatArray, IntArray
from atmda.errors import AudioError


@runtime_checkable
class SharesWindows(Protocol):
    """An encoder for which windows that overlap cost little more than such that do not."""

    sample_rate: int

    def can_share(self, window: float, hop: float) -> bool:
        """Whether it can for windows of `window` seconds every `hop` seconds."""
        ...

    def embed_overlapping(self, samples: FloatArray, starts: IntArray, size: int) -> FloatArray:
        """Embeddings (n, d) of the windows of `size` samples at `starts` (n,) in `samples`."""
        ...


@dataclass(frozen=True)
class EmbeddedStretch:
    """What became of a stretch, or of a recording that cannot be opened.

    Attributes:
        clip: the recording.
        windows: each as a clip, with its result.
        error: why the recording cannot be opened. notes: what is to be said of it.
        share: how much of the recording lies behind it, 1.0 at its end.
    """

    clip: Clip
    windows: list[tuple[Clip, Embedded]]
    error: AudioError | None = None
    notes: tuple[str, ...] = ()
    share: float = 1.0


#: a stretch under way, what cannot be opened, or a recording behind its last stretch
_Waiting: TypeAlias = Future[EmbeddedStretch] | EmbeddedStretch | WindowedRecording
#: which windows of a stretch are wanted, by their places in it; told of the recording too
Wanted = Callable[[WindowedRecording, Stretch], Sequence[int]]


def all_windows(recording: WindowedRecording, stretch: Stretch) -> Sequence[int]:
    """Every window."""
    return range(len(stretch.windows))


def embed_windows(
    encoder: AudioEncoder,
    clips: Iterator[Clip],
    cut: Cut,
    *,
    batch_size: int | None = None,
    num_workers: int | None = None,
    reading: Reading = AS_USUAL,
    fingerprint: TakeFingerprint | None = None,
    wanted: Wanted = all_windows,
) -> Iterator[EmbeddedStretch]:
    """Embed the windows of recordings, yielding stretch by stretch in order; a bad recording is a result, not an end.

    Args:
        clips: recordings, opened one by one as they come near.
        cut: into which windows.
        batch_size, num_workers, reading, fingerprint: as in `engine.embed_clips`.
        wanted: which windows are to be embedded; a stretch of which none is wanted is not read.
    """
    size = batch_size or encoder.batch_size
    workers = num_workers or usable_cores()
    device = nullcontext() if encoder.concurrent else Lock()
    waiting: deque[_Waiting] = deque()
    with one_threaded_pool(workers) as pool:
        for found in _stretches(clips, cut, reading, fingerprint):
            if not isinstance(found, tuple):
                waiting.append(found)
            else:
                recording, stretch = found
                places = wanted(recording, stretch)
                if not places:
                    continue
                waiting.append(pool.submit(_embed, encoder, recording, stretch, places, size, device))
            while len(waiting) > 2 * workers:  # read ahead, but not without end
                yield from _first_of(waiting)
        while waiting:
            yield from _first_of(waiting)


def _first_of(waiting: deque[_Waiting]) -> Iterator[EmbeddedStretch]:
    """What became of the first in line; a recording is closed, for all of it is done."""
    first = waiting.popleft()
    if isinstance(first, WindowedRecording):
        first.close()
    else:
        yield first if isinstance(first, EmbeddedStretch) else first.result()


def _stretches(
    clips: Iterator[Clip], cut: Cut, reading: Reading, take: TakeFingerprint | None
) -> Iterator[tuple[WindowedRecording, Stretch] | EmbeddedStretch | WindowedRecording]:
    """The stretches of each recording, then the recording itself; or why it cannot be opened."""
    for clip in clips:
        try:
            recording = WindowedRecording.open(clip, cut, reading, take)
        except AudioError as error:
            yield EmbeddedStretch(clip, [], error)
            continue
        for stretch in recording.audio.stretches():
            yield recording, stretch
        yield recording


def _embed(
    encoder: AudioEncoder,
    recording: WindowedRecording,
    stretch: Stretch,
    places: Sequence[int],
    batch_size: int,
    device: Any,
) -> EmbeddedStretch:
    cut = recording.audio.cut
    shared = (
        isinstance(encoder, SharesWindows)
        and len(stretch.windows) > 1
        and encoder.can_share(float(cut.window), float(cut.hop))
    )
    with np.errstate(all="ignore"):  # as in `engine`
        results = (_shared if shared else _each)(encoder, stretch, batch_size, device)
        for place, result in enumerate(results):
            if result.error is not None and not isinstance(result.error, TookTooLongError):
                (results[place],) = _each(encoder, stretch.alone(place), batch_size, device)  # it may be whole itself
    notes = (*recording.audio.notes, *stretch.notes)
    spans = stretch.spans
    windows = []
    for place in places:
        result = results[place]
        own = tuple(note for note in result.notes if note not in notes)
        result = replace(result, fingerprint=recording.fingerprint, notes=(*notes, *own))
        windows.append((window_of(recording.clip, *spans[place]), result))
    share = stretch.windows.stop / recording.audio.windows
    return EmbeddedStretch(recording.clip, windows, notes=notes, share=share)


def _each(encoder: Any, stretch: Stretch, batch_size: int, device: Any) -> list[Embedded]:
    """Every window by itself."""

    def windows() -> Iterator[Audio | AudioError]:
        count = 0
        try:
            for audio in stretch.audio(encoder.sample_rate):
                count += 1
                yield audio
        except AudioError as error:
            for _ in range(len(stretch.windows) - count):
                yield error

    return embed_together(encoder, windows(), batch_size, device, stretch.recording.reading)


def _shared(encoder: Any, stretch: Stretch, batch_size: int, device: Any) -> list[Embedded]:
    """All windows of the stretch together."""
    rate = encoder.sample_rate
    try:
        first, samples = stretch.samples(rate)
    except AudioError as error:
        return [Embedded(None, error)] * len(stretch.windows)
    places = stretch.places(rate)
    samples = samples[places[0][0] - first : places[-1][1] - first]
    size = min(places[0][1] - places[0][0], len(samples))
    starts = np.minimum(np.asarray([start - places[0][0] for start, _ in places]), len(samples) - size)
    with device:
        embeddings = encoder.embed_overlapping(samples, starts, size)
    found = []
    for start, embedding in zip(starts.tolist(), embeddings, strict=True):
        levels = Levels(stretch.recording.source.step)
        levels.add(stretch.recording.name, samples[start : start + size])
        if not np.isfinite(embedding).all():
            found.append(Embedded(None, AudioError(stretch.recording.name, "the encoder gave no finite embedding")))
            continue
        notes = (levels.note,) if levels.silent else ()
        found.append(Embedded(embedding, notes=notes, silent=levels.silent, level=levels.level))
    return found


def window_of(clip: Clip, start: float, end: float) -> Clip:
    """The window of a recording as a clip of its own; the recording is its source."""
    return replace(clip, name=part_name(clip.name, start, end), start=start, end=end, source=clip.source or clip.name)
