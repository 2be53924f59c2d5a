"""Settings of `atmda classify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from atmda.core.bounds import LOGIT_SCALE, TEMPERATURE
from atmda.errors import SettingsError
from atmda.settings.base import EncoderSettings, Modality, flag, lower, split_commas
from atmda.settings.choices import (
    TEMPLATES_HELP,
    methods,
    metrics,
    number_or_word,
    numbers_or_auto,
    own_backgrounds,
    profiles,
    split_templates,
)
from atmda.settings.completion import dataset_names, method_names, metric_names, profile_names, scene_names

WHAT, HOW, OUT = "What to classify", "Grid", "Results"
Auto = Literal["auto"]
TopN = Annotated[int, Field(ge=1)] | Literal["share"] | Auto
Temperature = Annotated[float, Field(ge=TEMPERATURE.low, le=TEMPERATURE.high, allow_inf_nan=False)]
Scale = Annotated[float, Field(ge=LOGIT_SCALE.low, le=LOGIT_SCALE.high, allow_inf_nan=False)]


def _choices(value: object) -> object:
    return lower(split_commas(value))


class ClassifySettings(EncoderSettings):
    """Score stored embeddings against class prototypes, fold by fold, with and without adaptation."""

    embeddings: Annotated[Path | None, flag("--embeddings", metavar="PATH", panel=WHAT)] = Field(
        None, description="A Parquet store, a .npz or an original .pt file."
    )
    partial: Annotated[bool, flag("--partial", panel=WHAT)] = Field(
        False, description="Take what is there of a store that is incomplete or was altered."
    )
    dataset: Annotated[str | None, flag("--dataset", metavar="NAME", complete=dataset_names, panel=WHAT)] = Field(
        None, description="The data set whose classes these are, where the embeddings do not say."
    )
    text_embeddings: Annotated[Path | None, flag("--text-embeddings", metavar="FILE.npz", panel=WHAT)] = Field(
        None, description="Class anchors made elsewhere: embeddings (c, d) and labels (c,); no encoder is loaded."
    )
    keep_lengths: Annotated[bool, flag("--keep-lengths", panel=WHAT)] = Field(
        False, description="Take embeddings made elsewhere as long as they are, instead of making them unit vectors."
    )
    cv: Annotated[int | None, flag("--cv", metavar="N", panel=WHAT)] = Field(
        None,
        ge=2,
        description="Make N stratified folds, clips of one source recording together, where the data has none.",
    )
    mode: Annotated[
        tuple[str, ...],
        BeforeValidator(methods),
        flag("--mode", metavar="zs,tgap,sv", complete=method_names, panel=HOW),
    ] = Field(
        ("zs",),
        min_length=1,
        description="Zero-shot, text-guided audio prototypes, supervised; rivals and baselines: see --list-methods.",
    )
    modality: Annotated[
        tuple[Modality, ...], BeforeValidator(_choices), flag("--modality", metavar="none,text,audio", panel=HOW)
    ] = Field(("none",), min_length=1, description="What describes the background; several by commas.")
    temperature: Annotated[
        tuple[Temperature | Auto, ...],
        BeforeValidator(numbers_or_auto),
        flag("--temperature", metavar="T,T|auto", panel=HOW),
    ] = Field(
        (0.5,),
        min_length=1,
        description="How much of the background profile is subtracted; several by commas; auto: by training folds.",
    )
    bg_type: Annotated[str | None, flag("--bg-type", metavar="NAME", complete=scene_names, panel=HOW)] = Field(
        None, description="Name of the background for --modality text, as in park."
    )
    bg_embeddings: Annotated[Path | None, flag("--bg-embeddings", metavar="PATH", panel=HOW)] = Field(
        None,
        description="Embeddings of backgrounds for --modality audio: each clip's own where known, else their mean.",
    )
    bg: Annotated[tuple[str, ...], BeforeValidator(own_backgrounds), flag("--bg", metavar="HOW,HOW", panel=HOW)] = (
        Field(
            (),
            description="For --modality audio, a background from the windows of each clip's own recording: unlabelled "
            "(the mean of those without a label), self, self:mean, self:median, self:rolling=600; several by commas.",
        )
    )
    profile: Annotated[
        str, BeforeValidator(profiles), flag("--profile", metavar="NAME", complete=profile_names, panel=HOW)
    ] = Field("published", description="What is made of the background: published, scene, mean, mean-removed.")
    top_n: Annotated[
        TopN,
        BeforeValidator(number_or_word),
        flag("--top-n", metavar="N|share|auto", panel=HOW),
    ] = Field(
        35,
        description="Training embeddings a class in tgap; share: training clips / classes, at most 35; "
        "auto: chosen on the training folds.",
    )
    logit_scale: Annotated[
        Scale | Auto | None,
        BeforeValidator(number_or_word),
        flag("--logit-scale", metavar="X|auto", panel=HOW),
    ] = Field(None, description="What makes scores logits; else the encoder's own; auto: fitted on the training folds.")
    templates: Annotated[
        tuple[str, ...], BeforeValidator(split_templates), flag("--templates", metavar="SENTENCE;...", panel=HOW)
    ] = Field(
        (),
        description=TEMPLATES_HELP,
    )
    descriptions: Annotated[Path | None, flag("--descriptions", metavar="FILE", panel=HOW)] = Field(
        None, description="How each class sounds, instead of its name: a table of label and description, a row each."
    )
    metric: Annotated[
        tuple[str, ...],
        BeforeValidator(metrics),
        flag("--metric", metavar="NAME,NAME", complete=metric_names, panel=OUT),
    ] = Field(
        (),
        description="accuracy, balanced_accuracy, macro_f1, top3, map, ece, ...; auto chooses by the first. "
        "(default accuracy; map for several labels a clip)",
    )
    list_methods: Annotated[bool, flag("--list-methods", panel=OUT)] = Field(
        False, description="Name every method and metric there is, with its source."
    )
    save_results: Annotated[Path | None, flag("--save-results", metavar="DIR", panel=OUT)] = Field(
        None, description="Also write results.json, results.csv, predictions.csv and report.html there."
    )

    @property
    def needs(self) -> frozenset[str]:
        """What the methods asked for cannot do without."""
        from atmda.core.methods import METHODS

        return frozenset().union(*(METHODS.get(mode).needs for mode in self.mode))

    @property
    def anchors_from(self) -> Literal["encoder", "file"]:
        """Where text anchors come from."""
        return "encoder" if self.text_embeddings is None else "file"

    @property
    def class_names_from(self) -> Literal["dataset", "clips"]:
        """Where class names come from."""
        return "clips" if self.dataset is None else "dataset"

    @property
    def folds_from(self) -> Literal["cv", "clips"]:
        """Where test sets come from: folds made here, or what the clips say."""
        return "clips" if self.cv is None else "cv"

    @property
    def heard_in(self) -> Literal["embeddings", "windows"]:
        """Where the background of modality audio is taken from: embeddings of its own, or the clips' recordings."""
        return "windows" if self.bg else "embeddings"

    @property
    def described_by(self) -> tuple[str, ...]:
        """What describes the background in each cell: a modality, and of modality audio each of `bg`."""
        return tuple(
            name
            for modality in self.modality
            for name in ([f"audio {own}" for own in self.bg] if modality == "audio" and self.bg else [modality])
        )

    def check(self) -> None:
        """Raises SettingsError where settings do not go together, or one that is needed is missing."""
        if self.embeddings is None:
            raise SettingsError("Give `embeddings` PATH, a store that atmda embed made.", setting="embeddings")
        if self.bg and self.bg_embeddings is not None:
            raise SettingsError("`bg` and `bg_embeddings` both say what the background is.", "Give one of them.")
        self.refuse_together("descriptions", "templates")
        self.refuse_together("descriptions", "text_embeddings")
        self._check_methods()

    def _check_methods(self) -> None:
        from atmda.core.methods import METHODS
        from atmda.core.methods.base import DRIFTS

        methods, recordings = [METHODS.get(mode) for mode in self.mode], "embeddings of the background recordings"
        hearing = [method.name for method in methods if method.hears_background]
        if hearing and self.bg_embeddings is None:
            raise SettingsError(
                f"`mode` {hearing[0]} needs `bg_embeddings`, {recordings}.",
                setting="bg_embeddings",
            )
        modalities = (*self.modality, "audio") if hearing else self.modality
        self.check_background(modalities, "bg" if self.bg else "bg_embeddings", f"{recordings}; or `bg`")
        if self.bg:
            self.refuse_unused(("profile",), "`bg_embeddings` or `bg_type`")
        if set(self.modality) == {"none"}:
            self.refuse_unused(("temperature", "profile"), "`modality` text or audio")
        drifting = [method.name for method in methods if DRIFTS in method.needs]
        if drifting and self.text_embeddings is not None:
            raise SettingsError(
                f"`mode` {drifting[0]} needs sentences of the classes in noise, which `text_embeddings` do not hold.",
                "Leave `text_embeddings` out, so that the encoder embeds them, or leave out the mode.",
                setting="text_embeddings",
            )
        if not any(method.takes("top_n") for method in methods):
            self.refuse_unused(("top_n",), "`mode` tgap")
