"""What the student is to say: both teachers' evidence averaged, and their trunks, each in its own deviations.

Evidence and mn04's trunk are of each patch, and again with mn04 hearing the whole clip: what it then says is nearer
to the truth, but not of the patch alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bank import SHARDS, shard_path
from synth_parts import Array
from teachers import CLASSES, TEACHERS, TRUNKS

#: logits are cut off this many deviations from what is usual, trunk features at `WIDEST_TRUNK`
WIDEST = 8.0
WIDEST_TRUNK = 3.0
#: the teachers, mn04 once more on the whole clip; and those of them whose evidence is averaged of a clip
LISTENERS, TO_CLIPS = (*TEACHERS, "whole"), ("yamnet", "whole")
#: where in the targets' columns a patch's own end and those of its clip begin
OF_CLIP, TRUNK_OF_CLIP = CLASSES, sum(TRUNKS.values())
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
    """What is usual of each teacher's `.logits` and `.trunk`, `whole` among them."""
    found = {}
    for key in (f"{teacher}.{kind}" for teacher in LISTENERS for kind in ("logits", "trunk")):
        parts = []
        for generation in USUAL:
            for shard in range(SHARDS[generation]):
                with np.load(shard_path(cache, generation, shard)) as file:
                    parts.append(file[key].astype(np.float32))
        x = np.concatenate(parts)
        deviation = np.sqrt(np.maximum(x.var(0, dtype=np.float64), 1e-6))
        found[key] = Usual(x.mean(0, dtype=np.float64).astype(np.float32), deviation.astype(np.float32))
    return found


def evidence(labels: dict[str, Array], usual: dict[str, Usual], listeners: Sequence[str] = TEACHERS) -> Array:
    """How far above what is usual both teachers' logits lie, averaged, in deviations: float32 (n, 521)."""
    return np.mean([usual[f"{t}.logits"].deviations(labels[f"{t}.logits"]) for t in listeners], axis=0)


def targets(labels: dict[str, Array], usual: dict[str, Usual]) -> tuple[Array, Array]:
    """Of a shard's labels the targets, float16.

    Returns:
        Evidence (n, 1042), of the patch and of its clip; trunks (n, 1792), yamnet's, mn04's and mn04's of the clip.
    """
    heard = [evidence(labels, usual, listeners) for listeners in (TEACHERS, TO_CLIPS)]
    trunks = [usual[f"{t}.trunk"].deviations(labels[f"{t}.trunk"], WIDEST_TRUNK) for t in LISTENERS]
    return np.concatenate(heard, axis=1).astype(np.float16), np.concatenate(trunks, axis=1).astype(np.float16)
