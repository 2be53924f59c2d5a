"""What a kind of profile is: from how each background scores to what is subtracted from each clip's scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from atmda.core.types import FloatArray, IntArray


@dataclass(frozen=True)
class Scored:
    """How the backgrounds of all clips score under one scorer.

    Attributes:
        own: how each clip's own background scores, float32 (n, c).
        scenes: the number of each clip's scene, int (n,); None where it is not known.
        recordings: the number of the recording that is each clip's background, int (n,).
    """

    own: FloatArray
    scenes: IntArray | None
    recordings: IntArray


@dataclass(frozen=True)
class ProfileKind:
    """A kind of profile.

    Attributes:
        name: as in `profile`.
        about: what it is, in a line. source: where it comes from.
        by_clip: from each clip's own background, its profile: float32 (n, c). Raises ValueError where scenes are needed
            and not known.
        of_scene: from the one profile of all clips (c,), where no clip's own background is known, the same (c,).
    """

    name: str
    about: str
    source: str
    by_clip: Callable[[Scored], FloatArray]
    of_scene: Callable[[FloatArray], FloatArray]


def group_means(values: FloatArray, groups: IntArray, recordings: IntArray) -> FloatArray:
    """For each clip the mean of `values` (n, c) over its group's recordings, each of which counts once: (n, c)."""
    found = np.empty_like(values)
    for group in np.unique(groups):
        inside = np.flatnonzero(groups == group)
        first = inside[np.unique(recordings[inside], return_index=True)[1]]
        found[inside] = values[first].mean(axis=0, dtype=np.float64)
    return found
