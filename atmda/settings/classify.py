"""Settings of `atmda classify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from atmda.settings.base import EncoderSettings, Modality, flag, lower, split_commas
from atmda.settings.completion import dataset_names, scene_names

WHAT, HOW, OUT = "What to classify", "Grid", "Results"


def _choices(value: object) -> object:
    return lower(split_commas(value))


class ClassifySettings(EncoderSettings):
    """Score stored embeddings against class prototypes, fold by fold, with and without adaptation."""

    embeddings: Annotated[Path | None, flag("--embeddings", metavar="PATH", panel=WHAT)] = Field(
        None, description="A Parquet store, a .npz or an original .pt file."
    )
    dataset: Annotated[str | None, flag("--dataset", metavar="NAME", complete=dataset_names, panel=WHAT)] = Field(
        None, description="The data set whose classes these are, where the embeddings do not say."
    )
    text_embeddings: Annotated[Path | None, flag("--text-embeddings", metavar="FILE.npz", panel=WHAT)] = Field(
        None, description="Class anchors made elsewhere: embeddings (c, d) and labels (c,); no encoder is loaded."
    )
    mode: Annotated[
        tuple[Literal["zs", "tgap", "sv"], ...],
        BeforeValidator(_choices),
        flag("--mode", metavar="zs,tgap,sv", panel=HOW),
    ] = Field(
        ("zs",), min_length=1, description="Zero-shot, text-guided audio prototypes, supervised; several by commas."
    )
    modality: Annotated[
        tuple[Modality, ...], BeforeValidator(_choices), flag("--modality", metavar="none,text,audio", panel=HOW)
    ] = Field(("none",), min_length=1, description="What describes the background; several by commas.")
    temperature: Annotated[
        tuple[float, ...], BeforeValidator(split_commas), flag("--temperature", metavar="T,T", panel=HOW)
    ] = Field((0.5,), min_length=1, description="How much of the background profile is subtracted; several by commas.")
    bg_type: Annotated[str | None, flag("--bg-type", metavar="NAME", complete=scene_names, panel=HOW)] = Field(
        None, description="Name of the background for --modality text, as in park."
    )
    bg_embeddings: Annotated[Path | None, flag("--bg-embeddings", metavar="PATH", panel=HOW)] = Field(
        None,
        description="Embeddings of backgrounds for --modality audio: each clip's own where known, else their mean.",
    )
    top_n: Annotated[int, flag("--top-n", metavar="N", panel=HOW)] = Field(
        35, ge=1, description="Training embeddings a class in tgap."
    )
    save_results: Annotated[Path | None, flag("--save-results", metavar="DIR", panel=OUT)] = Field(
        None, description="Also write results.json, results.csv, predictions.csv and report.html there."
    )
