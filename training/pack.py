"""Pack student and text table into the file that ships: `python training/pack.py --cache DIR --output FILE`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from bank import SHARDS, shard_path
from fold import folded
from mixes import PATCHES
from safetensors.numpy import save
from student import Student

from atmda.core.encoders.compact.network import Network

#: trunk directions kept, so that an embedding has 521 + 119 = 640 numbers
DIRECTIONS = 119
#: probabilities are the softmax of scores times this; see training/evaluate.py
LOGIT_SCALE = 70.0


def statistics(network: Network, cache: Path) -> dict[str, np.ndarray]:
    """What is usual on the first generation: mean and deviation of logits, centre and whitening axes of the trunk."""
    logits, trunks = [], []
    for shard in range(SHARDS["0"]):
        with np.load(shard_path(cache, "0", shard)) as file:
            out, trunk = network(file["mel"][:1600].astype(np.float32))
        logits.append(out.astype(np.float64))
        trunks.append(trunk.reshape(-1, PATCHES, trunk.shape[1]).mean(1).astype(np.float64))
    all_logits, x = np.concatenate(logits), np.concatenate(trunks)
    values, vectors = np.linalg.eigh(np.cov((x - x.mean(0)).T))
    top = np.argsort(values)[::-1][:DIRECTIONS]
    # not wholly white: the smallest directions kept are noise more than the largest
    axes = vectors[:, top] / np.sqrt(values[top] + 0.02 * values[top[0]])
    axes *= np.sign(axes[np.abs(axes).argmax(0), range(DIRECTIONS)])
    return {
        "logit.mean": all_logits.mean(0).astype(np.float32),
        "logit.deviation": all_logits.std(0).astype(np.float32),
        "trunk.centre": x.mean(0).astype(np.float32),
        "trunk.axes": axes.astype(np.float16),
    }


def pack(student: Path, text: Path, cache: Path, logit_scale: float) -> bytes:
    """The bytes of the weights file."""
    saved = torch.load(student, weights_only=True)
    model = Student()
    model.load_state_dict(saved["student"])
    arrays = {f"net.{name}": value.astype(np.float16) for name, value in folded(model.eval()).items()}
    network = Network({name.removeprefix("net."): value for name, value in arrays.items()})
    arrays |= statistics(network, cache)
    with np.load(text) as table:
        arrays["text.pieces"] = np.frombuffer(str(table["pieces"]).encode(), np.uint8)
        for name in ("vectors", "scales", "gates", "anchors", "owners"):
            arrays[f"text.{name}"] = table[name]
    return save({k: np.ascontiguousarray(v) for k, v in arrays.items()}, {"logit_scale": str(logit_scale)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--student", type=Path, default=None)
    parser.add_argument("--logit-scale", type=float, default=LOGIT_SCALE)
    parser.add_argument("--output", type=Path, required=True)
    a = parser.parse_args()
    packed = pack(a.student or a.cache / "student-0.pt", a.cache / "text.npz", a.cache, a.logit_scale)
    a.output.parent.mkdir(parents=True, exist_ok=True)
    a.output.write_bytes(packed)
    print(f"{a.output}: {len(packed) / 1e6:.2f} MB")
