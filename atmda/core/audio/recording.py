"""Audio in: one recording, checked, mixed to mono, resampled, whole or window by window.

Conventions: waveforms are float32 in [-1, 1], mono, shape (samples,); channels are averaged before resampling;
resampling is soxr's HQ. The windows of a recording, put end to end, are the same samples as the whole recording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile as sf
import soxr

from atmda.core.audio.truncation import truncation
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


def open_audio(path: str | Path, name: str | None = None) -> Audio:
    """A recording in any format libsndfile reads, its header checked.

    Raises AudioError where the file is missing, empty, not audio, without frames, or shorter than its header says.
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
    return Audio(shown, info.samplerate, info.frames, lambda: _file_blocks(path, shown))


def from_array(waveform: npt.ArrayLike, sample_rate: int, name: str = "array") -> Audio:
    """A recording already in memory: `waveform` (samples,) or (samples, channels), in [-1, 1], at `sample_rate` Hz."""
    samples = np.asarray(waveform, np.float32)
    if samples.ndim not in (1, 2) or sample_rate <= 0:
        raise AudioError(name, f"a waveform is (samples,) or (samples, channels), not {samples.shape}")
    mono = samples if samples.ndim == 1 else samples.mean(axis=1, dtype=np.float32)
    return Audio(name, int(sample_rate), len(mono), lambda: iter([mono]))


def _file_blocks(path: Path, shown: str) -> Iterator[FloatArray]:
    try:
        with sf.SoundFile(str(path)) as file:
            size = max(1, round(BLOCK_SECONDS * file.samplerate))
            while len(block := file.read(size, dtype="float32", always_2d=True)):
                yield block[:, 0] if block.shape[1] == 1 else block.mean(axis=1)
    except (sf.LibsndfileError, RuntimeError) as error:
        raise AudioError(shown, f"decoding stopped: {error}") from error
