"""UrbanSound8K (Salamon, Jacoby, Bello 2014): 8,732 clips of up to 4 s, 10 classes, 10 official folds.

Layout: metadata/UrbanSound8K.csv and audio/fold<K>/<fsID>-<classID>-<occurrence>-<slice>.wav.
"""

from __future__ import annotations

from pathlib import Path

from atmda.core.clip import Clip
from atmda.datasets.base import Dataset, Rows, build, find_root, plain_name, present, read_rows, whole_number

NAME = "urbansound8k"
LABELS = (
    "air conditioner",
    "car horn",
    "children playing",
    "dog bark",
    "drilling",
    "engine idling",
    "gun shot",
    "jackhammer",
    "siren",
    "street music",
)
CLASS_FIELD = 1  # where the class id stands in a file name split at its dashes
METADATA = "metadata/UrbanSound8K.csv"


def read(folder: Path) -> Dataset:
    """The data set in `folder`. Raises AtmdaError naming what is missing."""
    root = find_root(folder, METADATA, "UrbanSound8K", NAME)
    problems: list[str] = []
    audio = root / "audio"

    def clip(row: dict[str, str]) -> Clip:
        name = plain_name(row["slice_file_name"])
        fold = whole_number(row["fold"], "fold")
        class_id = whole_number(row["classID"], "class id")
        if not 0 <= class_id < len(LABELS):
            raise ValueError(f"class id {class_id} is none of 0 to {len(LABELS) - 1}")
        label = LABELS[class_id]
        return Clip(audio / f"fold{fold}" / name, name, label, (label,), fold, None, class_id)

    rows = Rows(root / METADATA, ("slice_file_name", "fold", "classID"), problems)
    return build(NAME, present(read_rows(rows, clip), problems, NAME, METADATA), LABELS, problems)
