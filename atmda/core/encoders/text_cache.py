"""Text embeddings on disk, so that a prompt is worked out once for each encoder, not once a run.

One `.npz` an encoder, named by the hash of what decides its text embeddings: no pickle in it, published whole. It is
a cache: what is damaged, missing or cannot be written costs time, never an error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from atmda.core.embeddings.archive import Archive
from atmda.core.files import publish
from atmda.core.types import FloatArray
from atmda.errors import StoreError


class TextCache:
    """The embeddings of prompts by one encoder.

    Args:
        folder: where caches lie; made when the first embedding is kept.
        identity: what decides a text embedding (encoder, weights, precision, version).
        dim: length of an embedding; a cache of another is not used.
    """

    def __init__(self, folder: str | Path, identity: Mapping[str, str], dim: int | None = None) -> None:
        self._dim = dim
        text = json.dumps(dict(sorted(identity.items())))
        self.path = Path(folder) / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.npz"

    def embed(self, prompts: Sequence[str], encode: Callable[[Sequence[str]], FloatArray]) -> FloatArray:
        """Embeddings, float32 (n, d), of `prompts` in order; `encode` is called once, for those not known yet."""
        known = self._read()
        new = sorted(set(prompts) - set(known))
        if new or not prompts:
            found = encode(new)
            if not prompts:
                return found
            known.update(zip(new, found, strict=True))
            self._add(dict(zip(new, found, strict=True)))
        return np.stack([known[prompt] for prompt in prompts])

    def _read(self) -> dict[str, FloatArray]:
        try:
            archive = Archive.read(self.path, ("prompts", "embeddings"))
            prompts = json.loads(archive.raw("prompts"))
            embeddings = archive.scorable_rows("embeddings")
        except (StoreError, ValueError, RecursionError):
            return {}
        whole = isinstance(prompts, list) and all(isinstance(prompt, str) for prompt in prompts)
        fits = whole and len(prompts) == len(embeddings) and self._dim in (None, embeddings.shape[1])
        return dict(zip(prompts, embeddings, strict=True)) if fits else {}

    def _add(self, new: Mapping[str, FloatArray]) -> None:
        everything = self._read() | dict(new)  # read again: another process may have added to it
        prompts = sorted(everything)
        with suppress(OSError), publish(self.path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                prompts=np.frombuffer(json.dumps(prompts).encode(), np.uint8),
                embeddings=np.stack([everything[prompt] for prompt in prompts]),
            )
