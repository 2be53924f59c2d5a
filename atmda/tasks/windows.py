"""What `infer` labels window by window: long recordings, embedded into a store first, or a store that is there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from atmda.core.fingerprint import Fingerprint
from atmda.core.locks import locked
from atmda.errors import SettingsError, StoreError
from atmda.settings.infer import InferSettings
from atmda.tasks.encoding import made_by
from atmda.tasks.nothing_usable import NothingUsableError
from atmda.tasks.observer import Observer
from atmda.tasks.one_length import RowsOfOneLength
from atmda.tasks.scored import ScoredRecording, scored_recordings
from atmda.tasks.subjects import Recordings, StoredEncoder, Subject, folder_clips, numbered

if TYPE_CHECKING:
    from atmda.core.embeddings.scanning import Rows
    from atmda.core.embeddings.store import EmbeddingStore
    from atmda.core.methods.base import Scorer


class WindowSubject(Subject):
    """Windows to label.

    Attributes:
        skipped: what could not be used, with the reason; complete once all was read.
    """

    skipped: Mapping[str, str]

    def paths(self) -> Mapping[str, Path]:
        """Where recordings lie, by name, as far as that is known."""
        return {}

    @contextmanager
    def rows(self) -> Iterator[Rows]:
        """The windows' embeddings on the disk, while the block runs."""
        raise NotImplementedError
        yield

    def recordings(self, rows: Rows, scorer: Scorer) -> Iterator[ScoredRecording]:
        """Each recording in order, its windows scored."""
        return scored_recordings(rows, scorer, list(self.paths()), self.observer)


class RecordedWindows(WindowSubject):
    """Recordings in a folder; their windows lie beside the output while the run is under way.

    Raises SettingsError, AtmdaError where there are none.
    """

    def __init__(self, settings: InferSettings, observer: Observer, recordings: Recordings | None) -> None:
        super().__init__(settings, observer)
        self.name = settings.audio_folder or "the recordings given"
        if recordings is not None and not all(isinstance(recording, str | Path) for recording in recordings):
            raise SettingsError("`window` needs recordings that are files.", setting="window")
        self._clips = folder_clips(settings, observer) if recordings is None else numbered(recordings)
        self.skipped: dict[str, str] = {}
        observer.detail(f"{self.name}: {len(self._clips)} recordings to label.")

    def paths(self) -> Mapping[str, Path]:
        return {clip.name: clip.path for clip in self._clips}

    @contextmanager
    def rows(self) -> Iterator[Rows]:
        from atmda.core.embeddings.scanning import open_rows
        from atmda.tasks.embed_windows import fill_windows

        cut = self.settings.cut
        assert cut is not None
        with _unfinished(self.settings.output) as folder:
            store = self._store(folder)
            take = Fingerprint.glance
            done = fill_windows(self.settings, cut, self._clips, store, self.encoder, self.observer, fingerprint=take)
            self.skipped = done.skipped
            if not done.clips:
                raise NothingUsableError(self.name, done.skipped)
            yield open_rows(folder)

    def _store(self, folder: Path) -> EmbeddingStore:
        """That of an earlier run with this output, or a new one."""
        from atmda.core.embeddings.store import EmbeddingStore, Manifest

        assert self.settings.cut is not None
        maker = Manifest(made_by(self.encoder, self.settings), self.encoder.dim, cut=self.settings.cut.identity)
        try:
            return EmbeddingStore.open(folder, maker)
        except StoreError as error:
            self.observer.warning(f"What an earlier run left is not used: {error}")
            for path in folder.glob("[!.]*"):
                path.unlink()
            return EmbeddingStore.open(folder, maker)


@contextmanager
def _unfinished(output: str | None) -> Iterator[Path]:
    """A folder beside `output` that a run which is stopped leaves, for the next one with this output to go on with."""
    if output in (None, "-"):
        with tempfile.TemporaryDirectory(prefix="atmda-", ignore_cleanup_errors=True) as name:
            yield Path(name)
        return
    place = Path(str(output))
    folder = place.with_name(f".unfinished_{place.name}")
    with locked(folder):
        try:
            yield folder
        except BaseException:
            if not any(folder.glob("*.parquet")):
                shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)


class StoredWindows(StoredEncoder, WindowSubject):
    """A store of windows; an encoder that goes with it must be the one that made it."""

    def __init__(self, settings: InferSettings, observer: Observer, recordings: Recordings | None) -> None:
        WindowSubject.__init__(self, settings, observer)
        self.name = str(settings.embeddings)
        self.skipped = {}
        from atmda.core.embeddings.contents import cut_of

        path = Path(self.name)
        there = cut_of(path)
        if settings.cut is not None and there and there != settings.cut.identity:
            words = ", ".join(f"{name} {value}" for name, value in there.items())
            raise SettingsError(f"`window`: {path} holds windows of another kind ({words}).", "Leave `window` out.")

    @cached_property
    def _rows(self) -> Rows:
        from atmda.core.embeddings.scanning import open_rows

        found = open_rows(Path(self.name))
        for sentence in found.notes:
            self.observer.notice(f"note: {self.name}: {sentence}")
        for problem in found.problems:
            self.observer.warning(f"{self.name}: {problem}; what is there is used.")
        return found

    @property
    def identity(self) -> dict[str, str]:
        return self._rows.identity

    @property
    def width(self) -> int:
        return self._rows.width

    def meet(self, unit: bool | None) -> None:
        if unit:
            self._rows = RowsOfOneLength(self._rows, f"the embeddings of {self.name}", self.observer)

    @contextmanager
    def rows(self) -> Iterator[Rows]:
        yield self._rows


WINDOWS: Mapping[str, Callable[[InferSettings, Observer, Recordings | None], WindowSubject]] = {
    "recordings": RecordedWindows,
    "embeddings": StoredWindows,
}
