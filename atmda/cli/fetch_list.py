"""`atmda fetch --list`: what there is, and what is here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from atmda.cli.console import Console
from atmda.cli.transfers import format_bytes
from atmda.settings.fetch import FetchSettings

if TYPE_CHECKING:
    from atmda.datasets.remotes import Target
    from atmda.tasks.fetch import ListedTarget

COLUMNS = ("name", "here", "size", "clips", "classes", "folds", "labels", "licence")


def list_all(settings: FetchSettings, console: Console) -> None:
    """Everything that can be fetched."""
    from atmda.download.soundata_remotes import BEYOND, INSTALL, soundata_names
    from atmda.tasks.fetch import listed_targets

    lines = list(listed_targets(settings.data_dir, console))
    console.document([_entry(line, settings) for line in lines])
    console.table(COLUMNS, [_row(line) for line in lines])
    if not soundata_names():
        console.notice(f"{len(BEYOND)} more data sets can be fetched through soundata. {INSTALL}")


def list_parts(targets: Sequence[Target], settings: FetchSettings, console: Console) -> None:
    """The parts of some targets."""
    from atmda.tasks.fetch import listed_parts

    entries = []
    for target in targets:
        parts = listed_parts(target, settings.data_dir)
        files = [[{"name": name, "url": url, "checksum": md5} for name, url, md5 in part.files] for part in parts]
        listed = [{"part": part.name, "here": part.here, "files": own} for part, own in zip(parts, files, strict=True)]
        entries.append({"name": target.name, "parts": listed})
        rows = [[p.name, "whole" if p.here else "-", ", ".join(name for name, _, _ in p.files)] for p in parts]
        console.table(("part", "here", "files"), rows, title=target.name)
    console.document(entries[0] if len(entries) == 1 else entries)


def short(licence: str) -> str:
    """A licence's first words; the whole of it is in --json."""
    named = licence.replace("Creative Commons Attribution", "CC BY").replace(" International", "")
    named = named.replace("-NonCommercial", "-NC").replace(" Non Commercial", "-NC").replace("-ShareAlike", "-SA")
    return named if len(named) <= 40 else f"{named[:37].rstrip()}..."


def _entry(line: ListedTarget, settings: FetchSettings) -> dict[str, Any]:
    from atmda.datasets import labels_of

    target = line.target
    if target is None:
        return {"name": line.name, "problem": line.problem}
    return {
        "name": line.name,
        "here": line.here or "no",
        "bytes": target.facts.unpacked,
        "clips": target.facts.clips,
        "classes": target.facts.classes,
        "folds": target.facts.folds,
        "labels": list(labels_of(line.name)),
        "labelled": target.facts.labels,
        "licence": target.facts.licence,
        "parts": [part.name for part in target.parts],
        "folder": str(settings.data_dir / target.folder),
    }


def _row(line: ListedTarget) -> list[str]:
    if line.target is None:
        return [line.name, "", "", "", "", "", "", "cannot be read; see --verbose"]
    facts = line.target.facts
    numbers = [str(number) if number else "" for number in (facts.clips, facts.classes, facts.folds)]
    size = format_bytes(facts.unpacked) if facts.unpacked else ""
    return [line.name, line.here or "-", size, *numbers, facts.labels, short(facts.licence)]
