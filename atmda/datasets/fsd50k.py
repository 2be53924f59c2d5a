"""FSD50K (Fonseca, Favory, Pons, Font, Serra 2020): 51,197 clips, 200 classes, several labels a clip, no folds.

Layout: FSD50K.ground_truth/{dev,eval,vocabulary}.csv, FSD50K.dev_audio/<id>.wav, FSD50K.eval_audio/<id>.wav.
Splits: "train" and "val" as dev.csv says, "test" for eval.csv. `label` is None, `labels` holds all that a row says
(the set propagates labels upwards to the root of the ontology).
"""

from __future__ import annotations

from pathlib import Path

from atmda.core.clip import Clip
from atmda.datasets.base import Dataset, DatasetSpec, build, display_name, missing, present
from atmda.datasets.remotes import Facts, Part, Remote
from atmda.datasets.rows import Rows, plain_name, read_rows
from atmda.errors import AtmdaError

NAME = "fsd50k"
TRUTH = "FSD50K.ground_truth"


def read(folder: Path) -> Dataset:
    """The data set in `folder`, or that half of it (dev, eval) that was fetched. Raises AtmdaError."""
    vocabulary = folder / TRUTH / "vocabulary.csv"
    if not vocabulary.is_file():
        raise missing(vocabulary if folder.is_dir() else folder, NAME, "ground_truth" if folder.is_dir() else "")
    problems: list[str] = []
    labels = _vocabulary(vocabulary, problems)
    known = set(labels)
    clips: list[Clip] = []
    gone: list[AtmdaError] = []
    for half in ("dev", "eval"):
        table = folder / TRUTH / f"{half}.csv"
        try:
            if not table.is_file():
                raise missing(table, NAME, "ground_truth")
            listed = _half(table, folder / f"FSD50K.{half}_audio", half, known, problems)
            if not (folder / f"FSD50K.{half}_audio").is_dir():
                raise missing(folder / f"FSD50K.{half}_audio", NAME, f"FSD50K.{half}_audio")
            clips += present(listed, problems, NAME, table.name)
        except AtmdaError as error:
            gone.append(error)
            problems.append(str(error))
    if not clips:
        raise gone[0]
    return build(NAME, clips, labels, problems)


def _vocabulary(path: Path, problems: list[str]) -> tuple[str, ...]:
    """Class names in class-id order, from rows of id, name, mid without a header."""
    rows = Rows(path, ("id", "name", "mid"), problems, header=False)
    return tuple(display_name(row["name"]) for _, row in rows)


def _half(table: Path, audio: Path, half: str, known: set[str], problems: list[str]) -> list[Clip]:
    def clip(row: dict[str, str]) -> Clip:
        name = plain_name(row["fname"] + ".wav")
        labels = tuple(display_name(label) for label in row["labels"].split(",") if label.strip())
        strange = [label for label in labels if label not in known]
        if strange or not labels:
            raise ValueError(f"{strange[0]!r} is not in vocabulary.csv" if strange else "it has no label")
        split = row["split"] if half == "dev" else "test"
        if half == "dev" and split not in ("train", "val"):
            raise ValueError(f"split {split!r} is neither train nor val")
        return Clip(audio / name, name, None, labels, None, split)

    columns = ("fname", "labels", "split") if half == "dev" else ("fname", "labels")
    return read_rows(Rows(table, columns, problems), clip)


FILES = "https://zenodo.org/record/4060432/files"
#: part -> the archive, or the pieces of a split one, with their MD5
ARCHIVES = {
    "FSD50K.dev_audio": {
        "FSD50K.dev_audio.zip": "c480d119b8f7a7e32fdb58f3ea4d6c5a",
        "FSD50K.dev_audio.z01": "faa7cf4cc076fc34a44a479a5ed862a3",
        "FSD50K.dev_audio.z02": "8f9b66153e68571164fb1315d00bc7bc",
        "FSD50K.dev_audio.z03": "1196ef47d267a993d30fa98af54b7159",
        "FSD50K.dev_audio.z04": "d088ac4e11ba53daf9f7574c11cccac9",
        "FSD50K.dev_audio.z05": "81356521aa159accd3c35de22da28c7f",
    },
    "FSD50K.eval_audio": {
        "FSD50K.eval_audio.zip": "6fa47636c3a3ad5c7dfeba99f2637982",
        "FSD50K.eval_audio.z01": "3090670eaeecc013ca1ff84fe4442aeb",
    },
    "ground_truth": {"FSD50K.ground_truth.zip": "ca27382c195e37d2269c4c866dd73485"},
    "metadata": {"FSD50K.metadata.zip": "b9ea0c829a411c1d42adb9da539ed237"},
    "documentation": {"FSD50K.doc.zip": "3516162b82dc2945d3e7feba0904e800"},
}

PLUGINS = (
    DatasetSpec(
        NAME,
        read,
        markers=(TRUTH,),
        facts=Facts(35_000_000_000, 51197, 200, 0, "several a clip", "CC BY 4.0 (each clip its own CC)"),
        parts=tuple(
            Part(part, tuple(Remote(file, f"{FILES}/{file}?download=1", f"md5:{md5}") for file, md5 in pieces.items()))
            for part, pieces in ARCHIVES.items()
        ),
        index=Remote(
            "index.json",
            "https://zenodo.org/records/11176815/files/fsd50k_index_1.0.json?download=1",
            "md5:3317c25426cb3f539eea2b94651c14ba",
        ),
        whole=51197,
    ),
)
