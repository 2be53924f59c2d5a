"""The official LAION-CLAP pipeline, re-enacted where its package cannot be installed (it pins numpy below 2).

What laion-clap 1.1.7 does for `get_audio_embedding_from_filelist` with its fusion model, step by step, so that its
cost can be measured: each file is loaded whole and resampled, rounded to 16 bits, padded; a mel transform is made
anew for every clip and gives four equal spectrograms; the batch goes through the network with gradients on; every
block gathers its position bias, keeps its attention weights for an average nobody asks for, and the classifier that
the embedding does not need runs as well. Recordings over 10 s are not part of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
import torch
import torch.nn.functional as F
from torch import Tensor

from atmda.core.encoders.clap import windows
from atmda.core.encoders.clap.melscale import mel_bank

WINDOW = 480_000
DEPTHS, HEADS = (2, 2, 6, 2), (4, 8, 16, 32)


def load(path: Path) -> Tensor:
    """librosa.load(path, sr=48000), then int16 and back."""
    samples, rate = sf.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    if rate != 48_000:
        resampled = soxr.resample(mono, rate, 48_000, quality="HQ")
        mono = np.zeros(math.ceil(len(mono) * (48_000 / rate)), np.float32)
        mono[: len(resampled)] = resampled[: len(mono)]
    quantised = (np.clip(mono, -1, 1) * 32767.0).astype(np.int16)
    return torch.from_numpy((quantised / 32767.0).astype(np.float32))


def mel_fusion(waveform: Tensor) -> Tensor:
    """Four equal log-mel spectrograms (4, 1001, 64) of a clip of up to 10 s."""
    with torch.no_grad():
        if len(waveform) < WINDOW:
            waveform = waveform.repeat(WINDOW // len(waveform))
            waveform = F.pad(waveform, (0, WINDOW - len(waveform)))
        window, bank = torch.hann_window(1024), mel_bank("htk")  # made anew for each clip, as MelSpectrogram(...) is
        spectrum = torch.stft(waveform, 1024, 480, 1024, window, center=True, return_complex=True)
        mel = torch.matmul(spectrum.abs().pow(2.0).T, bank)
        mel = 10.0 * torch.log10(torch.clamp(mel, min=1e-10))
        return torch.stack([mel] * 4)


class OfficialTower:
    """HTSAT-tiny with fusion, forward pass as the package has it; `weights` is the official state dict."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        extra = {"tscam_conv.weight": (527, 768, 2, 3), "tscam_conv.bias": (527,)}
        self.w = {
            key.removeprefix("audio_branch."): torch.nn.Parameter(weights[key].clone())
            for key in weights
            if key.startswith("audio_") and "running" not in key
        } | {key: torch.nn.Parameter(torch.zeros(shape)) for key, shape in extra.items()}
        self.running = {key: weights["audio_branch.bn0." + key] for key in ("running_mean", "running_var")}
        place = torch.arange(64)
        down = place[:, None] // 8 - place[None] // 8 + 7
        self.index = (down * 15 + place[:, None] % 8 - place[None] % 8 + 7).view(-1)
        self.masks = {side: self._mask(side) for side in (64, 32, 16)}

    def get_audio_embedding(self, batch: Sequence[Tensor]) -> Tensor:
        """Embeddings (n, 512) of `mel_fusion` results, gradients on."""
        w = self.w
        x = torch.cat([item[None] for item in batch])
        mean, var = self.running["running_mean"], self.running["running_var"]
        x = F.batch_norm(x.transpose(1, 3), mean, var, w["bn0.weight"], w["bn0.bias"]).transpose(1, 3)
        x = F.interpolate(x, (1024, 64), mode="bicubic", align_corners=True)
        x = x.permute(0, 1, 3, 2).contiguous().reshape(len(batch), 4, 64, 4, 256)
        x = x.permute(0, 1, 3, 2, 4).contiguous().reshape(len(batch), 4, 256, 256)
        x = F.conv2d(x[:, :1], w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], stride=4)
        x = self._norm(x.flatten(2).transpose(1, 2), "patch_embed.norm")
        for stage, depth in enumerate(DEPTHS):
            attentions = []
            for index in range(depth):
                x, attention = self._block(x, stage, index)
                attentions.append(attention[None])
            if stage < 3:
                x = self._merge(x, stage)
            torch.cat(attentions).mean(0)
        x = self._norm(x, "norm")
        grid = x.permute(0, 2, 1).contiguous().reshape(len(batch), -1, 4, 2, 8)
        grid = grid.permute(0, 1, 3, 2, 4).contiguous().reshape(len(batch), -1, 2, 32)
        fine = grid.mean(2).permute(0, 2, 1).contiguous()
        fine[:, :, None].repeat(1, 1, 32, 1)
        latent = F.adaptive_avg_pool1d(grid.flatten(2), 1).flatten(1)
        frames = F.conv2d(grid, w["tscam_conv.weight"], w["tscam_conv.bias"], padding=(0, 1)).flatten(2)
        torch.sigmoid(frames).permute(0, 2, 1).contiguous()[:, :, None].repeat(1, 1, 32, 1)
        torch.sigmoid(F.adaptive_avg_pool1d(frames, 1).flatten(1))
        hidden = F.relu(F.linear(latent, w["audio_projection.0.weight"], w["audio_projection.0.bias"]))
        return F.normalize(F.linear(hidden, w["audio_projection.2.weight"], w["audio_projection.2.bias"]), dim=-1)

    def _norm(self, x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], self.w[name + ".weight"], self.w[name + ".bias"])

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return F.linear(x, self.w[name + ".weight"], self.w[name + ".bias"])

    def _block(self, x: Tensor, stage: int, index: int) -> tuple[Tensor, Tensor]:
        name, side, heads = f"layers.{stage}.blocks.{index}.", 64 >> stage, HEADS[stage]
        batch, _, channels = x.shape
        shifted = index % 2 == 1 and side > 8
        y = self._norm(x, name + "norm1").view(batch, side, side, channels)
        if shifted:
            y = torch.roll(y, (-4, -4), (1, 2))
        count = side // 8
        y = y.view(batch, count, 8, count, 8, channels).permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, 64, channels)
        qkv = self._linear(y, name + "attn.qkv").reshape(len(y), 64, 3, heads, channels // heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        scores = (query * (channels // heads) ** -0.5) @ key.transpose(-2, -1)
        bias = self.w[name + "attn.relative_position_bias_table"][self.index].view(64, 64, -1).permute(2, 0, 1)
        scores = scores + bias.contiguous()[None]
        if shifted:
            mask = self.masks[side]
            scores = scores.view(batch, len(mask), heads, 64, 64) + mask[None, :, None]
            scores = scores.view(-1, heads, 64, 64)
        attention = torch.softmax(scores, -1)
        y = self._linear((attention @ value).transpose(1, 2).reshape(len(y), 64, channels), name + "attn.proj")
        y = y.view(batch, count, count, 8, 8, channels).permute(0, 1, 3, 2, 4, 5).contiguous()
        y = y.view(batch, side, side, channels)
        if shifted:
            y = torch.roll(y, (4, 4), (1, 2))
        x = x + y.view(batch, -1, channels)
        hidden = F.gelu(self._linear(self._norm(x, name + "norm2"), name + "mlp.fc1"))
        return x + self._linear(hidden, name + "mlp.fc2"), attention

    def _merge(self, x: Tensor, stage: int) -> Tensor:
        side = 64 >> stage
        x = x.view(len(x), side, side, -1)
        x = torch.cat([x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)], -1)
        x = self._norm(x.view(len(x), side * side // 4, -1), f"layers.{stage}.downsample.norm")
        return F.linear(x, self.w[f"layers.{stage}.downsample.reduction.weight"])

    @staticmethod
    def _mask(side: int) -> Tensor:
        rolled = windows.shifted_order(side).view(-1, 64)
        count = side // 8
        # our windows are sorted by mask; the package's stand in raster order
        kinds = torch.repeat_interleave(torch.arange(4), torch.tensor(windows.mask_groups(side)))
        corner = torch.roll(torch.arange(side * side).view(side, side), (-4, -4), (0, 1))[::8, ::8].reshape(-1)
        where = {int(row[0]): int(kind) for row, kind in zip(rolled, kinds, strict=True)}
        masks = windows.masks().clamp(min=-100)  # the official figure, not -inf
        return torch.stack([masks[where[int(first)]] for first in corner]).view(count * count, 64, 64)


class OfficialText:
    """RoBERTa of `transformers` as the package runs it: prompts padded to 77 tokens, 50 at once, gradients on."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        from transformers import RobertaConfig, RobertaModel

        config = RobertaConfig(vocab_size=50265, max_position_embeddings=514, type_vocab_size=1)
        self.model = RobertaModel(config).eval()
        prefix = "text_branch."
        own = {key.removeprefix(prefix): weights[key] for key in weights if key.startswith(prefix)}
        left = self.model.load_state_dict(own, strict=False)
        assert all("position_ids" in key for key in left.missing_keys + left.unexpected_keys), left
        head = [weights[f"text_projection.{k}.{part}"] for k in (0, 2) for part in ("weight", "bias")]
        self.head = [torch.nn.Parameter(tensor.clone()) for tensor in head]

    def get_text_embedding(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """Embeddings (n, 512) of prompts of tokens."""
        return torch.cat([self._batch(prompts[start : start + 50]).detach() for start in range(0, len(prompts), 50)])

    def _batch(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        ids = torch.full((len(prompts), 77), 1)
        for row, prompt in zip(ids, prompts, strict=True):
            row[: len(prompt)] = torch.tensor(prompt)
        pooled = self.model(ids, attention_mask=(ids != 1).long())["pooler_output"]
        hidden = F.relu(F.linear(pooled, *self.head[:2]))
        return F.normalize(F.linear(hidden, *self.head[2:]), dim=-1)
