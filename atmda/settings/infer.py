"""Settings of `atmda infer`."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from atmda.core.bounds import TEMPERATURE
from atmda.errors import SettingsError
from atmda.settings.base import Flag, Modality, flag, lower
from atmda.settings.choices import TEMPLATES_HELP, split_labels, split_templates
from atmda.settings.completion import method_names, scene_names
from atmda.settings.detections import DetectionSettings, amount_of

WHAT, HOW, CLASSES, OUT = "What to label", "Adaptation to the background", "Prototypes", "Results"


class InferSettings(DetectionSettings):
    """Label recordings by name: with sentences alone, or with prototypes from a few examples of your own."""

    class_labels: Annotated[Path | None, flag("--class-labels", metavar="FILE", panel=WHAT)] = Field(
        None,
        description="Class labels: one a line, all on one line, a JSON list, or a CSV with a column label, class, "
        "category or name.",
    )
    labels: Annotated[tuple[str, ...], BeforeValidator(split_labels), flag("--labels", metavar="A,B", panel=WHAT)] = (
        Field((), description="Class labels given here, comma separated, instead of a file.")
    )
    audio_folder: Annotated[str | None, flag("--audio-folder", metavar="DIR|GLOB|FILE", panel=WHAT)] = Field(
        None, description="The recordings: a directory, a glob or one file, any format libsndfile reads."
    )
    recursive: Annotated[bool, flag("--recursive", "-r", panel=WHAT)] = Field(False, description="With sub-folders.")
    embeddings: Annotated[Path | None, flag("--embeddings", metavar="PATH", panel=WHAT)] = Field(
        None, description="Label what has been embedded already (a store, .npz or .pt) instead of reading audio."
    )
    demo: Annotated[bool, flag("--demo", panel=WHAT)] = Field(
        False, description="Label the recordings that come with atmda, with and without adaptation."
    )
    modality: Annotated[Modality, BeforeValidator(lower), flag("--modality", metavar="text|audio|none", panel=HOW)] = (
        Field("none", description="What describes the background: its name, recordings of it, or nothing.")
    )
    temperature: Annotated[float, flag("--temperature", metavar="T", panel=HOW)] = Field(
        0.5,
        ge=TEMPERATURE.low,
        le=TEMPERATURE.high,
        allow_inf_nan=False,
        description="How much of the background profile is subtracted; with --bg it is 1 unless given.",
    )
    bg_type: Annotated[str | None, flag("--bg-type", metavar="NAME", complete=scene_names, panel=HOW)] = Field(
        None, description="Name of the background for --modality text, as in park."
    )
    bg_folder: Annotated[str | None, flag("--bg-folder", metavar="DIR", panel=HOW)] = Field(
        None, description="Recordings of the background for --modality audio."
    )
    mode: Annotated[
        str, BeforeValidator(lower), flag("--mode", metavar="zs|tgap|sv", complete=method_names, panel=CLASSES)
    ] = Field("zs", description="Zero-shot by sentences, or prototypes from --examples (tgap, sv, knn, ...).")
    scoring: Annotated[
        Literal["recommended", "published"],
        BeforeValidator(lower),
        flag("--scoring", metavar="recommended|published", panel=CLASSES),
    ] = Field(
        "recommended",
        description="Whether --mode tgap and sv make prototypes as suits the encoder best, or as published.",
    )
    examples: Annotated[Path | None, flag("--examples", metavar="PATH", panel=CLASSES)] = Field(
        None, description="What prototypes are made from: an embedding store, or a folder with a sub-folder a class."
    )
    annotations: Annotated[Path | None, flag("--annotations", metavar="FILE", panel=CLASSES)] = Field(
        None,
        description="Labels of the recordings in --examples: a CSV or TSV (filename,label), Raven or Audacity tables.",
    )
    prototypes: Annotated[Path | None, flag("--prototypes", metavar="FILE.npz", panel=CLASSES)] = Field(
        None, description="Use prototypes that --save-prototypes kept; labels come with them."
    )
    save_prototypes: Annotated[Path | None, flag("--save-prototypes", metavar="FILE.npz", panel=CLASSES)] = Field(
        None, description="Keep the prototypes for another run."
    )
    templates: Annotated[
        tuple[str, ...], BeforeValidator(split_templates), flag("--templates", metavar="SENTENCE;...", panel=CLASSES)
    ] = Field(
        (),
        description=TEMPLATES_HELP,
    )
    descriptions: Annotated[Path | None, flag("--descriptions", metavar="FILE", panel=CLASSES)] = Field(
        None, description="How each class sounds, instead of its name: a table of label and description, a row each."
    )
    output: Annotated[str | None, flag("--output", "-o", metavar="FILE", panel=OUT)] = Field(
        None,
        description="A .csv, .jsonl or .parquet file, or - for stdout; else <data-dir>/results/results_<time>.csv. "
        "Of windows also .selections.txt (Raven) and .labels.txt (Audacity).",
    )
    top_k: Annotated[int, flag("--top-k", metavar="K", panel=OUT)] = Field(
        1, ge=1, description="How many labels to write for each recording, or at most for each window."
    )
    spreadsheet_safe: Annotated[bool, flag("--spreadsheet-safe", panel=OUT)] = Field(
        False, description="In CSV, an apostrophe before words that a spreadsheet would run (=, +, -, @)."
    )
    save_results: Annotated[bool, Flag(("--save-results",), hidden=True)] = Field(
        True, description="Accepted from the original scripts; results are always saved."
    )

    @property
    def amount(self) -> float:
        """The temperature that holds."""
        return amount_of(self)

    @cached_property
    def windowed(self) -> bool:
        """Whether windows are labelled, for a table of detections. Raises StoreError where a store is damaged."""
        store = self.embeddings
        if self.window is not None or store is None or not (store.is_dir() or store.is_file()):  # as a pipe is neither
            return self.window is not None
        from atmda.core.embeddings.contents import cut_of

        return bool(cut_of(store))

    @property
    def subject(self) -> Literal["recordings", "embeddings"]:
        """What is labelled."""
        return "recordings" if self.embeddings is None else "embeddings"

    @property
    def classes_from(self) -> Literal["method", "prototypes"]:
        """Where classes come from: a method fitted now, or prototypes kept from another run."""
        return "method" if self.prototypes is None else "prototypes"

    def check(self) -> None:
        """Raises SettingsError where settings do not go together, or one that is needed is missing."""
        super().check()
        if self.demo:
            return
        self.check_detections(self.windowed)
        if self.bg is None:
            self.check_background((self.modality,), "bg_folder", "recordings of the background")
        self.refuse_together("descriptions", "templates")
        self._check_prototypes()
        given = bool(self.labels) + (self.class_labels is not None) + (self.prototypes is not None)
        if given > 1 or (not given and self.examples is None):
            raise SettingsError(
                "Give the class labels: `class_labels` FILE, or `labels` A,B, one of them.", setting="class_labels"
            )
        if self.output is not None and self.output != "-" and not self.output.lower().endswith(".csv"):
            self.refuse_unused(("spreadsheet_safe",), "CSV as `output`")
        if self.embeddings is not None and self.audio_folder is not None:
            raise SettingsError("`embeddings` and `audio_folder` both say what to label.", "Give one of them.")
        if self.embeddings is not None:
            self.refuse_unused(("recursive",), "`audio_folder`")
            if self.bg_folder is None and self.examples is None:
                self.refuse_unused(("channel", "ffmpeg", "max_seconds_per_file"), "recordings")

    def _check_prototypes(self) -> None:
        from atmda.core.methods import METHODS
        from atmda.core.methods.base import BACKGROUND, CLIPS, SCENE

        method = METHODS.get(self.mode)
        if method.transductive or BACKGROUND in method.needs:
            wanted = "all clips of a test set together" if method.transductive else "the background of each example"
            raise SettingsError(
                f"`mode` {self.mode} needs {wanted}, which infer does not know: it labels recordings one by one.",
                "Use it in atmda classify, or take `mode` zs, tgap or sv here.",
                setting="mode",
            )
        trained = CLIPS in method.needs
        if trained and self.examples is None and self.prototypes is None:
            raise SettingsError(
                f"`mode` {self.mode} needs `examples`, recordings or embeddings to make its prototypes from.",
                setting="examples",
            )
        if not trained:
            self.refuse_unused(("examples", "annotations"), "`mode` tgap or sv")
        if self.prototypes is not None:
            for name in ("mode", "scoring", "examples", "save_prototypes", "templates", "descriptions"):
                if self.asked(name):
                    raise SettingsError(f"`prototypes` are made already; `{name}` has no use.", "Leave it out.")
        if self.annotations is not None and self.examples is None:
            raise SettingsError("`annotations` say what is heard in `examples`, which are not given.")
        if SCENE in method.needs and self.bg_folder is None:
            raise SettingsError(
                f"`mode` {self.mode} needs recordings of the background, which it takes out of the examples too.",
                "Give `modality` audio and `bg_folder`, or use `mode` zs, tgap or sv.",
                setting="bg_folder",
            )
        if not method.adapts and SCENE not in method.needs and self.modality != "none":
            raise SettingsError(
                f"`mode` {self.mode} has no prototypes that a background's profile could be taken from.",
                "Use `modality` none, or `mode` zs, tgap or sv.",
                setting="modality",
            )
