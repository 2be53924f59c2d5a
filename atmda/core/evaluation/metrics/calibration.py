"""Does a confidence of 0.8 mean right four times of five?"""

from __future__ import annotations

import numpy as np

from atmda.core.evaluation.metrics.base import Metric, Scored

BINS = 15


def _expected_calibration_error(scored: Scored) -> float:
    """How far confidence and accuracy lie apart, mean over 15 equal bins of confidence weighted by their clips.

    Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017. Here because scikit-learn has
    the curve (`calibration_curve`, of two classes and without the bins' sizes) but not this number.
    """
    confidence = scored.probabilities().max(axis=1).astype(np.float64)
    right = scored.predicted == scored.y
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gaps = np.bincount(bins, right - confidence, minlength=BINS)
    return float(np.abs(gaps).sum() / len(right))


def _log_loss(scored: Scored) -> float:
    from sklearn.metrics import log_loss

    return float(log_loss(scored.y, scored.probabilities(), labels=np.arange(scored.scores.shape[1])))


PLUGINS = (
    Metric("ece", "expected calibration error, 15 bins", _expected_calibration_error),
    Metric("log_loss", "the mean of -log of the right class's probability", _log_loss),
)
