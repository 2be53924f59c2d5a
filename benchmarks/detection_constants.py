"""How constants of `atmda/core/detection` were chosen: background from the recording, multi-label confidence.

    python benchmarks/detection_constants.py --data DIR [--half A]

DIR holds urbansound8k-mini, esc10 and tau2019uas-mini. Recordings of 5 minutes (of 10, where the place and its level
change midway) are laid out with 2.5 events a minute of 12 classes, at 6, 0 and -6 dB, and labelled by the built-in
encoder in windows of 2, 5 and 10 s. Half A, to choose on: fold 1 and half of fold 2, ESC-10's folds 1 and 2, airport,
metro station and three parks. Half B, to report: the other clips, shopping mall, street traffic and the other parks.
"""

from __future__ import annotations

import argparse
import csv
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from atmda.core.detection.background import self_profile
from atmda.core.detection.confidence import OFFSET, SLOPE, multi_label
from atmda.core.encoders import load_encoder
from atmda.core.methods.adaptation import probabilities
from atmda.core.methods.prompts import class_prompts

RATE, LEVEL = 16000, 0.02
US8K = ("dog bark", "siren", "car horn", "gun shot", "drilling", "jackhammer", "children playing", "street music")
ESC10 = {"008 - Chainsaw": "chainsaw", "009 - Rooster": "rooster", "004 - Baby cry": "crying baby",
         "006 - Person sneeze": "sneezing", "001 - Dog bark": "dog bark"}  # fmt: skip
