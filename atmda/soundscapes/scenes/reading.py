"""A long scene read back from its JAMS: what the annotation says of each event and background, against the record.

As with soundscapes of one event, the annotation is what is rendered, so it is what holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from atmda.soundscapes.agreement import same
from atmda.soundscapes.mix import Event, Mix

MOST_DIFFERENCES = 20  # that are told of one file
Record = dict[str, Any]


def scene_told(
    former: Mapping[str, Any], data: Sequence[Mapping[str, Any]], heard: Sequence[int], mix: Mix, labels: Sequence[str]
) -> tuple[Record, list[str]]:
    """The record `former` with what the annotation says, and a sentence for each value that differed.

    data: the annotation's observations; heard: those of `mix`'s events, in their order; labels: of all observations.
    """
    events, backgrounds, places = [], [], []
    for k, event in zip(heard, mix.events, strict=True):
        if event.role == "background":
            backgrounds.append({"background": event.name, **_times(event, mix)})
            places.append(data[k]["value"]["label"])
        else:
            events.append({"label": labels[k], "foreground": event.name, "snr": event.snr, **_times(event, mix)})
    found, differences = dict(former), list[str]()
    told = {"duration": mix.duration, "scene": places[0] if places else None}
    for key, value in told.items():
        if not same(former.get(key), value):
            differences.append(f"{key}: the annotation says {value}, the record said {former.get(key)}")
            found[key] = value
    parameters = former.get("parameters")
    if isinstance(parameters, dict):
        for key, value in (("duration", mix.duration), ("ref_db", mix.ref_db)):
            if not same(parameters.get(key), value):
                found["parameters"] = {**found["parameters"], key: value}
                said = f"{key}: the annotation says {value:g}, the record said {parameters.get(key)}"
                differences += [said] * (key == "ref_db")
    for key, items in (("events", events), ("backgrounds", backgrounds)):
        found[key] = _brought_to(key, former[key], items, differences)
    return found, differences[:MOST_DIFFERENCES]


def _times(event: Event, mix: Mix) -> Record:
    end = min(event.event_time + event.event_duration, mix.duration)
    return {"onset": event.event_time, "offset": round(end, 9), "source_time": event.source_time}


def _brought_to(what: str, former: Sequence[Record], told: Sequence[Record], differences: list[str]) -> list[Record]:
    if len(former) != len(told):
        differences.append(f"{what}: the annotation has {len(told)}, the record had {len(former)}")
        return [dict(item) for item in told]
    found = []
    for before, now in zip(former, told, strict=True):
        other = {key: value for key, value in now.items() if not _alike(before.get(key), value)}
        when = f"{what} at {now['onset']:g} s"
        differences += [f"{when}: {key} is {value}, the record said {before.get(key)}" for key, value in other.items()]
        merged = {**before, **other}
        if "label" in other:
            merged["class_id"] = None
        if "foreground" in other:
            merged["source"] = None
        found.append(merged)
    return found


def _alike(before: Any, now: Any) -> bool:
    """A source may stand below another folder than it did."""
    return same(before, now) or (isinstance(now, str) and isinstance(before, str) and now.endswith(f"/{before}"))
