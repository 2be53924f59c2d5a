"""Train the student on the bank: `python training/train_student.py --cache DIR --seed 0`.

It goes in legs: the first on the bank as it is bred, the others on the wider ones (`LEGS`). The bank may still be in
the making: shards join at fixed steps, and training waits for those that are late. A leg that is done is not done
again.
"""

from __future__ import annotations

import argparse
import copy
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from bank import CLIPS, shard_path
from fold import folded
from legs import LEGS, Leg
from losses import loss_of_clips, losses
from mixes import PATCHES
from pack import usual
from shards import awaited, mapped
from student import Student
from synth_parts import Array
from targets import Usual, statistics, targets
from torch import nn
from union import coloured, disturbed, united

from atmda.core.encoders.compact.network import Network

BATCH = 64
DECAY = 0.02
EMA = 0.9985
#: weights of the parts of the loss: evidence as a number, and as what it counts for; the teachers' trunks
EVIDENCE_WEIGHT, COUNT_WEIGHT, TRUNK_WEIGHT = 5.0, 0.3, 1.0
#: share of second sources that are ambiences
BEDS = 0.5


Triple = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class Bank:
    """Patches and targets of shards, left on disk."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.usual = statistics(cache)
        self.parts: list[dict[str, Array]] = []
        self.beds = np.zeros(0, np.int64)

    def join(self, *shards: tuple[str, int, int]) -> None:
        """Add shards, each (generation, first, end), waiting for those that another process is making."""
        for generation, number in ((g, k) for g, first, end in shards for k in range(first, end)):
            part = mapped(awaited(shard_path(self.cache, generation, number)))
            self.beds = np.concatenate([self.beds, np.flatnonzero(part["ambience"]) + self.size])
            self.parts.append(part)

    @property
    def size(self) -> int:
        return len(self.parts) * CLIPS * PATCHES

    def rows(self, index: Array) -> Triple:
        """Mel, evidence and trunks of the patches `index`."""
        each = CLIPS * PATCHES
        parts = {
            key: np.stack([self.parts[i // each][key][i % each] for i in index])
            for key in self.parts[0]
            if key != "ambience"
        }
        mel, evidence, trunks = (
            torch.from_numpy(x.astype(np.float32)) for x in (parts.pop("mel"), *targets(parts, self.usual))
        )
        return mel, evidence, trunks


def patches(starts: Array, run: int) -> Array:
    """The numbers of the patches of runs: (n run,)."""
    return (starts[:, None] + np.arange(run)).ravel()


def batch(
    bank: Bank, starts: Array, run: int, order: np.random.Generator, rng: torch.Generator, colour: bool
) -> Triple:
    """Runs of `run` patches from `starts` on, changed a little, the first half of them with a second source.

    Returns:
        Mel (n, 96 run, 64), evidence and trunks (n run, k), as `targets` has them.
    """
    half = len(starts) // 2
    beds = order.choice(bank.beds // run * run, int(half * BEDS))
    others = order.integers(0, bank.size // run, half - len(beds)) * run
    first, second = (bank.rows(patches(runs, run)) for runs in (starts, np.concatenate([beds, others])))
    edge = half * run
    both = united(tuple(x[:edge] for x in first), second, run, rng)
    mel, evidence, trunks = (torch.cat([a, b[edge:]]) for a, b in zip(both, first, strict=True))
    mel = mel.view(len(starts), -1, mel.shape[2])
    if colour:
        mel = coloured(mel, rng)
    mixed = torch.randperm(len(starts), generator=rng)  # masks go by place in the batch
    of = torch.from_numpy(patches(mixed.numpy() * run, run))
    return disturbed(mel[mixed], rng), evidence[of], trunks[of]


@torch.no_grad()
def usually(student: Student, cache: Path) -> Usual:
    """Mean and deviation (521,) of the evidence that the student finds where `pack` will take what is usual."""
    said, _ = usual(Network(folded(student.eval())), cache)
    return Usual(said.mean(0).astype(np.float32), said.std(0).astype(np.float32))


def train(cache: Path, seed: int, out: Path, in_bfloat16: bool = True, alone: bool = False) -> None:
    """Train through the legs that `out` does not hold yet: after each it holds the averaged weights.

    alone: on what a leg brings along for that, without the bank of those before.
    """
    torch.manual_seed(seed)
    student, done = Student(), 0
    if out.exists():
        held = torch.load(out, weights_only=True)
        student.load_state_dict(held["student"])
        done = held["legs"]
    bank = Bank(cache)
    for number, leg in enumerate(LEGS):
        if number >= done:
            if alone and not leg.alone:
                raise SystemExit(f"{out}: holds no student to go on from; write one there with unfold.py.")
            leg = replace(leg, joins={0: leg.alone}) if alone else leg
            student = walk(student, bank, leg, seed + 1000 * number, out, number, in_bfloat16)
            torch.save({"student": student.state_dict(), "legs": number + 1}, out)
        elif not alone:
            bank.join(*(shards for joining in leg.joins.values() for shards in joining))


def walk(student: Student, bank: Bank, leg: Leg, seed: int, out: Path, done: int, in_bfloat16: bool = True) -> Student:
    """The student after a leg, its weights averaged over the last steps. What it is begun with is used up."""
    rng = torch.Generator().manual_seed(seed)
    order = np.random.default_rng(seed)
    taken_off = usually(student, bank.cache) if leg.whole else None
    student = student.train().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(student.parameters(), leg.rate, weight_decay=DECAY, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min((s + 1) / 200, 0.5 + 0.5 * np.cos(np.pi * min(1.0, s / leg.steps)) + 1e-3)
    )
    average = copy.deepcopy(student).eval()
    began, seen = time.time(), np.zeros(4)
    left: dict[int, Array] = {}
    for step in range(leg.steps):
        joining = leg.joins.get(step, ())
        bank.join(*joining)
        if joining:
            left.clear()
        run, *others = leg.runs
        if others:  # legs of one kind go on to draw what they drew
            run = int(order.choice([run, *others], p=[*leg.runs.values()]))
        if len(left.get(run, ())) < BATCH // run:
            left[run] = order.permutation(bank.size // run) * run
        starts, left[run] = np.split(left[run], [BATCH // run])
        mel, evidence, trunks = batch(bank, starts, run, order, rng, leg.coloured)
        with torch.autocast("cpu", torch.bfloat16, enabled=in_bfloat16):
            said = student(mel)
        parts = losses(said, evidence, trunks)
        optimiser.zero_grad()
        weights = (EVIDENCE_WEIGHT, COUNT_WEIGHT, TRUNK_WEIGHT, leg.angle)
        total = sum(w * x for w, x in zip(weights, parts, strict=True) if w)
        if taken_off and run == PATCHES:  # of less than its clip a patch knows no more than what is in it
            total = total + leg.whole * loss_of_clips(said, evidence, trunks, run, taken_off, leg.features)
        total.backward()
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
            a, d, t, c = seen / 250
            pace_ = (step + 1) * BATCH / (time.time() - began)
            print(f"leg {done + 1} step {step + 1}/{leg.steps} bank {bank.size} evidence {a:.3f} divergence {d:.3f} "
                  f"trunks {t:.3f} angle {c:.4f} {pace_:.0f}/s {time.time() - began:.0f} s", flush=True)  # fmt: skip
            seen[:] = 0
        if (step + 1) % 500 == 0:  # to look at while it trains
            torch.save({"student": average.state_dict(), "legs": done}, out.with_suffix(".part"))
    return average


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=None)
    parser.add_argument("--float32", action="store_true", help="for processors that have no bfloat16 products")
    parser.add_argument("--alone", action="store_true", help="on the last leg's own shards, after unfold.py")
    a = parser.parse_args()
    torch.set_num_threads(1)
    train(a.cache, a.seed, a.output or a.cache / f"student-{a.seed}.pt", not a.float32, a.alone)
