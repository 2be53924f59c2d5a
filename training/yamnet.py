"""One of the teachers: YAMNet, its published weights run in float32.

The published file is quantised to 8 bits, activations too, which leaves its logits steps of 0.35. Its weights, read
out and run with float activations, give finer labels. They are used here to label audio and never shipped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class Yamnet(nn.Module):
    """Patches of log mel magnitudes (n, 96, 64) to logits (n, 521) and trunk features (n, 1024)."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        from ai_edge_litert.interpreter import Interpreter

        reader = Interpreter(str(folder / "yamnet.tflite"), num_threads=1)
        self._tensors = {t["index"]: t for t in reader.get_tensor_details()}
        self._read = reader.get_tensor
        layers = []
        for op in reader._get_ops_details():
            if op["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
                _, weight, bias = (int(i) for i in op["inputs"])
                if self._tensors[weight]["dtype"] is np.int8:
                    layers.append((op["op_name"], self._values(weight), self._values(bias)))
        self.kinds = []
        for i, (kind, weight, bias) in enumerate(layers):
            order = {"CONV_2D": (0, 3, 1, 2), "DEPTHWISE_CONV_2D": (3, 0, 1, 2), "FULLY_CONNECTED": (0, 1)}[kind]
            self.register_buffer(f"w{i}", torch.from_numpy(weight.transpose(order).copy()))
            self.register_buffer(f"b{i}", torch.from_numpy(bias))
            self.kinds.append(kind)

    def _values(self, index: int) -> np.ndarray:
        detail = self._tensors[index]
        quantised = detail["quantization_parameters"]
        scales = np.asarray(quantised["scales"], np.float64)
        raw = self._read(index).astype(np.float64)
        axis = int(quantised["quantized_dimension"])
        shape = [1] * raw.ndim
        if len(scales) > 1:
            shape[axis] = len(scales)
        return (raw * scales.reshape(shape)).astype(np.float32)

    @torch.inference_mode()
    def forward(self, patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = patches.unsqueeze(1).contiguous(memory_format=torch.channels_last)
        for i, kind in enumerate(self.kinds[:-1]):
            weight, bias = self.get_buffer(f"w{i}"), self.get_buffer(f"b{i}")
            if weight.shape[-1] == 3:
                stride = self.STRIDES[i]
                # TensorFlow's SAME: an even input with stride 2 is padded at the end alone
                x = F.pad(x, (0, 1, 0, 1)) if stride == 2 else F.pad(x, (1, 1, 1, 1))
                groups = x.shape[1] if kind == "DEPTHWISE_CONV_2D" else 1
                x = F.hardtanh_(F.conv2d(x, weight, bias, stride, 0, 1, groups), 0.0, 6.0)
            else:
                x = F.hardtanh_(F.conv2d(x, weight, bias), 0.0, 6.0)
        trunk = x.mean((2, 3))
        last = len(self.kinds) - 1
        return trunk @ self.get_buffer(f"w{last}").T + self.get_buffer(f"b{last}"), trunk

    #: layer number -> stride, where it is not 1 (the stem and the first depthwise of each new size)
    STRIDES = dict.fromkeys(range(28), 1) | dict.fromkeys((0, 3, 7, 11, 23), 2)
