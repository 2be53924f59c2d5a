"""Recordings in: opened and checked, mixed to mono, resampled, whole, in part, or window by window."""

from atmda.core.audio.recording import Audio, Recording, from_array, open_audio, open_recording

__all__ = ["Audio", "Recording", "from_array", "open_audio", "open_recording"]
