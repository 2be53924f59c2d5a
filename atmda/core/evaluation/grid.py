"""Modes by modalities by temperatures, split by split, in one pass over the embeddings.

Scores are kept, not only the winner, so that every metric can be computed: once a mode, with the background's profile
once a mode and modality. The scores of a cell are put together from them when they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from atmda.core.evaluation.metrics import METRICS, Metric, Scored
from atmda.core.evaluation.results import Auto, FoldResult, GridResult
from atmda.core.evaluation.selection import AUTO, Chooser
from atmda.core.methods import METHODS
from atmda.core.methods.adaptation import adapt
from atmda.core.methods.backgrounds import Backgrounds
from atmda.core.methods.base import CLIPS, Method, Scorer, Split, Training
from atmda.core.methods.prototypes import TOP_N, Share
from atmda.core.types import FloatArray, IntArray

Profiles: TypeAlias = tuple["FloatArray | None", IntArray]


def run_grid(
    data: Training,
    splits: Sequence[Split],
    *,
    backgrounds: Backgrounds,
    modes: Sequence[str],
    modalities: Sequence[str],
    temperatures: Sequence[float | Auto],
    top_n: int | Share | Auto = TOP_N,
    metrics: Sequence[str] = ("accuracy",),
    logit_scale: float | Auto | None = None,
    chooser: Chooser | None = None,
) -> list[GridResult]:
    """Classify the clips X of `data`, whose classes are its y: each of `splits` says what is tested and trained on.

    Args:
        temperatures, top_n, logit_scale: "auto" is left to `chooser`, split by split. A scale of None is not known.
        metrics: names of `METRICS`.

    Raises:
        ValueError: something that a cell needs is missing.
        SettingsError: there is no such mode or metric.
    """
    measures = [METRICS.get(name) for name in metrics]
    run = _Run(data, splits, backgrounds, chooser, measures, logit_scale)
    results: list[GridResult] = []
    for mode in dict.fromkeys(modes):
        method = METHODS.get(mode)
        if CLIPS in method.needs and not all(len(split.train) for split in splits):
            raise ValueError(f"mode {mode} needs two folds at least: one to test, the others to train")
        if method.transductive and data.y is not None and data.y.ndim == 2:
            raise ValueError(f"mode {mode} takes each clip to be of one class, and here clips have several")
        results += run.cells(method, _cells(method, modalities, temperatures), top_n)
    return results


def _cells(
    method: Method, modalities: Sequence[str], temperatures: Sequence[float | Auto]
) -> list[tuple[str, float | Auto | None]]:
    """Modality and temperature of each cell; a method that no profile can be taken from has one cell."""
    wanted = dict.fromkeys(modalities if method.adapts else ("none",))
    return [(m, t) for m in wanted for t in ((None,) if m == "none" else dict.fromkeys(temperatures))]


@dataclass(frozen=True)
class _Run:
    """What all cells of a grid share."""

    data: Training
    splits: Sequence[Split]
    backgrounds: Backgrounds
    chooser: Chooser | None
    metrics: list[Metric]
    logit_scale: float | Auto | None

    def cells(
        self, method: Method, cells: Sequence[tuple[str, float | Auto | None]], top_n: int | Share | Auto
    ) -> Iterator[GridResult]:
        """Results of one method; cells whose options are chosen by fold are fitted by themselves."""
        if top_n != AUTO or "top_n" not in method.options():
            fixed = method.with_options({} if top_n == AUTO else {"top_n": top_n})
            shared = list(fixed.cross_fit(self.data, self.splits))
            profiles = {m: self._profiles(shared, m) for m in dict.fromkeys(m for m, _ in cells)}
            parts = [scores for _, scores in shared]
            S = self._placed(parts)
            for modality, temperature in cells:
                choices = [self._chosen(fixed, split, modality, temperature, False) for split in self.splits]
                yield self._result(method, modality, temperature, parts, S, profiles[modality], choices)
            return
        for modality, temperature in cells:
            choices = [self._chosen(method, split, modality, temperature, True) for split in self.splits]
            fitted = [
                next(iter(method.with_options(choice).cross_fit(self.data, [split])))
                for split, choice in zip(self.splits, choices, strict=True)
            ]
            parts = [scores for _, scores in fitted]
            profile = self._profiles(fitted, modality)
            yield self._result(method, modality, temperature, parts, self._placed(parts), profile, choices)

    def _chosen(
        self, method: Method, split: Split, modality: str, temperature: float | Auto | None, options: bool
    ) -> dict[str, float]:
        scale = self.logit_scale == AUTO and method.logit_scale is None
        if temperature != AUTO and not options and not scale:
            return {}
        if self.chooser is None:
            raise ValueError("nothing chooses what is auto")
        return self.chooser.choose(method, split, modality, temperature, options=options, scale=scale)

    def _placed(self, parts: Sequence[FloatArray]) -> FloatArray:
        """Scores of all test sets as one array in the order of the clips."""
        S = np.full((len(self.data.X), self.data.n_classes), np.nan, np.float32)  # type: ignore[arg-type]
        for split, scores in zip(self.splits, parts, strict=True):
            S[split.test] = scores
        return S

    def _profiles(self, fitted: Sequence[tuple[Scorer, FloatArray]], modality: str) -> Profiles:
        """Background profiles (k, c) and the row of each clip (n,): one a split, or each clip's own."""
        if modality == "none":
            return None, self._split_of
        parts = [
            self.backgrounds.profile(modality, scorer, split.test)
            for (scorer, _), split in zip(fitted, self.splits, strict=True)
        ]
        if parts[0].ndim == 1:
            return np.stack(parts), self._split_of
        return self._placed(parts), np.arange(len(self._split_of))

    def _result(
        self,
        method: Method,
        modality: str,
        temperature: float | Auto | None,
        parts: Sequence[FloatArray],
        S: FloatArray,
        profiles: Profiles,
        choices: Sequence[Mapping[str, float]],
    ) -> GridResult:
        fixed = 0.0 if temperature is None or temperature == AUTO else float(temperature)
        known = method.logit_scale if method.logit_scale is not None else self.logit_scale
        scale = float("nan") if known is None or known == AUTO else float(known)
        temperatures = np.asarray([choice.get("temperature", fixed) for choice in choices], np.float32)
        scales = np.asarray([choice.get("logit_scale", scale) for choice in choices], np.float32)
        profile, profile_of = profiles
        folds, predicted = [], np.full(len(S), -1, np.int64)
        refined = np.full_like(S, np.nan) if method.transductive else None
        for number, (split, scores) in enumerate(zip(self.splits, parts, strict=True)):
            if profile is not None:
                one_scene = profile_of is self._split_of
                own = profile[number] if one_scene else profile[profile_of[split.test]]
                scores = adapt(scores, own, float(temperatures[number]))
            if refined is not None:
                refined[split.test] = scores = method.refine(scores, self.data.unlabelled(split.test))
            scale = float(scales[number])
            scored = Scored(self.data.y[split.test], scores, None if np.isnan(scale) else scale)  # type: ignore[index]
            predicted[split.test] = scored.predicted
            metrics = {metric.name: metric.compute(scored) for metric in self.metrics}
            folds.append(FoldResult(split.fold, len(split.test), metrics, choices[number]))
        cell = (method.name, modality, temperature, tuple(folds))
        return GridResult(*cell, S, profile, profile_of, self._split_of, temperatures, scales, predicted, refined)

    @cached_property
    def _split_of(self) -> IntArray:
        """The split that tests each clip, int (n,); -1 for none."""
        found = np.full(len(self.data.X), -1, np.int64)  # type: ignore[arg-type]
        for number, split in enumerate(self.splits):
            found[split.test] = number
        return found
