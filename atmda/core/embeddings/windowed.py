"""A recording that is to be cut into windows, opened, wherever it lies."""

from __future__ import annotations

from dataclasses import dataclass

from atmda.core.audio import Reading
from atmda.core.audio.cut import Cut
from atmda.core.audio.long import LongRecording
from atmda.core.clip import Clip
from atmda.core.embeddings.engine import TakeFingerprint
from atmda.core.fingerprint import Fingerprint
from atmda.core.remote import Download


@dataclass(frozen=True)
class WindowedRecording:
    """A recording to embed, opened: the clip, its windows, the fingerprint of its file where that was asked for.

    `file`: what was downloaded, where the recording is an object of a storage.
    """

    clip: Clip
    audio: LongRecording
    fingerprint: Fingerprint | None = None
    file: Download | None = None

    @classmethod
    def open(cls, clip: Clip, cut: Cut, reading: Reading, take: TakeFingerprint | None = None) -> WindowedRecording:
        """Raises AudioError. What was downloaded is the caller's to close."""
        if clip.url:
            file = Download(clip.url)
            try:
                return cls(clip, LongRecording.open(file.path, clip.where, cut, reading), file.fingerprint, file)
            except BaseException:
                file.close()
                raise
        try:
            own = take(clip.path) if take else None  # first: what changes later is found to differ
        except OSError:
            own = None
        return cls(clip, LongRecording.open(clip.path, clip.where, cut, reading), own)

    def close(self) -> None:
        """Delete what was downloaded."""
        if self.file is not None:
            self.file.close()
