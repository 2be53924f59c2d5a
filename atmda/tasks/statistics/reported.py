"""What the report of a study is made of, from its statistics and embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from atmda.core.evaluation.gap import NONE, Correction, along, measure
from atmda.core.evaluation.gap_picture import picture
from atmda.core.types import FloatArray, IntArray
from atmda.report.study.data import StudyData
from atmda.tasks.statistics.many import averaged, corrected
from atmda.tasks.statistics.study_statistics import Row, StudyStatistics

#: recordings whose places in the picture are kept
MOST_POINTS = 2000


@dataclass(frozen=True)
class GapRows:
    """The modality gap as `StudyData` has it."""

    gap: list[Row] = field(default_factory=list)
    gap_steps: list[Row] = field(default_factory=list)
    gap_points: list[Row] = field(default_factory=list)

    def add(
        self, place: Mapping[str, Any], corrections: Sequence[Correction], X: FloatArray, T: FloatArray, y: IntArray
    ) -> None:
        """Measure a set of clips X (n, d), T (c, d), y (n,); `place`: its dataset, encoder and set.

        Raises ValueError where there are fewer than two recordings or classes.
        """
        for correction in (NONE, *corrections):
            self.gap.append({**place, **asdict(measure(correction, X, T, y))})
            self.gap_points.extend({**place, **row} for row in _points(correction, X, T))
        self.gap_steps.extend({**place, **asdict(step)} for step in along(X, T, y))


def study_data(title: str, statistics: StudyStatistics, **more: Any) -> StudyData:
    """The rows of `statistics`, with average gains by temperature, and by modality and temperature.

    Holm's correction of the averages is over the temperatures that were compared, and over modalities by temperatures.
    `more`: what else `StudyData` has, as facts, made_of, rivals, confusion or **vars(GapRows).
    """
    families = (("temperature", "auto"), ("modality", "temperature", "auto"))
    averages = [row for by in families for row in corrected(averaged(statistics, by))]
    rows: dict[str, Any] = {**statistics.tables(), "averages": averages}
    notes = (*statistics.notes, *more.pop("notes", ()))
    return StudyData(title, **rows, notes=notes, **more)


def _points(correction: Correction, X: FloatArray, T: FloatArray) -> list[Row]:
    """Of many recordings every second, third, ...: what comes in order of its classes is kept of all of them."""
    found = picture(*correction.fit(X, T)(X, T))
    step = -(-len(found.audio) // MOST_POINTS)
    kinds = (("audio", found.audio[::step]), ("text", found.text))
    return [
        {"correction": correction.name, "kind": kind, "x": round(x, 6), "y": round(y, 6)}
        for kind, points in kinds
        for x, y in points.tolist()
    ]
