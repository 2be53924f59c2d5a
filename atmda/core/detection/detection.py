"""One detection: a label that is heard from a start to an end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

#: columns of a table of detections, in order
COLUMNS = (
    "filename", "start", "end", "label", "confidence", "score", "mean_confidence", "windows",
    "unadapted_label", "unadapted_confidence", "site", "start_time", "end_time", "note",
)  # fmt: skip
#: how windows become detections, as every help and page says it
MERGE_RULE = (
    "Windows of one label in one recording that overlap or lie within GAP seconds of each other become one detection, "
    "from the start of the first to the end of the last, with the maximum and the mean of their confidences."
)


@dataclass(frozen=True)
class Detection:
    """A label in a stretch of a recording, of one window or of several that were merged.

    Attributes:
        filename: the recording, below the folder that was given.
        start, end: seconds from the start of the recording.
        confidence, score: of its surest window: the probability, and the adapted score that it was made of.
        mean_confidence: over its windows. windows: how many they are.
        unadapted: the best label of the surest window without adaptation, with its confidence; None without adaptation.
        site: the folder of the place; "" where it is not known.
        start_time, end_time: absolute, where it is known when the recording began.
        note: what else there is to say.
    """

    filename: str
    start: float
    end: float
    label: str
    confidence: float
    score: float
    mean_confidence: float
    windows: int = 1
    unadapted: tuple[str, float] | None = None
    site: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None
    note: str = ""

    def row(self) -> dict[str, Any]:
        """The values of `COLUMNS`, times as ISO 8601."""
        label, confidence = self.unadapted or (None, None)
        values = (
            self.filename, self.start, self.end, self.label,
            round(self.confidence, 6), round(self.score, 6), round(self.mean_confidence, 6), self.windows,
            label, None if confidence is None else round(confidence, 6),
            self.site, _iso(self.start_time), _iso(self.end_time), self.note,
        )  # fmt: skip
        return dict(zip(COLUMNS, values, strict=True))


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="milliseconds")
