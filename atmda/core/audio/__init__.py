"""Recordings in: opened and checked, brought to one channel, resampled, whole, in part, or window by window."""

from atmda.core.audio.levels import SILENCE
from atmda.core.audio.reading import AS_USUAL, Reading
from atmda.core.audio.recording import Audio, Recording, from_array, open_audio, open_recording

__all__ = ["AS_USUAL", "SILENCE", "Audio", "Reading", "Recording", "from_array", "open_audio", "open_recording"]
