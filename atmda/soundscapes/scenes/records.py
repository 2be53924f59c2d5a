"""What is written of a long scene: its object in the manifest, and in the sandbox of its JAMS file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from atmda.soundscapes.contents import content_of
from atmda.soundscapes.manifest import paths_of
from atmda.soundscapes.mix import SAMPLE_RATE, Event, Mix
from atmda.soundscapes.rendering import Rendered
from atmda.soundscapes.scenes.drawing import Scene, SceneJob
from atmda.soundscapes.scenes.parameters import SceneParameters

Record = dict[str, Any]


def mix_of(scene: Scene, parameters: SceneParameters) -> Mix:
    """The mix that `scene` stands for: its background, then its events."""
    events = []
    for stretch in scene.stretches:
        back, times = stretch.recording, (stretch.source_time, stretch.onset, stretch.duration)
        events.append(Event("background", back.path, *times, 0.0, back.name))
    for event in scene.events:
        front, times = event.recording, (event.source_time, event.onset, event.duration)
        events.append(Event("foreground", front.path, *times, event.snr, front.name))
    return Mix(parameters.duration, tuple(events), parameters.drawn.ref_db)


def scene_record(
    job: SceneJob, scene: Scene, parameters: SceneParameters, rendered: Rendered, notes: Sequence[str], checksum: str
) -> Record:
    """The manifest's object for one scene: times in seconds, loudness in LUFS before gains, `snr` in LU.

    `events` and `backgrounds` are in order of time; `source` names the recording that an event's own was cut from,
    where its data set tells. `checksum`: SHA-256 of the scene's file; those of its recordings are added.
    """
    wav, jams, txt = paths_of("", job.name)
    count = len(scene.stretches)
    levels = rendered.loudness[:count], rendered.loudness[count:]
    return {
        "file": wav,
        "scene": job.place,
        "fold": job.fold,
        "duration": parameters.duration,
        "seed": parameters.drawn.seed,
        "i": job.i,
        "sample_rate": SAMPLE_RATE,
        "peak": round(rendered.peak, 6),
        "scale": rendered.scale,
        "jams": jams,
        "txt": txt,
        "parameters": parameters.as_dict(),
        "notes": [*scene.notes, *notes, *rendered.notes],
        "events": [
            {
                "label": " ".join(event.recording.label.split()),
                "class_id": event.recording.class_id,
                "foreground": event.recording.name,
                "source": event.recording.source,
                "snr": event.snr,
                "onset": event.onset,
                "offset": event.offset,
                "source_time": event.source_time,
                "loudness": loudness,
            }
            for event, loudness in zip(scene.events, levels[1], strict=True)
        ],
        "backgrounds": [
            {
                "background": stretch.recording.name,
                "onset": stretch.onset,
                "offset": round(stretch.end, 9),
                "source_time": stretch.source_time,
                "loudness": loudness,
            }
            for stretch, loudness in zip(scene.stretches, levels[0], strict=True)
        ],
        "sha256": {**contents(mix_of(scene, parameters).events), "file": checksum},
    }


def contents(events: Iterable[Event]) -> dict[str, str]:
    """SHA-256 of each recording of a mix, by role and name. Raises AudioError where one cannot be read."""
    sources = {f"{event.role} {event.name}": event for event in events}
    return {key: content_of(event.source, event.name) for key, event in sources.items()}


def lines_of(record: Mapping[str, Any]) -> list[tuple[float, float, str]]:
    """Onset, offset and label of each event, as label files list them."""
    return [(event["onset"], event["offset"], event["label"]) for event in record["events"]]


def is_scene(record: Mapping[str, Any]) -> bool:
    """Whether a record is that of a long scene, not of a soundscape of one event."""
    return "events" in record and "backgrounds" in record
