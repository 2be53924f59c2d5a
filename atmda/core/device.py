"""Which device, how many threads, and how much memory there is."""

from __future__ import annotations

import os
from pathlib import Path
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


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an accelerator's memory ran out. CUDA has a class of error for it; MPS and cuBLAS have a sentence."""
    import torch

    told = ("MPS backend out of memory", "CUBLAS_STATUS_ALLOC_FAILED")
    return isinstance(error, torch.cuda.OutOfMemoryError) or any(words in str(error) for words in told)


def give_back_memory(device: torch.device) -> None:
    """Return what torch keeps of an accelerator's memory for later, so that larger pieces can be had of it."""
    import torch

    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def cpu_facts() -> dict[str, str]:
    """What Linux tells of the CPU, by its names for it ("flags", "model", on ARM "Features"); {} elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text("ascii", "replace").splitlines()
    except OSError:
        return {}
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines) if value}


def available_memory() -> int | None:
    """Bytes that programs can still take without others being moved to disk; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    found = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return None if found is None else 1024 * int(found)
