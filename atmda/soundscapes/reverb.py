"""The reverb of the original release: sox's, which colours every file even at 0."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np

from atmda.core.types import FloatArray
from atmda.errors import AtmdaError


def require_sox() -> str:
    """Path of the sox program. Raises AtmdaError where there is none."""
    found = shutil.which("sox")
    if found is None:
        raise AtmdaError(
            "`original_reverb` needs the sox program, which is not installed.", "Install sox, or go without."
        )
    return found


def reverberate(samples: FloatArray, sample_rate: int, reverberance: float) -> FloatArray:
    """`samples` (n,) through sox's reverb as scaper applies it; `reverberance` in [0, 1], where 0 still colours."""
    raw = ["-t", "f32", "-r", str(sample_rate), "-c", "1", "-"]
    effect = ["reverb", f"{100 * reverberance:g}", "50", "100", "100", "0", "0"]
    command = [require_sox(), "-D", *raw, "-t", "f32", "-c", "1", "-", *effect]
    ran = subprocess.run(command, input=samples.astype("<f4").tobytes(), capture_output=True, check=False)
    result = np.frombuffer(ran.stdout, "<f4").astype(np.float32)
    if ran.returncode != 0 or len(result) != len(samples):
        said = ran.stderr.decode(errors="replace").strip().splitlines()
        raise AtmdaError(f"sox could not apply its reverb ({said[-1] if said else 'no reason given'}).")
    return result
