"""What scaper's JAMS of a soundscape tells of it, and whether a line of a manifest tells the same."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from atmda.datasets.base import display_name, fold_in

CLOSE = 1e-6  # s and LU; manifests are rounded to 1e-9
OF_EVENT = ("onset", "offset", "snr", "label", "foreground")
OF_BACKGROUND = ("background", "scene")
WRONG = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def jams_of(path: Path) -> Path | None:
    """The JAMS file of the soundscape `path`: in its folder's `jams`, or beside it; None where there is none."""
    choices = path.parent / "jams" / f"{path.stem}.jams", path.with_suffix(".jams")
    return next((jams for jams in choices if jams.is_file()), None)


def told_by(jams: Path) -> dict[str, Any]:
    """What it tells of its background and of the first event that sounds, as a manifest calls it.

    `unheard`: how many events begin after the end. Raises OSError, and one of `WRONG` for what is not such JAMS.
    """
    annotations = json.loads(jams.read_text(encoding="utf-8", errors="replace"))["annotations"]
    known: dict[str, Any] = {"unheard": 0}
    for annotation in annotations:
        if annotation["namespace"] == "scaper":
            end = finite(annotation.get("duration"))
            for event in annotation["data"]:
                _take(event, math.inf if end is None else end, known)
    return known


def _take(event: Mapping[str, Any], end: float, known: dict[str, Any]) -> None:
    """Add to `known` what an observation tells of a soundscape that ends at `end` seconds."""
    value = event["value"]
    if value["role"] == "background":
        if "background" not in known:
            known |= {"background": value["source_file"], "scene": value.get("label")}
    elif event["time"] >= end:
        known["unheard"] += 1
    elif "onset" not in known:
        known |= {"onset": event["time"], "offset": min(event["time"] + event["duration"], end)}
        known |= {"foreground": value["source_file"], "snr": value.get("snr"), "event": value["label"]}
        known["fold"] = fold_in(str(value["label"]))


def difference(entry: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """The first value that the manifest's `entry` and the JAMS, `known`, tell otherwise, in words, else ""."""
    for key in (*OF_EVENT, *OF_BACKGROUND):
        named, there = ("event" if key == "label" else key), ("onset" if key in OF_EVENT else "background") in known
        theirs = known.get(named)
        untold = there and (theirs is None or (key == "label" and fold_in(str(theirs)) is not None))
        if key in entry and not untold and not _same(key, entry[key], theirs):
            return f"{key} {_shown(entry[key])} and {_shown(theirs)}"
    return ""


def _same(key: str, ours: Any, theirs: Any) -> bool:
    numbers = finite(ours), finite(theirs)
    if numbers[0] is not None and numbers[1] is not None:
        return abs(numbers[0] - numbers[1]) <= CLOSE
    if isinstance(ours, str) and isinstance(theirs, str):
        alike = basename if key in ("foreground", "background") else display_name
        return alike(ours) == alike(theirs)
    return bool(ours == theirs)


def _shown(value: Any) -> str:
    number = finite(value)
    return "none" if value is None else f"{value!s:.80}" if number is None else f"{number:g}"


def basename(path: str) -> str:
    """The file name at the end of `path`, whichever system wrote it."""
    return PureWindowsPath(path).name if "\\" in path else PurePosixPath(path).name


def finite(value: Any) -> float | None:
    """`value` where it is a finite number, else None."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return float(value)
