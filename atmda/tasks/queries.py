"""What a search looks for: words or a recording, as one embedding."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from atmda.core.embeddings.engine import embed_clips
from atmda.core.encoders.base import Encoder
from atmda.core.methods.prompts import ensemble
from atmda.core.types import FloatArray
from atmda.datasets.folder import audio_endings
from atmda.errors import AtmdaError, SettingsError
from atmda.settings.search import SearchSettings
from atmda.tasks.observer import Observer

if TYPE_CHECKING:
    from atmda.core.audio import Recording


def recording_of(settings: SearchSettings) -> Path | None:
    """The file that the query names; None where it is words. Raises SettingsError for one that is not there."""
    path = Path(settings.query)
    try:
        if path.is_file():
            return path
    except (OSError, ValueError):  # words that are too long for a name, say
        return None
    if path.suffix.lower() in audio_endings():
        raise SettingsError(f"{path}: there is no such recording.", "Look at its path.", setting="query")
    return None


def of_words(encoder: Encoder, settings: SearchSettings, observer: Observer) -> FloatArray:
    """The embedding (d,) of the words in the sentence that zero-shot classes have, or in `templates`."""
    vector: FloatArray = ensemble(encoder.embed_text, [settings.query], settings.templates)[0]
    if unknown := encoder.unknown_words(settings.query):
        observer.warning(
            f"{settings.query!r} says little to {encoder.name}, which does not know {', '.join(map(repr, unknown))}: "
            "what is found may be anything."
        )
    if not vector.any():
        raise AtmdaError(f"{settings.query!r} says nothing to {encoder.name}.", "Use other words, or a recording.")
    return vector


def of_recording(encoder: Encoder, recording: Recording, settings: SearchSettings, observer: Observer) -> FloatArray:
    """The embedding (d,) of a whole recording. Raises AudioError, and AtmdaError where there is no sound in it."""
    ((result,),) = embed_clips(encoder, [recording], num_workers=1, reading=settings.reading)
    if result.embedding is None:
        assert result.error is not None
        raise result.error
    for note in result.notes:
        observer.notice(f"note: the query: {note}.")
    if result.silent or not np.any(result.embedding):
        raise AtmdaError(f"{settings.query}: there is no sound in it that could be looked for.")
    return result.embedding
