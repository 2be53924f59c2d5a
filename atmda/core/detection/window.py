"""One window of a long recording, scored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from atmda.core.types import FloatArray


@dataclass(frozen=True)
class ScoredWindow:
    """One window of a recording, as it scores against c classes.

    Attributes:
        filename: the recording, below the folder that was given. path: where it lies; None where that is not known.
        start, end: seconds from the start of the recording.
        scores, unadapted_scores: float32 (c,), adapted to the background and not.
        confidences, unadapted_confidences: float32 (c,), probabilities made of them.
        profile: the background's scores, float32 (c,); None without adaptation.
        level: root mean square of its samples, in dB below full scale (<= 0, -inf for digital silence).
        silent: whether there is no sound in it, so that its scores say nothing.
        note: what else there is to say.
        recorded: when the recording began, where that is known. site: the folder of the place; "" where unknown.
    """

    filename: str
    path: Path | None
    start: float
    end: float
    scores: FloatArray
    unadapted_scores: FloatArray
    confidences: FloatArray
    unadapted_confidences: FloatArray
    profile: FloatArray | None = None
    level: float = 0.0
    silent: bool = False
    note: str = ""
    recorded: datetime | None = None
    site: str = ""
