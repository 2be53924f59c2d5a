"""The network of the built-in encoder in numpy: patches of log mel magnitudes to class logits and trunk features.

Patches that follow each other are heard as one run: what the network says of one rests on some two seconds around it.
Activations are (runs, time, frequency, channels), so that a convolution is one matrix product over gathered
neighbours, and a depthwise convolution nine multiplications; batch norms are folded into the weights. Written in numpy
because importing torch alone takes longer than embedding a folder of short clips.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from atmda.core.encoders.compact.frontend import FRAMES
from atmda.core.types import FloatArray

#: patches run through the network together, as they fit into a processor's cache: those of a window
CHUNK = 12
#: places in time and frequency that a patch is brought down to
PLACES = (3, 2)


def _padded(x: FloatArray, margin: int) -> FloatArray:
    n, h, w, c = x.shape
    out = np.zeros((n, h + 2 * margin, w + 2 * margin, c), np.float32)
    out[:, margin : margin + h, margin : margin + w] = x
    return out


def _dense(x: FloatArray, weight: FloatArray, bias: FloatArray, size: int, stride: int) -> FloatArray:
    """A convolution with `weight` (size * size * channels, outputs), then ReLU."""
    n, h, w, c = x.shape
    windows = np.lib.stride_tricks.sliding_window_view(_padded(x, size // 2), (size, size), (1, 2))
    near = windows[:, ::stride, ::stride].transpose(0, 1, 2, 4, 5, 3).reshape(-1, size * size * c)
    y = near @ weight
    y += bias
    np.maximum(y, 0.0, out=y)
    return np.asarray(y.reshape(n, -(-h // stride), -(-w // stride), -1))


def _depthwise(x: FloatArray, weight: FloatArray, bias: FloatArray, stride: int) -> FloatArray:
    """A 3 x 3 convolution of each channel with its own `weight` (3, 3, channels), then ReLU."""
    _, h, w, _ = x.shape
    padded = _padded(x, 1)
    y = padded[:, 0:h:stride, 0:w:stride] * weight[0, 0]
    step = np.empty_like(y)
    for i in range(3):
        for j in range(3):
            if i or j:
                np.multiply(padded[:, i : i + h : stride, j : j + w : stride], weight[i, j], out=step)
                y += step
    y += bias
    return np.asarray(np.maximum(y, 0.0, out=y))


class Network:
    """The trained network.

    Args:
        tensors: folded weights as `training/pack.py` writes them: `dense<i>.*`, `block<i>.depth.*`,
            `block<i>.point.*` and `head.*`.
    """

    def __init__(self, tensors: Mapping[str, FloatArray]) -> None:
        self._t = {name: np.ascontiguousarray(value, np.float32) for name, value in tensors.items()}
        self._dense = sum(name.startswith("dense") and name.endswith("weight") for name in tensors)
        self._blocks = sum(name.endswith("point.weight") for name in tensors)

    @property
    def classes(self) -> int:
        return int(self._t["head.bias"].shape[0])

    @property
    def trunk(self) -> int:
        return int(self._t["head.weight"].shape[0])

    def __call__(self, runs: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Of each patch of runs (n, 96 k, 64): class logits (n k, classes) and trunk features (n k, trunk), float32."""
        together = max(1, CHUNK * FRAMES // runs.shape[1])
        parts = [self._run(runs[i : i + together]) for i in range(0, len(runs), together)]
        trunk = np.concatenate([x.reshape(-1, *PLACES, self.trunk).mean(axis=(1, 2), dtype=np.float32) for x in parts])
        return self.logits(trunk), trunk

    def logits(self, trunk: FloatArray) -> FloatArray:
        """Class logits float32 (n, classes) of trunk features (n, trunk)."""
        return np.asarray(trunk @ self._t["head.weight"] + self._t["head.bias"])

    def places(self, frames: FloatArray) -> FloatArray:
        """Trunk features float32 (k, trunk) of each third of a patch in a run of frames (32 k, 64)."""
        return np.asarray(self._run(frames[None])[0].mean(axis=1, dtype=np.float32))

    def _run(self, runs: FloatArray) -> FloatArray:
        t = self._t
        x: FloatArray = ((runs + np.float32(3.0)) * np.float32(0.4))[..., None]
        for i in range(self._dense):
            x = _dense(x, t[f"dense{i}.weight"], t[f"dense{i}.bias"], 5 if i == 0 else 3, 2)
        for i in range(self._blocks):
            depth, weight = t[f"block{i}.depth.weight"], t[f"block{i}.point.weight"]
            widens = weight.shape[0] != weight.shape[1]
            # halved where it widens, down to the places that are left of a patch
            y = _depthwise(x, depth, t[f"block{i}.depth.bias"], 2 if widens and x.shape[2] > PLACES[1] else 1)
            n, h, w, c = y.shape
            y = (y.reshape(-1, c) @ weight).reshape(n, h, w, -1)
            y += t[f"block{i}.point.bias"]
            if not widens:
                y += x
            x = np.maximum(y, 0.0, out=y)
        return x
