"""Embeddings on their way into a store, shard by shard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from atmda.core.clip import Clip
from atmda.core.embeddings.engine import Embedded
from atmda.core.embeddings.schema import Seen
from atmda.core.embeddings.store import EmbeddingStore
from atmda.core.files import unwritable
from atmda.core.interruption import uninterrupted
from atmda.core.types import FloatArray


@contextmanager
def trying(store: EmbeddingStore, clips: int, untried: int) -> Iterator[None]:
    """While the block runs, the store counts as unfinished: it is to hold `clips`, of which some are `untried`.

    A store that another set of jobs has made whole stays that where there are none.
    """
    if not untried and store.complete:
        yield
        return
    store.expect(clips)
    yield
    store.finish()


class Filling:
    """The store being filled, shard by shard.

    Attributes:
        reasons: for which clips were skipped, without those that were added since. rows: how many were added.
    """

    def __init__(self, store: EmbeddingStore, reasons: dict[str, str], size: int | None) -> None:
        """`size`: clips a shard, which is what a killed run loses at most; None where the caller publishes."""
        self._store, self.reasons, self._size, self.rows = store, reasons, size, 0
        self._rows: list[tuple[Clip, FloatArray]] = []
        self._skipped: dict[str, str] = {}
        self._seen: dict[str, Seen] = {}

    def add(self, clip: Clip, result: Embedded) -> None:
        """A clip, with its embedding or the error for which it has none."""
        if result.embedding is None:
            self.skip(clip.name, result.error.reason if result.error else "")
        else:
            self._rows.append((clip, result.embedding))
            self._seen[clip.name] = Seen.in_result(result)
            self._publish_full()

    def skip(self, name: str, reason: str) -> None:
        """What could not be used, and why."""
        self._skipped[name] = reason
        self._publish_full()

    def _publish_full(self) -> None:
        if self._size and len(self._rows) + len(self._skipped) >= self._size:
            self.publish()

    def publish(self) -> None:
        """Write what came since the last shard, whole: a signal meanwhile waits until it is noted, too."""
        news = {clip for clip, reason in self._skipped.items() if self.reasons.get(clip) != reason}
        if not self._rows and not news:
            return  # they are tried again, and are as they were
        with uninterrupted():
            try:
                self._store.append(self._rows, self._skipped, self._seen)
            except OSError as error:
                hint = "What is there stays; make room and run the same command with this `output` to go on."
                raise unwritable(self._store.folder, error, hint) from error
            self.rows += len(self._rows)
            self.reasons |= self._skipped
            for clip, _ in self._rows:
                self.reasons.pop(clip.name, None)
            self._rows, self._skipped, self._seen = [], {}, {}
