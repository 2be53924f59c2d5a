"""Every method on the same embeddings: accuracy, its interval over source recordings, and paired tests.

    python benchmarks/rivals.py --esc50 FOLDER
    python benchmarks/rivals.py STORE [STORE ...] --bg-embeddings STORE [--background others] [--champion NAME]

FOLDER holds LAION-CLAP's embeddings of ESC-50 (`audio_features.npz`, `text_features.npz`, `esc50_meta.csv`); a STORE
holds soundscapes of `atmda augment`, embedded by compact. Each method runs as it is and, where it adapts, with each
clip's own background at T 0.5 and at a T chosen on the training folds; `--background others` describes the background
by the mean of the other recordings of its scene instead. Intervals resample whole source recordings 2,000 times. The
reference is the best cell of the published methods at T 0.5 or without adaptation, in hindsight; with `--champion`
each cell is tested against that method too. McNemar's test is the exact one, by clip. Of several stores of the same
clips a last table pools them: differences are summed by source recording, and the p is that of 100,000 random flips of
the recordings' signs, with Holm's correction over the table.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from scipy.stats import binomtest

from atmda.core.embeddings.formats import read_embeddings
from atmda.core.encoders import load_encoder
from atmda.core.evaluation.grid import run_grid
from atmda.core.evaluation.metrics import METRICS
from atmda.core.evaluation.selection import Chooser
from atmda.core.evaluation.splits import by_fold
from atmda.core.methods import METHODS
from atmda.core.methods.backgrounds import Backgrounds
from atmda.core.methods.base import BACKGROUND, DRIFTS, Split, Training
from atmda.core.methods.prompts import class_prompts, in_noise

PUBLISHED = ("zs", "tgap", "sv")
SAMPLES, FLIPS = 2000, 100_000


@dataclass(frozen=True)
class Data:
    """What methods run on: `training` with all clips, their folds, and the number of each clip's source recording."""

    name: str
    training: Training
    folds: np.ndarray
    sources: np.ndarray


@dataclass(frozen=True)
class Cell:
    """A method as it was run, and which clips it labelled right."""

    name: str
    right: np.ndarray
    accuracy: float


def esc50(folder: Path) -> Data:
    audio, text = np.load(folder / "audio_features.npz"), np.load(folder / "text_features.npz")
    with (folder / "esc50_meta.csv").open() as file:
        source = {row["filename"]: row["src_file"] for row in csv.DictReader(file)}
    names = [Path(str(path)).name for path in audio["audio_paths"]]
    X, y = audio["audio_features"].astype(np.float32), audio["audio_labels"].astype(np.int64)
    training = Training(50, text["augmented_features"].astype(np.float32), X, y)
    folds = np.array([int(name[0]) for name in names])
    return Data("ESC-50, LAION-CLAP", training, folds, numbered(source[name] for name in names))


def soundscapes(path: Path, backgrounds: Path | None, others: bool) -> Data:
    table, encoder = read_embeddings(path), load_encoder("compact")
    y = np.array([table.classes.index(label) for label in table.labels or ()])
    text = encoder.embed_text(class_prompts(table.classes))
    drifts = in_noise(encoder.embed_text, table.classes)
    own = None if backgrounds is None or not table.backgrounds else described(table.backgrounds, backgrounds, others)
    X = table.embeddings
    training = Training(len(table.classes), text, X, y, drifts, own, table.logit_scale)
    return Data(path.name, training, np.asarray(table.folds), numbered(table.sources or table.clips))


def described(names: list[str], store: Path, others: bool) -> np.ndarray:
    """Each clip's own background (n, d), or the mean of the other recordings of its scene."""
    found = read_embeddings(store)
    rows = {PurePosixPath(clip).name: row for row, clip in enumerate(found.clips)}
    if not others:
        return found.embeddings[[rows[PurePosixPath(name).name] for name in names]]
    beside = {
        name: found.embeddings[[r for n, r in rows.items() if n != name and n.split("-")[0] == name.split("-")[0]]]
        for name in rows
    }
    return np.stack([beside[PurePosixPath(name).name].mean(axis=0) for name in names])


def numbered(names: object) -> np.ndarray:
    return np.unique(list(names), return_inverse=True)[1]  # type: ignore[call-overload]


def cells(data: Data, top_n: int, shots: int | None, wanted: str | None) -> list[Cell]:
    """Every method that has what it needs here, in every way that it can be run."""
    training, splits = data.training, by_fold(data.folds)
    if shots is not None:
        splits = [few(split, training.y, shots) for split in splits]
    backgrounds = Backgrounds(own=training.own)
    chooser = Chooser(training, data.folds, [str(s) for s in data.sources], backgrounds, METRICS.get("accuracy"))
    there = {BACKGROUND: training.own is not None, DRIFTS: training.drifts is not None}
    modes = wanted.split(",") if wanted else METHODS.names()
    modes = [mode for mode in modes if all(there.get(need, True) for need in METHODS.get(mode).needs)]
    found = run_grid(
        training,
        splits,
        backgrounds=backgrounds,
        modes=modes,
        modalities=("none",) if training.own is None else ("none", "audio"),
        temperatures=(0.5, "auto"),
        top_n=top_n,
        chooser=chooser,
    )
    ways = {None: "", 0.5: " T 0.5", "auto": " T chosen"}
    return [Cell(r.mode + ways[r.temperature], r.predicted == training.y, r.accuracy) for r in found]


