"""What of a target is on disk, for a list and for leaving alone what is whole."""

from __future__ import annotations

from pathlib import Path

from atmda.datasets import DATASETS, load_dataset
from atmda.datasets.remotes import Target
from atmda.download.state import State
from atmda.errors import AtmdaError


def clips_here(target: Target, data_dir: Path) -> int | None:
    """How many clips the data set's own reader finds; None where it has no reader or finds nothing to read."""
    if target.name not in DATASETS:
        return None
    try:
        return len(load_dataset(target.name, data_dir).clips)
    except AtmdaError:
        return None


def is_whole_copy(target: Target, data_dir: Path) -> bool:
    """Whether the reader finds as many clips as a whole copy has, whoever put it there."""
    spec = DATASETS.find(target.name)
    return spec is not None and spec.whole is not None and clips_here(target, data_dir) == spec.whole


def what_is_here(target: Target, data_dir: Path) -> str:
    """What is here, in a word: "whole", "3 of 40 parts", "297 clips", or "" for nothing."""
    folder = data_dir / target.folder
    if not folder.is_dir():
        return ""
    state = State.load(folder)
    if not target.parts:  # not known without importing soundata
        return f"{len(state.parts)} parts" if state.parts else ""
    whole = sum(state.whole(part) for part in target.parts)
    if whole == len(target.parts) or (not state.parts and is_whole_copy(target, data_dir)):
        return "whole"
    if whole:
        return f"{whole} of {len(target.parts)} parts"
    clips = clips_here(target, data_dir)
    return f"{clips} clips" if clips else ""
