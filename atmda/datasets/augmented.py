"""Sets of soundscapes made of a data set: fold<K>/<clip>-<scene>-<i>.wav with fold<K>/jams/<same>.jams.

What is known of a soundscape comes from `manifest.jsonl` at the top of the set, where there is one; else from the file
name (`<fsID>-<classID>-<occurrence>-<slice>-<scene>-<i>`), the folder (`fold<K>`) and the JAMS that scaper wrote. Where
manifest and JAMS differ, as after an edit by hand, it is told.
"""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

from atmda.core.clip import Clip
from atmda.datasets.base import Dataset, DatasetSpec, build, display_name, fold_in, listing
from atmda.datasets.folder import audio_endings
from atmda.datasets.scaper_jams import WRONG, basename, difference, finite, jams_of, told_by
from atmda.errors import AtmdaError

MANIFEST = "manifest.jsonl"


def read(folder: Path, spec: DatasetSpec) -> Dataset:
    """The soundscapes in `folder` (its fold<K>/, or itself where there are none), made of the data set `spec`.

    Raises AtmdaError where `folder` holds no soundscape.
    """
    problems: list[str] = []
    manifest = _manifest(folder / MANIFEST, problems)
    folds = sorted(entry for entry in folder.iterdir() if entry.is_dir() and fold_in(entry.name) is not None)
    clips, comparison = [], _Comparison()
    for parent in folds or [folder]:
        for file in sorted(listing(parent)):
            path = parent / file
            if file.startswith(".") or path.suffix.lower() not in audio_endings():
                continue
            known = manifest.pop(path.relative_to(folder).as_posix(), None) or manifest.pop(file, None)
            if known is not None:
                comparison.take(path, known, path.relative_to(folder).as_posix())
            else:
                known = _from_jams(path, problems)
                fold = fold_in(parent.name)
                known["fold"] = known.get("fold") if fold is None else fold
                known["class_id"] = spec.class_id(path.stem)
            clips.append(_clip(path, known, spec, problems))
    problems += comparison.problems()
    if manifest:
        first = next(iter(manifest))
        problems.append(f"{len(manifest)} soundscapes of {MANIFEST} are not on disk, {first} the first.")
    if not clips:
        raise AtmdaError(f"There is no soundscape in {folder}.", "Make some with: atmda augment")
    return build(spec.name, _unique(clips, folder), spec.labels, problems)


def _clip(path: Path, known: dict[str, Any], spec: DatasetSpec, problems: list[str]) -> Clip:
    labels = spec.labels
    class_id = known.get("class_id")
    label = known.get("label")
    label = display_name(label) if isinstance(label, str) else None
    if type(class_id) is not int or not 0 <= class_id < len(labels):
        class_id = labels.index(label) if label in labels else None
    if class_id is not None:
        label = labels[class_id]
    if label is None and "events" not in known:
        problems.append(f"{path}: its class is neither in a manifest nor in its name.")
    several = _labels_of_scene(known) if label is None else (label,)
    fold = known.get("fold")
    background = known.get("background")
    return Clip(
        path,
        path.name,
        label,
        several,
        fold if type(fold) is int else None,
        None,
        class_id,
        basename(background) if isinstance(background, str) and background else None,
        finite(known.get("onset")),
        finite(known.get("offset")),
        _source(path, known, spec),
    )


def _labels_of_scene(known: dict[str, Any]) -> tuple[str, ...]:
    """All that is heard in a long scene, in order of time; empty for other soundscapes."""
    events = known.get("events")
    heard = [event.get("label") for event in events if isinstance(event, dict)] if isinstance(events, list) else []
    return tuple(dict.fromkeys(display_name(label) for label in heard if isinstance(label, str)))


def _source(path: Path, known: dict[str, Any], spec: DatasetSpec) -> str | None:
    """The recording that the event was cut from: by the event's file name, else the soundscape's, else that file."""
    foreground = known.get("foreground")
    stem = PurePosixPath(basename(foreground)).stem if isinstance(foreground, str) and foreground else ""
    return spec.source(stem) or spec.source(path.stem) or stem or None


def _manifest(path: Path, problems: list[str]) -> dict[str, dict[str, Any]]:
    """What the manifest says, by file; lines without a file (a header) are passed over."""
    found: dict[str, dict[str, Any]] = {}
    if not path.is_file():
        return found
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            try:
                entry = json.loads(line) if line.strip() else {}
            except (ValueError, RecursionError):
                problems.append(f"{path} line {number} is not JSON; the line is left out.")
                continue
            if isinstance(entry, dict) and isinstance(entry.get("file"), str):
                found[PurePosixPath(entry["file"].replace("\\", "/")).as_posix()] = entry
    return found


def _from_jams(path: Path, problems: list[str]) -> dict[str, Any]:
    """Background, event, onset, offset and fold from scaper's JAMS of a soundscape; empty where there is none."""
    jams = jams_of(path)
    if jams is None:
        return {}
    try:
        known = told_by(jams)
    except (*WRONG, OSError):
        problems.append(f"{jams} is not JAMS as scaper writes it; the soundscape's background is not known.")
        return {}
    if known["unheard"]:
        problems.append(f"{jams}: events that begin after its end are left out ({known['unheard']}).")
    return known


class _Comparison:
    """How the manifest's lines and the JAMS files of a set agree."""

    def __init__(self) -> None:
        self._differing: list[str] = []
        self._unreadable: list[str] = []

    def take(self, path: Path, entry: dict[str, Any], shown: str) -> None:
        """Compare the line `entry` with the JAMS file of the soundscape `path`, where there is one."""
        jams = jams_of(path)
        if jams is None:
            return
        try:
            found = difference(entry, told_by(jams))
        except (*WRONG, OSError):
            self._unreadable.append(shown)
            return
        if found:
            self._differing.append(f"{shown} ({found})")

    def problems(self) -> list[str]:
        said = []
        if self._differing:
            count, first = len(self._differing), self._differing[0]
            said.append(
                f"{count} lines of {MANIFEST} differ from their JAMS, first {first}; what the lines say is used."
            )
        if self._unreadable:
            count, first = len(self._unreadable), self._unreadable[0]
            which = f"{count} JAMS file{'s' * (count > 1)} could not be compared with {MANIFEST}"
            said.append(f"{which}, first that of {first}.")
        return said


def _unique(clips: list[Clip], folder: Path) -> list[Clip]:
    """File names where they are unique, the path below the set's folder where two folds share one."""
    counts: dict[str, int] = {}
    for clip in clips:
        counts[clip.name] = counts.get(clip.name, 0) + 1
    return [
        clip if counts[clip.name] == 1 else Clip(**{**clip.__dict__, "name": clip.path.relative_to(folder).as_posix()})
        for clip in clips
    ]
