"""The two teachers: what each says of a patch of a clip, on the same 521 classes.

YAMNet hears the patch itself, EfficientAT's mn04 two seconds around it, since less is too little for it, and the
clip as a whole, of which it knows more. Their weights label training audio and are never shipped.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import soxr
import torch
from mixes import PATCHES
from synth_parts import RATE, Array
from yamnet import Yamnet

from atmda.core.encoders.compact.frontend import FRAMES, HOP, PATCH

TEACHERS = ("yamnet", "mn04")
CLASSES = 521
#: features of each before its last layer
TRUNKS = {"yamnet": 1024, "mn04": 384}
MN04_RATE = 32_000
#: samples at that rate that mn04 hears of a patch
MN04_WINDOW = 2 * MN04_RATE


def class_names(folder: Path) -> list[str]:
    """The 521 display names, in the order of the teachers' labels."""
    return [row["display_name"] for row in _classes(folder / "yamnet_class_map.csv")]


def _classes(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Mn04:
    """Windows of 2 s at 32 kHz (n, 64000) to logits of the 521 classes (n, 521) and features (n, 384)."""

    def __init__(self, folder: Path) -> None:
        # frozen, the trace runs three times as fast
        self._run = torch.jit.freeze(torch.jit.load(str(folder / "mn04.torchscript.pt")).eval())
        column = {row["mid"]: i for i, row in enumerate(_classes(folder / "mn04_class_labels.csv"))}
        self._columns = [column[row["mid"]] for row in _classes(folder / "yamnet_class_map.csv")]

    @torch.inference_mode()
    def __call__(self, windows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits, features = self._run(windows)
        return logits[:, self._columns], features


class Teachers:
    """Both teachers on patches."""

    def __init__(self, folder: Path) -> None:
        self.yamnet, self.mn04 = Yamnet(folder), Mn04(folder)

    def __call__(self, mel: Array, waves: Array) -> dict[str, Array]:
        """Of patches `mel` (4 n, 96, 64) of the clips `waves` (n, samples): logits (4 n, 521) and trunks by teacher.

        `whole` is what mn04 says of a patch's clip.
        """
        fine = [soxr.resample(x, RATE, MN04_RATE, quality="HQ").astype(np.float32) for x in waves]
        out = {"yamnet": self.yamnet(torch.from_numpy(mel))}
        out["mn04"] = self.mn04(torch.from_numpy(np.concatenate([around(x) for x in fine])))
        whole = self.mn04(torch.from_numpy(np.stack(fine)))
        out["whole"] = whole[0].repeat_interleave(PATCHES, 0), whole[1].repeat_interleave(PATCHES, 0)
        return {
            f"{name}.{kind}": values.numpy()
            for name, both in out.items()
            for kind, values in zip(("logits", "trunk"), both, strict=True)
        }


def around(fine: Array) -> Array:
    """Two seconds around each of the patches of a clip at 32 kHz, within the clip: float32 (4, 64000)."""
    ratio = MN04_RATE // RATE
    middles = [(k * FRAMES * HOP + PATCH // 2) * ratio for k in range(PATCHES)]
    starts = [min(max(m - MN04_WINDOW // 2, 0), len(fine) - MN04_WINDOW) for m in middles]
    return np.stack([fine[s : s + MN04_WINDOW] for s in starts])
