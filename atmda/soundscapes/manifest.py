"""What is written of each soundscape: one JSON object a line in `manifest.jsonl`, and the same in its JAMS file.

`settings.json` beside it holds what the whole set was made with; a set is only resumed with the same settings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atmda.core.bounds import is_number
from atmda.core.files import publish
from atmda.core.locks import LOCK
from atmda.core.untrusted import parsed_object
from atmda.errors import StoreError
from atmda.soundscapes.jams import SetInfo
from atmda.soundscapes.mix import SAMPLE_RATE
from atmda.soundscapes.rendering import Rendered
from atmda.soundscapes.sampling import Soundscape

MANIFEST = "manifest.jsonl"
SETTINGS = "settings.json"
FORMAT = 1


def paths_of(folder: str, name: str) -> tuple[str, str, str]:
    """WAV, JAMS and txt of the soundscape `name`, below its set's folder."""
    base = f"{folder}/" if folder else ""
    return f"{base}{name}.wav", f"{base}jams/{name}.jams", f"{base}txt/{name}.txt"


def record_of(soundscape: Soundscape, info: SetInfo, rendered: Rendered) -> dict[str, Any]:
    """The manifest's object for one soundscape.

    Times in seconds, loudness in LUFS, snr in LU. `foreground` and `background` are paths below the folders of their
    data sets; `draw` is what was drawn before it was fitted; `parameters` is what it was drawn from; `peak` is the
    sum's largest absolute sample, before `scale`; `notes` says in words what was changed. Added when it is written:
    `sha256`, of the files of `foreground` and `background` and of the soundscape's own, `file`.
    """
    parameters = info.parameters
    wav, jams, txt = paths_of(soundscape.folder, soundscape.name)
    front = soundscape.foreground
    background_loudness, event_loudness = rendered.loudness
    return {
        "file": wav,
        "label": front.label,
        "class_id": front.class_id,
        "fold": front.fold,
        "foreground": front.name,
        "background": soundscape.background.name,
        "scene": soundscape.background.label,
        "snr": soundscape.snr,
        "onset": soundscape.event_time,
        "offset": round(soundscape.event_time + soundscape.event_duration, 9),
        "duration": parameters.duration,
        "seed": parameters.seed,
        "i": soundscape.i,
        "event_duration": soundscape.event_duration,
        "source_time": soundscape.source_time,
        "sample_rate": SAMPLE_RATE,
        "event_loudness": event_loudness,
        "background_loudness": background_loudness,
        "peak": round(rendered.peak, 6),
        "scale": rendered.scale,
        "jams": jams,
        "txt": txt,
        "draw": dict(soundscape.draw),
        "parameters": parameters.as_dict(),
        "notes": [*soundscape.notes, *rendered.notes],
    }


_TEXTS = {"file", "label", "foreground", "background", "scene", "jams", "txt", "source"}
_NUMBERS = {"class_id", "fold", "i", "snr", "onset", "offset", "duration", "event_duration", "source_time"}
_NUMBERS |= {"sample_rate", "event_loudness", "background_loudness", "peak", "scale", "loudness"}
#: Of a long scene: what each event and each background has at least.
_LISTED = {"events": {"label", "foreground", "snr", "onset", "offset"}, "backgrounds": {"background", "onset"}}


def checked_record(content: Mapping[str, Any], what: str) -> dict[str, Any]:
    """What `record_of` gave, read back from a file that may say anything; what it does not give is left out.

    Raises StoreError, which begins with `what`, where a value is of another kind.
    """
    for key, value in content.items():
        if not _fits(key, value):
            raise StoreError(f"{what} says {value!r:.40} of {key}, which cannot be.")
    return {key: value for key, value in content.items() if key in _KNOWN}


def _fits(key: str, value: Any) -> bool:
    if key in _TEXTS:
        return value is None or isinstance(value, str)
    if key in _NUMBERS:
        return value is None or is_number(value)
    if key in _LISTED:
        return isinstance(value, list) and all(_is_item(item, _LISTED[key]) for item in value)
    if key == "notes":
        return isinstance(value, list) and all(isinstance(note, str) for note in value)
    if key == "sha256":
        return isinstance(value, dict) and all(isinstance(item, str) for pair in value.items() for item in pair)
    return key not in _KNOWN or _plain(value)


def _is_item(item: Any, needed: set[str]) -> bool:
    """Whether `item` is an object with all that is `needed` of an event or a background."""
    if not isinstance(item, dict) or any(item.get(key) is None for key in needed):
        return False
    return all(key in _TEXTS | _NUMBERS and _fits(key, value) for key, value in item.items())


_KNOWN = _TEXTS | _NUMBERS | set(_LISTED) | {"notes", "seed", "draw", "parameters", "sha256"}


def _plain(value: Any) -> bool:
    """Whether JSON can hold `value` as it stands: no NaN, no infinity."""
    if isinstance(value, dict | list):
        return all(map(_plain, value.values() if isinstance(value, dict) else value))
    return value is None or isinstance(value, str | bool | int) or is_number(value)


def line_of(record: Mapping[str, Any]) -> str:
    return json.dumps(record) + "\n"


def read_manifest(folder: Path) -> list[dict[str, Any]]:
    """The records of the set in `folder`, in order. Raises StoreError where there is none or a line is damaged."""
    path = folder / MANIFEST
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}).", "Make it with: atmda augment") from error
    try:
        return [checked_record(parsed_object(line, "a line"), "a line") for line in lines]
    except StoreError as error:
        raise StoreError(
            f"{path} is damaged ({error.message.rstrip('.')}).", "Run the same atmda augment with this `output` again."
        ) from error


def begin_or_resume(folder: Path, settings: Mapping[str, Any]) -> bool:
    """Begin or resume the set in `folder`: True where it was there, made with the same `settings`.

    Raises StoreError, naming the first setting that differs, where it was made with others, and where `folder` holds
    something else.
    """
    path = folder / SETTINGS
    if not path.is_file() and any(not there.name.startswith(LOCK) for there in _entries(folder)):
        raise StoreError(f"{folder}: it exists and is not a set of soundscapes.", "Choose another `output`.")
    wanted = {"format": FORMAT, **settings}
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with publish(path) as part:
            part.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8", newline="\n")
        return False
    try:
        there = parsed_object(path.read_bytes(), "it")
    except StoreError as error:
        raise StoreError(
            f"{path} is damaged ({error.message.rstrip('.')}).", "Remove the folder or use another `output`."
        ) from error
    difference = _difference(json.loads(json.dumps(wanted)), there)
    if difference:
        raise StoreError(f"{folder} was made with {difference}.", "Use the same settings or another `output`.")
    return True


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _difference(wanted: Any, there: Any, name: str = "") -> str:
    """The first thing that differs, as "name there, not wanted", or ""."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        for key in sorted({*wanted, *there}):
            found = _difference(wanted.get(key), there.get(key), f"{name}.{key}" if name else str(key))
            if found:
                return found
        return ""
    return "" if wanted == there else f"{name or 'settings'} {json.dumps(there)}, not {json.dumps(wanted)}"
