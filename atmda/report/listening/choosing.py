"""Which windows are worth a look, kept while millions pass: the surest, the most doubtful, the most changed.

What is kept does not depend on the order in which the windows come.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TypeAlias

from atmda.core.detection.window import ScoredWindow

#: examples of one recording lie at least so many seconds apart
APART = 30.0
#: of one label at most so many, before others are left out for them
OF_ONE_LABEL = 3
#: how many more are held than shown, since some of them turn out to lie side by side
SPARE = 8

Key: TypeAlias = tuple[int, float, str, float]


@dataclass(frozen=True)
class Candidate:
    """A window and how good an example it is: the larger the better."""

    goodness: float
    label: int
    window: ScoredWindow

    @property
    def order(self) -> tuple[float, str, float]:
        return (-self.goodness, self.window.filename, self.window.start)


class Pool:
    """The best examples of one kind, `keep` of them in the end.

    Held is the best of each label and each `APART` seconds of a recording; of those the first three of every label
    come before any fourth.
    """

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._most = max(1, keep * SPARE)
        self._held: dict[tuple[str, int, int], Candidate] = {}
        self._of_label: dict[int, list[float]] = {}  # -goodness of what was held when it was last put in order
        self._last: tuple[int, float] | None = None  # tier and -goodness of the last that found room then

    def __len__(self) -> int:
        return len(self._held)

    def offer(self, goodness: float, label: int, window: ScoredWindow) -> None:
        """Take a window of class `label`, unless better ones leave it no room. Its arrays are copied."""
        if self._keep == 0 or self._has_no_room(goodness, label):
            return
        place = (window.filename, int(window.start // APART), label)
        held, new = self._held.get(place), Candidate(goodness, label, window)
        if held is not None and held.order <= new.order:
            return
        self._held[place] = replace(new, window=_copied(window))
        if len(self._held) > 2 * self._most:
            self._shorten()

    def chosen(self) -> list[ScoredWindow]:
        """The examples, best first, no two of one recording within `APART` seconds."""
        found: list[Candidate] = []
        for candidate in self._in_order():
            near = any(
                candidate.window.filename == other.window.filename
                and abs(candidate.window.start - other.window.start) < APART
                for other in found
            )
            if not near:
                found.append(candidate)
            if len(found) == self._keep:
                break
        return [candidate.window for candidate in sorted(found, key=lambda candidate: candidate.order)]

    def _has_no_room(self, goodness: float, label: int) -> bool:
        """Whether it would surely be dropped when the pool is put in order again."""
        if self._last is None:
            return False
        better = bisect_left(self._of_label.get(label, []), -goodness)
        return (better // OF_ONE_LABEL, -goodness) > self._last

    def _in_order(self) -> list[Candidate]:
        counts: dict[int, int] = {}
        keyed: list[tuple[Key, Candidate]] = []
        for candidate in sorted(self._held.values(), key=lambda candidate: (candidate.order, candidate.label)):
            rank = counts.get(candidate.label, 0)
            counts[candidate.label] = rank + 1
            keyed.append(((rank // OF_ONE_LABEL, *candidate.order), candidate))
        return [candidate for _, candidate in sorted(keyed, key=lambda pair: pair[0])]

    def _shorten(self) -> None:
        kept = self._in_order()[: self._most]
        self._held = {(c.window.filename, int(c.window.start // APART), c.label): c for c in kept}
        self._of_label = {}
        for candidate in kept:
            self._of_label.setdefault(candidate.label, []).append(-candidate.goodness)
        for goodnesses in self._of_label.values():
            goodnesses.sort()
        last = kept[-1]
        rank = len(self._of_label[last.label]) - 1
        self._last = (rank // OF_ONE_LABEL, -last.goodness)


def _copied(window: ScoredWindow) -> ScoredWindow:
    """The same with arrays of its own: a row would keep the scores of its whole recording in memory."""
    return replace(
        window,
        scores=window.scores.copy(),
        unadapted_scores=window.unadapted_scores.copy(),
        confidences=window.confidences.copy(),
        unadapted_confidences=window.unadapted_confidences.copy(),
        profile=None if window.profile is None else window.profile.copy(),
    )
