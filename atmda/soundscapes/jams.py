"""Soundscapes as JAMS, the way scaper 1.6.5 writes them, so that the `jams` package and scaper read them.

Written with the json module: the same soundscape gives the same bytes. Paths are relative; nothing tells when, where
or by which version a file was made. Our own record (see `manifest`) stands in the file's sandbox under "atmda".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TypeAlias

from atmda.soundscapes.mix import FADE_SECONDS, SAMPLE_RATE
from atmda.soundscapes.parameters import Parameters
from atmda.soundscapes.sampling import Soundscape

SCAPER_VERSION = "1.6.5"
JAMS_VERSION = "0.3.5"
GINI_HOP = 0.01
EMPTY = {
    "curator": {"name": "", "email": ""},
    "annotator": {},
    "version": "",
    "corpus": "",
    "annotation_tools": "",
    "annotation_rules": "",
    "validation": "",
    "data_source": "",
}


Span: TypeAlias = tuple[float, float]  # when an event begins and ends, s


@dataclass(frozen=True)
class SetInfo:
    """What all soundscapes of a set share: the sources' folders as written, their labels, and how sums are treated."""

    parameters: Parameters
    fg_path: str
    bg_path: str
    fg_labels: tuple[str, ...]
    bg_labels: tuple[str, ...]
    fix_clipping: bool = False
    reverb: float | None = None


def jams_bytes(
    soundscape: Soundscape, info: SetInfo, scale: float = 1.0, record: Mapping[str, object] | None = None
) -> bytes:
    """The JAMS file of `soundscape`; `scale` is what its sum was multiplied by; `record` goes into the sandbox."""
    parameters = info.parameters
    data = [
        observation(0.0, parameters.duration, _background(soundscape, info)),
        observation(soundscape.event_time, soundscape.event_duration, _foreground(soundscape, info)),
    ]
    return whole_bytes(data, _sandbox(soundscape, info, scale), parameters.duration, record)


def whole_bytes(
    data: Sequence[object], settings: Mapping[str, object], duration: float, record: Mapping[str, object] | None
) -> bytes:
    """A JAMS file of the observations `data`, with scaper's `settings`; `record` goes into its sandbox."""
    annotation = {
        "annotation_metadata": EMPTY,
        "namespace": "scaper",
        "data": data,
        "sandbox": {"scaper": settings},
        "time": 0,
        "duration": duration,
    }
    metadata = {"title": "", "artist": "", "release": "", "duration": duration}
    whole = {
        "annotations": [annotation],
        "file_metadata": {**metadata, "identifiers": {}, "jams_version": JAMS_VERSION},
        "sandbox": {"atmda": record} if record is not None else {},
    }
    return json.dumps(whole).encode()


def amended(
    content: bytes, heard: Sequence[int], spans: Sequence[Span], end: float, record: Mapping[str, object] | None
) -> bytes:
    """The JAMS file `content` after it was rendered: of its observations those `heard`, which sounded in `spans`.

    Where our own record stands in it, `record` takes its place. `end`: of the soundscape, in seconds.
    """
    whole = json.loads(content)
    annotation = next(a for a in whole["annotations"] if a["namespace"] == "scaper")
    annotation["data"] = [annotation["data"][k] for k in heard]
    for seen, (onset, offset) in zip(annotation["data"], spans, strict=True):
        told = seen["value"]
        if told["role"] == "foreground":
            seen["time"], seen["duration"] = told["event_time"], round(offset - onset, 9)
            if offset < min(end, onset + told["event_duration"]) - 1e-6:  # its recording ended
                told["event_duration"] = ceil((offset - onset) * 1e9) / 1e9  # not a sample less
    if record is not None:
        whole["sandbox"]["atmda"] = record
    return json.dumps(whole).encode()


def observation(time: float, duration: float, told: Mapping[str, object]) -> dict[str, object]:
    """What is heard at `time` for `duration`, both in seconds: `told`, a `value`."""
    return {"time": time, "duration": duration, "value": told, "confidence": 1.0}


