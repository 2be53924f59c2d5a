"""Ray, connected to: a cluster that is there, or one of this machine's own for as long as it is needed."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from atmda.core.device import usable_cores
from atmda.core.interruption import told_by_its_signal
from atmda.errors import AtmdaError

CONNECT_SECONDS = 5.0
OBJECT_STORE = 100 << 20  # bytes on a cluster of our own; a unit's names and results are small


@contextmanager
def connected(address: str | None, cores: int | None = None) -> Iterator[Any]:
    """The module `ray`, connected to the cluster at `address` or, for None, to a new one on this machine.

    `cores`: how many a worker takes, which that one has at least. Raises AtmdaError where nobody answers.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # asks the network
    if address not in (None, "auto"):
        _check_reachable(str(address))
    import ray

    handlers = _handlers()
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL, "configure_logging": True}
    own: dict[str, Any] = {"num_cpus": max(usable_cores(), cores or 1), "include_dashboard": False}
    own["object_store_memory"] = OBJECT_STORE
    try:
        if address is None:
            ray.init(address="local", **own, **quiet)
        else:
            ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError, ray.exceptions.RayError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        where = f"There is no Ray cluster at {address}" if address else "Ray cannot be started here"
        hint = "Start its head with: ray start --head --port=6379" if address else "Look at ray start --head."
        raise AtmdaError(f"{where} ({reason}).", hint, setting="address" if address else "engine") from None
    finally:
        _restore(handlers)
    try:
        with told_by_its_signal():
            yield ray
    finally:
        ray.shutdown()


def _check_reachable(address: str) -> None:
    """Raises AtmdaError where nothing listens at HOST:PORT: Ray itself would wait for a minute."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "://" in address:
        raise AtmdaError(
            f"`address` {address}: it is HOST:PORT of the cluster's head, or auto.",
            "Ray's usual port is 6379; start the command on a machine of the cluster.",
            setting="address",
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "no answer"
        raise AtmdaError(
            f"`address` {address}: no Ray cluster answers there ({reason}).",
            "Start its head with: ray start --head --port=6379",
            setting="address",
        ) from None


def _handlers() -> dict[int, Any]:
    """What signals do now, which Ray would change."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}


def _restore(handlers: dict[int, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
