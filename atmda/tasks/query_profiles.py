"""The background's score for `search`, by what describes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from atmda.core.embeddings.identity import check_same, check_width
from atmda.core.embeddings.scanning import Rows
from atmda.core.encoders.base import Encoder
from atmda.core.methods.prompts import background_prompts
from atmda.core.search.nearest import Tell, means_by_source
from atmda.core.search.scoring import Profile, Query
from atmda.core.types import FloatArray
from atmda.datasets import load_folder
from atmda.errors import AtmdaError, StoreError
from atmda.settings.search import SearchSettings
from atmda.tasks.encoding import embedded, tell_problems
from atmda.tasks.observer import Observer
from atmda.tasks.one_length import brought_to_length
from atmda.tasks.stored import any_store

#: what decides whether embeddings of recordings go together; how long their windows are does not
AUDIO_FIELDS = ("encoder", "weights_sha256", "preprocessing")


@dataclass(frozen=True)
class Search:
    """What a search has at hand. `plain`: the query without adaptation. `reading`: how a pass is watched."""

    settings: SearchSettings
    observer: Observer
    encoder: Encoder
    rows: Rows
    plain: Query
    workers: int
    tell: Tell

    def scores(self, B: FloatArray) -> FloatArray:
        """b · q of background embeddings B (m, d), float32 (m,)."""
        return np.asarray(np.einsum("md,d->m", B, self.plain.vector))

    def one_for_all(self, B: FloatArray) -> Profile:
        """The mean over background embeddings B (m, d); a notice says what it can do."""
        found = float(self.scores(B).mean())
        lower = self.settings.amount * found
        self.observer.notice(
            f"note: one background for all lowers every score by {lower:.4f} and leaves their order as it is; "
            "`modality` audio with `bg` self sets each window against its own recording."
        )
        return Profile(found)


def _nothing(search: Search) -> None:
    return None


def _of_its_name(search: Search) -> Profile:
    return search.one_for_all(search.encoder.embed_text(background_prompts(str(search.settings.bg_type))))


def _of_recordings(search: Search) -> Profile:
    settings, observer = search.settings, search.observer
    folder = settings.workspace.input_folder(str(settings.bg_folder))
    data = load_folder(folder, settings.recursive, settings.ffmpeg)
    tell_problems(data, observer)
    pairs = embedded(search.encoder, data.clips, settings, observer, "Background")
    rows = [result.embedding for _, result in pairs if result.embedding is not None]
    if not rows:
        raise AtmdaError(f"`bg_folder` {folder}: not one of its recordings could be used.", setting="bg_folder")
    return search.one_for_all(np.stack(rows))


def _of_embeddings(search: Search) -> Profile:
    """Each clip's own background by its file name; the mean where none of them is known."""
    path, name = Path(str(search.settings.bg_embeddings)), str(search.settings.embeddings)
    found = any_store(path, search.observer)
    check_same(search.rows.identity, found.identity, name, str(path), AUDIO_FIELDS)
    check_width(search.rows.width, found.embeddings.shape[1], name, f"those in {path} have")
    found = brought_to_length(found, f"the backgrounds of {path}", search.plain.unit, search.observer)
    scores = search.scores(found.embeddings)
    names = [PurePosixPath(clip).name for clip in found.clips]
    return Profile(float(scores.mean()), "background", dict(zip(names, scores.tolist(), strict=True)), file_names=True)


def _of_itself(search: Search) -> Profile:
    """Of each recording the mean of its own windows. Raises StoreError where no window tells its recording."""
    with search.observer.progress("Backgrounds", len(search.rows.pieces)) as advance:
        means = means_by_source(search.rows, search.plain, search.workers, lambda piece, error: advance(1))
    if not means:
        raise StoreError(
            f"{search.settings.embeddings}: its clips do not say which recording they are of (column source).",
            "Leave `bg` self out.",
        )
    if all(count == 1 for _, count in means.values()):
        search.observer.warning("Each recording is one window alone, which is then its own background.")
    return Profile(None, "source", {source: mean for source, (mean, _) in means.items()})


#: what describes the background -> how it scores; None without adaptation
PROFILES: Mapping[str, Callable[[Search], Profile | None]] = {
    "nothing": _nothing,
    "name": _of_its_name,
    "recordings": _of_recordings,
    "embeddings": _of_embeddings,
    "self": _of_itself,
}
