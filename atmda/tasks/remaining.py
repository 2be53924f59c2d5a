"""Which clips a store still lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atmda.core.chosen import Chosen
from atmda.core.clip import Clip
from atmda.core.embeddings.schema import is_stale
from atmda.core.embeddings.store import EmbeddingStore
from atmda.core.remote import look_again
from atmda.core.types import IntArray
from atmda.tasks.observer import Observer

_NEW, _DONE, _CHANGED = 0, 1, 2


@dataclass(frozen=True)
class Remaining:
    """What is left of the clips of a run.

    Attributes:
        clips: all of them. rows: the places of those that are to be embedded, int (n,).
        untried: how many of these nobody has tried yet as they are.
        done: how many have an embedding. changed: how many had one, and are to be embedded again.
        reasons: for which clips of the run were skipped by an earlier one.
    """

    clips: Sequence[Clip]
    rows: IntArray
    untried: int
    done: int
    changed: int
    reasons: dict[str, str]

    @property
    def left(self) -> Sequence[Clip]:
        """Those that are to be embedded."""
        return self.clips if len(self.rows) == len(self.clips) else Chosen(self.clips, self.rows)


def remaining(clips: Sequence[Clip], store: EmbeddingStore, observer: Observer) -> Remaining:
    """Look at what `store` has of `clips`; those that have changed are taken out of it.

    Once all were tried those that were skipped are left, for they may have been mended.
    """
    look_again()
    state = np.zeros(len(clips), np.uint8)
    reasons: dict[str, str] = {}
    places: dict[str, int] = {}
    for shard in store.each_shard():
        places = places or {clip.name: place for place, clip in enumerate(clips)}
        reasons |= {clip: reason for clip, reason in shard.skipped.items() if clip in places}
        for row in shard.table.to_pylist():
            place = places.get(row["clip"])
            if place is not None:
                state[place] = _CHANGED if is_stale(clips[place], row) else _DONE
    changed = {clips[place].name for place in np.flatnonzero(state == _CHANGED).tolist()}
    if changed:
        observer.notice(f"{len(changed)} clips have changed since they were embedded, and are done again.")
        store.forget(changed)
    reasons = {clip: reason for clip, reason in reasons.items() if state[places[clip]] == _NEW}
    skipped = np.zeros(len(clips), bool)
    skipped[[places[clip] for clip in reasons]] = True
    rows = np.flatnonzero((state != _DONE) & ~skipped)
    if len(rows) and (state.any() or reasons):
        observer.notice(f"Resuming {store.folder}: {len(clips) - len(rows)} of {len(clips)} clips are done.")
    untried = len(rows)
    if not untried:
        rows = np.flatnonzero(skipped)
    return Remaining(clips, rows, untried, int((state == _DONE).sum()), len(changed), reasons)
