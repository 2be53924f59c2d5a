"""Counting right answers. numpy alone: importing scikit-learn and scipy takes longer than most grids."""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt

from atmda.core.types import IntArray


def accuracy(y_true: npt.ArrayLike, y_predicted: npt.ArrayLike) -> float:
    """The fraction of clips labelled right. Raises ValueError where there are none."""
    truth, predicted = np.asarray(y_true), np.asarray(y_predicted)
    if truth.shape != predicted.shape or not len(truth):
        raise ValueError(f"accuracy needs as many labels as predictions, and one at least: {truth.shape}")
    return float((truth == predicted).mean())


def wilson_interval(right: float, n: float, z: float = 1.959964) -> tuple[float, float]:
    """95 % interval of a proportion (E. B. Wilson, JASA 22, 1927); an effective number of clips need not be whole."""
    if n == 0:
        return 0.0, 1.0
    p = right / n
    centre, spread = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def confusion_matrix(y_true: IntArray, y_predicted: IntArray, n_classes: int) -> IntArray:
    """Counts (n_classes, n_classes): rows are true classes, columns predicted ones."""
    flat = np.bincount(y_true * n_classes + y_predicted, minlength=n_classes * n_classes)
    return flat.reshape(n_classes, n_classes).astype(np.int64)
