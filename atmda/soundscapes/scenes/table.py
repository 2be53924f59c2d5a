"""All events of a set of long scenes as one table of annotations, which `embed --annotations` reads."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from atmda.core.files import publish
from atmda.core.untrusted import parsed_object
from atmda.soundscapes.manifest import MANIFEST
from atmda.soundscapes.scenes.records import is_scene

ANNOTATIONS = "annotations.csv"
COLUMNS = ("filename", "start", "end", "label", "snr", "source", "background", "fold")


def publish_annotations(folder: Path) -> None:
    """Write `annotations.csv` from the manifest in `folder`, a row an event, in the order of scenes and times.

    Where the manifest tells of no scene there is no table.
    """
    with (folder / MANIFEST).open("rb") as manifest:
        records = (record for line in manifest if is_scene(record := parsed_object(line, MANIFEST)))
        first = next(records, None)
        if first is None:
            return
        odd = "surrogateescape"  # bytes of names that are no UTF-8 are written as they are
        with publish(folder / ANNOTATIONS) as part, part.open("w", encoding="utf-8", errors=odd, newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows_of(first))
            for record in records:
                writer.writerows(rows_of(record))


def rows_of(record: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """The rows of one scene. `source`: what the event's recording was cut from, else the recording; `background`: the
    recording that begins to sound last before the event."""
    backgrounds, k = record["backgrounds"], 0
    for event in record["events"]:
        while k + 1 < len(backgrounds) and backgrounds[k + 1]["onset"] <= event["onset"]:
            k += 1
        background = backgrounds[k]["background"] if backgrounds else None
        source = event.get("source") or event["foreground"]
        times = event["onset"], event["offset"]
        yield record["file"], *times, event["label"], event["snr"], source, background, record.get("fold")
