"""`atmda search`: the nearest clips or windows of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmda.cli.command import build_command
from atmda.cli.console import Console
from atmda.cli.exit_codes import DONE, SOME_SKIPPED
from atmda.settings.search import SearchSettings

if TYPE_CHECKING:
    from atmda.tasks.search_result import SearchResult

SHOWN = 50  # rows of the table on the terminal
#: column of the results -> what the table on the terminal calls it, and how its numbers are written
COLUMNS = {
    "rank": ("", ""),
    "filename": ("filename", ""),
    "start": ("start", ".10g"),
    "end": ("end", ".10g"),
    "score": ("score", ".3f"),
    "deviations": ("deviations", ".1f"),
    "unadapted_score": ("without adaptation", ".3f"),
    "known_label": ("known as", ""),
}

EXAMPLES = """
atmda search "glass breaking" --embeddings data/embeddings/site-a
atmda search clip.wav --embeddings data/embeddings/site-a --top-k 20 --min-gap 5 --output like-clip.csv
atmda search "dog bark" --embeddings data/embeddings/site-a --modality audio --bg self
atmda search "dog bark" --embeddings data/embeddings/site-a --report listen --audio-folder recorder-7 -r
atmda search "dog bark" --embeddings data/embeddings/site-a --output dogs --output-format raven
atmda search "a curlew calls at night" --templates "{label}" --embeddings site-a --json
"""


def run(settings: SearchSettings, console: Console) -> int:
    """Search what the settings name; a table, or one JSON document."""
    from atmda.tasks.search import search

    quiet_stdout = settings.output == "-" and console.json_output  # one document is all that may be there
    nowhere = {"output": None, "output_format": None, "spreadsheet_safe": False}
    done = search(settings.model_copy(update=nowhere) if quiet_stdout else settings, console)
    console.document({**_about(done), "results": done.rows()})
    if done.output != "-":  # else the rows are on stdout, and that is all there is to say
        show_table(done, console)
    if done.report is not None:
        console.notice(f"To look at and listen to: {done.report}")
    return SOME_SKIPPED if done.skipped else DONE


def _about(done: SearchResult) -> dict[str, object]:
    about = {name: value for name, value in vars(done).items() if name != "hits"}
    return about | {"report": None if done.report is None else str(done.report)}


def show_table(done: SearchResult, console: Console) -> None:
    """The first rows, those columns of them in which something stands."""
    rows = done.rows()
    names = [name for name in COLUMNS if any(row[name] is not None for row in rows)]
    shown = [["" if row[name] is None else format(row[name], COLUMNS[name][1]) for name in names] for row in rows]
    console.table([COLUMNS[name][0] for name in names], shown[:SHOWN])
    if len(rows) > SHOWN:
        console.text(f"... and {len(rows) - SHOWN} more in {done.output or 'the file that --output names'}")
    where = f": {done.output}" if done.output else "."
    console.notice(f"{done.query!r}: the nearest {len(rows)} of {done.searched:,}{where}")


command = build_command("search", SearchSettings, run, EXAMPLES)
