"""RoBERTa, the text tower of LAION-CLAP, on sentences of any length side by side without padding.

The same sums as the official network (Liu et al. 2019, arXiv 1907.11692): products run over the tokens of a batch of
sentences at once, attention over sentences of one length at once, and the last layer works out the one token that
the embedding is made of. Products have one of a few numbers of rows (`SIZES`), filled up with zeros, so that a sentence
has the same bits in any company: either a trial on these very shapes has found that kernels give a row the same bits in
all of them, or rows come by the hundred (`COARSE`) and products are cut where bits stay. On an accelerator,
and for the last products, which are small, there is one number of rows. One for all would cost a single prompt two to
seven times its time.

On a CPU every core takes batches of its own, with one-threaded arithmetic: products of so few rows gain little from
being split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import torch
import torch.nn.functional as F
from torch import Tensor

from atmda.core.device import usable_cores
from atmda.core.encoders.clap.architecture import Architecture
from atmda.core.encoders.clap.matmul import Linear, filled, linear
from atmda.core.encoders.clap.product import Product
from atmda.core.parallel import one_threaded_pool

#: The official model's; Hugging Face's configuration says 1e-12, which moves embeddings by 4e-5.
EPSILON = 1e-5
#: RoBERTa counts positions from the padding token's id + 1.
FIRST_POSITION = 2
#: rows that products may have; what lies between products of more leaves a processor's cache
SIZES = (16, 32, 48, 64, 96, 128, 192, 256, 384, 512)
#: rows that they may have where kernels give a row other bits beside fewer
COARSE = (128, 256, 384, 512)
#: rows of the products after the last layer; one where bits depend on a row's place
HEAD_ROWS = 16
#: sentences that are worth weights in an order of their own, which takes as long as some sentences
MANY = 64


@dataclass(frozen=True)
class Layer:
    """Attention of every token to all of its sentence, and a perceptron, each added to what came in, then normed."""

    #: of queries, keys, values, what was attended to, the perceptron's two
    products: tuple[Product, ...]
    out_norm: Linear
    down_norm: Linear

    def each(self, change: Callable[[Product], Product]) -> Layer:
        """With each product changed."""
        return replace(self, products=tuple(map(change, self.products)))


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

        def product(name: str, gelu: bool = False) -> Product:
            return Product(pair(name, dtype), gelu)

        table = "text_branch.embeddings."
        self._words = weights[table + "word_embeddings.weight"]
        self._places = weights[table + "position_embeddings.weight"].to(device)
        self._kind = weights[table + "token_type_embeddings.weight"][0].to(device)
        self._norm = pair(table + "LayerNorm", torch.float32)

        def layer(name: str) -> Layer:
            parts = ("self.query", "self.key", "self.value", "output.dense")
            products = [product(f"{name}attention.{part}") for part in parts]
            products += [product(name + "intermediate.dense", gelu=True), product(name + "output.dense")]
            norms = (pair(f"{name}{part}.LayerNorm", torch.float32) for part in ("attention.output", "output"))
            return Layer(tuple(products), *norms)

        self._layers = [layer(f"text_branch.encoder.layer.{k}.") for k in range(arch.text_layers)]
        self._packed = False
        self._sizes: tuple[int, ...] = () if device.type == "cpu" else SIZES[-1:]
        self._head_rows = HEAD_ROWS
        self._pooler = pair("text_branch.pooler.dense", torch.float32)
        self._head = [pair(f"text_projection.{k}", torch.float32) for k in (0, 2)]

    def __call__(self, sentences: Sequence[Sequence[int]]) -> Tensor:
        """Embeddings, float32 (n, 512), of token ids that begin with `<s>` and end with `</s>`."""
        order = sorted(range(len(sentences)), key=lambda index: len(sentences[index]))
        found = torch.empty(len(sentences), len(self._head[1][0]))
        with one_threaded_pool(self._workers) as pool:
            self._prepare(len(sentences) >= MANY or self.dtype != torch.float32)
            share = sum(map(len, sentences)) // (2 * self._workers)  # so that every core has something to do
            batches = list(_batches(order, sentences, min(max(share, 128), self._sizes[-1])))
            chosen = [[sentences[index] for index in batch] for batch in batches]
            for batch, rows in zip(batches, pool.map(self._embed, chosen), strict=True):
                found[batch] = rows
        return found

    def _prepare(self, many: bool) -> None:
        """Find out once which numbers of rows leave bits alone; for many sentences put the weights in their order."""
        if self.device.type != "cpu":
            return
        if not self._sizes:
            self._sizes, self._layers = SIZES, self._steady(SIZES)
            if any(product.at_once != SIZES[-1] for product in self._layers[0].products):
                self._sizes, self._layers = COARSE, self._steady(COARSE)
            if not all(Product(weights).is_steady(HEAD_ROWS) for weights in (self._pooler, *self._head)):
                self._head_rows = 1
        if many and not self._packed:
            self._layers = [layer.each(lambda product: product.packed(self._sizes[:1])) for layer in self._layers]
            self._packed = True

    def _steady(self, sizes: Sequence[int]) -> list[Layer]:
        return [layer.each(lambda product: product.steady(sizes)) for layer in self._layers]

    @torch.inference_mode()
    def _embed(self, sentences: Sequence[Sequence[int]]) -> Tensor:
        groups = [(length, len(list(same))) for length, same in groupby(sentences, key=len)]
        ids = torch.tensor([token for sentence in sentences for token in sentence])
        places = torch.cat([torch.arange(length).repeat(count) for length, count in groups]) + FIRST_POSITION
        tokens = self._words[ids].to(self.device, torch.float32) + self._places[places.to(self.device)] + self._kind
        tokens = F.layer_norm(tokens, tokens.shape[-1:], *self._norm, EPSILON)
        tokens = self._filled(tokens)
        for layer in self._layers[:-1]:
            tokens = self._through(layer, tokens, tokens, groups, first_only=False)
        lengths = torch.tensor([len(sentence) for sentence in sentences], device=self.device)
        first = tokens[torch.cumsum(lengths, 0) - lengths]
        pooled = self._through(self._layers[-1], self._filled(first), tokens, groups, first_only=True)
        return torch.cat(
            [self._projected(rows) for rows in torch.split(pooled[: len(sentences)], self._head_rows)]
        ).cpu()

    def _projected(self, first: Tensor) -> Tensor:
        """Embeddings (n, 512) of up to `HEAD_ROWS` sentences by what the last layer made of their first tokens."""
        pooled = torch.tanh(linear(filled(first, self._head_rows), self._pooler))
        hidden = F.relu(linear(pooled, self._head[0]))
        return F.normalize(linear(hidden, self._head[1]), dim=-1)[: len(first)]

    def _filled(self, rows: Tensor) -> Tensor:
        """`rows` (n, c) and zeros below, up to the next of the sizes; longer than the last, to a multiple of it."""
        return filled(rows, next((size for size in self._sizes if size >= len(rows)), self._sizes[-1]))

    def _through(
        self, layer: Layer, asking: Tensor, tokens: Tensor, groups: Sequence[tuple[int, int]], *, first_only: bool
    ) -> Tensor:
        """One layer for the rows `asking`: all tokens, or the first of each sentence."""
        query, key, value, output, up, down = layer.products
        low = tokens.to(self.dtype)
        asked, keys, values = query(asking), key(low), value(low)
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
        out = asking + output(mixed)
        out = F.layer_norm(out, out.shape[-1:], *layer.out_norm, EPSILON)
        out = out + down(up(out))
        return F.layer_norm(out, out.shape[-1:], *layer.down_norm, EPSILON)

    def _split(self, rows: Tensor, length: int) -> Tensor:
        return rows.view(-1, length, self.heads, rows.shape[-1] // self.heads).transpose(1, 2)


def _batches(order: Sequence[int], sentences: Sequence[Sequence[int]], most: int) -> Iterator[list[int]]:
    """Sentences of at most `most` tokens together, in order."""
    batch: list[int] = []
    count = 0
    for index in order:
        if batch and count + len(sentences[index]) > most:
            yield batch
            batch, count = [], 0
        batch.append(index)
        count += len(sentences[index])
    if batch:
        yield batch
