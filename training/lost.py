"""What the training set loses with the recordings whose licences are refused, by the teachers' evidence:

    python training/lost.py --data train-audio --teacher teacher --cache DIR

For each class the seconds in which both teachers hear it clearly (on average more than `CLEAR` deviations above its
usual logit), in all recordings, in those that are kept, and in the whole bank made from them. The bank must be there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile as sf
import torch
from bank import CLIPS, SHARDS, Maker, labelled, load_recordings, shard_path
from mixes import PATCHES, Recordings
from options import options
from recordings import permitted, read_manifest
from synth_parts import Array
from targets import Usual, evidence, statistics
from teachers import Teachers, class_names

CLEAR = 4.0
SHOWN = 30


def refused(data: Path) -> Recordings:
    """The recordings that may not be trained on."""
    parts = [sf.read(str(data / r["path"]), dtype="float32")[0] for r in read_manifest(data) if not permitted(r)]
    return Recordings(np.concatenate(parts), np.cumsum([0, *map(len, parts)]), np.zeros(len(parts), bool))


def clear(labels: dict[str, Array], usual: dict[str, Usual]) -> Array:
    """In how many patches each class is clear, (521,)."""
    return (evidence(labels, usual) > CLEAR).sum(0)


def main() -> None:
    a = options(__doc__).parse_args()
    torch.set_num_threads(1)
    recordings, teachers, usual = load_recordings(a.data, a.cache), Teachers(a.teacher), statistics(a.cache)
    cuts = len(Maker(recordings, a.cache).cuts)
    counts = {g: np.zeros(521) for g in SHARDS}
    for generation, shards in SHARDS.items():
        for shard in range(shards):
            if shard_path(a.cache, generation, shard).exists():
                with np.load(shard_path(a.cache, generation, shard)) as file:
                    rows = min(CLIPS, cuts - shard * CLIPS) * PATCHES if generation == "r" else None
                    counts[generation] += clear({k: file[k][:rows] for k in file.files}, usual)
    gone, lost = Maker(refused(a.data), a.cache), np.zeros(521)
    for i in range(0, len(gone.cuts), 8):
        some = range(i, min(i + 8, len(gone.cuts)))
        lost += clear(labelled([gone.clip("r", k) for k in some], teachers), usual)
    names, made = class_names(a.teacher), sum(counts[g] for g in SHARDS if g != "r")
    print("| class | all recordings, s | kept, s | made from them, s |\n|---|---|---|---|")
    share = lost * lost / (lost + counts["r"] + 1)
    for c in np.argsort(-share, kind="stable")[:SHOWN]:
        print(f"| {names[c]} | {lost[c] + counts['r'][c]:.0f} | {counts['r'][c]:.0f} | {made[c]:.0f} |")


if __name__ == "__main__":
    main()
