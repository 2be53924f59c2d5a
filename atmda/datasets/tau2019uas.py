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
from atmda.datasets.rows import Rows, plain_name, read_rows

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
SOURCE_FIELDS = (1, 2)  # city and location in a file name split at its dashes


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
        source = source_in(PurePosixPath(name).stem, SOURCE_FIELDS)
        return Clip(path, name, label, (label,), fold, split, LABELS.index(label), source=source)

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


RECORDS = {"development": 2589280, "evaluation": 3063822, "leaderboard": 2672993}  # of zenodo.org
#: part -> the MD5 of its archive
MD5 = {
    "development.audio.1": "aca4ebfd9ed03d5f747d6ba8c24bc728",
    "development.audio.2": "c4f170408ce77c8c70c532bf268d7be0",
    "development.audio.3": "c7214a07211f10f3250290d05e72c37e",
    "development.audio.4": "a6a62110f6699cf4432072acb1dffda6",
    "development.audio.5": "091a0b6d3c84b8e60e46940aa7d4a8a0",
    "development.audio.6": "114f4ca13e074391b98a1cfd8140de65",
    "development.audio.7": "5951dd2968f7a514e2afbe279c4f060d",
    "development.audio.8": "b0b63dc95b327e1509857c8d8a663cc3",
    "development.audio.9": "3c32a693a6b111ffb957be3c1dd22e9b",
    "development.audio.10": "0ffbf60006da520cc761fb74c878b98b",
    "development.audio.11": "599055d93b4c11057c29be2df54538d4",
    "development.audio.12": "98b8d162ff3665695c4c910e6c372cc8",
    "development.audio.13": "a356c08b1a5a21d433eba37ef87587f4",
    "development.audio.14": "f8969771e7faf7dd471d1cf78b0cf011",
    "development.audio.15": "4758c4b0fb7484faa632266e78850820",
    "development.audio.16": "a18acad9ede8ea76574216feb887f0bc",
    "development.audio.17": "1af7703484632f340da5c33662dc9632",
    "development.audio.18": "b67402bf3e08f4da394a7c18756c0fd2",
    "development.audio.19": "035db315f19106eb848b6f9b32bcc47c",
    "development.audio.20": "9cb28c74911bf8a3eadcf53f50a5b5d6",
    "development.audio.21": "0e44ed85c88ec036a9725b4dd1dfaea0",
    "development.doc": "1f6879544e80da70099a191613e7e51f",
    "development.meta": "09782f2097e4735687af73c44919329c",
    "evaluation.audio.1": "3dfc50f8dc46f4a83a2e9cf2083d1c2a",
    "evaluation.audio.2": "cc3d2a4b8e98ce0122317e401d0c6b7d",
    "evaluation.audio.3": "a4815bdfd889a59f71c586cc834fc5e8",
    "evaluation.audio.4": "d85f72ef7ae8a60b297da9e5bf478356",
    "evaluation.audio.5": "73c84daf879db5cc4811808794e373de",
    "evaluation.audio.6": "39d3cda72353ee9da88b78164350ff9f",
    "evaluation.audio.7": "bd6fbf0d9324d1faa72968c162b574d7",
    "evaluation.audio.8": "d7b4b62156f458865e2bd063b3da39e8",
    "evaluation.audio.9": "7dbc037eca8d1234de8cd677853f72e4",
    "evaluation.audio.10": "9a0b1e0d2647f6241d7b7c0649855cc7",
    "evaluation.audio.11": "c2ae0b8d9270d964f8c1d8b5298fea72",
    "evaluation.doc": "2fd4dc78299fc0d05212ca43dd89d922",
    "evaluation.meta": "0b42d3c337b29d2efe50edd1e9496d7e",
    "leaderboard.audio.1": "a5daa0df61c6fbc65b1e70f98d728ea3",
    "leaderboard.audio.2": "c57c37a7ab6a32233583e39ec8cfafd5",
    "leaderboard.doc": "826ede1a356e40ed6c80d873a0e10a70",
    "leaderboard.meta": "fa3451868a2adf9d8a91882604a2d9b5",
}


def _part(name: str, md5: str) -> Part:
    file = f"TAU-urban-acoustic-scenes-2019-{name}.zip"
    url = f"https://zenodo.org/record/{RECORDS[name.split('.')[0]]}/files/{file}?download=1"
    return Part(name, (Remote(file, url, f"md5:{md5}"),))


PLUGINS = (
    DatasetSpec(
        NAME,
        read,
        LABELS,
        source_fields=SOURCE_FIELDS,
        markers=(DEVELOPMENT,),
        facts=Facts(66_000_000_000, 22800, 10, 1, "scene, development part", "non-commercial, Tampere University"),
        parts=tuple(_part(name, md5) for name, md5 in MD5.items()),
        index=Remote(
            "index.json",
            "https://zenodo.org/records/11176859/files/tau2019uas_index_1.0.json?download=1",
            "md5:b1d7af813507b4943540397c519c7a0b",
        ),
        whole=14400,  # the development set, which is the labelled one
    ),
)
