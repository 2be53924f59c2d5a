"""A picture for the terminal: how a clip, its background and the adapted clip score against the classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atmda.core.types import FloatArray

EIGHTHS = " ▏▎▍▌▋▊▉█"


def picture(
    name: str,
    labels: Sequence[str],
    clip: FloatArray,
    background: FloatArray,
    temperature: float,
    width: int = 16,
    unicode: bool = True,
) -> str:
    """Three columns of bars, one line a class: clip (c,), background profile (c,), clip - temperature * background.

    Each column is drawn from its own smallest score, or from zero where some are negative, to its own largest; the
    winner of the first and the last column is marked with an arrow.
    """
    adapted = clip - np.float32(temperature) * background
    columns = [("clip", clip), ("background", background), (f"clip - {temperature:g} x background", adapted)]
    first = max(len(label) for label in labels)
    cell = width + 10
    lines = [name, " " * (first + 2) + "".join(title.ljust(cell) for title, _ in columns).rstrip()]
    marks = {0: int(clip.argmax()), 2: int(adapted.argmax())}
    arrow = "◀" if unicode else "<"
    for row, label in enumerate(labels):
        cells = []
        for number, (_, values) in enumerate(columns):
            bar = _bar(values, row, width, unicode)
            cells.append(f"{bar} {values[row]:6.3f} {arrow if marks.get(number) == row else ' '} ")
        lines.append(f"{label.ljust(first)}  {''.join(cells).rstrip()}")
    return "\n".join(lines)


def _bar(values: FloatArray, row: int, width: int, unicode: bool) -> str:
    low, high = max(0.0, float(values.min())), float(values.max())
    fraction = max(0.0, float(values[row]) - low) / (high - low) if high > low else 0.0
    eighths = round(fraction * width * 8)
    whole, rest = divmod(eighths, 8)
    bar = "█" * whole + (EIGHTHS[rest] if rest else "") if unicode else "#" * round(fraction * width)
    return bar.ljust(width)
