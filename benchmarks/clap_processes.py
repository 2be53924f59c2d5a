"""Processes of `benchmarks/clap.py`, one a way of embedding, asked for one round after the other in turn.

So a busy minute of the machine is busy for all of them, and none inherits the memory of another.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from clap_inputs import ARCH, make_prompts, peak_mb, timed
from official_clap import OfficialText, OfficialTower, load, mel_fusion

from atmda.core.encoders import load_encoder
from atmda.core.encoders.clap.audio_tower import AudioTower
from atmda.core.encoders.clap.checkpoint import open_checkpoint
from atmda.core.encoders.clap.matmul import linear
from atmda.core.encoders.clap.precision import DTYPES
from atmda.core.encoders.clap.text_tower import TextTower

HERE = Path(__file__).resolve()
TOWER_BATCH = 8
PROMPTS = 200
#: between embeddings of ways that should give the same
LEAST_COSINE = 0.9999
TOWER_BATCHES = 4  # a round: what other processes left in the caches matters in none but the first


class Contestant:
    """A process; `rounds` holds what it answered.

    Args:
        kind: `tower PRECISION` (the audio tower alone), `text PRECISION` (the text tower on `PROMPTS` prompts), `ours
            PRECISION` (from files), `officialN` (the re-enactment in batches of N), `roberta` (the text tower of the
            package) or `packageN` (the package itself, by the interpreter `python`).
        checkout: a checkout whose `atmda` it is to run, instead of this one's.
    """

    def __init__(
        self,
        kind: str,
        checkpoint: Path,
        threads: int,
        folder: Path,
        python: str | None = None,
        checkout: Path | None = None,
    ) -> None:
        self.kind = kind
        if kind.startswith("package"):
            files = map(str, sorted(folder.glob("*.wav")))
            package = str(HERE.with_name("official_package.py"))
            command = [str(python), package, str(checkpoint), str(threads), kind.removeprefix("package"), *files]
        else:
            command = [sys.executable, str(HERE), kind, str(checkpoint), str(threads), str(folder)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(checkout or HERE.parents[1])},
        )
        self.first = np.array(self._answer()["first"])
        self.rounds: list[dict[str, float]] = []

    def _answer(self) -> dict:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the process `{self.kind}` ended (out of memory?)")
        return json.loads(line)

    def round(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.rounds.append(self._answer())

    def close(self) -> dict[str, float]:
        """Ends it; the median of each figure."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()
        return {key: statistics.median(each[key] for each in self.rounds) for key in self.rounds[0]}

    def least(self, clock: str) -> float:
        """Of its best round: what other work on the machine adds is in none of it, or in little."""
        return min(each[clock] for each in self.rounds)

    def times(self, other: Contestant, clock: str) -> float:
        """How many times as long as `other` it takes: the median over rounds."""
        return statistics.median(a[clock] / b[clock] for a, b in zip(self.rounds, other.rounds, strict=True))


def cosine(one: Contestant, other: Contestant) -> float:
    """The lowest between their first embeddings."""
    return float((one.first * other.first).sum(-1).min())


def take_turns(contestants: list[Contestant], rounds: int) -> None:
    """Rounds of all in turn, every other one in the reverse order: nobody always follows the same one."""
    for number in range(rounds):
        for each in contestants[:: -1 if number % 2 else 1]:
            each.round()


def _tower(checkpoint: Path, precision: str) -> Callable[[], np.ndarray]:
    dtype = DTYPES[precision]
    tower = AudioTower(open_checkpoint(checkpoint, []).weights, ARCH, torch.device("cpu"), dtype)
    mels = [torch.randn(1001, 64, generator=torch.Generator().manual_seed(k)) * 10 - 40 for k in range(TOWER_BATCH)]
    return lambda: np.concatenate([tower(mels).numpy() for _ in range(TOWER_BATCHES)])


def _text(checkpoint: Path, precision: str, threads: int) -> Callable[[], np.ndarray]:
    tower = TextTower(open_checkpoint(checkpoint, []).weights, ARCH, torch.device("cpu"), DTYPES[precision], threads)
    prompts = make_prompts(PROMPTS)
    return lambda: tower(prompts)


def _ours(checkpoint: Path, precision: str, files: list[Path], threads: int) -> Callable[[], np.ndarray]:
    encoder = load_encoder(str(checkpoint), data_dir=checkpoint.parent, device="cpu", precision=precision)
    return lambda: encoder.embed_audio(files, num_workers=threads)


def _official(checkpoint: Path, size: int, files: list[Path]) -> Callable[[], np.ndarray]:
    tower = OfficialTower(open_checkpoint(checkpoint, []).weights)

    def once() -> np.ndarray:
        parts = []
        for start in range(0, len(files), size):
            batch = [mel_fusion(load(path)) for path in files[start : start + size]]
            parts.append(tower.get_audio_embedding(batch).detach().numpy())
        return np.concatenate(parts)

    return once


def _product_rates() -> dict[str, float]:
    """FLOP a second of square products, float32: torch's own (MKL) and oneDNN's."""
    square = torch.randn(1536, 1536)
    products = {"torch.mm": lambda: square @ square, "oneDNN": lambda: linear(square, (square, None))}
    for product in products.values():
        product()
    return {f"rate of {name}": 2 * 1536**3 / timed(product)[1] for name, product in products.items()}


def serve(kind: str, checkpoint: Path, threads: int, folder: Path) -> None:
    """Answers every line on stdin with one round as a line of JSON."""
    torch.set_num_threads(threads)
    files = sorted(folder.glob("*.wav"))
    name, _, precision = kind.partition(" ")
    if name == "tower":
        once = _tower(checkpoint, precision)
    elif name == "roberta":
        official, prompts = OfficialText(open_checkpoint(checkpoint, []).weights), make_prompts(PROMPTS)
        once = lambda: official.get_text_embedding(prompts).numpy()  # noqa: E731
    elif name == "text":
        once = _text(checkpoint, precision, threads)
    elif name == "ours":
        once = _ours(checkpoint, precision, files, threads)
    else:
        once = _official(checkpoint, int(name.removeprefix("official")), files)
    print(json.dumps({"first": once()[:TOWER_BATCH].tolist()}), flush=True)
    for _ in sys.stdin:
        before = _product_rates() if name == "tower" else {}
        wall, cpu = timed(once)
        after = _product_rates() if name == "tower" else {}
        rates = {key: (before[key] + after[key]) / 2 for key in before}
        print(json.dumps({"wall": wall, "cpu": cpu, "peak_mb": peak_mb(), **rates}), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("kind")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("threads", type=int)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    serve(given.kind, given.checkpoint, given.threads, given.folder)
