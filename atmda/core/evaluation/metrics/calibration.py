"""Does a confidence of 0.8 mean right four times of five?"""

from __future__ import annotations

import numpy as np

from atmda.core.evaluation.metrics.base import Metric, Scored
from atmda.core.evaluation.statistics.reliability import reliability


def _expected_calibration_error(scored: Scored) -> float:
    return reliability(scored.probabilities().max(axis=1), scored.predicted == scored.y).ece


def _log_loss(scored: Scored) -> float:
    from sklearn.metrics import log_loss

    return float(log_loss(scored.y, scored.probabilities(), labels=np.arange(scored.scores.shape[1])))


KIND = {"lower_is_better": True, "of_probabilities": True}
PLUGINS = (
    Metric("ece", "expected calibration error, 15 bins", _expected_calibration_error, **KIND),
    Metric("log_loss", "the mean of -log of the right class's probability", _log_loss, **KIND),
)
