"""`atmda infer --demo`: the recordings that come with atmda, and what adaptation does to them."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import atmda
from atmda.cli.console import Console
from atmda.errors import AtmdaError
from atmda.settings.infer import InferSettings

if TYPE_CHECKING:
    from atmda.report.predictions import Labelled


def folder() -> Path:
    """Where the demo lies: inside the installed package, or at the top of a checkout."""
    package = Path(atmda.__file__).parent
    for place in (package / "demo", package.parent / "demo"):
        if (place / "class_labels.txt").is_file():
            return place
    raise AtmdaError("The demo recordings are not part of this installation.", "Install atmda again.")


def settings_of(settings: InferSettings) -> InferSettings:
    """The settings with the demo's recordings, labels and background in the places of the user's."""
    place = folder()
    changes = {
        "class_labels": place / "class_labels.txt",
        "labels": (),
        "audio_folder": str(place / "inference_demo"),
        "modality": "audio",
        "bg_folder": str(place / "inference_bg_demo"),
    }
    return settings.model_copy(update=changes)


def truth(filename: str, labels: tuple[str, ...]) -> str | None:
    """The label a demo recording's name tells: `car_horn-2.flac` is a car horn."""
    spoken = re.sub(r"-\d+$", "", Path(filename).stem).replace("_", " ")
    return spoken if spoken in labels else None


def explain(settings: InferSettings, console: Console, done: Labelled) -> None:
    """Count what was right with and without adaptation, and draw the profiles of one clip it put right."""
    from atmda.report.profile import picture

    pairs = [(prediction, truth(prediction.filename, done.labels)) for prediction in done.predictions]
    after = sum(prediction.ranked[0][0] == label for prediction, label in pairs)
    before = sum(prediction.unadapted is not None and prediction.unadapted[0] == label for prediction, label in pairs)
    console.text(f"Right without adaptation: {before} of {len(pairs)}; with adaptation: {after} of {len(pairs)}.")
    if done.profile is None:
        return
    mended = [
        row
        for row, (prediction, label) in enumerate(pairs)
        if prediction.ranked[0][0] == label and prediction.unadapted and prediction.unadapted[0] != label
    ]
    row = mended[0] if mended else 0
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    name = f"\n{done.predictions[row].filename}"
    console.text(picture(name, done.labels, done.scores[row], done.profile, settings.temperature, unicode=unicode))
