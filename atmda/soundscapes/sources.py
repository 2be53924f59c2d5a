"""Where events and backgrounds come from: a data set by name, or any folder of one's own.

A folder needs no data set: its sub-folders `fold<K>` are folds, its other sub-folders are classes, or scenes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path, PurePosixPath

from atmda.core.clip import Clip
from atmda.datasets import dataset_names, load_dataset, load_folder
from atmda.datasets.base import label_and_fold
from atmda.errors import AtmdaError
from atmda.soundscapes.sampling import Recording
from atmda.workspace import Workspace


@dataclass(frozen=True)
class Source:
    """Recordings of one kind.

    name: of the data set, or of the folder. root: their folder; recordings' names are below it. shown_root: `root`
    as artifacts write it, below the data directory where it lies there, so that no artifact names a machine's paths.
    """

    name: str
    root: Path
    shown_root: str
    recordings: tuple[Recording, ...]
    problems: tuple[str, ...] = ()

    @property
    def labels(self) -> list[str]:
        return sorted({recording.label for recording in self.recordings})

    def fingerprint(self) -> str:
        """Changes with the list of recordings, not with where they lie."""
        text = "\n".join(sorted(f"{r.fold}\t{r.label}\t{r.name}" for r in self.recordings))
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def scenes(self) -> dict[str, list[Recording]]:
        """Recordings by label, in order of name."""
        return by_label(self.recordings)


def by_label(recordings: Iterable[Recording]) -> dict[str, list[Recording]]:
    """Recordings by label, in order of labels and of names."""
    found: dict[str, list[Recording]] = {}
    for recording in sorted(recordings, key=lambda r: (r.label, r.name)):
        found.setdefault(recording.label, []).append(recording)
    return found


def foregrounds(name: str, workspace: Workspace) -> Source:
    """The events of a data set or folder, each with its class, and with its fold where there are folds."""
    return _load(name, workspace, scene=False)


def backgrounds(name: str, workspace: Workspace) -> Source:
    """The backgrounds of a data set or folder, the scene as label, written as in file names: street_traffic."""
    source = _load(name, workspace, scene=True)
    return replace(source, recordings=tuple(replace(r, label=r.label.replace(" ", "_")) for r in source.recordings))


def _load(name: str, workspace: Workspace, scene: bool) -> Source:
    root, data_dir = workspace.dataset(name), workspace.data_dir
    given = Path(name).expanduser()
    if name not in dataset_names() and not (root.is_dir() and given.name == name):
        if not given.is_dir():
            known = ", ".join(dataset_names())
            raise AtmdaError(f"{name} is neither a data set nor a folder.", f"Known data sets: {known}.")
        return _folder(given, data_dir, scene)
    if name not in dataset_names():
        return _folder(root, data_dir, scene)
    dataset = load_dataset(name, data_dir)
    ids = {label: k for k, label in enumerate(dataset.labels)}
    recordings = [_recording(clip, root, ids, clip.label or next(iter(clip.labels), name)) for clip in dataset.clips]
    return _source(name, root, data_dir, recordings, dataset.problems)


def _folder(root: Path, data_dir: Path, scene: bool) -> Source:
    """A folder of one's own: `fold<K>/`, `<class or scene>/`, both in either order, or neither."""
    shown = root.resolve().name or "root"
    recordings, labels = [], set()
    found = load_folder(root, recursive=True)
    for clip in found.clips:
        folder_name, fold = label_and_fold(clip.name)
        label = shown if folder_name is None else folder_name
        labels.add(label)
        recordings.append(Recording(clip.name, clip.path, label, None, None if scene else fold))
    ids = {label: k for k, label in enumerate(sorted(labels))}
    recordings = [replace(r, class_id=None if scene else ids[r.label]) for r in recordings]
    return _source(shown, root, data_dir, recordings, found.problems)


def _recording(clip: Clip, root: Path, ids: Mapping[str, int], label: str) -> Recording:
    name = clip.path.relative_to(root).as_posix() if clip.path.is_relative_to(root) else clip.name
    class_id = clip.class_id if clip.class_id is not None else ids.get(label)
    return Recording(name, clip.path, label, class_id, clip.fold, source=clip.source)


def _source(
    name: str, root: Path, data_dir: Path, recordings: Iterable[Recording], problems: tuple[str, ...]
) -> Source:
    named = _with_stems(sorted(recordings, key=lambda r: (r.fold is not None, r.fold or 0, r.name)))
    where, base = root.resolve(), data_dir.resolve()
    below = root.relative_to(data_dir) if root.is_relative_to(data_dir) else None
    if below is None and where.is_relative_to(base):
        below = where.relative_to(base)
    return Source(name, root, below.as_posix() if below else name, tuple(named), problems)


def _with_stems(recordings: list[Recording]) -> list[Recording]:
    """Each recording with a stem that no other of its fold has: file name, else path, else path and ending."""
    ways: list[Callable[[str], str]] = [
        lambda name: PurePosixPath(name).stem,
        lambda name: "-".join(PurePosixPath(name).with_suffix("").parts),
        lambda name: "-".join(PurePosixPath(name).parts).replace(".", "_"),
        lambda name: blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest(),
    ]
    for way in ways:
        counts = Counter((r.fold, r.stem or way(r.name).lower()) for r in recordings)
        recordings = [
            r if r.stem or counts[r.fold, way(r.name).lower()] > 1 else replace(r, stem=way(r.name)) for r in recordings
        ]
    return recordings
