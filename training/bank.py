"""The bank: patches of training clips with the teacher's labels, in numbered shards of generations.

Generation `r` holds the recordings as they are, generation 0 what `mixes.clip` draws, later generations are bred from
those before (`breed`). A shard is made once and is the same whoever makes it:

    python training/bank.py --data train-audio --teacher teacher --cache DIR --generation 1 --shards 12
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile as sf
import torch
from breed import ELITE, Elite, offspring
from mixes import PATCHES, SAMPLES, Recordings, clip
from synth_parts import Array
from teacher import Teacher

from atmda.core.encoders.compact.frontend import BANDS, FRAMES, log_mel

CLIPS = 1000
#: shards of each generation; what the elite of a generation is chosen from is fixed by this
SHARDS = {"r": 5, "0": 7, "1": 20}
#: generation -> what its seeds derive from
SEEDS = {"0": 0, "1": 101}


def shard_path(cache: Path, generation: str, shard: int) -> Path:
    return cache / f"bank-{generation}-{shard:04d}.npz"


def load_recordings(data: Path, cache: Path) -> Recordings:
    """All recordings of the manifest, decoded once."""
    samples, offsets = cache / "train.npy", cache / "train_off.npy"
    if not (samples.exists() and offsets.exists()):
        with (data / "manifest.csv").open(encoding="utf-8") as file:
            parts = [sf.read(str(data / row["path"]), dtype="float32")[0] for row in csv.DictReader(file)]
        np.save(offsets, np.cumsum([0, *map(len, parts)]))
        np.save(samples, np.concatenate(parts))
    return Recordings(np.load(samples, mmap_mode="r"), np.load(offsets))


def cuts(recordings: Recordings) -> list[tuple[int, int]]:
    """Every recording in stretches of a clip's length: pairs of first and last sample."""
    out = []
    for a, b in zip(recordings.offsets[:-1], recordings.offsets[1:], strict=True):
        out += [(int(s), int(min(b, s + SAMPLES))) for s in range(int(a), max(int(a) + 1, int(b) - 8000), SAMPLES)]
    return out


class Maker:
    """Clips of any generation by number, and shards of them."""

    def __init__(self, recordings: Recordings, cache: Path) -> None:
        self.recordings, self.cache = recordings, cache
        self.cuts = cuts(recordings)
        self.elites: dict[str, Elite] = {}

    def clip(self, generation: str, number: int) -> Array:
        if generation == "r":
            a, b = self.cuts[number % len(self.cuts)]
            x = np.zeros(SAMPLES, np.float32)
            x[: b - a] = self.recordings.samples[a:b]
            return x
        if generation == "0":
            return clip(SEEDS["0"], number, self.recordings)
        if generation not in self.elites:
            self.elites[generation] = self.elite(generation)
        return offspring(SEEDS[generation], number, self.recordings, self.elites[generation])

    def elite(self, generation: str) -> Elite:
        """For each class the clips of all generations before that the teacher was surest of."""
        sources = [(g, k) for g in SHARDS if g == "r" or int(g) < int(generation) for k in range(SHARDS[g])]
        kept = self.cache / f"elite-{generation}.npz"
        if not kept.exists():
            best = []
            for source in sources:
                with np.load(shard_path(self.cache, *source)) as file:
                    p = 1 / (1 + np.exp(-file["logits"].astype(np.float32)))
                best.append(p.reshape(CLIPS, PATCHES, -1).max(1))
            scores = np.concatenate(best)
            order = np.argsort(-scores, axis=0, kind="stable")[:ELITE]
            rows, members = np.unique(order, return_inverse=True)
            waves = np.stack([self._peak(*sources[row // CLIPS], row % CLIPS) for row in rows])
            _publish(
                kept,
                waves=waves,
                members=members.reshape(order.shape).T,
                strengths=np.take_along_axis(scores, order, 0).T,
            )
        with np.load(kept) as file:
            return Elite(file["waves"], file["members"], file["strengths"])

    def _peak(self, generation: str, shard: int, row: int) -> Array:
        x = self.clip(generation, shard * CLIPS + row)
        return (x / max(float(np.abs(x).max()), 1e-6)).astype(np.float16)

    def make(self, generation: str, shard: int, teacher: Callable[[torch.Tensor], tuple[torch.Tensor, ...]]) -> Path:
        """Write one shard: mel float16 (4000, 96, 64), logits (4000, 521) and trunk (4000, 1024), float16."""
        path = shard_path(self.cache, generation, shard)
        if path.exists():
            return path
        mels, logits, trunks = [], [], []
        for i in range(shard * CLIPS, (shard + 1) * CLIPS, 8):
            clips = [self.clip(generation, i + j) for j in range(8)]
            mel = np.stack([log_mel(c).reshape(PATCHES, FRAMES, BANDS) for c in clips]).reshape(-1, FRAMES, BANDS)
            mel = mel.astype(np.float16)
            out, trunk = teacher(torch.from_numpy(mel.astype(np.float32)))
            mels.append(mel)
            logits.append(out.numpy().astype(np.float16))
            trunks.append(trunk.numpy().astype(np.float16))
        _publish(path, mel=np.concatenate(mels), logits=np.concatenate(logits), trunk=np.concatenate(trunks))
        return path


def _publish(path: Path, **arrays: Array) -> None:
    beside = path.with_suffix(f".{os.getpid()}.tmp")
    with beside.open("wb") as file:
        np.savez(file, **arrays)
    beside.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of manifest.csv")
    parser.add_argument("--teacher", type=Path, required=True, help="folder of yamnet.tflite")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--generations", default="r,0,1")
    a = parser.parse_args()
    torch.set_num_threads(1)
    a.cache.mkdir(parents=True, exist_ok=True)
    maker, teacher = Maker(load_recordings(a.data, a.cache), a.cache), Teacher(a.teacher)
    for generation in a.generations.split(","):
        for shard in range(SHARDS[generation]):
            began = time.time()
            maker.make(generation, shard, teacher)
            print(f"generation {generation} shard {shard} {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
