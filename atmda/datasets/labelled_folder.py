"""Recordings of one's own with what is heard in them: by a table of annotations, or by sub-folders.

Whatever does not fit together is told in `Dataset.problems`, by name and with its number; nothing is left out in
silence. Recordings of which the table says nothing stay in the set, without a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from atmda.core.clip import Clip
from atmda.datasets.annotations import Annotation, read_annotations
from atmda.datasets.base import Dataset, build, display_name
from atmda.datasets.folder import load_folder
from atmda.errors import SettingsError

FOLD = re.compile(r"fold(\d+)")
SHOWN = 5  # names told one by one


def load_annotated(inputs: str | Path | Iterable[str | Path], annotations: Path, recursive: bool = False) -> Dataset:
    """The recordings in `inputs` with the labels of a table: `.csv`, `.tsv`, or a Raven selection table.

    Columns are `filename` and `label` (several labels separated by ";"), and where wanted `fold`, `split`, `start`,
    `end` (seconds) and `source`. A row with a start or an end becomes a clip of that part, named
    `<filename>#t=<start>,<end>` as media fragments are (W3C, Media Fragments URI 1.0). Sub-folders are looked through
    where `recursive`, or where the table names one.

    Raises SettingsError where the table cannot be used, AtmdaError where there is no recording.
    """
    problems: list[str] = []
    rows = read_annotations(annotations, problems)
    recursive = recursive or any("/" in row.recording for row in rows)
    data = load_folder(inputs, recursive)
    clips = _clips(rows, data.clips, annotations.name, problems)
    labels = tuple(sorted({label for clip in clips for label in clip.labels}))
    ids = {label: number for number, label in enumerate(labels)}
    numbered = [clip if clip.label is None else replace(clip, class_id=ids[clip.label]) for clip in clips]
    return build(annotations.stem, numbered, labels, [*data.problems, *problems])


def labels_from_folders(folder: str | Path, recursive: bool = True) -> Dataset:
    """The recordings below `folder`: the name of the first sub-folder is the label, `fold<K>` folders are folds."""
    data = load_folder(folder, recursive)
    clips = []
    bare: list[str] = []
    for clip in data.clips:
        parents = PurePosixPath(clip.name).parts[:-1]
        folds = [int(match[1]) for part in parents if (match := FOLD.fullmatch(part))]
        named = [display_name(part) for part in parents if not FOLD.fullmatch(part)]
        label = named[0] if named else None
        if label is None:
            bare.append(clip.name)
        fold = folds[0] if folds else None
        clips.append(replace(clip, label=label, labels=(label,) if label else (), fold=fold))
    labels = tuple(sorted({clip.label for clip in clips if clip.label is not None}))
    if not labels:
        raise SettingsError(f"{folder}: there is no sub-folder whose name could be a label.", "Make one a class.")
    problems = [*data.problems]
    if bare:
        problems.append(f"{len(bare)} recordings lie in no sub-folder and have no label: {_shown(bare)}.")
    if any(clip.fold is None for clip in clips) and any(clip.fold is not None for clip in clips):
        without = [clip.name for clip in clips if clip.fold is None]
        raise SettingsError(f"{folder}: {len(without)} recordings lie in no fold<K> folder: {_shown(without)}.")
    ids = {label: number for number, label in enumerate(labels)}
    numbered = [clip if clip.label is None else replace(clip, class_id=ids[clip.label]) for clip in clips]
    return build(Path(folder).resolve().name or "folder", numbered, labels, problems)


def _clips(rows: Sequence[Annotation], recordings: Sequence[Clip], table: str, problems: list[str]) -> list[Clip]:
    """A clip for each part that is annotated, and one for each recording that is not."""
    finder = _Finder(recordings)
    clips: dict[str, Clip] = {}
    lost: list[str] = []
    differing: list[str] = []
    spoken_of: set[str] = set()
    for row in rows:
        recording = finder.find(row.recording)
        if recording is None:
            lost.append(f"{row.recording} (line {row.line})")
            continue
        spoken_of.add(recording.name)
        clip = _annotated(recording, row)
        before = clips.get(clip.name)
        if before is not None and before.labels != clip.labels:
            labels = tuple(dict.fromkeys((*before.labels, *clip.labels)))
            differing.append(f"{clip.name} ({'; '.join(labels)})")
            clip = replace(clip, labels=labels, label=labels[0] if len(labels) == 1 else None)
        clips[clip.name] = clip
    bare = [recording for recording in recordings if recording.name not in spoken_of]
    unlabelled = [clip.name for clip in clips.values() if not clip.labels]
    for names, what in (
        (lost, f"rows of {table} name recordings that are not there"),
        ([clip.name for clip in bare], f"recordings have no row in {table} and stay without a label"),
        (sorted(set(differing)), "clips have rows with different labels and count with all of them"),
        (unlabelled, f"clips have a row without a label in {table}"),
    ):
        if names:
            problems.append(f"{len(names)} {what}: {_shown(names)}.")
    return [*clips.values(), *bare]


def _annotated(recording: Clip, row: Annotation) -> Clip:
    name = recording.name
    if row.start is not None or row.end is not None:
        name += f"#t={'' if row.start is None else f'{row.start:g}'}{'' if row.end is None else f',{row.end:g}'}"
    return replace(
        recording,
        name=name,
        label=row.labels[0] if len(row.labels) == 1 else None,
        labels=row.labels,
        fold=row.fold,
        split=row.split,
        source=row.source or recording.name,
        start=row.start,
        end=row.end,
    )


class _Finder:
    """Recordings by what a table may call them: their name, their file name, or that without its ending."""

    def __init__(self, recordings: Sequence[Clip]) -> None:
        self._by_name = {clip.name: clip for clip in recordings}
        self._by_file: dict[str, list[Clip]] = {}
        for clip in recordings:
            path = PurePosixPath(clip.name)
            for key in {path.name, path.stem}:
                self._by_file.setdefault(key, []).append(clip)

    def find(self, name: str) -> Clip | None:
        """The recording that `name` names; None where there is none, or where it could be several."""
        if name in self._by_name:
            return self._by_name[name]
        found = self._by_file.get(PurePosixPath(name).name, [])
        return found[0] if len(found) == 1 else None


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
