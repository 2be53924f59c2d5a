"""ESC-50 (Piczak 2015): 2,000 clips of 5 s, 50 classes, 5 official folds; ESC-10 is the part of it under CC BY.

Layout: meta/esc50.csv and audio/<fold>-<source>-<take>-<target>.wav. ESC-10 is read from the rows flagged `esc10`, or
from its own older release where that lies in its own folder: `001 - Dog bark/<fold>-<source>-<take>.ogg` and so on.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

from atmda.core.clip import Clip
from atmda.datasets.base import (
    Dataset,
    DatasetSpec,
    build,
    display_name,
    find_root,
    listing,
    missing,
    present,
    source_in,
)
from atmda.datasets.remotes import Facts, Part, Remote
from atmda.datasets.rows import Rows, plain_name, read_rows, whole_number

NAME = "esc50"
LABELS = (
    "dog",
    "rooster",
    "pig",
    "cow",
    "frog",
    "cat",
    "hen",
    "insects",
    "sheep",
    "crow",
    "rain",
    "sea waves",
    "crackling fire",
    "crickets",
    "chirping birds",
    "water drops",
    "wind",
    "pouring water",
    "toilet flush",
    "thunderstorm",
    "crying baby",
    "sneezing",
    "clapping",
    "breathing",
    "coughing",
    "footsteps",
    "laughing",
    "brushing teeth",
    "snoring",
    "drinking sipping",
    "door wood knock",
    "mouse click",
    "keyboard typing",
    "door wood creaks",
    "can opening",
    "washing machine",
    "vacuum cleaner",
    "clock alarm",
    "clock tick",
    "glass breaking",
    "helicopter",
    "chainsaw",
    "siren",
    "car horn",
    "engine",
    "train",
    "church bells",
    "airplane",
    "fireworks",
    "hand saw",
)
CLASS_FIELD, SOURCE_FIELDS = 3, (1,)  # where class id and source stand in a file name split at its dashes
METADATA = "meta/esc50.csv"

ESC10 = "esc10"
ESC10_LABELS = (
    "dog bark",
    "rain",
    "sea waves",
    "baby cry",
    "clock tick",
    "person sneeze",
    "helicopter",
    "chainsaw",
    "rooster",
    "fire crackling",
)  # the names and the order of ESC-10's own release
ESC10_IN_ESC50 = (
    "dog",
    "rain",
    "sea waves",
    "crying baby",
    "clock tick",
    "sneezing",
    "helicopter",
    "chainsaw",
    "rooster",
    "crackling fire",
)  # the same classes under ESC-50's names
ESC10_OF_ESC50 = dict(zip(ESC10_IN_ESC50, ESC10_LABELS, strict=True))
CLASS_FOLDER = re.compile(r"(\d+) - (.+)")


def read(folder: Path) -> Dataset:
    """ESC-50 in `folder`. Raises AtmdaError naming what is missing."""
    root = find_root(folder, METADATA, "ESC-50-master", NAME)
    problems: list[str] = []
    clips = _clips(root, problems, only_esc10=False)
    return build(NAME, present(clips, problems, NAME, METADATA), LABELS, problems)


def read_esc10(folder: Path) -> Dataset:
    """ESC-10: its own release in `folder`, else the flagged rows of ESC-50 beside it (`folder/../esc50`).

    Labels and class ids are those of ESC-10's own release in both cases.
    """
    if folder.is_dir():
        return _class_folders(folder)
    root = find_root(folder.parent / NAME, METADATA, "ESC-50-master", NAME)
    problems: list[str] = []
    clips = [
        replace(c, label=label, labels=(label,), class_id=ESC10_LABELS.index(label))
        for c in _clips(root, problems, only_esc10=True)
        for label in [ESC10_OF_ESC50.get(c.label or "")]
        if label
    ]
    return build(ESC10, present(clips, problems, NAME, METADATA), ESC10_LABELS, problems)


def _clips(root: Path, problems: list[str], only_esc10: bool) -> list[Clip]:
    def clip(row: dict[str, str]) -> Clip | None:
        if only_esc10 and row["esc10"].lower() not in ("true", "1"):
            return None
        name = plain_name(row["filename"])
        target = whole_number(row["target"], "target")
        if not 0 <= target < len(LABELS):
            raise ValueError(f"target {target} is none of 0 to {len(LABELS) - 1}")
        label = LABELS[target]
        fold, source = whole_number(row["fold"], "fold"), _source(name) or row.get("src_file") or None
        return Clip(root / "audio" / name, name, label, (label,), fold, None, target, source=source)

    columns = ("filename", "fold", "target", *(["esc10"] if only_esc10 else []))
    return read_rows(Rows(root / METADATA, columns, problems), clip)


def _source(name: str) -> str | None:
    return source_in(PurePosixPath(name).stem, SOURCE_FIELDS)


def _class_folders(folder: Path) -> Dataset:
    clips: list[Clip] = []
    problems: list[str] = []
    for entry in sorted(folder.iterdir()):
        match = CLASS_FOLDER.fullmatch(entry.name)
        if not match:
            continue
        label = display_name(match[2]).lower()
        if label not in ESC10_LABELS:
            problems.append(f"{entry} is not a class of ESC-10; it is left out.")
            continue
        for name in sorted(listing(entry)):
            first = name.split("-")[0]
            if name.startswith("."):
                continue
            if not first.isdecimal():
                problems.append(f"{entry / name} does not begin with its fold; it is left out.")
                continue
            class_id, source = ESC10_LABELS.index(label), _source(name)
            clips.append(Clip(entry / name, name, label, (label,), int(first), None, class_id, source=source))
    if not clips:
        raise missing(folder / "001 - Dog bark", NAME)
    return build(ESC10, clips, ESC10_LABELS, problems)


# The repository's moving master branch has no lasting checksum; the same archive at a fixed commit, with the checksum
# that others have published for it. GitHub may pack it anew.
COMMIT = "33c8ce9eb2cf0b1c2f8bcf322eb349b6be34dbb6"
ARCHIVE = Remote(
    "ESC-50-master.zip",
    f"https://github.com/karolpiczak/ESC-50/archive/{COMMIT}.zip",
    "md5:071b44018315e034b2c6e8064543d19c",
    strip=("ESC-50-master", f"ESC-50-{COMMIT}"),
    volatile=True,
)
INDEX = Remote(
    "index.json",
    "https://zenodo.org/records/11176809/files/esc50_index_2.0.json?download=1",
    "md5:7f1bf89ff69ee6aaa5c7018a75de73cf",
)

PLUGINS = (
    DatasetSpec(
        NAME,
        read,
        LABELS,
        CLASS_FIELD,
        SOURCE_FIELDS,
        (METADATA,),
        Facts(890_000_000, 2000, 50, 5, "one a clip", "CC BY-NC 3.0"),
        (Part("all", (ARCHIVE,)),),
        INDEX,
        whole=2000,
    ),
    DatasetSpec(ESC10, read_esc10, ESC10_LABELS, source_fields=SOURCE_FIELDS, comes_with=NAME),
)
