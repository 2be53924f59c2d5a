"""Train the student on the bank: `python training/train_student.py --cache DIR --seed 0`.

The bank may still be in the making: shards join at fixed steps (`JOIN`), and training waits for those that are late.
"""

from __future__ import annotations

import argparse
import copy
import time
from pathlib import Path

import numpy as np
import torch
from bank import CLIPS, SHARDS, shard_path
from mixes import PATCHES
from student import Student
from synth_parts import Array
from targets import statistics, targets
from teachers import CLASSES, TRUNKS
from torch import nn
from torch.nn import functional as F
from union import disturbed, united

from atmda.core.encoders.compact.encoder import THRESHOLD

BATCH = 64
RATE = 3e-3
DECAY = 0.02
EMA = 0.9985
STEPS = 16000
#: weights of the parts of the loss: evidence as a number, and as what it counts for; the teachers' trunks
EVIDENCE_WEIGHT, COUNT_WEIGHT, TRUNK_WEIGHT = 5.0, 0.3, 1.0
#: share of second sources that are ambiences
BEDS = 0.5
#: step -> shards (generation, first, end) that join then
JOIN = {0: (("r", 0, SHARDS["r"]), ("0", 0, SHARDS["0"])), 1500: (("1", 0, 6),), 3000: (("1", 6, 12),),
        4500: (("2", 0, 6),), 6000: (("2", 6, 12),)}  # fmt: skip

Triple = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class Bank:
    """Shards in memory, as patches and targets."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.usual = statistics(cache)
        self.parts: list[tuple[Array, Array, Array]] = []
        self.beds = np.zeros(0, np.int64)

    def join(self, generation: str, first: int, end: int) -> None:
        """Load shards, waiting for those that another process is making."""
        for shard in range(first, end):
            path = shard_path(self.cache, generation, shard)
            while not path.exists():
                time.sleep(2)
            with np.load(path) as file:
                self.beds = np.concatenate([self.beds, np.flatnonzero(file["ambience"]) + self.size])
                self.parts.append((file["mel"], *targets(file, self.usual)))

    @property
    def size(self) -> int:
        return len(self.parts) * CLIPS * PATCHES

    def rows(self, index: Array) -> Triple:
        """Mel, evidence and trunks of the patches `index`."""
        each = CLIPS * PATCHES
        mel, evidence, trunks = (
            torch.from_numpy(np.stack([self.parts[i // each][k][i % each] for i in index]).astype(np.float32))
            for k in range(3)
        )
        return mel, evidence, trunks


def batch(bank: Bank, index: Array, order: np.random.Generator, rng: torch.Generator) -> Triple:
    """Patches changed a little, the first half of them with a second source."""
    mel, evidence, trunks = bank.rows(index)
    half = len(index) // 2
    beds = order.choice(bank.beds, int(half * BEDS))
    second = bank.rows(np.concatenate([beds, order.integers(0, bank.size, half - len(beds))]))
    both = united((mel[:half], evidence[:half], trunks[:half]), second, rng)
    mel, evidence, trunks = (torch.cat([a, b[half:]]) for a, b in zip(both, (mel, evidence, trunks), strict=True))
    mixed = torch.randperm(len(index), generator=rng)  # masks go by place in the batch
    return disturbed(mel[mixed], rng), evidence[mixed], trunks[mixed]


def losses(said: tuple[torch.Tensor, ...], evidence: torch.Tensor, trunks: torch.Tensor) -> list[torch.Tensor]:
    """Error of the evidence, strong evidence first; divergence of what it counts for; error of the trunks."""
    predicted, _, likeness = (x.float() for x in said)
    strong = 1 + F.relu(evidence - 1)
    apart = (strong * (predicted - evidence) ** 2).mean()
    counts = torch.sigmoid(evidence - THRESHOLD)
    divergence = F.binary_cross_entropy_with_logits(predicted - THRESHOLD, counts)
    divergence = divergence - F.binary_cross_entropy_with_logits(evidence - THRESHOLD, counts)
    edge = TRUNKS["yamnet"]
    like = F.mse_loss(likeness[:, :edge], trunks[:, :edge]) + F.mse_loss(likeness[:, edge:], trunks[:, edge:])
    return [apart, divergence * CLASSES, like / 2]


def train(cache: Path, steps: int, seed: int, out: Path) -> None:
    """Train for `steps` and write the averaged weights to `out`."""
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    order = np.random.default_rng(seed)
    bank = Bank(cache)
    for shards in JOIN[0]:
        bank.join(*shards)
    student = Student().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(student.parameters(), RATE, weight_decay=DECAY, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min((s + 1) / 200, 0.5 + 0.5 * np.cos(np.pi * min(1.0, s / steps)) + 1e-3)
    )
    average = copy.deepcopy(student).eval()
    began, left, seen = time.time(), np.zeros(0, np.int64), np.zeros(3)
    for step in range(steps):
        joining = JOIN.get(step, ()) if step else ()
        for shards in joining:
            bank.join(*shards)
        if joining or len(left) < BATCH:
            left = order.permutation(bank.size)
        index, left = left[:BATCH], left[BATCH:]
        mel, evidence, trunks = batch(bank, index, order, rng)
        with torch.autocast("cpu", torch.bfloat16):
            said = student(mel)
        parts = losses(said, evidence, trunks)
        optimiser.zero_grad()
        sum(w * x for w, x in zip((EVIDENCE_WEIGHT, COUNT_WEIGHT, TRUNK_WEIGHT), parts, strict=True)).backward()
        nn.utils.clip_grad_norm_(student.parameters(), 20.0)
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            pace = min(EMA, (step + 1) / (step + 10))
            for a, b in zip(average.state_dict().values(), student.state_dict().values(), strict=True):
                if a.dtype.is_floating_point:
                    a.lerp_(b, 1 - pace)
        seen += [float(x.detach()) for x in parts]
        if (step + 1) % 250 == 0:
            a, d, t = seen / 250
            pace_ = (step + 1) * BATCH / (time.time() - began)
            print(f"step {step + 1}/{steps} bank {bank.size} evidence {a:.3f} divergence {d:.3f} trunks {t:.3f} "
                  f"{pace_:.0f}/s {time.time() - began:.0f} s", flush=True)  # fmt: skip
            seen[:] = 0
        if (step + 1) % 500 == 0 or step + 1 == steps:
            torch.save({"student": average.state_dict(), "step": step + 1}, out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=None)
    a = parser.parse_args()
    torch.set_num_threads(1)
    train(a.cache, a.steps, a.seed, a.output or a.cache / f"student-{a.seed}.pt")
