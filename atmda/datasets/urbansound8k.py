"""UrbanSound8K (Salamon, Jacoby, Bello 2014): 8,732 clips of up to 4 s, 10 classes, 10 official folds.

Layout: metadata/UrbanSound8K.csv and audio/fold<K>/<fsID>-<classID>-<occurrence>-<slice>.wav.
"""

from __future__ import annotations

from pathlib import Path

from atmda.core.clip import Clip
from atmda.datasets.base import Dataset, DatasetSpec, build, find_root, present, source_in
from atmda.datasets.remotes import Facts, Part, Remote
from atmda.datasets.rows import Rows, plain_name, read_rows, whole_number

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
CLASS_FIELD, SOURCE_FIELDS = 1, (0,)  # where class id and fsID stand in a file name split at its dashes
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
        source = source_in(name, SOURCE_FIELDS)
        return Clip(audio / f"fold{fold}" / name, name, label, (label,), fold, None, class_id, source=source)

    rows = Rows(root / METADATA, ("slice_file_name", "fold", "classID"), problems)
    return build(NAME, present(read_rows(rows, clip), problems, NAME, METADATA), LABELS, problems)


PLUGINS = (
    DatasetSpec(
        NAME,
        read,
        LABELS,
        CLASS_FIELD,
        SOURCE_FIELDS,
        (METADATA,),
        Facts(7_000_000_000, 8732, 10, 10, "one a clip", "CC BY-NC 4.0"),
        (
            Part(
                "all",
                (
                    Remote(
                        "UrbanSound8K.tar.gz",
                        "https://zenodo.org/record/1203745/files/UrbanSound8K.tar.gz?download=1",
                        "md5:9aa69802bbf37fb986f71ec1483a196e",
                        strip=("UrbanSound8K",),
                    ),
                ),
            ),
        ),
        Remote(
            "index.json",
            "https://zenodo.org/records/11176928/files/urbansound8k_index_1.0.json?download=1",
            "md5:1c4940e08c1305c49b592f3d9c103e6f",
        ),
        whole=8732,
    ),
)
