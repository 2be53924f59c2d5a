"""Draws docs/method.svg from the demo recordings: python docs/method_figure.py CLIP

CLIP is a file of demo/inference_demo. The numbers are those of `atmda infer --demo` with the built-in encoder.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

import numpy as np

import atmda
from atmda.core.methods.adaptation import TEMPERATURE, adapt, background_profile
from atmda.core.methods.prompts import class_prompts
from atmda.core.methods.prototypes import scores
from atmda.datasets.labels import read_labels

ROOT = Path(__file__).parents[1]
ROW, BAR, LEFT, GAP = 22, 170, 150, 60
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2937 }
.head { font-weight: 600 } .value { font-size: 11px; opacity: .7 }
.clip { fill: #64748b } .background { fill: #d97706 } .adapted { fill: #2563eb }
.best { stroke: #111827; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) { text { fill: #e5e7eb } .best { stroke: #f9fafb } }
"""


def column(x: int, title: str, kind: str, values: np.ndarray, mark: bool) -> list[str]:
    low = max(0.0, float(values.min()))
    span = float(values.max()) - low or 1.0
    parts = [f'<text class="head" x="{x}" y="24">{escape(title)}</text>']
    for row, value in enumerate(values):
        width = max(1.5, (float(value) - low) / span * (BAR - 45))
        best = " best" if mark and row == int(values.argmax()) else ""
        y = 38 + row * ROW
        parts.append(f'<rect class="{kind}{best}" x="{x}" y="{y}" width="{width:.1f}" height="14" rx="2"/>')
        parts.append(f'<text class="value" x="{x + width + 5:.1f}" y="{y + 11}">{value:.3f}</text>')
    return parts


def main(clip: str) -> None:
    demo = ROOT / "demo"
    labels = read_labels(demo / "class_labels.txt")
    encoder = atmda.load_encoder("compact")
    P = encoder.embed_text(class_prompts(labels))
    S = scores(encoder.embed_audio([demo / "inference_demo" / clip]), P)
    profile = background_profile(encoder.embed_audio(sorted((demo / "inference_bg_demo").iterdir())), P)
    adapted = adapt(S, profile, TEMPERATURE)
    width, height = LEFT + 3 * (BAR + GAP), 50 + ROW * len(labels)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">']
    parts.append(f"<title>{escape(clip)}: clip, background, adapted</title><style>{STYLE}</style>")
    parts += [f'<text x="8" y="{49 + row * ROW}">{escape(label)}</text>' for row, label in enumerate(labels)]
    parts += column(LEFT, "the clip's scores", "clip", S[0], True)
    parts += column(LEFT + BAR + GAP, "the background's", "background", profile, False)
    parts += column(LEFT + 2 * (BAR + GAP), f"clip - {TEMPERATURE} x background", "adapted", adapted[0], True)
    (ROOT / "docs" / "method.svg").write_text("\n".join([*parts, "</svg>\n"]), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
