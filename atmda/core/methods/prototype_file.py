"""Prototypes kept for another run, with what made them: a NumPy archive of plain arrays, nothing in it executed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atmda.core.embeddings.archive import Archive
from atmda.core.embeddings.table import scorable
from atmda.core.files import publish
from atmda.core.types import FloatArray
from atmda.core.untrusted import identity_of, logit_scale_of, parsed_object
from atmda.errors import StoreError


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
        archive = Archive.read(path, ("prototypes", "labels", "mode", "identity", "logit_scale"))
        P, labels = archive.rows("prototypes"), tuple(archive.texts("labels"))
        if len(P) != len(labels) or not labels:
            raise StoreError(f"{path}: prototypes {P.shape} do not fit {len(labels)} labels.")
        if not (scorable(P) | np.isnan(P).all(axis=1)).all():  # NaN: a class without a training clip
            raise StoreError(f"{path}: its prototypes are not rows of finite numbers.")
        what = f"{path}: its identity"
        identity = identity_of(parsed_object(archive.text("identity"), what), what)
        scale = logit_scale_of(archive.number("logit_scale"), f"{path}: its logit_scale")
        return cls(P, labels, archive.text("mode"), identity, scale)
