"""Rebuild the built-in encoder's weights from recordings and teacher with one command:

    python training/rebuild.py --data train-audio --teacher teacher --cache build/compact

Processes of one thread each, two at a time on two cores: they make the bank together, then the text table, the profiles
of places and the student. Needs what `training/requirements.txt` names. What is found in the cache is not made again.
Kernels differ between machines, so the weights are the same to rounding only on the same machine.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from options import options

HERE = Path(__file__).parent
WEIGHTS = HERE.parent / "atmda" / "core" / "encoders" / "weights" / "compact.safetensors"


def script(name: str, *arguments: object) -> subprocess.Popen[bytes]:
    """Start a script of this folder on one thread, with memory kept between steps rather than given back."""
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": str(HERE.parent),
        "MALLOC_MMAP_THRESHOLD_": "33554432",
        "MALLOC_TRIM_THRESHOLD_": "4000000000",
    }
    return subprocess.Popen([sys.executable, str(HERE / name), *map(str, arguments)], env=environment)


def finish(process: subprocess.Popen[bytes]) -> None:
    if process.wait():
        raise SystemExit(f"{process.args[1]} failed")  # type: ignore[index]


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the student's")
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    a = parser.parse_args()
    a.cache.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))  # so that those below end as well
    given = ("--data", a.data, "--teacher", a.teacher, "--cache", a.cache)
    first = script("bank.py", *given, "--part", "0/2"), script("bank.py", *given, "--part", "1/2")
    then: tuple[subprocess.Popen[bytes], ...] = ()
    try:
        for process in first:
            finish(process)
        text = script("train_text.py", "--cache", a.cache, "--teacher", a.teacher)
        then = script("train_student.py", "--cache", a.cache, "--seed", a.seed), text
        finish(text)
        finish(script("places.py", *given))
        finish(then[0])
    finally:
        for process in (*first, *then):
            process.terminate()
    model = a.cache / f"student-{a.seed}.pt"
    finish(script("pack.py", "--cache", a.cache, "--student", model, "--output", a.output))


if __name__ == "__main__":
    main()
