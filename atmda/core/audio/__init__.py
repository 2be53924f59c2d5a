"""Recordings in: opened and checked, mixed to mono, resampled, whole or window by window."""

from atmda.core.audio.recording import Audio, from_array, open_audio

__all__ = ["Audio", "from_array", "open_audio"]
