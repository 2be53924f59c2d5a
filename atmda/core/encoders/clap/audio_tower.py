"""HTSAT, the audio tower of LAION-CLAP: a Swin transformer over a log-mel spectrogram folded into a square.

The same sums as the official network (Chen et al. 2022, arXiv 2202.00874; Wu et al. 2023, arXiv 2211.06687), laid out
to be quick:
- tokens stay in the order of their attention windows, so a window is a slice; what shifts and merges windows is one
  gather of rows between blocks (`windows.py`);
- a clip that is not fused is one spectrogram, not four equal ones; the patch embedding is one matrix product;
- position biases and masks are made once; windows with one mask share it, and attention runs in a fused kernel;
- the stages with many tokens take a clip at a time, which keeps their intermediates in the processor's cache; the
  others take up to `GROUP` clips at a time where that is found to leave every bit as it is, and else one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from threading import Lock

import torch
import torch.nn.functional as F
from torch import Tensor

from atmda.core.encoders.clap import windows
from atmda.core.encoders.clap.architecture import Architecture
from atmda.core.encoders.clap.buffers import Scratch
from atmda.core.encoders.clap.fusion import Fusion
from atmda.core.encoders.clap.matmul import filled, library, linear
from atmda.core.encoders.clap.swin import GROUP, Merge, SwinBlock
from atmda.core.encoders.clap.trials import remembered
from atmda.core.parallel import one_thread

MELS = 64
FOLDS = 4
COLUMNS = 256
STAGES_BY_CLIP = 2
#: rows of the last products, filled up, on an accelerator; on a CPU one, for there a row's place may decide its bits
HEAD_ROWS = 8


class AudioTower:
    """From log-mel spectrograms to L2-normalised embeddings.

    Args:
        weights: the official state dict, float32, without `module.`.
        arch: what they are.
        device, dtype: where and in what precision the products run; sums and norms stay in float32.
        wide: all clips of a batch at once in every stage; unless given, on everything but a CPU.
    """

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        arch: Architecture,
        device: torch.device,
        dtype: torch.dtype,
        wide: bool | None = None,
    ) -> None:
        def get(name: str) -> Tensor:
            return weights[f"audio_branch.{name}"].to(device, torch.float32)

        self.device, self._dtype = device, dtype
        self._wide = device.type != "cpu" if wide is None else wide
        self._by_clip = 0 if self._wide else STAGES_BY_CLIP
        self._head_rows = 1 if device.type == "cpu" else HEAD_ROWS
        self._scratch = Scratch()
        self._lock = Lock()
        self._grouped: bool | None = None
        # batch norm over mel bands, in evaluation mode: one scale and one shift a band
        self._gain = get("bn0.weight") / torch.sqrt(get("bn0.running_var") + 1e-5)
        self._shift = get("bn0.bias") - get("bn0.running_mean") * self._gain
        self._columns, self._taps = windows.bicubic_taps(device)
        self._patch = get("patch_embed.proj.weight").flatten(1), get("patch_embed.proj.bias")
        self._patch_norm = get("patch_embed.norm.weight"), get("patch_embed.norm.bias")
        self._fusion = Fusion(get) if arch.fused else None
        self._stages: list[list[SwinBlock]] = []
        self._merges: list[Merge] = []
        for stage, (depth, heads) in enumerate(zip(arch.depths, arch.heads, strict=True)):
            side = 64 >> stage
            self._stages.append(
                [SwinBlock(get, f"layers.{stage}.blocks.{k}.", side, heads, k, dtype, self._wide) for k in range(depth)]
            )
            if stage + 1 < len(arch.depths):
                self._merges.append(Merge(get, f"layers.{stage}.downsample.", side, depth % 2 == 0, dtype))
        self._norm = get("norm.weight"), get("norm.bias")
        self._head = [
            (weights[f"audio_projection.{k}.weight"].to(device), weights[f"audio_projection.{k}.bias"].to(device))
            for k in (0, 2)
        ]

    @torch.inference_mode()
    def __call__(self, mels: Sequence[Tensor]) -> Tensor:
        """Embeddings, float32 (n, 512), of spectrograms in dB: (frames, 64), or (4, frames, 64) where fused."""
        with one_thread() if self.device.type == "cpu" else nullcontext():
            if self._wide:
                pooled = self._late(torch.cat([self._embed(self._sent(mel)) for mel in mels]), len(mels))
            else:
                pooled = torch.cat(list(self._by_groups(mels)))
            return torch.cat([self._head_of(rows) for rows in torch.split(pooled, self._head_rows)])

    def _by_groups(self, mels: Sequence[Tensor]) -> Iterator[Tensor]:
        """Pooled tokens (k, c): of `GROUP` clips at a time as long as there are so many, then of fewer."""
        start = 0
        while start < len(mels):
            left = len(mels) - start
            together = self._together() if left >= GROUP else self._grouped
            count = min(GROUP, 1 << left.bit_length() - 1) if together else 1
            yield self._late(torch.cat([self._early(mel) for mel in mels[start : start + count]]), count)
            start += count

    def _together(self) -> bool:
        """Whether the late stages give each clip of 2, 4, 8 the bits it has alone, with weights in either order.

        Tried once a machine; where it is so, the weights are put in the order that is faster for many clips.
        """
        with self._lock:
            if self._grouped is None:
                self._grouped = remembered(self._question(), self._same_in_group)
                if self._grouped:
                    self._gather()
        return self._grouped

    def _question(self) -> str:
        products = f"{self._dtype} by {library(self._stages[0][0].up.weights[0], gelu=True)}"
        return f"up to {GROUP} clips at once, products cut, in {products}, width {len(self._norm[0])}"

    def _same_in_group(self) -> bool:
        width = len(self._norm[0]) >> (len(self._stages) - 1 - self._by_clip)
        side = 64 >> self._by_clip
        clips = torch.randn(GROUP, side * side, width, generator=torch.Generator().manual_seed(0))
        few = [0, 1, GROUP - 1]

        def alone() -> Tensor:
            return torch.cat([self._late(clips[place].clone(), 1) for place in few])

        plain = alone()
        kept = [dict(vars(part)) for part in self._parts()]
        self._gather()
        same = torch.equal(alone(), plain)
        for count in (2 << power for power in range(GROUP.bit_length() - 1)):
            chosen = [place for place in few if place < count]
            same = same and torch.equal(
                self._late(clips[:count].flatten(0, 1).clone(), count)[chosen], plain[: len(chosen)]
            )
        for part, before in zip(self._parts(), kept, strict=True):
            vars(part).update(before)
        return same

    def _parts(self) -> list[SwinBlock | Merge]:
        return [*(block for stage in self._stages for block in stage), *self._merges]

    def _gather(self) -> None:
        """Make all stages ready for many clips, the late ones for groups of them."""
        for stage, blocks in enumerate(self._stages):
            parts: list[SwinBlock | Merge] = [*blocks, *self._merges[stage : stage + 1]]
            for part in parts:
                part.gather(1 if stage < self._by_clip else GROUP)

    def _late(self, tokens: Tensor, clips: int) -> Tensor:
        """The stages behind the early ones, and the mean over tokens: (clips, c)."""
        for stage in range(self._by_clip, len(self._stages)):
            tokens = self._stage(tokens, stage)
        tokens = F.layer_norm(tokens, tokens.shape[-1:], *self._norm)
        return tokens.view(clips, -1, tokens.shape[-1]).mean(1)

    def _head_of(self, pooled: Tensor) -> Tensor:
        hidden = F.relu(linear(filled(pooled, self._head_rows), self._head[0]))
        return F.normalize(linear(hidden, self._head[1]), dim=-1)[: len(pooled)]

    def _sent(self, mel: Tensor) -> Tensor:
        """`mel` on the device; a GPU copies from pinned memory while it works on what came before."""
        if self.device.type == "cuda":
            return mel.pin_memory().to(self.device, non_blocking=True)
        return mel.to(self.device)

    def _early(self, mel: Tensor) -> Tensor:
        tokens = self._embed(self._sent(mel))
        for stage in range(self._by_clip):
            tokens = self._stage(tokens, stage)
        return tokens

    def _stage(self, tokens: Tensor, stage: int) -> Tensor:
        for block in self._stages[stage]:
            tokens = block(tokens, self._scratch)
        return self._merges[stage](tokens, self._scratch) if stage < len(self._merges) else tokens

    def _embed(self, mel: Tensor) -> Tensor:
        """Patch tokens (4096, dim) in window order."""
        image = self._fold(mel.view(-1, *mel.shape[-2:]))
        if mel.ndim == 3 and self._fusion is not None:
            tokens = self._fusion(image, self._patch)
        else:
            tokens = linear(windows.patches(image[0]), self._patch)
        return F.layer_norm(tokens, tokens.shape[-1:], *self._patch_norm)

    def _fold(self, mel: Tensor) -> Tensor:
        """Normalised spectrograms (k, 1024, 64): stretched over time by bicubic interpolation."""
        normalised = torch.addcmul(self._shift, mel, self._gain)
        stretched = normalised[:, self._columns[0]] * self._taps[0]
        for column, tap in zip(self._columns[1:], self._taps[1:], strict=True):
            stretched.addcmul_(normalised[:, column], tap)
        return stretched
