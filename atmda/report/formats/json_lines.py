"""JSON lines: an object a row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from atmda.report.formats.base import Add, Columns, TableFormat


@contextmanager
def open_jsonl(columns: Columns, path: Path) -> Iterator[Add]:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        yield lambda row: print(json.dumps(dict(row), ensure_ascii=False), file=file)


PLUGINS = (TableFormat("jsonl", (".jsonl",), open_jsonl),)
