"""A small encoder for tests: mean magnitude spectra of one-second windows; a text is where its number of Hz lies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from atmda.core.audio import Audio
from atmda.core.encoders import EncoderRequest
from atmda.core.encoders.base import Encoder
from atmda.core.types import FloatArray

RATE, DIM = 16_000, 64
CALLS = {"encode": 0, "text": 0, "load": 0}


class SpectralEncoder(Encoder):
    name, dim, sample_rate, logit_scale, batch_size = "spectral", DIM, RATE, 10.0, 4

    def __init__(self, weights: str = "none") -> None:
        self.identity = {"encoder": "spectral", "weights_sha256": weights, "preprocessing": "1"}

    def features(self, audio: Audio) -> Iterator[FloatArray]:
        for window in audio.windows(RATE, 1.0):
            padded = np.zeros(RATE, np.float32)
            padded[: len(window)] = window
            yield np.abs(np.fft.rfft(padded))[: DIM * 100].reshape(DIM, 100).sum(axis=1).astype(np.float32)

    def encode(self, features: Sequence[FloatArray]) -> FloatArray:
        CALLS["encode"] += 1
        return np.stack(features)

    def pool(self, states: FloatArray) -> FloatArray:
        mean = states.mean(axis=0)
        return (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)

    def embed_text(self, prompts: Sequence[str]) -> FloatArray:
        CALLS["text"] += 1
        rows = np.zeros((len(prompts), DIM), np.float32)
        for row, prompt in zip(rows, prompts, strict=True):
            for number in re.findall(r"\d+", prompt):
                row[min(DIM - 1, int(number) // 100)] = 1.0
        return rows

    def unknown_words(self, label: str) -> list[str]:
        return [] if re.search(r"\d", label) else label.split()


def load(request: EncoderRequest) -> Encoder:
    CALLS["load"] += 1
    return SpectralEncoder()
