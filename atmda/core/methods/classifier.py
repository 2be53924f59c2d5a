"""The prototype methods as a scikit-learn estimator, on embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from atmda.core.methods import METHODS
from atmda.core.methods.adaptation import TEMPERATURE, adapt, probabilities, profiles
from atmda.core.methods.base import CLIPS, LABELS, TEXT, Prototypes, Training
from atmda.core.methods.prototypes import TOP_N, Share
from atmda.core.methods.published import PrototypeMethod
from atmda.core.types import FloatArray

if TYPE_CHECKING:
    from typing_extensions import Self


class PrototypeClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Nearest prototype, with the background's profile subtracted (Acevedo et al., arXiv 2506.04376).

    Parameters
    ----------
    mode : {"zs", "tgap", "sv", "tgap-unit", "sv-unit", "mixed"}, default="zs"
        Text anchors, text-guided audio prototypes, or class means; the last three of unit length, or between text and
        class means.
    text : array-like of shape (c, d), default=None
        Text anchors, one a class; needed by zs and tgap.
    classes : array-like of shape (c,), default=None
        Names (or any labels) of the classes, in the order of `text`; 0 to c - 1 unless given.
    background : array-like of shape (m, d), default=None
        Embeddings of the scene, of sentences or recordings; None leaves scores as they are.
    temperature : float, default=0.5
        How much of the background profile is subtracted.
    top_n : int or "share", default=35
        Training clips a class in tgap; "share": clips / classes, at most 35.
    logit_scale : float, default=1.0
        What scores are multiplied by before the softmax; an encoder's `logit_scale`.

    Attributes
    ----------
    classes_ : ndarray of shape (c,)
        Labels.
    prototypes_ : ndarray of shape (c, d), float32
        One row a class.
    profile_ : ndarray of shape (c,), float32
        The background's scores; zero without a background.
    n_features_in_ : int
        d.

    Examples
    --------
    >>> import numpy as np
    >>> from atmda import PrototypeClassifier
    >>> text = np.eye(2, dtype=np.float32)  # as an encoder's embed_text gives them
    >>> classifier = PrototypeClassifier("zs", text=text, classes=["dog bark", "rain"]).fit()
    >>> classifier.predict([[0.9, 0.2], [0.6, 0.8]]).tolist()
    ['dog bark', 'rain']
    >>> classifier.set_params(background=[[0.2, 1.0]], temperature=0.5).fit().predict([[0.6, 0.8]]).tolist()
    ['dog bark']
    """

    def __init__(
        self,
        mode: str = "zs",
        *,
        text: npt.ArrayLike | None = None,
        classes: npt.ArrayLike | None = None,
        background: npt.ArrayLike | None = None,
        temperature: float = TEMPERATURE,
        top_n: int | Share = TOP_N,
        logit_scale: float = 1.0,
    ) -> None:
        self.mode = mode
        self.text = text
        self.classes = classes
        self.background = background
        self.temperature = temperature
        self.top_n = top_n
        self.logit_scale = logit_scale

    def fit(self, X: npt.ArrayLike | None = None, y: npt.ArrayLike | None = None) -> Self:
        """Make the prototypes: zs needs neither X (n, d) nor y (n,), tgap needs X, sv both.

        Raises ValueError where something the mode needs is missing or shapes do not fit.
        """
        method = METHODS.find(self.mode)
        if not isinstance(method, PrototypeMethod):
            known = [other.name for other in METHODS if isinstance(other, PrototypeMethod)]
            raise ValueError(f"mode is one of {', '.join(known)}, not {self.mode!r}")
        if X is None and CLIPS not in method.needs and self.text is not None:
            X_checked = None
            self.n_features_in_ = np.asarray(self.text).shape[-1]
        else:
            self._refuse_missing(method, X, y)
            X_checked = validate_data(self, X, dtype=np.float32)
        targets = None if y is None else self._targets(X_checked, y)
        self.classes_ = self._class_labels(targets)
        training = Training(
            len(self.classes_),
            None if self.text is None else np.asarray(self.text, np.float32),
            X_checked,
            None if targets is None or LABELS not in method.needs else self._indices(targets),
        )
        scorer = method.with_options({"top_n": self.top_n}).fit(training)
        assert isinstance(scorer, Prototypes)
        self.prototypes_ = scorer.P
        self.profile_: FloatArray = np.zeros(len(self.classes_), np.float32)
        if self.background is not None:
            self.profile_ = profiles(scorer, np.asarray(self.background, np.float32)).mean(axis=0)
        return self

    def adapted_scores(self, X: npt.ArrayLike) -> FloatArray:
        """Adapted scores, float32 (n, c), columns in the order of `classes_`."""
        check_is_fitted(self)
        checked = validate_data(self, X, dtype=np.float32, reset=False)
        return adapt(Prototypes(self.prototypes_).scores(checked), self.profile_, self.temperature)

    def decision_function(self, X: npt.ArrayLike) -> FloatArray:
        """Adapted scores, float32 (n, c); of two classes (n,), the second's less the first's."""
        S = self.adapted_scores(X)
        return S[:, 1] - S[:, 0] if S.shape[1] == 2 else S

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """The label of each row of X: (n,)."""
        winners = self.adapted_scores(X).argmax(axis=1)
        labels: npt.NDArray[Any] = self.classes_[winners]
        return labels

    def predict_proba(self, X: npt.ArrayLike) -> FloatArray:
        """Probabilities, float32 (n, c), columns in the order of `classes_`."""
        return probabilities(self.adapted_scores(X), self.logit_scale)

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name. Raises ValueError for an unknown one."""
        for name in params:
            if name not in self.get_params(deep=False):
                raise ValueError(f"{name} is not a parameter of PrototypeClassifier")
        super().set_params(**params)
        return self

    def _refuse_missing(self, method: PrototypeMethod, X: object, y: object) -> None:
        """What scikit-learn's own check of X would say less plainly."""
        if self.text is None and TEXT in method.needs:
            raise ValueError(f"mode {method.name} needs text anchors")
        if X is None and CLIPS in method.needs:
            raise ValueError(f"mode {method.name} needs training embeddings X")
        if y is None and LABELS in method.needs:
            raise ValueError(f"mode {method.name} needs labels y; requires y to be passed, but the target y is None")

    def _targets(self, X: FloatArray | None, y: npt.ArrayLike) -> npt.NDArray[Any]:
        from sklearn.utils.validation import check_consistent_length, column_or_1d

        check_classification_targets(y)
        targets: npt.NDArray[Any] = column_or_1d(np.asarray(y), warn=True)
        if X is not None:
            check_consistent_length(X, targets)
        return targets

    def _class_labels(self, y: npt.NDArray[Any] | None) -> npt.NDArray[Any]:
        n_text = None if self.text is None else len(np.asarray(self.text))
        if self.classes is not None:
            labels = np.asarray(self.classes)
            if n_text is not None and len(labels) != n_text:
                raise ValueError(f"{len(labels)} classes do not fit {n_text} text anchors")
            return labels
        if n_text is not None:
            return np.arange(n_text)
        return np.unique(y)  # type: ignore[arg-type]

    def _indices(self, y: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        index = {label: i for i, label in enumerate(self.classes_.tolist())}
        unknown = sorted({str(label) for label in y.tolist() if label not in index})
        if unknown:
            raise ValueError(f"y holds labels that are not among the classes: {unknown}")
        return np.asarray([index[label] for label in y.tolist()], np.int64)
