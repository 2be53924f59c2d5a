"""Known fault: a recording of one sample, or of 5 ms, was labelled at .4 without a note."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from spectral import SpectralEncoder

from atmda.core.audio import open_audio
from atmda.core.embeddings.engine import embed_clips

RATE = 16_000
NOISE = np.random.default_rng(1).uniform(-0.5, 0.5, 2 * RATE).astype(np.float32)


@pytest.mark.parametrize(("frames", "told"), [(2, "0.125 ms"), (80, "5 ms"), (1599, "99.9 ms")])
def test_less_than_a_tenth_of_a_second_is_noted(tmp_path: Path, frames: int, told: str) -> None:
    sf.write(tmp_path / "a.wav", NOISE[:frames], RATE)
    ((result,),) = embed_clips(SpectralEncoder(), [tmp_path / "a.wav"])
    assert result.notes == (f"it lasts {told}, less than 100 ms, so its label says little",)


def test_one_sample_is_noted_as_short_and_as_no_sound(tmp_path: Path) -> None:
    sf.write(tmp_path / "a.wav", NOISE[:1], RATE)
    ((result,),) = embed_clips(SpectralEncoder(), [tmp_path / "a.wav"])
    assert result.silent and "it lasts 0.0625 ms" in result.notes[0]


def test_a_tenth_of_a_second_is_not_noted_but_a_shorter_part_of_a_recording_is(tmp_path: Path) -> None:
    sf.write(tmp_path / "a.wav", NOISE, RATE)
    for end, short in ((1.1, False), (1.05, True)):
        part = open_audio(tmp_path / "a.wav", start=1.0, end=end)
        part.read(RATE)
        assert any("100 ms" in note for note in part.notes) == short
