"""Audio in: one recording, checked, brought to one channel, resampled, whole or window by window.

Conventions: waveforms are float32 in [-1, 1], mono, shape (samples,); channels are averaged, or one is chosen, before
resampling; resampling is soxr's HQ. The windows of a recording, put end to end, are the same samples as the whole
recording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import soxr

from atmda.core.audio import bounds
from atmda.core.audio.channels import CANCELLED, check_channel, mono
from atmda.core.audio.ffmpeg import open_ffmpeg
from atmda.core.audio.full_scale import Scale, at_full_scale
from atmda.core.audio.levels import Levels
from atmda.core.audio.reading import AS_USUAL, Reading
from atmda.core.audio.sndfile import NOT_AUDIO, UnreadableError, open_sndfile
from atmda.core.audio.source import Notes, Source, Tell
from atmda.core.audio.time_limit import TimeLimit
from atmda.core.clip import Clip
from atmda.core.endings import FOREIGN
from atmda.core.types import FloatArray
from atmda.errors import AudioError

#: seconds; in less an encoder hears a click, as the rest of its window is padding or repeats it
SHORTEST = 0.1
#: samples that are resampled at once
PIECE = 32768


class Audio:
    """One recording, read lazily and in blocks, so that an hour costs no more memory than a second.

    Attributes:
        name: what errors call it, a path for files.
        sample_rate: of the recording as stored, in Hz.
        frames: samples per channel as stored.
        peak: largest absolute sample read so far.
        silent: whether what was read so far is silence, or no more than a constant and its format's own noise.
        level: root mean square of what was read so far, in dB below full scale; -inf for digital silence.
        limit: the time that it may take.
        notes: what is to be said of it, as that its header is wrong; complete after a full read.
    """

    def __init__(
        self,
        name: str,
        sample_rate: int,
        frames: int,
        blocks: Callable[[], Iterator[FloatArray]],
        limit: TimeLimit | None = None,
        notes: Notes | None = None,
        step: float = 0.0,
    ) -> None:
        """`step`: one step of the samples' format, where 1 is full scale."""
        self.name = name
        self.sample_rate = sample_rate
        self.frames = frames
        self.limit = limit or TimeLimit(name, None)
        self.notes = Notes() if notes is None else notes
        self._blocks = blocks
        self._levels = Levels(step)

    @property
    def peak(self) -> float:
        return self._levels.peak

    @property
    def silent(self) -> bool:
        return self._levels.silent

    @property
    def level(self) -> float:
        return self._levels.level

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
            self._levels.add(self.name, block)
            count += len(block)
            yield from resampled(resampler, block)
        if count == 0:
            raise AudioError(self.name, "it holds no samples")
        if count < self.frames:
            ends = f"it ends after {count} of {self.frames} frames (truncated)"
            raise AudioError(self.name, "; ".join([ends, *self.notes]))
        if count < SHORTEST * self.sample_rate:
            lasts = f"it lasts {1000 * count / self.sample_rate:.3g} ms"
            self.notes.tell(f"{lasts}, less than {1000 * SHORTEST:.0f} ms, so its label says little")
        if self.silent and CANCELLED not in self.notes:
            self.notes.tell(self._levels.note)
        if resampler is not None:
            yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)


def resampled(resampler: soxr.ResampleStream | None, block: FloatArray) -> Iterator[FloatArray]:
    """The same samples as of the whole block at once, in pieces that stay in the cache: a sixth less time.

    Without a resampler the block itself.
    """
    if resampler is None:
        yield block
        return
    for start in range(0, len(block), PIECE):
        yield resampler.resample_chunk(block[start : start + PIECE])


#: what stands for a recording: a path, a clip, one opened already, or a waveform with its rate in Hz
Recording: TypeAlias = str | Path | Clip | Audio | tuple[npt.ArrayLike, int]


