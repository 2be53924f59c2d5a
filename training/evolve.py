"""Evolution of sounds: genomes of `synth_genes`, bred for every class by what both teachers say of them.

A sound bred for one class is often the first step to another (a siren's, to a rooster), so whatever is made is judged
for all classes: MAP-Elites (Mouret and Clune 2015, arXiv 1504.04909), with offspring along the line between two of a
class's best (Vassiliades and Mouret 2018, arXiv 1804.03906). What comes out needs no recording at all.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from shards import awaited
from synth_genes import GENES
from synth_parts import Array, Rng, log_uniform
from teachers import CLASSES, TEACHERS

#: genomes kept for each class
BEST = 8
#: classes that are not bred for: music, and those that name a place or a quality of sound
LEFT_OUT = (range(132, 277), range(494, CLASSES))
#: share of clips that are drawn blindly where others are bred
BLIND = 0.04


class Evolution:
    """Genomes by shard; `path` tells where a shard of it lies."""

    def __init__(self, path: Callable[[int], Path], clips: int, seed: int) -> None:
        self.path, self.clips, self.seed = path, clips, seed
        self.genomes = functools.lru_cache(1)(self._genomes)
        self.kept = np.zeros((0, len(GENES)), np.float32)
        self.scores = np.zeros((0, CLASSES), np.float32)
        self.known = 0

    def learn(self, shards: int) -> None:
        """Take in the first `shards` shards, of all of them what some class is best heard in."""
        for shard in range(self.known, shards):
            with np.load(awaited(self.path(shard))) as file:
                heard = np.mean([file[f"{teacher}.logits"].astype(np.float32) for teacher in TEACHERS], axis=0)
                genomes = file["genome"]
            heard = np.sort(np.logaddexp(0, heard).reshape(self.clips, -1, CLASSES), axis=1)[:, 1:].mean(1)
            self.kept = np.concatenate([self.kept, genomes])
            self.scores = np.concatenate([self.scores, heard])
            rows = np.unique(self.best())
            self.kept, self.scores = self.kept[rows], self.scores[rows]
        self.known = max(self.known, shards)

    def best(self) -> Array:
        """For each class the rows it is best heard in, (521, BEST), best first."""
        return np.argsort(-self.scores, axis=0, kind="stable")[:BEST].T

    def _genomes(self, shard: int) -> Array:
        """The genomes of a shard, float32 (clips, genes): bred from all shards but the one before, so that two can be
        in the making at a time."""
        if self.path(shard).exists():
            with np.load(self.path(shard)) as file:
                return np.asarray(file["genome"])
        self.learn(shard - 1)
        best, likely = self.best(), self.likely()
        out = []
        for row in range(self.clips):
            rng = np.random.default_rng([self.seed, shard * self.clips + row])
            if not self.known or rng.uniform() < BLIND:
                out.append(rng.uniform(0, 1, len(GENES)))
            else:
                out.append(self.child(rng, best[rng.choice(CLASSES, p=likely)]))
        return np.array(out, np.float32)

    def likely(self) -> Array:
        """How often each class is bred for, (521,): one that is heard surely needs no better sounds."""
        surest = np.sort(self.scores, axis=0)[-2:].sum(axis=0) / 2
        likely = 0.1 + np.exp(-surest)
        for left in LEFT_OUT:
            likely[left.start : left.stop] = 0
        return np.asarray(likely / likely.sum())

    def child(self, rng: Rng, parents: Array) -> Array:
        """Near one of `parents`, moved along the line to another, some genes changed a little more."""
        first, second = self.kept[rng.choice(parents, 2)]
        step = log_uniform(rng, 0.02, 0.2) * rng.standard_normal(len(GENES)) * (rng.uniform(0, 1, len(GENES)) < 0.4)
        return np.clip(first + 0.3 * rng.standard_normal() * (second - first) + step, 0, 1)
