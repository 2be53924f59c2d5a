"""What a soundscape is mixed of: recordings, when each sounds and how loud."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SAMPLE_RATE = 44_100
FADE_SECONDS = 0.01


@dataclass(frozen=True)
class Event:
    """One source in a soundscape; times in seconds. A background's `snr` is 0, and its event_time too, unless it
    follows another one (see `fades`)."""

    role: Literal["background", "foreground"]
    source: Path
    source_time: float
    event_time: float
    event_duration: float
    snr: float
    name: str = ""


@dataclass(frozen=True)
class Mix:
    """All that a soundscape's samples follow from."""

    duration: float
    events: tuple[Event, ...]
    ref_db: float = -36.0
    sample_rate: int = SAMPLE_RATE
    fade_in: float = FADE_SECONDS
    fade_out: float = FADE_SECONDS
    peak_normalization: bool = False

    @property
    def frames(self) -> int:
        return int(self.duration * self.sample_rate)

    def first_frame(self, event: Event) -> int:
        return int(self.sample_rate * event.event_time)


def sounds(event: Event, mix: Mix) -> bool:
    """Whether `event` begins before the last sample of `mix`."""
    return mix.first_frame(event) < mix.frames


def shown_name(event: Event) -> str:
    """What messages and notes call the recording of `event`."""
    return event.name or str(event.source)
