"""`atmda study`: a grid of data sets, scenes, SNRs, encoders, methods and temperatures, each part made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmda.cli.command import build_command
from atmda.cli.console import Console
from atmda.cli.exit_codes import DONE, SOME_SKIPPED
from atmda.errors import SettingsError
from atmda.settings.study import StudySettings

if TYPE_CHECKING:
    from atmda.tasks.study.estimate import Estimate
    from atmda.tasks.study.result import StudyResult

EXAMPLES = """
atmda study mini                                   (comes with atmda, as paper and own do)
atmda study paper --dry-run
atmda study configs/own.toml --output results/own --num-workers 2
atmda study my.toml --shard 3/16                   (one of sixteen jobs; then once without)
atmda study --from-results results                 (of the original scripts, or of classify)
"""


def run(settings: StudySettings, console: Console) -> int:
    """Run the study that the settings name; a table of its cells, or of what is missing."""
    from atmda.tasks.study import study

    if settings.study is None and settings.from_results is None:
        raise SettingsError("Give a CONFIG.toml, or the name of a study that comes with atmda: paper, mini, own.")
    result = study(settings, console)
    show = show_estimates if settings.dry_run else show_cells
    show(result, console)
    return SOME_SKIPPED if result.failed or result.skipped else DONE


def show_cells(result: StudyResult, console: Console) -> None:
    """A row for each cell, and where the results lie."""
    from atmda.report.study.results import as_document

    places = {"output": result.output, "report": result.report}
    console.document(as_document(result) | {name: path and str(path) for name, path in places.items()})
    rows = []
    for cell in result.cells:
        about, content = cell.about, cell.content
        metrics = [name for name in content["folds"][0] if name not in ("fold", "n", "chosen")]
        value, temperature = content.get(metrics[0]), content["temperature"]
        names = [str(about.get(name) or "") for name in ("dataset", "set", "encoder")]
        shown = "-" if temperature is None else str(temperature)
        rows.append([*names, content["mode"], content["modality"], shown, "-" if value is None else f"{value:.2%}"])
    if rows:
        console.table(("dataset", "set", "encoder", "mode", "modality", "temperature", "result"), rows)
    for what, names in (("could not be made", list(result.failed)), ("left to be made", result.left)):
        if names:
            console.notice(f"{len(names)} {what}, {names[0]} the first.")
    if result.skipped:
        console.notice(f"{result.skipped} recordings or files were left out; results.json names them.")
    if result.output is not None:
        console.notice(f"{result.made} parts made now; results of {len(result.cells)} cells in {result.output}.")
    if result.report is not None:
        console.notice(f"The report: {result.report}")


def show_estimates(result: StudyResult, console: Console) -> None:
    """A row for each part that is missing, and the sums."""
    found = result.estimates
    seconds, size = (sum(getattr(part, name) or 0 for part in found) for name in ("seconds", "size"))
    console.document({"missing": [vars(part) for part in found], "seconds": seconds, "bytes": size})
    rows = [[part.kind, part.title, str(part.items or "?"), _time(part), _size(part.size)] for part in found]
    if rows:
        console.table(("part", "of", "clips", "time", "room"), rows)
    for reason in dict.fromkeys(part.blocked for part in found if part.blocked):
        console.warning(f"cannot be made as things are: {reason}")
    unknown = sum(part.seconds is None for part in found)
    told = f" ({unknown} parts of unknown time left out)" if unknown else ""
    console.notice(f"{len(found)} parts are missing: about {_duration(seconds)}{told}, {_size(size)}.")
    if found:
        console.notice("Times: by what such parts took here; those with ~ by a table of another machine's.")


def _time(part: Estimate) -> str:
    return "?" if part.seconds is None else f"{'' if part.measured else '~'}{_duration(part.seconds)}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _size(size: int | None) -> str:
    return "?" if size is None else f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"


command = build_command("study", StudySettings, run, EXAMPLES)
