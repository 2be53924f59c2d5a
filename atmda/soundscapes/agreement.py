"""Where a JAMS file contradicts itself: edited by hand, its annotation is not what our record in its sandbox tells.

The annotation is what is rendered, so it is what holds. The record is brought to it, and each difference is a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from atmda.core.bounds import is_number
from atmda.datasets.base import fold_in
from atmda.soundscapes.mix import Event, Mix

CLOSE = 1e-6  # s, LU and LUFS; records are rounded to 1e-9
SOURCES = ("foreground", "background")
#: How the notes begin that a rendering makes; one that does not come again is of an earlier rendering.
OF_RENDERING = ("event is ", "event lasts ", "clipped: ", "scaled by ", "silent: ")


def same(first: Any, second: Any) -> bool:
    """Whether two values of a record are equal, numbers within what rounding does."""
    if is_number(first) and is_number(second):
        return bool(abs(first - second) <= CLOSE)
    return bool(first == second)


def brought_to(record: Mapping[str, Any], told: Mapping[str, Any], mix: Mix) -> tuple[dict[str, Any], list[str]]:
    """`record` with what the annotation, `told`, says, and a sentence for each value that differed.

    A class id goes with its label, a fold with the event's folder; `parameters` keep what was drawn from, but for the
    level and length that were rendered.
    """
    found, differences = dict(record), []
    told = dict(told)
    if not str(told["foreground"]).endswith(str(record.get("foreground"))):
        folds = [fold_in(part) for part in PurePosixPath(str(told["foreground"])).parts]
        told["fold"] = next((fold for fold in folds if fold is not None), record.get("fold"))
    for key, value in told.items():
        if same(record.get(key), value) or (key in SOURCES and str(value).endswith(f"/{record.get(key)}")):
            continue  # a source may stand below another folder than it did
        if key in record:
            differences.append(_differs(key, value, record[key]))
        found[key] = value
    if not same(record.get("label"), found.get("label")):
        found["class_id"] = None
    parameters = record.get("parameters")
    if isinstance(parameters, dict):
        for key, value in (("ref_db", mix.ref_db), ("duration", mix.duration)):
            if key in parameters and not same(parameters[key], value):
                found["parameters"] = {**found["parameters"], key: value}
                differences += [_differs(key, value, parameters[key])] * (key == "ref_db")
    return found, differences


def _differs(key: str, value: Any, former: Any) -> str:
    shown = ["none" if v is None else f"{v:g}" if is_number(v) else str(v) for v in (value, former)]
    return f"{key}: the annotation says {shown[0]}, the record said {shown[1]}"


def within(annotation: Mapping[str, Any], metadata: Any, mix: Mix) -> Iterator[str]:
    """Where the annotation disagrees with itself on what was rendered, a sentence each."""
    settings = annotation["sandbox"]["scaper"]
    lengths = {
        "the annotation": annotation.get("duration"),
        "its file_metadata": metadata.get("duration") if isinstance(metadata, dict) else None,
        "its settings": settings.get("duration"),
    }
    for what, seconds in lengths.items():
        if seconds is not None and not same(seconds, mix.duration):
            yield f"duration: {mix.duration:g} s were rendered, {what} says {seconds!r:.40}"


def observed(observation: Mapping[str, Any], event: Event, end: float, label: str) -> Iterator[str]:
    """Where an observation's own times are not those that its value gives, or reach beyond the `end`, in seconds."""
    if not same(observation["time"], event.event_time):
        begins, says = event.event_time, observation["time"]
        yield f"{label}: it begins at its event_time, {begins:g} s; the observation says {says:g} s"
    left = min(event.event_duration, end - event.event_time)
    if not any(same(observation["duration"], seconds) for seconds in (event.event_duration, left)):
        wanted, says = event.event_duration, observation["duration"]
        yield f"{label}: it lasts for its event_duration, {wanted:g} s; the observation says {says:g} s"
    if left < event.event_duration - CLOSE:
        yield f"{label}: it is cut at the end of the soundscape, {end:g} s"


def lasting(notes: Sequence[str], rendered: Sequence[str], sources: Sequence[Any]) -> list[str]:
    """Of a record's notes those that a new rendering, whose own are `rendered`, neither repeats nor replaces."""
    replaced = (*OF_RENDERING, *(f"{source}: " for source in sources if source))
    return [note for note in notes if note not in rendered and not note.startswith(replaced)]
