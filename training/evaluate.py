"""Measure an encoder on recordings it never heard: `ATMDA_TEST_DATA=DIR python training/evaluate.py [--output FILE]`.

Needs `data/urbansound8k-mini`, `data/esc10`, `data/esc50-clap/esc50_meta.csv` (for the 50 names), `data/demo` and
`data/tau2019uas-mini` in that folder; the result is the Markdown that stands in the model card. Nothing here is used in
training. With `--model` several times, figures are means over these encoders, which differ by their seed, and tables of
one encoder are those of the first. `--teachers` puts the figures of ceiling.py beside.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from gains import CLEAN, PUBLISHED, RECOMMENDED, gains_table, verdicts
from goals import Noisy, figures, goals_table
from heard import Embedded, Heard, adaptation, hear, right

from atmda import load_encoder
from atmda.core.encoders.base import Encoder
from atmda.core.encoders.compact.encoder import CompactEncoder
from atmda.core.evaluation.counts import confusion_matrix
from atmda.core.methods.prompts import CLASS_TEMPLATE, class_prompts
from atmda.core.methods.prototypes import scores

TEMPLATES = ("{label}", CLASS_TEMPLATE, "the sound of {label}", "I can hear {label}",
             "an audio recording of {label}", "{label} can be heard")  # fmt: skip
PROTOCOL = (
    "UrbanSound8K-mini, each clip mixed with one of 7 park recordings, its background the mean of the other 6; and "
    "with one of 4 pieces of a recording of an airport, a metro station, a shopping mall or a street, its background "
    "the mean of the other 3. By text: the three sentences about the scene. T = 0.5; `tgap-unit` takes a share of the "
    "clips. Gains in points, paired, with 95 % intervals by source recording; **sure gains**, *sure losses*. "
    "Subtracted: from the embeddings, before prototypes are made."
)


def prompts_table(encoder: Encoder, heard: Heard) -> list[str]:
    lines = ["| prompt | UrbanSound8K-mini | ESC-10 |", "|---|---|---|"]
    for template in TEMPLATES:
        found = [
            (scores(data.X, encoder.embed_text(class_prompts(data.clips.labels, template))).argmax(1) == data.clips.y)
            for data in (heard.us8k, heard.esc10)
        ]
        lines.append(f"| {template.replace('{label}', '…')} | {found[0].mean():.3f} | {found[1].mean():.3f} |")
    return lines


def confusions(data: Embedded) -> list[str]:
    labels = data.clips.labels
    counts = confusion_matrix(data.clips.y, data.zero_shot.argmax(1), len(labels))
    lines = ["| class | recall | " + " | ".join(label[:9] for label in labels) + " |"]
    lines.append("|---" * (len(labels) + 2) + "|")
    for place, (label, row) in enumerate(zip(labels, counts, strict=True)):
        cells = " | ".join(str(n) if n else "" for n in row)
        lines.append(f"| {label} | {row[place] / max(row.sum(), 1):.2f} | {cells} |")
    return lines


def folds_table(heard: Heard) -> list[str]:
    clips, ways = heard.us8k.clips, ("zs", "tgap", "sv", "tgap-unit", "sv-unit")
    found = {way: right(way, heard.us8k) for way in ways}
    lines = ["| UrbanSound8K-mini, clean | " + " | ".join(ways) + " |", "|---" * (len(ways) + 1) + "|"]
    for fold in np.unique(clips.folds):
        cells = " | ".join(f"{found[way][clips.folds == fold].mean():.3f}" for way in ways)
        lines.append(f"| fold {fold} | {cells} |")
    return lines


def report(encoder: Encoder, every: Sequence[Heard], teachers: dict[str, float]) -> list[str]:
    """The lines; `encoder` is the first of those that heard."""
    first, clips = every[0], every[0].us8k.clips
    noisy: list[Noisy] = [adaptation(heard) for heard in every]
    found = [figures(heard, own) for heard, own in zip(every, noisy, strict=True)]
    lines = goals_table(found, teachers)
    lines += ["", f"Spread: largest less smallest of {len(every)}. Logit scale {encoder.logit_scale:g}."]
    lines += ["", *prompts_table(encoder, first), "", *folds_table(first)]
    lines += ["", "UrbanSound8K-mini, zero-shot, rows true, columns predicted:", "", *confusions(first.us8k)]
    lines += ["", "ESC-10, zero-shot:", "", *confusions(first.esc10), "", PROTOCOL, ""]
    lines += verdicts(noisy, clips.sources)
    for title, scorings in (
        ("As published:", PUBLISHED),
        ("Prototypes of unit length:", RECOMMENDED),
        ("Examples without the noise:", CLEAN),
    ):
        lines += ["", title, "", *gains_table(noisy, clips.sources, scorings)]
    return lines


def opened(model: str) -> Encoder:
    return CompactEncoder(Path(model)) if model.endswith(".safetensors") else load_encoder(model)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", help="compact unless given, or a file that pack.py wrote")
    parser.add_argument("--teachers", type=Path, help="what ceiling.py wrote")
    parser.add_argument("--output", type=Path, help="write the Markdown there too")
    a = parser.parse_args()
    if "ATMDA_TEST_DATA" not in os.environ:
        raise SystemExit("Set ATMDA_TEST_DATA to the folder that holds data/urbansound8k-mini and the others.")
    encoders = [opened(model) for model in a.model or ["compact"]]
    every = [hear(encoder, Path(os.environ["ATMDA_TEST_DATA"])) for encoder in encoders]
    teachers = json.loads(a.teachers.read_text(encoding="utf-8")) if a.teachers else {}
    text = "\n".join(report(encoders[0], every, teachers))
    print(text)
    if a.output:
        a.output.write_text(text + "\n", encoding="utf-8")
