"""How recordings are read where there is a choice."""

from __future__ import annotations

from dataclasses import dataclass

from atmda.errors import SettingsError

MIX, LEFT, RIGHT, LOUDEST = "mix", "left", "right", "loudest"
CHANNELS = (MIX, LEFT, RIGHT, LOUDEST)


@dataclass(frozen=True)
class Reading:
    """How recordings are read. Raises SettingsError for a channel that cannot be.

    Attributes:
        channel: "mix" (the mean of all), "left" and "right" (the first and the second), "loudest" (of the highest RMS
            over what is read), or a number from "1".
        ffmpeg: whether the program ffmpeg reads what libsndfile cannot.
        max_seconds: wall time that may be spent on one recording; None is no limit.
    """

    channel: str = MIX
    ffmpeg: bool = False
    max_seconds: float | None = None

    def __post_init__(self) -> None:
        known = self.channel in CHANNELS or (self.channel.isdecimal() and int(self.channel) > 0)
        if not known:
            raise SettingsError(f"`channel` {self.channel}: it is one of {', '.join(CHANNELS)}, or a number from 1.")

    @property
    def identity(self) -> dict[str, str]:
        """What of it decides embeddings; nothing for the mix, so that stores of all ages go together."""
        return {} if self.channel == MIX else {"channel": self.channel}


AS_USUAL = Reading()
