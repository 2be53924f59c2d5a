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
from bank import shard_path
from student import TRUNK, Student
from teacher import CLASSES
from teacher import TRUNK as TEACHER_TRUNK
from torch import nn
from torch.nn import functional as F

BATCH = 64
RATE = 3e-3
DECAY = 0.02
EMA = 0.9985
TRUNK_WEIGHT = 1.0
LOGIT_WEIGHT = 5.0


#: step -> shards (generation, first, end) that join then
JOIN = {
    0: (("r", 0, 5), ("0", 0, 7)),
    2000: (("1", 0, 4),),
    3500: (("1", 4, 8),),
    5000: (("1", 8, 12),),
    6500: (("1", 12, 16),),
    8000: (("1", 16, 20),),
}
STEPS = 13000


class Bank:
    """Shards in memory."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.parts: dict[str, list[np.ndarray]] = {"mel": [], "logits": [], "trunk": []}

    def join(self, generation: str, first: int, end: int) -> None:
        """Load shards, waiting for those that another process is making."""
        for shard in range(first, end):
            path = shard_path(self.cache, generation, shard)
            while not path.exists():
                time.sleep(2)
            with np.load(path) as file:
                for key, part in self.parts.items():
                    part.append(file[key])

    @property
    def size(self) -> int:
        return sum(map(len, self.parts["mel"]))

    def batch(self, index: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        each = len(self.parts["mel"][0])
        out = []
        for key in ("mel", "logits", "trunk"):
            part = self.parts[key]
            out.append(torch.from_numpy(np.stack([part[i // each][i % each] for i in index]).astype(np.float32)))
        return out[0], out[1], out[2]

    def statistics(self, key: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and deviation of the teacher's `logits` (521,) or `trunk` (1024,) over the bank so far."""
        count, first, second = 0, 0.0, 0.0
        for part in self.parts[key]:
            x = part.astype(np.float64)
            count, first, second = count + len(x), first + x.sum(0), second + (x**2).sum(0)
        mean = first / count
        deviation = np.sqrt(np.maximum(second / count - mean**2, 1e-6))
        return torch.from_numpy(mean.astype(np.float32)), torch.from_numpy(deviation.astype(np.float32))


def disturb(mel: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Changes that leave the labels nearly as they are: level, a shift in time, a little masking."""
    n = len(mel)
    floor = float(np.log(0.001))
    level = torch.randn(n, 1, 1, generator=rng) * 0.35
    mel = torch.log(((mel.exp() - 0.001).clamp_min(0) * level.exp()) + 0.001)
    shift = int(torch.randint(-8, 9, (1,), generator=rng))
    mel = torch.roll(mel, shift, 1)
    half = n // 3
    start = int(torch.randint(0, 60, (1,), generator=rng))
    mel[:half, :, start : start + int(torch.randint(1, 8, (1,), generator=rng))] = floor
    start = int(torch.randint(0, 90, (1,), generator=rng))
    mel[half : 2 * half, start : start + int(torch.randint(1, 12, (1,), generator=rng))] = floor
    return mel


def train(cache: Path, steps: int, seed: int, out: Path) -> None:
    """Train for `steps` and write the averaged weights to `out`."""
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    order = np.random.default_rng(seed)
    bank = Bank(cache)
    for shards in JOIN[0]:
        bank.join(*shards)
    middle, spread = bank.statistics("logits")
    mean, deviation = bank.statistics("trunk")
    student = Student(CLASSES).to(memory_format=torch.channels_last)
    regress = nn.Linear(TRUNK, TEACHER_TRUNK)
    with torch.no_grad():
        student.head.bias.fill_(-5.0)
    parameters = [*student.parameters(), *regress.parameters()]
    optimiser = torch.optim.AdamW(parameters, RATE, weight_decay=DECAY, fused=True)
    warm = 200
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min((s + 1) / warm, 0.5 + 0.5 * np.cos(np.pi * min(1.0, s / steps)) + 1e-3)
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
        mel, logits, trunk = bank.batch(index)
        predicted, features = student(disturb(mel, rng))
        ask = F.binary_cross_entropy_with_logits(predicted, torch.sigmoid(logits)) * CLASSES
        floor = F.binary_cross_entropy_with_logits(logits, torch.sigmoid(logits)) * CLASSES
        # evidence is measured in deviations of a class's logit (see pack.py), so errors are too, strong evidence first
        strong = 1 + F.relu((logits - middle) / spread - 1)
        apart = (strong * ((predicted - logits) / spread) ** 2).mean()
        like = F.mse_loss(regress(features), (trunk - mean) / deviation)
        optimiser.zero_grad()
        (ask + LOGIT_WEIGHT * apart + TRUNK_WEIGHT * like).backward()
        nn.utils.clip_grad_norm_(parameters, 20.0)
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            pace = min(EMA, (step + 1) / (step + 10))
            for a, b in zip(average.state_dict().values(), student.state_dict().values(), strict=True):
                if a.dtype.is_floating_point:
                    a.lerp_(b, 1 - pace)
        seen += [float(x.detach()) for x in (ask - floor, apart, like)]
        if (step + 1) % 250 == 0:
            print(
                f"step {step + 1}/{steps} bank {bank.size} kl {seen[0] / 250:.3f} logits {seen[1] / 250:.3f} "
                f"trunk {seen[2] / 250:.3f} "
                f"{(step + 1) * BATCH / (time.time() - began):.0f}/s {time.time() - began:.0f} s",
                flush=True,
            )
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
