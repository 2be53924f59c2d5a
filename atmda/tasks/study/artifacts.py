"""What a study makes and keeps: each artifact in a folder that is named by the hash of what decides it.

So what is there is never made again, by this study or by another that has it in common, and a run that was killed goes
on with the artifact it was at. `done.json`, the last file that is written, tells that an artifact is whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from atmda import __version__
from atmda.core.files import publish
from atmda.core.untrusted import parsed_object
from atmda.errors import StoreError
from atmda.settings.study import StudySettings
from atmda.tasks.observer import Observer

DONE = "done.json"
FORMAT = 1


@dataclass(frozen=True)
class Made:
    """What came of making an artifact. items: made now, of all there are. skipped: with the reason of each."""

    items: int
    skipped: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Artifact:
    """One thing that a study needs.

    Attributes:
        title: what people call it.
        made_of: all that decides its content, as plain values; the same on any machine.
        needs: what must be there first.
        items: soundscapes, clips or scored clips in it, as far as is known before.
        blocked: why it cannot be made; "" where nothing is known against it.
    """

    kind: ClassVar[str]

    title: str
    made_of: Mapping[str, Any]
    needs: tuple[Artifact, ...] = ()
    items: int = 0
    blocked: str = ""

    @cached_property
    def key(self) -> str:
        """The hash of what decides its content, those of what it needs among it."""
        whole = {"kind": self.kind, "format": FORMAT, "of": self.made_of, "needs": [need.key for need in self.needs]}
        return sha256(canonical(whole).encode()).hexdigest()[:20]

    @property
    def folder_name(self) -> str:
        return f"{self.kind}-{self.key}"

    @property
    def reason(self) -> str:
        """Why it, or something that it needs, cannot be made; "" where nothing is known against it."""
        return self.blocked or next((need.reason for need in self.needs if need.reason), "")

    def make(self, workshop: Workshop, observer: Observer) -> Made:
        """Make it in its folder, or go on with what is there. Raises AtmdaError."""
        raise NotImplementedError

    def below(self) -> Iterator[Artifact]:
        """What it needs, each before what needs it, and itself at last."""
        for need in self.needs:
            yield from need.below()
        yield self


@dataclass(frozen=True)
class Workshop:
    """Where artifacts lie, and how they are made."""

    root: Path
    settings: StudySettings

    def folder(self, artifact: Artifact) -> Path:
        return self.root / artifact.folder_name

    def is_done(self, artifact: Artifact) -> bool:
        """Whether it is there, whole."""
        return (self.folder(artifact) / DONE).is_file()

    def record(self, artifact: Artifact) -> dict[str, Any]:
        """What was noted when it was made. Raises StoreError where the note is damaged."""
        path = self.folder(artifact) / DONE
        try:
            return parsed_object(path.read_bytes(), str(path))
        except OSError as error:
            raise StoreError(f"{path} cannot be read ({error.strerror}).") from error

    def note(self, artifact: Artifact, made: Made, seconds: float) -> None:
        """Note that it is whole."""
        folder = self.folder(artifact)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        content = {
            "kind": artifact.kind,
            "title": artifact.title,
            "made_of": artifact.made_of,
            "needs": [need.folder_name for need in artifact.needs],
            "items": artifact.items,
            "made": made.items,
            "skipped": dict(made.skipped),
            "seconds": round(seconds, 3),
            "bytes": size,
            "atmda": __version__,
        }
        write_json(folder / DONE, content)


def canonical(content: Any) -> str:
    """JSON in the one spelling that a hash is taken of."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def write_json(path: Path, content: Any) -> None:
    """Publish a JSON document. Raises OSError."""
    with publish(path) as temporary:
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
        temporary.write_text(f"{text}\n", "utf-8")
