"""What a background brings to detection in long recordings: `python benchmarks/self_background.py --data DIR`.

DIR holds urbansound8k-mini and tau2019uas-mini, or data sets of the same layouts. For each SNR (6, 0 and -6 dB)
`augment --scene-duration` lays the events into chains of the backgrounds' recordings: sets that share places, events
and times, and differ in level alone. They are embedded in windows, end to end, and labelled with all ten classes of the
events by `atmda.infer` with each background; known are the very recordings that a scene was laid out from.

A row's threshold (`min_confidence`) is the one with the best event-based F1 over all SNRs on the scenes of even number
for those of odd number, and the other way round, so that no scene has a say in its own. Windows of one label that touch
are one detection (`merge` 0). Event-based: the onset within a window's length, offset anywhere; segment-based: segments
of a window's length. Intervals of 95 % are over 2,000 draws of whole scenes with their thresholds, gains over none over
the same draws. Each scene is a place of its own to `self`; to `site` those of one kind of place and SNR are one.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scene_sets import SNRS, by_place, described, events, known, lay_out, level, manifest

import atmda
from atmda.core.detection.detection import Detection
from atmda.core.evaluation.events import Agreement, Event, event_based, segment_based

DRAWS = 2000


@dataclass(frozen=True)
class Row:
    """A background, how much of it is subtracted, and by what labels are judged."""

    background: str
    temperature: float = 1.0
    multi_label: bool = False
    threshold: float | None = None  # chosen where there is none

    def __str__(self) -> str:
        name = f"`{self.background}`" if self.background[:4] in ("self", "site") else self.background
        name += ", `--multi-label`" if self.multi_label else ""
        name += "" if self.threshold is None else f" at {self.threshold:g}"
        return name if self.background == "none" else f"{name}, T = {self.temperature:g}"


LABELS = (
    "air conditioner", "car horn", "children playing", "dog bark", "drilling", "engine idling", "gun shot",
    "jackhammer", "siren", "street music",
)  # fmt: skip
ROWS = (
    Row("none"),
    Row("self", 0.5), Row("self"), Row("self:mean", 0.5), Row("self:mean"), Row("self:median", 0.5), Row("self:median"),
    Row("self:rolling=120", 0.5), Row("self:rolling=120"), Row("site", 0.5), Row("site"),
    Row("known", 0.5), Row("known"),
    Row("none", 1.0, True, 0.5), Row("self", 1.0, True, 0.5), Row("self:rolling=120", 1.0, True, 0.5),
    Row("self", 1.0, True),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, help="where sets and stores stay; a temporary folder unless given")
    parser.add_argument("--n-scenes", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--events-per-minute", type=float, default=3.0)
    parser.add_argument("--windows", default="5", help="lengths in seconds, as 2,5,10")
    parser.add_argument("--num-workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        scratch = options.scratch or Path(temporary)
        sets = lay_out(options, scratch)
        for snr, folder in sets.items():
            print(f"{level(snr)}: {described(folder)}: {folder}")
        for length in map(float, options.windows.split(",")):
            store = scratch / f"windows-{length:g}"
            atmda.embed(
                by_place(sets, scratch), recursive=True, window=length, output=store,
                model="compact", num_workers=options.num_workers,
            )  # fmt: skip
            compare(length, store, sets, scratch)


def compare(length: float, store: Path, sets: dict[int, Path], scratch: Path) -> None:
    """A table for each SNR and one for all, a row a background."""
    there, scenes = events(sets), manifest(sets[SNRS[0]])
    counted = {row: counts(row, detected(row, store, scenes, scratch), there, scenes, length) for row in ROWS}
    draws = np.random.default_rng(0).integers(len(scenes), size=(DRAWS, len(scenes)))
    draws = np.concatenate([np.arange(len(scenes))[None], draws])
    head = ["background", "threshold", "precision", "recall", "event F1", "gain", "segment F1", "gain"]
    for snr in (*SNRS, None):
        print(f"\nWindows of {length:g} s, {'all SNRs' if snr is None else level(snr)}:\n")
        print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
        before: Any = None
        for row, (thresholds, *both) in counted.items():
            event, segment = (of_snr(by_scene, snr)[draws].sum(1) for by_scene in both)
            before = before or (event, segment)
            cells = [
                str(row), " / ".join(f"{t:.2f}" for t in thresholds), told(ratio(event[:, 2], event[:, 1])),
                told(ratio(event[:, 2], event[:, 0])), told(f1(event)), told(f1(event) - f1(before[0]), "+.3f"),
                told(f1(segment)), told(f1(segment) - f1(before[1]), "+.3f"),
            ]  # fmt: skip
            print(f"| {' | '.join(cells)} |", flush=True)


def detected(row: Row, store: Path, scenes: list[Any], scratch: Path) -> list[Detection]:
    """Every window with its label, or labels, however unsure."""
    settings = {"embeddings": store, "model": "compact", "min_confidence": 0.0, "multi_label": row.multi_label}
    if row.background == "none":
        return atmda.infer(LABELS, **settings).detections
    settings["temperature"] = row.temperature
    if row.background != "known":
        return atmda.infer(LABELS, background=row.background, **settings).detections
    found = []
    for record in scenes:
        heard = atmda.infer(LABELS, background=known(record, scratch), **settings).detections
        found += [one for one in heard if Path(one.filename).name == record["file"]]
    return found


def counts(row: Row, windows: list[Detection], there: list[Event], scenes: list[Any], length: float) -> Any:
    """Thresholds of the halves, then an `Agreement`'s counts (scenes, SNRs, 3), event-based and segment-based."""
    number = {record["file"]: place for place, record in enumerate(scenes)}
    half = {name: place % 2 for name, place in number.items()}
    onsets = lambda there, found: event_based(there, found, collar=length)  # noqa: E731
    segments = lambda there, found: segment_based(there, found, segment=length)  # noqa: E731
    thresholds, kept = [], []
    for h in (0, 1):
        mine, others = ([w for w in windows if (half[Path(w.filename).name] == h) == same] for same in (True, False))
        others_there = [e for e in there if half[Path(e.filename).name] != h]
        thresholds.append(row.threshold if row.threshold is not None else best(others, others_there, onsets))
        kept += merged(mine, thresholds[-1])
    return thresholds, *(by_scene(there, kept, number, measure) for measure in (onsets, segments))


