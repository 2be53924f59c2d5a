"""A training-free adapter: sentences, and a memory of labelled clips that the nearest speak up from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atmda.core.methods.base import CLIPS, LABELS, TEXT, Method, Scorer, Training, class_members, require
from atmda.core.methods.prototypes import scores, unit_rows, validate_embeddings
from atmda.core.types import FloatArray


@dataclass(frozen=True)
class CacheScorer:
    """`text` (c, d), and `keys` (k, d) of unit length with the classes `values` (k, c) of each."""

    text: FloatArray
    keys: FloatArray
    values: FloatArray
    weight: float
    beta: float

    def scores(self, X: npt.ArrayLike) -> FloatArray:
        rows = validate_embeddings(X, "X")
        nearness = np.exp(-np.float32(self.beta) * (1 - unit_rows(rows) @ self.keys.T))
        found: FloatArray = scores(rows, self.text) + np.float32(self.weight) * (nearness @ self.values)
        return found


@dataclass(frozen=True)
class CacheAdapter(Method):
    """x . text + alpha / scale * sum over labelled clips k of a class of exp(-beta (1 - cos(x, k))).

    alpha and beta are Tip-Adapter's; its logits are divided by the encoder's logit scale here, so that scores stay
    cosines and a background's profile can be taken from them.
    """

    alpha: float = 1.0
    beta: float = 5.5

    name = "cache"
    about = "zs, and a cache of the labelled clips, the nearest of which count most"
    source = "Tip-Adapter, Zhang et al., arXiv 2111.03930; for audio Liang et al., arXiv 2305.17719"
    needs = frozenset({TEXT, CLIPS, LABELS})

    def fit(self, training: Training) -> Scorer:
        require(training, self)
        assert training.text is not None
        assert training.X is not None
        assert training.y is not None
        values = class_members(training.y, training.n_classes).astype(np.float32)
        return CacheScorer(training.text, unit_rows(training.X), values, self.alpha / training.scale, self.beta)


PLUGINS = (CacheAdapter(),)
