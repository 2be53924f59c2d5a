"""`atmda classify` on 100,000 embeddings of 50 classes, side by side with the original scripts' loops.

    python benchmarks/classify.py [--clips 100000] [--runs 3]

The command is timed as a whole process: start, reading a Parquet store, three modes by {none, audio} by five
temperatures over ten folds. The re-enactment is what the original `sound_classification.py` computes, in one process
without its model loading, reading or process starts: for each mode and each temperature anew, for each fold, gathering
the sets by Python lists, prototypes class by class with torch, softmax and top-1. It runs one temperature a mode; its
time is multiplied by the number of temperatures.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from atmda.core.clip import Clip
from atmda.core.embeddings.store import EmbeddingStore, Manifest

CLASSES, FOLDS, DIM = 50, 10, 512
TEMPERATURES = (0.0, 0.25, 0.5, 0.75, 1.0)
SHARD = 5_000


def make(folder: Path, clips: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A store of `clips` embeddings around class centres, backgrounds and text anchors, written into `folder`."""
    rng = np.random.default_rng(0)
    text = rng.standard_normal((CLASSES, DIM)).astype(np.float32)
    y, folds = rng.integers(0, CLASSES, clips), rng.integers(1, FOLDS + 1, clips)
    X = text[y] + 6 * rng.standard_normal((clips, DIM), dtype=np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    names = tuple(f"class {c}" for c in range(CLASSES))
    store = EmbeddingStore.open(folder / "store", Manifest({"encoder": "none"}, DIM, "benchmark", names))
    for start in range(0, clips, SHARD):
        rows = range(start, min(start + SHARD, clips))
        store.append([(_clip(i, names[y[i]], int(folds[i])), X[i]) for i in rows], {})
    np.savez(folder / "text.npz", embeddings=text, labels=names)
    np.savez(folder / "bg.npz", embeddings=X[:20], clips=[f"bg{i}" for i in range(20)])
    return X, y, folds, text


def _clip(number: int, label: str, fold: int) -> Clip:
    return Clip(Path(f"{number}.wav"), f"{number}.wav", label, (label,), fold)


def command(folder: Path) -> float:
    """Seconds of the whole command."""
    arguments = ["--embeddings", folder / "store", "--text-embeddings", folder / "text.npz"]
    arguments += ["--bg-embeddings", folder / "bg.npz", "--mode", "zs,tgap,sv", "--modality", "none,audio"]
    arguments += ["--temperature", ",".join(map(str, TEMPERATURES)), "--json"]
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "atmda", "classify", *map(str, arguments)], check=True, capture_output=True)
    return time.perf_counter() - started


def reenactment(X: np.ndarray, y: np.ndarray, folds: np.ndarray, text: np.ndarray) -> float:
    """Seconds of the original's loops, three modes, one temperature; classes are the rows of `text`."""
    import torch

    embeddings, truth = torch.tensor(X), torch.tensor(y)
    anchors, background = torch.tensor(text), torch.tensor(X[:20])
    started = time.perf_counter()
    for mode in ("zs", "tgap", "sv"):
        for fold in range(1, FOLDS + 1):
            train = [i for i, f in enumerate(folds.tolist()) if f != fold]
            test = [i for i, f in enumerate(folds.tolist()) if f == fold]
            train_X, train_y, P = embeddings[train], truth[train], anchors.clone()
            if mode == "tgap":
                logits = train_X @ anchors.t()
                for c in range(len(text)):
                    P[c] = train_X[logits[:, c].topk(35)[1]].mean(dim=0)
            elif mode == "sv":
                for c in range(len(text)):
                    P[c] = train_X[torch.where(train_y == c)[0]].mean(dim=0)
            scores = embeddings[test] @ P.t() - 0.5 * (background @ P.t()).mean(dim=0)
            _ = torch.softmax(scores, dim=-1).topk(1, dim=-1)[1].squeeze() == truth[test]
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        X, y, folds, text = make(Path(temporary), arguments.clips)
        command(Path(temporary))
        ours = statistics.median(command(Path(temporary)) for _ in range(arguments.runs))
        theirs = reenactment(X, y, folds, text) * len(TEMPERATURES)
    print(f"{arguments.clips} embeddings, {CLASSES} classes, {FOLDS} folds, 3 modes, {len(TEMPERATURES)} temperatures")
    print(f"atmda classify, whole process: {ours:.2f} s (median of {arguments.runs})")
    print(f"the original's loops:          {theirs:.2f} s")
    print(f"ratio:                         {theirs / ours:.1f}")


if __name__ == "__main__":
    main()
