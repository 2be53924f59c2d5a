"""Does a confidence of 0.8 mean right four times of five?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atmda.core.types import BoolArray, IntArray

BINS = 15


@dataclass(frozen=True)
class Reliability:
    """Clips in equal bins of confidence.

    Attributes:
        edges: of the bins, float64 (bins + 1,).
        n: clips in each, int (bins,). confidence, accuracy: their means, float64 (bins,); NaN in empty ones.
        ece: expected calibration error.
    """

    edges: npt.NDArray[np.float64]
    n: IntArray
    confidence: npt.NDArray[np.float64]
    accuracy: npt.NDArray[np.float64]
    ece: float


def reliability(confidence: npt.ArrayLike, right: BoolArray, bins: int = BINS) -> Reliability:
    """How confidence (n,), from 0 to 1, and being right, bool (n,), go together.

    The expected calibration error is how far they lie apart, mean over the bins weighted by their clips (Guo, Pleiss,
    Sun, Weinberger, "On calibration of modern neural networks", ICML 2017). Here because scikit-learn has the curve
    (`calibration_curve`, of two classes and without the bins' sizes) but not this number. Raises ValueError without
    clips.
    """
    sure = np.asarray(confidence, np.float64)
    if not len(sure):
        raise ValueError("calibration needs at least one clip")
    place = np.minimum((sure * bins).astype(np.int64), bins - 1)
    n = np.bincount(place, minlength=bins)
    gaps = np.bincount(place, right - sure, minlength=bins)
    with np.errstate(invalid="ignore"):
        means = [np.bincount(place, values, minlength=bins) / n for values in (sure, right.astype(np.float64))]
    ece = float(np.abs(gaps).sum() / len(sure))
    return Reliability(np.linspace(0, 1, bins + 1), n, means[0], means[1], ece)
