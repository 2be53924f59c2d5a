"""What a store holds and what made it: one JSON file beside the shards, and enough in each shard to restore it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import NonNegativeInt, PositiveInt, TypeAdapter, ValidationError

from atmda.core.files import publish
from atmda.core.untrusted import identity_of, logit_scale_of, parsed_object
from atmda.errors import StoreError

MANIFEST = "_manifest.json"  # readers of Parquet folders pass over names that begin with an underscore
FORMAT = 2


class NewerFormatError(StoreError):
    """A newer atmda wrote it: it is refused, and left alone whatever is asked for."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: a newer atmda wrote this store.", "Update atmda.")


@dataclass(frozen=True)
class Shard:
    """One file of a store. rows: clips with an embedding. sha256: of the file, in hexadecimal."""

    rows: NonNegativeInt
    sha256: str


@dataclass(frozen=True)
class Part:
    """One job's share of a store. clips: how many it is to hold. complete: whether all of them were tried."""

    clips: NonNegativeInt
    complete: bool = False


def is_shared(part: str) -> bool:
    """Whether a part is one of several: part-2-of-8."""
    return jobs_of(part) > 0


def jobs_of(part: str) -> int:
    """Of how many jobs a part is one: 8 of part-2-of-8; 0 where it is alone."""
    number = part.rpartition("-of-")[2]
    return int(number) if "-of-" in part and number.isdecimal() else 0


@dataclass(frozen=True)
class Manifest:
    """What made a store: the encoder's identity, the data set's name and classes in class-id order, the width.

    Attributes:
        logit_scale: the encoder's, None where it is not told (stores of the first edition).
        shards: what the store holds, by file name; None where that is not told (stores of format 1).
        parts: the jobs that fill it, by the beginning of their shards' names.
        obsolete: files that others have taken the place of, and that may be there still after a kill.
        cut: how recordings were cut into windows (`core.audio.cut`), {} where they were not.
    """

    identity: dict[str, str]
    dim: PositiveInt
    dataset: str = ""
    classes: tuple[str, ...] = ()
    logit_scale: float | None = None
    shards: dict[str, Shard] | None = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    obsolete: tuple[str, ...] = ()
    cut: dict[str, str] = field(default_factory=dict)

    def differences(self, other: Manifest) -> list[str]:
        """The fields in which what made two stores differs, as `name: ours, not theirs`."""
        mine, theirs = self._flat(), other._flat()
        return [
            f"{key} is {mine.get(key, 'not told')}, not {theirs.get(key, 'told')}"
            for key in sorted(mine.keys() | theirs.keys())
            if mine.get(key) != theirs.get(key)
        ]

    def _flat(self) -> dict[str, str]:
        made = {**self.identity, **self.cut, "dim": str(self.dim), "dataset": self.dataset}
        return made | {"classes": ", ".join(self.classes)}

    @property
    def complete(self) -> bool:
        """Whether every clip was tried: by one job alone, or by all N of a set; True where that is not told."""
        return not self.parts or any(_whole(jobs, parts) for jobs, parts in self._sets().items())

    @property
    def wanted(self) -> int:
        """How many clips it is to hold, as far as is told."""
        return max((sum(part.clips for part in parts) for parts in self._sets().values()), default=0)

    def with_part(self, name: str, part: Part) -> Manifest:
        """With this part, and of the others those that share the store with it, of any number of jobs.

        A job that begins takes the place of sets that were whole without it: whether all is done, it is to say now.
        """
        whole = {jobs for jobs, parts in self._sets().items() if jobs != jobs_of(name) and _whole(jobs, parts)}
        gone = whole if not part.complete else set()
        others = {key: other for key, other in self.parts.items() if is_shared(name) and jobs_of(key) not in {0} | gone}
        return replace(self, parts=others | {name: part})

    def _sets(self) -> dict[int, list[Part]]:
        """The parts, by the number of jobs in their set."""
        sets: dict[int, list[Part]] = {}
        for name, part in self.parts.items():
            sets.setdefault(jobs_of(name), []).append(part)
        return sets

    def about(self) -> dict[str, Any]:
        """What made the store, as plain values: the part that every shard carries too."""
        about = {"format": FORMAT, "identity": self.identity, "dim": self.dim, "dataset": self.dataset}
        about |= {"classes": list(self.classes), "logit_scale": self.logit_scale}
        return about | ({"cut": self.cut} if self.cut else {})

    def publish(self, folder: Path) -> None:
        """Write it into `folder`. Raises OSError."""
        content = self.about() | {"obsolete": list(self.obsolete)}
        content["shards"] = {name: vars(shard) for name, shard in sorted((self.shards or {}).items())}
        content["parts"] = {name: vars(part) for name, part in sorted(self.parts.items())}
        with publish(folder / MANIFEST) as path:
            path.write_text(json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")


def _whole(jobs: int, parts: list[Part]) -> bool:
    """Whether a set has all its parts, and every clip of them was tried."""
    return len(parts) >= jobs and all(part.complete for part in parts)


@cache
def _validator() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)  # built when it is first needed: it takes a moment


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a store; None where there is none. Raises StoreError where it is damaged or of a newer atmda."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: it cannot be read ({error.strerror}).") from error
    try:
        return manifest_of(parse_object(content), path)
    except ValueError as error:
        raise StoreError(
            f"{path}: it is damaged ({error}).", "Delete it: what it says stands in the shards too."
        ) from error


def parse_object(content: str | bytes) -> dict[str, Any]:
    """A JSON object of any kind. Raises ValueError."""
    try:
        return parsed_object(content, "it")
    except StoreError as error:
        raise ValueError(error.message.rstrip(".")) from None


def manifest_of(content: Mapping[str, Any], path: Path) -> Manifest:
    """A manifest from plain values, which stand in the file `path`.

    Whatever they are, ValueError says what is wrong with them: they are data that anyone may have written. Raises
    NewerFormatError for one of a format that is not known yet.
    """
    plain = dict(content)
    form = plain.pop("format", 1)
    if not isinstance(form, int) or form < 1:
        raise ValueError(f"its format is {form!r}")
    if form > FORMAT:
        raise NewerFormatError(path)
    try:
        found = _validator().validate_python(plain)
        identity_of(found.identity)
        if found.logit_scale is not None:
            logit_scale_of(found.logit_scale)
    except StoreError as error:
        raise ValueError(error.message.rstrip(".")) from None
    except ValidationError as error:
        raise ValueError(_first(error)) from None
    if any("/" in name or "\\" in name for name in (*(found.shards or ()), *found.obsolete)):
        raise ValueError("it names files that are not in its folder")
    return found if "shards" in plain else replace(found, shards=None)


def _first(error: ValidationError) -> str:
    """The first thing that is wrong."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])
