"""What labelled clips can add where the teacher itself is the encoder: a bound for the student's `sv` and `tgap`.

    ATMDA_TEST_DATA=DIR python training/ceiling.py --teacher teacher

On UrbanSound8K-mini's folds (20 training clips a class) the teacher's own features, averaged over a clip's patches, are
classified by nearest class means and by ridge regression: what a student that copied the teacher exactly would reach.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import torch
from evaluate import Clips, fold_masks, urbansound
from teacher import Teacher

from atmda.core.audio import open_audio
from atmda.core.encoders.compact.encoder import CompactEncoder
from atmda.core.methods.prototypes import scores, supervised

RIDGES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


def features(file: Path, encoder: CompactEncoder, teacher: Teacher) -> tuple[np.ndarray, np.ndarray]:
    """Mean logits (521,) and mean trunk features (1024,) of a recording's patches, cut as the student's are."""
    logits, trunk = teacher(torch.from_numpy(np.concatenate(list(encoder.features(open_audio(file))))))
    return logits.mean(0).numpy(), trunk.mean(0).numpy()


def class_means(X: np.ndarray, y: np.ndarray, Z: np.ndarray) -> np.ndarray:
    X, Z = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (X, Z))
    return scores(Z, supervised(X, y, int(y.max()) + 1)).argmax(1)


def ridge(X: np.ndarray, y: np.ndarray, Z: np.ndarray, strength: float) -> np.ndarray:
    middle, spread = X.mean(0), X.std(0) + 1e-6
    X, Z = (X - middle) / spread, (Z - middle) / spread
    kernel = X @ X.T / X.shape[1]
    targets = np.eye(int(y.max()) + 1)[y] - 0.1
    return (Z @ X.T / X.shape[1] @ np.linalg.solve(kernel + strength * np.eye(len(X)), targets)).argmax(1)


def accuracy(X: np.ndarray, clips: Clips, classify) -> float:
    masks = fold_masks(clips.folds, len(X))
    folds = [classify(X[~test], clips.y[~test], X[test]) == clips.y[test] for _, test in masks]
    return float(np.mean([fold.mean() for fold in folds]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", type=Path, required=True)
    a = parser.parse_args()
    torch.set_num_threads(1)
    clips = urbansound(Path(os.environ["ATMDA_TEST_DATA"]))
    encoder, teacher = CompactEncoder(), Teacher(a.teacher)
    logits, trunks = map(np.stack, zip(*(features(file, encoder, teacher) for file in clips.files), strict=True))
    both = np.concatenate([trunks / trunks.std(), logits / logits.std()], 1)
    print("| teacher's features | class means | ridge regression, best of 6 strengths |\n|---|---|---|")
    for name, X in (("logits", logits), ("trunk", trunks), ("both", both)):
        best = max(accuracy(X, clips, lambda *given, k=k: ridge(*given, k)) for k in RIDGES)
        print(f"| {name} | {accuracy(X, clips, class_means):.3f} | {best:.3f} |")
