"""What describes the background of clips, and its profile under a fitted method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atmda.core.methods.adaptation import profiles
from atmda.core.methods.base import Scorer
from atmda.core.methods.prototypes import mean_row
from atmda.core.methods.recording_windows import RecordingWindows
from atmda.core.profiles import PROFILES
from atmda.core.profiles.base import Scored
from atmda.core.types import FloatArray, IntArray


@dataclass(frozen=True)
class Backgrounds:
    """What describes the background: sentences `text` (m, d), recordings `audio` (m, d), or `own` (n, d) by clip.

    `prompts` are the sentences that `text` was made from. `windows` are those of the recordings that clips are of,
    for a modality that says what is taken of them: "audio unlabelled", "audio self:quiet". `scenes` and `recordings`
    number the scene and the recording that each of `own` is of, int (n,). `kind` is the profile made of sentences and
    recordings; of windows it is as published.
    """

    text: FloatArray | None = None
    audio: FloatArray | None = None
    own: FloatArray | None = None
    prompts: tuple[str, ...] | None = None
    windows: RecordingWindows | None = None
    scenes: IntArray | None = None
    recordings: IntArray | None = None
    kind: str = "published"

    @property
    def scene(self) -> FloatArray | None:
        """The mean of the recordings, float32 (d,); None without any."""
        return None if self.audio is None else mean_row(self.audio)

    def profile(self, modality: str, scorer: Scorer, rows: IntArray) -> FloatArray:
        """How the background of the clips in `rows` scores: (c,) for one scene, (k, c) where each has its own.

        Raises ValueError where nothing describes the background in that `modality`.
        """
        _, of_windows, what = modality.partition(" ")
        if of_windows and self.windows is not None:
            return self.windows.profile(what, scorer, rows)
        kind = PROFILES.get(self.kind)
        if modality == "audio" and self.own is not None:
            if self.kind == "published":  # the rows that are wanted alone
                return profiles(scorer, self.own[rows])
            numbers = np.arange(len(self.own)) if self.recordings is None else self.recordings
            return kind.by_clip(Scored(profiles(scorer, self.own), self.scenes, numbers))[rows]
        B = self.text if modality == "text" else self.audio
        if B is None:
            raise ValueError(f"nothing describes the background for modality {modality}")
        return kind.of_scene(profiles(scorer, B).mean(axis=0))
