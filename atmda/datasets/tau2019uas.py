"""TAU Urban Acoustic Scenes 2019, development set (Mesaros, Heittola, Virtanen 2018): 10 s, 10 scenes, 10 cities.

Layout: TAU-urban-acoustic-scenes-2019-development/{meta.csv, evaluation_setup/fold1_{train,test,evaluate}.csv, audio/};
recordings lie in audio/ or, sorted, in audio/<scene>/.

The set has one official partition. Fold numbers follow the method's original scripts: 1 train, 2 evaluate, 3 test,
4 on no list; a recording on several lists takes the last of train, evaluate, test. In the official lists test and
evaluate hold the same files (evaluate adds the labels), so all of them end in fold 3 and fold 2 stays empty. Unlisted
recordings are the development recordings that the official partition leaves out. `split` says the same in words.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from atmda.core.clip import Clip
from atmda.datasets.base import (
    Dataset,
    Rows,
    build,
    display_name,
    find_root,
    listing,
    missing,
    plain_name,
    present,
    read_rows,
)

NAME = "tau2019uas"
LABELS = (
    "airport",
    "bus",
    "metro",
    "metro station",
    "park",
    "public square",
    "shopping mall",
    "street pedestrian",
    "street traffic",
    "tram",
)
DEVELOPMENT = "TAU-urban-acoustic-scenes-2019-development"
FOLDS = {"train": 1, "evaluate": 2, "test": 3}  # in the order in which later lists win
UNLISTED = ("unlisted", 4)


def read(folder: Path) -> Dataset:
    """The development set in `folder`. Raises AtmdaError naming what is missing."""
    root = find_root(folder / DEVELOPMENT, "meta.csv", DEVELOPMENT, NAME)
    problems: list[str] = []
    lists = _lists(root / "evaluation_setup", problems)
    where = _recordings(root / "audio")

    def clip(row: dict[str, str]) -> Clip:
        name = plain_name(PurePosixPath(row["filename"]).name)
        label = display_name(row["scene_label"])
        if label not in LABELS:
            raise ValueError(f"{row['scene_label']!r} is none of the ten scenes")
        split, fold = lists.get(name, UNLISTED)
        path = where.get(name, root / "audio" / name)
        return Clip(path, name, label, (label,), fold, split, LABELS.index(label))

    rows = Rows(root / "meta.csv", ("filename", "scene_label"), problems, delimiter="\t")
    return build(NAME, present(read_rows(rows, clip), problems, NAME, "meta.csv"), LABELS, problems)


def _lists(folder: Path, problems: list[str]) -> dict[str, tuple[str, int]]:
    """Split and fold of every listed recording, by file name."""
    found: dict[str, tuple[str, int]] = {}
    for split, fold in FOLDS.items():
        path = folder / f"fold1_{split}.csv"
        if not path.is_file():
            raise missing(path, NAME, "development.meta")
        for _, row in Rows(path, ("filename",), problems, delimiter="\t"):
            found[PurePosixPath(row["filename"]).name] = (split, fold)
    return found


def _recordings(audio: Path) -> dict[str, Path]:
    """Where each recording lies, whether audio/ is flat or sorted into scenes."""
    if not audio.is_dir():
        raise missing(audio, NAME)
    folders = [audio, *sorted(entry for entry in audio.iterdir() if entry.is_dir())]
    return {name: folder / name for folder in folders for name in sorted(listing(folder))}
