"""Distil the text table from MiniLM: `python training/train_text.py --cache DIR`."""

from __future__ import annotations

import argparse
import json
import re
import time
from pathlib import Path

import numpy as np
import torch
from phrases import TEMPLATES, aliases, load_model, phrases
from places import PLACES
from teachers import class_names
from torch.nn import functional as F

from atmda.core.encoders.compact.text import TEMPERATURE, TextTable

WIDTH = 96
EPOCHS = 14
BATCH = 256
CHUNK = 4096


def sentence_vectors(cache: Path, teacher: Path, seed: int) -> dict[str, object]:
    """Pieces, phrases and aliases with their MiniLM vectors, kept in `cache`."""
    index, vectors = cache / "phrases.json", cache / "phrases.npz"
    names = class_names(teacher)
    lists = [*aliases(names), *(list(place.phrases) for place in PLACES)]
    said = [phrase for phrases_ in lists for phrase in phrases_]
    model = load_model()
    vocabulary = model.tokenizer.get_vocab()
    ordered = sorted(vocabulary, key=vocabulary.get)
    pieces = [p for p in ordered if re.fullmatch(r"(##)?[a-z0-9]+|[a-z0-9.\-',/&]", p)]
    words = [p for p in pieces if re.fullmatch("[a-z]{3,}", p)]
    texts = phrases(words, list(dict.fromkeys(said)), seed)
    todo = list(dict.fromkeys([*texts, *(p.replace("##", "") for p in pieces), *said]))
    if not (vectors.exists() and index.exists() and json.loads(index.read_text()) == todo):
        parts = [
            model.encode(todo[i : i + CHUNK], normalize_embeddings=True, batch_size=64).astype(np.float16)
            for i in range(0, len(todo), CHUNK)
        ]
        np.savez(vectors, vectors=np.concatenate(parts))
        index.write_text(json.dumps(todo))
    with np.load(vectors) as file:
        found = file["vectors"].astype(np.float32)
    row = {text: i for i, text in enumerate(todo)}
    return {
        "pieces": pieces,
        "texts": texts,
        "targets": found[[row[t] for t in texts]],
        "alone": found[[row[p.replace("##", "")] for p in pieces]],
        "anchors": found[[row[p] for p in said]],
        "owners": np.array([i for i, phrases_ in enumerate(lists) for _ in phrases_]),
    }


def train(data: dict, seed: int) -> dict[str, np.ndarray]:
    """The table's arrays, as `TextTable` takes them."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    pieces, texts = data["pieces"], data["texts"]
    full = torch.from_numpy(data["anchors"])
    targets = torch.from_numpy(data["targets"])
    owners = torch.from_numpy(data["owners"])
    _, _, axes = np.linalg.svd(data["anchors"], full_matrices=False)
    axes = axes[:WIDTH].T.copy()
    vectors = torch.nn.Parameter(torch.from_numpy((data["alone"] @ axes).astype(np.float32)))
    anchors = torch.nn.Parameter(torch.from_numpy((data["anchors"] @ axes).astype(np.float32)))
    gates = torch.nn.Parameter(torch.zeros(len(pieces)))
    steps = EPOCHS * (len(texts) // BATCH)
    optimiser = torch.optim.Adam(
        [{"params": [vectors, anchors], "lr": 3e-3}, {"params": [gates], "lr": 3e-2}], betas=(0.9, 0.99)
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    probe = TextTable(pieces, _arrays(vectors, gates, anchors, data["owners"]))
    from atmda.core.encoders.compact.text import words_of

    def rows_of(text: str) -> list[int]:
        return [row for word in words_of(text) for row in probe.pieces(word)]

    plain = [rows_of(t) for t in texts]
    around = []
    for template in TEMPLATES:
        before, after = template.split("{}")
        around.append((rows_of(before), rows_of(after)))

    def classes(cosines: torch.Tensor) -> torch.Tensor:
        out = torch.full((len(cosines), int(owners.max()) + 1), -1e9)
        return out.scatter_reduce(1, owners.expand(len(cosines), -1), cosines, "amax")

    began, step, total = time.time(), 0, 0.0
    for epoch in range(EPOCHS):
        order = rng.permutation(len(texts))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            lists = []
            for i in chosen:
                before, after = around[rng.integers(len(around))] if rng.uniform() < 0.6 else ([], [])
                lists.append([*before, *plain[i], *after])
            offsets = torch.tensor(np.cumsum([0, *map(len, lists[:-1])]))
            rows = torch.tensor([row for rows_ in lists for row in rows_])
            opened = gates[rows].exp()
            summed = F.embedding_bag(rows, vectors, offsets, mode="sum", per_sample_weights=opened)
            weight = F.embedding_bag(rows, gates.exp()[:, None], offsets, mode="sum")
            found = (summed / (weight + 1e-9)) @ anchors.T
            wanted = targets[chosen] @ full.T
            a, b = classes(found) / TEMPERATURE, classes(wanted) / TEMPERATURE
            divergence = F.kl_div(F.log_softmax(a, 1), F.log_softmax(b, 1), log_target=True, reduction="batchmean")
            loss = divergence + 30 * F.mse_loss(found, wanted)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            step += 1
            total += float(divergence.detach())
        print(f"epoch {epoch + 1}/{EPOCHS} kl {total / step:.4f} {time.time() - began:.0f} s", flush=True)
        step, total = 0, 0.0
    return _arrays(vectors, gates, anchors, data["owners"])


@torch.no_grad()
def _arrays(
    vectors: torch.Tensor, gates: torch.Tensor, anchors: torch.Tensor, owners: np.ndarray
) -> dict[str, np.ndarray]:
    scales = vectors.abs().amax(1).clamp_min(1e-6) / 127
    return {
        "vectors": torch.round(vectors / scales[:, None]).to(torch.int8).numpy(),
        "scales": scales.numpy().astype(np.float16),
        "gates": gates.clamp(-9, 9).exp().numpy().astype(np.float16),
        "anchors": anchors.numpy().astype(np.float16),
        "owners": owners.astype(np.int16),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True, help="folder of yamnet_class_map.csv")
    parser.add_argument("--seed", type=int, default=0)
    a = parser.parse_args()
    torch.set_num_threads(1)
    data = sentence_vectors(a.cache, a.teacher, a.seed)
    arrays = train(data, a.seed)
    np.savez(a.cache / "text.npz", pieces="\n".join(data["pieces"]), **arrays)
