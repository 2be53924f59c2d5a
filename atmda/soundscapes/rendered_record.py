"""The manifest's record of a soundscape that was rendered again: what its JAMS tells, as it sounds."""

from __future__ import annotations

from typing import Any

from atmda.soundscapes.agreement import lasting, same
from atmda.soundscapes.contents import content_of
from atmda.soundscapes.jams_reading import ReadSoundscape
from atmda.soundscapes.rendering import Rendered
from atmda.soundscapes.scenes.records import contents, is_scene


def rendered_record(
    read: ReadSoundscape, rendered: Rendered, paths: tuple[str, str, str], file: str
) -> tuple[dict[str, Any], bool]:
    """The record of `read`, and whether it is not what the JAMS file says.

    paths: of WAV, JAMS and txt, below the set. file: SHA-256 of the soundscape's own.
    Raises AudioError where a recording cannot be read.
    """
    if is_scene(read.record):
        return _rendered_scene(read, rendered, paths, file)
    wav, jams, txt = paths
    record, events = {"file": wav, **read.record}, list(read.mix.events)
    first = {event.role: k for k, event in reversed(list(enumerate(events)))}
    front, back = first.get("foreground"), first.get("background")
    found = [*read.differences, *read.unheard]
    if front is not None:
        onset, offset = rendered.spans[front]
        if not same(round(offset, 9), record.get("offset")):
            found.append(f"event ends at {offset:g} s, with its recording, not at {record.get('offset'):g} s")
            record |= {"offset": round(offset, 9), "event_duration": round(offset - onset, 9)}
    if isinstance(record.get("sha256"), dict):
        contents, replaced = _contents(read, first, file)
        record["sha256"] = contents
        found += replaced
    sources = [read.former.get(role) for role in ("foreground", "background")]
    notes = lasting(read.former.get("notes", []), rendered.notes, sources)
    found = [sentence for sentence in found if sentence not in notes]
    measured = {
        "file": wav,
        "sample_rate": read.mix.sample_rate,
        "event_loudness": None if front is None else rendered.loudness[front],
        "background_loudness": None if back is None else rendered.loudness[back],
        "peak": round(rendered.peak, 6),
        "scale": rendered.scale,
        "jams": jams,
        "txt": txt,
        "notes": [*notes, *found, *rendered.notes],
    }
    return {**record, **measured}, bool(found)


def _contents(read: ReadSoundscape, first: dict[Any, int], file: str) -> tuple[dict[str, str], list[str]]:
    """SHA-256 of the recordings and of the soundscape; a sentence for each recording replaced under the same name."""
    contents, replaced = {}, []
    for role in ("foreground", "background"):
        if role not in first:
            continue
        event = read.mix.events[first[role]]
        contents[role] = content_of(event.source, event.name)
        before = read.former.get("sha256", {}).get(role)
        if read.record.get(role) == read.former.get(role) and before not in (None, contents[role]):
            replaced.append(f"{role}: {event.name} is not the recording that it was")
    return {**contents, "file": file}, replaced


def _rendered_scene(
    read: ReadSoundscape, rendered: Rendered, paths: tuple[str, str, str], file: str
) -> tuple[dict[str, Any], bool]:
    """As `rendered_record`, of a long scene."""
    found = [*read.differences, *read.unheard]
    wav, jams, txt = paths
    record = {**read.record, "file": wav, "jams": jams, "txt": txt, "sample_rate": read.mix.sample_rate}
    record |= {"peak": round(rendered.peak, 6), "scale": rendered.scale}
    for key, role in (("events", "foreground"), ("backgrounds", "background")):
        which = [k for k, event in enumerate(read.mix.events) if event.role == role]
        record[key] = [{**item, "loudness": rendered.loudness[k]} for item, k in zip(record[key], which, strict=True)]
        for item, k in zip(record[key], which, strict=True):
            end = round(rendered.spans[k][1], 9)
            if role == "foreground" and not same(end, item["offset"]):
                found.append(f"event ends at {end:g} s, with its recording, not at {item['offset']:g} s")
                item["offset"] = end
    now, before = contents(read.mix.events), read.former.get("sha256", {})
    replaced = [key for key in now if before.get(key, now[key]) != now[key]]
    found += [f"{key.replace(' ', ': ', 1)} is not the recording that it was" for key in replaced]
    record["sha256"] = {**now, "file": file}
    names = [event.name for event in read.mix.events]
    notes = lasting(read.former.get("notes", []), rendered.notes, names)
    found = [sentence for sentence in found if sentence not in notes]
    return {**record, "notes": [*notes, *found, *rendered.notes]}, bool(found)
