"""One recording, or a part of one, and all that is known of it, from a reader of a data set to the report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from atmda.core.remote import shown


@dataclass(frozen=True)
class Clip:
    """One recording and what its data set says of it; None where the set does not say.

    Attributes:
        path: where the recording lies.
        name: unique within the set; the file name for official sets, the path below the folder for folders.
        label: class name with spaces; None where there is none, or more than one.
        labels: all class names; one in single-label sets.
        fold: official fold (TAU: see `tau2019uas`).
        split: "train", "val", "test", "evaluate" or "unlisted", where the set has official splits.
        class_id: index of `label` in the set's labels.
        background: file name of the background recording that a soundscape was mixed from.
        onset, offset: where the event begins and ends in a soundscape, in seconds.
        source: the recording that this clip was cut from. Clips of one source never stand on both sides of a split.
        url: of the object that holds it, where it is no file of this machine; `path` has its name then.
        start, end: which part of the file at `path` the clip is, in seconds; None for the whole file.
    """

    path: Path
    name: str
    label: str | None = None
    labels: tuple[str, ...] = ()
    fold: int | None = None
    split: str | None = None
    class_id: int | None = None
    background: str | None = None
    onset: float | None = None
    offset: float | None = None
    source: str | None = None
    start: float | None = None
    end: float | None = None
    url: str = ""

    @property
    def where(self) -> str:
        """Where a user finds it, without what is secret in a URL."""
        return shown(self.url) if self.url else str(self.path)
