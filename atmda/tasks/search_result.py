"""What a search gives back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atmda.core.detection.detection import Detection
from atmda.core.search.hits import Hit

if TYPE_CHECKING:
    import pandas

SEPARATOR = ";"  # between several classes of one clip, as annotation tables have it


@dataclass(frozen=True)
class SearchResult:
    """What was found, the nearest first.

    Attributes:
        query: the words, or the recording's file name.
        hits: clips or windows with times and scores.
        modality, temperature: how scores were adapted; temperature is None without adaptation.
        mean, deviation: mean and standard deviation of the scores of all that was searched.
        searched: how many clips or windows have a score.
        left_out: how many have none, by the reason.
        skipped: files of the store that are damaged, with the reason.
        output: the file, or folder, that holds them; None where none was asked for. report: the page, where it was.
    """

    query: str
    hits: list[Hit]
    modality: str
    temperature: float | None
    mean: float
    deviation: float
    searched: int
    left_out: dict[str, int]
    skipped: dict[str, str]
    output: str | None = None
    report: Path | None = None

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary a hit, with the columns of the output file.

        `label` is the query; `deviations` says by how many standard deviations of all scores in the store the hit's
        lies above their mean; `known_label` is what the store says that the clip is.
        """
        return [
            {
                "filename": hit.filename,
                "start": hit.start,
                "end": hit.end,
                "label": self.query,
                "score": round(hit.score, 6),
                "rank": rank,
                "deviations": self._deviations(hit),
                "unadapted_score": None if self.temperature is None else round(hit.unadapted_score, 6),
                "known_label": SEPARATOR.join(hit.labels) or None,
                "clip": hit.clip,
            }
            for rank, hit in enumerate(self.hits, start=1)
        ]

    def _deviations(self, hit: Hit) -> float | None:
        return round((hit.score - self.mean) / self.deviation, 3) if self.deviation > 0 else None

    def detections(self) -> Iterator[Detection]:
        """The hits whose times are known, as detections of the query.

        One query has no other class to be told from, so there is no probability: the confidence is the score.
        """
        for hit in self.hits:
            if hit.start is not None and hit.end is not None:
                yield Detection(
                    hit.filename, hit.start, hit.end, self.query, hit.score, hit.score, hit.score,
                    note=f"known as {SEPARATOR.join(hit.labels)}" if hit.labels else "",
                )  # fmt: skip

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a data frame; needs pandas."""
        import pandas

        return pandas.DataFrame(self.rows())
