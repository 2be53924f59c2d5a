"""From a recording to the log-mel spectrograms that LAION-CLAP's audio tower was trained on.

What the official package does, kept to the sample: librosa's resampled length, int16 quantisation, repeat-padding to
10 s, a power spectrogram of 1024 samples every 480 (centred, reflected at the ends), 64 mel bands from 50 to 14000 Hz,
decibels. Source of the figures: laion-clap 1.1.7, `hook.py`, `training/data.py` and `model_configs/HTSAT-tiny.json`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch

from atmda.core.audio import Audio
from atmda.core.encoders.clap.matmul import linear
from atmda.core.encoders.clap.melscale import mel_bank
from atmda.core.parallel import one_thread
from atmda.core.types import FloatArray

#: Stores made with different versions are never mixed: raise it whenever a figure here changes an embedding.
VERSION = "laion-clap/1"

SAMPLE_RATE = 48_000
WINDOW_SECONDS = 10.0
WINDOW = 480_000
HOP = 480
FFT = 1024
FRAMES = WINDOW // HOP + 1
FRAMES_AT_ONCE = 143  # a seventh of a window: spectra that stay in a processor's cache
#: What is left after the last whole window and is shorter than this says too little to weigh as much as 10 s.
TAIL = SAMPLE_RATE // 2

#: from (seed, digest of the samples) to a function that picks one position from a range
CropSource = Callable[[int, bytes], Callable[[range], int]]


def seeded_crops(seed: int, digest: bytes) -> Callable[[range], int]:
    """Crop positions drawn from a generator of their own, so that no clip depends on which came before."""
    generator = np.random.default_rng([seed % 2**64, *np.frombuffer(digest, np.uint32).tolist()])
    return lambda positions: positions[int(generator.integers(len(positions)))]


class FrontEnd:
    """The front end of one checkpoint; holds constants alone, so any number of threads may use it.

    Args:
        fused: whether the checkpoint has feature fusion (its mel scale is HTK's, the others' is Slaney's).
        long: `windows` or `fusion`, what becomes of recordings over 10 s.
        seed: of the crops that `fusion` draws.
        crops: where crop positions come from.
    """

    def __init__(self, *, fused: bool, long: str = "windows", seed: int = 0, crops: CropSource = seeded_crops) -> None:
        self.fused = fused
        self.long = long
        self.seed = seed
        self.crops = crops
        bank = mel_bank("htk" if fused else "slaney")
        # bins above the last band count in none; each bin twice, for its squared real and imaginary part: the product
        # adds them
        self._bins = int(bank.any(1).nonzero().max()) + 1
        self._bank = bank[: self._bins].repeat_interleave(2, 0).T.contiguous()
        self._hann = torch.hann_window(FFT)

    def features(self, audio: Audio) -> Iterator[FloatArray]:
        """Log-mel spectrograms in dB: (1001, 64) a window, or one (4, 1001, 64) for a recording to be fused.

        The four channels are the whole recording shrunk to 1001 frames, then a crop from its front, middle and back.
        Raises AudioError.
        """
        length = target_length(audio)
        stream = quantised(audio, length)
        if length < WINDOW + HOP and (self.fused or length <= WINDOW):
            yield self.log_mel(repeat_pad(np.concatenate(list(stream))))
        elif self.long == "fusion":
            yield self._fusion(stream)
        else:
            for number, window in enumerate(stream):
                if number == 0 or len(window) >= TAIL:
                    yield self.log_mel(repeat_pad(window))

    def log_mel(self, samples: FloatArray) -> FloatArray:
        """Decibels, float32 (1 + samples // 480, 64), of a waveform of at least 513 samples at 48 kHz."""
        return np.concatenate(list(self._mel_blocks([samples])))

    def _mel_blocks(self, blocks: Iterable[FloatArray]) -> Iterator[FloatArray]:
        """The spectrogram of a waveform that arrives in pieces: the same frames however it is cut."""
        half = FFT // 2
        held: FloatArray | None = None
        end = np.zeros(0, np.float32)
        for block in blocks:
            held = np.concatenate([block[half:0:-1], block]) if held is None else np.concatenate([held, block])
            end = np.concatenate([end, block[-half - 1 :]])[-half - 1 :]
            count = (len(held) - FFT) // HOP + 1
            if count > 0:
                yield self._mel_frames(held, count)
                held = held[count * HOP :]
        if held is not None:
            held = np.concatenate([held, end[-2::-1]])
            count = (len(held) - FFT) // HOP + 1
            if count > 0:
                yield self._mel_frames(held, count)

    @torch.inference_mode()
    def _mel_frames(self, samples: FloatArray, count: int) -> FloatArray:
        frames = torch.from_numpy(np.ascontiguousarray(samples)).unfold(0, FFT, HOP)[:count]
        mel = torch.empty(count, len(self._bank))
        with one_thread():
            for start in range(0, count, FRAMES_AT_ONCE):
                spectrum = torch.fft.rfft(frames[start : start + FRAMES_AT_ONCE] * self._hann)
                squares = torch.view_as_real(spectrum[:, : self._bins]).square().flatten(1)
                mel[start : start + FRAMES_AT_ONCE] = linear(squares, (self._bank, None))
        return np.asarray(mel.clamp_(min=1e-10).log10_().mul_(10.0).numpy())

    def _fusion(self, stream: Iterator[FloatArray]) -> FloatArray:
        digest = hashlib.sha256()

        def hashed() -> Iterator[FloatArray]:
            for window in stream:
                digest.update(window.tobytes())
                yield window

        mel = np.concatenate(list(self._mel_blocks(hashed())))
        pick = self.crops(self.seed, digest.digest())
        starts = [pick(positions) for positions in thirds(len(mel) - FRAMES + 1)]
        shrunk = torch.nn.functional.interpolate(
            torch.from_numpy(mel)[None, None], (FRAMES, mel.shape[1]), mode="bilinear", antialias=True
        )
        return np.stack([shrunk[0, 0].numpy(), *(mel[start : start + FRAMES] for start in starts)])


def target_length(audio: Audio) -> int:
    """Samples at 48 kHz as librosa counts them: rounded up from a product in floating point, 480001 for 10 s at
    44.1 kHz."""
    return math.ceil(audio.frames * (SAMPLE_RATE / audio.sample_rate))


def quantised(audio: Audio, length: int) -> Iterator[FloatArray]:
    """10 s windows of the recording at 48 kHz, cut or filled with zeros to `length` samples, rounded to 16 bits
    towards zero as the reference does."""
    done = 0
    held = np.zeros(0, np.float32)
    for window in audio.windows(SAMPLE_RATE, WINDOW_SECONDS):
        if len(held):
            yield _to_16_bits(held)
            done += len(held)
        held = window
    last = np.zeros(max(length - done, 0), np.float32)
    last[: len(held)] = held[: len(last)]
    for start in range(0, len(last), WINDOW):
        yield _to_16_bits(last[start : start + WINDOW])


def repeat_pad(samples: FloatArray) -> FloatArray:
    """A clip shorter than 10 s, repeated as often as it fits whole, then zeros up to 480000 samples."""
    if len(samples) >= WINDOW:
        return samples
    padded = np.zeros(WINDOW, np.float32)
    whole = WINDOW // len(samples) * len(samples)
    padded[:whole] = np.tile(samples, whole // len(samples))
    return padded


def thirds(count: int) -> list[range]:
    """`range(count)` in three parts as numpy's array_split makes them; an empty part becomes `range(0, 1)`."""
    sizes = [count // 3 + (part < count % 3) for part in range(3)]
    starts = [0, sizes[0], sizes[0] + sizes[1]]
    return [range(start, start + size) if size else range(1) for start, size in zip(starts, sizes, strict=True)]


def _to_16_bits(samples: FloatArray) -> FloatArray:
    levels = np.clip(samples, -1.0, 1.0)
    levels *= np.float32(32767)
    np.trunc(levels, out=levels)
    levels += np.float32(0.0)  # no integer is -0, and crops are drawn from these bytes
    levels /= np.float32(32767)
    return levels
