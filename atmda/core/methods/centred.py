"""Each modality less its own mean, so that what all recordings, or all sentences, share decides nothing.

Embeddings of sound and of text lie in two cones apart (Liang et al., "Mind the gap", arXiv 2203.02053); the mean of
each is taken away, of sound over the training clips, of text over the anchors.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy.typing as npt

from atmda.core.methods.base import CLIPS, Method, Scorer, Training, require
from atmda.core.methods.prototypes import mean_row, unit_rows, validate_embeddings
from atmda.core.methods.published import ZeroShot
from atmda.core.methods.unit import UNIT_SUPERVISED, UNIT_TEXT_GUIDED
from atmda.core.methods.wrapping import Wrapping
from atmda.core.types import FloatArray

SOURCE = "means removed; the gap: Liang et al., arXiv 2203.02053"


@dataclass(frozen=True)
class CentredScorer:
    """Scores clips less `mean` (d,), brought to unit length where `renormalised`, by `scorer`."""

    mean: FloatArray
    scorer: Scorer
    renormalised: bool

    def scores(self, X: npt.ArrayLike) -> FloatArray:
        return self.scorer.scores(centred(X, self.mean, self.renormalised))


@dataclass(frozen=True)
class Centred(Wrapping):
    """`base` on clips and anchors less the mean of their modality; `renormalised`: at unit length again."""

    renormalised: bool = True

    def fit(self, training: Training) -> Scorer:
        require(training, self)
        X, text = training.X, training.text
        assert X is not None
        mean = mean_row(X)
        if text is not None:
            text = centred(text, mean_row(text), self.renormalised)
        seen = replace(training, X=centred(X, mean, self.renormalised), text=text)
        return CentredScorer(mean, self.base.fit(seen), self.renormalised)


def centred(X: npt.ArrayLike, mean: FloatArray, renormalised: bool) -> FloatArray:
    """X (n, d) less `mean` (d,), float32; `renormalised`: each row at unit length."""
    rows = validate_embeddings(X, "X") - mean
    return unit_rows(rows) if renormalised else rows


def _centred(base: Method) -> Centred:
    name = base.name.removesuffix("-unit")
    about = f"{base.name} with the mean of each modality removed"
    return Centred(f"{name}-centred", about, SOURCE, base.needs | {CLIPS}, base)


PLUGINS = (_centred(ZeroShot()), _centred(UNIT_TEXT_GUIDED), _centred(UNIT_SUPERVISED))
