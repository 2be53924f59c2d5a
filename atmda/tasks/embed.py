"""A data set or a folder becomes a store of embeddings."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from atmda.core.clip import Clip
from atmda.core.embeddings.formats import write_npz, write_original
from atmda.core.embeddings.store import EmbeddingStore, Manifest, check_is_store, read_store
from atmda.core.fingerprint import Fingerprint
from atmda.core.locks import locked
from atmda.datasets import Dataset, load_dataset, load_folder
from atmda.datasets.labelled_folder import labels_from_folders, load_annotated
from atmda.datasets.listed import load_listed
from atmda.datasets.window_labels import load_with_truth
from atmda.errors import StoreError
from atmda.settings.embed import EmbedSettings
from atmda.tasks.embed_windows import fill_windows
from atmda.tasks.encoding import embedded, open_encoder, tell_problems
from atmda.tasks.engine import Engine
from atmda.tasks.filling import Filling, trying
from atmda.tasks.observer import Observer
from atmda.tasks.remaining import remaining
from atmda.tasks.results import EmbedResult
from atmda.workspace import partial

if TYPE_CHECKING:
    from atmda.core.encoders.base import Encoder

SHARD_CLIPS = 512  # what a killed run loses at most


def embed(settings: EmbedSettings, observer: Observer | None = None) -> EmbedResult:
    """Embed what the settings name into `settings.output`, or go on with what is there.

    Raises:
        SettingsError: settings that do not go together, before anything is loaded.
        AtmdaError: there is no such data set or folder, or a folder that is something else or was made otherwise.
    """
    observer = observer or Observer()
    settings.check()
    data = CLIPS[settings.clips_from](settings)
    tell_problems(data, observer)
    observer.detail(f"{data.name}: {len(data.clips)} clips, {len(data.labels)} classes, {len(data.folds)} folds.")
    ending = "" if settings.format == "parquet" else f".{settings.format}"
    output = settings.output or settings.workspace.new_embeddings(settings.source_name, ending)
    observer.writes_to(output)
    return WRITERS[settings.format](settings, data, output, observer)


def _one_file(settings: EmbedSettings, data: Dataset, output: Path, observer: Observer) -> EmbedResult:
    """A single file is made of a store beside it, so that it resumes as a store does."""
    output = output if output.suffix == f".{settings.format}" else output.with_name(f"{output.name}.{settings.format}")
    if output.exists() and not settings.force:
        raise StoreError(f"{output}: it exists already.", "Choose another `output`; `force` replaces what is there.")
    folder = partial(output)
    done = _fill(settings, data, folder, observer)
    write = write_npz if settings.format == "npz" else write_original
    write(read_store(folder), output)
    shutil.rmtree(folder)
    return EmbedResult(output, settings.format, done.clips, done.skipped, done.changed)


def _fill(settings: EmbedSettings, data: Dataset, folder: Path, observer: Observer) -> EmbedResult:
    """Embed what the store in `folder` lacks."""
    check_is_store(folder)
    part = "" if settings.shard is None else "{}-of-{}".format(*settings.shard)
    with locked(folder, part), ENGINES[settings.engine](settings, observer) as engine:
        made_by = {**engine.identity, **settings.reading.identity}
        manifest = Manifest(made_by, engine.dim, data.name, data.labels, engine.logit_scale)
        if settings.cut is not None:
            manifest = replace(manifest, cut=settings.cut.identity)
        part = "-".join(filter(None, ("part", part)))
        store = EmbeddingStore.open(folder, manifest, part=part, force=settings.force)
        for sentence in store.told:
            observer.notice(f"note: {folder}: {sentence}")
        return engine.fill(data, store)


@contextmanager
def _threads(settings: EmbedSettings, observer: Observer) -> Iterator[Engine]:
    """This process, a thread a core."""
    encoder = open_encoder(settings, observer)

    def fill(data: Dataset, store: EmbeddingStore) -> EmbedResult:
        if settings.cut is None:
            return fill_clips(settings, data.clips, store, encoder, observer)
        return fill_windows(
            settings, settings.cut, data.clips, store, encoder, observer, shard=settings.shard, truth=data.truth
        )

    yield Engine(encoder.identity, encoder.dim, encoder.logit_scale, fill)


@contextmanager
def _ray(settings: EmbedSettings, observer: Observer) -> Iterator[Engine]:
    """Ray's workers, on this machine or on many."""
    from atmda.tasks.embed_ray import ray_engine

    with ray_engine(settings, observer) as engine:
        yield engine


def fill_clips(
    settings: EmbedSettings, clips: Sequence[Clip], store: EmbeddingStore, encoder: Encoder, observer: Observer
) -> EmbedResult:
    """Embed those of `clips` that `store` lacks."""
    clips = settings.share_of(clips)
    plan = remaining(clips, store, observer)
    filling = Filling(store, plan.reasons, SHARD_CLIPS)
    with trying(store, len(clips), plan.untried):
        try:
            results = embedded(encoder, plan.left, settings, observer, "Embedding", fingerprint=Fingerprint.of)
            for clip, result in results:
                filling.add(clip, result)
        finally:
            filling.publish()  # also when interrupted: what was finished is kept
    return EmbedResult(store.folder, "parquet", plan.done + filling.rows, filling.reasons, plan.changed)


#: where clips and what is known of them come from
CLIPS: Mapping[str, Callable[[EmbedSettings], Dataset]] = {
    "dataset": lambda settings: load_dataset(str(settings.dataset), settings.data_dir, settings.path),
    "annotations": lambda settings: (load_annotated if settings.cut is None else load_with_truth)(
        str(settings.audio_folder), Path(str(settings.annotations)), settings.recursive, settings.ffmpeg
    ),
    "folders": lambda settings: labels_from_folders(str(settings.audio_folder), foreign=settings.ffmpeg),
    "files": lambda settings: load_listed(Path(str(settings.files))),
    "folder": lambda settings: load_folder(str(settings.audio_folder), settings.recursive, settings.ffmpeg),
}
#: who embeds them
ENGINES: Mapping[str, Callable[[EmbedSettings, Observer], AbstractContextManager[Engine]]] = {
    "threads": _threads,
    "ray": _ray,
}
#: what becomes of them
WRITERS: Mapping[str, Callable[[EmbedSettings, Dataset, Path, Observer], EmbedResult]] = {
    "parquet": _fill,
    "npz": _one_file,
    "pt": _one_file,
}
