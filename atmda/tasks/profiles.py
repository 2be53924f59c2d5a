"""The background for `infer`, by modality: what describes it, and how that scores against the classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np

from atmda.core.methods.adaptation import profiles
from atmda.core.methods.base import Scorer
from atmda.core.methods.prompts import background_prompts
from atmda.core.methods.prototypes import mean_row
from atmda.core.types import FloatArray
from atmda.datasets import load_folder
from atmda.errors import AtmdaError
from atmda.settings.infer import InferSettings
from atmda.tasks.encoding import embedded, tell_problems
from atmda.tasks.subjects import Recordings, Subject, numbered

Description = Callable[[InferSettings, Subject, "Recordings | None"], "FloatArray | None"]


class KnownBackground:
    """A background that is known beforehand. It is embedded when it is first asked for."""

    def __init__(self, settings: InferSettings, subject: Subject, given: Recordings | None) -> None:
        self._settings, self._subject, self._given = settings, subject, given

    @cached_property
    def embeddings(self) -> FloatArray | None:
        """Those of the sentences or recordings that describe it, float32 (m, d); None where there is none."""
        return DESCRIPTIONS[self._settings.modality](self._settings, self._subject, self._given)

    @property
    def scene(self) -> FloatArray | None:
        """Their mean, float32 (d,)."""
        B = self.embeddings
        return None if B is None else mean_row(B)

    def scores(self, scorer: Scorer) -> FloatArray | None:
        """How each of them scores, float32 (m, c): the profile is their mean. None where there is none."""
        return None if self.embeddings is None else profiles(scorer, self.embeddings)


def _none(settings: InferSettings, subject: Subject, given: Recordings | None) -> FloatArray | None:
    return None


def _of_its_name(settings: InferSettings, subject: Subject, given: Recordings | None) -> FloatArray:
    return subject.encoder.embed_text(background_prompts(str(settings.bg_type)))


def _of_recordings(settings: InferSettings, subject: Subject, given: Recordings | None) -> FloatArray:
    folder = settings.workspace.input_folder(str(settings.bg_folder))
    if given is None:
        data = load_folder(folder, settings.recursive, settings.ffmpeg)
        tell_problems(data, subject.observer)
        clips = data.clips
    else:
        clips = numbered(given)
    pairs = embedded(subject.encoder, clips, settings, subject.observer, "Background", given)
    rows = [result.embedding for _, result in pairs if result.embedding is not None]
    if not rows:
        raise AtmdaError(f"`bg_folder` {folder}: not one of its recordings could be used.", setting="bg_folder")
    return np.stack(rows)


#: modality -> embeddings of the sentences or recordings that describe the background, float32 (m, d), or None
DESCRIPTIONS: Mapping[str, Description] = {"none": _none, "text": _of_its_name, "audio": _of_recordings}
