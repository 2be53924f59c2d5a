"""Which device, and how many threads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from atmda.errors import SettingsError

if TYPE_CHECKING:
    import torch


def usable_cores() -> int:
    """Cores this process may use: affinity and container limits count, not what the machine has."""
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_devices() -> list[str]:
    """What torch can run on here, best first: cuda, then mps, then cpu."""
    import torch

    found = ["cuda"] if torch.cuda.is_available() else []
    found += ["mps"] if torch.backends.mps.is_available() else []
    return [*found, "cpu"]


def resolve_device(device: str = "auto") -> torch.device:
    """The device for a wish. Raises SettingsError, naming what there is, where it cannot be met."""
    import torch

    there = available_devices()
    kind = there[0] if device == "auto" else device
    if kind.split(":")[0] not in there:
        raise SettingsError(f"`device` {device} is not available here.", f"Available: auto, {', '.join(there)}.")
    return torch.device(kind)
