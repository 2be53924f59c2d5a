"""What a header may claim. A damaged one can make days of sound out of a megabyte, and a run would compute them all."""

from __future__ import annotations

from atmda.errors import AudioError

#: Hz. Geophones and infrasound loggers begin at 100; bat detectors end at 500 000, hydrophones at some millions.
LOWEST_RATE, HIGHEST_RATE = 100, 10_000_000
#: FLAC has up to 65 535 samples of silence in 14 bytes, Opus up to 5 760 in two or three; none has more a byte
MOST_FRAMES_A_BYTE = 10_000
#: what float32 can hold of a spectrum's power; nothing that was recorded comes near
LOUDEST = 1e15


def check_rate(name: str, rate: int) -> None:
    """Raises AudioError where `rate` (Hz) is none that sound is recorded at."""
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise AudioError(name, f"its sample rate is {rate} Hz, and not {LOWEST_RATE} Hz to {HIGHEST_RATE // 10**6} MHz")


def check_claim(name: str, rate: int, frames: int, size: int) -> None:
    """Raises AudioError where a file of `size` bytes cannot hold the `frames` that its header tells of."""
    if frames > size * MOST_FRAMES_A_BYTE:
        raise AudioError(name, f"its header claims {frames / rate:.0f} s of sound, which {size} bytes cannot hold")


def check_peak(name: str, peak: float) -> None:
    """Raises AudioError where samples are so large that what is computed of them would overflow."""
    if peak > LOUDEST:
        raise AudioError(name, f"its samples reach {peak:.3g}, where 1 is full scale")
