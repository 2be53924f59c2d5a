"""What was written once, read whole: stores of embeddings, sets of soundscapes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from atmda.core.embeddings.formats import read_embeddings
from atmda.core.fingerprint import digest
from atmda.core.text import some_of
from atmda.soundscapes.files import wav_size
from atmda.soundscapes.manifest import MANIFEST, read_manifest

Problem = tuple[str, str]  # what is wrong, what to do
AGAIN = "Run the same atmda augment with this output again."


def integrity(path: Path) -> Iterator[Problem]:
    """What is wrong with what lies at `path`. Raises AtmdaError where it cannot be read at all."""
    if (path / MANIFEST).is_file():
        yield from _of_soundscapes(path)
    else:
        yield from _of_embeddings(path)


def _of_embeddings(path: Path) -> Iterator[Problem]:
    table = read_embeddings(path, unusable=True, partial=True)
    for problem in table.problems:
        yield problem, "Run the same atmda embed with this output again."
    if len(set(table.clips)) < len(table):
        yield "clips are in it more than once", "Embed again."
    if bad := [table.clips[row] for row in np.flatnonzero(~table.finite())]:
        yield f"{len(bad)} embeddings hold values that are not numbers: {some_of(bad)}", "Embed them again."


def _of_soundscapes(folder: Path) -> Iterator[Problem]:
    wrong: dict[str, list[str]] = {}
    records = read_manifest(folder)
    for record in records:
        if what := _wrong(folder, record):
            wrong.setdefault(what, []).append(str(record.get("file")))
    for what, names in wrong.items():
        yield f"{len(names)} of {len(records)} soundscapes {what}: {some_of(names)}", AGAIN


def _wrong(folder: Path, record: Mapping[str, Any]) -> str:
    """What is wrong with one soundscape, "" where nothing is."""
    wav, jams = (folder / str(record.get(key)) for key in ("file", "jams"))
    try:
        size = wav.stat().st_size
        told = json.loads(jams.read_bytes())["sandbox"].get("atmda")
    except OSError:
        return "lack a file"
    except (ValueError, KeyError, TypeError, AttributeError):
        return "have a damaged JAMS file"
    parameters = record.get("parameters")
    if isinstance(parameters, dict) and size != wav_size(int(parameters["duration"] * record["sample_rate"])):
        return "have a WAV file of the wrong size"
    checksum = (record.get("sha256") or {}).get("file")
    if checksum is not None and digest(wav) != checksum:
        return "have a WAV file that was altered"
    return "have a JAMS file that says otherwise than the manifest" if told not in (None, dict(record)) else ""
