"""Settings of `atmda infer`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from atmda.settings.base import EncoderSettings, Flag, Modality, flag, lower, split_commas
from atmda.settings.completion import scene_names

WHAT, HOW, OUT = "What to label", "Adaptation to the background", "Results"


class InferSettings(EncoderSettings):
    """Label a folder of recordings by name."""

    class_labels: Annotated[Path | None, flag("--class-labels", metavar="FILE", panel=WHAT)] = Field(
        None, description="Class labels, one a line."
    )
    labels: Annotated[tuple[str, ...], BeforeValidator(split_commas), flag("--labels", metavar="A,B", panel=WHAT)] = (
        Field((), description="Class labels given here, comma separated, instead of a file.")
    )
    audio_folder: Annotated[str | None, flag("--audio-folder", metavar="DIR|GLOB|FILE", panel=WHAT)] = Field(
        None, description="The recordings: a directory, a glob or one file, any format libsndfile reads."
    )
    recursive: Annotated[bool, flag("--recursive", "-r", panel=WHAT)] = Field(False, description="With sub-folders.")
    demo: Annotated[bool, flag("--demo", panel=WHAT)] = Field(
        False, description="Label the recordings that come with atmda, with and without adaptation."
    )
    modality: Annotated[Modality, BeforeValidator(lower), flag("--modality", metavar="text|audio|none", panel=HOW)] = (
        Field("none", description="What describes the background: its name, recordings of it, or nothing.")
    )
    temperature: Annotated[float, flag("--temperature", metavar="T", panel=HOW)] = Field(
        0.5, allow_inf_nan=False, description="How much of the background profile is subtracted."
    )
    bg_type: Annotated[str | None, flag("--bg-type", metavar="NAME", complete=scene_names, panel=HOW)] = Field(
        None, description="Name of the background for --modality text, as in park."
    )
    bg_folder: Annotated[str | None, flag("--bg-folder", metavar="DIR", panel=HOW)] = Field(
        None, description="Recordings of the background for --modality audio."
    )
    output: Annotated[str | None, flag("--output", "-o", metavar="FILE", panel=OUT)] = Field(
        None,
        description="A .csv, .jsonl or .parquet file, or - for stdout; else <data-dir>/results/results_<time>.csv.",
    )
    top_k: Annotated[int, flag("--top-k", metavar="K", panel=OUT)] = Field(
        1, ge=1, description="How many labels to write for each recording."
    )
    save_results: Annotated[bool, Flag(("--save-results",), hidden=True)] = Field(
        True, description="Accepted from the original scripts; results are always saved."
    )
