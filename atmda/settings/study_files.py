"""The studies that come with atmda, and where a study's file is."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import atmda
from atmda.errors import SettingsError

NOT_STUDIES = {"example"}  # settings of all commands


def study_names() -> list[str]:
    """Names of the studies that come with atmda."""
    return sorted(path.stem for path in _folder().glob("*.toml") if path.stem not in NOT_STUDIES)


def find_study(name: str) -> Path:
    """The file called `name`, else the one that comes with atmda under that name: mini, mini.toml, configs/mini.toml.

    Raises SettingsError where there is neither.
    """
    path = Path(name)
    if path.is_file():
        return path
    wanted = path.stem if path.suffix == ".toml" else path.name
    if path.parent in (Path(), Path("configs")) and wanted in study_names():
        return _folder() / f"{wanted}.toml"
    near = get_close_matches(wanted, study_names(), n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else f"With atmda come: {', '.join(study_names())}."
    raise SettingsError(f"{name}: there is no such file, and no study of that name.", hint, setting="study")


def _folder() -> Path:
    """Where they lie: inside the installed package, or at the top of a checkout."""
    package = Path(atmda.__file__).parent
    inside = package / "configs"
    return inside if inside.is_dir() else package.parent / "configs"
