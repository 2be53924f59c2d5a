"""How sure each label of a window is: each class judged by itself, against its own background.

    z = (score - location) / spread        sigmoid(SLOPE * 2 arsinh(z / 2) - OFFSET)

2 arsinh(z / 2) is z near 0 and 2 ln z far out, where a score twice as far is not as much surer.

Location is the class's median over m reference windows, and spread their median absolute deviation d, in standard
deviations of a normal distribution. Both are drawn towards all classes', which count as SHARED windows, so that few
windows can be judged by: with share = SHARED / (m + SHARED),

    location = (1 - share) median + share * (median of all scores)
    spread²  = (1 - share) d² + share * (median of the classes' d)² + (share * between)² + (SOFTENING / logit scale)²

where `between` is how far the classes' medians lie apart, as d is, since that much a location may be wrong. Differences
far below one unit of an encoder's logits mean nothing to it, however still the background is: hence the last term.

A profile that is the same for all windows moves score and location alike: over many windows it leaves z as it is, over
few it draws the classes together, so that what they share says more. One that rolls changes z.
The softmax, which must choose one of the classes, is `core.methods.adaptation.probabilities`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from atmda.core.detection.background import NORMAL
from atmda.core.types import BoolArray, FloatArray

#: fitted by logistic regression on mixes with the built-in encoder, 2.1 % of whose labels are true (docs/detection.md)
SLOPE, OFFSET = 1.36, 5.32
SOFTENING = 0.5
SHARED = 4
#: windows of its own from which a recording tells its background better than a handful of recordings do
ENOUGH_WINDOWS = 16


def multi_label(scores: npt.ArrayLike, reference: npt.ArrayLike, logit_scale: float) -> FloatArray:
    """The probability of each class by itself, float32 (n, c); 0 for a class without a prototype.

    Args:
        scores: (n, c), adapted or not.
        reference: (m, c), scores of what is background for the most part, adapted as those are: see `reference_rows`.
        logit_scale: the encoder's.

    Raises ValueError where there is no reference.
    """
    S, R = np.asarray(scores, np.float64), np.asarray(reference, np.float64)
    if not len(R):
        raise ValueError("a label that is judged by itself needs windows to be judged against")
    p = np.zeros(S.shape, np.float32)
    finite = np.isfinite(R).all(axis=0)
    if not finite.any():
        return p
    location, spread = _location_and_spread(R[:, finite], SOFTENING / logit_scale)
    logits = SLOPE * 2 * np.arcsinh((S[:, finite] - location) / spread / 2) - OFFSET
    p[:, finite] = 1 / (1 + np.exp(-np.clip(logits, -700, 700)))
    return p


def reference_rows(scores: FloatArray, silent: BoolArray, background: FloatArray | None = None) -> FloatArray:
    """What labels are judged against: float32 (m, c), adapted as `scores` (n, c) are.

    The recording's own windows that are not silent, most of which hold no event of one class; where they are fewer than
    `ENOUGH_WINDOWS`, the `background` that is given. With no row at all nothing is heard.
    """
    own = scores[~silent]
    if background is not None and len(background) and len(own) < ENOUGH_WINDOWS:
        return background
    return own


def _location_and_spread(
    R: npt.NDArray[np.float64], softening: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Of each class, float64 (c,) both, of reference scores (m, c)."""
    m = len(R)
    share = SHARED / (m + SHARED)
    medians = np.median(R, axis=0)
    deviations = NORMAL * np.median(np.abs(R - medians), axis=0)
    middle = np.median(R)
    between = NORMAL * np.median(np.abs(medians - middle))
    location = (1 - share) * medians + share * middle
    variance = (1 - share) * deviations**2 + share * np.median(deviations) ** 2
    return location, np.sqrt(variance + (share * between) ** 2 + softening**2)
