"""The paper's whole grid with its statistics from stored embeddings, side by side with the original scripts' loops.

    python benchmarks/study.py [--sets 7] [--metrics accuracy,macro_f1] [--clips-a-source 7]

Seven sets (clean and six scenes) of 8,732 random embeddings of width 512 in ten classes and ten folds, three modes,
without adaptation and by two modalities at three temperatures: 147 results. Each set is read from a Parquet store,
classified, and given intervals and tests by 2,000 draws of source recordings. The re-enactment is that of
`benchmarks/classify.py`: three modes at one temperature, timed three times on one set; its median is multiplied by the
seven settings of a mode and by the sets. It has no statistics. Peak memory is told after the first set and the last.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from classify import reenactment

from atmda.core.clip import Clip
from atmda.core.embeddings.formats import read_embeddings
from atmda.core.embeddings.store import EmbeddingStore, Manifest
from atmda.core.evaluation.grid import run_grid
from atmda.core.evaluation.splits import by_fold
from atmda.core.methods.backgrounds import Backgrounds
from atmda.core.methods.base import Training
from atmda.tasks.results import ClassifyResult
from atmda.tasks.statistics import StudyStatistics, analyse, joined

CLIPS, CLASSES, FOLDS, DIM = 8732, 10, 10, 512
TEMPERATURES = (0.2, 0.5, 0.8)
NAMES = tuple(f"class {c}" for c in range(CLASSES))


def make(folder: Path, sets: int, clips_a_source: int) -> tuple[np.ndarray, np.ndarray]:
    """Stores of the same clips under other noise, written into `folder`; text anchors and backgrounds (23, d)."""
    rng = np.random.default_rng(0)
    text = unit(rng.standard_normal((CLASSES, DIM)))
    y, sources = rng.integers(0, CLASSES, CLIPS), np.arange(CLIPS) // clips_a_source
    own = rng.standard_normal((sources.max() + 1, DIM))[sources]
    for number in range(sets):
        X = unit(text[y] + 0.06 * own + 0.1 * rng.standard_normal((CLIPS, DIM)))
        store = EmbeddingStore.open(folder / f"set{number}", Manifest({"encoder": "none"}, DIM, "benchmark", NAMES))
        clips = [
            Clip(Path(f"{i}.wav"), f"{i}.wav", NAMES[y[i]], (NAMES[y[i]],), int(s % FOLDS) + 1, source=f"source {s}")
            for i, s in enumerate(sources.tolist())
        ]
        store.append(list(zip(clips, X, strict=True)), {})
    return text, unit(rng.standard_normal((23, DIM)))


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def classified(path: Path, text: np.ndarray, background: np.ndarray, metrics: tuple[str, ...]) -> ClassifyResult:
    """The 21 results of one stored set."""
    table = read_embeddings(path)
    y = np.asarray([NAMES.index(label) for label in table.labels or []])
    cells = run_grid(
        Training(CLASSES, text, table.embeddings, y),
        by_fold(table.folds),
        backgrounds=Backgrounds(text=background[:3], audio=background[3:]),
        modes=("zs", "tgap", "sv"),
        modalities=("none", "text", "audio"),
        temperatures=TEMPERATURES,
        metrics=metrics,
    )
    return ClassifyResult(table, NAMES, y, cells, metrics, {})


def peak() -> float:
    """Peak memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=7)
    parser.add_argument("--metrics", default="accuracy")
    parser.add_argument("--clips-a-source", type=int, default=7)
    arguments = parser.parse_args()
    metrics = tuple(arguments.metrics.split(","))
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        text, background = make(folder, arguments.sets, arguments.clips_a_source)
        first = read_embeddings(folder / "set0")
        y = np.asarray([NAMES.index(label) for label in first.labels or []])
        theirs = statistics.median(reenactment(first.embeddings, y, first.folds, text) for _ in range(3))
        grid, tests, peaks, found = 0.0, 0.0, [], []
        for number in range(arguments.sets):
            started = time.perf_counter()
            result = classified(folder / f"set{number}", text, background, metrics)
            grid += time.perf_counter() - started
            started = time.perf_counter()
            found.append(analyse(result, point={"set": number}))
            tests += time.perf_counter() - started
            peaks.append(peak())
        started = time.perf_counter()
        whole: StudyStatistics = joined(found)
        tests += time.perf_counter() - started
    theirs *= (1 + 2 * len(TEMPERATURES)) * arguments.sets
    results = len(whole.cells) // len(metrics)
    print(f"{arguments.sets} sets of {CLIPS} x {DIM}, {results} results, {', '.join(metrics)}")
    print(f"reading and classifying: {grid:.2f} s;  the original's loops: {theirs:.2f} s;  ratio {theirs / grid:.1f}")
    print(f"statistics, 2,000 draws: {tests:.2f} s")
    print(f"peak memory after the first set {peaks[0]:.0f} MB, after the last {peaks[-1]:.0f} MB")
    print(f"load after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
