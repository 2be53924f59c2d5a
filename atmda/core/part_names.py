"""What parts of recordings are called: `<recording>#t=<start>,<end>`, as media fragments are (W3C, Media Fragments URI
1.0), in seconds."""

from __future__ import annotations

FRAGMENT = "#t="


def part_name(recording: str, start: float | None, end: float | None) -> str:
    """The part from `start` to `end`, None where it begins or ends with its recording; the whole by its own name."""
    if start is None and end is None:
        return recording
    return f"{recording}{FRAGMENT}{_in_seconds(start)}" + ("" if end is None else f",{_in_seconds(end)}")


def recording_of(name: str) -> str:
    """The recording that a part of that name is of; any other name as it is."""
    return name.rpartition(FRAGMENT)[0] or name


def _in_seconds(time: float | None) -> str:
    """To a microsecond, so that two parts of an hour's recording never share a name."""
    return "" if time is None else f"{time:.6f}".rstrip("0").rstrip(".")
