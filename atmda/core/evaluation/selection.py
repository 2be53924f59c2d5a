"""Choosing temperature, top-n and logit scale on training clips alone, by an inner cross-validation.

The clips that a choice is judged by are tested nowhere in it: for each outer fold its training clips are split again
(by their folds, else in five by source), and the candidate that does best on average there is taken. Of equal ones
the nearest to the published default wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atmda.core.evaluation.metrics import Metric, Scored
from atmda.core.evaluation.splits import inner_splits
from atmda.core.methods.adaptation import TEMPERATURE, adapt
from atmda.core.methods.backgrounds import Backgrounds
from atmda.core.methods.base import Method, Split, Training
from atmda.core.methods.prototypes import TOP_N
from atmda.core.types import BoolArray, FloatArray, IntArray

AUTO = "auto"
#: candidates, those nearest the published default first
TEMPERATURES = tuple(sorted((round(0.05 * step, 2) for step in range(31)), key=lambda t: (abs(t - TEMPERATURE), t)))
TOP_NS = tuple(sorted((3, 5, 8, 10, 15, 20, 25, 35, 50, 75, 100), key=lambda n: (abs(n - TOP_N), n)))
LOWEST_SCALE, HIGHEST_SCALE = 0.1, 1000.0


@dataclass(frozen=True)
class _Inner:
    """One inner test set under one candidate: true classes, scores (m, c) and the background's profile or None.

    `method` made the scores of the clips `test`.
    """

    y: IntArray | BoolArray
    scores: FloatArray
    profile: FloatArray | None
    method: Method
    test: Training

    def adapted(self, temperature: float) -> FloatArray:
        S = self.scores if self.profile is None else adapt(self.scores, self.profile, temperature)
        return self.method.refine(S, self.test)


@dataclass(frozen=True)
class Chooser:
    """Chooses for one data set; `metric` is what candidates are judged by.

    `logit_scale`: makes scores logits, for metrics of probabilities; None where that is not known, or chosen too.
    """

    data: Training
    folds: IntArray | None
    sources: Sequence[str] | None
    backgrounds: Backgrounds
    metric: Metric
    logit_scale: float | None = None

    def choose(
        self,
        method: Method,
        split: Split,
        modality: str,
        temperature: float | str | None,
        *,
        options: bool,
        scale: bool,
    ) -> dict[str, float]:
        """What does best on the training clips of `split`: of `temperature` (where it is "auto"), `top_n` (where
        `options`) and `logit_scale` (where `scale`).

        Raises ValueError where there are no training clips to choose on.
        """
        y = self.data.y
        assert y is not None
        inner = inner_splits(split.train, self.folds, y, self.sources) if len(split.train) else []
        if not inner:
            raise ValueError("nothing can be chosen on training clips, for there are none, or too few to be split")
        temperatures = TEMPERATURES if temperature == AUTO and modality != "none" else (temperature or 0.0,)
        tries = [{"top_n": n} for n in self._top_ns(inner, method)] if options else [{}]
        best: tuple[float, dict[str, float], list[_Inner]] = (-np.inf, {}, [])
        for candidate in tries:
            parts = self._fitted(method.with_options(candidate), inner, modality)
            for t in temperatures:
                value = self.metric.merit(self._value(parts, float(t), method, scale))
                if value > best[0]:
                    chosen: dict[str, float] = {**candidate}
                    if temperature == AUTO and modality != "none":
                        chosen["temperature"] = float(t)
                    best = (value, chosen, parts)
        _, found, parts = best
        if scale:
            t = found.get("temperature", 0.0 if temperature in (None, AUTO) else float(temperature))
            found = {**found, "logit_scale": fitted_scale([(p.y, p.adapted(t)) for p in parts])}
        return found

    def _value(self, parts: Sequence[_Inner], temperature: float, method: Method, scale: bool) -> float:
        """The metric's mean over inner test sets; with the scale that would be chosen, where it is."""
        adapted = [(p.y, p.adapted(temperature)) for p in parts]
        known = self.logit_scale if method.logit_scale is None else method.logit_scale
        if scale and self.metric.of_probabilities:
            known = fitted_scale(adapted)
        return float(np.mean([self.metric.compute(Scored(y, S, known)) for y, S in adapted]))

    def _top_ns(self, inner: Sequence[Split], method: Method) -> list[int]:
        """Candidates that some clips are left out of; at least the smallest."""
        fewest = min(len(split.train) for split in inner)
        return [n for n in TOP_NS if n < fewest] or [min(TOP_NS)]

    def _fitted(self, method: Method, inner: Sequence[Split], modality: str) -> list[_Inner]:
        y = self.data.y
        assert y is not None
        parts = []
        for split, (scorer, scores) in zip(inner, method.cross_fit(self.data, inner), strict=True):
            profile = None if modality == "none" else self.backgrounds.profile(modality, scorer, split.test)
            parts.append(_Inner(y[split.test], scores, profile, method, self.data.unlabelled(split.test)))
        return parts


def fitted_scale(parts: Sequence[tuple[IntArray | BoolArray, FloatArray]]) -> float:
    """The logit scale under which the right classes are likeliest: `parts` are classes (m,) with scores (m, c).

    One number by maximum likelihood, as temperature scaling has it (Guo et al., ICML 2017). Raises ValueError where
    clips have several classes.
    """
    from scipy.optimize import minimize_scalar

    if any(y.ndim != 1 for y, _ in parts):
        raise ValueError("a logit scale can be chosen only where each clip has one class")
    y = np.concatenate([y for y, _ in parts]).astype(np.int64)
    S = np.concatenate([scores for _, scores in parts]).astype(np.float64)
    usable = np.isfinite(S[np.arange(len(y)), y])  # a class without training clips is likely under no scale
    y, S = y[usable], S[usable]

    def loss(log_scale: float) -> float:
        logits = np.exp(log_scale) * (S - S.max(axis=1, keepdims=True))
        return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(y)), y]))

    found = minimize_scalar(loss, bounds=(np.log(LOWEST_SCALE), np.log(HIGHEST_SCALE)), method="bounded")
    return float(np.exp(found.x))
