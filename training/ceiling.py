"""What the two teachers reach themselves, scored as the student is: what it would if it copied them exactly.

    ATMDA_TEST_DATA=DIR python training/ceiling.py --teacher DIR --cache DIR [--mixtures] [--output FILE]

An embedding is the mean of both teachers' evidence, each of unit length, beside mn04's features; text is the student's.
`--output` writes the figures for evaluate.py's `--teachers`; those in noise want `--mixtures`, which takes long. Below
stands, as a bound for prototypes, what each teacher's features alone reach by class means and by ridge regression.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from evaluate import opened
from goals import figures, goals_table
from heard import Heard, adaptation, by_folds, hear
from material import Clips
from targets import WIDEST_TRUNK, Usual, statistics
from teachers import CLASSES, MN04_RATE, MN04_WINDOW, TEACHERS, Mn04
from yamnet import Yamnet

from atmda.core.audio import open_recording
from atmda.core.encoders.compact.encoder import POWER, SHARPNESS, THRESHOLD, CompactEncoder, level
from atmda.core.encoders.compact.loudness import gain, magnitudes
from atmda.core.evaluation.splits import by_fold
from atmda.core.methods.prototypes import scores, supervised, unit_rows

RIDGES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
#: share of the squared length of an embedding that lies in mn04's features
TRUNK_SHARE = 0.8


class Listeners:
    """Both teachers as an encoder: YAMNet on the student's patches, mn04 on the whole recording, at least 2 s of it."""

    def __init__(self, folder: Path, usual: dict[str, Usual], student: CompactEncoder) -> None:
        self.yamnet, self.mn04, self.student, self.usual = Yamnet(folder), Mn04(folder), student, usual
        self.logit_scale = student.logit_scale

    def said(self, recording: object) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Of each teacher logits (k, 521) and features (k, m), of patches or of the whole."""
        patches = np.concatenate(list(self.student.features(open_recording(recording))))
        power = float((magnitudes(patches) ** 2).sum()) / (patches.shape[0] * patches.shape[1])
        whole = open_recording(recording).read(MN04_RATE) * np.float32(gain(power))
        whole = np.resize(whole, max(len(whole), MN04_WINDOW))  # again from its beginning where it is short
        heard = self.yamnet(torch.from_numpy(level(patches))), self.mn04(torch.from_numpy(whole[None]))
        return {name: (logits.numpy(), trunk.numpy()) for name, (logits, trunk) in zip(TEACHERS, heard, strict=True)}

    def evidence(self, name: str, logits: np.ndarray) -> np.ndarray:
        """Pooled as the student's is, at unit length: (521,)."""
        above = self.usual[f"{name}.logits"].deviations(logits) - THRESHOLD
        pooled = ((1 / (1 + np.exp(-above))) ** POWER).mean(axis=0) ** (SHARPNESS / POWER)
        return unit_rows(pooled[None])[0]

    def embed_audio(self, recordings: Sequence[object]) -> np.ndarray:
        rows = []
        for said in map(self.said, recordings):
            evidence = np.mean([self.evidence(name, said[name][0]) for name in TEACHERS], axis=0)
            trunk = self.usual["mn04.trunk"].deviations(said["mn04"][1], WIDEST_TRUNK)[0]
            parts = (
                unit_rows(np.stack([evidence])) * (1 - TRUNK_SHARE) ** 0.5,
                unit_rows(trunk[None]) * TRUNK_SHARE**0.5,
            )
            rows.append(np.concatenate(parts, axis=1)[0])
        return np.stack(rows)

    def embed_text(self, prompts: Sequence[str]) -> np.ndarray:
        weights = self.student.embed_text(prompts)[:, :CLASSES]
        return np.pad(weights, ((0, 0), (0, self.usual["mn04.trunk"].mean.size)))


def class_means(X: np.ndarray, y: np.ndarray, Z: np.ndarray) -> np.ndarray:
    X, Z = unit_rows(X), unit_rows(Z)
    return scores(Z, unit_rows(supervised(X, y, int(y.max()) + 1))).argmax(1)


def ridge(X: np.ndarray, y: np.ndarray, Z: np.ndarray, strength: float) -> np.ndarray:
    middle, spread = X.mean(0), X.std(0) + 1e-6
    X, Z = (X - middle) / spread, (Z - middle) / spread
    kernel = X @ X.T / X.shape[1]
    targets = np.eye(int(y.max()) + 1)[y] - 0.1
    return (Z @ X.T / X.shape[1] @ np.linalg.solve(kernel + strength * np.eye(len(X)), targets)).argmax(1)


def accuracy(X: np.ndarray, clips: Clips, classify) -> float:
    found = np.zeros(len(X))
    for split in by_fold(clips.folds):
        found[split.test] = classify(X[split.train], clips.y[split.train], X[split.test]) == clips.y[split.test]
    return by_folds(found, clips)


def features_table(listeners: Listeners, heard: Heard) -> list[str]:
    clips = heard.us8k.clips
    said = [listeners.said(file) for file in clips.files]
    lines = [
        "| features, UrbanSound8K-mini | unit class means | ridge regression, best of 6 strengths |",
        "|---|---|---|",
    ]
    for name in TEACHERS:
        for part, kind in enumerate(("logits", "trunk")):
            X = np.stack([one[name][part].mean(axis=0) for one in said])
            X = listeners.usual[f"{name}.{kind}"].deviations(X, WIDEST_TRUNK)
            best = max(accuracy(X, clips, lambda *given, k=k: ridge(*given, k)) for k in RIDGES)
            lines.append(f"| {name} {kind} | {accuracy(X, clips, class_means):.3f} | {best:.3f} |")
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", type=Path, required=True, help="folder of yamnet.tflite and mn04.torchscript.pt")
    parser.add_argument("--cache", type=Path, required=True, help="folder of bank-r-*.npz, which say what is usual")
    parser.add_argument("--model", default="compact", help="whose text stands for the classes")
    parser.add_argument("--mixtures", action="store_true", help="also in noise")
    parser.add_argument("--output", type=Path, help="write the figures there as JSON")
    a = parser.parse_args()
    torch.set_num_threads(1)
    listeners = Listeners(a.teacher, statistics(a.cache), opened(a.model))
    heard = hear(listeners, Path(os.environ["ATMDA_TEST_DATA"]), a.mixtures)
    found = figures(heard, adaptation(heard))
    print("\n".join([*goals_table([found], {}), "", *features_table(listeners, heard)]))
    if a.output:
        a.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
