"""`atmda infer`: recordings labelled by name, adapted to their background."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from atmda.cli.command import build_command
from atmda.cli.console import Console
from atmda.cli.detections import SHOWN, show_detections
from atmda.cli.exit_codes import DONE, SOME_SKIPPED
from atmda.cli.memory import lean_arrow
from atmda.core.files import placeholder
from atmda.settings.infer import InferSettings

if TYPE_CHECKING:
    from atmda.tasks.results import InferResult

EXAMPLES = """
atmda infer --demo
atmda infer --labels "dog bark,siren,rain" --audio-folder recordings
atmda infer --class-labels labels.txt --audio-folder recordings -r --modality text --bg-type park
atmda infer --class-labels labels.txt --audio-folder recordings --modality audio --bg-folder quiet --output out.csv
atmda infer --mode sv --examples labelled --audio-folder recordings --save-prototypes mine.npz
atmda infer --labels "siren,dog bark,rain" --audio-folder recorder-7 -r --window 5 --hop 1 --modality audio --bg self
atmda infer --labels "siren,dog bark" --audio-folder recorder-7 --window 5 --multi-label --merge 2 --report listen
"""


def run(settings: InferSettings, console: Console) -> int:
    """Label the recordings, save the results, show a table; with --demo also what adaptation did."""
    lean_arrow()
    from atmda.tasks.infer import infer
    from atmda.tasks.nothing_usable import NothingUsableError

    settings.check()  # before a file for the results is made
    with _output(settings, console) as output:
        quiet_stdout = output == "-" and console.json_output  # one document is all that may be there
        settings = settings.model_copy(update={"output": None if quiet_stdout else output})
        try:
            if settings.windowed:
                from atmda.tasks.detect import detect  # a third of the imports, of which whole files need none

                keep = sys.maxsize if console.json_output else SHOWN
                return show_detections(detect(settings, console, keep=keep), output, console)
            done = infer(settings, console)
        except NothingUsableError as error:
            console.document({"output": None, "results": [], "skipped": error.skipped})
            raise
    view = "document" if console.json_output else "demo" if settings.demo else "table"
    VIEWS[view](done, output, console)
    return SOME_SKIPPED if done.skipped else DONE


@contextmanager
def _output(settings: InferSettings, console: Console) -> Iterator[str]:
    """Where the rows go: as asked, else a file named after this second that is nobody else's."""
    if settings.output is not None:
        yield settings.output
        return
    with placeholder(settings.workspace.new_results("results")) as path:
        console.writes_to(path)
        yield str(path)


def show_document(done: InferResult, output: str, console: Console) -> None:
    """One JSON document."""
    console.document(
        {
            "output": None if output == "-" else output,
            "labels": list(done.labels),
            "mode": done.mode,
            "modality": done.modality,
            "temperature": done.temperature,
            "results": done.rows(),
            "skipped": done.skipped,
        }
    )
    _tell(done, output, console)


def show_table(done: InferResult, output: str, console: Console) -> None:
    """The first rows, and where all of them lie."""
    if output == "-":
        return
    rows = done.rows()
    columns = ["filename", *(name for name in rows[0] if name.startswith("label") or name == "unadapted_label")]
    columns.insert(2, "confidence")
    shown = [[f"{row[c]:.2f}" if c == "confidence" else str(row[c]) for c in columns] for row in rows[:SHOWN]]
    console.table(["without adaptation" if c == "unadapted_label" else c for c in columns], shown)
    if len(rows) > SHOWN:
        console.text(f"... and {len(rows) - SHOWN} more in {output}")
    _tell(done, output, console)


def show_demo(done: InferResult, output: str, console: Console) -> None:
    """The table, and what adaptation did."""
    from atmda.cli.demo import explain

    show_table(done, output, console)
    explain(done, console)


def _tell(done: InferResult, output: str, console: Console) -> None:
    count = len(done.predictions)
    skipped = f", {len(done.skipped)} skipped" if done.skipped else ""
    if output != "-":  # else the rows are on stdout, and that is all there is to say
        console.notice(f"{count} recording{'s' if count != 1 else ''} labelled{skipped}: {output}")


VIEWS = {"document": show_document, "table": show_table, "demo": show_demo}
command = build_command("infer", InferSettings, run, EXAMPLES)
