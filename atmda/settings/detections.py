"""Settings of detections in long recordings: what `infer` takes beside those of single clips."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

from pydantic import Field

from atmda.core.detection.detection import MERGE_RULE
from atmda.core.detection.self_background import SelfBackground
from atmda.errors import SettingsError
from atmda.settings.base import flag
from atmda.settings.completion import format_names
from atmda.settings.reading import ReadingSettings
from atmda.settings.windows import HOP, WINDOW, check_windows, cut_of

if TYPE_CHECKING:
    from atmda.core.audio.cut import Cut

LONG = "Long recordings"
OWN_TEMPERATURE = 1.0
#: where F1 is greatest with windows of 2 and 5 s (docs/detection.md): events are rare, and so are high probabilities
LEAST_BY_ITSELF = 0.1


class AdaptsToItself(Protocol):
    """Settings with a temperature, and a background of the recordings' own where `bg` asks for one."""

    @property
    def temperature(self) -> float: ...
    @property
    def bg(self) -> str | None: ...
    @property
    def model_fields_set(self) -> set[str]: ...


def amount_of(settings: AdaptsToItself) -> float:
    """How much of the background is subtracted: what was asked for, else 1 with a background of the recording's own,
    where it does better than the published 0.5 (docs/detection.md)."""
    given = "temperature" in settings.model_fields_set
    return settings.temperature if given or not settings.bg else OWN_TEMPERATURE


class DetectionSettings(ReadingSettings):
    """What is heard when: windows, which of their labels count, and where they go."""

    window: Annotated[float | None, flag("--window", metavar="SECONDS", panel=LONG)] = WINDOW
    hop: Annotated[float | None, flag("--hop", metavar="SECONDS", panel=LONG)] = HOP
    min_confidence: Annotated[float | None, flag("--min-confidence", metavar="P", panel=LONG)] = Field(
        None,
        ge=0,
        le=1,
        description="Least confidence of a detection. (default: 0, or 0.1 with --multi-label)",
    )
    thresholds: Annotated[Path | None, flag("--thresholds", metavar="FILE", panel=LONG)] = Field(
        None, description="Least confidence by class: a CSV of label,threshold; others have --min-confidence."
    )
    merge: Annotated[float | None, flag("--merge", metavar="GAP", panel=LONG)] = Field(
        None, ge=0, allow_inf_nan=False, description=MERGE_RULE
    )
    multi_label: Annotated[bool, flag("--multi-label", panel=LONG)] = Field(
        False,
        description="Judge each class by itself, against the recording's own windows: several may be heard, or none.",
    )
    bg: Annotated[str | None, flag("--bg", metavar="self|site[:HOW]", panel=LONG)] = Field(
        None,
        description="For --modality audio, a background taken from the recording itself, or from all of its site's "
        "folder: self, self:median, self:mean, self:rolling=600, site, ...",
    )
    output_format: Annotated[
        str | None, flag("--output-format", metavar="FORMAT", complete=format_names, panel=LONG)
    ] = Field(
        None,
        description="csv, jsonl, parquet, raven or audacity; by the ending of --output unless given. Raven and "
        "Audacity write a file a recording into a directory, or one of all that is named .selections.txt, .labels.txt.",
    )
    timezone: Annotated[str | None, flag("--timezone", metavar="ZONE", panel=LONG)] = Field(
        None, description="Time zone of recorders whose times tell none, as Europe/Berlin or +02:00."
    )
    report: Annotated[Path | None, flag("--report", metavar="DIR", panel=LONG)] = Field(
        None, description="Write DIR/report.html, one page to look at and listen to what was heard."
    )
    no_audio: Annotated[bool, flag("--no-audio", panel=LONG)] = Field(
        False, description="Leave recordings' sound out of the report."
    )

    @property
    def cut(self) -> Cut | None:
        """How recordings are cut into windows; None where they are not."""
        return cut_of(self.window, self.hop)

    @property
    def self_background(self) -> SelfBackground | None:
        """The background that is taken from what is labelled. Raises SettingsError where it cannot be."""
        return None if self.bg is None else SelfBackground.parse(self.bg)

    @property
    def least_confidence(self) -> float:
        """That of a detection without a threshold of its own."""
        if self.min_confidence is not None:
            return self.min_confidence
        return LEAST_BY_ITSELF if self.multi_label else 0.0

    def check_detections(self, windowed: bool) -> None:
        """Raises SettingsError where settings do not go together; `windowed`: whether windows are labelled."""
        check_windows(self)
        if not windowed:
            alone = ("min_confidence", "thresholds", "merge", "multi_label", "bg", "output_format", "report")
            self.refuse_unused((*alone, "no_audio", "timezone"), "`window`")
        if self.report is None:
            self.refuse_unused(("no_audio",), "`report`")
        if self.timezone is not None:
            from atmda.core.time_zones import time_zone

            time_zone(self.timezone)
        if self.self_background is not None:
            modality, folder = getattr(self, "modality", "audio"), getattr(self, "bg_folder", None)
            if modality != "audio":
                raise SettingsError("`bg` goes with `modality` audio.", setting="modality")
            if folder is not None:
                raise SettingsError("`bg` and `bg_folder` both say what the background is.", "Give one of them.")
