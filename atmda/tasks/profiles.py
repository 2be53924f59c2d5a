"""The background for `infer`, by modality: how its name, or recordings of it, score against the classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from atmda.core.methods.backgrounds import profiles
from atmda.core.methods.prompts import background_prompts
from atmda.core.types import FloatArray
from atmda.datasets import load_folder
from atmda.errors import AtmdaError
from atmda.settings.infer import InferSettings
from atmda.tasks.classes import Classes
from atmda.tasks.encoding import embedded, tell_problems
from atmda.tasks.subjects import Recordings, Subject, numbered

Heard = Callable[[InferSettings, Subject, Classes, "Recordings | None"], "FloatArray | None"]


def _none(
    settings: InferSettings, subject: Subject, classes: Classes, background: Recordings | None
) -> FloatArray | None:
    return None


def _of_its_name(
    settings: InferSettings, subject: Subject, classes: Classes, background: Recordings | None
) -> FloatArray:
    B = subject.encoder.embed_text(background_prompts(str(settings.bg_type)))
    return profiles(classes.scorer, B)


def _of_recordings(
    settings: InferSettings, subject: Subject, classes: Classes, background: Recordings | None
) -> FloatArray:
    folder = settings.workspace.input_folder(str(settings.bg_folder))
    if background is None:
        data = load_folder(folder, settings.recursive, settings.ffmpeg)
        tell_problems(data, subject.observer)
        clips = data.clips
    else:
        clips = numbered(background)
    pairs = embedded(subject.encoder, clips, settings, subject.observer, "Background", background)
    rows = [result.embedding for _, result in pairs if result.embedding is not None]
    if not rows:
        raise AtmdaError(f"`bg_folder` {folder}: not one of its recordings could be used.", setting="bg_folder")
    return profiles(classes.scorer, np.stack(rows))


#: modality -> scores of the sentences or recordings that describe the background, float32 (m, c), or None
BACKGROUNDS: Mapping[str, Heard] = {"none": _none, "text": _of_its_name, "audio": _of_recordings}


def background_scores(
    settings: InferSettings, subject: Subject, classes: Classes, background: Recordings | None
) -> FloatArray | None:
    """How the background scores, float32 (m, c): its profile is their mean. None where there is none."""
    return BACKGROUNDS[settings.modality](settings, subject, classes, background)
