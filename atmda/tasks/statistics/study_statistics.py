"""What is found of a grid's cells, as rows for a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from atmda.core.types import FloatArray

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class StudyStatistics:
    """Rows with the same columns within a list; values are numbers, words, booleans or None.

    Every row begins with what names the set of clips (`point` of `analyse`), then `mode`, `modality`, `temperature`
    (None where nothing is subtracted, or each fold has its own) and `auto` (each fold has its own).

    Attributes:
        cells: a row a cell and metric: value, low, high, n, sources.
        gains: a row an adapted cell and metric, against its mode without adaptation: before, after, difference, low,
            high, p, p_holm, ...; see docs/statistics.md.
        by_fold, by_class, by_group: values by test set, by class, and by what `groups` of `analyse` tells of clips.
        reliability: a row a cell and bin of confidence, where probabilities are known.
        hindsight: a row a cell whose temperatures were chosen on training folds.
        cell_draws, gain_draws: of each row of `cells` and `gains` the draws, float32 (n_samples,), None without.
        notes: what a reader must know, in sentences.
    """

    cells: list[Row]
    gains: list[Row]
    by_fold: list[Row]
    by_class: list[Row]
    by_group: list[Row]
    reliability: list[Row]
    hindsight: list[Row]
    cell_draws: list[FloatArray | None]
    gain_draws: list[FloatArray | None]
    notes: tuple[str, ...] = ()

    def tables(self) -> Mapping[str, list[Row]]:
        """The rows by name, ready for one file each or one JSON document."""
        names = ("cells", "gains", "by_fold", "by_class", "by_group", "reliability", "hindsight")
        return {name: getattr(self, name) for name in names}
