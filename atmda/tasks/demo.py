"""The recordings that come with atmda, and what is heard in them."""

from __future__ import annotations

import re
from pathlib import Path

import atmda
from atmda.errors import AtmdaError
from atmda.settings.infer import InferSettings


def folder() -> Path:
    """Where the demo lies: inside the installed package, or at the top of a checkout."""
    package = Path(atmda.__file__).parent
    for place in (package / "demo", package.parent / "demo"):
        if (place / "class_labels.txt").is_file():
            return place
    raise AtmdaError("The demo recordings are not part of this installation.", "Install atmda again.")


def demo_settings(settings: InferSettings) -> InferSettings:
    """The settings with the demo's recordings, labels and background in the places of the user's."""
    place = folder()
    changes = {
        "class_labels": place / "class_labels.txt",
        "labels": (),
        "audio_folder": str(place / "inference_demo"),
        "embeddings": None,
        "modality": "audio",
        "bg_folder": str(place / "inference_bg_demo"),
    }
    return settings.model_copy(update=changes)


def truth(filename: str, labels: tuple[str, ...]) -> str | None:
    """The label a demo recording's name tells: `car_horn-2.flac` is a car horn."""
    label = re.sub(r"-\d+$", "", Path(filename).stem).replace("_", " ")
    return label if label in labels else None
