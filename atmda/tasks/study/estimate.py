"""How long what is missing may take, and how much room it needs.

By what the artifacts of the same kind (and encoder) that are there took, for each of their items; else by a table of
what was measured on one core of an AMD EPYC (Zen 5), divided among the cores of this machine. Another processor, or a
GPU, is told by the first artifact that it makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from atmda.core.device import usable_cores
from atmda.core.untrusted import parsed_object
from atmda.errors import AtmdaError
from atmda.soundscapes.files import wav_size
from atmda.soundscapes.mix import SAMPLE_RATE
from atmda.tasks.study.artifacts import DONE, Artifact, Workshop
from atmda.tasks.study.parts import Embeddings, Soundscapes

#: seconds of one core for an item: soundscapes by benchmarks/augment.py, laion-clap by benchmarks/clap.py, compact as
#: `atmda embed` took for 60 clips of 10 s more than it took for 10, scores as 147 cells of 8,732 clips did
SECONDS = {"soundscapes": 0.0085, "compact": 0.045, "laion-clap": 0.071, "scores": 0.00004}
WIDTH = {"compact": 640, "laion-clap": 512}
BESIDE = {"soundscapes": 6_000, "embeddings": 150, "scores": 300}  # bytes an item: JAMS and labels, columns, scores


@dataclass(frozen=True)
class Estimate:
    """Of one artifact that is missing. seconds and size (bytes) are None where nothing tells.

    `measured`: by what others of its kind took on this machine. `blocked`: why it cannot be made as things are.
    """

    kind: str
    title: str
    folder: str
    items: int
    seconds: float | None
    size: int | None
    measured: bool
    blocked: str


class Estimator:
    """Knows what the finished artifacts took."""

    def __init__(self, workshop: Workshop) -> None:
        self._measured: dict[str, list[float]] = {}
        self._cores = workshop.settings.num_workers or usable_cores()
        for path in sorted(workshop.root.glob(f"*/{DONE}")):
            try:
                record = parsed_object(path.read_bytes(), str(path))
                seconds, made = float(record["seconds"]), int(record["made"])
                kind, identity = str(record["kind"]), record["made_of"].get("encoder", {})
            except (OSError, AtmdaError, KeyError, TypeError, ValueError, AttributeError):
                continue  # an estimate can do without
            name = identity.get("encoder", "") if kind == Embeddings.kind and isinstance(identity, dict) else kind
            if made > 0:
                self._measured.setdefault(name, []).append(seconds / made)

    def of(self, artifacts: Sequence[Artifact]) -> list[Estimate]:
        """Estimates, in order."""
        return [self._of(artifact) for artifact in artifacts]

    def _of(self, artifact: Artifact) -> Estimate:
        name = artifact.kind
        if isinstance(artifact, Embeddings) and artifact.encoder is not None:
            name = artifact.encoder.name
        measured = self._measured.get(name)
        rate = median(measured) if measured else None
        if rate is None and name in SECONDS:
            rate = SECONDS[name] / (1 if name == "scores" else self._cores)
        seconds = None if rate is None else rate * artifact.items
        size = artifact.items * (_bytes(artifact, name) + BESIDE[artifact.kind])
        known = (artifact.kind, artifact.title, artifact.folder_name, artifact.items)
        return Estimate(*known, seconds, size, bool(measured), artifact.reason)


def _bytes(artifact: Artifact, name: str) -> int:
    if isinstance(artifact, Soundscapes):
        duration = artifact.made_of["parameters"]["duration"]
        return wav_size(int(float(duration) * SAMPLE_RATE))
    return 4 * WIDTH.get(name, 512) if isinstance(artifact, Embeddings) else 0
