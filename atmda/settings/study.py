"""Settings of `atmda study`: the grid, as its own TOML file gives it, and how it is run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from atmda.errors import SettingsError
from atmda.settings.base import Flag, Modality, Settings, flag, lower, split_commas
from atmda.settings.choices import methods, number_or_word, numbers_or_auto, own_backgrounds, profiles, split_templates
from atmda.settings.choices import metrics as known_metrics
from atmda.settings.classify import Auto, Scale, Temperature, TopN
from atmda.settings.completion import study_names
from atmda.settings.embed import EmbedSettings, parse_shard
from atmda.settings.loading import make_settings
from atmda.settings.study_tables import DatasetTable, EncoderTable, MixTable, tables

WHAT, HOW = "What to study", "How it is run"


def _ensembles(value: Any) -> Any:
    """Sentences are one ensemble; a list of lists of sentences is several, each run."""
    if isinstance(value, list | tuple) and any(isinstance(part, list | tuple) for part in value):
        return tuple(split_templates(part) for part in value)
    return (split_templates(value),)


class StudySettings(Settings):
    """Run a whole study: mix, embed and classify a grid of settings, with every part made once and kept."""

    study: Annotated[str | None, Flag(("study",), "CONFIG.toml", study_names, WHAT, argument=True, line_only=True)] = (
        Field(None, description="What to run: a TOML file, or the name of one that comes with atmda: paper, mini, own.")
    )
    from_results: Annotated[Path | None, flag("--from-results", metavar="DIR", panel=WHAT)] = Field(
        None,
        description="Results that are there already, of the original scripts or of classify --save-results.",
    )
    output: Annotated[Path | None, flag("--output", "-o", metavar="DIR", panel=HOW)] = Field(
        None, description="Where results go; else <data-dir>/results/<name of the study>."
    )
    artifacts: Annotated[Path | None, flag("--artifacts", metavar="DIR", panel=HOW)] = Field(
        None, description="Where soundscapes, embeddings and scores are kept for all studies; else <data-dir>/study."
    )
    num_workers: Annotated[int | None, flag("--num-workers", metavar="N", panel=HOW)] = Field(
        None, ge=1, description="Processes and threads; one a core unless given. Results do not depend on it."
    )
    batch_size: Annotated[int | None, flag("--batch-size", metavar="N", panel=HOW)] = Field(
        None, ge=1, description="Windows a batch; the encoder's own choice unless given."
    )
    device: Annotated[str, flag("--device", metavar="auto|cuda|mps|cpu", panel=HOW)] = Field(
        "auto",
        pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$",
        description="Where to run encoders; auto: CUDA, then MPS, then CPU.",
    )
    engine: Annotated[
        Literal["threads", "ray"], BeforeValidator(lower), flag("--engine", metavar="threads|ray", panel=HOW)
    ] = Field("threads", description="What embeds: the threads of this process, or workers of Ray.")
    address: Annotated[str | None, flag("--address", metavar="HOST:PORT", panel=HOW)] = Field(
        None, description="The head of a Ray cluster, as 10.0.0.1:6379, or auto for the one of this machine."
    )
    dry_run: Annotated[bool, flag("--dry-run", panel=HOW)] = Field(
        False, description="Say what would be made, how long it may take and how much room it needs; write nothing."
    )
    max_runs: Annotated[int | None, flag("--max-runs", metavar="N", panel=HOW)] = Field(
        None, ge=0, description="Make at most N of the parts that are missing."
    )
    shard: Annotated[
        tuple[int, int] | None, BeforeValidator(parse_shard), flag("--shard", metavar="I/N", panel=HOW)
    ] = Field(None, description="Only the I-th of N parts of the sets, for job arrays.")
    no_figures: Annotated[bool, flag("--no-figures", panel=HOW)] = Field(
        False, description="Leave out the files in figures/; the page has its own."
    )
    discard_soundscapes: Annotated[bool, flag("--discard-soundscapes", panel=HOW)] = Field(
        False, description="Remove a set's recordings once it is embedded; they can be made again, byte for byte."
    )

    name: str = Field("study", pattern=r"^[\w. -]+$", description="What the study is called.")
    datasets: Annotated[tuple[DatasetTable, ...], BeforeValidator(tables(DatasetTable, "data set"))] = ()
    mixes: Annotated[tuple[MixTable, ...], BeforeValidator(tables(MixTable, "mix"))] = ()
    encoders: Annotated[tuple[EncoderTable, ...], BeforeValidator(tables(EncoderTable, "encoder"))] = Field(
        (EncoderTable(),), min_length=1
    )
    modes: Annotated[tuple[str, ...], BeforeValidator(methods)] = Field(("zs", "tgap", "sv"), min_length=1)
    modalities: Annotated[tuple[Modality, ...], BeforeValidator(lambda v: lower(split_commas(v)))] = Field(
        ("none", "text", "audio"), min_length=1
    )
    temperatures: Annotated[tuple[Temperature | Auto, ...], BeforeValidator(numbers_or_auto)] = Field(
        (0.5,), min_length=1
    )
    bg: Annotated[tuple[str, ...], BeforeValidator(own_backgrounds)] = ()
    profile: Annotated[str, BeforeValidator(profiles)] = "published"
    templates: Annotated[tuple[tuple[str, ...], ...], BeforeValidator(_ensembles)] = Field(((),), min_length=1)
    descriptions: Path | None = None
    metrics: Annotated[tuple[str, ...], BeforeValidator(known_metrics)] = Field(
        (), description="The usual one unless given."
    )
    top_n: Annotated[TopN, BeforeValidator(number_or_word)] = 35
    logit_scale: Annotated[Scale | Auto | None, BeforeValidator(number_or_word)] = None

    @classmethod
    def file_of(cls, flags: Mapping[str, Any]) -> Path | None:
        """The study's file. Raises SettingsError where there is none of that name."""
        from atmda.settings.study_files import find_study

        return find_study(flags["study"]) if flags.get("study") is not None else None

    def check(self) -> None:
        """Raises SettingsError where settings do not go together, or one that is needed is missing."""
        if self.from_results is not None:
            if self.study is not None or self.datasets:
                hint = "Leave one of them out."
                raise SettingsError("`from_results` takes the place of a study's file.", hint, setting="from_results")
            return
        if not self.datasets:
            raise SettingsError("A study needs a file with [[datasets]]; paper, mini and own come with atmda.")
        engine = {"engine": self.engine, "address": self.address}
        make_settings(EmbedSettings, {"audio_folder": "any", **engine}).check()
        for mix in self.mixes:
            mix.check()
        for dataset in self.datasets:
            dataset.check(bool(self.mixes))
        for what, names in (
            ("datasets", [dataset.called for dataset in self.datasets]),
            ("encoders", [encoder.called for encoder in self.encoders]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise SettingsError(
                    f"`{what}`: two of them are called {twice[0]}.", "Give each a `title` of its own.", setting=what
                )
        self._check_descriptions()
        self._check_own_backgrounds()
        self._check_backgrounds()

    def _check_descriptions(self) -> None:
        """Raises SettingsError for descriptions that cannot be read, or stand beside sentences or anchors."""
        if self.descriptions is None:
            return
        given = next((dataset for dataset in self.datasets if dataset.text_embeddings is not None), None)
        if any(self.templates) or given is not None:
            other = "`templates`" if given is None else f"text_embeddings of {given.called}"
            raise SettingsError(
                f"`descriptions` and {other} do not go together.", "Give one of them.", setting="descriptions"
            )
        from atmda.datasets.tables import read_text

        read_text(self.descriptions, "descriptions")

    def _check_own_backgrounds(self) -> None:
        """Raises SettingsError where `bg` has nothing to take backgrounds from, or stands beside another one."""
        if not self.bg:
            return
        windowed = [dataset for dataset in self.datasets if dataset.window is not None]
        twice = next((dataset.called for dataset in windowed if dataset.background is not None), None)
        for refused, why in (
            (not windowed, "takes backgrounds from windows; no data set has a `window`"),
            ("audio" not in self.modalities, "is used with `modalities` audio alone"),
            (self.profile != "published", f"and `profile` {self.profile} do not go together"),
            (twice is not None, f"and the background of {twice} both say what the background is"),
        ):
            if refused:
                raise SettingsError(f"`bg` {why}.", "Give one of them, or leave `bg` out.", setting="bg")

    def _check_backgrounds(self) -> None:
        """Raises SettingsError for a modality that no part of the grid has a background for."""
        scenes = [scene for mix in self.mixes for scene in mix.scenes]
        described = {
            "text": any(scene != "all" for scene in scenes) or any(data.bg_type for data in self.datasets),
            "audio": bool(self.mixes or self.bg) or any(data.background for data in self.datasets),
        }
        for modality in self.modalities:
            if not described.get(modality, True):
                key = {"text": "a `bg_type`", "audio": "a `background` (or a `window`, with `bg`)"}[modality]
                raise SettingsError(
                    f"`modalities`: {modality} needs scenes in [[mixes]], or {key} in [[datasets]].",
                    setting="modalities",
                )
