"""Prototypes kept for another run, with what made them: a NumPy archive of plain arrays, nothing in it executed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atmda.core.embeddings.npz import damage_named, load_npz
from atmda.core.files import publish
from atmda.core.types import FloatArray
from atmda.errors import StoreError

_OTHER = "it is not a file of prototypes as infer's `save_prototypes` writes it, or it is damaged."


@dataclass(frozen=True)
class KeptPrototypes:
    """Prototypes P, float32 (c, d), one for each of `labels`; `mode` made them of embeddings of encoder `identity`."""

    P: FloatArray
    labels: tuple[str, ...]
    mode: str
    identity: dict[str, str]
    logit_scale: float

    def write(self, path: Path) -> None:
        """Arrays `prototypes` (c, d), `labels` (c,), `mode`, `identity` (JSON), `logit_scale`."""
        with publish(path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                prototypes=self.P,
                labels=np.asarray(self.labels, str),
                mode=np.asarray(self.mode),
                identity=np.asarray(json.dumps(self.identity, sort_keys=True)),
                logit_scale=np.asarray(self.logit_scale),
            )

    @classmethod
    def read(cls, path: Path) -> KeptPrototypes:
        """What `write` wrote. Raises StoreError."""
        with damage_named(path, _OTHER):
            arrays = load_npz(path, ("prototypes", "labels", "mode", "identity", "logit_scale"))
            P = np.asarray(arrays["prototypes"], np.float32)
            identity = {str(key): str(value) for key, value in json.loads(str(arrays["identity"])).items()}
            labels = tuple(map(str, arrays["labels"]))
            kept = cls(P, labels, str(arrays["mode"]), identity, float(arrays["logit_scale"]))
        if P.ndim != 2 or len(P) != len(labels):
            raise StoreError(f"{path}: prototypes {P.shape} do not fit {len(labels)} labels.")
        return kept
