"""What can be fetched: files on servers, grouped into the parts of a data set or a checkpoint."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, field
from difflib import get_close_matches

from atmda.errors import AtmdaError

ARCHIVE = re.compile(r"\.(zip|z\d{2,}|tar|tgz|tar\.gz|tar\.bz2|tbz2|tar\.xz|7z)$", re.IGNORECASE)


@dataclass(frozen=True)
class Remote:
    """One file on a server.

    Attributes:
        filename: what it is called on disk.
        url: where it is.
        checksum: "md5:...", "sha256:..." or "git:..." (a git blob's SHA-1); "" where none is published.
        destination: folder below the target's own that it (or its contents) goes to.
        strip: top folders of an archive whose contents move up, as `UrbanSound8K/` does.
        declared: the server names the checksum itself in its answer's headers, as huggingface.co does.
        volatile: an archive that its server makes anew at will (GitHub's), so that only its contents can be checked.
    """

    filename: str
    url: str
    checksum: str = ""
    destination: str = ""
    strip: tuple[str, ...] = ()
    declared: bool = False
    volatile: bool = False

    @property
    def is_archive(self) -> bool:
        return ARCHIVE.search(self.filename) is not None


@dataclass(frozen=True)
class Part:
    """What `partial` names: one file, or the pieces of one split archive."""

    name: str
    remotes: tuple[Remote, ...]

    @property
    def is_archive(self) -> bool:
        return self.remotes[0].is_archive


@dataclass(frozen=True)
class Facts:
    """What a list says of a target; None or "" where it is not known without the data.

    `unpacked`: bytes on disk, about.
    """

    unpacked: int | None = None
    clips: int | None = None
    classes: int | None = None
    folds: int | None = None
    labels: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Target:
    """A data set, a checkpoint or the demo.

    `folder`: where it goes, below the data directory. `index`: soundata's list of every file with its checksum.
    """

    name: str
    folder: str
    parts: tuple[Part, ...]
    index: Remote | None = None
    facts: Facts = field(default_factory=Facts)

    def select(self, names: tuple[str, ...]) -> tuple[Part, ...]:
        """The parts that `names` name (shell patterns allowed), all where it is empty. Raises AtmdaError."""
        if not names:
            return self.parts
        known = [part.name for part in self.parts]
        wanted: set[str] = set()
        for name in names:
            found = fnmatch.filter(known, name)
            if not found:
                near = get_close_matches(name, known, n=1, cutoff=0.4)
                shown = ", ".join(known if len(known) <= 12 else [*known[:12], "..."])
                hint = f"Did you mean {near[0]}?" if near else f"Its parts: {shown}."
                raise AtmdaError(f"{self.name} has no part {name!r}.", hint)
            wanted.update(found)
        return tuple(part for part in self.parts if part.name in wanted)
