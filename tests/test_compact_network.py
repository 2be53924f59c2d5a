"""The numpy network against the same layers in torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from atmda.core.encoders.compact.encoder import WEIGHTS, level
from atmda.core.encoders.compact.network import Network


def tensors() -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return {n.removeprefix("net."): t for n, t in load_file(WEIGHTS).items() if n.startswith("net.")}


def in_torch(arrays: dict[str, np.ndarray], runs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    t = {name: torch.from_numpy(array.astype(np.float32)) for name, array in arrays.items()}
    x = ((torch.from_numpy(runs) + 3.0) * 0.4)[:, None]
    i = 0
    while f"dense{i}.weight" in t:
        size = 5 if i == 0 else 3
        weight = t[f"dense{i}.weight"].reshape(size, size, x.shape[1], -1).permute(3, 2, 0, 1)
        x = F.relu(F.conv2d(x, weight, t[f"dense{i}.bias"], 2, size // 2))
        i += 1
    i = 0
    while f"block{i}.point.weight" in t:
        point = t[f"block{i}.point.weight"]
        same = point.shape[0] == point.shape[1]
        stride = 1 if same or x.shape[3] == 2 else 2
        depth = t[f"block{i}.depth.weight"].permute(2, 0, 1)[:, None]
        y = F.relu(F.conv2d(x, depth, t[f"block{i}.depth.bias"], stride, 1, 1, len(depth)))
        y = F.conv2d(y, point.T[:, :, None, None], t[f"block{i}.point.bias"])
        x = F.relu(y + x if same else y)
        i += 1
    trunk = x.unflatten(2, (-1, 3)).mean((3, 4)).transpose(1, 2).flatten(0, 1)
    return (trunk @ t["head.weight"] + t["head.bias"]).numpy(), trunk.numpy()


@pytest.mark.parametrize(("runs", "patches"), [(11, 1), (3, 4), (1, 13), (2, 15)])
def test_the_numpy_network_agrees_with_torch(runs: int, patches: int) -> None:
    arrays = tensors()
    mel = np.random.default_rng(0).normal(-2, 2, (runs, patches * 96, 64)).astype(np.float32)
    expected = in_torch(arrays, mel)
    found = Network(arrays)(mel)
    assert found[0].shape == (runs * patches, 521)
    np.testing.assert_allclose(found[0], expected[0], atol=1e-4)
    np.testing.assert_allclose(found[1], expected[1], atol=1e-4)


def test_patches_of_one_run_hear_each_other_and_those_of_others_do_not() -> None:
    network = Network(tensors())
    mel = np.random.default_rng(2).normal(-2, 2, (1, 384, 64)).astype(np.float32)
    run, alone = network(mel)[0], network(mel.reshape(4, 96, 64))[0]
    assert np.abs(run - alone).max(axis=1).min() > 0.01
    np.testing.assert_allclose(network(np.concatenate([mel, mel[:, ::-1]]))[0][:4], run, atol=1e-4)


def test_levelled_patches_have_one_level_and_silence_stays_silent() -> None:
    loud = np.random.default_rng(1).normal(0, 1, (3, 96, 64)).astype(np.float32)
    quiet = np.log((np.exp(loud) - 0.001).clip(0) * 0.1 + 0.001).astype(np.float32)
    np.testing.assert_allclose(level(loud), level(quiet), atol=0.15)
    silent = np.full((1, 96, 64), np.log(0.001), np.float32)
    np.testing.assert_allclose(level(silent), silent, atol=1e-3)
