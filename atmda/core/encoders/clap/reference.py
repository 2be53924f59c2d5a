"""The official `laion-clap` package behind the same interface, to compare with (`model` laion-clap-reference).

It runs as its authors wrote it, down to the three crops of recordings over 10 s that it draws from numpy's global
generator; that generator is seeded afresh for every recording, so that the same file gives the same embedding.
The package pins numpy below 2, imports torchvision and torchaudio without asking for them, and calls the Hugging Face
hub for `roberta-base` while it is imported.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from atmda.core.audio import Audio
from atmda.core.encoders.base import Encoder
from atmda.core.types import FloatArray


class ReferenceEncoder(Encoder):
    """`laion_clap.CLAP_Module`, a recording at a time."""

    name = "laion-clap-reference"
    dim = 512
    sample_rate = 48_000
    batch_size = 8
    concurrent = False  # numpy's global generator belongs to one caller at a time

    def __init__(self, module: Any, sha256: str, seed: int) -> None:
        self._module = module
        self._seed = seed
        self.logit_scale = math.exp(float(module.model.logit_scale_a))
        self.identity = {
            "encoder": self.name,
            "weights_sha256": sha256,
            "preprocessing": "laion-clap-package",
            "long": "fusion",
            "precision": "fp32",
            "seed": str(seed),
        }

    def features(self, audio: Audio) -> Iterator[FloatArray]:
        """The whole recording at 48 kHz, as librosa would give it: float32 (samples,)."""
        samples = audio.read(self.sample_rate)
        padded = np.zeros(math.ceil(audio.frames * (self.sample_rate / audio.sample_rate)), np.float32)
        padded[: len(samples)] = samples[: len(padded)]
        yield padded

    def encode(self, features: Sequence[FloatArray]) -> FloatArray:
        """Embeddings, float32 (n, 512)."""
        found = []
        for samples in features:
            state = np.random.get_state()  # noqa: NPY002 - the package draws from it
            try:
                np.random.seed(self._seed)  # noqa: NPY002
                found.append(self._module.get_audio_embedding_from_data([samples], use_tensor=False)[0])
            finally:
                np.random.set_state(state)  # noqa: NPY002
        return np.stack(found)

    def pool(self, states: FloatArray) -> FloatArray:
        return np.asarray(states[0])

    def embed_text(self, prompts: Sequence[str]) -> FloatArray:
        """Embeddings, float32 (n, 512)."""
        if not prompts:
            return np.zeros((0, self.dim), np.float32)
        # with a single prompt the package loses the batch dimension
        padded = [*prompts, prompts[0]] if len(prompts) == 1 else list(prompts)
        return np.asarray(self._module.get_text_embedding(padded)[: len(prompts)], np.float32)