def open_audio(
    path: str | Path,
    name: str | None = None,
    start: float | None = None,
    end: float | None = None,
    reading: Reading = AS_USUAL,
) -> Audio:
    """A recording in any format libsndfile reads, its header checked; with `start` or `end` (seconds) a part of it.

    A part holds the frames from round(start * rate) up to, not including, round(end * rate); nothing before it is read.
    Raises AudioError where the file is missing, may not be read, is empty, not audio, without frames, or shorter than
    its header says, where the header claims what cannot be, and where a part or a channel is not in it.
    """
    shown = name or str(path)
    limit, notes = TimeLimit(shown, reading.max_seconds), Notes()
    source = open_source(path, shown, reading, limit, notes)
    first, last = _part(shown, source.sample_rate, source.frames, start, end)
    count = None if end is None else last - first
    return _audio(shown, source, last - first, lambda: source.blocks(first, count), reading, limit, notes)


def open_source(path: str | Path, name: str, reading: Reading, limit: TimeLimit, notes: Notes) -> Source:
    """The channels of a file as they are stored, by whichever decoder reads it. Raises AudioError."""
    path = Path(path)
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise AudioError(name, "it is not a file")
        path.open("rb").close()
    except OSError as error:
        raise AudioError(name, f"it cannot be opened ({error.strerror})") from error
    if size == 0:
        raise AudioError(name, "it is empty (0 bytes)")
    try:
        source = open_sndfile(path, name, size, notes.tell)
        bounds.check_claim(name, source.sample_rate, source.frames, size)
    except UnreadableError:
        if not reading.ffmpeg and path.suffix.lower() in FOREIGN:
            raise AudioError(name, NOT_AUDIO, "Convert it, or read it with `ffmpeg`.") from None
        if not reading.ffmpeg:
            raise
        source = open_ffmpeg(path, name, limit, notes.tell)
    bounds.check_rate(name, source.sample_rate)
    return source


def open_recording(recording: Recording, reading: Reading = AS_USUAL) -> Audio:
    """Whatever stands for a recording, opened; what is open already is read as it was opened. Raises AudioError."""
    if isinstance(recording, Audio):
        return recording
    if isinstance(recording, Clip):
        return open_audio(recording.path, None, recording.start, recording.end, reading)
    if isinstance(recording, (str, Path)):
        return open_audio(recording, reading=reading)
    waveform, sample_rate = recording
    return from_array(waveform, sample_rate, reading=reading)


def from_array(waveform: npt.ArrayLike, sample_rate: int, name: str = "array", reading: Reading = AS_USUAL) -> Audio:
    """A recording already in memory: `waveform` (samples,) or (samples, channels), in [-1, 1], at `sample_rate` Hz.

    Raises AudioError for another shape, a rate that sound is not recorded at, and a channel that is not in it.
    """
    samples = np.asarray(waveform, np.float32)
    columns = samples[:, None] if samples.ndim == 1 else samples
    if columns.ndim != 2 or columns.shape[1] == 0 or sample_rate <= 0:
        raise AudioError(name, f"a waveform is (samples,) or (samples, channels), not {samples.shape}")
    bounds.check_rate(name, int(sample_rate))
    source = Source(int(sample_rate), len(columns), columns.shape[1], lambda first, count: iter([columns]))
    limit = TimeLimit(name, reading.max_seconds)
    return _audio(name, source, len(columns), lambda: source.blocks(0, None), reading, limit, Notes())


def _audio(
    name: str,
    source: Source,
    frames: int,
    blocks: Callable[[], Iterator[FloatArray]],
    reading: Reading,
    limit: TimeLimit,
    notes: Notes,
) -> Audio:
    """`frames` frames of `source`, which `blocks` reads anew each time, as one channel."""
    check_channel(name, reading.channel, source.channels)
    mixed = one_channel(source, blocks, reading.channel, limit, notes.tell)
    return Audio(name, source.sample_rate, frames, mixed, limit, notes, source.step)


def one_channel(
    source: Source,
    blocks: Callable[[], Iterator[FloatArray]],
    channel: str,
    limit: TimeLimit,
    tell: Tell,
    scale: Scale | None = None,
) -> Callable[[], Iterator[FloatArray]]:
    """Blocks (n,) of `blocks` (n, channels), which are of `source` and are begun anew each time, at full scale."""
    whole = at_full_scale(source, lambda: limit.watch(blocks()), tell, scale)
    return lambda: mono(whole, source.channels, channel, tell)


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