Measure = Callable[[Iterable[Any], Iterable[Any]], dict[str, Agreement]]


def best(windows: list[Detection], there: list[Event], measure: Measure) -> float:
    """The threshold with the greatest F1, of 40 quantiles of the confidences."""
    tried = np.unique(np.quantile([w.confidence for w in windows], np.linspace(0, 1, 41)[:-1]))
    return float(max(tried, key=lambda t: sum(measure(there, merged(windows, t)).values(), Agreement()).f1))


def merged(windows: list[Detection], threshold: float) -> list[Detection]:
    """What `min_confidence` and `merge` 0 make of windows that come in order."""
    runs: dict[tuple[str, str], list[Detection]] = defaultdict(list)
    for window in windows:
        if window.confidence >= threshold:
            of_label = runs[window.filename, window.label]
            if of_label and window.start <= of_label[-1].end + 1e-6:
                of_label[-1] = replace(of_label[-1], end=window.end)
            else:
                of_label.append(window)
    return [run for of_label in runs.values() for run in of_label]


def by_scene(there: list[Event], found: list[Detection], number: dict[str, int], measure: Measure) -> Any:
    table = np.zeros((len(number), len(SNRS), 3))
    pairs: dict[str, tuple[list[Any], list[Any]]] = defaultdict(lambda: ([], []))
    for side, some in enumerate((there, found)):
        for one in some:
            pairs[one.filename][side].append(one)
    for name, pair in pairs.items():
        place, file = name.split("/")
        agreed = sum(measure(*pair).values(), Agreement())
        snr = next(i for i, snr in enumerate(SNRS) if place.endswith(f"{snr:+d}"))
        table[number[file], snr] = agreed.there, agreed.detected, agreed.agreed
    return table


def of_snr(table: Any, snr: int | None) -> Any:
    return table.sum(1) if snr is None else table[:, SNRS.index(snr)]


def ratio(some: Any, of_all: Any) -> Any:
    return some / np.maximum(of_all, 1)


def f1(counted: Any) -> Any:
    return ratio(2 * counted[:, 2], counted[:, 0] + counted[:, 1])


def told(drawn: Any, form: str = ".3f") -> str:
    """What was found, then the interval of the draws that follow."""
    low, high = np.quantile(drawn[1:], (0.025, 0.975))
    return f"{drawn[0]:{form}} ({low:{form}} to {high:{form}})"


if __name__ == "__main__":
    main()
