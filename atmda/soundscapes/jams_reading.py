"""Soundscapes read back from JAMS, ours or scaper's: how to mix them, and what is known of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from atmda.core.bounds import Bounds
from atmda.core.files import read_small
from atmda.core.untrusted import parsed_object
from atmda.errors import AtmdaError
from atmda.soundscapes import bounds
from atmda.soundscapes.agreement import CLOSE, brought_to, observed, within
from atmda.soundscapes.finder import Finder
from atmda.soundscapes.manifest import checked_record
from atmda.soundscapes.mix import Event, Mix, sounds
from atmda.soundscapes.scenes.reading import scene_told
from atmda.soundscapes.scenes.records import is_scene

FOLD = re.compile(r"fold(\d+)")
MOST_BYTES = 100_000_000  # of one JAMS file; an event takes some 700, and a day has fewer than a hundred thousand


@dataclass(frozen=True)
class ReadSoundscape:
    """One soundscape read from JAMS: how to mix it, and what is known of it.

    record: what the annotation says, and what our own record adds where there is one, `former`. labels: of the mix's
    events, in their order; heard: which of the annotation's observations these are. differences: where annotation and
    record, or the annotation and itself, differ. unheard: events that begin after the end; they are not in `mix`.
    """

    mix: Mix
    reverb: float | None
    fix_clipping: bool
    record: dict[str, Any]
    former: dict[str, Any]
    labels: tuple[str, ...]
    heard: tuple[int, ...]
    differences: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()


def read_jams(path: Path, foregrounds: Finder, backgrounds: Finder) -> ReadSoundscape:
    """The soundscape that the JAMS file `path` describes, its sources found below the two folders.

    Raises AtmdaError for a file that is not JAMS with scaper's namespace and for what only scaper can render.
    """
    try:
        whole = parsed_object(read_small(path, MOST_BYTES), str(path))
        annotation = next(a for a in whole["annotations"] if a["namespace"] == "scaper")
        settings = annotation["sandbox"]["scaper"]
        data = annotation["data"]
        events = tuple(_event(o["value"], settings, foregrounds, backgrounds) for o in data)
        mix = Mix(
            _number(settings.get("original_duration", settings["duration"]), bounds.DURATION_IN_JAMS, "duration"),
            events,
            _number(settings["ref_db"], bounds.REF_DB, "ref_db"),
            int(_number(settings.get("sr", 44_100), bounds.SAMPLE_RATE, "sr")),
            _number(settings["fade_in_len"], bounds.TIME_IN_JAMS, "fade_in_len"),
            _number(settings["fade_out_len"], bounds.TIME_IN_JAMS, "fade_out_len"),
            bool(settings.get("peak_normalization")),
        )
        read = _known(whole, annotation, mix, path)
    except OSError as error:
        raise AtmdaError(f"{path} cannot be read ({error.strerror}).") from error
    except StopIteration as error:
        raise AtmdaError(f"{path} holds no annotation of scaper's namespace.") from error
    except _OutOfBoundsError as error:
        raise AtmdaError(f"{path} describes no soundscape: {error}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AtmdaError(f"{path} is not JAMS as scaper writes it ({type(error).__name__}: {error}).") from error
    _check(path, annotation, read)
    return read


def _event(value: dict[str, Any], settings: dict[str, Any], foregrounds: Finder, backgrounds: Finder) -> Event:
    role = value["role"]
    if role not in ("background", "foreground"):
        raise ValueError(f"role {role!r}")
    source = str(value["source_file"])
    path = (backgrounds if role == "background" else foregrounds).find(source)
    root = str(settings.get("bg_path" if role == "background" else "fg_path")).rstrip("/")
    times = [_number(value[key], allowed, key) for key, allowed in _TIMES.items()]
    if times[2] <= 0:
        raise _OutOfBoundsError("its event_duration is not above 0")
    snr = _number(value["snr"], bounds.SNR, "snr")
    return Event(role, path, times[0], times[1], times[2], snr, source.removeprefix(f"{root}/"))


_TIMES = {
    "source_time": bounds.SOURCE_TIME,
    "event_time": bounds.TIME_IN_JAMS,
    "event_duration": bounds.TIME_IN_JAMS,
}


def _label(observation: dict[str, Any]) -> str:
    """What an event is: a word in a line of a label file, so without line breaks or tabs."""
    for key in ("time", "duration"):
        _number(observation[key], bounds.TIME_IN_JAMS, key)
    return " ".join(str(observation["value"]["label"]).split())


def _check(path: Path, annotation: dict[str, Any], read: ReadSoundscape) -> None:
    settings = annotation["sandbox"]["scaper"]
    changed = any(o["value"].get("pitch_shift") or o["value"].get("time_stretch") for o in annotation["data"])
    only_scaper = {
        "pitch shift or time stretch": changed,
        f"{settings.get('n_channels')} channels": settings.get("n_channels", 1) != 1,
        "slices": bool(annotation["sandbox"].get("slice")),
    }
    for what, there in only_scaper.items():
        if there:
            raise AtmdaError(f"{path} asks for {what}, which is not rendered here.", "scaper itself renders it.")
    mix = read.mix
    streamed = is_scene(read.former) and read.reverb is None
    seconds = max((e.event_duration for e in mix.events), default=0.0) if streamed else mix.duration
    if not mix.events or seconds * mix.sample_rate > bounds.MOST_SAMPLES:
        what = f"{seconds:g} s at {mix.sample_rate} Hz are too many samples" if mix.events else "it has no events"
        raise AtmdaError(f"{path} describes no soundscape: {what}.")


def _known(whole: dict[str, Any], annotation: dict[str, Any], mix: Mix, path: Path) -> ReadSoundscape:
    """What the annotation says of the events that sound, and our own record where the file carries one."""
    data, settings = annotation["data"], annotation["sandbox"]["scaper"]
    labels = [_label(o) for o in data]
    heard = tuple(k for k, event in enumerate(mix.events) if sounds(event, mix))
    differences = list(within(annotation, whole.get("file_metadata"), mix))
    unheard = []
    for k, event in enumerate(mix.events):
        if k not in heard:
            when = f"at {event.event_time:g} s, after the end at {mix.duration:g} s"
            unheard.append(f"{labels[k]} ({event.name}) begins {when}: it does not sound and is not listed")
        elif event.role == "foreground":
            differences += observed(data[k], event, mix.duration, labels[k])
    mix = replace(mix, events=tuple(mix.events[k] for k in heard))
    own = (whole.get("sandbox") or {}).get("atmda")
    former = checked_record(own, f"{path}: its record") if isinstance(own, dict) else {}
    record, edited = _record(data, heard, mix, former, labels, path)
    differences = [*edited, *differences]
    noted = former.get("notes", [])
    new = [tuple(sentence for sentence in found if sentence not in noted) for found in (differences, unheard)]
    reverb = settings.get("reverb")
    return ReadSoundscape(
        mix,
        None if reverb is None else _number(reverb, bounds.REVERB, "reverb"),
        bool(settings.get("fix_clipping")),
        record,
        former,
        tuple(labels[k] for k in heard),
        heard,
        *new,
    )


def _record(
    data: list[dict[str, Any]],
    heard: tuple[int, ...],
    mix: Mix,
    former: dict[str, Any],
    labels: list[str],
    path: Path,
) -> tuple[dict[str, Any], list[str]]:
    """What the annotation says, and what our record `former` adds where there is one; and how the two differ."""
    if is_scene(former):
        return scene_told(former, data, heard, mix, labels)
    told = checked_record(_told(data, heard, mix, bool(former)), f"{path}: its event")
    if not former:
        number = path.stem.rsplit("-", 1)[-1]
        return {**told, "i": int(number) if number.isdecimal() else None}, []
    record, edited = brought_to(former, told, mix)
    for role in ("foreground", "background"):
        more = sum(event.role == role for event in mix.events)
        edited += [f"{more} {role}s sound; the record tells of the first"] * (more > 1)
    return record, edited


OURS_ALONE = ("class_id", "fold", "seed", "i")  # what no annotation tells


def _told(data: list[dict[str, Any]], heard: tuple[int, ...], mix: Mix, ours: bool) -> dict[str, Any]:
    """A record's values as the first event and the first background tell them; names below their folders in `ours`."""
    first: dict[str, tuple[dict[str, Any], Event]] = {}
    for k, event in zip(heard, mix.events, strict=True):
        first.setdefault(event.role, (data[k]["value"], event))
    told: dict[str, Any] = dict.fromkeys(("label", "class_id", "fold", "foreground", "background", "scene", "snr"))
    told |= {"onset": None, "offset": None, "duration": mix.duration, "seed": None, "i": None}
    told |= {"source_time": None, "event_duration": None}
    for key in OURS_ALONE if ours else ():
        told.pop(key)
    if "background" in first:
        value, event = first["background"]
        told |= {"background": event.name if ours else value["source_file"], "scene": value["label"]}
    if "foreground" in first:
        value, event = first["foreground"]
        end = event.event_time + event.event_duration
        length = value["event_duration"] if end < mix.duration + CLOSE else mix.duration - event.event_time
        told |= {"foreground": event.name if ours else value["source_file"], "label": value["label"]}
        told |= {"snr": value["snr"], "onset": value["event_time"], "source_time": value["source_time"]}
        told |= {"offset": round(event.event_time + length, 9), "event_duration": length}
        fold = FOLD.fullmatch(str(value["label"]))
        if fold:  # the original's folders are folds, so that its JAMS do not tell the class
            told |= {"label": None, "fold": int(fold[1])}
            for key in ("label", "fold") if ours else ():
                told.pop(key)
    return told


class _OutOfBoundsError(ValueError):
    """A number that is none, or that nothing physical has."""


def _number(value: Any, allowed: Bounds, name: str) -> float:
    if value not in allowed:
        raise _OutOfBoundsError(f"its {name} is {value!r:.40}, and lies {allowed}")
    return float(value)
