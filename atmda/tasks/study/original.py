"""Results that are there already, read as a study: those of the original scripts, and those of `classify`.

The original `sound_classification.py` (arXiv 2506.04376) writes a file for each cell,
`<embeddings>_results_<mode>_<modality>_<temperature>.txt`, with one line that ends in `acc/mAP=<percent>%`: the mean of
the folds' accuracies, and nothing of the folds. Where its `.pt` of embeddings is at hand (beside the results, or in
`data/embeddings` next to their folder) the number of clips, and the scene in their names, are read from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from atmda.core.files import read_small
from atmda.core.untrusted import identity_of, parsed_object
from atmda.errors import AtmdaError, StoreError
from atmda.tasks.observer import Observer
from atmda.tasks.study.result import Cell, StudyResult

NAME = re.compile(r"(?P<set>.+)_results_(?P<mode>[a-z]+)_(?P<modality>None|text|audio)_(?P<temperature>[-+.\de]+)")
LINE = re.compile(r"Model=(?P<model>[^,]+), .*acc/mAP=(?P<percent>[-+.\d]+)%")
MODES = ("zs", "tgap", "sv")
MOST = 1 << 16  # bytes of a file with one line in it


def read_results(folder: Path, observer: Observer) -> StudyResult:
    """The results in `folder` and below it; files that are not as they should be are told and left out.

    Raises AtmdaError where there is none.
    """
    if not folder.is_dir():
        raise AtmdaError(f"{folder}: there is no such folder.", "Give the one that holds the results.")
    problems: list[str] = []
    cells = [*_originals(folder, problems), *_documents(folder, problems)]
    for problem in problems:
        observer.warning(problem)
    if not cells:
        raise AtmdaError(
            f"{folder}: there are no results in it.",
            "Looked for *_results_<mode>_<modality>_<temperature>.txt and for the results.json of classify.",
        )
    config = {"from_results": folder.name}
    name = folder.resolve().name or "results"
    return StudyResult(name, None, cells, skipped=len(problems), config=config)


def _originals(folder: Path, problems: list[str]) -> Iterator[Cell]:
    """The cells of the original scripts, set by set."""
    found: dict[str, list[tuple[tuple[Any, ...], Path, re.Match[str]]]] = {}
    for path in sorted(folder.rglob("*_results_*.txt")):
        match = NAME.fullmatch(path.stem)
        if match is None:
            continue
        mode = MODES.index(match["mode"]) if match["mode"] in MODES else len(MODES)
        order = (mode, match["mode"], match["modality"].lower(), match["temperature"])
        found.setdefault(match["set"], []).append((order, path, match))
    for name, files in found.items():
        about, clips = _about(name, folder, problems)
        for _, path, match in sorted(files, key=lambda item: item[0]):
            try:
                yield _cell(path, match, about, clips)
            except (OSError, ValueError) as error:
                problems.append(f"{path} is left out: {getattr(error, 'strerror', None) or error}.")


def _cell(path: Path, match: re.Match[str], about: dict[str, Any], clips: int | None) -> Cell:
    line = LINE.search(read_small(path, MOST).decode("utf-8", "replace"))
    if line is None:
        raise ValueError("it does not end in acc/mAP=<percent>%")
    accuracy = float(line["percent"]) / 100
    if not 0 <= accuracy <= 1:
        raise ValueError(f"an accuracy of {line['percent']} % cannot be")
    modality = match["modality"].lower()
    content = {
        "mode": match["mode"],
        "modality": modality,
        "temperature": None if modality == "none" else float(match["temperature"]),
        "accuracy": accuracy,
        "folds": [{"fold": None, "accuracy": accuracy, "n": clips}],
    }
    return Cell(about | {"encoder": line["model"].lower()}, content)


def _about(name: str, folder: Path, problems: list[str]) -> tuple[dict[str, Any], int | None]:
    """What is known of a set of embeddings, and how many clips it holds, where its file is at hand."""
    plain = re.sub(r"_\d{3,4}$", "", name)  # the time of day at which the original embedded it
    dataset = re.sub(r"-\d{14}$", "", plain)
    about = {"dataset": dataset, "set": "clean" if plain == dataset else name, "scene": None, "templates": None}
    places = (*sorted(folder.rglob(f"{name}.pt")), folder.parent / "data" / "embeddings" / f"{name}.pt")
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        return about, None
    from atmda.core.embeddings.formats import read_embeddings

    try:
        clips = read_embeddings(path, unusable=True).clips
    except AtmdaError as error:
        problems.append(f"{error} Its clips are not counted.")
        return about, None
    scenes = {parts[-2] for clip in clips if len(parts := clip.split("-")) > 2}
    scene = next(iter(scenes)) if len(scenes) == 1 else None
    return about | {"scene": None if scene is None or scene.isdecimal() else scene}, len(clips)


def _documents(folder: Path, problems: list[str]) -> Iterator[Cell]:
    """The cells of what `classify --save-results` wrote."""
    for path in sorted(folder.rglob("results.json")):
        try:
            document = parsed_object(path.read_bytes(), str(path))
            results, identity = document["results"], identity_of(document["identity"])
            place = path.parent.relative_to(folder).as_posix()
            about = {
                "dataset": path.parent.resolve().name if place == "." else place,
                "set": Path(str(document["embeddings"])).name,
                "scene": document.get("bg_type"),
                "encoder": identity.get("encoder"),
                "templates": " | ".join(map(str, document.get("templates") or ())) or None,
            }
            cells = [Cell(about, _checked(content)) for content in results]
        except (OSError, StoreError, KeyError, TypeError, ValueError) as error:
            problems.append(f"{path} is left out: it is not what atmda classify writes ({error}).")
            continue
        yield from cells


def _checked(content: dict[str, Any]) -> dict[str, Any]:
    """A cell of a document, with what a study's table is made of. Raises KeyError, TypeError, ValueError."""
    temperature = content["temperature"]
    kinds = (content["mode"], str), (content["modality"], str), (temperature, int | float | str | None)
    if not all(isinstance(value, kind) for value, kind in kinds):
        raise TypeError("a mode, modality or temperature that is none")
    if isinstance(temperature, str) and temperature != "auto":
        raise ValueError(f"a temperature of {temperature}")
    for fold in content["folds"]:
        numbers = [value for name, value in fold.items() if name not in ("fold", "chosen") and value is not None]
        if not all(isinstance(value, int | float) for value in numbers) or not isinstance(fold["n"], int):
            raise TypeError("a fold that does not hold numbers")
    return content
