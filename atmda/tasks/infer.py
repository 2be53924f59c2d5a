"""Recordings, or embeddings of them, labelled by name and adapted to their background."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from atmda.core.audio import Recording
from atmda.core.clip import Clip
from atmda.core.embeddings.formats import read_embeddings
from atmda.core.embeddings.identity import TEXT_FIELDS, check_same
from atmda.core.encoders.base import Encoder
from atmda.core.methods.labeller import Labeller, Prediction
from atmda.core.types import FloatArray
from atmda.datasets import load_folder
from atmda.errors import AtmdaError, SettingsError
from atmda.report.result_file import ResultFile
from atmda.settings.infer import InferSettings
from atmda.tasks.classes import Classes, classes_of, given_labels, keep_classes, kept_classes
from atmda.tasks.demo import demo_settings
from atmda.tasks.encoding import embedded, open_encoder
from atmda.tasks.observer import Observer
from atmda.tasks.results import InferResult

Recordings: TypeAlias = Sequence[Recording]
#: name, embedding (d,) and a note; or None for the embedding, and why the clip is skipped
EmbeddedClip: TypeAlias = tuple[str, "FloatArray | None", str]


class NothingUsableError(AtmdaError):
    """Not one recording could be used; `skipped` has the reason of each."""

    def __init__(self, where: str, skipped: dict[str, str]) -> None:
        super().__init__(f"{where}: not one of its recordings could be used.")
        self.skipped = skipped


def infer(
    settings: InferSettings,
    observer: Observer | None = None,
    *,
    recordings: Recordings | None = None,
    background: Recordings | None = None,
) -> InferResult:
    """Label what the settings name; rows go to `settings.output`, where there is one.

    Args:
        observer: told of the encoder, of what is skipped, and of progress.
        recordings, background: in place of `audio_folder` and `bg_folder`: waveforms with their rates, or paths.

    Raises:
        SettingsError: settings that do not go together, before anything is loaded.
        AtmdaError: there is no recording, or not one that can be used.
    """
    observer = observer or Observer()
    settings.check()
    settings = demo_settings(settings) if settings.demo else settings
    workspace = settings.workspace
    file = ResultFile(settings.output, lambda: workspace.new_results("unfinished"), observer.warning)
    labels = given_labels(settings, observer)
    classes, labeller, clips = _prepared(settings, labels, observer, recordings, background)
    predictions: list[Prediction] = []
    skipped: dict[str, str] = {}
    with file:
        for name, embedding, note in clips:
            if embedding is None:
                skipped[name] = note
                continue
            predictions.append(labeller.label(name, embedding, note))
            file.add(predictions[-1].row())
        if not predictions:
            raise NothingUsableError(settings.audio_folder or str(settings.embeddings), skipped)
    temperature = None if labeller.profile is None else settings.temperature
    how = (classes.mode, settings.modality, temperature)
    return InferResult(classes.labels, predictions, skipped, labeller.profile, *how, settings.output)


def _prepared(
    settings: InferSettings,
    labels: tuple[str, ...],
    observer: Observer,
    recordings: Recordings | None,
    background: Recordings | None,
) -> tuple[Classes, Labeller, Iterator[EmbeddedClip]]:
    """The classes, what labels a clip, and the clips, embedded as they are asked for."""
    if settings.embeddings is not None:
        table = read_embeddings(settings.embeddings)
        encoder, identity, width = None, table.identity, table.embeddings.shape[1]
        if settings.prototypes is None or settings.modality != "none":
            encoder = open_encoder(settings, observer, identity)
            check_same(encoder.identity, identity, f"`model` {encoder.name}", str(settings.embeddings), TEXT_FIELDS)
        clips: Iterator[EmbeddedClip] = ((n, e, "") for n, e in zip(table.clips, table.embeddings, strict=True))
    else:
        found = _clips(settings, recordings)
        encoder = open_encoder(settings, observer)
        identity, width = encoder.identity, encoder.dim
        clips = _embedded_clips(encoder, found, settings, observer, recordings)
    if settings.prototypes is not None:
        classes = kept_classes(
            settings.prototypes, width, identity, str(settings.embeddings or f"`model` {settings.model}")
        )
    else:
        assert encoder is not None
        classes = classes_of(settings, labels, encoder, observer)
    if settings.save_prototypes is not None:
        keep_classes(settings.save_prototypes, classes, identity)
    profile = None if encoder is None else _profile(settings, classes, encoder, observer, background)
    labeller = Labeller(
        classes.labels, classes.scorer, classes.logit_scale, profile, settings.temperature, settings.top_k
    )
    return classes, labeller, clips


def _clips(settings: InferSettings, recordings: Recordings | None) -> tuple[Clip, ...]:
    if recordings is not None:
        return _numbered(recordings)
    if settings.audio_folder is None:
        raise SettingsError("Give `audio_folder`, the recordings to label, or try `demo`.", setting="audio_folder")
    return load_folder(settings.workspace.input_folder(settings.audio_folder), settings.recursive).clips


def _numbered(recordings: Recordings) -> tuple[Clip, ...]:
    """A clip a recording: files by their names, waveforms by their number."""
    paths = [Path(r) if isinstance(r, str | Path) else Path(f"recording-{i}") for i, r in enumerate(recordings)]
    names = [path.name for path in paths]
    return tuple(Clip(path, path.name if names.count(path.name) == 1 else path.as_posix()) for path in paths)


def _embedded_clips(
    encoder: Encoder,
    clips: tuple[Clip, ...],
    settings: InferSettings,
    observer: Observer,
    recordings: Recordings | None,
) -> Iterator[EmbeddedClip]:
    for clip, result in embedded(encoder, clips, settings, observer, "Labelling", recordings):
        if result.embedding is None:
            yield clip.name, None, result.error.reason if result.error else ""
        else:
            yield clip.name, result.embedding, "; ".join(result.notes)


def _profile(
    settings: InferSettings, classes: Classes, encoder: Encoder, observer: Observer, background: Recordings | None
) -> FloatArray | None:
    """The background's profile (c,), or None where no adaptation was asked for."""
    from atmda.core.methods.backgrounds import profiles
    from atmda.core.methods.prompts import background_prompts

    if settings.modality == "none":
        return None
    if settings.modality == "text":
        B = encoder.embed_text(background_prompts(str(settings.bg_type)))
        return np.asarray(profiles(classes.scorer, B).mean(axis=0))
    folder = settings.workspace.input_folder(str(settings.bg_folder))
    clips = load_folder(folder, settings.recursive).clips if background is None else _numbered(background)
    pairs = embedded(encoder, clips, settings, observer, "Background", background)
    rows = [result.embedding for _, result in pairs if result.embedding is not None]
    if not rows:
        raise AtmdaError(f"`bg_folder` {folder}: not one of its recordings could be used.", setting="bg_folder")
    return np.asarray(profiles(classes.scorer, np.stack(rows)).mean(axis=0))
