"""The report as one page that needs nothing else: accuracies, then recall and confusion of every cell of the grid."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from atmda.core.types import IntArray

STYLE = """
:root { color-scheme: light dark; --line: #8884; --ink: 37 99 235; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2.5rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap }
th:first-child, td:first-child { text-align: left }
.bar { display: inline-block; height: .7rem; background: rgb(var(--ink)); vertical-align: middle }
.track { display: inline-block; width: 12rem; background: var(--line); text-align: left; line-height: 0 }
.matrix td { padding: .2rem .4rem; min-width: 2rem; text-align: center; border: 1px solid var(--line) }
.matrix th.column { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; border: 0 }
.wide { overflow-x: auto } dt { float: left; clear: left; width: 10rem; opacity: .7 } dd { margin-left: 10rem }
"""


def page(document: dict[str, Any], names: Sequence[str], matrices: Sequence[IntArray]) -> str:
    """The HTML page of a `classify` document; `names` and `matrices` (c, c) belong to its results in order."""
    classes = document["classes"]
    facts = {
        "Embeddings": document["embeddings"],
        "Clips": document["clips"],
        "Encoder": document["identity"].get("encoder", "not told"),
        "Weights (sha256)": document["identity"].get("weights_sha256", "not told"),
        "Background": document["bg_embeddings"] or document["bg_type"] or "none",
        "atmda": document["version"],
    }
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>atmda: classification</title>',
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>',
        "<h1>Classification</h1><dl>",
        *(f"<dt>{escape(key)}</dt><dd>{escape(str(value))}</dd>" for key, value in facts.items()),
        "</dl>",
        _summary(document, names),
        *(
            _cell(name, result, matrix, classes)
            for name, result, matrix in zip(names, document["results"], matrices, strict=True)
        ),
        "</html>\n",
    ]
    return "\n".join(parts)


def _summary(document: dict[str, Any], names: Sequence[str]) -> str:
    folds = [fold["fold"] for fold in document["results"][0]["folds"]]
    heads = [f"fold {fold}" for fold in folds] if folds != [None] else []
    rows = []
    for name, result in zip(names, document["results"], strict=True):
        low, high = result["interval"]
        cells = [f"{fold['accuracy']:.1%}" for fold in result["folds"]] if heads else []
        rows.append(
            f"<tr><td>{escape(name)}</td><td>{_bar(result['accuracy'])}</td><td>{result['accuracy']:.2%}</td>"
            f"<td>{low:.1%} to {high:.1%}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        )
    head = "".join(f"<th>{escape(text)}</th>" for text in ["", "", "accuracy", "95 % interval", *heads])
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def _cell(name: str, result: dict[str, Any], matrix: IntArray, classes: Sequence[str]) -> str:
    head = "".join(f'<th class="column">{escape(label)}</th>' for label in classes)
    rows = []
    for label, counts in zip(classes, matrix.tolist(), strict=True):
        total = sum(counts) or 1
        cells = "".join(
            f'<td style="background: rgb(var(--ink) / {count / total:.2f})">{count or ""}</td>' for count in counts
        )
        recall = result["recall"][label]
        rows.append(f"<tr><td>{escape(label)}</td>{cells}<td>{'' if recall is None else f'{recall:.0%}'}</td></tr>")
    return (
        f"<h2>{escape(name)}</h2><p>Rows are true classes, columns predicted ones; the last column is recall.</p>"
        f'<div class="wide"><table class="matrix"><tr><th></th>{head}<th>recall</th></tr>{"".join(rows)}</table></div>'
    )


def _bar(fraction: float) -> str:
    return f'<span class="track"><span class="bar" style="width: {100 * fraction:.1f}%"></span></span>'
