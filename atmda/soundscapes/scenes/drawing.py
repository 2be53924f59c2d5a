"""A long scene, drawn: its background, and what is heard in it when, and how loud.

A scene is known by (seed, fold, number). As everywhere, each value comes from a number of its own, hashed from that
identity and the value's name: scenes that differ in SNR alone share backgrounds, events and times.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log

from atmda.core.bounds import Bounds
from atmda.errors import AtmdaError
from atmda.soundscapes.sampling import Draws, Recording, draw_label
from atmda.soundscapes.scenes.chain import DECIMALS, Seconds, Stretch, draw_chain, of_one_place
from atmda.soundscapes.scenes.parameters import SceneParameters

TRIES = 1000
LONGEST_EVENT = Bounds(0.0, 120.0, "s")  # of a longer recording the first part is used


@dataclass(frozen=True)
class SceneEvent:
    """One event of a scene; times in seconds, `onset` from the scene's start, `snr` in LU."""

    recording: Recording
    onset: float
    duration: float
    source_time: float
    snr: float

    @property
    def offset(self) -> float:
        return round(self.onset + self.duration, DECIMALS)


@dataclass(frozen=True)
class Scene:
    """One scene, drawn: `events` in order of time."""

    stretches: tuple[Stretch, ...]
    events: tuple[SceneEvent, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SceneJob:
    """Which scene is to be drawn: `i` in the set, with events of `fold`, in backgrounds of the kind `place`."""

    i: int
    fold: int | None
    place: str

    @property
    def name(self) -> str:
        return f"{self.place}-{self.i}"


def identity(parameters: SceneParameters, fold: int | None, i: int) -> Draws:
    """The draws of one scene. No clip has an empty stem, so that they are no other soundscape's."""
    return Draws(parameters.drawn.seed, fold, "", i)


def plan(
    i: int, parameters: SceneParameters, folds: Sequence[int | None], places: Mapping[str, Sequence[Recording]]
) -> SceneJob:
    """The `i`-th scene of a set. `folds` take turns; kinds of place are drawn, each as likely as another."""
    fold = folds[i % len(folds)]
    return SceneJob(i, fold, draw_label(identity(parameters, fold, i), parameters.drawn.bg, places))


def draw_scene(
    job: SceneJob,
    parameters: SceneParameters,
    clips: Mapping[str, Sequence[Recording]],
    backgrounds: Sequence[Recording],
    seconds: Seconds,
    unusable: Collection[str] = (),
) -> Scene:
    """The scene that `job` names.

    clips: events of the job's fold by class; backgrounds: recordings of its kind of place; both in a fixed order.
    seconds: how long a recording lasts. unusable: names of recordings to leave out.
    Raises AudioError for a recording that cannot be opened, AtmdaError where nothing usable is left.
    """
    draws = identity(parameters, job.fold, job.i)
    there = [recording for recording in backgrounds if recording.name not in unusable]
    if not there:
        raise AtmdaError(f"{job.name}: not one background of {job.place} can be used.")
    stretches = draw_chain(of_one_place(there, draws), parameters.duration, draws, seconds)
    notes = []
    if len({stretch.recording.name for stretch in stretches}) == 1 < len(stretches) and len(there) == 1:
        notes.append(f"the background is {there[0].name} alone, over and over")
    mean = parameters.duration / 60.0 * parameters.events_per_minute
    events = []
    for k in range(poisson(draws.uniform("events"), mean)):
        recording = _recording(k, draws, clips, unusable, job)
        events.append(_event(k, recording, draws, parameters, seconds(recording)))
    return Scene(tuple(stretches), tuple(sorted(events, key=lambda event: event.onset)), tuple(notes))


def _recording(
    k: int, draws: Draws, clips: Mapping[str, Sequence[Recording]], unusable: Collection[str], job: SceneJob
) -> Recording:
    """The `k`-th event's: a class first, each as likely as another, then one of its recordings."""
    labels = sorted(clips)
    for attempt in range(TRIES):
        of_class = clips[labels[int(draws.uniform(f"class {k}", attempt) * len(labels))]]
        recording = of_class[int(draws.uniform(f"foreground {k}", attempt) * len(of_class))]
        if recording.name not in unusable:
            return recording
    raise AtmdaError(f"{job.name}: not one event can be used.")


def _event(k: int, recording: Recording, draws: Draws, parameters: SceneParameters, seconds: float) -> SceneEvent:
    """Where it is cut to its recording and to the scene, as in a soundscape of one event; it ends within the scene."""
    length = min(seconds, parameters.duration, LONGEST_EVENT.high)
    if parameters.event_duration is not None:
        length = min(length, draws.number(f"event_duration {k}", parameters.event_duration, above=0.0))
    begun = draws.number(f"source_time {k}", parameters.drawn.source_time, above=-1e-12)
    onset = round(draws.uniform(f"event_time {k}") * (parameters.duration - length), DECIMALS)
    snr = draws.number(f"snr_dist {k}", parameters.drawn.snr_dist)
    return SceneEvent(recording, onset, length, min(begun, max(0.0, seconds - length)), snr)


def poisson(u: float, mean: float) -> int:
    """The count at `u` in [0, 1) of a Poisson distribution: events that know nothing of each other, in a fixed time."""
    if mean == 0.0:
        return 0
    count, reached = 0, exp(-mean)
    while reached <= u and count < mean + 40.0 * (mean + 1.0) ** 0.5:
        count += 1
        reached += exp(count * log(mean) - mean - lgamma(count + 1))
    return count
