"""Embeddings made elsewhere that a study starts from."""

from __future__ import annotations

from pathlib import Path

from atmda.core.fingerprint import digest
from atmda.settings.study_tables import DatasetTable


def given_files(dataset: DatasetTable) -> tuple[dict[str, Path], dict[str, str], str]:
    """Settings of `classify` for the files that a table names, what tells their content, and what is missing."""
    background = None if dataset.background is None else Path(dataset.background)
    files = {
        "embeddings": dataset.embeddings,
        "text_embeddings": dataset.text_embeddings,
        "bg_embeddings": background,
    }
    paths = {name: path for name, path in files.items() if path is not None}
    gone = next((path for path in paths.values() if not path.exists()), None)
    if gone is not None:
        return paths, {}, f"{gone}: there is no such file or folder."
    return paths, {name: _content(path) for name, path in paths.items()}, ""


def _content(path: Path) -> str:
    """What tells a file's content; of a store the checksums of all its files."""
    if path.is_file():
        return digest(path)
    files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    return " ".join(f"{file.name} {digest(file)}" for file in files)
