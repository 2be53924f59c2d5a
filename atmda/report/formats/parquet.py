"""Parquet, for pandas, polars and duckdb."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from atmda.report.formats.base import Row, TableFormat


def write_parquet(columns: Sequence[str], rows: Sequence[Row], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({name: [row[name] for row in rows] for name in columns}), path)


PLUGINS = (TableFormat("parquet", (".parquet",), write_parquet),)
