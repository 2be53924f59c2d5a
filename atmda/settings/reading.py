"""How recordings are read: what every command that opens them takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from atmda.settings.base import EncoderSettings, flag

if TYPE_CHECKING:
    from atmda.core.audio import Reading

READING = "Reading recordings"
CHANNELS = ("mix", "left", "right", "loudest")


def channel_choice(value: Any) -> Any:
    """One of `CHANNELS` in any case, or a number from 1, as text."""
    text = str(value).strip().lower()
    if text in CHANNELS or (text.isascii() and text.isdigit() and int(text) > 0):
        return text if text in CHANNELS else str(int(text))
    raise ValueError(f"it is one of {', '.join(CHANNELS)}, or the number of a channel, from 1")


class ReadingSettings(EncoderSettings):
    """What every command takes that reads recordings into an encoder."""

    channel: Annotated[
        str,
        BeforeValidator(channel_choice),
        flag("--channel", metavar="mix|left|right|loudest|N", panel=READING),
    ] = Field("mix", description="The channels' mean, or one of them: by side, the loudest, or the N-th from 1.")
    ffmpeg: Annotated[bool, flag("--ffmpeg", panel=READING)] = Field(
        False, description="Read what libsndfile cannot (m4a, wma, video, ...) through the program ffmpeg."
    )
    max_seconds_per_file: Annotated[float | None, flag("--max-seconds-per-file", metavar="S", panel=READING)] = Field(
        None, gt=0, allow_inf_nan=False, description="Skip a recording that takes longer to read and encode than this."
    )

    @property
    def reading(self) -> Reading:
        """These settings as the reader of recordings takes them."""
        from atmda.core.audio import Reading

        return Reading(self.channel, self.ffmpeg, self.max_seconds_per_file)

    def check(self) -> None:
        """Raises SettingsError where `ffmpeg` is asked for and not there."""
        super().check()
        if self.ffmpeg:
            from atmda.core.audio.ffmpeg import require_ffmpeg

            require_ffmpeg()
