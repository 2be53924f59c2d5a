"""LAION-CLAP as an Encoder: the front end, the two towers, what identifies their numbers."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock

import numpy as np
import torch

from atmda.core.audio import Audio
from atmda.core.device import give_back_memory, is_out_of_memory
from atmda.core.encoders.base import Encoder
from atmda.core.encoders.clap import frontend
from atmda.core.encoders.clap.audio_tower import AudioTower
from atmda.core.encoders.clap.checkpoint import Checkpoint
from atmda.core.encoders.clap.precision import DTYPES
from atmda.core.encoders.clap.text_tower import TextTower
from atmda.core.encoders.clap.tokenizer import RobertaTokenizer
from atmda.core.encoders.text_cache import TextCache
from atmda.core.types import FloatArray
from atmda.errors import AtmdaError, SettingsError

#: raise it whenever tokens or the text tower change a text embedding
TEXT_VERSION = "laion-clap-text/1"
#: On a CPU more clips at once give nothing but memory: the stages with many tokens go clip by clip anyway.
BATCH_SIZES = {"cpu": 8, "mps": 16, "cuda": 64}


class ClapEncoder(Encoder):
    """LAION-CLAP, exact to the official package.

    Args:
        checkpoint: the weights.
        device, precision: where and in what arithmetic the towers run.
        long: `windows` (10 s windows, the mean of their embeddings) or `fusion` (the reference's three crops).
        seed: of the crops.
        vocabularies: folders in which the tokenizer may lie; looked through when the first prompt comes.
        cache: where text embeddings are kept.
        crops: where crop positions come from.

    Raises SettingsError: fusion asked of a checkpoint that has none.
    """

    name = "laion-clap"
    dim = 512
    sample_rate = frontend.SAMPLE_RATE

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        device: torch.device | None = None,
        precision: str = "fp32",
        long: str = "windows",
        seed: int = 0,
        vocabularies: Sequence[Path] = (),
        cache: TextCache | None = None,
        crops: frontend.CropSource = frontend.seeded_crops,
    ) -> None:
        arch = checkpoint.arch
        if long not in ("windows", "fusion"):
            raise SettingsError(f"`long` {long}: there is no such way.", "Use windows or fusion.")
        if long == "fusion" and not arch.fused:
            raise SettingsError(
                f"`long` fusion: this checkpoint is {arch.name}.", "Use `long` windows, or a fusion checkpoint."
            )
        self.device = device or torch.device("cpu")
        self.batch_size = BATCH_SIZES.get(self.device.type, 8)
        self.concurrent = self.device.type == "cpu"
        self.logit_scale = math.exp(float(checkpoint.weights["logit_scale_a"]))
        self.identity = {
            "encoder": self.name,
            "weights_sha256": checkpoint.sha256,
            "preprocessing": frontend.VERSION,
            "long": long,
            "precision": precision,
        }
        if long == "fusion":
            self.identity["seed"] = str(seed)
        self.about = f"{checkpoint.path}: {arch.name}; {precision} on {self.device}"
        self._fits = sys.maxsize  # what the memory of a GPU turned out to hold
        self._dtype = DTYPES[precision]
        self._checkpoint = checkpoint
        self._front_end = frontend.FrontEnd(fused=arch.fused, long=long, seed=seed, crops=crops)
        self._audio = AudioTower(checkpoint.weights, arch, self.device, self._dtype)
        self._vocabularies = vocabularies
        self._cache = cache
        self._text: tuple[RobertaTokenizer, TextTower] | None = None
        self._lock = Lock()

    def features(self, audio: Audio) -> Iterator[FloatArray]:
        """Log-mel spectrograms in dB: (1001, 64) a window, or one (4, 1001, 64) for a recording to be fused."""
        return self._front_end.features(audio)

    def encode(self, features: Sequence[FloatArray]) -> FloatArray:
        """Embeddings of windows, float32 (n, 512); a GPU out of memory gets half as many at once from then on."""
        done: list[FloatArray] = []
        start = 0
        size = min(len(features), self._fits)
        while start < len(features):
            batch = features[start : start + size]
            found = self._encoded(batch)
            if found is None:  # no handler is left here, whose error would hold the memory of what did not fit
                size = len(batch) // 2
                self._fits = size
                self.batch_size = min(self.batch_size, size)
                give_back_memory(self.device)
                continue
            done.append(found)
            start += len(batch)
        return np.concatenate(done)

    def _encoded(self, batch: Sequence[FloatArray]) -> FloatArray | None:
        """Embeddings of windows that go through together; None where the memory of the GPU does not hold so many."""
        try:
            return np.asarray(self._audio([torch.from_numpy(mel) for mel in batch]).cpu().numpy())
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            if len(batch) == 1:
                raise AtmdaError(
                    "The GPU has no memory left for a single clip.", "Free some of it, or use `device` cpu."
                ) from error
            return None

    def pool(self, states: FloatArray) -> FloatArray:
        """The normalised mean of the windows' embeddings: float32 (512,)."""
        if len(states) == 1:
            return np.asarray(states[0])
        mean = states.mean(axis=0, dtype=np.float64)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)

    def embed_text(self, prompts: Sequence[str]) -> FloatArray:
        """Embeddings of sentences, float32 (n, 512). Raises AtmdaError where there is no vocabulary."""
        if self._cache is None:
            return self._embed_text(prompts)
        return self._cache.embed(prompts, self._embed_text)

    def _embed_text(self, prompts: Sequence[str]) -> FloatArray:
        if not prompts:
            return np.zeros((0, self.dim), np.float32)
        with self._lock:
            if self._text is None:
                arch = self._checkpoint.arch
                tokenizer = RobertaTokenizer(self._vocabularies, arch.vocabulary)
                self._text = tokenizer, TextTower(self._checkpoint.weights, arch, self.device, self._dtype)
            tokenizer, tower = self._text
            return np.asarray(tower(tokenizer(prompts)).numpy())


def text_identity(checkpoint: Checkpoint, precision: str) -> dict[str, str]:
    """What decides a text embedding: how long clips are treated does not."""
    return {"encoder": "laion-clap", "weights_sha256": checkpoint.sha256, "text": TEXT_VERSION, "precision": precision}
