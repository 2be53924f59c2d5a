"""The results of a study as files: one table in long form and one document."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atmda import __version__
from atmda.core.files import publish
from atmda.report.formats.parquet import open_parquet

if TYPE_CHECKING:
    from atmda.tasks.study.result import StudyResult

FORMAT = 1


def save(folder: Path, result: StudyResult) -> StudyResult:
    """Write results.parquet and results.json into `folder`; the result says where. Raises OSError."""
    from atmda.tasks.study.result import COLUMNS

    with publish(folder / "results.parquet") as temporary, open_parquet(COLUMNS, temporary) as add:
        for row in result.rows():
            add(row)
    with publish(folder / "results.json") as temporary:
        text = json.dumps(as_document(result), indent=1, ensure_ascii=False, allow_nan=False)
        temporary.write_text(f"{text}\n", "utf-8")
    return replace(result, output=folder)


def as_document(result: StudyResult) -> dict[str, Any]:
    """The one JSON document: cells with what they were made of, and what is not there yet."""
    return {
        "format": FORMAT,
        "study": result.name,
        "config": dict(result.config),
        "cells": [cell.document() for cell in result.cells],
        "encoders": dict(result.encoders),
        "prompts": dict(result.prompts),
        "artifacts": dict(result.artifacts),
        "failed": dict(result.failed),
        "left": list(result.left),
        "version": __version__,
    }
