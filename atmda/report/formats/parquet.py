"""Parquet, for pandas, polars and duckdb."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from atmda.report.formats.base import Add, Columns, Row, TableFormat

GROUP = 16_384  # rows that are kept until they are written together


@contextmanager
def open_parquet(columns: Columns, path: Path) -> Iterator[Add]:
    """Row groups of `GROUP` rows; columns keep their types, also where all or nothing in them is null."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrow: dict[type, Any] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    schema = pa.schema([(name, arrow[kind]) for name, kind in columns.items()])
    waiting: list[Row] = []

    def flush() -> None:
        group = {name: [row[name] for row in waiting] for name in columns}
        writer.write_table(pa.table(group, schema), row_group_size=GROUP)
        waiting.clear()

    def add(row: Row) -> None:
        waiting.append(row)
        if len(waiting) >= GROUP:
            flush()

    with pq.ParquetWriter(path, schema) as writer:
        yield add
        if waiting:
            flush()


PLUGINS = (TableFormat("parquet", (".parquet",), open_parquet),)
