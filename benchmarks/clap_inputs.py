"""What LAION-CLAP's benchmarks run on: weights, recordings, clocks."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import soundfile as sf
import torch
from torch.utils.flop_counter import FlopCounterMode

from atmda.core.encoders.clap.architecture import Architecture
from atmda.core.encoders.clap.audio_tower import AudioTower
from atmda.core.encoders.clap.precision import available_precisions
from atmda.core.encoders.clap.shapes import needed

#: the 630k fusion checkpoints
ARCH = Architecture(96, (2, 2, 6, 2), (4, 8, 16, 32), True, text_layers=12, text_heads=12, vocabulary=50265)
PRECISIONS = [name for name in ("fp32", "bf16") if name in available_precisions(torch.device("cpu"))]


def make_checkpoint(path: Path) -> None:
    """An official-looking checkpoint with random weights."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for key, shape in needed(ARCH).items():
        scale = 1 / max(1, np.prod(shape[1:])) ** 0.5 if len(shape) > 1 else 0.1
        tensor = torch.randn(shape, generator=generator) * scale
        state["module." + key] = tensor.abs() + 1 if key.endswith("running_var") else tensor
    torch.save({"epoch": 1, "name": "benchmark", "state_dict": state, "optimizer": {}}, path)


def make_clips(folder: Path, count: int) -> list[Path]:
    """Recordings of 10 s at 44.1 kHz: noise that swells, so that nothing is silent or trivial."""
    paths = []
    for index in range(count):
        generator = np.random.default_rng(index)
        swell = np.interp(np.arange(441_000), np.linspace(0, 441_000, 20), generator.random(20))
        paths.append(folder / f"{index:04d}.wav")
        sf.write(paths[-1], generator.standard_normal(441_000) * 0.1 * swell, 44_100)
    return paths


def make_prompts(count: int) -> list[list[int]]:
    """Prompts of 7 to 12 tokens."""
    generator = np.random.default_rng(0)
    return [[0, *generator.integers(3, 50_000, generator.integers(5, 11)).tolist(), 2] for _ in range(count)]


@cache
def flop_a_clip() -> int:
    """Operations of the audio tower's products for a clip: counted on torch's `meta` device, by shapes alone."""
    meta = torch.device("meta")
    weights = {name: torch.zeros(()).expand(shape) for name, shape in needed(ARCH).items()}
    with FlopCounterMode(display=False) as counter:
        AudioTower(weights, ARCH, meta, torch.float32)([torch.empty(1001, 64, device=meta)])
    return int(counter.get_total_flops())


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds of one run."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
