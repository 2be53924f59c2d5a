"""What the student is to say: both teachers' evidence averaged, and their trunks, each in its own deviations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bank import SHARDS, shard_path
from synth_parts import Array
from teachers import TEACHERS

#: logits are cut off this many deviations from what is usual, trunk features at `WIDEST_TRUNK`
WIDEST = 8.0
WIDEST_TRUNK = 3.0
#: generations that say what is usual: the recordings as they are
USUAL = ("r",)


@dataclass(frozen=True)
class Usual:
    """Mean and deviation (n,) of a teacher's logits or features."""

    mean: Array
    deviation: Array

    def deviations(self, values: Array, widest: float = WIDEST) -> Array:
        """`values` (k, n) in deviations from the mean, cut off: float32."""
        z = (values.astype(np.float32) - self.mean) / self.deviation
        return np.clip(z, -widest, widest)


def statistics(cache: Path) -> dict[str, Usual]:
    """What is usual of each teacher's `.logits` and `.trunk`."""
    found = {}
    for key in (f"{teacher}.{kind}" for teacher in TEACHERS for kind in ("logits", "trunk")):
        parts = []
        for generation in USUAL:
            for shard in range(SHARDS[generation]):
                with np.load(shard_path(cache, generation, shard)) as file:
                    parts.append(file[key].astype(np.float32))
        x = np.concatenate(parts)
        deviation = np.sqrt(np.maximum(x.var(0, dtype=np.float64), 1e-6))
        found[key] = Usual(x.mean(0, dtype=np.float64).astype(np.float32), deviation.astype(np.float32))
    return found


def evidence(labels: dict[str, Array], usual: dict[str, Usual]) -> Array:
    """How far above what is usual both teachers' logits lie, averaged, in deviations: float32 (n, 521)."""
    return np.mean([usual[f"{t}.logits"].deviations(labels[f"{t}.logits"]) for t in TEACHERS], axis=0)


def targets(labels: dict[str, Array], usual: dict[str, Usual]) -> tuple[Array, Array]:
    """Of a shard's labels the targets: evidence (n, 521) and trunks side by side (n, 1408), float16."""
    trunks = [usual[f"{t}.trunk"].deviations(labels[f"{t}.trunk"], WIDEST_TRUNK) for t in TEACHERS]
    return evidence(labels, usual).astype(np.float16), np.concatenate(trunks, axis=1).astype(np.float16)
