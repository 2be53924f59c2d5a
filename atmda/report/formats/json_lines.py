"""JSON lines: an object a row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from atmda.report.formats.base import Row, TableFormat


def write_jsonl(columns: Sequence[str], rows: Sequence[Row], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows)


PLUGINS = (TableFormat("jsonl", (".jsonl",), write_jsonl),)
