"""Results as one page that needs nothing else; the templates beside this file draw it from results alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmda.core.types import IntArray
from atmda.report.classification import cell_name, confusion
from atmda.report.html import environment

if TYPE_CHECKING:
    from atmda.core.evaluation.results import GridResult
    from atmda.tasks.results import ClassifyResult


def classification_page(result: ClassifyResult, document: dict[str, Any]) -> str:
    """The HTML page of a grid; `document` is its JSON document. Labels and names are escaped."""
    folds = [fold.fold for fold in result.cells[0].folds]
    cells = [_cell(result, cell, row) for cell, row in zip(result.cells, document["results"], strict=True)]
    return (
        environment()
        .get_template("classification.html.j2")
        .render(
            document=document,
            cells=cells,
            folds=[] if folds == [None] else folds,
            main=result.metrics[0],
            facts=_facts(document),
        )
    )


def _cell(result: ClassifyResult, cell: GridResult, row: dict[str, Any]) -> dict[str, Any]:
    matrix = confusion(result, cell)
    return {"name": cell_name(cell), **row, "classes": [] if matrix is None else _by_class(result, cell, matrix)}


def _by_class(result: ClassifyResult, cell: GridResult, matrix: IntArray) -> list[dict[str, Any]]:
    """For each class its row of the confusion matrix, with precision, recall and F1."""
    from sklearn.metrics import precision_recall_fscore_support

    tested = cell.tested
    precision, recall, f1, counts = precision_recall_fscore_support(
        result.y[tested], cell.predicted[tested], labels=range(len(result.classes)), zero_division=0
    )
    return [
        {
            "label": label,
            "n": int(counts[c]),
            "precision": float(precision[c]),
            "recall": float(recall[c]),
            "f1": float(f1[c]),
            "counts": [
                {"n": n, "share": n / max(1, int(counts[c])), "predicted": result.classes[k]}
                for k, n in enumerate(matrix[c].tolist())
            ],
        }
        for c, label in enumerate(result.classes)
    ]


def _facts(document: dict[str, Any]) -> dict[str, str]:
    identity = document["identity"]
    facts = {
        "Embeddings": document["embeddings"],
        "Clips": document["clips"],
        "Encoder": identity.get("encoder", "not told"),
        "Weights (sha256)": identity.get("weights_sha256", "not told"),
        "Sentences": "; ".join(document["templates"]) or document["text_embeddings"] or "none",
        "Background": document["bg_embeddings"] or "; ".join(document["bg_prompts"]) or "none",
        "Intervals": f"95 %, by {'source recording' if document['interval_by'] == 'source' else 'clip'}",
        "atmda": document["version"],
    }
    return {name: str(value) for name, value in facts.items()}
