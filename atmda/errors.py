"""The errors a user can meet. Each is one sentence that names the file or setting, and a hint that says what to do.

A setting is written by its name in backquotes (`bg_type`), since a library knows no flags; the command line spells it
as the flag it is there (--bg-type).
"""

from __future__ import annotations

from pathlib import Path


class AtmdaError(Exception):
    """Something the user can put right; the command line shows it as one sentence, never as a traceback.

    Attributes:
        message: what is wrong.
        hint: what to do; "" where there is nothing to say.
        setting: name of the setting that is to be changed; "" where it is not a matter of settings.
    """

    def __init__(self, message: str, hint: str = "", *, setting: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.setting = setting

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class AudioError(AtmdaError):
    """One recording cannot be used; the others can."""

    def __init__(self, path: str | Path, reason: str, hint: str = "") -> None:
        super().__init__(f"{path}: {reason}.", hint)
        self.path = str(path)
        self.reason = reason


class SettingsError(AtmdaError):
    """A setting says something that cannot be, or settings do not go together."""


class StoreError(AtmdaError):
    """Embeddings on disk are damaged, or were made in another way than asked for now."""
