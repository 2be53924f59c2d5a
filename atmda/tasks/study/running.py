"""Artifacts made one after the other: what is there is kept, and one that cannot be made does not stop the others."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from atmda.core.files import remove_leftovers
from atmda.core.locks import FolderInUseError, locked
from atmda.errors import AtmdaError
from atmda.tasks.observer import Advance, Observer
from atmda.tasks.study.artifacts import Artifact, Made, Workshop
from atmda.tasks.study.parts import Embeddings, Soundscapes
from atmda.tasks.study.scores import Scores, make_together

WAIT_SECONDS = 1.0  # between looks at what another job is making


class Told(Observer):
    """Passes on what the task of one artifact says: notices to who wants to follow, each warning once a study."""

    def __init__(self, observer: Observer, said: set[str], title: str, place: str) -> None:
        self._observer, self._said, self._title, self._place = observer, said, title, place
        self.done = 0

    def notice(self, message: str) -> None:
        self._observer.detail(message)

    def detail(self, message: str) -> None:
        self._observer.detail(message)

    def warning(self, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            self._observer.warning(f"{self._title}: {message}")

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Advance]:
        with self._observer.progress(f"{self._place}, {self._title}: {what}", total) as advance:

            def count(done: int) -> None:
                self.done += done
                advance(done)

            yield count


class Run:
    """One run of a study.

    Attributes:
        made: artifacts that were made. failed: artifacts that could not be made, with the reason.
    """

    def __init__(self, workshop: Workshop, observer: Observer) -> None:
        self.workshop, self.observer = workshop, observer
        self.made: list[Artifact] = []
        self.failed: dict[str, tuple[Artifact, str]] = {}
        self._said: set[str] = set()
        self._place = ""

    def missing(self, wanted: Sequence[Scores], *, in_vain: bool = False) -> list[Artifact]:
        """What is to be made for `wanted`, each before what needs it; what only finished ones need is not.

        `in_vain`: what is needed by something that cannot be made for another reason is named too.
        """
        found: dict[str, Artifact] = {}
        for scores in wanted:
            self._add(scores, found, in_vain)
        return list(found.values())

    def _add(self, artifact: Artifact, found: dict[str, Artifact], in_vain: bool) -> None:
        if artifact.key in found or self.workshop.is_done(artifact):
            return
        for need in artifact.needs if in_vain or not artifact.reason else ():
            self._add(need, found, in_vain)
        found[artifact.key] = artifact

    def make(self, wanted: Sequence[Scores], most: int | None) -> None:
        """Make what `wanted` lacks, at most `most` of it."""
        left = self.missing(wanted)
        total, waiting = len(left), False
        while left:
            progressed = False
            for artifact in list(left):
                if artifact not in left:  # made together with one before it
                    continue
                if reason := self._hindered(artifact):
                    self._fail(artifact, reason)
                    left.remove(artifact)
                    progressed = True
                    continue
                if not all(map(self.workshop.is_done, artifact.needs)):
                    continue
                if most is not None and len(self.made) >= most:
                    return
                batch = self._batch(artifact, left, most)
                self._place = f"{total - len(left) + 1} of {total}"
                self.observer.detail(f"{self._place}: {artifact.kind}, {artifact.title}")
                if self._try(batch):
                    left = [other for other in left if other not in batch]
                    self._discard(batch, left)
                    progressed = True
            if left and not progressed:
                if not waiting:
                    self.observer.notice(f"Waiting for another job that makes {left[0].title}.")
                waiting = True
                time.sleep(WAIT_SECONDS)

    def _hindered(self, artifact: Artifact) -> str:
        """Why an artifact cannot be made: by itself, or for want of another."""
        failed = next((self.failed[need.key] for need in artifact.needs if need.key in self.failed), None)
        return failed[1] if failed else artifact.reason

    def _batch(self, artifact: Artifact, left: Sequence[Artifact], most: int | None) -> list[Artifact]:
        """Those that are made in one go with `artifact`, which is among them."""
        if not isinstance(artifact, Scores):
            return [artifact]
        same = [o for o in left if isinstance(o, Scores) and o.together == artifact.together]
        return list(same if most is None else same[: most - len(self.made)])

    def _try(self, batch: list[Artifact]) -> bool:
        """Whether `batch` was made, or found to be impossible; False where another job is at it."""
        try:
            self._locked(batch, lambda: self._made(batch))
        except FolderInUseError:
            return False
        except (AtmdaError, OSError) as error:
            if len(batch) > 1:  # one of them may be the only one to blame
                tried = [self._try([artifact]) for artifact in batch]
                return all(tried)
            self._fail(batch[0], _sentence(error))
        return True

    def _locked(self, batch: Sequence[Artifact], work: Callable[[], None]) -> None:
        if not batch:
            return work()
        with locked(self.workshop.folder(batch[0])):
            return self._locked(batch[1:], work)

    def _made(self, batch: Sequence[Artifact]) -> None:
        wanted = [artifact for artifact in batch if not self.workshop.is_done(artifact)]  # by another job meanwhile
        if not wanted:
            return
        for artifact in wanted:
            remove_leftovers(self.workshop.folder(artifact))
        told = Told(self.observer, self._said, wanted[0].title, self._place)
        started = time.monotonic()
        scores = [artifact for artifact in wanted if isinstance(artifact, Scores)]
        made = make_together(scores, self.workshop, told) if scores else wanted[0].make(self.workshop, told)
        if isinstance(wanted[0], Embeddings):
            made = Made(told.done, made.skipped)
        for artifact in wanted:
            self.workshop.note(artifact, made, (time.monotonic() - started) / len(wanted))
            self.made.append(artifact)

    def _fail(self, artifact: Artifact, reason: str) -> None:
        self.failed[artifact.key] = (artifact, reason)
        if reason not in self._said:
            self._said.add(reason)
            self.observer.warning(f"{artifact.title} cannot be made: {reason}")

    def _discard(self, made: Sequence[Artifact], left: Sequence[Artifact]) -> None:
        """Remove soundscapes that nothing needs any more, where that is asked for."""
        if not self.workshop.settings.discard_soundscapes:
            return
        for need in (need for artifact in made if isinstance(artifact, Embeddings) for need in artifact.needs):
            used = any(need in other.needs for other in left)
            if isinstance(need, Soundscapes) and not used and need.key not in self.failed:
                discard(self.workshop.folder(need))


def discard(folder: Path) -> None:
    """Remove an artifact; the note that it is whole goes first."""
    from atmda.tasks.study.artifacts import DONE

    (folder / DONE).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _sentence(error: AtmdaError | OSError) -> str:
    if isinstance(error, AtmdaError):
        return str(error)
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}."
