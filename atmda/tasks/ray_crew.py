"""Workers on a Ray cluster: one actor for so many cores, or for a GPU, on every machine that has them free."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from atmda.core.embeddings.handing_out import Ended
from atmda.core.embeddings.units import Unit
from atmda.errors import AtmdaError
from atmda.settings.embed import EmbedSettings
from atmda.tasks.unit_worker import Facts, Place, UnitWorker, Written

MOST_CORES = 8  # a worker; more of them wait for each other, and a worker that dies loses more
PATIENCE = 600.0  # seconds without a worker, until the cluster is given up
LOOK = 5.0  # seconds from one look at the cluster's machines to the next
FEW_STARTS = 5  # workers that die before they are ready, one after the other


class RayCrew:
    """Workers of a cluster that this process is connected to.

    A machine that joins gets workers, and one that is lost takes its own along; nothing is ever sent through Ray's
    object store but a unit's names and what became of them.

    Attributes:
        facts: the encoder's, as the first worker had it; others must have the same.
    """

    def __init__(self, ray: Any, settings: EmbedSettings) -> None:
        self._ray, self._settings = ray, settings
        self._place: Place | None = None
        self._cores, self._gpus = size_of_worker(ray.nodes(), settings)
        self._starting: dict[Any, Any] = {}
        self._idle: list[Any] = []
        self._busy: dict[Any, tuple[Any, Unit]] = {}
        self._looked, self._since, self._deaths = -LOOK, time.monotonic(), 0
        self.facts: Facts = self._first()

    def writes_to(self, place: Place) -> None:
        """Where the shards go."""
        self._place = place

    def free(self) -> int:
        return len(self._idle)

    def give(self, unit: Unit) -> None:
        assert self._place is not None
        worker = self._idle.pop()
        self._busy[worker.embed.remote(unit, self._place.of(unit))] = worker, unit

    def ended(self) -> Sequence[Ended[Written]]:
        self._hire()
        self._check_patience()
        under_way = [*self._busy, *self._starting]
        if not under_way:
            time.sleep(1.0)
            return ()
        ready, _ = self._ray.wait(under_way, num_returns=len(under_way), timeout=0.2)
        if not ready:
            ready, _ = self._ray.wait(under_way, num_returns=1, timeout=1.0)
        found = []
        for reference in ready:
            if reference in self._starting:
                self._started(reference)
            else:
                found.append(self._ended(reference))
        return found

    def _first(self) -> Facts:
        self.facts = Facts({}, 0, None, (), "")
        while not self.facts.dim:
            self.ended()
        return self.facts

    def _hire(self) -> None:
        """Start as many workers as the machines that are there have room for."""
        if time.monotonic() - self._looked < LOOK:
            return
        self._looked = time.monotonic()
        room = sum(_room(node, self._cores, self._gpus) for node in self._ray.nodes())
        actor = self._ray.remote(
            num_cpus=self._cores, num_gpus=self._gpus, max_restarts=0, max_task_retries=0, scheduling_strategy="SPREAD"
        )(UnitWorker)
        for _ in range(max(1, room) - len(self._starting) - len(self._idle) - len(self._busy)):
            worker = actor.remote(self._settings, self._cores)
            self._starting[worker.open.remote()] = worker

    def _started(self, reference: Any) -> None:
        worker = self._starting.pop(reference)
        try:
            facts: Facts = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            cause = _cause(error)
            if isinstance(cause, AtmdaError):
                raise cause from None
            raise AtmdaError(
                f"A worker of Ray cannot load the encoder ({_kind(cause)}).",
                "Put the same atmda and the same weights on every machine.",
            ) from None
        except self._ray.exceptions.RayError as error:
            self._deaths += 1
            self._looked = -LOOK
            if self._deaths >= FEW_STARTS:
                raise AtmdaError(
                    f"Workers of Ray die as they start ({_kind(error)}).",
                    "Look whether this atmda is installed on every machine, and has the memory for the encoder.",
                ) from None
            return
        self._deaths = 0
        if not self.facts.dim:
            self.facts = facts
        _check_same(self.facts, facts)
        self._idle.append(worker)

    def _ended(self, reference: Any) -> Ended[Written]:
        worker, unit = self._busy.pop(reference)
        try:
            written: Written = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            cause = _cause(error)
            if isinstance(cause, OSError):
                raise cause from None
            self._idle.append(worker)
            return Ended(unit, died=_kind(cause))
        except self._ray.exceptions.RayError as error:
            self._looked = -LOOK  # another may take its place at once
            return Ended(unit, died=_kind(error))
        self._idle.append(worker)
        return Ended(unit, written)

    def _check_patience(self) -> None:
        """Raises AtmdaError where there has been no worker for long."""
        if self._idle or self._busy:
            self._since = time.monotonic()
        elif time.monotonic() - self._since > PATIENCE:
            wanted = f"{self._cores} cores" + (f" and {self._gpus} GPU" if self._gpus else "")
            raise AtmdaError(
                f"No machine of the Ray cluster has had {wanted} free for {PATIENCE:.0f} s.",
                "`num_workers` says how many cores a worker takes; ray status shows what is there.",
            )


def size_of_worker(nodes: Sequence[dict[str, Any]], settings: EmbedSettings) -> tuple[int, int]:
    """Cores and GPUs of a worker: one GPU where there are some and they are wanted, else up to `MOST_CORES` cores."""
    alive = [node["Resources"] for node in nodes if node["Alive"]]
    with_gpu = [there for there in alive if there.get("GPU", 0) >= 1]
    gpus = 1 if with_gpu and settings.device.split(":")[0] in ("auto", "cuda") else 0
    per_worker = [
        int(there.get("CPU", 0) // max(1, there.get("GPU", 0) * gpus)) for there in (with_gpu if gpus else alive)
    ]
    cores = settings.num_workers or min([MOST_CORES, *(count for count in per_worker if count)])
    return cores, gpus


def _room(node: dict[str, Any], cores: int, gpus: int) -> int:
    there = node["Resources"] if node["Alive"] else {}
    room = int(there.get("CPU", 0) // cores)
    return min(room, int(there.get("GPU", 0) // gpus)) if gpus else room


def _check_same(first: Facts, other: Facts) -> None:
    for name in sorted(first.identity.keys() | other.identity.keys()):
        mine, theirs = first.identity.get(name), other.identity.get(name)
        if mine != theirs:
            raise AtmdaError(
                f"The encoder on {other.host} is not the one on {first.host}: {name} is {theirs}, not {mine}.",
                "Put the same atmda and the same weights on every machine.",
            )


def _cause(error: Any) -> BaseException:
    """What a worker raised; Ray wraps it."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, BaseException) else error


def _kind(error: BaseException) -> str:
    return type(error).__name__
