"""What long scenes cost: `python benchmarks/long_scenes.py --data-dir DIR --scratch DIR [--hours 0.25 1 24]`.

For each length one scene on one worker, in a process of its own: wall and CPU seconds for an hour of sound, and the
largest memory of the process. DIR holds the data sets below input/; 24 hours take 7.6 GB of scratch.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--hours", type=float, nargs="+", default=[0.25, 1.0, 24.0])
    options = parser.parse_args()
    for hours in sorted(options.hours):  # the largest memory is that of all processes so far
        output = options.scratch / "scene"
        flags = ["--data-dir", options.data_dir, "--output", output, "--scene-duration", 3600 * hours]
        words = [*flags, "--n-scenes", 1, "--num-workers", 1, "--quiet", "--json"]
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        command = [sys.executable, "-m", "atmda", "augment", *map(str, words)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - begun
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        memory = after.ru_maxrss / 1024
        print(f"{hours:g} h: {wall / hours:.1f} s wall, {cpu / hours:.1f} s CPU an hour of sound; {memory:.0f} MB")
        shutil.rmtree(output)


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    main()
