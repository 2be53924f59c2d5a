"""Soundscapes read back from JAMS, ours or scaper's, and their sources found again.

A source is looked for as scaper looks (`<folder>/<its parent's name>/<its name>`), then by its name anywhere below the
folder, so that a sorted copy of a data set serves for a flat one and the other way about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from atmda.core.bounds import Bounds
from atmda.core.files import read_small
from atmda.core.untrusted import parsed_object
from atmda.datasets.folder import audio_endings
from atmda.errors import AtmdaError
from atmda.soundscapes import bounds
from atmda.soundscapes.manifest import checked_record
from atmda.soundscapes.rendering import Event, Mix

FOLD = re.compile(r"fold(\d+)")
MOST_BYTES = 16_000_000  # of one JAMS file; scaper's largest has some hundred thousand


class Finder:
    """Finds recordings below one folder by the end of their path; the folder is walked once, when first needed."""

    def __init__(self, folder: Path, setting: str) -> None:
        if not folder.is_dir():
            raise AtmdaError(f"`{setting}` {folder} is not a folder.", "Give the folder that holds the recordings.")
        self._folder = folder
        self._setting = setting
        self._by_name: dict[str, list[Path]] | None = None

    def find(self, source: str) -> Path:
        """Where `source`, a path as JAMS gives it, lies now. Raises AtmdaError where it is not or not alone."""
        written = PurePosixPath(source.replace("\\", "/"))
        if not written.name or ".." in written.parts[-2:]:
            raise AtmdaError(f"{source!r} does not name a recording.")
        for choice in (self._folder / written.parent.name / written.name, self._folder / written.name):
            if choice.is_file():
                return choice
        named = self._index().get(written.name, [])
        if len(named) == 1:
            return named[0]
        if named:
            raise AtmdaError(
                f"{len(named)} recordings below {self._folder} are called {written.name}.",
                f"Give `{self._setting}` the folder that holds {written.parent.name}/{written.name}.",
            )
        raise AtmdaError(f"{written.name} is not below {self._folder}.", f"Is `{self._setting}` right?")

    def _index(self) -> dict[str, list[Path]]:
        if self._by_name is None:
            self._by_name = {}
            for path in sorted(self._folder.rglob("*")):
                if path.suffix.lower() in audio_endings() and path.is_file():
                    self._by_name.setdefault(path.name, []).append(path)
        return self._by_name


@dataclass(frozen=True)
class ReadSoundscape:
    """One soundscape read from JAMS: how to mix it, and what is known of it."""

    mix: Mix
    reverb: float | None
    fix_clipping: bool
    record: dict[str, Any]
    labels: tuple[tuple[float, float, str], ...]


def read_jams(path: Path, foregrounds: Finder, backgrounds: Finder) -> ReadSoundscape:
    """The soundscape that the JAMS file `path` describes, its sources found below the two folders.

    Raises AtmdaError for a file that is not JAMS with scaper's namespace and for what only scaper can render.
    """
    try:
        whole = parsed_object(read_small(path, MOST_BYTES), str(path))
        annotation = next(a for a in whole["annotations"] if a["namespace"] == "scaper")
        settings = annotation["sandbox"]["scaper"]
        events = tuple(_event(o["value"], foregrounds, backgrounds) for o in annotation["data"])
        mix = Mix(
            _number(settings.get("original_duration", settings["duration"]), bounds.DURATION, "duration"),
            events,
            _number(settings["ref_db"], bounds.REF_DB, "ref_db"),
            int(_number(settings.get("sr", 44_100), bounds.SAMPLE_RATE, "sr")),
            _number(settings["fade_in_len"], bounds.EVENT_TIME, "fade_in_len"),
            _number(settings["fade_out_len"], bounds.EVENT_TIME, "fade_out_len"),
            bool(settings.get("peak_normalization")),
        )
        record = _record(whole, annotation, mix, path)
        labels = tuple(_label(o) for o in annotation["data"] if o["value"]["role"] == "foreground")
        reverb = settings.get("reverb")
        read = ReadSoundscape(
            mix,
            None if reverb is None else _number(reverb, bounds.REVERB, "reverb"),
            bool(settings.get("fix_clipping")),
            record,
            labels,
        )
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


def _event(value: dict[str, Any], foregrounds: Finder, backgrounds: Finder) -> Event:
    role = value["role"]
    if role not in ("background", "foreground"):
        raise ValueError(f"role {role!r}")
    source = str(value["source_file"])
    path = (backgrounds if role == "background" else foregrounds).find(source)
    times = [_number(value[key], allowed, key) for key, allowed in _TIMES.items()]
    if times[2] <= 0:
        raise _OutOfBoundsError("its event_duration is not above 0")
    return Event(role, path, times[0], times[1], times[2], _number(value["snr"], bounds.SNR, "snr"))


_TIMES = {
    "source_time": bounds.SOURCE_TIME,
    "event_time": bounds.EVENT_TIME,
    "event_duration": bounds.EVENT_TIME,
}


def _label(observation: dict[str, Any]) -> tuple[float, float, str]:
    """When an event begins and ends, and what it is: a line of a label file, so without line breaks or tabs."""
    onset, duration = (_number(observation[key], bounds.EVENT_TIME, key) for key in ("time", "duration"))
    return onset, round(onset + duration, 9), " ".join(str(observation["value"]["label"]).split())


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
    if not mix.events or mix.duration * mix.sample_rate > bounds.MOST_SAMPLES:
        what = f"{mix.duration:g} s at {mix.sample_rate} Hz are too many samples" if mix.events else "it has no events"
        raise AtmdaError(f"{path} describes no soundscape: {what}.")


def _record(whole: dict[str, Any], annotation: dict[str, Any], mix: Mix, path: Path) -> dict[str, Any]:
    """Our own record where the file carries one; else what scaper's fields and the file's name tell."""
    own = (whole.get("sandbox") or {}).get("atmda")
    if isinstance(own, dict):
        return checked_record(own, f"{path}: its record")
    values = [o["value"] for o in annotation["data"]]
    back: dict[str, Any] = next((v for v in values if v["role"] == "background"), {})
    front: dict[str, Any] = next((v for v in values if v["role"] == "foreground"), {})
    fold = FOLD.fullmatch(str(front.get("label", "")))
    onset = front.get("event_time")
    number = path.stem.rsplit("-", 1)[-1]
    record = {
        "label": None if fold else front.get("label"),
        "class_id": None,
        "fold": int(fold[1]) if fold else None,
        "foreground": front.get("source_file"),
        "background": back.get("source_file"),
        "scene": back.get("label"),
        "snr": front.get("snr"),
        "onset": onset,
        "offset": None if onset is None else round(onset + front["event_duration"], 9),
        "duration": mix.duration,
        "seed": None,
        "i": int(number) if number.isdecimal() else None,
        "source_time": front.get("source_time"),
        "event_duration": front.get("event_duration"),
    }
    return checked_record(record, f"{path}: its event")


class _OutOfBoundsError(ValueError):
    """A number that is none, or that nothing physical has."""


def _number(value: Any, allowed: Bounds, name: str) -> float:
    if value not in allowed:
        raise _OutOfBoundsError(f"its {name} is {value!r:.40}, and lies {allowed}")
    return float(value)
