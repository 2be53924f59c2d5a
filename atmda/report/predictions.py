"""The result of `infer`: one row a recording, as CSV, JSON lines or Parquet."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from atmda.core.files import publish
from atmda.core.types import FloatArray
from atmda.errors import SettingsError

ENDINGS = (".csv", ".jsonl", ".parquet")


@dataclass(frozen=True)
class Prediction:
    """The labels of one recording, best first.

    Attributes:
        filename: below the folder that was given.
        ranked: (label, confidence, score): the softmax's probability, and the adapted score it was made of.
        unadapted: the best label and its confidence without adaptation; None where none was asked for.
        note: what else there is to say, as digital silence.
    """

    filename: str
    ranked: tuple[tuple[str, float, float], ...]
    unadapted: tuple[str, float] | None = None
    note: str = ""

    def row(self) -> dict[str, Any]:
        """Columns of the output by name: filename, label, confidence, score, then the rest."""
        (label, confidence, score), *others = self.ranked
        row: dict[str, Any] = {"filename": self.filename, "label": label}
        row |= {"confidence": round(confidence, 6), "score": round(score, 6)}
        for rank, (label, confidence, score) in enumerate(others, 2):
            row |= {
                f"label_{rank}": label,
                f"confidence_{rank}": round(confidence, 6),
                f"score_{rank}": round(score, 6),
            }
        if self.unadapted is not None:
            row |= {"unadapted_label": self.unadapted[0], "unadapted_confidence": round(self.unadapted[1], 6)}
        row["note"] = self.note
        return row


@dataclass(frozen=True)
class Labelled:
    """What came of a run: predictions with the scores (n, c) they were made of, and the clips that were skipped."""

    labels: tuple[str, ...]
    predictions: list[Prediction]
    scores: FloatArray
    profile: FloatArray | None
    skipped: dict[str, str]


def check_output(output: str) -> None:
    """Refuse an --output that cannot be written, before hours of work. Raises SettingsError."""
    if output == "-":
        return
    path = Path(output)
    if path.suffix.lower() not in ENDINGS:
        raise SettingsError(f"--output {output}: it should end in {', '.join(ENDINGS)}, or be - for stdout.")
    if path.is_dir():
        raise SettingsError(f"--output {output}: it is a directory.", "Give a file.")


def write_predictions(predictions: Sequence[Prediction], output: str) -> None:
    """Write rows to `output` in the format of its ending; `-` is CSV on stdout."""
    rows = [prediction.row() for prediction in predictions]
    columns = list(rows[0]) if rows else ["filename", "label", "confidence"]
    if output == "-":
        _write_csv(sys.stdout, columns, rows)
        return
    path = Path(output)
    with publish(path) as temporary:
        if path.suffix.lower() == ".parquet":
            import pyarrow as pa
            import pyarrow.parquet as pq

            pq.write_table(pa.table({name: [row[name] for row in rows] for name in columns}), temporary)
            return
        with temporary.open("w", encoding="utf-8", newline="") as file:
            if path.suffix.lower() == ".jsonl":
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            else:
                _write_csv(file, columns, rows)


def append_csv(predictions: Sequence[Prediction], path: Path) -> None:
    """Add rows to a CSV file, with its header where it is new."""
    rows = [prediction.row() for prediction in predictions]
    with path.open("a", encoding="utf-8", newline="") as file:
        _write_csv(file, list(rows[0]), rows, header=file.tell() == 0)


def _write_csv(file: TextIO, columns: Sequence[str], rows: Sequence[dict[str, Any]], header: bool = True) -> None:
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
