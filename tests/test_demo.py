"""The demo's recordings: complete, readable, small, named truly, and what the script in their folder makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile as sf

DEMO = Path(__file__).parent.parent / "demo"
MIXED = sorted((DEMO / "inference_demo").glob("*.flac"))
BACKGROUNDS = sorted((DEMO / "inference_bg_demo").glob("*.flac"))


@pytest.fixture
def synthesise(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the folder travels in the wheel as it stands
    monkeypatch.syspath_prepend(str(DEMO))
    import synthesise

    return synthesise


def test_the_folder_holds_a_dozen_mixed_recordings_and_a_few_of_the_background_alone() -> None:
    assert 12 <= len(MIXED) <= 15
    assert 3 <= len(BACKGROUNDS) <= 7


def test_the_labels_are_exactly_those_that_the_file_names_tell() -> None:
    labels = (DEMO / "class_labels.txt").read_text(encoding="utf-8").splitlines()
    assert len(labels) == len(set(labels)) >= 10
    assert {path.stem.rsplit("-", 1)[0].replace("_", " ") for path in MIXED} == set(labels)


@pytest.mark.parametrize("path", [*MIXED, *BACKGROUNDS], ids=lambda path: path.stem)
def test_every_recording_is_mono_seconds_long_audible_and_not_clipped(path: Path) -> None:
    wave, rate = sf.read(path, dtype="int16")
    assert wave.ndim == 1
    assert rate == 16_000
    assert 3 <= len(wave) / rate <= 8
    assert np.sqrt(np.mean(wave.astype(float) ** 2)) > 200
    assert np.abs(wave.astype(int)).max() < 32_767


def test_the_folder_is_small_enough_to_travel_in_the_wheel() -> None:
    kept = [path for path in DEMO.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in kept) < 2_500_000


@pytest.mark.parametrize("stem", ["inference_demo/siren-1", "inference_demo/gun_shot-1", "inference_bg_demo/park-3"])
def test_the_script_makes_the_committed_samples(synthesise: ModuleType, stem: str) -> None:
    committed, _ = sf.read(DEMO / f"{stem}.flac", dtype="int16")
    made = synthesise.recording(Path(stem).name)
    assert made.shape == committed.shape
    # Fourier transforms differ in the last bits between builds of NumPy, so a rounding may fall the other way.
    assert np.abs(made.astype(int) - committed.astype(int)).max() <= 1


def test_a_recording_does_not_depend_on_what_was_made_before_it(synthesise: ModuleType) -> None:
    before = synthesise.recording("car_horn-1")
    synthesise.recording("dog_bark-1")
    np.testing.assert_array_equal(synthesise.recording("car_horn-1"), before)


@pytest.mark.slow
def test_running_the_script_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        subprocess.run([sys.executable, str(DEMO / "synthesise.py"), str(tmp_path / name)], check=True)
    made = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(made) == 1 + len(MIXED) + len(BACKGROUNDS)
    for path in made:
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes(), path


def test_the_built_in_encoder_hears_most_of_it_in_the_park_and_none_the_less_once_the_park_is_taken_off() -> None:
    from atmda.core.encoders import load_encoder

    encoder = load_encoder("compact")
    labels = (DEMO / "class_labels.txt").read_text(encoding="utf-8").splitlines()
    truth = np.array([labels.index(path.stem.rsplit("-", 1)[0].replace("_", " ")) for path in MIXED])
    prototypes = encoder.embed_text([f"This is a sound of {label}" for label in labels])
    scores = encoder.embed_audio(MIXED) @ prototypes.T
    profile = (encoder.embed_audio(BACKGROUNDS) @ prototypes.T).mean(axis=0)
    plain = int((scores.argmax(axis=1) == truth).sum())
    adapted = int(((scores - 0.5 * profile).argmax(axis=1) == truth).sum())
    assert labels[int(profile.argmax())] == "rain"
    assert adapted >= plain >= 12
