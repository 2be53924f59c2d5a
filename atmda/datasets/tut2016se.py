"""TUT Sound Events 2016 (Mesaros, Heittola, Virtanen 2016; DCASE 2016): 10 homes and 12 residential areas.

Layout: TUT-sound-events-2016-development/{audio,meta,evaluation_setup}, as `event_lists` tells; meta/ has the target
classes alone. The development set is 22 recordings, 1:18:16. Folds of the two scenes that have one number are tested
together, and the classes of both compete: 11 of homes, 7 of residential areas, "people walking" among either.

soundata does not have this set: archives and their MD5 are those that dcase_util names.
"""

from __future__ import annotations

from atmda.datasets.base import DatasetSpec
from atmda.datasets.event_lists import EventLists
from atmda.datasets.remotes import Facts, Part, Remote

NAME = "tut2016se"
LABELS = (
    "(object) banging",
    "(object) rustling",
    "(object) snapping",
    "bird singing",
    "car passing by",
    "children shouting",
    "cupboard",
    "cutlery",
    "dishes",
    "drawer",
    "glass jingling",
    "object impact",
    "people speaking",
    "people walking",
    "washing dishes",
    "water tap running",
    "wind blowing",
)
DEVELOPMENT = "TUT-sound-events-2016-development"

FILES = "https://zenodo.org/record/45759/files"
#: part -> the MD5 of its archive
MD5 = {
    "development.audio": "a6006efaa85bb69d5064b00c6802a8f8",
    "development.doc": "33fd26a895530aef607a07b08704eacd",
    "development.meta": "7b29f0e2b82b3f264653cb4fa43da75d",
}


def _part(name: str, md5: str) -> Part:
    file = f"TUT-sound-events-2016-{name}.zip"
    return Part(name, (Remote(file, f"{FILES}/{file}?download=1", f"md5:{md5}"),))


PLUGINS = (
    DatasetSpec(
        NAME,
        EventLists(NAME, DEVELOPMENT, ("home", "residential_area"), LABELS, "development.meta").read,
        LABELS,
        markers=(DEVELOPMENT,),
        facts=Facts(1_250_000_000, 22, 17, 4, "events, several a window", "TUT licence, non-commercial"),
        parts=tuple(_part(name, md5) for name, md5 in MD5.items()),
        whole=22,
    ),
)
