"""Attentional feature fusion (`aff_2d`): a long clip's whole and three of its crops become one set of patches."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from atmda.core.encoders.clap import windows
from atmda.core.encoders.clap.matmul import Linear, linear
from atmda.core.encoders.clap.swin import Get


class Fusion:
    """Patches of the shrunk whole and of the crops, weighed by what both say (Dai et al. 2021, arXiv 2009.14082)."""

    def __init__(self, get: Get) -> None:
        name = "patch_embed."
        self.crop = get(name + "mel_conv2d.weight").flatten(1), get(name + "mel_conv2d.bias")
        model = name + "fusion_model."
        self.local = [_folded(get, f"{model}local_att.{k}.", f"{model}local_att.{k + 1}.") for k in (0, 3)]
        self.whole = [_folded(get, f"{model}global_att.{k}.", f"{model}global_att.{k + 1}.") for k in (1, 4)]
        self.order = windows.window_order(64).to(self.crop[0].device)

    def __call__(self, images: Tensor, patch: Linear) -> Tensor:
        """Patch tokens (4096, dim), in window order, of four stretched spectrograms (4, 1024, 64)."""
        tokens = linear(windows.patches(images[0]), patch)
        # the crops' patches are three times as wide: 21 columns each, side by side, and a last column of zeros
        wide = windows.square(images[1:])[:, :, :252].reshape(3, 64, 4, 21, 12)
        crops = linear(wide.permute(1, 0, 3, 2, 4).reshape(64 * 63, 48), self.crop)
        local = F.pad(crops.view(64, 63, -1), (0, 0, 0, 1)).flatten(0, 1)[self.order]
        both = tokens + local
        detail = linear(F.relu(linear(both, self.local[0])), self.local[1])
        mean = both.mean(0, keepdim=True)
        overall = linear(F.relu(linear(mean, self.whole[0])), self.whole[1])
        share = torch.sigmoid(detail + overall)
        return 2 * tokens * share + 2 * local * (1 - share)


def _folded(get: Get, conv: str, norm: str) -> tuple[Tensor, Tensor]:
    """A 1 x 1 convolution and the batch norm after it as one matrix and one bias."""
    gain = get(norm + "weight") / torch.sqrt(get(norm + "running_var") + 1e-5)
    weight = get(conv + "weight").flatten(1) * gain[:, None]
    return weight, (get(conv + "bias") - get(norm + "running_mean")) * gain + get(norm + "bias")
