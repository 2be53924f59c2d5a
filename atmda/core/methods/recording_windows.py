"""The background of each recording, taken from its own windows: those without a label, or all of them without looking.

    unlabelled    B[r] = mean of the embeddings of the windows of r that have no label;  profile = B[r] @ P.T
    self:...      the profile is taken from the scores of all windows of r, labels unseen (`detection.background`)

The first is an upper mark for the second: it needs the truth to know where nothing is heard.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from atmda.core.detection.background import self_profile
from atmda.core.detection.self_background import SelfBackground
from atmda.core.methods.adaptation import profiles
from atmda.core.methods.base import Scorer
from atmda.core.methods.prototypes import mean_row
from atmda.core.types import BoolArray, FloatArray, IntArray

UNLABELLED = "unlabelled"


@dataclass(frozen=True)
class RecordingWindows:
    """All windows of the recordings that clips are windows of, with and without labels.

    Attributes:
        embeddings: float32 (m, d). recordings: numbers from 0, int (m,). labelled, silent: bool (m,).
        of: the window that each clip is, int (n,).
        levels: in dB, float32 (m,), NaN where not known; None where none is.
        centres: the middle of each in seconds, float64 (m,); None where that is not known.
    """

    embeddings: FloatArray
    recordings: IntArray
    labelled: BoolArray
    silent: BoolArray
    of: IntArray
    levels: FloatArray | None = None
    centres: npt.NDArray[np.float64] | None = None

    @property
    def background(self) -> BoolArray:
        """Windows in which something sounds that has no label, bool (m,)."""
        return ~self.labelled & ~self.silent

    @property
    def with_background(self) -> BoolArray:
        """Which windows are of a recording that has some without a label, bool (m,)."""
        return np.isin(self.recordings, self.recordings[self.background])

    def profile(self, background: str, scorer: Scorer, rows: IntArray) -> FloatArray:
        """How the background of the recording of each of the clips `rows` (k,) scores, float32 (k, c).

        `background`: "unlabelled", or what `SelfBackground` reads. Raises ValueError for a recording without a window
        that has no label, and for a rolling background where it is not known when windows begin and end.
        """
        windows = self.of[rows]
        own = None if background == UNLABELLED else SelfBackground.parse(background)
        by_recording = np.argsort(self.recordings[windows], kind="stable")
        numbers, first = np.unique(self.recordings[windows][by_recording], return_index=True)
        parts: list[FloatArray] = []
        for number, wanted in zip(numbers.tolist(), np.split(by_recording, first[1:]), strict=True):
            members = self._groups[number]
            profile = self._unlabelled(members, scorer) if own is None else self._itself(members, own, scorer)
            places = np.searchsorted(members, windows[wanted])
            parts.append(profile[places] if profile.ndim == 2 else np.tile(profile, (len(wanted), 1)))
        found = np.concatenate(parts)
        found[by_recording] = found.copy()
        return found

    @cached_property
    def _groups(self) -> list[IntArray]:
        """The windows of each recording, in ascending order."""
        order = np.argsort(self.recordings, kind="stable")
        return np.split(order, np.cumsum(np.bincount(self.recordings))[:-1])

    def _unlabelled(self, members: IntArray, scorer: Scorer) -> FloatArray:
        """The scores of the mean embedding of the windows without a label, float32 (c,)."""
        rows = members[self.background[members]]
        if not len(rows):
            raise ValueError("a recording has no window without a label")
        profile: FloatArray = profiles(scorer, mean_row(self.embeddings[rows])[None])[0]
        return profile

    def _itself(self, members: IntArray, own: SelfBackground, scorer: Scorer) -> FloatArray:
        """What all windows tell, labels unseen: float32 (c,), or (len(members), c) of a rolling background."""
        return self_profile(
            scorer.scores(self.embeddings[members]),
            None if self.levels is None else self.levels[members],
            self.silent[members],
            method=own.method,
            rolling=own.rolling,
            centres=None if self.centres is None else self.centres[members],
        )
