"""Pack student and text table into the file that ships: `python training/pack.py --cache DIR --output FILE`.

With `--student` several times what ships is the mean of their weights, which helps where one student was walked on from
several times.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from bank import SHARDS, shard_path
from fold import folded
from mixes import PATCHES
from safetensors.numpy import save
from shards import mapped
from student import Student
from synth_parts import Array
from teachers import TRUNKS

from atmda.core.encoders.compact.encoder import TRUNK_SHARE
from atmda.core.encoders.compact.frontend import BANDS, FRAMES
from atmda.core.encoders.compact.network import Network

#: trunk directions kept, so that an embedding has 521 + 119 = 640 numbers
DIRECTIONS = 119
#: probabilities are the softmax of scores times this; nearest to calibrated on ESC-10 folds 1 and 2
LOGIT_SCALE = 55.0
#: generations that say what is usual, and patches of each shard of them
USUAL, SOME = ("r", "0"), 1600


def some(cache: Path) -> Iterator[tuple[Array, dict[str, Array]]]:
    """Of each shard that says what is usual some clips as runs, float32 (n / 4, 384, 64), and what it holds of them."""
    for generation in USUAL:
        for shard in range(SHARDS[generation]):
            part = {name: values[:SOME] for name, values in mapped(shard_path(cache, generation, shard)).items()}
            yield part["mel"].astype(np.float32).reshape(-1, PATCHES * FRAMES, BANDS), part


def usual(network: Network, cache: Path) -> tuple[Array, Array]:
    """What the network says of training audio: logits (n, 521) and trunk features (n / 4, 704), a clip's mean."""
    logits, trunks = [], []
    for runs, _ in some(cache):
        out, trunk = network(runs)
        logits.append(out.astype(np.float64))
        trunks.append(trunk.reshape(-1, PATCHES, trunk.shape[1]).mean(1).astype(np.float64))
    return np.concatenate(logits), np.concatenate(trunks)


def likeness(trunks: Array, weight: Array) -> Array:
    """Axes (704, 119) of trunk features along which the student's guess at mn04's features varies most.

    `weight` (1408, 704) maps trunk features onto both teachers' features, each in its own deviations. A product of two
    embeddings' trunk parts is then nearly that of two such guesses.
    """
    onto = weight[TRUNKS["yamnet"] :].T.astype(np.float64)
    values, vectors = np.linalg.eigh(np.cov(((trunks - trunks.mean(0)) @ onto).T))
    axes = onto @ vectors[:, np.argsort(values)[::-1][:DIRECTIONS]]
    return np.asarray(axes * np.sign(axes[np.abs(axes).argmax(0), range(DIRECTIONS)]))


def text_arrays(cache: Path) -> dict[str, Array]:
    """The text side: the table of train_text.py, profiles of places.py at the length of a recording's evidence."""
    with np.load(cache / "text.npz") as text, np.load(cache / "places.npz") as places:
        arrays = {f"text.{name}": text[name] for name in ("vectors", "scales", "gates", "anchors", "owners")}
        pieces, heard = str(text["pieces"]), places["profiles"]
    heard = heard * np.sqrt(1 - TRUNK_SHARE) / np.linalg.norm(heard, axis=1, keepdims=True)
    return arrays | {"text.pieces": np.frombuffer(pieces.encode(), np.uint8), "text.profiles": heard.astype(np.float16)}


def load_student(*paths: Path) -> Student:
    """The student of the mean of these weights."""
    each = [torch.load(path, weights_only=True)["student"] for path in paths]
    model = Student()
    model.load_state_dict(
        {
            name: torch.stack([one[name] for one in each]).mean(0) if value.is_floating_point() else value
            for name, value in each[0].items()
        }
    )
    return model.eval()


def network_arrays(model: Student) -> dict[str, Array]:
    return {f"net.{name}": value.astype(np.float16) for name, value in folded(model).items()}


def pack(students: Sequence[Path], cache: Path, logit_scale: float) -> bytes:
    """The bytes of the weights file."""
    model = load_student(*students)
    arrays = network_arrays(model)
    logits, trunks = usual(Network({name.removeprefix("net."): value for name, value in arrays.items()}), cache)
    arrays |= {
        "logit.mean": logits.mean(0).astype(np.float32),
        "logit.deviation": logits.std(0).astype(np.float32),
        "trunk.centre": trunks.mean(0).astype(np.float32),
        "trunk.axes": likeness(trunks, model.likeness.weight.detach().numpy()).astype(np.float16),
    }
    arrays |= text_arrays(cache)
    return save({k: np.ascontiguousarray(v) for k, v in arrays.items()}, {"logit_scale": str(logit_scale)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--student", type=Path, action="append")
    parser.add_argument("--logit-scale", type=float, default=LOGIT_SCALE)
    parser.add_argument("--output", type=Path, required=True)
    a = parser.parse_args()
    packed = pack(a.student or [a.cache / "student-0.pt"], a.cache, a.logit_scale)
    a.output.parent.mkdir(parents=True, exist_ok=True)
    a.output.write_bytes(packed)
    print(f"{a.output}: {len(packed) / 1e6:.2f} MB")
