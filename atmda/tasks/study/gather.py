"""The scores that are there become the cells of a study; what made them is told with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from atmda.core.untrusted import parsed_object
from atmda.errors import AtmdaError, StoreError
from atmda.tasks.study.artifacts import Artifact, Workshop, canonical
from atmda.tasks.study.result import ABOUT, Cell
from atmda.tasks.study.scores import CELLS, DOCUMENT, Scores

TOLD = ("templates", "bg_prompts", "top_n", "logit_scale", "cv", "seed", "methods", "made_unit", "classes", "clips")


class Gathered:
    """What the finished scores of a study say.

    Attributes:
        cells: in the order of the study.
        artifacts: by folder name: kind, title, what decides it, what it needs, what was skipped.
        prompts: the sentences of the classes, by class, under the name by which artifacts refer to them.
        encoders: identities by title.
        unreadable: scores that were damaged, by title, with what is wrong.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self.cells: list[Cell] = []
        self.artifacts: dict[str, dict[str, Any]] = {}
        self.prompts: dict[str, Any] = {}
        self.encoders: dict[str, dict[str, str]] = {}
        self.unreadable: dict[str, str] = {}

    def add(self, wanted: Iterable[Scores]) -> None:
        """Read those of `wanted` that are there."""
        for scores in wanted:
            if self._workshop.is_done(scores):
                try:
                    self._read(scores)
                except (StoreError, KeyError, TypeError) as error:
                    place = self._workshop.folder(scores)
                    self.unreadable[scores.title] = f"{place} was damaged ({error}). Remove it; it is made again."

    def skipped(self) -> int:
        """How many recordings were left out on the way."""
        return sum(len(artifact.get("skipped", ())) for artifact in self.artifacts.values())

    def _read(self, scores: Scores) -> None:
        folder = self._workshop.folder(scores)
        try:
            document = parsed_object((folder / DOCUMENT).read_bytes(), DOCUMENT)
        except OSError as error:
            raise StoreError(f"{DOCUMENT} cannot be read: {error.strerror}") from error
        about = {name: scores.about.get(name) for name in ABOUT}
        self.encoders.setdefault(str(about["encoder"]), document["identity"])
        for number, content in enumerate(document["results"]):
            self.cells.append(Cell(about, content, scores.folder_name, folder / CELLS, number))
        told = {name: document[name] for name in TOLD if name in document}
        told["prompts"] = self._named(document.get("prompts") or {})
        for artifact in scores.below():
            self.artifacts.setdefault(artifact.folder_name, self._about(artifact))
        self.artifacts[scores.folder_name] |= told

    def _about(self, artifact: Artifact) -> dict[str, Any]:
        needs = [need.folder_name for need in artifact.needs]
        own = {"kind": artifact.kind, "title": artifact.title, "made_of": artifact.made_of, "needs": needs}
        try:
            record = self._workshop.record(artifact)
        except AtmdaError:
            return own  # it was discarded, and is not needed any more
        return own | {"items": record.get("items"), "skipped": record.get("skipped", {})}

    def _named(self, prompts: dict[str, Any]) -> str | None:
        """The name under which sentences are kept once, however many results they made."""
        if not prompts:
            return None
        name = sha256(canonical(prompts).encode()).hexdigest()[:12]
        self.prompts[name] = prompts
        return name


def unfinished(workshop: Workshop, wanted: Sequence[Scores]) -> list[str]:
    """Titles of the scores that are still to be made."""
    return [scores.title for scores in wanted if not workshop.is_done(scores)]
