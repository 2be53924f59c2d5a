"""The batched engine: clips in, one result a clip out, in order, on any number of threads.

Clips are taken in units of `batch_size`; a unit is read, encoded and pooled by one thread with one-threaded
arithmetic. Which windows share a batch follows from the clips alone, so the bytes are the same on any worker count.
Only one batch of windows a thread is in memory, however long a recording is.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any, Protocol, TypeAlias

import numpy as np

from atmda.core.audio import AS_USUAL, Audio, Reading, Recording, open_audio, open_recording
from atmda.core.clip import Clip
from atmda.core.device import usable_cores
from atmda.core.fingerprint import Fingerprint
from atmda.core.parallel import one_threaded_pool
from atmda.core.remote import downloaded
from atmda.core.types import FloatArray
from atmda.errors import AudioError

TakeFingerprint: TypeAlias = Callable[[Path], Fingerprint]


class AudioEncoder(Protocol):
    """The part of an encoder that the engine drives; what it is, `encoders.base.Encoder` says."""

    @property
    def dim(self) -> int: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def concurrent(self) -> bool: ...
    def features(self, audio: Audio) -> Iterator[FloatArray]: ...
    def encode(self, features: Sequence[FloatArray]) -> FloatArray: ...
    def pool(self, states: FloatArray) -> FloatArray: ...


@dataclass(frozen=True)
class Embedded:
    """What became of one clip.

    An `embedding` (d,), or the `error` for which it was skipped; `notes` to tell; whether all that was encoded of it is
    `silent`, which says nothing of any class; its `level` in dB below full scale; the `fingerprint` of its file, where
    that was asked for.
    """

    embedding: FloatArray | None
    error: AudioError | None = None
    notes: tuple[str, ...] = ()
    silent: bool = False
    fingerprint: Fingerprint | None = None
    level: float | None = None


@dataclass
class _Progress:
    """A clip under way in its unit."""

    audio: Audio | None = None
    states: list[FloatArray] = field(default_factory=list)
    error: AudioError | None = None


def embed_clips(
    encoder: AudioEncoder,
    clips: Sequence[Recording],
    *,
    batch_size: int | None = None,
    num_workers: int | None = None,
    reading: Reading = AS_USUAL,
    fingerprint: TakeFingerprint | None = None,
) -> Iterator[list[Embedded]]:
    """Embed `clips`, yielding the results unit by unit in the order of `clips`; a bad clip is a result, not an end.

    Args:
        encoder: loaded once, shared by all threads.
        clips: paths, `Clip`s, `Audio`s or (waveform, rate) pairs.
        batch_size: windows a batch and clips a unit; the encoder's own choice unless given.
        num_workers: threads; one a usable core unless given.
        reading: how those clips are read that are not open yet.
        fingerprint: taken of the clips' files, where it is given, for the results to carry.
    """
    size = batch_size or encoder.batch_size
    workers = num_workers or usable_cores()
    device = nullcontext() if encoder.concurrent else Lock()
    units = (clips[start : start + size] for start in range(0, len(clips), size))
    waiting: deque[Future[list[Embedded]]] = deque()
    with one_threaded_pool(workers) as pool:
        for unit in units:
            waiting.append(pool.submit(_embed_unit, encoder, unit, size, device, reading, fingerprint))
            if len(waiting) > 2 * workers:  # read ahead, but not without end
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def embed_all(
    encoder: AudioEncoder, clips: Sequence[Recording], *, batch_size: int | None = None, num_workers: int | None = None
) -> FloatArray:
    """Embeddings (n, d) of clips that must all be good. Raises AudioError for the first that is not."""
    rows = []
    for unit in embed_clips(encoder, clips, batch_size=batch_size, num_workers=num_workers):
        for result in unit:
            if result.error is not None:
                raise result.error
            rows.append(result.embedding)
    return np.stack(rows) if rows else np.zeros((0, encoder.dim), np.float32)  # type: ignore[arg-type]


def _embed_unit(
    encoder: AudioEncoder,
    clips: Sequence[Recording],
    batch_size: int,
    device: Any,
    reading: Reading,
    take: TakeFingerprint | None,
) -> list[Embedded]:
    seen = _fingerprints(clips, take)  # first: what changes later is found to differ
    # what overflows is not finite in the embedding, which is told by the recording's name and not by a warning
    with np.errstate(all="ignore"):
        results = embed_together(encoder, _at_hand(clips, reading, seen), batch_size, device, reading)
    return [replace(result, fingerprint=own) for result, own in zip(results, seen, strict=True)]


def _at_hand(
    clips: Sequence[Recording], reading: Reading, seen: list[Fingerprint | None]
) -> Iterator[Recording | AudioError]:
    """The same, with objects of a storage as files, one at a time: each is deleted when the next is asked for."""
    for place, clip in enumerate(clips):
        if not isinstance(clip, Clip) or not clip.url:
            yield clip
            continue
        try:
            with downloaded(clip.url) as (path, own):
                seen[place] = own
                yield open_audio(path, clip.where, clip.start, clip.end, reading)
        except AudioError as error:
            yield error


def embed_together(
    encoder: AudioEncoder, clips: Iterable[Recording | AudioError], batch_size: int, device: Any, reading: Reading
) -> list[Embedded]:
    """One for each of `clips`, which may come one by one; an AudioError in the place of a clip is its result."""
    progress: list[_Progress] = []
    batch: list[tuple[int, FloatArray]] = []

    def flush() -> None:
        if not batch:
            return
        began, own = time.monotonic(), sum(index == batch[-1][0] for index, _ in batch)
        with device:
            states = encoder.encode([features for _, features in batch])
        for (index, _), state in zip(batch, states, strict=True):
            progress[index].states.append(state)
        current = progress[batch[-1][0]].audio
        assert current is not None
        current.limit.excuse((time.monotonic() - began) * (1 - own / len(batch)))  # the others' share
        batch.clear()

    for index, clip in enumerate(clips):
        progress.append(_Progress())
        if isinstance(clip, AudioError):
            progress[index].error = clip
            continue
        try:
            audio = open_recording(clip, reading)
            progress[index].audio = audio
            for features in encoder.features(audio):
                batch.append((index, features))
                if len(batch) == batch_size:
                    flush()
        except AudioError as error:
            progress[index].error = error
            batch = [item for item in batch if item[0] != index]
    flush()
    return [_finish(encoder, done) for done in progress]


def _fingerprints(clips: Sequence[Recording], take: TakeFingerprint | None) -> list[Fingerprint | None]:
    """Of the clips' files; None for what is no file, or cannot be read."""
    found: dict[Path, Fingerprint | None] = {}
    files = {clip.path for clip in clips if take is not None and isinstance(clip, Clip) and not clip.url}
    for path in files:
        try:
            found[path] = take(path) if take else None
        except OSError:
            found[path] = None
    return [found.get(clip.path) if isinstance(clip, Clip) else None for clip in clips]


def _finish(encoder: AudioEncoder, done: _Progress) -> Embedded:
    if done.error is not None or done.audio is None:
        return Embedded(None, done.error)
    embedding = encoder.pool(np.stack(done.states))
    if not np.isfinite(embedding).all():
        return Embedded(None, AudioError(done.audio.name, "the encoder gave no finite embedding"))
    return Embedded(embedding, notes=tuple(done.audio.notes), silent=done.audio.silent, level=done.audio.level)
