"""Soundscapes read back from JAMS, ours or scaper's, and their sources found again.

A source is looked for as scaper looks (`<folder>/<its parent's name>/<its name>`), then by its name anywhere below the
folder, so that a sorted copy of a data set serves for a flat one and the other way about.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from atmda.datasets.folder import audio_endings
from atmda.errors import AtmdaError
from atmda.soundscapes.rendering import Event, Mix

FOLD = re.compile(r"fold(\d+)")


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
        whole = json.loads(path.read_text(encoding="utf-8"))
        annotation = next(a for a in whole["annotations"] if a["namespace"] == "scaper")
        settings = annotation["sandbox"]["scaper"]
        events = tuple(_event(o["value"], foregrounds, backgrounds) for o in annotation["data"])
        mix = Mix(
            _number(settings.get("original_duration", settings["duration"])),
            events,
            _number(settings["ref_db"]),
            int(_number(settings.get("sr", 44_100))),
            _number(settings["fade_in_len"]),
            _number(settings["fade_out_len"]),
            bool(settings.get("peak_normalization")),
        )
        record = _record(whole, annotation, mix, path)
        labels = tuple(
            (o["time"], round(o["time"] + o["duration"], 9), str(o["value"]["label"]))
            for o in annotation["data"]
            if o["value"]["role"] == "foreground"
        )
        reverb = settings.get("reverb")
        read = ReadSoundscape(
            mix, None if reverb is None else _number(reverb), bool(settings.get("fix_clipping")), record, labels
        )
    except OSError as error:
        raise AtmdaError(f"{path} cannot be read ({error.strerror}).") from error
    except StopIteration as error:
        raise AtmdaError(f"{path} holds no annotation of scaper's namespace.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AtmdaError(f"{path} is not JAMS as scaper writes it ({type(error).__name__}: {error}).") from error
    _check(path, annotation, read)
    return read


def _event(value: dict[str, Any], foregrounds: Finder, backgrounds: Finder) -> Event:
    role = value["role"]
    if role not in ("background", "foreground"):
        raise ValueError(f"role {role!r}")
    source = str(value["source_file"])
    path = (backgrounds if role == "background" else foregrounds).find(source)
    times = [_number(value[key]) for key in ("source_time", "event_time", "event_duration")]
    return Event(role, path, times[0], times[1], times[2], _number(value["snr"]))


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
    sane = 0.01 <= mix.duration <= 86_400 and 1_000 <= mix.sample_rate <= 768_000
    if not sane or not mix.events or min(mix.fade_in, mix.fade_out) < 0:
        raise AtmdaError(f"{path} describes no soundscape: its duration, rate, fades or events cannot be.")
    for event in mix.events:
        if min(event.source_time, event.event_time) < 0 or event.event_duration <= 0:
            raise AtmdaError(f"{path} places an event at a time that cannot be.")


def _record(whole: dict[str, Any], annotation: dict[str, Any], mix: Mix, path: Path) -> dict[str, Any]:
    """Our own record where the file carries one; else what scaper's fields and the file's name tell."""
    own = (whole.get("sandbox") or {}).get("atmda")
    if isinstance(own, dict):
        return dict(own)
    values = [o["value"] for o in annotation["data"]]
    back: dict[str, Any] = next((v for v in values if v["role"] == "background"), {})
    front: dict[str, Any] = next((v for v in values if v["role"] == "foreground"), {})
    fold = FOLD.fullmatch(str(front.get("label", "")))
    onset = front.get("event_time")
    number = path.stem.rsplit("-", 1)[-1]
    return {
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


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number")
    return float(value)
