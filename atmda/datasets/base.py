"""What every data set is to the rest: clips with what is known of each, and the names of the classes.

Conventions: label names are shown with spaces ("dog bark"), `labels` stand in class-id order, so that
`dataset.labels[clip.class_id] == clip.label`; clips are sorted by name; names are unique within a set.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from atmda.core.clip import Clip
from atmda.errors import AtmdaError

if TYPE_CHECKING:
    from atmda.datasets.remotes import Facts, Part, Remote, Target
    from atmda.datasets.window_labels import WindowLabels

FOLD = re.compile(r"fold(\d+)")


@dataclass(frozen=True)
class Dataset:
    """Clips sorted by name, labels in class-id order, folds in order.

    `problems` holds one sentence for each thing left out: a bad row, recordings that the lists name but the disk lacks.
    `truth` tells the labels of windows, for recordings that are to be cut into such; None where their own labels do.
    """

    name: str
    clips: Sequence[Clip]
    labels: tuple[str, ...] = ()
    folds: tuple[int, ...] = ()
    problems: tuple[str, ...] = ()
    truth: WindowLabels | None = None


@dataclass(frozen=True)
class DatasetSpec:
    """All that is known of a data set without its files; its reader is `read(folder)`.

    Attributes:
        name: as in `dataset`, and of its folder in <data-dir>/input.
        read: from the folder to the clips; raises AtmdaError naming what is missing.
        labels: class names in class-id order; () where they are not fixed.
        class_field, source_fields: where the class id, and what tells the source recording, stand in a file name
            split at its dashes; None and () where they do not.
        markers: files or folders that tell the data set itself from soundscapes made of it.
        facts: what a list says of it.
        parts, index: what is downloaded, and soundata's list of every file with its checksum; () where nothing is.
        whole: clips that the reader finds in a whole copy; None where that tells nothing.
        comes_with: the data set whose download holds this one too.
    """

    name: str
    read: Callable[[Path], Dataset]
    labels: tuple[str, ...] = ()
    class_field: int | None = None
    source_fields: tuple[int, ...] = ()
    markers: tuple[str, ...] = ()
    facts: Facts | None = None
    parts: tuple[Part, ...] = ()
    index: Remote | None = None
    whole: int | None = None
    comes_with: str = ""

    @property
    def target(self) -> Target:
        """What `fetch` downloads."""
        from atmda.datasets.remotes import Facts, Target

        return Target(self.name, f"input/{self.name}", self.parts, self.index, self.facts or Facts())

    def class_id(self, stem: str) -> int | None:
        """The class id in a file name without its ending; None where there is none."""
        place, parts = self.class_field, stem.split("-")
        if place is None or len(parts) <= place or not parts[place].isdecimal():
            return None
        return int(parts[place])

    def source(self, stem: str) -> str | None:
        """The source recording in a file name without its ending; None where there is none."""
        return source_in(stem, self.source_fields)


def source_in(stem: str, fields: tuple[int, ...]) -> str | None:
    """The parts of a dashed file name that tell which recording a clip was cut from."""
    parts = stem.split("-")
    if not fields or len(parts) <= max(fields):
        return None
    return "-".join(parts[place] for place in fields)


def build(name: str, clips: Iterable[Clip], labels: tuple[str, ...], problems: Iterable[str] = ()) -> Dataset:
    """A data set of `clips`: sorted by name, a name that comes twice kept once (the first) and reported."""
    found = list(problems)
    kept: dict[str, Clip] = {}
    for clip in clips:
        if clip.name in kept:
            found.append(f"{clip.name} is listed twice; the first listing counts.")
        kept.setdefault(clip.name, clip)
    folds = sorted({clip.fold for clip in kept.values() if clip.fold is not None})
    return Dataset(name, tuple(kept[key] for key in sorted(kept)), labels, tuple(folds), tuple(found))


def fold_in(text: str) -> int | None:
    """The fold that a folder or a scaper label called `fold<K>` stands for; None where it is called otherwise."""
    match = FOLD.fullmatch(text)
    return int(match[1]) if match else None


def label_and_fold(name: str) -> tuple[str | None, int | None]:
    """What the folders in a clip's name tell: the first that is no fold is its label, the first `fold<K>` its fold."""
    folders = PurePosixPath(name).parts[:-1]
    folds = [fold for folder in folders if (fold := fold_in(folder)) is not None]
    labels = [folder for folder in folders if fold_in(folder) is None]
    return next(iter(labels), None), next(iter(folds), None)


def display_name(label: str) -> str:
    """A class name as it is said: underscores shown as spaces."""
    return " ".join(label.replace("_", " ").split())


def missing(path: Path, dataset: str, part: str = "") -> AtmdaError:
    """What to raise where a piece of a data set is not there: it names the piece and the command that fetches it."""
    option = f" `partial` {part}" if part else ""
    return AtmdaError(f"{path} is missing.", f"Fetch it with: atmda fetch {dataset}{option}")


def find_root(folder: Path, marker: str, nested: str, dataset: str) -> Path:
    """The folder that holds `marker`: `folder`, or `folder/nested` where an archive was unpacked by hand.

    Raises AtmdaError naming the missing piece and the command that fetches it.
    """
    for root in (folder, folder / nested):
        if (root / marker).is_file():
            return root
    raise missing(folder / marker if folder.is_dir() else folder, dataset)


def listing(folder: Path) -> set[str]:
    """Names of the files in `folder`, empty where there is none: one look instead of one for every clip."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if entry.is_file()}
    except OSError:
        return set()


def present(clips: Iterable[Clip], problems: list[str], dataset: str, source: str) -> list[Clip]:
    """Those `clips` whose recording is on disk; the others are reported together.

    Raises AtmdaError where not one recording is there.
    """
    there: dict[str, set[str]] = {}
    kept: list[Clip] = []
    absent: list[Clip] = []
    for clip in clips:
        folder, name = os.path.split(clip.path)
        if folder not in there:
            there[folder] = listing(Path(folder))
        (kept if name in there[folder] else absent).append(clip)
    if absent and not kept:
        raise missing(absent[0].path.parent, dataset)
    if not kept:
        raise AtmdaError(
            f"{source} lists no recording that can be used.",
            f"Put it right; or keep your own elsewhere, then: atmda fetch {dataset}",
        )
    if absent:
        problems.append(
            f"{len(absent)} of {len(absent) + len(kept)} recordings named in {source} are not on disk, "
            f"{absent[0].path} the first; atmda fetch {dataset} gets them."
        )
    return kept
