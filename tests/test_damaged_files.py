"""Known faults: damaged checkpoints and archives once ended in tracebacks, or took gigabytes or half a minute."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from clap_weights import small_weights
from safetensors.torch import save

from atmda.core.embeddings.formats import read_embeddings
from atmda.core.encoders.clap.checkpoint import open_checkpoint
from atmda.core.encoders.clap.state_dict import StateDictFile
from atmda.core.encoders.text_cache import TextCache
from atmda.core.safe_pickle import read_pickle
from atmda.errors import AtmdaError

WEIGHTS = dict(list(small_weights().items())[:12])
ENTRIES = {f"{k}.wav": {"class_gt": k % 2, "embd": torch.zeros(8), "fold": 1} for k in range(4)}


def saved(value: Any, **how: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, **how)
    return stream.getvalue()


def archive() -> bytes:
    stream = io.BytesIO()
    names = np.array(list("abcd"))
    np.savez_compressed(stream, embeddings=np.zeros((4, 8), np.float32), clips=names, labels=names, folds=np.ones(4))
    return stream.getvalue()


def every_tensor(path: Path) -> None:
    with StateDictFile(path) as file:
        for name in file.tensors:
            file.tensor(name)


def damaged(content: bytes, seed: int) -> bytes:
    """Bytes changed, taken out and put in at a few places near the start, where most of the structure is."""
    chance, changed = random.Random(seed), bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        place, way = chance.randrange(min(len(changed), 8000)), chance.randrange(3)
        if way == 0:
            changed[place] = chance.randrange(256)
        elif way == 1:
            del changed[place : place + chance.randrange(1, 9)]
        else:
            changed[place:place] = chance.randbytes(chance.randrange(1, 9))
    return bytes(changed)


@pytest.mark.parametrize(
    ("name", "content", "read"),
    [
        ("zip.pt", saved({"state_dict": WEIGHTS}), every_tensor),
        ("legacy.pt", saved({"state_dict": WEIGHTS}, _use_new_zipfile_serialization=False), every_tensor),
        ("protocol4.pt", saved({"state_dict": WEIGHTS}, pickle_protocol=4), every_tensor),
        ("clap.safetensors", save(small_weights()), lambda path: dict(open_checkpoint(path, []).weights)),
        ("original.pt", saved(ENTRIES), read_embeddings),
        ("embeddings.npz", archive(), read_embeddings),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_damaged_anywhere_is_read_or_named_in_a_sentence(
    tmp_path: Path, name: str, content: bytes, read: Callable[[Path], Any]
) -> None:
    path = tmp_path / name
    refused = 0
    for seed in range(150):
        path.write_bytes(damaged(content, seed))
        try:
            read(path)
        except AtmdaError as error:
            refused += 1
            assert str(path) in str(error) or error.message.startswith(("There are", "The embedding", "Embeddings"))
    assert refused > 75


def test_a_text_cache_damaged_anywhere_costs_time_but_no_error(tmp_path: Path) -> None:
    cache = TextCache(tmp_path, {"weights": "a"})
    for seed in range(50):
        cache.embed(["dog", "siren"], lambda prompts: np.ones((len(prompts), 2), np.float32))
        cache.path.write_bytes(damaged(cache.path.read_bytes(), seed))
        assert cache.embed(["siren"], lambda prompts: np.ones((len(prompts), 2), np.float32)).shape == (1, 2)


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02}r" + struct.pack("<I", 2**31) + b".",  # a place in a list of two thousand million
        b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"abc.",  # a bytearray of a terabyte
        b"\x80\x02\x82\x01.",  # an extension registered elsewhere
        b"(dp0\n.",  # no version: protocol 0
        b"\x80\x02}",  # no end
    ],
)
def test_a_pickle_that_claims_more_than_it_holds_is_refused_before_it_costs_memory(content: bytes) -> None:
    with pytest.raises(ValueError, match="not a pickle"):
        read_pickle(io.BytesIO(content))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_protocol_that_torch_writes_is_read(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "clap.pt"
    path.write_bytes(
        saved({"state_dict": WEIGHTS, "best": np.float64(1), "more": np.zeros(5)}, pickle_protocol=protocol)
    )
    with StateDictFile(path) as file:
        assert all(torch.equal(file.tensor(name), tensor) for name, tensor in WEIGHTS.items())
