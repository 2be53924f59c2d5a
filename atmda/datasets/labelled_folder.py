"""Recordings of one's own with what is heard in them: by a table of annotations, or by sub-folders.

Whatever does not fit together is told in `Dataset.problems`, by name and with its number; nothing is left out in
silence. Recordings of which the table says nothing stay in the set, without a label.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from atmda.core.clip import Clip
from atmda.core.part_names import part_name
from atmda.datasets.annotations import Annotation, read_annotations
from atmda.datasets.base import Dataset, build, display_name, label_and_fold
from atmda.datasets.finder import Finder
from atmda.datasets.folder import load_folder
from atmda.datasets.labels import merge_labels
from atmda.errors import SettingsError

SHOWN = 5  # names told one by one


def load_annotated(
    inputs: str | Path | Iterable[str | Path], annotations: Path, recursive: bool = False, foreign: bool = False
) -> Dataset:
    """The recordings in `inputs` with the labels of a table, or of a folder of Raven's or Audacity's tables.

    Columns are `filename` and `label` (several labels separated by ";"), and where wanted `fold`, `split`, `start`,
    `end` (seconds) and `source`. A row with a start or an end becomes a clip of that part, named
    `<filename>#t=<start>,<end>` as media fragments are (W3C, Media Fragments URI 1.0). Sub-folders are looked through
    where `recursive`, or where the table names one. `foreign`: as for `load_folder`.

    Raises SettingsError where the table cannot be used, AtmdaError where there is no recording.
    """
    problems: list[str] = []
    rows = read_annotations(annotations, problems)
    recursive = recursive or any("/" in row.recording for row in rows)
    data = load_folder(inputs, recursive, foreign)
    clips = _clips(rows, data.clips, annotations.name, problems)
    return _numbered(annotations.stem, clips, [*data.problems, *problems])


def labels_from_folders(folder: str | Path, recursive: bool = True, foreign: bool = False) -> Dataset:
    """The recordings below `folder`: the name of the first sub-folder is the label, `fold<K>` folders are folds.

    `foreign`: as for `load_folder`. Raises SettingsError where no sub-folder could be a label.
    """
    data = load_folder(folder, recursive, foreign)
    clips = []
    bare: list[str] = []
    for clip in data.clips:
        folder_name, fold = label_and_fold(clip.name)
        label = None if folder_name is None else display_name(folder_name)
        if label is None:
            bare.append(clip.name)
        clips.append(replace(clip, label=label, labels=(label,) if label else (), fold=fold))
    if len(bare) == len(clips):
        raise SettingsError(f"{folder}: there is no sub-folder whose name could be a label.", "Make one a class.")
    problems = [*data.problems]
    if bare:
        problems.append(f"{len(bare)} recordings lie in no sub-folder and have no label: {_shown(bare)}.")
    if any(clip.fold is None for clip in clips) and any(clip.fold is not None for clip in clips):
        without = [clip.name for clip in clips if clip.fold is None]
        raise SettingsError(f"{folder}: {len(without)} recordings lie in no fold<K> folder: {_shown(without)}.")
    return _numbered(Path(folder).resolve().name or "folder", clips, problems)


def _numbered(name: str, clips: Sequence[Clip], problems: list[str]) -> Dataset:
    """A data set whose classes are the labels of `clips`, sorted; of labels that mean the same the first one stands."""
    kept, merged = merge_labels(label for clip in clips for label in clip.labels)
    if merged:
        others = [f"{other} ({label})" for label, same in merged.items() for other in same]
        problems.append(f"{len(others)} labels mean the same as another and count with it: {_shown(others)}.")
    stands_for = {other: label for label, same in merged.items() for other in same}
    labels = tuple(sorted(kept))
    ids = {label: number for number, label in enumerate(labels)}
    numbered = []
    for clip in clips:
        own = tuple(dict.fromkeys(stands_for.get(label, label) for label in clip.labels))
        label = own[0] if len(own) == 1 else None
        numbered.append(replace(clip, label=label, labels=own, class_id=None if label is None else ids[label]))
    return build(name, numbered, labels, problems)


@dataclass
class _Found:
    """What is told of the rows: each list is named and counted in a sentence of its own."""

    lost: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    relabelled: dict[str, str] = field(default_factory=dict)
    contradicting: dict[str, None] = field(default_factory=dict)

    def tell(self, clips: Iterable[Clip], bare: Sequence[Clip], table: str) -> list[str]:
        told: tuple[tuple[Sequence[str], str], ...] = (
            (self.lost, f"rows of {table} name recordings that are not there"),
            (self.unclear, f"rows of {table} name a file of which there are several; give its folder too"),
            ([clip.name for clip in bare], f"recordings have no row in {table} and stay without a label"),
            (list(self.relabelled.values()), "clips have rows with different labels and count with all of them"),
            (list(self.contradicting), "clips have rows with different folds, splits or sources; the first row counts"),
            ([clip.name for clip in clips if not clip.labels], f"clips have a row without a label in {table}"),
        )
        return [f"{len(names)} {what}: {_shown(names)}." for names, what in told if names]


def _clips(rows: Sequence[Annotation], recordings: Sequence[Clip], table: str, problems: list[str]) -> list[Clip]:
    """A clip for each part that is annotated, and one for each recording that is not."""
    finder = Finder(recordings)
    clips: dict[str, Clip] = {}
    found = _Found()
    annotated: set[str] = set()
    for row in rows:
        candidates = finder.find(row)
        if len(candidates) != 1:
            (found.unclear if candidates else found.lost).append(f"{row.recording} (line {row.line})")
            continue
        annotated.add(candidates[0].name)
        clip = _annotated(candidates[0], row)
        before = clips.setdefault(clip.name, clip)
        if (before.fold, before.split, before.source) != (clip.fold, clip.split, clip.source):
            found.contradicting[clip.name] = None
        if before.labels != clip.labels:
            labels = tuple(dict.fromkeys((*before.labels, *clip.labels)))
            found.relabelled[clip.name] = f"{clip.name} ({'; '.join(labels)})"
            clips[clip.name] = replace(before, labels=labels, label=labels[0] if len(labels) == 1 else None)
    bare = [recording for recording in recordings if recording.name not in annotated]
    problems += found.tell(clips.values(), bare, table)
    return [*clips.values(), *bare]


def _annotated(recording: Clip, row: Annotation) -> Clip:
    return replace(
        recording,
        name=part_name(recording.name, row.start, row.end),
        label=row.labels[0] if len(row.labels) == 1 else None,
        labels=row.labels,
        fold=row.fold,
        split=row.split,
        source=row.source or recording.name,
        start=row.start,
        end=row.end,
    )


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
