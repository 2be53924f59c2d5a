"""RoBERTa, the text tower of LAION-CLAP, on sentences of any length side by side without padding.

The same sums as the official network (Liu et al. 2019, arXiv 1907.11692): products run over the tokens of a batch of
sentences at once, attention over sentences of one length at once, and the last layer works out the one token that
the embedding is made of. On a CPU every core takes batches of its own, with one-threaded arithmetic: products of so
few rows gain little from being split.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import torch
import torch.nn.functional as F
from torch import Tensor

from atmda.core.device import usable_cores
from atmda.core.encoders.clap.architecture import Architecture
from atmda.core.encoders.clap.matmul import Linear, linear, padded_rows
from atmda.core.parallel import one_threaded_pool

#: The official model's; Hugging Face's configuration says 1e-12, which moves embeddings by 4e-5.
EPSILON = 1e-5
#: RoBERTa counts positions from the padding token's id + 1.
FIRST_POSITION = 2
TOKENS_A_BATCH = 256


class TextTower:
    """From token ids to L2-normalised embeddings.

    Args:
        weights: the official state dict, without `module.`; used where they lie, which may be a file mapped to memory.
        arch: what they are.
        device, dtype: where and in what precision the products run; sums and norms stay in float32.
        num_workers: threads on a CPU; one a usable core unless given.
    """

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        arch: Architecture,
        device: torch.device,
        dtype: torch.dtype,
        num_workers: int | None = None,
    ) -> None:
        self.device = device
        self._workers = 1 if device.type != "cpu" else num_workers or usable_cores()
        self.dtype = dtype
        self.heads = arch.text_heads

        def pair(name: str, kind: torch.dtype) -> Linear:
            return weights[f"{name}.weight"].to(device, kind), weights[f"{name}.bias"].to(device, kind)

        table = "text_branch.embeddings."
        self._words = weights[table + "word_embeddings.weight"]
        self._places = weights[table + "position_embeddings.weight"].to(device)
        self._kind = weights[table + "token_type_embeddings.weight"][0].to(device)
        self._norm = pair(table + "LayerNorm", torch.float32)
        layers = [f"text_branch.encoder.layer.{k}." for k in range(arch.text_layers)]
        parts = ("attention.self.query", "attention.self.key", "attention.self.value")
        self._attention = [[pair(layer + part, dtype) for part in parts] for layer in layers]
        self._out = [pair(layer + "attention.output.dense", dtype) for layer in layers]
        self._out_norm = [pair(layer + "attention.output.LayerNorm", torch.float32) for layer in layers]
        self._up = [pair(layer + "intermediate.dense", dtype) for layer in layers]
        self._down = [pair(layer + "output.dense", dtype) for layer in layers]
        self._down_norm = [pair(layer + "output.LayerNorm", torch.float32) for layer in layers]
        self._pooler = pair("text_branch.pooler.dense", torch.float32)
        self._head = [pair(f"text_projection.{k}", torch.float32) for k in (0, 2)]

    def __call__(self, sentences: Sequence[Sequence[int]]) -> Tensor:
        """Embeddings, float32 (n, 512), of token ids that begin with `<s>` and end with `</s>`."""
        order = sorted(range(len(sentences)), key=lambda index: len(sentences[index]))
        batches = list(_batches(order, sentences))
        chosen = [[sentences[index] for index in batch] for batch in batches]
        found = torch.empty(len(sentences), len(self._head[1][0]))
        with one_threaded_pool(self._workers) as pool:
            for batch, rows in zip(batches, pool.map(self._embed, chosen), strict=True):
                found[batch] = rows
        return found

    @torch.inference_mode()
    def _embed(self, sentences: Sequence[Sequence[int]]) -> Tensor:
        groups = [(length, len(list(same))) for length, same in groupby(sentences, key=len)]
        ids = torch.tensor([token for sentence in sentences for token in sentence])
        places = torch.cat([torch.arange(length).repeat(count) for length, count in groups]) + FIRST_POSITION
        tokens = self._words[ids].to(self.device, torch.float32) + self._places[places.to(self.device)] + self._kind
        tokens = F.layer_norm(tokens, tokens.shape[-1:], *self._norm, EPSILON)
        tokens = padded_rows(tokens)
        for layer in range(len(self._up) - 1):
            tokens = self._layer(tokens, tokens, groups, layer, first_only=False)
        lengths = torch.tensor([len(sentence) for sentence in sentences], device=self.device)
        first = tokens[torch.cumsum(lengths, 0) - lengths]
        pooled = self._layer(padded_rows(first), tokens, groups, len(self._up) - 1, first_only=True)
        pooled = torch.tanh(linear(pooled, self._pooler))
        hidden = F.relu(linear(pooled, self._head[0]))
        return F.normalize(linear(hidden, self._head[1]), dim=-1)[: len(sentences)].cpu()

    def _layer(
        self, asking: Tensor, tokens: Tensor, groups: Sequence[tuple[int, int]], layer: int, *, first_only: bool
    ) -> Tensor:
        """One layer for the rows `asking`: all tokens, or the first of each sentence."""
        query, key, value = self._attention[layer]
        low = tokens.to(self.dtype)
        asked = linear(asking, query)
        keys, values = linear(low, key), linear(low, value)
        mixed = torch.zeros_like(asked)
        start = row = 0
        for length, count in groups:
            take = 1 if first_only else length
            stop, end = start + count * length, row + count * take
            heads = F.scaled_dot_product_attention(
                self._split(asked[row:end], take),
                self._split(keys[start:stop], length),
                self._split(values[start:stop], length),
            )
            mixed[row:end] = heads.transpose(1, 2).reshape(count * take, -1)
            start, row = stop, end
        out = asking + linear(mixed, self._out[layer])
        out = F.layer_norm(out, out.shape[-1:], *self._out_norm[layer], EPSILON)
        out = out + linear(linear(out, self._up[layer], gelu=True), self._down[layer])
        return F.layer_norm(out, out.shape[-1:], *self._down_norm[layer], EPSILON)

    def _split(self, rows: Tensor, length: int) -> Tensor:
        return rows.view(-1, length, self.heads, rows.shape[-1] // self.heads).transpose(1, 2)


def _batches(order: Sequence[int], sentences: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    batch: list[int] = []
    count = 0
    for index in order:
        if batch and count + len(sentences[index]) > TOKENS_A_BATCH:
            yield batch
            batch, count = [], 0
        batch.append(index)
        count += len(sentences[index])
    if batch:
        yield batch