def value(label: str, source: str, times: Sequence[float], snr: float, role: str) -> dict[str, object]:
    """What scaper tells of an event; `times`: in its source, in the soundscape, and how long, in seconds."""
    source_time, event_time, event_duration = times
    return {
        "label": label,
        "source_file": source,
        "source_time": source_time,
        "event_time": event_time,
        "event_duration": event_duration,
        "snr": snr,
        "role": role,
        "pitch_shift": None,
        "time_stretch": None,
    }


def _background(soundscape: Soundscape, info: SetInfo) -> dict[str, object]:
    source = f"{info.bg_path}/{soundscape.background.name}"
    return value(soundscape.background.label, source, (0, 0, info.parameters.duration), 0, "background")


def _foreground(soundscape: Soundscape, info: SetInfo) -> dict[str, object]:
    source = f"{info.fg_path}/{soundscape.foreground.name}"
    times = (soundscape.source_time, soundscape.event_time, soundscape.event_duration)
    return value(soundscape.foreground.label, source, times, soundscape.snr, "foreground")


def _sandbox(soundscape: Soundscape, info: SetInfo, scale: float) -> dict[str, object]:
    parameters = info.parameters
    fg_source = ["const", f"{info.fg_path}/{soundscape.foreground.name}"]
    times = [p.as_list() for p in (parameters.source_time, parameters.event_time, parameters.event_duration)]
    fg_spec = [["const", soundscape.foreground.label], fg_source, *times, parameters.snr_dist.as_list()]
    gini = polyphony_gini(soundscape.event_time, soundscape.event_duration, parameters.duration)
    settings = sandbox(soundscape.name, info, parameters.duration, scale)
    return {**settings, "fg_spec": [[*fg_spec, "foreground", None, None]], "polyphony_gini": gini}


def sandbox(name: str, info: SetInfo, duration: float, scale: float) -> dict[str, object]:
    """scaper's settings of the soundscape `name`, with one event of which nothing is known yet."""
    parameters = info.parameters
    scenes = ["choose", []] if parameters.bg is None else parameters.bg.as_list()
    still = [["const", 0], ["const", 0], ["const", duration], ["const", 0]]
    change = 0 if scale == 1.0 else 20.0 * log10(scale)
    return {
        "duration": duration,
        "original_duration": duration,
        "fg_path": info.fg_path,
        "bg_path": info.bg_path,
        "fg_spec": [],
        "bg_spec": [[scenes, ["choose", []], *still, "background", None, None]],
        "fg_labels": list(info.fg_labels),
        "bg_labels": list(info.bg_labels),
        "protected_labels": [],
        "sr": SAMPLE_RATE,
        "ref_db": parameters.ref_db,
        "n_channels": 1,
        "fade_in_len": FADE_SECONDS,
        "fade_out_len": FADE_SECONDS,
        "n_events": 1,
        "polyphony_max": 1,
        "polyphony_gini": 0.0,
        "allow_repeated_label": True,
        "allow_repeated_source": True,
        "reverb": info.reverb,
        "scaper_version": SCAPER_VERSION,
        "soundscape_audio_path": f"./{name}.wav",
        "isolated_events_audio_path": [],
        "audio_path": f"./{name}.wav",
        "jams_path": f"./jams/{name}.jams",
        "fix_clipping": info.fix_clipping,
        "peak_normalization": False,
        "save_isolated_events": False,
        "isolated_events_path": None,
        "disable_sox_warnings": True,
        "no_audio": False,
        "txt_path": f"./txt/{name}.txt",
        "txt_sep": "\t",
        "disable_instantiation_warnings": False,
        "peak_normalization_scale_factor": scale,
        "ref_db_change": change,
        "ref_db_generated": parameters.ref_db + change,
        "quick_pitch_time": False,
    }


def polyphony_gini(onset: float, length: float, duration: float) -> float:
    """scaper's polyphony_gini for one event: 1 - Gini coefficient of its presence, sampled every 10 ms, plus 1e-6."""
    count = floor(duration / GINI_HOP)
    first, last = (min(count, round(time / GINI_HOP)) for time in (onset, onset + length))
    present = last - first
    if count == 0:
        return 1.0
    return 1.0 - present * (count - present) / (count * (present + count * 1e-6))
