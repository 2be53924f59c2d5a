"""Known faults: a silent background stood at SNR 6 in the manifest; an offset of 0.1 made nearly all samples 1.0."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile as sf
from typer.testing import CliRunner

from atmda.cli import app
from atmda.errors import AudioError
from atmda.soundscapes.levels import DOMINATES
from atmda.soundscapes.loudness import integrated_loudness
from atmda.soundscapes.manifest import read_manifest
from atmda.soundscapes.rendering import Event, Mix, Renderer, read_event
from atmda.soundscapes.scaper_engine import _measured

RATE = 8_000


def noise(level: float, seconds: float = 3.0, seed: int = 0) -> npt.NDArray[np.float64]:
    return np.random.default_rng(seed).standard_normal(round(seconds * RATE)) * level


def crossed(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Two channels of which one is the other turned over."""
    return np.stack([samples, -samples], axis=1)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def put(name: str, samples: npt.NDArray[np.float64], subtype: str = "FLOAT") -> Path:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        sf.write(tmp_path / name, samples, RATE, subtype=subtype)
        return tmp_path / name

    return put


def mix_of(background: Path, event: Path) -> Mix:
    back = Event("background", background, 0.0, 0.0, 3.0, 0.0, background.name)
    return Mix(3.0, (back, Event("foreground", event, 0.0, 0.5, 1.0, 6.0, event.name)), sample_rate=RATE)


BACKGROUNDS = {
    "silent": (np.zeros(3 * RATE), "it is silent, so that"),
    "cancelling": (crossed(noise(0.1)), "it is silent (its channels cancel each other in their mix)"),
    "faint": (noise(1e-5), "it is quieter than -70 LUFS"),
    "offset alone": (np.full(3 * RATE, 0.1), "it is silent (a constant offset of 0.1 dominated it"),
}


@pytest.mark.parametrize("kind", BACKGROUNDS)
def test_a_background_without_loudness_is_skipped_and_named_and_the_others_are_mixed(
    write: Callable[..., Path], tmp_path: Path, kind: str
) -> None:
    samples, words = BACKGROUNDS[kind]
    write("fg/siren/1.wav", noise(0.1, seed=1))
    write("bg/park/bad.wav", samples)
    write("bg/metro/good.wav", noise(0.05))
    flags = ["--fg-dataset", tmp_path / "fg", "--bg-dataset", tmp_path / "bg", "--n-soundscapes", 6, "--duration", 2]
    flags += ["--num-workers", 1, "--output", tmp_path / "set"]
    result = CliRunner().invoke(app, ["augment", *map(str, flags)])
    assert result.exit_code == 3, result.output
    assert "park/bad.wav" in result.stderr and words in result.stderr
    records = read_manifest(tmp_path / "set")
    assert {record["background"] for record in records} == {"metro/good.wav"}
    assert len(records) + result.stderr.count("skipped ") == 6


@pytest.mark.parametrize("cancels", [False, True])
def test_an_event_without_loudness_is_noted(write: Callable[..., Path], cancels: bool) -> None:
    event = write("e.wav", crossed(noise(0.1)) if cancels else np.zeros(RATE))
    notes = Renderer().render(mix_of(write("b.wav", noise(0.05)), event)).notes
    first = ["e.wav: its channels cancel each other in their mix"] if cancels else []
    assert notes == [*first, "event is digital silence"]


@pytest.mark.parametrize("role", ["background", "event"])
def test_an_offset_that_dominates_a_source_is_removed_and_noted(write: Callable[..., Path], role: str) -> None:
    """0.1 with noise of 0.001 over it was amplified until nearly every sample was 1.0, and only "clipped" was noted."""
    quiet, other = noise(1e-3), write("other.wav", noise(0.05, seed=1))
    with_offset, without = write("offset.wav", quiet + 0.1), write("none.wav", quiet - quiet.mean())
    first, second = ((p, other) if role == "background" else (other, p) for p in (with_offset, without))
    rendered, plain = Renderer().render(mix_of(*first)), Renderer().render(mix_of(*second))
    assert any(note.startswith("offset.wav: a constant offset of 0.1") for note in rendered.notes)
    assert np.allclose(rendered.samples, plain.samples, atol=1e-3) and rendered.peak < 0.5
    assert rendered.loudness == pytest.approx(plain.loudness, abs=0.05)


def test_what_the_manifest_says_of_snr_is_what_was_rendered_of_a_source_with_an_offset(
    write: Callable[..., Path],
) -> None:
    back, event = write("b.wav", noise(1e-3) - 0.2), write("e.wav", noise(1e-3, seed=1) + 0.2)
    mix = mix_of(back, event)
    both = Renderer().render(mix).samples
    alone = Renderer().render(Mix(3.0, mix.events[:1], sample_rate=RATE)).samples
    assert integrated_loudness(alone, RATE) == pytest.approx(-36.0, abs=0.05)
    assert integrated_loudness((both - alone)[4000:12_000], RATE) == pytest.approx(-30.0, abs=0.2)


@pytest.mark.parametrize("share", [0.01, 0.5, 2.0])
def test_an_ordinary_offset_gives_the_bytes_of_the_recording(write: Callable[..., Path], share: float) -> None:
    assert share < DOMINATES
    samples = noise(0.02) + 0.02 * share
    notes: list[str] = []
    event = Event("background", write("b.wav", samples), 0.0, 0.0, 3.0, 0.0)
    assert np.array_equal(read_event(event, RATE, notes=notes), samples.astype(np.float32)) and notes == []


def test_a_source_that_is_mostly_infrasound_is_noted(write: Callable[..., Path]) -> None:
    slow = 0.3 * np.sin(2 * np.pi * 2 * np.arange(3 * RATE) / RATE) + noise(1e-3)
    notes = Renderer().render(mix_of(write("b.wav", slow), write("e.wav", noise(0.1, seed=1)))).notes
    assert "b.wav: it lies mostly below what is heard" in notes[0]


def test_scaper_is_not_given_what_it_would_mix_otherwise_than_told(write: Callable[..., Path]) -> None:
    good: Any = write("good.wav", noise(0.05))
    with pytest.raises(AudioError, match=r"dc\.wav: a constant offset dominates it; `engine` atmda removes it"):
        _measured(mix_of(good, write("dc.wav", noise(1e-3) + 0.1)))
    with pytest.raises(AudioError, match=r"zero\.wav: it is silent"):
        _measured(mix_of(write("zero.wav", np.zeros(3 * RATE)), good))
    assert _measured(mix_of(good, write("none.wav", np.zeros(RATE))))[1] == ["event is digital silence"]
