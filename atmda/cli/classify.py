"""`atmda classify`: stored embeddings against class prototypes, a grid of settings in one process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from atmda.cli.command import build_command
from atmda.cli.console import Console
from atmda.cli.exit_codes import DONE
from atmda.core.files import check_writable
from atmda.settings.classify import ClassifySettings

if TYPE_CHECKING:
    from atmda.tasks.results import ClassifyResult

EXAMPLES = """
atmda classify --embeddings data/embeddings/urbansound8k_20261122T120000 --mode zs
atmda classify --embeddings urbansound8k.pt --dataset urbansound8k --mode zs,tgap,sv
atmda classify --embeddings soundscapes --mode zs,tgap,sv --modality none,audio --bg-embeddings tau --temperature 0,0.5
atmda classify --embeddings soundscapes --modality text --bg-type park --save-results results/park
atmda classify --embeddings street_windows --modality none,audio --bg unlabelled,self --metric recall_at_k
atmda classify --embeddings mine --cv 5 --mode zs,sv,knn,logreg,svm,rf,mlp --metric accuracy,macro_f1,ece
"""


def run(settings: ClassifySettings, console: Console) -> int:
    """Classify what the settings name; a table, or one JSON document."""
    if settings.list_methods:
        from atmda.cli.method_list import list_methods

        return list_methods(console)
    from atmda.tasks.classify import classify

    if (folder := settings.save_results) is not None:  # before the work
        check_writable(folder / "results.json", folder, "Choose another `save_results`, or make room.")
    result = classify(settings, console)
    shown = ["document" if console.json_output else "table", *(["folder"] if settings.save_results else [])]
    for view in shown:
        VIEWS[view](result, settings.save_results, console)
    return DONE


def show_document(result: ClassifyResult, folder: Path | None, console: Console) -> None:
    """One JSON document."""
    from atmda.report.classification import as_document

    console.document(as_document(result))


def show_table(result: ClassifyResult, folder: Path | None, console: Console) -> None:
    """A row for each cell of the grid."""
    from atmda.report.classification import summary_rows

    console.table(*summary_rows(result))


def save_folder(result: ClassifyResult, folder: Path | None, console: Console) -> None:
    """Tables, a document and a page in `folder`."""
    from atmda.report.classification import save

    assert folder is not None
    save(folder, result)
    console.notice(f"Results saved in {folder}.")


VIEWS = {"document": show_document, "table": show_table, "folder": save_folder}


command = build_command("classify", ClassifySettings, run, EXAMPLES)
