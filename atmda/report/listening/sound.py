"""The sound of an example, read again from its recording, as a page can hold it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soundfile as sf
import soxr

from atmda.core.audio import Audio
from atmda.core.types import FloatArray
from atmda.report.html import data_uri
from atmda.report.listening.spectrogram import ULTRASONIC, Spectrogram, spectrogram
from atmda.report.listening.words import hertz

#: a part of a recording by path, name, start and end (seconds; None for its own end), as `core.audio.open_audio` opens
#: it; raises AudioError
ReadAudio: TypeAlias = Callable[[Path, str, float, "float | None"], Audio]

#: of each example: 24 of them stay below 5 MB
MOST_SECONDS = 12.0
#: MPEG's rates, of which the first that loses nothing is taken, or the last: what lies above 16 kHz few can hear
RATES = (16_000, 22_050, 24_000, 32_000)
PEAK = 0.7
#: as a factor, 40 dB: what is quieter than that is noise
MOST_GAIN = 100.0


@dataclass(frozen=True)
class Sound:
    """What is seen and heard of an example.

    Attributes:
        uri: the sound, as a data URI. seconds: how long it is.
        picture: its spectrogram. picture_uri: the same as a data URI.
        notes: how what is heard differs from what was recorded.
    """

    uri: str
    seconds: float
    picture: Spectrogram
    picture_uri: str
    notes: tuple[str, ...]


def read_sound(path: Path, name: str, start: float, end: float | None, read_audio: ReadAudio) -> Sound:
    """The first `MOST_SECONDS` of a part of a recording. Raises AudioError where it cannot be read any more."""
    if end is None:
        end = start + read_audio(path, name, start, None).seconds  # opened, not read
    audio = read_audio(path, name, start, min(end, start + MOST_SECONDS))
    samples, rate = audio.read(audio.sample_rate), audio.sample_rate
    seconds = len(samples) / rate
    notes = [f"The first {seconds:g} s of {end - start:g} s."] if end - start > MOST_SECONDS else []
    played_at = next((known for known in RATES if known >= rate), RATES[-1])
    played = samples if rate == played_at else soxr.resample(samples, rate, played_at, quality="HQ")
    played, louder = _audible(played)
    if abs(louder) >= 1:
        notes.append(f"Played {abs(louder):.0f} dB {'louder' if louder > 0 else 'quieter'} than recorded.")
    if rate >= ULTRASONIC:
        notes.append(
            f"Recorded at {rate / 1000:g} kHz: the player holds what lies below {hertz(played_at / 2)}, "
            f"the spectrogram all up to {hertz(rate / 2)}."
        )
    drawn = spectrogram(samples, rate)
    return Sound(_encoded(played, played_at), seconds, drawn, data_uri("image/png", drawn.png), tuple(notes))


def _audible(samples: FloatArray) -> tuple[FloatArray, float]:
    """Samples brought to one peak, and by how many dB; recorders of quiet places are too quiet to hear else."""
    peak = float(np.abs(samples).max(initial=0.0))
    gain = min(PEAK / peak, MOST_GAIN) if peak else 1.0
    return np.asarray(samples * np.float32(gain), np.float32), 20 * float(np.log10(gain))


def _encoded(samples: FloatArray, rate: int) -> str:
    """MP3 as a data URI, or WAV where this libsndfile cannot write MP3.

    Every browser plays MP3; Opus and Vorbis in Ogg are played by Safari only since version 18.4, FLAC is six times and
    16-bit WAV ten times as long. At libsndfile's usual quality (variable rate) it takes about 50 to 80 kbit/s.
    """
    held = io.BytesIO()
    if "MP3" in sf.available_formats():  # libsndfile 1.1 and later
        sf.write(held, samples, rate, format="MP3", subtype="MPEG_LAYER_III")
        return data_uri("audio/mpeg", held.getvalue())
    sf.write(held, samples, rate, format="WAV", subtype="PCM_16")
    return data_uri("audio/wav", held.getvalue())
