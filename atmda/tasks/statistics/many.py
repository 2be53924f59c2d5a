"""Statistics of several sets of clips together: one correction over the grid, and averages over sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from atmda.core.evaluation.statistics.correction import holm
from atmda.core.evaluation.statistics.intervals import percentile_interval
from atmda.core.evaluation.statistics.paired import bootstrap_p, normal_p
from atmda.tasks.statistics.study_statistics import Row, StudyStatistics


def joined(parts: Sequence[StudyStatistics]) -> StudyStatistics:
    """All rows of `parts`, in order, with Holm's correction over the gains of all of them, metric by metric."""
    together: dict[str, Any] = {
        field.name: [row for part in parts for row in getattr(part, field.name)] for field in fields(StudyStatistics)
    }
    together["gains"] = corrected(together["gains"])
    together["notes"] = tuple(dict.fromkeys(together["notes"]))
    return StudyStatistics(**together)


def corrected(gains: Sequence[Row]) -> list[Row]:
    """The rows of gains with `p_holm`, adjusted over all rows of the same metric that have a p."""
    rows = [dict(row) for row in gains]
    for metric in dict.fromkeys(row["metric"] for row in rows):
        family = [row for row in rows if row["metric"] == metric and row["p"] is not None]
        for row, adjusted in zip(family, holm([row["p"] for row in family]).tolist(), strict=True):
            row["p_holm"] = adjusted
    return rows


def averaged(statistics: StudyStatistics, by: Sequence[str]) -> list[Row]:
    """Gains averaged over all rows that agree in the metric and in the columns `by`, as in ("snr", "modality").

    The interval is that of the mean of their draws: sets of the same recordings share draws, and are averaged draw by
    draw, so that ten scenes of the same clips do not count as ten times as many clips. p is the mean over the standard
    deviation of its draws (two-sided, normal). Rows without draws are left out.
    """
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place, row in enumerate(statistics.gains):
        if statistics.gain_draws[place] is not None and not row["cannot_change"]:
            groups.setdefault((*(row[column] for column in by), row["metric"]), []).append(place)
    rows = []
    for key, places in groups.items():
        drawn = [row for row in (statistics.gain_draws[place] for place in places) if row is not None]
        draws = np.mean(drawn, axis=0, dtype=np.float64)
        difference = float(np.mean([statistics.gains[place]["difference"] for place in places]))
        low, high = percentile_interval(draws)
        rows.append(
            {
                **dict(zip((*by, "metric"), key, strict=True)),
                "difference": difference,
                "low": low,
                "high": high,
                "p": normal_p(difference, draws),
                "p_bootstrap": bootstrap_p(draws),
                "cells": len(places),
                "better": sum(statistics.gains[place]["difference"] > 0 for place in places),
            }
        )
    return rows
