"""The bank: patches of training clips with the teachers' labels, in numbered shards of generations.

Generation `r` holds the recordings as they are, generation 0 what `mixes.clip` draws, later generations are bred from
those before (`breed`, `wider`), the last from numbers alone (`evolve`). A shard is made once and is the same whoever
makes it:

    python training/bank.py --data train-audio --teacher teacher --cache DIR --part 0/2
"""

from __future__ import annotations

import functools
import time
from pathlib import Path

import numpy as np
import soundfile as sf
import torch
from breed import ELITE, Elite, offspring
from evolve import Evolution
from mixes import PATCHES, SAMPLES, Recordings, clip, source
from options import options
from recordings import held_back, is_ambience, permitted, read_manifest
from shards import awaited, publish
from synth_genes import played
from synth_parts import Array, peaked
from teachers import TEACHERS, Teachers
from wider import Richer, Wider

from atmda.core.encoders.compact.frontend import BANDS, FRAMES, log_mel
from atmda.core.encoders.compact.loudness import gain, magnitudes

CLIPS = 1000
#: shards of each generation; what the elite of a generation is chosen from is fixed by this
SHARDS = {"r": 5, "0": 8, "1": 12, "2": 12, "3": 64, "4": 64, "5": 64, "6": 10}
#: generation -> what its seeds derive from
SEEDS = {"0": 0, "1": 101, "2": 202, "3": 303, "4": 404, "5": 505, "6": 606}
#: the generations that are not bred but drawn by `wider`, each with the generation whose elite it draws from
WIDER: dict[str, tuple[type[Wider], str]] = {"3": (Wider, "2"), "4": (Richer, "4"), "6": (Richer, "3")}
#: the generation that rests on no recording
EVOLVED = "5"


def shard_path(cache: Path, generation: str, shard: int) -> Path:
    return cache / f"bank-{generation}-{shard:04d}.npz"


def load_recordings(data: Path, cache: Path) -> Recordings:
    """The recordings that may be trained on, decoded once."""
    kept = cache / "recordings.npz"
    if not kept.exists():
        rows = [row for row in read_manifest(data) if permitted(row)]
        rows = [row for row, back in zip(rows, held_back(rows), strict=True) if not back]
        parts = [sf.read(str(data / row["path"]), dtype="float32")[0] for row in rows]
        ambience = np.array([is_ambience(row) for row in rows])
        publish(kept, samples=np.concatenate(parts), offsets=np.cumsum([0, *map(len, parts)]), ambience=ambience)
    with np.load(kept) as file:
        return Recordings(file["samples"], file["offsets"], file["ambience"])


def cuts(recordings: Recordings) -> list[tuple[int, int, bool]]:
    """Every recording in stretches of a clip's length: first and last sample, and whether it is an ambience."""
    out = []
    for a, b, is_bed in zip(recordings.offsets[:-1], recordings.offsets[1:], recordings.ambience, strict=True):
        starts = range(int(a), max(int(a) + 1, int(b) - 8000), SAMPLES)
        out += [(s, int(min(b, s + SAMPLES)), bool(is_bed)) for s in starts]
    return out


