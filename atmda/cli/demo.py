"""`atmda infer --demo`: what adaptation did to the recordings that come with atmda."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from atmda.cli.console import Console
from atmda.tasks.demo import truth

if TYPE_CHECKING:
    from atmda.tasks.results import InferResult


def explain(done: InferResult, console: Console) -> None:
    """Count what was right with and without adaptation, and draw the profiles of one clip it put right."""
    from atmda.report.profile import picture

    pairs = [(prediction, truth(prediction.filename, done.labels)) for prediction in done.predictions]
    after = sum(prediction.label == label for prediction, label in pairs)
    before = sum(prediction.unadapted is not None and prediction.unadapted[0] == label for prediction, label in pairs)
    how = "" if done.temperature is None else f", less {done.temperature:g} times the background's profile"
    console.text(f"Scored by {done.mode}{how}, as docs/methods.md recommends for labels without examples.")
    console.text(f"Right without adaptation: {before} of {len(pairs)}; with adaptation: {after} of {len(pairs)}.")
    if done.profile is None or done.temperature is None:
        return
    mended = [p for p, label in pairs if p.label == label and p.unadapted and p.unadapted[0] != label]
    example = mended[0] if mended else done.predictions[0]
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    scores = example.unadapted_scores
    console.text(picture(f"\n{example.filename}", done.labels, scores, done.profile, done.temperature, unicode=unicode))
