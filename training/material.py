"""Recordings that the encoder never heard, and what they are mixed with: what evaluate.py and ceiling.py measure on."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atmda.core.audio import open_audio

US8K = ("air conditioner", "car horn", "children playing", "dog bark", "drilling",
        "engine idling", "gun shot", "jackhammer", "siren", "street music")  # fmt: skip
#: ESC-10's folder -> ESC-50's name
ESC10 = {"Dog bark": "dog", "Rain": "rain", "Sea waves": "sea waves", "Baby cry": "crying baby",
         "Clock tick": "clock tick", "Person sneeze": "sneezing", "Helicopter": "helicopter",
         "Chainsaw": "chainsaw", "Rooster": "rooster", "Fire crackling": "crackling fire"}  # fmt: skip
SNRS = (6, 0, -6)
RATE = 32_000


@dataclass
class Clips:
    """Recordings with their class (index into `labels`), fold and source recording (a number), each int (n,)."""

    files: list[Path]
    labels: tuple[str, ...]
    y: np.ndarray
    folds: np.ndarray
    sources: np.ndarray


def urbansound(root: Path) -> Clips:
    base = root / "data" / "urbansound8k-mini"
    with next((base / "metadata").glob("*.csv")).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    files = [base / "audio" / f"fold{row['fold']}" / row["slice_file_name"] for row in rows]
    return Clips(files, US8K, *(np.array([int(row[name]) for row in rows]) for name in ("classID", "fold", "fsID")))


def esc10(root: Path) -> Clips:
    files = sorted((root / "data" / "esc10").glob("*/*.ogg"))
    labels = tuple(ESC10.values())
    y = [labels.index(ESC10[file.parent.name.split(" - ")[1]]) for file in files]
    sources = [int(file.name.split("-")[1]) for file in files]
    return Clips(files, labels, np.array(y), np.array([int(file.name[0]) for file in files]), np.array(sources))


def esc50_names(root: Path) -> tuple[str, ...]:
    with (root / "data" / "esc50-clap" / "esc50_meta.csv").open(encoding="utf-8") as file:
        return tuple(sorted({row["category"].replace("_", " ") for row in csv.DictReader(file)}))


def demo(root: Path) -> Clips:
    """The 15 real events in parks of the original release."""
    files = sorted((root / "data" / "demo" / "inference_demo").glob("*.wav"))
    y, one = np.array([int(file.name.split("-")[1]) for file in files]), np.zeros(len(files), int)
    return Clips(files, US8K, y, one, np.arange(len(files)))


def scenes(root: Path) -> dict[str, list[Path]]:
    """Background recordings by scene: real parks, and for other scenes pieces of one recording each."""
    found = {"park": sorted((root / "data" / "demo" / "inference_bg_demo").glob("*.wav"))}
    for path in sorted((root / "data" / "tau2019uas-mini").rglob("*-standin-*.wav")):
        found.setdefault(path.name.split("-")[0], []).append(path)
    return found


def mixed(clips: Clips, backgrounds: list[Path], snr: float) -> list[tuple[np.ndarray, int]]:
    """Every clip with a stretch of a background (in turn) at `snr` dB of mean power."""
    beds = [open_audio(path).read(RATE) for path in backgrounds]
    out = []
    for i, file in enumerate(clips.files):
        x, bed = open_audio(file).read(RATE), beds[i % len(beds)]
        start = (i * 7919) % max(1, len(bed) - len(x))
        bed = np.resize(bed[start:], len(x))
        gain = np.sqrt((x**2).mean() / max((bed**2).mean(), 1e-12)) * 10 ** (-snr / 20)
        out.append((x + gain * bed, RATE))
    return out


def others(B: np.ndarray, n: int) -> np.ndarray:
    """For each of n mixed clips the mean of the backgrounds B (m, d) that were not mixed into it, float32 (n, d)."""
    without = (B.sum(axis=0, dtype=np.float64) - B) / (len(B) - 1)
    return without[np.arange(n) % len(B)].astype(np.float32)
