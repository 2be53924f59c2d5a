"""What `infer` labels: recordings, embedded as they are read, or embeddings that were stored."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from atmda.core.audio import Recording
from atmda.core.clip import Clip
from atmda.core.embeddings.identity import TEXT_FIELDS, check_same, check_width
from atmda.core.encoders.base import Encoder
from atmda.core.fingerprint import Fingerprint
from atmda.core.types import FloatArray
from atmda.datasets import load_folder
from atmda.errors import SettingsError
from atmda.settings.infer import InferSettings
from atmda.tasks.encoding import embedded, made_by, open_encoder, tell_problems
from atmda.tasks.observer import Observer
from atmda.tasks.one_length import brought_to_length
from atmda.tasks.stored import any_store
from atmda.tasks.unfinished import Unfinished

Recordings: TypeAlias = Sequence[Recording]
#: name, embedding (d,), a note, whether it is silent; or None for the embedding, and for a note why the clip is skipped
EmbeddedClip: TypeAlias = tuple[str, "FloatArray | None", str, bool]


class Subject:
    """Clips to label. The encoder is loaded when it is first asked for: what needs none is then labelled without."""

    name: str

    def __init__(self, settings: InferSettings, observer: Observer) -> None:
        self.settings, self.observer = settings, observer

    @cached_property
    def encoder(self) -> Encoder:
        return open_encoder(self.settings, self.observer)

    @property
    def identity(self) -> dict[str, str]:
        """What made the embeddings."""
        return made_by(self.encoder, self.settings)

    @property
    def width(self) -> int:
        """d of the embeddings."""
        return self.encoder.dim

    def clips(self) -> Iterator[EmbeddedClip]:
        """Each clip in order, embedded."""
        raise NotImplementedError

    def meet(self, unit: bool | None) -> None:
        """Told, before `clips`, whether classes are made of unit vectors; what the encoder embeds goes with them."""

    def kept(self) -> AbstractContextManager[object]:
        """A block in which finished work is kept should it be interrupted, and let go of where it ends well."""
        return nullcontext()


class RecordedSubject(Subject):
    """Recordings in a folder, or in memory (`recordings`). Raises SettingsError, AtmdaError where there are none."""

    def __init__(self, settings: InferSettings, observer: Observer, recordings: Recordings | None) -> None:
        super().__init__(settings, observer)
        self._recordings = recordings
        self.name = settings.audio_folder or "the recordings given"
        self._clips = folder_clips(settings, observer) if recordings is None else numbered(recordings)
        self._unfinished: Unfinished | None = None
        observer.detail(f"{self.name}: {len(self._clips)} recordings to label.")

    def kept(self) -> AbstractContextManager[object]:
        if self._recordings is not None or self.settings.output in (None, "-"):
            return nullcontext()
        output, identity = Path(str(self.settings.output)), made_by(self.encoder, self.settings)
        self._unfinished = Unfinished(output, identity, self.encoder.dim, self.observer)
        return self._unfinished

    def clips(self) -> Iterator[EmbeddedClip]:
        there = {clip.name: self._unfinished.of(clip) for clip in self._clips} if self._unfinished else {}
        left = [clip for clip in self._clips if there.get(clip.name) is None]
        if len(left) < len(self._clips):
            done = len(self._clips) - len(left)
            self.observer.notice(f"Resuming: {done} of {len(self._clips)} recordings were embedded by an earlier run.")
        new = embedded(
            self.encoder, left, self.settings, self.observer, "Labelling", self._recordings, Fingerprint.glance
        )
        for clip in self._clips:
            if (known := there.get(clip.name)) is not None:
                yield clip.name, *known
                continue
            _, result = next(new)
            if self._unfinished is not None:
                self._unfinished.add(clip, result)
            if result.embedding is None:
                yield clip.name, None, result.error.reason if result.error else "", False
            else:
                yield clip.name, result.embedding, "; ".join(result.notes), result.silent
        deque(new, 0)  # to its end, where the progress is closed


class StoredEncoder(Subject):
    """Embeddings that are stored; an encoder that goes with them must be the one that made them."""

    @cached_property
    def encoder(self) -> Encoder:
        encoder = open_encoder(self.settings, self.observer, self.identity)
        check_same(encoder.identity, self.identity, f"`model` {encoder.name}", self.name, TEXT_FIELDS)
        check_width(encoder.dim, self.width, f"`model` {encoder.name}", f"those in {self.name} have")
        return encoder


class StoredSubject(StoredEncoder):
    """Embeddings of a store."""

    def __init__(self, settings: InferSettings, observer: Observer, recordings: Recordings | None) -> None:
        super().__init__(settings, observer)
        self.name = str(settings.embeddings)
        self._table = any_store(Path(self.name), observer)
        observer.detail(f"{self.name}: {len(self._table)} embeddings to label.")

    def meet(self, unit: bool | None) -> None:
        self._table = brought_to_length(self._table, f"the embeddings of {self.name}", bool(unit), self.observer)

    @property
    def identity(self) -> dict[str, str]:
        return self._table.identity

    @property
    def width(self) -> int:
        return int(self._table.embeddings.shape[1])

    def clips(self) -> Iterator[EmbeddedClip]:
        for name, embedding in zip(self._table.clips, self._table.embeddings, strict=True):
            silent = name in self._table.silent
            yield name, embedding, "no sound in what was embedded" if silent else "", silent


def numbered(recordings: Recordings) -> tuple[Clip, ...]:
    """A clip a recording in memory: files by their names, waveforms by their number."""
    paths = [Path(r) if isinstance(r, str | Path) else Path(f"recording-{i}") for i, r in enumerate(recordings)]
    names = [path.name for path in paths]
    return tuple(Clip(path, path.name if names.count(path.name) == 1 else path.as_posix()) for path in paths)


def folder_clips(settings: InferSettings, observer: Observer) -> tuple[Clip, ...]:
    """The recordings in `audio_folder`. Raises SettingsError where it is not given."""
    if settings.audio_folder is None:
        raise SettingsError("Give `audio_folder`, the recordings to label, or try `demo`.", setting="audio_folder")
    data = load_folder(settings.workspace.input_folder(settings.audio_folder), settings.recursive, settings.ffmpeg)
    tell_problems(data, observer)
    return tuple(data.clips)


SUBJECTS: Mapping[str, Callable[[InferSettings, Observer, Recordings | None], Subject]] = {
    "recordings": RecordedSubject,
    "embeddings": StoredSubject,
}