class Maker:
    """Clips of any generation by number, and shards of them."""

    def __init__(self, recordings: Recordings, cache: Path) -> None:
        self.recordings, self.cache = recordings, cache
        self.cuts = cuts(recordings)
        self.evolution = Evolution(functools.partial(shard_path, cache, EVOLVED), CLIPS, SEEDS[EVOLVED])
        self.elite, self.wider = functools.cache(self._elite), functools.cache(self._wider)

    def clip(self, generation: str, number: int) -> Array:
        if generation == "r":
            a, b, _ = self.cuts[number % len(self.cuts)]
            x = np.zeros(SAMPLES, np.float32)
            x[: b - a] = self.recordings.samples[a:b]
            return x
        if generation == "0":
            return clip(SEEDS["0"], number, lambda rng: source(rng, self.recordings))
        if generation == EVOLVED:
            shard, row = divmod(number, CLIPS)
            genome = self.evolution.genomes(shard)[row]
            return played(np.random.default_rng([SEEDS[EVOLVED], 1, number]), SAMPLES, genome)
        if generation in WIDER:
            return clip(SEEDS[generation], number, self.wider(generation))
        return offspring(SEEDS[generation], number, self.recordings, self.elite(generation))

    def _wider(self, generation: str) -> Wider:
        """What draws the sources of a wider generation."""
        kind, elite = WIDER[generation]
        return kind(self.recordings, self.elite(elite))

    def _elite(self, generation: str) -> Elite:
        """For each class the clips of all generations before that the teachers were surest of."""
        sources = [(g, k) for g in SHARDS if g == "r" or int(g) < int(generation) for k in range(SHARDS[g])]
        for before, k in sources:
            awaited(shard_path(self.cache, before, k))
        kept = self.cache / f"elite-{generation}.npz"
        if not kept.exists():
            best = []
            for source in sources:
                with np.load(shard_path(self.cache, *source)) as file:
                    heard = [file[f"{teacher}.logits"].astype(np.float32) for teacher in TEACHERS]
                p = np.mean([1 / (1 + np.exp(-logits)) for logits in heard], axis=0)
                best.append(p.reshape(CLIPS, PATCHES, -1).max(1))
            scores = np.concatenate(best)
            order = np.argsort(-scores, axis=0, kind="stable")[:ELITE]
            rows, members = np.unique(order, return_inverse=True)
            waves = np.stack([self._peak(*sources[row // CLIPS], row % CLIPS) for row in rows])
            publish(
                kept,
                waves=waves,
                members=members.reshape(order.shape).T,
                strengths=np.take_along_axis(scores, order, 0).T,
            )
        with np.load(kept) as file:
            return Elite(file["waves"], file["members"], file["strengths"])

    def _peak(self, generation: str, shard: int, row: int) -> Array:
        x = self.clip(generation, shard * CLIPS + row)
        return peaked(x).astype(np.float16)

    def make(self, generation: str, shard: int, teachers: Teachers) -> Path:
        """Write one shard: mel float16 (4000, 96, 64), ambience (4000,), and what each teacher says, float16."""
        path = shard_path(self.cache, generation, shard)
        if path.exists():
            return path
        parts: dict[str, list[Array]] = {}
        for i in range(shard * CLIPS, (shard + 1) * CLIPS, 8):
            for name, values in labelled([self.clip(generation, i + j) for j in range(8)], teachers).items():
                parts.setdefault(name, []).append(values.astype(np.float16))
        numbers = np.arange(shard * CLIPS, (shard + 1) * CLIPS)
        beds = np.array([generation == "r" and self.cuts[k % len(self.cuts)][2] for k in numbers])
        more = {"genome": self.evolution.genomes(shard)} if generation == EVOLVED else {}
        arrays = {name: np.concatenate(part) for name, part in parts.items()}
        publish(path, ambience=np.repeat(beds, PATCHES), **arrays, **more)
        return path


def labelled(clips: list[Array], teachers: Teachers) -> dict[str, Array]:
    """Clips of `SAMPLES` samples, brought to the level at which the encoder hears, as patches with labels.

    Returns:
        `mel` (4 n, 96, 64), and for each teacher its `.logits` (4 n, 521) and `.trunk`.
    """
    mels, waves = [], []
    for x in clips:
        mel = log_mel(x).reshape(PATCHES, FRAMES, BANDS)
        power = float((magnitudes(mel) ** 2).sum()) / (PATCHES * FRAMES)
        waves.append(x * np.float32(gain(power)))
        mels.append(log_mel(waves[-1]).reshape(PATCHES, FRAMES, BANDS))
    mel = np.concatenate(mels).astype(np.float16)
    return {"mel": mel, **teachers(mel.astype(np.float32), np.stack(waves))}


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--generations", default=",".join(SHARDS))
    parser.add_argument("--part", default="0/1", help="make every n-th shard from the i-th on: i/n")
    a = parser.parse_args()
    torch.set_num_threads(1)
    a.cache.mkdir(parents=True, exist_ok=True)
    first, step = map(int, a.part.split("/"))
    maker, teachers = Maker(load_recordings(a.data, a.cache), a.cache), Teachers(a.teacher)
    for generation in a.generations.split(","):
        for shard in range(first, SHARDS[generation], step):
            began = time.time()
            maker.make(generation, shard, teachers)
            print(f"generation {generation} shard {shard} {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
