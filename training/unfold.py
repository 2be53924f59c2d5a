"""From the weights that ship back to a student that learns on: `python training/unfold.py --cache DIR --legs 6`.

The inverse of `fold`: a batch norm gets the statistics of its input on the bank's recordings and random clips, and what
it adds and multiplies by is set so that the student says what the network says. The map onto the teachers' trunks does
not ship: it is fitted to them by ridge regression. `train_student.py` goes on from what is written.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from pack import some
from safetensors.numpy import load
from student import Dense, Separable, Student
from synth_parts import Array
from targets import TRUNK_OF_CLIP, statistics, targets
from torch import nn

from atmda.core.encoders.compact.encoder import WEIGHTS

#: runs of patches that batch norms are measured on, and how many go together
MEASURED, TOGETHER = 1000, 32
#: strength of the ridge regression, by its number of patches
RIDGE = 1e-3


@torch.no_grad()
def unfolded(arrays: Mapping[str, Array], mel: Array) -> Student:
    """The student that says what the network of `arrays` (named as by `fold`) says.

    mel: float32 (n, 96 k, 64), what batch norms are measured on.
    """
    student = Student().eval()
    t = {name: torch.from_numpy(np.asarray(value, np.float32)) for name, value in arrays.items()}
    norms: list[tuple[nn.BatchNorm2d, torch.Tensor]] = []
    for i, layer in enumerate(student.stem):
        assert isinstance(layer, Dense)
        size, weight = layer.conv.kernel_size[0], t[f"dense{i}.weight"]
        layer.conv.weight.copy_(weight.view(size, size, -1, weight.shape[1]).permute(3, 2, 0, 1))
        norms.append((layer.norm, t[f"dense{i}.bias"]))
    for i, block in enumerate(student.body):
        assert isinstance(block, Separable)
        block.depth.weight.copy_(t[f"block{i}.depth.weight"].permute(2, 0, 1)[:, None])
        block.point.weight.copy_(t[f"block{i}.point.weight"].T[:, :, None, None])
        norms += [(block.depth_norm, t[f"block{i}.depth.bias"]), (block.point_norm, t[f"block{i}.point.bias"])]
    student.head.weight.copy_(t["head.weight"].T)
    student.head.bias.copy_(t["head.bias"])
    for norm, bias in norms:  # at first each adds its bias alone, so that those after it are measured on what they get
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)
        norm.bias.copy_(bias)
    sums = {norm: torch.zeros(3, norm.num_features, dtype=torch.float64) for norm, _ in norms}

    def measure(norm: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        x = given[0].transpose(0, 1).flatten(1).double()
        sums[norm] += torch.stack([torch.full((len(x),), float(x.shape[1])), x.sum(1), x.square().sum(1)])

    hooks = [norm.register_forward_pre_hook(measure) for norm, _ in norms]
    for part in torch.from_numpy(mel).split(TOGETHER):
        student(part)
    for hook in hooks:
        hook.remove()
    for norm, bias in norms:
        count, total, squares = sums[norm]
        norm.running_mean.copy_(total / count)
        norm.running_var.copy_(squares / count - (total / count) ** 2)
        norm.weight.copy_(torch.sqrt(norm.running_var + norm.eps))
        norm.bias.copy_(norm.running_mean + bias)
    return student


@torch.no_grad()
def fit_likeness(student: Student, mel: Array, trunks: Array) -> None:
    """Set the map from trunk features to the teachers' `trunks` (4 n, 1408) of the patches of `mel` (n, t, 64)."""
    heard = [student(part)[1] for part in torch.from_numpy(mel).split(TOGETHER)]
    x = np.pad(torch.cat(heard).double().numpy(), ((0, 0), (0, 1)), constant_values=1.0)
    ridge = RIDGE * len(x) * np.eye(x.shape[1])
    ridge[-1, -1] = 0
    weight = torch.from_numpy(np.linalg.solve(x.T @ x + ridge, x.T @ trunks.astype(np.float64)))
    student.likeness.weight.copy_(weight[:-1].T)
    student.likeness.bias.copy_(weight[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder of bank-r-*.npz and bank-0-*.npz")
    parser.add_argument("--legs", type=int, required=True, help="how many legs the weights have behind them")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--output", type=Path, help="student-1.pt in the cache unless given")
    a = parser.parse_args()
    torch.set_num_threads(1)
    usual, mels, trunks = statistics(a.cache), [], []
    for runs, labels in some(a.cache):
        mels.append(runs)
        trunks.append(targets(labels, usual)[1][:, :TRUNK_OF_CLIP])
    mel = np.concatenate(mels)
    arrays = {name[4:]: value for name, value in load(a.weights.read_bytes()).items() if name.startswith("net.")}
    student = unfolded(arrays, mel[np.random.default_rng(0).permutation(len(mel))[:MEASURED]])
    fit_likeness(student, mel, np.concatenate(trunks))
    torch.save({"student": student.state_dict(), "legs": a.legs}, a.output or a.cache / "student-1.pt")


if __name__ == "__main__":
    main()
