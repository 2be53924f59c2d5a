"""Settings of `atmda search`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field

from atmda.core.bounds import TEMPERATURE
from atmda.errors import SettingsError
from atmda.settings.base import Flag, Modality, flag, lower
from atmda.settings.choices import split_templates
from atmda.settings.completion import format_names, scene_names
from atmda.settings.detections import amount_of
from atmda.settings.reading import ReadingSettings

if TYPE_CHECKING:
    from atmda.report.detections import Place

WHAT, HOW, OUT = "What to find, and where", "Adaptation to the background", "Results"
BackgroundFrom = Literal["nothing", "name", "recordings", "embeddings", "self"]
#: setting of modality audio -> what describes the background then
BY_SETTING: dict[str, BackgroundFrom] = {"bg": "self", "bg_folder": "recordings", "bg_embeddings": "embeddings"}
OWN_MEAN = ("self", "self:mean")


class SearchSettings(ReadingSettings):
    """Find the clips or windows of a store that are nearest a description, or a recording."""

    query: Annotated[str, Flag(("query",), metavar="TEXT|RECORDING", panel=WHAT, argument=True)] = Field(
        "", description='What to look for: words, as in "glass breaking", or the path of a recording like it.'
    )
    embeddings: Annotated[Path | None, flag("--embeddings", metavar="STORE", panel=WHAT)] = Field(
        None, description="Where to look: a store that atmda embed made, a Parquet file, a .npz or a .pt."
    )
    templates: Annotated[
        tuple[str, ...], BeforeValidator(split_templates), flag("--templates", metavar="SENTENCE;...", panel=WHAT)
    ] = Field(
        (),
        description="Sentences that the words are put into; of several the mean, renormalised; {label} alone takes "
        'them as they are. (default "This is a sound of {label}")',
    )
    modality: Annotated[Modality, BeforeValidator(lower), flag("--modality", metavar="text|audio|none", panel=HOW)] = (
        Field("none", description="What describes the background: its name, recordings of it, or nothing.")
    )
    temperature: Annotated[float, flag("--temperature", metavar="T", panel=HOW)] = Field(
        0.5,
        ge=TEMPERATURE.low,
        le=TEMPERATURE.high,
        allow_inf_nan=False,
        description="How much of the background's score is subtracted; with --bg it is 1 unless given.",
    )
    bg: Annotated[str | None, flag("--bg", metavar="self", panel=HOW)] = Field(
        None,
        description="For --modality audio, self or self:mean: of each window the mean of its own recording's windows.",
    )
    bg_type: Annotated[str | None, flag("--bg-type", metavar="NAME", complete=scene_names, panel=HOW)] = Field(
        None, description="Name of the background for --modality text, as in park."
    )
    bg_folder: Annotated[str | None, flag("--bg-folder", metavar="DIR", panel=HOW)] = Field(
        None, description="Recordings of the background for --modality audio."
    )
    recursive: Annotated[bool, flag("--recursive", "-r", panel=HOW)] = Field(
        False, description="The recordings of --bg-folder and --audio-folder with their sub-folders."
    )
    bg_embeddings: Annotated[Path | None, flag("--bg-embeddings", metavar="PATH", panel=HOW)] = Field(
        None,
        description="Embeddings of backgrounds for --modality audio: each clip's own where known, else their mean.",
    )
    top_k: Annotated[int, flag("--top-k", metavar="K", panel=OUT)] = Field(
        50, ge=1, le=100_000, description="How many to find."
    )
    min_gap: Annotated[float | None, flag("--min-gap", metavar="SECONDS", panel=OUT)] = Field(
        None,
        ge=0,
        allow_inf_nan=False,
        description="Leave out a window nearer than this to a better one of its recording; 0: one that overlaps it.",
    )
    output: Annotated[str | None, flag("--output", "-o", metavar="FILE", panel=OUT)] = Field(
        None,
        description="Also write what was found: a .csv, .jsonl or .parquet table, or - for CSV on stdout; "
        ".selections.txt (Raven) and .labels.txt (Audacity) put all recordings of the store on one time line.",
    )
    output_format: Annotated[
        str | None, flag("--output-format", metavar="FORMAT", complete=format_names, panel=OUT)
    ] = Field(
        None,
        description="csv, jsonl, parquet, raven or audacity; by the ending of --output unless given. Raven and "
        "Audacity write a file for each recording with a hit where --output is a directory.",
    )
    spreadsheet_safe: Annotated[bool, flag("--spreadsheet-safe", panel=OUT)] = Field(
        False, description="In CSV, an apostrophe before words that a spreadsheet would run (=, +, -, @)."
    )
    report: Annotated[Path | None, flag("--report", metavar="DIR", panel=OUT)] = Field(
        None, description="Write DIR/report.html, one page to look at and listen to what was found."
    )
    audio_folder: Annotated[str | None, flag("--audio-folder", metavar="DIR|GLOB|FILE", panel=OUT)] = Field(
        None,
        description="Where the recordings lie, as it was given to embed, for sound on the page and paths in Raven's "
        "tables: stores do not tell.",
    )
    no_audio: Annotated[bool, flag("--no-audio", panel=OUT)] = Field(
        False, description="Leave recordings' sound out of the report."
    )

    @property
    def amount(self) -> float:
        """The temperature that holds."""
        return amount_of(self)

    @property
    def background_from(self) -> BackgroundFrom:
        """What describes the background."""
        if self.modality == "none":
            return "nothing"
        return "name" if self.modality == "text" else BY_SETTING[self._described_by()[0]]

    @property
    def place(self) -> Place | None:
        """Where what is found is written, and in which format; None for nowhere.

        Raises SettingsError where `output` and `output_format` do not say, or do not go together.
        """
        from atmda.report.detections import detection_place

        return None if self.output is None else detection_place(self.output, self.output_format)

    def check(self) -> None:
        """Raises SettingsError where settings do not go together, or one that is needed is missing."""
        super().check()
        if not self.query.strip():
            raise SettingsError('Say what to look for, as in: atmda search "glass breaking".', setting="query")
        if self.embeddings is None:
            raise SettingsError("Give `embeddings` STORE, which atmda embed made.", setting="embeddings")
        self._check_described()
        self._check_outputs()

    def _check_outputs(self) -> None:
        place = self.place
        if place is None:
            self.refuse_unused(("output_format",), "`output`")
        if place is None or place.format.name != "csv":
            self.refuse_unused(("spreadsheet_safe",), "CSV as `output`")
        if self.report is None:
            self.refuse_unused(("no_audio",), "`report`")
        if (self.report is None or self.no_audio) and (place is None or place.format.name != "raven"):
            self.refuse_unused(("audio_folder",), "sound on the `report`, or Raven's tables as `output`,")
        if self.bg_folder is None and self.audio_folder is None:
            self.refuse_unused(("recursive",), "`bg_folder` or `audio_folder`")

    def _described_by(self) -> list[str]:
        """The settings of modality audio that are given; those that were asked for, where some were."""
        given = [name for name in BY_SETTING if getattr(self, name)]
        return [name for name in given if self.asked(name)] or given

    def _check_described(self) -> None:
        by = self._described_by()
        if self.modality == "audio" and len(by) > 1:
            named = " and ".join(f"`{name}`" for name in by)
            raise SettingsError(f"{named} both describe the background.", "Give one of them.", setting=by[0])
        setting = by[0] if by else "bg_folder"
        self.check_background((self.modality,), setting, "recordings of it, or `bg_embeddings`, or `bg` self")
        if self.modality != "audio":
            self.refuse_unused(BY_SETTING, "`modality` audio")
        elif setting == "bg" and self.bg not in OWN_MEAN:
            raise SettingsError(
                f"`bg` {self.bg}: a search takes `bg` self alone, self or self:mean, the mean of its own windows.",
                "For the name of a place use `modality` text and `bg_type`.",
                setting="bg",
            )
