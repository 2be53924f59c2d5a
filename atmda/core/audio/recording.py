"""Audio in: one recording, checked, mixed to mono, resampled, whole or window by window.

Conventions: waveforms are float32 in [-1, 1], mono, shape (samples,); channels are averaged before resampling;
resampling is soxr's HQ. The windows of a recording, put end to end, are the same samples as the whole recording.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import soundfile as sf
import soxr

from atmda.core.audio.truncation import truncation
from atmda.core.clip import Clip
from atmda.core.types import FloatArray
from atmda.errors import AudioError

BLOCK_SECONDS = 30.0


class Audio:
    """One recording, read lazily and in blocks, so that an hour costs no more memory than a second.

    Attributes:
        name: what errors call it, a path for files.
        sample_rate: of the recording as stored, in Hz.
        frames: samples per channel as stored.
        peak: largest absolute sample read so far; 0.0 after a full read means digital silence.
    """

    def __init__(self, name: str, sample_rate: int, frames: int, blocks: Callable[[], Iterator[FloatArray]]) -> None:
        self.name = name
        self.sample_rate = sample_rate
        self.frames = frames
        self.peak = 0.0
        self._blocks = blocks

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate

    def read(self, sample_rate: int) -> FloatArray:
        """The whole recording, mono, at `sample_rate` Hz: float32 (samples,). Raises AudioError."""
        blocks = list(self._resampled(sample_rate))
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def windows(self, sample_rate: int, seconds: float) -> Iterator[FloatArray]:
        """Consecutive windows of `seconds` without overlap, the last as long as what is left. Raises AudioError."""
        size = round(seconds * sample_rate)
        held: list[FloatArray] = []
        count = 0
        for block in self._resampled(sample_rate):
            held.append(block)
            count += len(block)
            if count < size:
                continue
            joined = np.concatenate(held)
            whole = len(joined) // size * size
            yield from joined[:whole].reshape(-1, size)
            held, count = [joined[whole:]], len(joined) - whole
        if count:
            yield np.concatenate(held)

    def _resampled(self, sample_rate: int) -> Iterator[FloatArray]:
        resampler = None
        if sample_rate != self.sample_rate:
            resampler = soxr.ResampleStream(self.sample_rate, sample_rate, 1, dtype="float32", quality="HQ")
        count = 0
        for block in self._blocks():
            if not np.isfinite(block).all():
                raise AudioError(self.name, "it holds samples that are not numbers (NaN or infinity)")
            self.peak = max(self.peak, float(np.abs(block).max(initial=0.0)))
            count += len(block)
            yield block if resampler is None else resampler.resample_chunk(block)
        if count == 0:
            raise AudioError(self.name, "it holds no samples")
        if count < self.frames:
            raise AudioError(self.name, f"it ends after {count} of {self.frames} frames (truncated)")
        if resampler is not None:
            yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)


#: what stands for a recording: a path, a clip, one opened already, or a waveform with its rate in Hz
Recording: TypeAlias = str | Path | Clip | Audio | tuple[npt.ArrayLike, int]


def open_audio(
    path: str | Path, name: str | None = None, start: float | None = None, end: float | None = None
) -> Audio:
    """A recording in any format libsndfile reads, its header checked; with `start` or `end` (seconds) a part of it.

    A part holds the frames from round(start * rate) up to, not including, round(end * rate); nothing before it is read.
    Raises AudioError where the file is missing, empty, not audio, without frames, or shorter than its header says, and
    where a part lies outside it.
    """
    path = Path(path)
    shown = name or str(path)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise AudioError(shown, f"it cannot be opened ({error.strerror})") from error
    if not path.is_file():
        raise AudioError(shown, "it is not a file")
    if size == 0:
        raise AudioError(shown, "it is empty (0 bytes)")
    try:
        info = sf.info(str(path))
    except (sf.LibsndfileError, RuntimeError) as error:
        raise AudioError(shown, "it is not audio that libsndfile can read") from error
    reason = truncation(path, size)
    if reason:
        raise AudioError(shown, reason)
    if info.frames == 0:
        raise AudioError(shown, "it holds no samples (a header and nothing else)")
    first, last = _part(shown, info.samplerate, info.frames, start, end)
    return Audio(
        shown,
        info.samplerate,
        last - first,
        lambda: _file_blocks(path, shown, first, None if end is None else last - first),
    )


def open_recording(recording: Recording) -> Audio:
    """Whatever stands for a recording, opened. Raises AudioError."""
    if isinstance(recording, Audio):
        return recording
    if isinstance(recording, Clip):
        return open_audio(recording.path, None, recording.start, recording.end)
    if isinstance(recording, (str, Path)):
        return open_audio(recording)
    waveform, sample_rate = recording
    return from_array(waveform, sample_rate)


def from_array(waveform: npt.ArrayLike, sample_rate: int, name: str = "array") -> Audio:
    """A recording already in memory: `waveform` (samples,) or (samples, channels), in [-1, 1], at `sample_rate` Hz."""
    samples = np.asarray(waveform, np.float32)
    if samples.ndim not in (1, 2) or sample_rate <= 0:
        raise AudioError(name, f"a waveform is (samples,) or (samples, channels), not {samples.shape}")
    mono = samples if samples.ndim == 1 else samples.mean(axis=1, dtype=np.float32)
    return Audio(name, int(sample_rate), len(mono), lambda: iter([mono]))


def _part(shown: str, rate: int, frames: int, start: float | None, end: float | None) -> tuple[int, int]:
    """First frame of a part, and the one behind its last. Raises AudioError where it lies outside the recording."""
    first = 0 if start is None else round(start * rate)
    last = frames if end is None else round(end * rate)
    if last == frames + 1:  # times are written with few digits; the last frame may round up
        last = frames
    if not 0 <= first < last <= frames:
        wanted = f"{start or 0:g} s to {'its end' if end is None else f'{end:g} s'}"
        raise AudioError(shown, f"the part from {wanted} is not in it: it lasts {frames / rate:g} s")
    return first, last


def _file_blocks(path: Path, shown: str, first: int, count: int | None) -> Iterator[FloatArray]:
    """Blocks from frame `first` on: `count` frames, or all there are, which may be more than the header says."""
    try:
        with sf.SoundFile(str(path)) as file:
            if first:
                file.seek(first)
            size, left = max(1, round(BLOCK_SECONDS * file.samplerate)), sys.maxsize if count is None else count
            while len(block := file.read(min(size, left), dtype="float32", always_2d=True)):
                yield block[:, 0] if block.shape[1] == 1 else block.mean(axis=1)
                left -= len(block)
    except (sf.LibsndfileError, RuntimeError) as error:
        raise AudioError(shown, f"decoding stopped: {error}") from error