LABELS = [*US8K, "chainsaw", "rooster", "crying baby", "sneezing"]
PLACES = {
    "A": (("airport",), ("metro_station",), ("park-stockholm", "park-london", "park-barcelona")),
    "B": (("shopping_mall",), ("street_traffic",), ("park-prague", "park-lyon", "park-helsinki", "park-lisbon")),
}
LENGTHS = (2, 5, 10)
METHODS: dict[str, dict[str, Any]] = {
    "mean": {"method": "mean"}, "median": {"method": "median"}, "quiet": {}, "quiet,rolling=120": {"rolling": 120.0},
}  # fmt: skip
ROWS = [("none", 1.0), *((name, 1.0) for name in (*METHODS, "known")), ("quiet", 0.5), ("known", 0.5)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", default="A", choices=("A", "B"))
    options = parser.parse_args()
    encoder = load_encoder("compact")
    P, scale = encoder.embed_text(class_prompts(LABELS)), encoder.logit_scale
    windows = [
        scored_windows(encoder, P, place, snr, *found, length)
        for place, snr, found in recordings(options.data, options.half)
        for length in LENGTHS
    ]
    backgrounds(windows, scale)
    reliability(windows, scale)


def backgrounds(windows: list[dict[str, Any]], scale: float) -> None:
    """Average precision of all (window, class) by the softmax, windows at an event's edge left out.

    Behind it the gain over no background and over the mean at T = 1, with 95 % intervals: 100 draws of recordings, the
    same for all.
    """
    for changing in (False, True):
        for length in LENGTHS:
            some = [w for w in windows if (w["changing"], w["length"]) == (changing, length)]
            print(f"{'changing' if changing else 'steady'} places, windows of {length} s, {len(some)} recordings")
            random = np.random.default_rng(0)
            draws = [np.arange(len(some)), *(random.integers(len(some), size=len(some)) for _ in range(100))]
            found = {row: average_precisions(some, *row, scale, draws) for row in ROWS}
            for (name, T), values in found.items():
                gains = "  ".join(gain(values - found[beside, 1.0]) for beside in ("none", "mean"))
                print(f"  {name:18} T = {T:<4g} {values[0]:.3f}  {gains}")


def average_precisions(some: list[dict[str, Any]], name: str, T: float, scale: float, draws: list[Any]) -> Any:
    p = [probabilities(w["scores"] - T * profile(w, name), scale)[w["clear"]] for w in some]
    true = [w["true"][w["clear"]] for w in some]
    return np.array([average_precision_score(*(joined(v, draw) for v in (true, p))) for draw in draws])


def gain(differences: Any) -> str:
    low, high = np.quantile(differences[1:], (0.025, 0.975))
    return f"{differences[0]:+.3f} ({low:+.3f} to {high:+.3f})"


def joined(arrays: list[Any], draw: Any) -> Any:
    return np.concatenate([arrays[i] for i in draw])


def profile(w: dict[str, Any], name: str) -> Any:
    if name in ("none", "known"):
        return 0.0 if name == "none" else w["known"]
    return self_profile(
        w["scores"], w["levels"], np.zeros(len(w["scores"]), bool), centres=w["centres"], **METHODS[name]
    )


def reliability(windows: list[dict[str, Any]], scale: float) -> None:
    """What the logistic regression would be here, and how often labels of a confidence are right."""
    p = np.concatenate([multi_label(w["scores"], w["scores"], scale)[w["clear"]] for w in windows]).astype(float)
    true = stacked(windows, "true")
    x = (np.log(p / (1 - p)) + OFFSET) / SLOPE
    fitted = LogisticRegression(C=1e6).fit(x[:, None], true)
    slope, offset = fitted.coef_[0, 0], -fitted.intercept_[0]
    print(f"fitted here: slope {slope:.2f}, offset {offset:.2f}; {true.mean():.2%} are true")
    edges = (0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0001)
    for low, high in pairwise(edges):
        inside = (p >= low) & (p < high)
        if inside.any():
            mean, right = p[inside].mean(), true[inside].mean()
            print(f"{low:.2f} to {high:.2f}: {inside.sum():6} labels, mean confidence {mean:.3f}, right {right:.3f}")
    of_length = np.concatenate([np.full(w["clear"].sum(), w["length"]) for w in windows])
    for length in LENGTHS:
        sure = (p >= 0.5) & (of_length == length)
        print(f"0.50 and more, windows of {length} s: {sure.sum()} labels, right {true[sure].mean():.3f}")


def stacked(windows: list[dict[str, Any]], key: str) -> Any:
    return np.concatenate([w[key][w["clear"]] for w in windows])


def recordings(data: Path, half: str) -> Any:
    """(whether the place changes, SNR, (samples, events, pieces of the background)) of 24 recordings."""
    sounds, places = events(data, half), [pieces(data, names) for names in PLACES[half]]
    change = np.repeat([10 ** (6 / 20), 10 ** (-6 / 20)], RATE * 300)
    for number in range(len(places) + 1):
        for snr in (6, 0, -6):
            for seed in (0, 1):
                random = np.random.default_rng([ord(half), number, snr + 100, seed])
                if number < len(places):
                    yield False, snr, (*mixed(bed(places[number], random), sounds, snr, random), places[number])
                    continue
                both = np.concatenate([bed(places[0], random), bed(places[1], random)])
                samples, there = mixed(both, sounds, snr, random)
                yield True, snr, ((samples * change).astype(np.float32), there, places[0] + places[1])


def scored_windows(
    encoder: Any, P: Any, changing: bool, snr: int, samples: Any, there: Any, background: Any, length: int
) -> dict[str, Any]:
    starts = np.arange(len(samples) // (RATE * length)) * length
    cut = [samples[start * RATE : (start + length) * RATE] for start in starts]
    true = np.zeros((len(starts), len(LABELS)), bool)
    touched = np.zeros_like(true)
    for onset, offset, label in there:
        shared, c = np.minimum(offset, starts + length) - np.maximum(onset, starts), LABELS.index(label)
        true[:, c] |= shared >= 0.25 * min(offset - onset, length)
        touched[:, c] |= shared > 0
    return {
        "changing": changing, "snr": snr, "length": length, "centres": starts + length / 2,
        "scores": encoder.embed_audio([(piece, RATE) for piece in cut]) @ P.T,
        "levels": np.array([20 * np.log10(np.sqrt((piece.astype(float) ** 2).mean())) for piece in cut]),
        "true": true, "clear": true | ~touched,
        "known": (encoder.embed_audio([(piece, RATE) for piece in background]) @ P.T).mean(axis=0),
    }  # fmt: skip


def events(data: Path, half: str) -> dict[str, list[Any]]:
    found: dict[str, list[Path]] = {label: [] for label in LABELS}
    folder = data / "urbansound8k-mini"
    with (folder / "metadata" / "UrbanSound8K.csv").open() as table:
        for row in csv.DictReader(table):
            fold, label = int(row["fold"]), row["class"].replace("_", " ")
            mine = fold == (1 if half == "A" else 3) or (fold == 2 and int(row["fsID"]) % 2 == (half == "B"))
            path = folder / "audio" / f"fold{fold}" / row["slice_file_name"]
            if label in US8K and mine and path.exists():
                found[label].append(path)
    for name, label in ESC10.items():
        found[label] += [
            p for p in sorted((data / "esc10" / name).glob("*.ogg")) if (p.name[0] <= "2") == (half == "A")
        ]
    return {label: [sounding(read(path))[: RATE * 5] for path in paths] for label, paths in found.items()}


def pieces(data: Path, names: tuple[str, ...]) -> list[Any]:
    folder = data / "tau2019uas-mini" / "TAU-urban-acoustic-scenes-2019-development" / "audio"
    return [read(path) for path in sorted(folder.glob("*.wav")) if path.name.startswith(names)]


def read(path: Path) -> Any:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return soxr.resample(samples.mean(1), rate, RATE) if rate != RATE else samples.mean(1)


def sounding(samples: Any) -> Any:
    """Without the stillness before and after."""
    levels = np.sqrt((samples[: len(samples) // 400 * 400].reshape(-1, 400) ** 2).mean(1))
    loud = np.flatnonzero(levels > levels.max() * 0.03)
    return samples[loud[0] * 400 : (loud[-1] + 1) * 400]


def bed(background: list[Any], random: Any, seconds: int = 300) -> Any:
    """Pieces drawn one after the other, faded into each other, each near one level."""
    n, fade, at = seconds * RATE, RATE // 2, 0
    out, rise = np.zeros(n + RATE * 12, np.float32), np.sin(np.linspace(0, np.pi / 2, RATE // 2)) ** 2
    while at < n:
        piece = background[random.integers(len(background))].copy()
        piece *= LEVEL / np.sqrt((piece**2).mean())
        piece *= 10 ** (random.normal(0, 1.5) / 20)
        piece[:fade] *= rise
        piece[-fade:] *= rise[::-1]
        out[at : at + len(piece)] += piece
        at += len(piece) - fade
    return out[:n]


def mixed(
    background: Any, sounds: dict[str, list[Any]], snr: int, random: Any
) -> tuple[Any, list[tuple[float, float, str]]]:
    """One event in each stretch of 24 s, `snr` dB above the background's level."""
    seconds, there, out = len(background) / RATE, [], background.copy()
    count = int(seconds / 60 * 2.5)
    slot = seconds / count
    for i in range(count):
        label = LABELS[random.integers(len(LABELS))]
        sound = sounds[label][random.integers(len(sounds[label]))]
        start = int((i + random.random() * (1 - (len(sound) / RATE + 1) / slot)) * slot * RATE)
        out[start : start + len(sound)] += sound * (LEVEL * 10 ** (snr / 20) / np.sqrt((sound**2).mean()))
        there.append((start / RATE, (start + len(sound)) / RATE, label))
    return out, there


if __name__ == "__main__":
    main()
