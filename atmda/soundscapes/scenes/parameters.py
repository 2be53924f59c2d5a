"""The parameters of a set of long soundscapes."""

from __future__ import annotations

from dataclasses import dataclass

from atmda.core.bounds import Bounds
from atmda.soundscapes import bounds
from atmda.soundscapes.distributions import Distribution
from atmda.soundscapes.parameters import Parameters

EVENTS_PER_MINUTE = 3.0
N_SCENES = 10
BOUNDS = {
    "scene_duration": bounds.SCENE_DURATION,
    "events_per_minute": Bounds(0.0, 60.0),
    "n_scenes": bounds.COUNT,
}


@dataclass(frozen=True)
class SceneParameters:
    """duration: of a scene, seconds. events_per_minute: the mean of their number. n_scenes: in the whole set.
    drawn: seed, level of the background, scenes, SNR and start of the events in their recordings.
    event_duration: how much of its recording an event lasts, seconds; None is all of it.
    """

    duration: float
    events_per_minute: float
    n_scenes: int
    drawn: Parameters
    event_duration: Distribution | None = None

    def as_dict(self) -> dict[str, object]:
        """Plain values, as records hold them: all but `n_scenes`, which no scene depends on."""
        common = self.drawn.as_dict()
        return {
            "duration": self.duration,
            "events_per_minute": self.events_per_minute,
            "event_duration": None if self.event_duration is None else self.event_duration.as_list(),
            **{key: common[key] for key in ("ref_db", "seed", "source_time", "snr_dist", "bg")},
        }
