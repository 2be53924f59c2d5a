"""Modes by modalities by temperatures, fold by fold, in one pass over the embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atmda.core.evaluation.metrics import FoldAccuracy, accuracy, splits
from atmda.core.methods.adaptation import adapt, clip_profiles
from atmda.core.methods.prototypes import TOP_N, class_means, class_sums, nearest, row_means, scores, zero_shot
from atmda.core.types import FloatArray, IntArray


@dataclass(frozen=True)
class Backgrounds:
    """What describes the background: sentences `text` (m, d), recordings `audio` (m, d), or `own` (n, d) by clip."""

    text: FloatArray | None = None
    audio: FloatArray | None = None
    own: FloatArray | None = None

    def profile(self, modality: str, P: FloatArray, test: IntArray) -> FloatArray:
        """(c,) for one scene, (len(test), c) where each clip has its own background."""
        if modality == "audio" and self.own is not None:
            return clip_profiles(self.own[test], P)
        B = self.text if modality == "text" else self.audio
        if B is None:
            raise ValueError(f"nothing describes the background for modality {modality}")
        profile: FloatArray = clip_profiles(B, P).mean(axis=0)
        return profile


@dataclass(frozen=True)
class GridResult:
    """One cell: accuracy by fold, their mean, and the predicted class (n,) of every clip.

    `temperature` is None where nothing is subtracted (modality none).
    """

    mode: str
    modality: str
    temperature: float | None
    folds: tuple[FoldAccuracy, ...]
    predicted: IntArray

    @property
    def accuracy(self) -> float:
        """The mean of the folds' accuracies."""
        return float(np.mean([fold.accuracy for fold in self.folds]))


def run_grid(
    X: FloatArray,
    y: IntArray,
    folds: IntArray | None,
    n_classes: int,
    *,
    text: FloatArray | None,
    backgrounds: Backgrounds,
    modes: Sequence[str],
    modalities: Sequence[str],
    temperatures: Sequence[float],
    top_n: int = TOP_N,
) -> list[GridResult]:
    """Classify X (n, d) with classes y (n,): each fold in turn tests, the others train.

    `text` (c, d) is needed by zs and tgap. Without `folds` only zs can run. Raises ValueError where something a cell
    needs is missing.
    """
    cells = [
        (mode, modality, temperature)
        for mode in dict.fromkeys(modes)
        for modality in dict.fromkeys(modalities)
        for temperature in ((None,) if modality == "none" else dict.fromkeys(temperatures))
    ]
    if set(modes) - {"zs"} and (folds is None or len(np.unique(folds)) < 2):
        raise ValueError("modes other than zs need two folds at least: one to test, the others to train")
    predicted = {cell: np.zeros(len(X), np.int64) for cell in cells}
    accuracies: dict[tuple[str, str, float | None], list[FoldAccuracy]] = {cell: [] for cell in cells}
    similarity = None if text is None else scores(X, text)
    sums, counts = class_sums(X, y, n_classes) if "sv" in modes else (np.zeros(0), np.zeros(0, np.int64))
    for fold, is_test in splits(folds, len(X)):
        test, train = np.flatnonzero(is_test), np.flatnonzero(~is_test)
        X_test = X[test]
        for mode in dict.fromkeys(modes):
            if mode == "sv":
                fold_sums, fold_counts = class_sums(X_test, y[test], n_classes)
                P = class_means(sums - fold_sums, counts - fold_counts)
            elif text is None or similarity is None:
                raise ValueError(f"mode {mode} needs text anchors")
            elif mode == "tgap":
                P = row_means(X, train[nearest(similarity[train], top_n)])
            else:
                P = zero_shot(text)
            S = similarity[test] if mode == "zs" and similarity is not None else scores(X_test, P)
            profiles = {
                modality: backgrounds.profile(modality, P, test)
                for modality in dict.fromkeys(modalities)
                if modality != "none"
            }
            for cell in cells:
                if cell[0] != mode:
                    continue
                _, modality, temperature = cell
                adapted = S if temperature is None else adapt(S, profiles[modality], temperature)
                predicted[cell][test] = adapted.argmax(axis=1)
                right = accuracy(y[test], predicted[cell][test])
                accuracies[cell].append(FoldAccuracy(fold, right, len(test)))
    return [GridResult(*cell, tuple(accuracies[cell]), predicted[cell]) for cell in cells]
