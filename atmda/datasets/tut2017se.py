"""TUT Sound Events 2017 (Mesaros, Heittola, Virtanen 2016; DCASE 2017): streets, 24 recordings of 3 to 5 minutes.

Layout: TUT-sound-events-2017-development/{audio,meta,evaluation_setup}, as `event_lists` tells; the annotations in
meta/ are the verified ones. The development set, 1:32:08, is read; the evaluation set is fetched with it.
"""

from __future__ import annotations

from atmda.datasets.base import DatasetSpec
from atmda.datasets.event_lists import EventLists
from atmda.datasets.remotes import Facts, Part, Remote

NAME = "tut2017se"
LABELS = ("brakes squeaking", "car", "children", "large vehicle", "people speaking", "people walking")
DEVELOPMENT = "TUT-sound-events-2017-development"

RECORDS = {"development": 814831, "evaluation": 1040179}  # of zenodo.org
#: part -> the MD5 of its archive, as soundata has it
MD5 = {
    "development.audio.1": "6f1cd31592b8240a14be3ee513db6a23",
    "development.audio.2": "adcff03341b84dc8d35f035b93c1efa0",
    "development.doc": "aa6024e70f5bff3fe15d962b01753e23",
    "development.meta": "50e870b3a89ed3452e2a35b508840929",
    "evaluation.audio": "1d3aa81896be0f142130ca9ca7a2b871",
    "evaluation.doc": "8bbf41671949edee15d6cdc3f9e726c9",
    "evaluation.meta": "a951598abaea87296ca409e30fb0b379",
}


def _part(name: str, md5: str) -> Part:
    file = f"TUT-sound-events-2017-{name}.zip"
    url = f"https://zenodo.org/record/{RECORDS[name.split('.')[0]]}/files/{file}?download=1"
    return Part(name, (Remote(file, url, f"md5:{md5}"),))


PLUGINS = (
    DatasetSpec(
        NAME,
        EventLists(NAME, DEVELOPMENT, ("street",), LABELS, "development.meta").read,
        LABELS,
        markers=(DEVELOPMENT,),
        facts=Facts(1_900_000_000, 32, 6, 4, "events, several a window", "TUT licence, non-commercial"),
        parts=tuple(_part(name, md5) for name, md5 in MD5.items()),
        index=Remote(
            "index.json",
            "https://zenodo.org/records/11176916/files/tut2017se_index_2.0.json?download=1",
            "md5:26fea2fd4082f48d7e8ef8c85df88ad1",
        ),
        whole=24,
    ),
)
