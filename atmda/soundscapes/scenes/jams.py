"""A long scene as JAMS of scaper's namespace: a background observation for each stretch, then the events.

scaper has one background, which lasts from the beginning to the end; where several follow one another, `jams` and
scaper read the file, but only `augment --from-jams` mixes it as it was.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from atmda.soundscapes.jams import GINI_HOP, SetInfo, observation, sandbox, value, whole_bytes
from atmda.soundscapes.scenes.drawing import Scene, SceneJob
from atmda.soundscapes.scenes.parameters import SceneParameters


def scene_jams(
    job: SceneJob, scene: Scene, parameters: SceneParameters, info: SetInfo, record: Mapping[str, object]
) -> bytes:
    """The JAMS file of `scene`; `record` goes into the sandbox."""
    data = []
    for stretch in scene.stretches:
        source = f"{info.bg_path}/{stretch.recording.name}"
        times = (stretch.source_time, stretch.onset, stretch.duration)
        told = value(stretch.recording.label, source, times, 0, "background")
        data.append(observation(stretch.onset, stretch.duration, told))
    for event in scene.events:
        source = f"{info.fg_path}/{event.recording.name}"
        times = (event.source_time, event.onset, event.duration)
        told = value(event.recording.label, source, times, event.snr, "foreground")
        data.append(observation(event.onset, event.duration, told))
    settings = sandbox(job.name, info, parameters.duration, float(str(record["scale"])))
    settings |= {"fg_spec": [_event_spec(parameters)] * len(scene.events), "n_events": len(scene.events)}
    most, gini = polyphony([(event.onset, event.onset + event.duration) for event in scene.events], parameters.duration)
    return whole_bytes(data, {**settings, "polyphony_max": most, "polyphony_gini": gini}, parameters.duration, record)


def _event_spec(parameters: SceneParameters) -> list[object]:
    """What an event was drawn from, in scaper's order."""
    drawn, length = parameters.drawn, parameters.event_duration
    lasts = ["uniform", 0, parameters.duration] if length is None else length.as_list()
    times = [drawn.source_time.as_list(), ["uniform", 0, parameters.duration], lasts]
    return [["choose", []], ["choose", []], *times, drawn.snr_dist.as_list(), "foreground", None, None]


def polyphony(spans: list[tuple[float, float]], duration: float) -> tuple[int, float]:
    """scaper's polyphony_max, and its polyphony_gini: 1 - Gini coefficient of how many sound every 10 ms, plus 1e-6."""
    changes = np.zeros(int(duration / GINI_HOP) + 1, np.int64)
    last = len(changes) - 1
    for onset, offset in spans:
        changes[min(last, round(onset / GINI_HOP))] += 1
        changes[min(last, round(offset / GINI_HOP))] -= 1
    present = np.sort(np.cumsum(changes)[:last])
    if not spans or not last:
        return 0, 0.0
    ranks = 2 * np.arange(1, last + 1) - last - 1  # whole numbers, so that their sum is exact on every machine
    most, total = int(present[-1]), int(present.sum())
    return most, 1.0 - int(np.dot(ranks, present)) / (last * (total + last * 1e-6))
