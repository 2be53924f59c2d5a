"""What `atmda infer --window` shows of its detections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmda.cli.console import Console
from atmda.cli.exit_codes import DONE, SOME_SKIPPED

if TYPE_CHECKING:
    from atmda.tasks.results import DetectResult

SHOWN = 40  # rows of a table on the terminal


def show_detections(done: DetectResult, output: str, console: Console) -> int:
    """The first detections and where all of them lie, or one JSON document; gives the exit code."""
    console.document(
        {
            "output": None if output == "-" else output,
            "report": None if done.report is None else str(done.report),
            "labels": list(done.labels),
            "mode": done.mode,
            "modality": done.modality,
            "temperature": done.temperature,
            "background": done.background,
            "recordings": done.recordings,
            "windows": done.windows,
            "detections": done.count,
            "results": done.rows() if console.json_output else [],
            "skipped": dict(done.skipped),
        }
    )
    if output != "-":  # else the rows are on stdout, and that is all there is to say
        _table(done, output, console)
        skipped = f", {len(done.skipped)} skipped" if done.skipped else ""
        heard = f"{_count(done.count, 'detection')} in {_count(done.windows, 'window')}"
        console.notice(f"{heard} of {_count(done.recordings, 'recording')}{skipped}: {output}")
    if done.report is not None:
        console.notice(f"To look at and listen to: {done.report}")
    return SOME_SKIPPED if done.skipped else DONE


def _table(done: DetectResult, output: str, console: Console) -> None:
    rows = [
        [d.filename, f"{d.start:.2f}", f"{d.end:.2f}", d.label, f"{d.confidence:.2f}"]
        + ([d.unadapted[0]] if d.unadapted else [])
        for d in done.detections[:SHOWN]
    ]
    if not rows:
        return
    columns = ["filename", "start", "end", "label", "confidence", "without adaptation"]
    console.table(columns[: len(rows[0])], rows)
    if done.count > len(rows):
        console.text(f"... and {done.count - len(rows):,} more in {output}")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' if number != 1 else ''}"