def few(split: Split, y: np.ndarray, shots: int) -> Split:
    """The same with `shots` training clips a class, drawn by seed 0."""
    order = np.random.default_rng(0).permutation(split.train)
    return replace(split, train=np.sort(np.concatenate([order[y[order] == c][:shots] for c in np.unique(y)])))


def interval(data: Data, values: np.ndarray) -> tuple[float, float]:
    """95 % of the mean of `values` (n,), whole source recordings drawn again."""
    sums, counts = (np.bincount(data.sources, weights=w) for w in (values.astype(float), np.ones(len(values))))
    drawn = np.random.default_rng(0).multinomial(len(sums), np.full(len(sums), 1 / len(sums)), SAMPLES)
    low, high = np.quantile(drawn @ sums / (drawn @ counts), [0.025, 0.975])
    return 100 * low, 100 * high


def mcnemar(a: Cell, b: Cell) -> str:
    """Clips that only `a` and only `b` has right, and the exact two-sided p."""
    only_a, only_b = int((a.right & ~b.right).sum()), int((b.right & ~a.right).sum())
    p = binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    return f"+{only_a} -{only_b}, p {p:.2g}"


def show(data: Data, found: list[Cell], champion: str | None) -> None:
    of_the_paper = {name + way for name in PUBLISHED for way in ("", " T 0.5")}
    reference = max((cell for cell in found if cell.name in of_the_paper), key=lambda cell: cell.accuracy)
    best = next((cell for cell in found if cell.name == champion), None)
    print(f"\n### {data.name}: {len(data.sources)} clips of {data.sources.max() + 1} recordings\n")
    against = "" if best is None else f" {champion} against it |"
    print(f"| method | accuracy | interval | gain on {reference.name} | McNemar |{against}")
    print("|---|---|---|---|---|" + ("---|" if against else ""))
    for cell in found:
        low, high = interval(data, cell.right)
        less, more = interval(data, cell.right.astype(int) - reference.right)
        gain = 100 * (cell.right.mean() - reference.right.mean())
        tested = "" if best is None else f" {mcnemar(best, cell)} |"
        print(
            f"| {cell.name} | {100 * cell.accuracy:.2f} | {low:.1f} to {high:.1f} "
            f"| {gain:+.1f} ({less:+.1f} to {more:+.1f}) | {mcnemar(cell, reference)} |{tested}",
            flush=True,
        )


def pooled(data: Data, runs: list[list[Cell]], champion: str) -> None:
    """All stores together, which hold the same clips; the champion against every other cell."""
    rng, n = np.random.default_rng(0), data.sources.max() + 1
    best = {cell.name: cell for cell in runs[0]}[champion]
    signs = rng.integers(0, 2, (FLIPS, n), dtype=np.int8).astype(np.float32) * 2 - 1
    rows = []
    for cell in runs[0]:
        if cell is best:
            continue
        difference = np.zeros(len(data.sources))
        for run in runs:
            right = {other.name: other.right.astype(float) for other in run}
            difference += (right[champion] - right[cell.name]) / len(runs)
        by_source = np.bincount(data.sources, weights=difference).astype(np.float32)
        as_large = np.abs(signs @ by_source) >= abs(by_source.sum()) - 1e-4
        rows.append(
            (cell.name, 100 * difference.mean(), interval(data, difference), (1 + as_large.sum()) / (1 + FLIPS))
        )
    print(f"\n### All {len(runs)} together: {champion} against\n")
    print("| method | gain | interval | p | Holm |\n|---|---|---|---|---|")
    largest, adjusted = 0.0, {}
    for rank, (name, _, _, p) in enumerate(sorted(rows, key=lambda row: row[3])):
        adjusted[name] = largest = max(largest, min(1.0, p * (len(rows) - rank)))
    for name, gain, (low, high), p in rows:
        print(f"| {name} | {gain:+.1f} | {low:+.1f} to {high:+.1f} | {p:.2g} | {adjusted[name]:.2g} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", nargs="*", type=Path)
    parser.add_argument("--esc50", type=Path)
    parser.add_argument("--bg-embeddings", type=Path)
    parser.add_argument("--background", choices=("own", "others"), default="own")
    parser.add_argument("--champion")
    parser.add_argument("--top-n", type=int)
    parser.add_argument("--shots", type=int, help="training clips a class")
    parser.add_argument("--modes", help="methods, comma separated; all unless given")
    given = parser.parse_args()
    if given.esc50:
        data = esc50(given.esc50)
        show(data, cells(data, given.top_n or 35, given.shots, given.modes), given.champion)
    runs = []
    for store in given.stores:
        data = soundscapes(store, given.bg_embeddings, given.background == "others")
        runs.append(cells(data, given.top_n or 10, given.shots, given.modes))
        show(data, runs[-1], given.champion)
    if given.champion and len(runs) > 1:
        pooled(data, runs, given.champion)


if __name__ == "__main__":
    main()
