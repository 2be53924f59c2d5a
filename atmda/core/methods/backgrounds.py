"""What describes the background of clips, and its profile under a fitted method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atmda.core.methods.base import Scorer
from atmda.core.methods.recording_windows import RecordingWindows
from atmda.core.types import FloatArray, IntArray


@dataclass(frozen=True)
class Backgrounds:
    """What describes the background: sentences `text` (m, d), recordings `audio` (m, d), or `own` (n, d) by clip.

    `prompts` are the sentences that `text` was made from. `windows` are those of the recordings that clips are of,
    for a modality that says what is taken of them: "audio unlabelled", "audio self:quiet".
    """

    text: FloatArray | None = None
    audio: FloatArray | None = None
    own: FloatArray | None = None
    prompts: tuple[str, ...] | None = None
    windows: RecordingWindows | None = None

    def profile(self, modality: str, scorer: Scorer, rows: IntArray) -> FloatArray:
        """How the background of the clips in `rows` scores: (c,) for one scene, (k, c) where each has its own.

        Raises ValueError where nothing describes the background in that `modality`.
        """
        _, of_windows, what = modality.partition(" ")
        if of_windows and self.windows is not None:
            return self.windows.profile(what, scorer, rows)
        if modality == "audio" and self.own is not None:
            return profiles(scorer, self.own[rows])
        B = self.text if modality == "text" else self.audio
        if B is None:
            raise ValueError(f"nothing describes the background for modality {modality}")
        profile: FloatArray = profiles(scorer, B).mean(axis=0)
        return profile


def profiles(scorer: Scorer, B: FloatArray) -> FloatArray:
    """How background embeddings B (m, d) score, float32 (m, c)."""
    found = scorer.scores(B)
    found[np.isneginf(found)] = 0.0  # a class that cannot win has no profile either
    return found
