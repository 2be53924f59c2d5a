"""Data sets beyond the paper's, as the package soundata knows them: their files, checksums, index and licence.

soundata is an extra: it brings librosa, numba and pandas along. Importing it takes seconds and resets the root logger,
which is put back as it was. What a list says of its data sets is therefore written here: names as in soundata 1.0.1,
clips from the table in its documentation, licences from its modules.
"""

from __future__ import annotations

import importlib
import logging
import warnings
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from atmda.datasets.remotes import Facts, Part, Remote, Target
from atmda.errors import AtmdaError

INSTALL = 'Install it with: pip install soundata, or: pip install "atmda[soundata]"'
BY, BY_NC, TAMPERE = "CC BY 4.0", "CC BY-NC 4.0", "non-commercial, Tampere University"
BEYOND = {
    "dcase23_task2": Facts(licence=BY_NC),
    "dcase23_task4b": Facts(licence=BY),
    "dcase23_task6a": Facts(licence=BY),
    "dcase23_task6b": Facts(licence=BY),
    "dcase_bioacoustic": Facts(clips=174, licence=BY),
    "dcase_birdVox20k": Facts(clips=20_000, licence=BY_NC),
    "eigenscape": Facts(clips=64, licence=BY),
    "eigenscape_raw": Facts(clips=64, licence=BY),
    "freefield1010": Facts(licence=BY_NC),
    "fsdnoisy18k": Facts(clips=18_532, licence="CC BY or CC0, each clip its own"),
    "marco": Facts(clips=26, licence="CC BY-NC 3.0"),
    "singapura": Facts(clips=6547, licence="CC BY-SA 4.0"),
    "starss2022": Facts(clips=121, licence="MIT"),
    "tau2019sse": Facts(clips=500, licence=TAMPERE),
    "tau2020sse_nigens": Facts(clips=800, licence=BY_NC),
    "tau2020uas_mobile": Facts(clips=34_915, licence=TAMPERE),
    "tau2021sse_nigens": Facts(clips=800, licence=BY_NC),
    "tau2022uas_mobile": Facts(licence=TAMPERE),
    "urbansed": Facts(clips=10_000, licence=BY),
    "warblrb10k": Facts(licence=BY_NC),
}


def soundata_names() -> list[str]:
    """Names of soundata's data sets, without importing it; empty where it is not installed."""
    folder = _folder()
    return sorted(path.stem for path in folder.glob("[!_]*.py")) if folder else []


def soundata_target(name: str) -> Target:
    """The data set `name` as soundata knows it. Raises AtmdaError where it does not, or cannot be imported."""
    if name not in soundata_names():
        raise AtmdaError(f"soundata knows no data set {name!r}.")
    module = _import(name)
    try:
        parts = tuple(_part(key, value) for key, value in module.REMOTES.items())
        index = _index(module.INDEXES)
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise AtmdaError(
            f"soundata's description of {name} is in a form not known here ({error}).",
            "Install soundata 1.0.1, for which this was written.",
        ) from error
    licence = " ".join(str(getattr(module, "LICENSE_INFO", None) or "").split())
    return Target(name, f"input/{name}", parts, index, replace(BEYOND.get(name, Facts()), licence=licence))


def _folder() -> Path | None:
    try:
        spec = find_spec("soundata")
    except (ImportError, ValueError):
        return None
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) / "datasets" if places else None


def _part(name: str, value: Any) -> Part:
    pieces = value if isinstance(value, list) else [value]
    return Part(name, tuple(_remote(piece) for piece in pieces))


def _remote(value: Any) -> Remote:
    return Remote(
        str(value.filename),
        str(value.url),
        f"md5:{value.checksum}" if value.checksum else "",
        str(getattr(value, "destination_dir", None) or ""),
        tuple(getattr(value, "unpack_directories", None) or ()),
    )


def _index(indexes: dict[str, Any]) -> Remote | None:
    remote = indexes[indexes["default"]].remote
    if not getattr(remote, "url", None):
        return None
    return Remote("index.json", str(remote.url), f"md5:{remote.checksum}" if remote.checksum else "")


def _import(name: str) -> Any:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(f"soundata.datasets.{name}")
    except Exception as error:  # whatever its dependencies raise where they do not fit together
        raise AtmdaError(
            f"soundata's module for {name} cannot be imported ({type(error).__name__}: {error}).",
            "Put soundata and librosa right: pip install --upgrade soundata librosa",
        ) from error
    finally:
        root.handlers[:], root.level = handlers, level
