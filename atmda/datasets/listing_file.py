"""The columns of a table of recordings, CSV, TSV or Parquet, as Arrow holds them: text, a row a recording."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from atmda.core.text import some_of
from atmda.datasets.tables import columns_of, delimiter_of, read_text
from atmda.errors import SettingsError

SETTING = "files"


def read_columns(table: Path, wanted: Sequence[str], problems: list[str]) -> dict[str, Any]:
    """Those of the columns `wanted` that the file has, as Arrow strings (n,); `path` is among them.

    Names of columns are read in any case; columns that are not used are told in `problems`. Raises SettingsError.
    """
    try:
        read = _parquet if table.read_bytes()[:4] == b"PAR1" else _text
        names, found = read(table, wanted, problems)
    except OSError as error:
        reason = error.strerror or "it is no table"
        raise SettingsError(f"`{SETTING}` {table}: it cannot be read ({reason}).", setting=SETTING) from error
    except (pa.ArrowException, ValueError) as error:
        reason = (str(error).splitlines() or ["it is no table"])[0].rstrip(".")
        raise SettingsError(f"`{SETTING}` {table}: it cannot be read ({reason}).", setting=SETTING) from error
    if "path" not in found:
        raise SettingsError(
            f"`{SETTING}` {table}: it has no column 'path'; there are {', '.join(names)}.",
            f"Columns are path and {','.join(wanted[1:])} where known.",
            setting=SETTING,
        )
    if unused := [name for name in names if name.lower() not in wanted]:
        problems.append(f"{table.name} has columns that are not used: {some_of(unused, 12)}.")
    return found


def _parquet(table: Path, wanted: Sequence[str], problems: list[str]) -> tuple[list[str], dict[str, Any]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(table) as file:
        names = list(file.schema_arrow.names)
        used = [name for name in names if name.lower() in wanted]
        found = file.read(used, use_threads=False)
    return names, {name.lower(): _strings(found[name]) for name in used}


def _text(table: Path, wanted: Sequence[str], problems: list[str]) -> tuple[list[str], dict[str, Any]]:
    import pyarrow.csv as pc

    text = read_text(table, SETTING).lstrip()
    header = text[: text.find("\n") if "\n" in text else len(text)]
    names = list(columns_of(header.strip()))
    lost: list[int] = []

    def left_out(row: Any) -> str:
        lost.append(row.number or 0)
        return "skip"

    used = [name for name in names if name.lower() in wanted]
    if len({name.lower() for name in used}) < len(used):
        raise ValueError("two of its columns have one name")
    if "path" not in {name.lower() for name in used}:
        return names, {}
    found = pc.read_csv(
        io.BytesIO(text.encode()),
        pc.ReadOptions(use_threads=False, column_names=names, skip_rows=1),
        pc.ParseOptions(delimiter=delimiter_of(header), newlines_in_values=True, invalid_row_handler=left_out),
        pc.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), include_columns=used, strings_can_be_null=False
        ),
    )
    if lost:
        problems.append(f"{len(lost)} rows of {table.name} have more or fewer cells than there are columns; left out.")
    return names, {name.lower(): _strings(found[name]) for name in used}


def _strings(column: pa.ChunkedArray) -> pa.Array:
    """One array of strings, whatever kind of column it was; several labels of a row are joined by ";"."""
    import pyarrow.compute as pc

    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        column = pa.chunked_array([pc.binary_join(column.cast(pa.list_(pa.string())).combine_chunks(), ";")])
    joined = column.cast(pa.string()).combine_chunks()
    if isinstance(joined, pa.ChunkedArray):
        joined = pa.concat_arrays(joined.chunks) if joined.num_chunks else pa.array([], pa.string())
    return joined
