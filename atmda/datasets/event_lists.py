"""Long recordings with a list of events each, as Tampere University lays out its sound event sets (DCASE 2016, 2017).

Below the set's own folder: audio/<scene>/<name>.wav; meta/<scene>/<name>.ann, whose lines are onset, offset and label
between tabs (with the recording and its scene before them in some releases, and more behind); and
evaluation_setup/<scene>_fold<k>_test.txt, which name the recordings that fold k tests, each recording in one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from atmda.core.clip import Clip
from atmda.datasets.annotation import Annotation, times_of
from atmda.datasets.base import Dataset, build, display_name, find_root, listing, missing, present
from atmda.datasets.rows import plain_name, text_of
from atmda.datasets.window_labels import WindowLabels

LISTS = "evaluation_setup"
TEST_LIST = re.compile(r"(?P<scene>.+)_fold(?P<fold>\d+)_test\.txt")


@dataclass(frozen=True)
class EventLists:
    """One data set of this layout.

    Attributes:
        name: of the set, and of its folder. folder: what its archives unpack to, below it.
        scenes: names of the folders of recordings.
        labels: class names in class-id order.
        part: what `partial` calls the lists and annotations.
    """

    name: str
    folder: str
    scenes: tuple[str, ...]
    labels: tuple[str, ...]
    part: str

    def read(self, folder: Path) -> Dataset:
        """The recordings of the set in `folder`: all that is heard in each, its fold, and the labels of its windows.

        A recording is called `<scene>/<file name>`. What cannot be used is told in the problems. Raises AtmdaError
        naming what is missing.
        """
        first = f"{LISTS}/{self.scenes[0]}_fold1_test.txt"
        root = find_root(folder / self.folder, first, self.folder, self.name)
        problems: list[str] = []
        listed = [clip for scene in self.scenes for clip in self._listed(root, scene, problems)]
        clips: list[Clip] = []
        events: list[Annotation] = []
        for clip in present(listed, problems, self.name, LISTS):
            path = root / "meta" / Path(clip.name).with_suffix(".ann")
            if not path.is_file():
                problems.append(f"{path} is missing; {clip.name} is left out, for nothing tells what is heard in it.")
                continue
            own = list(self._events(path, clip.name, problems))
            heard = {label for event in own for label in event.labels}
            labels = tuple(label for label in self.labels if label in heard)
            label = labels[0] if len(labels) == 1 else None
            number = None if label is None else self.labels.index(label)
            clips.append(replace(clip, label=label, labels=labels, class_id=number))
            events += own
        if not clips:
            raise missing(root / "meta", self.name, self.part)
        return replace(build(self.name, clips, self.labels, problems), truth=WindowLabels(events))

    def _listed(self, root: Path, scene: str, problems: list[str]) -> Iterator[Clip]:
        """The recordings of a scene with the fold that tests them. Raises AtmdaError where no list tells any."""
        folder = root / LISTS
        lists = {
            int(match["fold"]): name
            for name in listing(folder)
            if (match := TEST_LIST.fullmatch(name)) and match["scene"] == scene
        }
        if not lists:
            raise missing(folder / f"{scene}_fold1_test.txt", self.name, self.part)
        folds: dict[str, int] = {}
        for fold, name in sorted(lists.items()):
            for line, cells in _lines(folder / name):
                try:
                    recording = plain_name(PurePosixPath(cells[0]).name)
                except ValueError as error:
                    problems.append(f"{name} line {line}: {error}; the row is left out.")
                    continue
                if folds.setdefault(recording, fold) != fold:
                    problems.append(f"{name} line {line}: fold {folds[recording]} tests {recording}, too; that counts.")
        for recording, fold in folds.items():
            yield Clip(root / "audio" / scene / recording, f"{scene}/{recording}", fold=fold)

    def _events(self, path: Path, recording: str, problems: list[str]) -> Iterator[Annotation]:
        known = {label.lower(): label for label in self.labels}
        for line, cells in _lines(path):
            try:
                start, end, label = _event(cells)
                if display_name(label).lower() not in known:
                    raise ValueError(f"{label!r} is none of the {len(known)} classes")
                times = times_of(start, end)
            except ValueError as error:
                problems.append(f"{path.name} line {line}: {error}; the row is left out.")
                continue
            yield Annotation(line, recording, (known[display_name(label).lower()],), None, None, *times)


def _event(cells: list[str]) -> list[str]:
    """Onset, offset and label; in some releases the recording and its scene stand before them."""
    first = 2 if len(cells) >= 5 and not _is_number(cells[0]) else 0
    if len(cells) < first + 3:
        raise ValueError(f"it has {len(cells)} of 3 columns")
    return cells[first : first + 3]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line numbers from 1 and the cells between tabs, of lines that are not blank. Raises AtmdaError."""
    for number, line in enumerate(text_of(path).splitlines(), 1):
        if line.strip():
            yield number, [cell.strip() for cell in line.split("\t")]
