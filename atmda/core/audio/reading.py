"""How recordings are read where there is a choice."""

from __future__ import annotations

from dataclasses import dataclass

MIX, LEFT, RIGHT, LOUDEST = "mix", "left", "right", "loudest"


@dataclass(frozen=True)
class Reading:
    """How recordings are read.

    Attributes:
        channel: "mix" (the mean of all), "left" and "right" (the first and the second), "loudest" (of the highest RMS
            over what is read), or a number from "1".
        ffmpeg: whether the program ffmpeg reads what libsndfile cannot.
        max_seconds: wall time that may be spent on one recording; None is no limit.
    """

    channel: str = MIX
    ffmpeg: bool = False
    max_seconds: float | None = None

    @property
    def identity(self) -> dict[str, str]:
        """What of it decides embeddings; nothing for the mix, so that stores of all ages go together."""
        return {} if self.channel == MIX else {"channel": self.channel}


AS_USUAL = Reading()
