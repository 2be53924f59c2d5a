"""What the tests share: a clean environment, small recordings, a small encoder, and the real data where it is there."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile as sf

os.environ["HF_HUB_OFFLINE"] = "1"  # no test asks a model hub

from atmda.core.encoders import ENCODERS, EncoderRequest, EncoderSpec
from atmda.core.encoders.base import Encoder

RATE = 16_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("ATMDA_SLOW") != "1":
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="slow: set ATMDA_SLOW=1 to run it"))


def load_spectral(request: EncoderRequest) -> Encoder:
    """The small encoder of `spectral.py`, looked up when it is loaded so that a test can put another in its place."""
    import spectral

    return spectral.load(request)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No ATMDA_ setting of the person who runs the tests, and an empty folder to work in."""
    for name in list(os.environ):
        if name.startswith("ATMDA_") and name not in ("ATMDA_TEST_DATA", "ATMDA_SLOW"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    undo = ENCODERS.add(EncoderSpec("spectral", "for tests", load_spectral))
    yield
    undo()


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real recordings and reference outputs that ATMDA_TEST_DATA names."""
    folder = os.environ.get("ATMDA_TEST_DATA")
    if not folder:
        pytest.skip("needs the real recordings: set ATMDA_TEST_DATA to their folder")
    return Path(folder).resolve()


@pytest.fixture
def write_tone() -> Callable[..., Path]:
    """A function that writes a sine wave and gives its path."""

    def write(path: Path, frequency: float = 440.0, seconds: float = 1.0, rate: int = RATE, channels: int = 1) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        time = np.arange(round(seconds * rate)) / rate
        wave = 0.5 * np.sin(2 * np.pi * frequency * time)
        sf.write(path, np.stack([wave] * channels, axis=1), rate)
        return path

    return write


@pytest.fixture
def tones(tmp_path: Path, write_tone: Callable[..., Path]) -> Path:
    """A folder of nine tones from 200 Hz upward."""
    for index in range(9):
        write_tone(tmp_path / "tones" / f"tone{index}.wav", 200.0 * (index + 1), 0.5 + 0.3 * index)
    return tmp_path / "tones"


@pytest.fixture
def of_training(monkeypatch: pytest.MonkeyPatch):
    """Imports a module of `training/`."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "training")

    def get(name: str) -> ModuleType:
        return importlib.import_module(name)

    return get
