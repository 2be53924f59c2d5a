"""The method as a classifier in scikit-learn's manner, on embeddings."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from atmda.core.methods.adaptation import TEMPERATURE, adapt, background_profile, probabilities
from atmda.core.methods.prototypes import TOP_N, scores, supervised, text_guided, zero_shot
from atmda.core.types import FloatArray

Mode = Literal["zs", "tgap", "sv"]


class PrototypeClassifier:
    """Nearest prototype, with the background's profile subtracted.

    Parameters:
        mode: `zs` (text anchors), `tgap` (text-guided audio prototypes) or `sv` (class means).
        text: text anchors (c, d), one a class; needed by zs and tgap.
        classes: names (or any labels) of the classes, in the order of `text`; 0 to c - 1 unless given.
        background: embeddings (m, d) of the scene, of sentences or recordings; None leaves scores as they are.
        temperature: how much of the background profile is subtracted.
        top_n: training clips a class in tgap.
        logit_scale: what scores are multiplied by before the softmax; an encoder's `logit_scale`.

    Attributes after `fit`:
        classes_: labels (c,).
        prototypes_: float32 (c, d).
        profile_: float32 (c,), zero without a background.
    """

    def __init__(
        self,
        mode: Mode = "zs",
        *,
        text: npt.ArrayLike | None = None,
        classes: npt.ArrayLike | None = None,
        background: npt.ArrayLike | None = None,
        temperature: float = TEMPERATURE,
        top_n: int = TOP_N,
        logit_scale: float = 1.0,
    ) -> None:
        self.mode = mode
        self.text = text
        self.classes = classes
        self.background = background
        self.temperature = temperature
        self.top_n = top_n
        self.logit_scale = logit_scale

    def fit(self, X: npt.ArrayLike | None = None, y: npt.ArrayLike | None = None) -> PrototypeClassifier:
        """Make the prototypes: zs needs neither X (n, d) nor y (n,), tgap needs X, sv both.

        Raises ValueError where something the mode needs is missing or shapes do not fit.
        """
        if self.mode not in ("zs", "tgap", "sv"):
            raise ValueError(f"mode is zs, tgap or sv, not {self.mode!r}")
        if self.mode != "sv" and self.text is None:
            raise ValueError(f"mode {self.mode} needs text anchors")
        if self.mode != "zs" and X is None:
            raise ValueError(f"mode {self.mode} needs training embeddings X")
        if self.mode == "sv" and y is None:
            raise ValueError("mode sv needs labels y")
        self.classes_ = self._class_labels(y)
        if self.mode == "sv":
            index = {label: i for i, label in enumerate(self.classes_.tolist())}
            unknown = {label for label in np.asarray(y).tolist() if label not in index}
            if unknown:
                raise ValueError(f"y holds labels that are not among the classes: {sorted(map(str, unknown))}")
            self.prototypes_ = supervised(X, [index[label] for label in np.asarray(y).tolist()], len(index))  # type: ignore[arg-type]
        elif self.mode == "tgap":
            self.prototypes_ = text_guided(X, self.text, self.top_n)  # type: ignore[arg-type]
        else:
            self.prototypes_ = zero_shot(self.text)  # type: ignore[arg-type]
        if self.background is None:
            self.profile_: FloatArray = np.zeros(len(self.classes_), np.float32)
        else:
            self.profile_ = background_profile(self.background, self.prototypes_)
        return self

    def decision_function(self, X: npt.ArrayLike) -> FloatArray:
        """Adapted scores, float32 (n, c)."""
        if not hasattr(self, "prototypes_"):
            raise ValueError("call fit first")
        return adapt(scores(X, self.prototypes_), self.profile_, self.temperature)

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """The label of each row of X: (n,)."""
        labels: npt.NDArray[Any] = self.classes_[self.decision_function(X).argmax(axis=1)]
        return labels

    def predict_proba(self, X: npt.ArrayLike) -> FloatArray:
        """Probabilities, float32 (n, c), columns in the order of `classes_`."""
        return probabilities(self.decision_function(X), self.logit_scale)

    def score(self, X: npt.ArrayLike, y: npt.ArrayLike) -> float:
        """Accuracy on X (n, d) with true labels y (n,)."""
        return float((self.predict(X) == np.asarray(y)).mean())

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name, as scikit-learn's `clone` and searches want them."""
        names = ("mode", "text", "classes", "background", "temperature", "top_n", "logit_scale")
        return {name: getattr(self, name) for name in names}

    def set_params(self, **params: Any) -> PrototypeClassifier:
        """Set parameters by name. Raises ValueError for an unknown one."""
        for name, value in params.items():
            if name not in self.get_params():
                raise ValueError(f"{name} is not a parameter of PrototypeClassifier")
            setattr(self, name, value)
        return self

    def _class_labels(self, y: npt.ArrayLike | None) -> npt.NDArray[Any]:
        if self.classes is not None:
            labels = np.asarray(self.classes)
            if self.text is not None and len(labels) != len(np.asarray(self.text)):
                raise ValueError(f"{len(labels)} classes do not fit {len(np.asarray(self.text))} text anchors")
            return labels
        if self.text is not None:
            return np.arange(len(np.asarray(self.text)))
        return np.unique(np.asarray(y))
