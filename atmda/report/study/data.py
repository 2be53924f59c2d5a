"""What a study's report is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from atmda.core.types import IntArray

Row: TypeAlias = Mapping[str, Any]  # words, numbers, truth values or None by column


@dataclass(frozen=True)
class Confusion:
    """What each class was taken for, without adaptation and with it.

    Attributes:
        title: the set of clips, the mode and the temperature. modality: of the background.
        labels: names of the c classes.
        before, after: clips, int (c, c): rows are true classes, columns predicted ones.
    """

    title: str
    modality: str
    labels: Sequence[str]
    before: IntArray
    after: IntArray


@dataclass(frozen=True)
class StudyData:
    """Rows as the statistics of a study give them. A column that is missing is taken for None.

    Rows about a cell begin with what names it: `dataset`, `set`, `scene`, `snr` (dB), `seed`, `encoder`, `templates`,
    then `mode`, `modality`, `temperature` (None where nothing is subtracted or each fold has its own) and `auto` (each
    fold has its own). Figures of accuracy are fractions; None is what is not known.

    `atmda.tasks.statistics.reported.study_data` makes it.

    Attributes:
        title: of the study. facts: what stands below it, by name.
        metric: the one that the answer and the figures are about.
        cells: metric, value, low, high, n, sources.
        gains: metric, before, after, difference, low, high, p, p_holm, cannot_change, clips_needed.
        averages: gains averaged over cells: modality (None or missing: over all of them), temperature, auto, metric,
            difference, low, high, p, p_holm (over the temperatures that were compared), cells, better.
        by_class: label, metric, value, difference, n. by_fold: fold. by_group: group and word.
        reliability: from, to, n, confidence, accuracy, ece.
        hindsight: metric, chosen, lowest, highest, best, best_temperature, regret.
        confusion: of cells that are worth a look.
        gap: correction, distance, alignment, uniformity_audio, uniformity_text, separability, separability_accuracy,
            accuracy. gap_steps: part, distance, accuracy. gap_points: correction, kind ("audio" or "text"), x, y.
        rivals: method, modality, metric, value, low, high, difference, difference_low, difference_high, p, p_holm;
            the method without a difference is the one that others are compared
            with.
        made_of: what made the numbers, tables by heading, as in {"Encoders": [{"encoder": ..., "weights_sha256": ...}]}
        notes: what a reader must know, in sentences.
    """

    title: str
    facts: Mapping[str, str] = field(default_factory=dict)
    metric: str = "accuracy"
    cells: Sequence[Row] = ()
    gains: Sequence[Row] = ()
    averages: Sequence[Row] = ()
    by_class: Sequence[Row] = ()
    by_fold: Sequence[Row] = ()
    by_group: Sequence[Row] = ()
    reliability: Sequence[Row] = ()
    hindsight: Sequence[Row] = ()
    confusion: Sequence[Confusion] = ()
    gap: Sequence[Row] = ()
    gap_steps: Sequence[Row] = ()
    gap_points: Sequence[Row] = ()
    rivals: Sequence[Row] = ()
    made_of: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def of_metric(self, rows: Sequence[Row]) -> list[Row]:
        """Those of `rows` that are about the study's metric."""
        return [row for row in rows if row["metric"] == self.metric]
