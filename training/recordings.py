"""Which recordings the encoder may learn from: those whose licence lets weights under Apache-2.0 rest on them.

Refused are licences that ask for the same terms again (GPL, CC-BY-SA, ODbL, Artistic), also where a file may be under
one of them and the manifest does not say. The Pixabay Content License is accepted: it allows use, change and commercial
use without credit, and forbids to pass a file on as it is, alone; weights contain no file, and no clip can be had back
from them. Refused too are the recordings that the background scenes of the evaluation were cut from.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path

Row = Mapping[str, str]

SHARE_ALIKE = re.compile(r"GPL|-SA|Share ?Alike|ODbL|Artistic", re.IGNORECASE)
#: found by cross-correlation with the stand-ins of tau2019uas-mini, or of the same name and source as those found
TESTED = re.compile(r"moodist/\d+_(airport|subway-station|supermarket|busy-street)(_p\d)?\.opus")
#: one recording in this many is never trained on, so that choices can be made on it
HELD_BACK = 20
#: folders of recordings of places and weather, and those of them that are of single things
AMBIENCES = re.compile(r"(ambient-engine|berlin_noise|blanket|moodist|muges-ambient|noisekun|noixer)/")


def read_manifest(data: Path) -> list[Row]:
    """The rows of `data`/manifest.csv."""
    with (data / "manifest.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def permitted(row: Row) -> bool:
    """Whether the licence of a recording lets it be trained on, and no test recording was cut from it."""
    return not SHARE_ALIKE.search(row["licence"]) and not TESTED.fullmatch(row["path"])


def whole(row: Row) -> str:
    """The recording that a file is a piece of."""
    return re.sub(r"_p\d\.opus$", "", row["path"]).removesuffix(".opus")


def held_back(rows: list[Row]) -> list[bool]:
    """For each row whether its recording, with all its pieces, is kept for choosing: every 20th by name."""
    ordered = sorted({whole(row) for row in rows})
    chosen = set(ordered[HELD_BACK // 2 :: HELD_BACK])
    return [whole(row) in chosen for row in rows]


def is_ambience(row: Row) -> bool:
    """Whether the recording is one of a place or of weather, to be heard behind others."""
    return bool(AMBIENCES.match(row["path"]))
