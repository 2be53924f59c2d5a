"""From the embedding of a clip to its labels, one clip at a time, so that a label depends on no other clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from atmda.core.methods.adaptation import adapt, probabilities
from atmda.core.methods.base import Scorer
from atmda.core.types import FloatArray


@dataclass(frozen=True)
class Prediction:
    """The labels of one recording, best first.

    Attributes:
        filename: below the folder that was given.
        ranked: (label, confidence, score): the softmax's probability, and the adapted score it was made of.
        unadapted: the best label and its confidence without adaptation; None where none was asked for.
        note: what else there is to say, as that the recording was mended.
        scores, unadapted_scores: of all classes, float32 (c,), adapted and not.
        silent: whether there was no sound in it, so that its label says nothing.
    """

    filename: str
    ranked: tuple[tuple[str, float, float], ...]
    unadapted: tuple[str, float] | None
    note: str
    scores: FloatArray
    unadapted_scores: FloatArray
    silent: bool = False

    @property
    def label(self) -> str:
        return self.ranked[0][0]

    @property
    def confidence(self) -> float:
        return self.ranked[0][1]

    def row(self) -> dict[str, Any]:
        """Columns of the output by name: filename, label, confidence, score, then the rest."""
        row: dict[str, Any] = {"filename": self.filename}
        for rank, (label, confidence, score) in enumerate(self.ranked, 1):
            ending = "" if rank == 1 else f"_{rank}"
            row |= {
                f"label{ending}": label,
                f"confidence{ending}": round(confidence, 6),
                f"score{ending}": round(score, 6),
            }
        if self.unadapted is not None:
            row |= {"unadapted_label": self.unadapted[0], "unadapted_confidence": round(self.unadapted[1], 6)}
        return row | {"silent": self.silent, "note": self.note}


@dataclass(frozen=True)
class Labeller:
    """Labels clips by a fitted method, adapted to one background.

    Attributes:
        labels: class names, c of them.
        scorer: a fitted method. logit_scale: what makes its scores logits.
        profile: the background's scores, float32 (c,); None leaves scores as they are.
        temperature: how much of it is subtracted. top_k: how many labels a clip gets.
    """

    labels: Sequence[str]
    scorer: Scorer
    logit_scale: float
    profile: FloatArray | None = None
    temperature: float = 0.0
    top_k: int = 1

    def label(self, filename: str, embedding: FloatArray, note: str = "", silent: bool = False) -> Prediction:
        """The labels of the clip with `embedding` (d,); `silent` and `note` are passed on."""
        S = self.scorer.scores(embedding[None])
        adapted = S if self.profile is None else adapt(S, self.profile, self.temperature)
        confidence = probabilities(adapted, self.logit_scale)[0]
        best = (-adapted[0]).argsort(kind="stable")[: self.top_k]
        ranked = tuple((self.labels[c], float(confidence[c]), float(adapted[0, c])) for c in best)
        unadapted = None
        if self.profile is not None:
            before = int(S[0].argmax())
            unadapted = (self.labels[before], float(probabilities(S, self.logit_scale)[0, before]))
        return Prediction(filename, ranked, unadapted, note, np.asarray(adapted[0]), np.asarray(S[0]), silent)
