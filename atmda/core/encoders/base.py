"""What an audio-text encoder is to the rest of atmda."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from atmda.core.audio import Audio, Recording
from atmda.core.embeddings.engine import embed_all
from atmda.core.types import FloatArray


class Encoder(ABC):
    """Sounds and sentences in one space: scores are dot products of what `embed_audio` and `embed_text` return.

    The way of a recording: `features` cuts it and computes the front end (in reader threads, so it must be
    thread-safe and leave no state behind), `encode` runs the network on a batch of features from any recordings,
    `pool` makes one embedding of all that came from one recording. The same recording gives the same embedding
    whatever shares its batches.

    Attributes:
        name: the registry's name, as in `model`.
        dim: length d of an embedding.
        sample_rate: of the front end, in Hz.
        logit_scale: what scores are multiplied by before a softmax makes them probabilities.
        batch_size: features a batch that run fastest on this device.
        identity: everything that decides the embeddings, as flat strings: at least `encoder`, `weights_sha256` and
            `preprocessing`. Stores with different identities are never mixed.
        about: what a user is told of it beside its name: which weights, how they run.
        recommended: mode -> the mode that suits its embeddings better, which `infer` takes in its place unless its
            setting `scoring` says otherwise.
        concurrent: whether several threads may call `encode` at once (true on a CPU).
    """

    name: str
    dim: int
    sample_rate: int
    logit_scale: float
    batch_size: int
    identity: dict[str, str]
    concurrent: bool = True
    about: str = ""
    recommended: Mapping[str, str] = {}

    @abstractmethod
    def features(self, audio: Audio) -> Iterator[FloatArray]:
        """The front end: one array a window of `audio`, read as a stream. Raises AudioError."""

    @abstractmethod
    def encode(self, features: Sequence[FloatArray]) -> FloatArray:
        """The network: one state a feature array, float32 (n, s)."""

    @abstractmethod
    def pool(self, states: FloatArray) -> FloatArray:
        """One embedding, float32 (d,), of the states (k, s) of one recording, in order."""

    @abstractmethod
    def embed_text(self, prompts: Sequence[str]) -> FloatArray:
        """Embeddings of sentences: float32 (n, d)."""

    def unknown_words(self, label: str) -> list[str]:
        """The words of `label` that say nothing to this encoder; [] where it cannot tell."""
        return []

    def embed_audio(
        self, clips: Sequence[Recording], *, batch_size: int | None = None, num_workers: int = 1
    ) -> FloatArray:
        """Embeddings of recordings, float32 (n, d), in the order given.

        Args:
            clips: paths, `Audio`s, or pairs of a waveform ((samples,) or (samples, channels)) and its rate in Hz.
            batch_size: features a batch; the encoder's own choice unless given.
            num_workers: threads that read and encode.

        Raises:
            AudioError: for the first recording that cannot be used.
        """
        return embed_all(self, clips, batch_size=batch_size, num_workers=num_workers)
