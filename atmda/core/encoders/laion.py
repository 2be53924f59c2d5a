"""The official `laion-clap` package behind the same interface, to compare with (`--model laion-clap-reference`).

It runs as its authors wrote it, down to the three crops of recordings over 10 s that it draws from numpy's global
generator; that generator is seeded afresh for every recording, so that the same file gives the same embedding.
The package pins numpy below 2, imports torchvision and torchaudio without asking for them, and calls the Hugging Face
hub for `roberta-base` while it is imported.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from atmda.core.audio import Audio
from atmda.core.encoders.base import Encoder
from atmda.core.types import FloatArray
from atmda.errors import AtmdaError, SettingsError

if TYPE_CHECKING:
    from atmda.core.encoders import EncoderRequest

_PARTS = {"laion_clap": "laion-clap", "torchvision": "torchvision", "torchaudio": "torchaudio", "librosa": "librosa"}


def load(request: EncoderRequest) -> Encoder:
    """The official model with the checkpoint that `--model laion-clap` would use.

    Raises AtmdaError, saying what is missing, where the package cannot be used.
    """
    missing = [name for module, name in _PARTS.items() if find_spec(module) is None]
    if missing:
        raise AtmdaError(
            f"--model laion-clap-reference needs {' and '.join(missing)}, which this Python has not.",
            'Install them: `pip install "atmda[laion-clap]"` (numpy below 2), or use --model laion-clap: '
            "the same numbers without them.",
        )
    if request.precision != "fp32":
        raise SettingsError(
            f"--precision {request.precision}: the official package has none but fp32.", "Use --model laion-clap."
        )
    from atmda.core.device import resolve_device
    from atmda.core.encoders.clap.checkpoint import file_sha256, open_checkpoint
    from atmda.core.encoders.clap.find import NAME, cache_folders, find_checkpoint

    path = find_checkpoint(NAME, request.models_dir)
    arch = open_checkpoint(path, cache_folders(request.models_dir)).arch
    with redirect_stdout(sys.stderr):  # it prints a line for every tensor
        try:
            import laion_clap
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise AtmdaError(
                f"The laion-clap package cannot be imported ({reason}).",
                "It fetches roberta-base from the Hugging Face hub while it is imported and needs numpy below 2.",
            ) from error
        tower = "HTSAT-base" if arch.dim == 128 else "HTSAT-tiny"
        module = laion_clap.CLAP_Module(
            enable_fusion=arch.fused, device=str(resolve_device(request.device)), amodel=tower
        )
        module.load_ckpt(str(path))
    return ReferenceEncoder(module, file_sha256(path), request.seed)


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
