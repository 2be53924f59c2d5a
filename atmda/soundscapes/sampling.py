"""What a soundscape will be, before a sample is read: every number and both sources, drawn from its identity.

A soundscape is known by (seed, fold, clip, i). Each of its values comes from a number of its own, hashed from that
identity and the value's name. So a draw depends neither on other clips, folds or soundscapes, nor on order, workers
or machine; and two sets that differ in SNR alone share backgrounds and onsets: they compare pair by pair.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from atmda.errors import SettingsError
from atmda.soundscapes.distributions import Distribution
from atmda.soundscapes.parameters import Parameters

TRIES = 1000


@dataclass(frozen=True)
class Recording:
    """A foreground or background recording.

    name: path below its data set's folder, with forward slashes, as manifests write it. label: the class, or the
    scene. class_id and fold: None where the data set has none. stem: unique within its fold; names the soundscapes.
    source: the recording it was cut from, or the place where it was made, where the data set tells.
    """

    name: str
    path: Path
    label: str
    class_id: int | None = None
    fold: int | None = None
    stem: str = ""
    source: str | None = None


@dataclass(frozen=True)
class Soundscape:
    """One soundscape, drawn. Times in seconds from its start (`source_time`: from the recording's start)."""

    name: str
    i: int
    foreground: Recording
    background: Recording
    event_time: float
    event_duration: float
    source_time: float
    snr: float
    draw: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Where it lies in its set: "fold3", or "" where the foregrounds have no folds."""
        return "" if self.foreground.fold is None else f"fold{self.foreground.fold}"


class Draws:
    """Numbers in [0, 1) for one soundscape, each found by its name alone (53 bits of a BLAKE2 hash)."""

    def __init__(self, seed: int, fold: int | None, clip: str, i: int) -> None:
        self._identity = [seed, fold, clip, i]

    def uniform(self, name: str, attempt: int = 0) -> float:
        key = json.dumps([*self._identity, name, attempt], ensure_ascii=True).encode()
        return float(int.from_bytes(blake2b(key, digest_size=8).digest(), "big") >> 11) * 2.0**-53

    def number(self, name: str, distribution: Distribution, above: float | None = None) -> float:
        """A draw; where it must lie above a bound (a normal distribution may miss it) drawn again until it does."""
        for attempt in range(TRIES):
            value = distribution.draw(self.uniform(name, attempt))
            assert not isinstance(value, str)
            if above is None or value > above:
                return value
        raise SettingsError(f"{name}: {distribution} gave no usable value in {TRIES} draws.", "Choose other bounds.")


def draw_soundscape(
    clip: Recording, seconds: float, i: int, parameters: Parameters, scenes: Mapping[str, Sequence[Recording]]
) -> Soundscape:
    """The `i`-th soundscape of `clip`, whose recording lasts `seconds`.

    `scenes` holds the background recordings of each scene, in a fixed order; those asked for are there (see
    `check_scenes`). What does not fit is changed as scaper changes it, and noted: an event is cut to its recording and
    to the soundscape, and begins early enough to end in it.
    """
    draws = Draws(parameters.seed, clip.fold, clip.stem, i)
    scene = draw_label(draws, parameters.bg, scenes)
    recordings = scenes[scene]
    background = recordings[int(draws.uniform("background") * len(recordings))]
    wished = draws.number("event_duration", parameters.event_duration, above=0.0)
    begun = draws.number("source_time", parameters.source_time, above=-1e-12)
    placed = draws.number("event_time", parameters.event_time, above=-1e-12)
    snr = draws.number("snr_dist", parameters.snr_dist)
    notes: list[str] = []
    length: float = wished
    if length > seconds:
        length = seconds
        notes.append(f"event cut from {wished:g} s to the recording's {seconds:g} s")
    if length > parameters.duration:
        notes.append(f"event cut from {length:g} s to the soundscape's {parameters.duration:g} s")
        length = parameters.duration
    source_time: float = begun
    if source_time + length > seconds:
        source_time = max(0.0, seconds - length)
        notes.append(f"event begins at {source_time:g} s of its recording, not at {begun:g} s")
    event_time: float = placed
    if event_time + length > parameters.duration:
        event_time = parameters.duration - length
        notes.append(f"event placed at {event_time:g} s, not at {placed:g} s, to end within the soundscape")
    draw = {"event_duration": wished, "source_time": begun, "event_time": placed, "snr_dist": snr}
    name = f"{clip.stem}-{scene}-{i}"
    return Soundscape(name, i, clip, background, event_time, length, source_time, snr, draw, tuple(notes))


def check_scenes(parameters: Parameters, scenes: Mapping[str, Sequence[Recording]]) -> None:
    """Raises SettingsError, naming the scenes there are, where one that `parameters` ask for is missing."""
    if parameters.bg is None:
        return
    first = parameters.bg.arguments[0]
    for scene in first if isinstance(first, tuple) else (first,):
        if str(scene) not in scenes:
            known = ", ".join(sorted(scenes))
            hint = f"There are: {known}."
            raise SettingsError(f"`bg`: there is no scene {str(scene)!r} in the backgrounds.", hint, setting="bg")


def draw_label(draws: Draws, wish: Distribution | None, scenes: Mapping[str, Sequence[Recording]]) -> str:
    """One of the `scenes`, each as likely as another, or as `wish` has it."""
    known = sorted(scenes)
    if wish is None:
        return known[int(draws.uniform("bg") * len(known))]
    return str(wish.draw(draws.uniform("bg")))
