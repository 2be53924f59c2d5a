"""The errors a user can meet. Each is one sentence that names the file or setting, and a hint that says what to do."""

from __future__ import annotations

from pathlib import Path


class AtmdaError(Exception):
    """Something the user can put right; shown as one sentence, never as a traceback."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class AudioError(AtmdaError):
    """One recording cannot be used; the others can."""

    def __init__(self, path: str | Path, reason: str, hint: str = "") -> None:
        super().__init__(f"{path}: {reason}.", hint)
        self.path = str(path)
        self.reason = reason


class SettingsError(AtmdaError):
    """A flag, an environment variable or a configuration file says something that cannot be."""


class StoreError(AtmdaError):
    """Embeddings on disk are damaged, or were made in another way than asked for now."""
