"""What describes the background in `classify`, by modality: sentences, or embeddings of recordings of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np

from atmda.core.embeddings.identity import check_same, check_width
from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.methods import METHODS
from atmda.core.methods.backgrounds import Backgrounds
from atmda.core.methods.base import BACKGROUND
from atmda.core.methods.prompts import background_prompts
from atmda.core.types import IntArray
from atmda.errors import SettingsError, StoreError
from atmda.settings.classify import ClassifySettings
from atmda.tasks.anchors import Anchors
from atmda.tasks.evaluation import Evaluated
from atmda.tasks.stored import whole_store


def _none(settings: ClassifySettings, data: Evaluated, anchors: Anchors) -> Backgrounds:
    return Backgrounds()


def _of_its_name(settings: ClassifySettings, data: Evaluated, anchors: Anchors) -> Backgrounds:
    prompts = background_prompts(str(settings.bg_type))
    text = anchors.encoder(data).embed_text(prompts)
    return Backgrounds(text=anchors.fitting(data, text), prompts=tuple(prompts))


def _of_recordings(settings: ClassifySettings, data: Evaluated, anchors: Anchors) -> Backgrounds:
    """Each clip's own where it is known, else all. Raises StoreError where they were embedded in another way."""
    path = settings.bg_embeddings
    assert path is not None
    found = whole_store(path, anchors.observer, partial=settings.partial)
    check_same(data.table.identity, found.identity, str(settings.embeddings), str(path))
    check_width(data.width, found.embeddings.shape[1], str(settings.embeddings), f"those in {path} have")
    rows = _own_rows(str(path), data.table, found)
    whose = "its own background" if rows else f"the mean of {len(found)} backgrounds"
    kind = "" if settings.profile == "published" else f" (`profile` {settings.profile})"
    anchors.observer.notice(f"Background profile of each clip: {whose}{kind}.")
    if not rows:
        return Backgrounds(audio=found.embeddings)
    return Backgrounds(own=found.embeddings[rows], recordings=np.asarray(rows), scenes=_scenes(found, rows))


def _scenes(backgrounds: EmbeddingTable, rows: list[int]) -> IntArray | None:
    """The number of the scene that each of `rows` is of, by the backgrounds' labels; None where they have none."""
    if backgrounds.labels is None:
        return None
    return np.unique([backgrounds.labels[row] for row in rows], return_inverse=True)[1].astype(np.int64)


def _of_their_windows(settings: ClassifySettings, data: Evaluated, anchors: Anchors) -> Backgrounds:
    """The windows of the clips' own recordings, of which `bg` says what is taken."""
    return Backgrounds(windows=data.windows)


def _heard(settings: ClassifySettings, data: Evaluated, anchors: Anchors) -> Backgrounds:
    return HEARD[settings.heard_in](settings, data, anchors)


def _own_rows(path: str, table: EmbeddingTable, backgrounds: EmbeddingTable) -> list[int]:
    """For every clip the row of the recording it was mixed from, found by file name; [] where none of them is there.

    Raises StoreError where some are there and some are not: a mixture of the two profiles would mean nothing.
    """
    rows = {PurePosixPath(clip).name: row for row, clip in enumerate(backgrounds.clips)}
    wanted = [PurePosixPath(background).name for background in table.backgrounds or ()]
    if not any(name in rows for name in wanted):
        return []
    for clip, name in zip(table.clips, wanted, strict=True):
        if name not in rows:
            raise StoreError(
                f"{path}: it has no embedding of {name}, which {clip} was mixed from.",
                "Embed the whole background data set.",
            )
    return [rows[name] for name in wanted]


Description = Callable[[ClassifySettings, Evaluated, Anchors], Backgrounds]
#: modality -> what describes the background
DESCRIPTIONS: Mapping[str, Description] = {"none": _none, "text": _of_its_name, "audio": _heard}
#: where modality audio hears the background
HEARD: Mapping[str, Description] = {"embeddings": _of_recordings, "windows": _of_their_windows}


def described(settings: ClassifySettings, data: Evaluated, anchors: Anchors) -> Backgrounds:
    """The background in every modality that is asked for; recordings first, which need no encoder."""
    found = Backgrounds(kind=settings.profile)
    hears = any(METHODS.get(mode).hears_background for mode in settings.mode)
    for modality in sorted({*settings.modality, *(("audio",) if hears else ())}):
        part = DESCRIPTIONS[modality](settings, data, anchors)
        known = {name: value for name, value in vars(part).items() if value is not None and name != "kind"}
        found = replace(found, **known)
    if BACKGROUND in settings.needs and found.own is None:
        modes = [mode for mode in settings.mode if BACKGROUND in METHODS.get(mode).needs]
        raise SettingsError(
            f"`mode` {modes[0]} needs the recording that each clip was mixed from, and {settings.embeddings} does not "
            f"name one that {settings.bg_embeddings} holds.",
            "Embed soundscapes that atmda augment made, and the background data set they were made from.",
            setting="bg_embeddings",
        )
    return found
