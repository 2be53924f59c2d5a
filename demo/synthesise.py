"""Makes the demo's recordings: `python demo/synthesise.py [FOLDER]` writes them over the committed ones.

Every recording draws from a generator of its own, derived from (SEED, file name), so that it comes out the same
whatever else is made. Needs NumPy and soundfile only.
"""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

import dsp
import noises
import numpy as np
import numpy.typing as npt
import signals
import soundfile as sf
from scene import park

SEED = 2506
SECONDS = 4.5
BACKGROUND_SECONDS = 6.0
BACKGROUND_LEVEL = 10 ** (-40 / 20)  # root mean square of the scene in every recording, 1 being full scale

EVENT_LEVEL = 10 ** (3 / 20)  # of every event while it sounds, the scene being 1: 3 dB above it

MIXED = [
    "bicycle_bell-1",
    "car_horn-1",
    "car_horn-2",
    "church_bell-1",
    "crow-1",
    "dog_bark-1",
    "dog_bark-2",
    "engine_idling-1",
    "gun_shot-1",
    "gun_shot-2",
    "rain-1",
    "siren-1",
    "siren-2",
    "smoke_alarm-1",
    "whistle-1",
]
BACKGROUNDS = [f"park-{number}" for number in range(1, 6)]


def generator(name: str) -> np.random.Generator:
    return np.random.default_rng([SEED, zlib.crc32(name.encode())])


def label_of(name: str) -> str:
    return name.rsplit("-", 1)[0].replace("_", " ")


def sounding(wave: dsp.Wave) -> float:
    """Root mean square over the tenths of a second within 20 dB of the loudest."""
    blocks = wave[: len(wave) // 1600 * 1600].reshape(-1, 1600)
    power = np.mean(blocks**2, axis=1)
    return float(np.sqrt(np.mean(power[power > 0.01 * power.max()])))


def dry_event(name: str) -> tuple[dsp.Wave, np.random.Generator]:
    """The event of a recording in its surroundings, without the scene, and the generator to go on with."""
    rng = generator(name)
    kind = name.rsplit("-", 1)[0]
    dry = getattr(signals if hasattr(signals, kind) else noises, kind)(rng, SECONDS)
    event = dsp.echoed(dry, rng, t60=0.45, wet=0.3)
    return event / sounding(event), rng


def recording(name: str) -> npt.NDArray[np.int16]:
    """One recording by its file's stem: an event in the park, or the park alone."""
    if name in BACKGROUNDS:
        wave = park(generator(name), BACKGROUND_SECONDS)
    else:
        event, rng = dry_event(name)
        wave = park(rng, SECONDS) + EVENT_LEVEL * event
    scaled = np.round(wave * BACKGROUND_LEVEL * 32768)
    return np.clip(scaled, -32768, 32767).astype(np.int16)


def main(folder: Path) -> None:
    for kind, names in (("inference_demo", MIXED), ("inference_bg_demo", BACKGROUNDS)):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for name in names:
            sf.write(folder / kind / f"{name}.flac", recording(name), dsp.RATE, subtype="PCM_16")
    labels = sorted({label_of(name) for name in MIXED})
    (folder / "class_labels.txt").write_text("\n".join(labels) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
