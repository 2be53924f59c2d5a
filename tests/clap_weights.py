"""Weights for the tests of LAION-CLAP: the golden recipe's, and small ones of the same make."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from atmda.core.encoders.clap.architecture import Architecture
from atmda.core.encoders.clap.shapes import needed

SMALL = Architecture(
    dim=16, depths=(2, 2, 2, 2), heads=(1, 2, 4, 8), fused=True, text_layers=2, text_heads=1, vocabulary=300
)


def recipe_tensor(key: str, shape: tuple[int, ...], salt: str) -> Tensor:
    """The golden recipe: values that anyone can draw again from the tensor's name."""
    r = np.random.default_rng(zlib.crc32((salt + key).encode()))
    leaf = key.split(".")[-1]
    if leaf == "running_mean":
        values = -30 + 5 * r.standard_normal(shape) if "bn0" in key else 0.1 * r.standard_normal(shape)
    elif leaf == "running_var":
        values = (400 if "bn0" in key else 1) * (1 + 0.2 * r.random(shape))
    elif leaf == "relative_position_bias_table":
        values = 0.2 * r.standard_normal(shape)
    elif leaf == "bias" or ("embeddings" in key and len(shape) == 2):
        values = 0.02 * r.standard_normal(shape)
    elif len(shape) == 1:
        values = 1 + 0.1 * r.standard_normal(shape)
    else:
        values = r.standard_normal(shape) / math.sqrt(math.prod(shape[1:]))
    return torch.from_numpy(np.asarray(values, np.float32))


def golden_weights(state_keys: Path, wanted: Callable[[str], bool]) -> dict[str, Tensor]:
    """The recipe's official state dict, for the keys asked for."""
    listed = json.loads(state_keys.read_text("utf-8"))
    keys = [(key, kind, tuple(shape)) for key, (kind, shape, *_) in listed["keys"].items() if wanted(key)]

    def tensor(item: tuple[str, str, tuple[int, ...]]) -> tuple[str, Tensor]:
        key, kind, shape = item
        if kind == "logit_scale":
            return key, torch.tensor(math.log(1 / 0.07))
        return key, recipe_tensor(key, shape, listed["salt"])

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(tensor, (item for item in keys if item[1] != "structural")))


def small_weights(arch: Architecture = SMALL) -> dict[str, Tensor]:
    """A whole state dict, by official names, of a CLAP small enough to write many times."""
    tensors = {key: recipe_tensor(key, shape, "small") for key, shape in needed(arch).items() if shape}
    return tensors | {"logit_scale_a": torch.tensor(2.0), "logit_scale_t": torch.tensor(2.0)}
