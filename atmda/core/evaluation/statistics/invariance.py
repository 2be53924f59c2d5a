"""What an adaptation cannot change, whatever its numbers."""

from __future__ import annotations

import numpy as np

from atmda.core.evaluation.results import GridResult

#: metrics that only compare clips with each other, class by class
RANKED = frozenset({"map"})
NOTE = (
    "One background vector for all clips of a test set shifts each class's scores by a constant, which leaves the "
    "order of the clips as it is: macro mAP cannot change. Only profiles by clip or by recording can change it."
)


def shifts_all_alike(cell: GridResult) -> bool:
    """Whether a cell subtracts the same profile from all clips of each test set."""
    if cell.profile is None:
        return False
    tested = cell.tested
    return all(
        len(np.unique(cell.profile_of[tested][cell.split_of[tested] == number])) == 1
        for number in np.unique(cell.split_of[tested])
    )


def cannot_change(cell: GridResult, metric: str) -> bool:
    """Whether `metric` of an adapted cell is that of its mode without adaptation, by the metric's nature; see NOTE."""
    return metric in RANKED and shifts_all_alike(cell)
