"""`compact`, the encoder in the box: small, offline, trained by this project (`training/`, `docs/compact.md`).

A recording is cut into patches of 0.975 s that begin every 0.96 s; the last one ends with the recording, and one
shorter than a patch is followed by silence. Windows of at most 12 s are brought to one level each, so that how loud a
sound was recorded says nothing of what it is. For each patch the network, which hears the patches of a window as one
run, gives logits of 521 classes of sound and 704 trunk features. An embedding, of unit length, is

- 521 class evidences: for each patch, how far a class's logit lies above its usual value on the training audio, in its
  own deviations, through a sigmoid centred on two deviations; then the power mean (exponent 3) over all patches of
  the whole recording, to the power 1.5, and
- 119 directions of the mean trunk features of the patches, in which the student's guess at a teacher's features varies
  most; only prototypes from audio use them.

A prompt's embedding is a distribution over the 521 classes (see `text`), or what is heard in a place, and zeros.
Everything runs on the CPU in numpy: for a network this small a GPU or torch would cost more in starting up than it
saves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from atmda.core.audio import Audio
from atmda.core.encoders.base import Encoder
from atmda.core.encoders.compact import overlapping
from atmda.core.encoders.compact.frontend import (
    BANDS,
    FRAMES,
    HOP,
    PATCH,
    SAMPLE_RATE,
    STEP,
    WINDOW,
    log_mel,
    patch_starts,
)
from atmda.core.encoders.compact.loudness import amplified, gain, magnitudes
from atmda.core.encoders.compact.network import Network
from atmda.core.encoders.compact.text import TextTable
from atmda.core.types import FloatArray, IntArray
from atmda.errors import AtmdaError

WEIGHTS = Path(__file__).parents[1] / "weights" / "compact.safetensors"
#: of that file as it is released
WEIGHTS_SHA256 = "3ad89a890e1de7c5a497b84c5ea39038faafa0f5ebab59045b84a2993b026a44"
#: changes whenever what happens to samples before the network changes
PREPROCESSING = "16 kHz, log mel 64, patch 0.975 s every 0.96 s, one level a window, heard as one, v3"
#: seconds of audio a feature array holds at most
BLOCK_SECONDS = 12.0
POWER = 3
#: what pooled evidence is raised to: strong evidence should count for more than much faint evidence
SHARPNESS = 1.5
#: deviations above its mean at which a class's logit counts half
THRESHOLD = 2.0
#: share of the squared length of an embedding that lies in the trunk features
TRUNK_SHARE = 0.5


def patches_of(mel: FloatArray) -> FloatArray:
    """Patches (k, 96, 64) of consecutive frames (n, 64): every 96 frames, the last ends with them."""
    return np.stack([mel[start : start + FRAMES] for start in patch_starts(len(mel), FRAMES, STEP)])


def level(patches: FloatArray) -> FloatArray:
    """`patches` (k, 96, 64) of log mel magnitudes as if the window had been recorded at the level `LEVEL`."""
    mel = magnitudes(patches)
    power = float(np.einsum("ktf,ktf->", mel, mel)) / (mel.shape[0] * mel.shape[1])
    return amplified(mel, np.float32(gain(power)))


class CompactEncoder(Encoder):
    """The built-in encoder on the CPU; see the module's docstring."""

    name = "compact"
    sample_rate = SAMPLE_RATE
    batch_size = 8
    concurrent = True
    recommended: Mapping[str, str] = {"tgap": "tgap-unit", "sv": "sv-unit"}  # measured in docs/compact.md

    def __init__(self, weights: Path = WEIGHTS) -> None:
        from safetensors.numpy import load as parse

        content = weights.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if weights == WEIGHTS and digest != WEIGHTS_SHA256:
            raise AtmdaError(f"{weights}: the weights of {self.name} are damaged.", "Install atmda again.")
        tensors = parse(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        self.logit_scale = float(header["__metadata__"]["logit_scale"])
        self.identity = {
            "encoder": self.name,
            "weights_sha256": digest,
            "preprocessing": PREPROCESSING,
        }
        self._network = Network({n.removeprefix("net."): t for n, t in tensors.items() if n.startswith("net.")})
        self._usual, self._spread = tensors["logit.mean"], tensors["logit.deviation"]
        self._centre = tensors["trunk.centre"].astype(np.float64)
        self._axes = tensors["trunk.axes"].astype(np.float64)
        pieces = tensors["text.pieces"].tobytes().decode().split("\n")
        self._text = TextTable(
            pieces, {n.removeprefix("text."): t for n, t in tensors.items() if n.startswith("text.")}
        )
        self.dim = self._network.classes + self._axes.shape[1]

    def features(self, audio: Audio) -> Iterator[FloatArray]:
        """Patches (k, 96, 64) float32, at most 12 s of them an array; arrays continue each other exactly."""
        held = np.zeros(0, np.float32)
        stride = STEP * HOP
        for block in audio.windows(SAMPLE_RATE, BLOCK_SECONDS):
            # what is held ends with at least a patch, so that the last patch can reach back
            ready = (len(held) - PATCH) // stride if len(held) > PATCH else 0
            if ready:
                yield patches_of(log_mel(held[: (ready - 1) * stride + PATCH]))
                held = held[ready * stride :]
            held = np.concatenate([held, block])
        if len(held) < PATCH:
            held = np.pad(held, (0, PATCH - len(held)))
        yield patches_of(log_mel(held[: (len(held) - WINDOW) // HOP * HOP + WINDOW]))

    def encode(self, features: Sequence[FloatArray]) -> FloatArray:
        """A state for each array of patches: sums of cubed evidence, sums of trunk features, number of patches."""
        # each by itself: what shares a batch must not change the last bits
        runs = (level(patches).reshape(1, -1, BANDS) for patches in features)
        states = [self._states(*self._network(run)).sum(0) for run in runs]
        return np.asarray(states, np.float32)

    def _states(self, logits: FloatArray, trunk: FloatArray) -> FloatArray:
        """The state of each patch (k, 1226) by what the network gives of it: `logits` (k, 521), `trunk` (k, 704)."""
        above = (logits - self._usual) / self._spread - np.float32(THRESHOLD)
        cubes = (1.0 / (1.0 + np.exp(-np.clip(above, -30.0, 30.0)))) ** POWER
        return np.concatenate([cubes, trunk, np.ones((len(trunk), 1), np.float32)], axis=1)

    def can_share(self, window: float, hop: float) -> bool:
        """Whether windows are heard together: those that overlap, and surely hold a patch."""
        return overlapping.can_share(window, hop)

    def embed_overlapping(self, samples: FloatArray, starts: IntArray, size: int) -> FloatArray:
        """Embeddings float32 (n, 640) of windows of `size` samples at `starts` (n,) in `samples`.

        The network hears the whole stretch once; `overlapping` says how that differs from windows embedded one by one.
        """
        shared = overlapping.Shared.of(len(samples), starts, size)
        trunk = shared.trunks(samples, self._network.places)
        states = self._states(self._network.logits(trunk), trunk)
        return np.stack([self.pool(states[own]) for own in shared.of_window])

    def pool(self, states: FloatArray) -> FloatArray:
        """The embedding (640,) of all states of one recording: the pooling is over all its patches alike."""
        total = states.sum(axis=0, dtype=np.float64)
        classes = self._network.classes
        evidence = (total[:classes] / total[-1]) ** (SHARPNESS / POWER)
        trunk = (total[classes:-1] / total[-1] - self._centre) @ self._axes
        parts = (evidence, 1 - TRUNK_SHARE), (trunk, TRUNK_SHARE)
        return np.concatenate([x * np.sqrt(share) / max(np.linalg.norm(x), 1e-9) for x, share in parts]).astype(
            np.float32
        )

    def embed_text(self, prompts: Sequence[str]) -> FloatArray:
        """Class weights (521) of each prompt, then zeros: float32 (n, 640)."""
        out = np.zeros((len(prompts), self.dim), np.float32)
        out[:, : self._network.classes] = self._text.weights(prompts)
        return out

    def unknown_words(self, label: str) -> list[str]:
        """The words of `label` that the text table cannot relate to any sound."""
        return self._text.unknown_words(label)
