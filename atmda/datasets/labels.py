"""Class labels from a file, a label a line."""

from __future__ import annotations

from pathlib import Path

from atmda.errors import SettingsError


def read_labels(path: Path) -> tuple[str, ...]:
    """The labels in `path`, blank lines left out, a repeated label kept once. Raises SettingsError."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"--class-labels {path}: it cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"--class-labels {path}: it is not text in UTF-8.", "Give a label a line.") from error
    labels = tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if not labels:
        raise SettingsError(f"--class-labels {path}: there is no label in it.", "Give a label a line.")
    return labels
