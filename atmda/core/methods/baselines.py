"""scikit-learn's classifiers on labelled embeddings: what a supervised baseline usually is.

Each stands in a pipeline behind `StandardScaler`, with scikit-learn's own defaults unless a field says otherwise.
Scores are log-probabilities (of `svm` its decision function, one class against the rest), so that their softmax is the
classifier's own probability. A background's profile is no part of them: they learn it from their training clips.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from atmda.core.methods.base import CLIPS, LABELS, Method, Scorer, Training, require
from atmda.core.types import FloatArray

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

SMALLEST = 1e-12  # a probability of zero has no logarithm


@dataclass(frozen=True)
class _Fitted:
    """A fitted scikit-learn classifier that knows `n_classes` classes, some of which it may never have seen."""

    model: Any
    n_classes: int
    decision: bool

    def scores(self, X: npt.ArrayLike) -> FloatArray:
        found = np.asarray(self.model.decision_function(X) if self.decision else self.model.predict_proba(X))
        if self.decision and found.ndim == 1:  # of two classes one number: the second against the first
            found = np.stack([-found, found], axis=1)
        if not self.decision:
            found = np.log(np.maximum(found, SMALLEST))
        S = np.full((len(found), self.n_classes), -np.inf, np.float32)
        S[:, np.asarray(self.model.classes_, np.int64)] = found
        return S


@dataclass(frozen=True)
class _OneByOne:
    """For clips of several classes: a classifier a class, of which the score of "yes" counts."""

    models: tuple[_Fitted | None, ...]

    def scores(self, X: npt.ArrayLike) -> FloatArray:
        rows = np.asarray(X)
        S = np.full((len(rows), len(self.models)), -np.inf, np.float32)
        for c, model in enumerate(self.models):
            if model is not None:
                S[:, c] = model.scores(rows)[:, 1]
        return S


@dataclass(frozen=True)
class Baseline(Method):
    """A scikit-learn classifier behind `StandardScaler`: `make` gives a new one for n training clips, not fitted yet.

    `decision`: its scores are its decision function, where it has no probabilities.
    """

    name: str
    about: str
    make: Callable[[int], ClassifierMixin]
    decision: bool = False

    source = "scikit-learn"
    needs = frozenset({CLIPS, LABELS})
    adapts = False
    logit_scale = 1.0

    def fit(self, training: Training) -> Scorer:
        """Fit on all training clips. Raises ValueError where they are all of one class."""
        require(training, self)
        X, y = training.X, training.y
        assert y is not None
        if y.ndim == 1:
            return _Fitted(self._fitted(X, y), training.n_classes, self.decision)
        models = [
            _Fitted(self._fitted(X, column.astype(np.int64)), 2, self.decision) if 0 < column.mean() < 1 else None
            for column in y.T
        ]
        return _OneByOne(tuple(models))

    def options(self) -> dict[str, Any]:
        """What its classifier was made with."""
        return dict(self.make(1000).get_params())

    def _fitted(self, X: Any, y: npt.NDArray[Any]) -> Any:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return make_pipeline(StandardScaler(), self.make(len(X))).fit(X, y)


def _knn(n: int) -> ClassifierMixin:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(n_neighbors=min(5, n))


def _logreg(n: int) -> ClassifierMixin:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=1000)  # the default of 100 does not always converge


def _svm(n: int) -> ClassifierMixin:
    from sklearn.svm import SVC

    return SVC()


def _rf(n: int) -> ClassifierMixin:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(random_state=0)


def _mlp(n: int) -> ClassifierMixin:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(max_iter=500, random_state=0)  # the default of 200 does not always converge


PLUGINS = (
    Baseline("knn", "5 nearest neighbours", _knn),
    Baseline("logreg", "logistic regression, C = 1", _logreg),
    Baseline("svm", "support vector machine, radial kernel, C = 1", _svm, decision=True),
    Baseline("rf", "random forest of 100 trees", _rf),
    Baseline("mlp", "multi-layer perceptron, one hidden layer of 100", _mlp),
)
