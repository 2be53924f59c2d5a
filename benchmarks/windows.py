"""Long recordings: windows a second beside separate files, what overlap costs, and memory however long they are.

    python benchmarks/windows.py speed [--source FOLDER] [--minutes 10] [--repeats 3] [--model compact]
    python benchmarks/windows.py memory [--source FOLDER] [--hours 1,24] [--window 10] [--hop 10] [--model compact]

FOLDER holds recordings that are laid end to end, as often as it takes, at 16 kHz (noise where none is given). `speed`
runs interleaved: files of 10 s, one recording of the same sound with `--window 10`, the same with a hop of 1 s; of each
the fastest. `memory` runs `atmda infer` on recordings of each length in processes of their own, and prints the most
memory that each had resident.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr

from atmda.core.types import FloatArray

RATE = 16_000
WINDOW = 10
LABELS = "dog bark,siren,car horn,children playing,drilling,street music,rain,wind,bird,engine"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "memory"))
    parser.add_argument("--source", type=Path)
    parser.add_argument("--model", default="compact")
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--hours", default="1,24")
    parser.add_argument("--window", default="10")
    parser.add_argument("--hop", default="10")
    parser.add_argument("--scratch", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        (speed if options.what == "speed" else memory)(options, Path(scratch))


def speed(options: argparse.Namespace, scratch: Path) -> None:
    """Windows a second, three ways, interleaved."""
    long, files = scratch / "long.wav", scratch / "files"
    files.mkdir()
    seconds = options.minutes * 60
    write(long, seconds, options.source)
    for place, block in enumerate(sf.blocks(long, RATE * WINDOW, dtype="float32")):
        sf.write(files / f"{place:05d}.wav", block, RATE)
    ways = {
        "separate files of 10 s": (files, ()),
        "--window 10": (long, ("--window", "10")),
        "--window 10 --hop 1": (long, ("--window", "10", "--hop", "1")),
    }
    best: dict[str, float] = {}
    for repeat in range(options.repeats):
        for name, (folder, words) in ways.items():
            began = time.perf_counter()
            atmda("embed", "--audio-folder", folder, *words, "--output", scratch / f"{repeat}{name}", options=options)
            best[name] = min(best.get(name, np.inf), time.perf_counter() - began)
    separate, apart, overlapping = best.values()
    for name, took in best.items():
        print(f"{name:24s} {took:7.2f} s for {seconds} s of sound")
    print(f"windows a second beside separate files: {separate / apart:.3f}")
    print(f"hop 1 s beside hop 10 s: {overlapping / apart:.2f} times as long")


def memory(options: argparse.Namespace, scratch: Path) -> None:
    """Most memory resident by length."""
    found = []
    for hours in options.hours.split(","):
        path = scratch / f"{hours}.wav"
        write(path, float(hours) * 3600, options.source)
        began = time.perf_counter()
        words = ("--labels", LABELS, "--window", options.window, "--hop", options.hop, "--modality", "audio", "--bg")
        output = scratch / f"{hours}.csv"
        most = atmda("infer", "--audio-folder", path, *words, "self", "--output", output, options=options)
        took = time.perf_counter() - began
        found.append(most)
        print(f"{hours:>5s} h: {most / 1e6:7.1f} MB resident at most, {took:7.1f} s", flush=True)
        path.unlink()
    print(f"the longest beside the shortest: {found[-1] / found[0]:.3f}")


def write(path: Path, seconds: float, source: Path | None) -> None:
    """A recording of that length, in 16 bits."""
    left = round(seconds * RATE)
    with sf.SoundFile(path, "w", RATE, 1, "PCM_16", format="RF64") as file:
        for block in sound(source):
            file.write(block[:left])
            left -= len(block[:left])
            if not left:
                return


def sound(source: Path | None) -> Iterator[FloatArray]:
    """Sound without end, in blocks at `RATE`."""
    if source is None:
        rng = np.random.default_rng(1)
        while True:
            yield (rng.standard_normal(RATE * WINDOW) * 0.05).astype(np.float32)
    for path in cycle(sorted(path for path in source.rglob("*.wav"))):
        samples, rate = sf.read(path, dtype="float32", always_2d=True)
        yield np.asarray(soxr.resample(samples.mean(axis=1), rate, RATE), np.float32)


def atmda(*words: object, options: argparse.Namespace) -> int:
    """Run a command as a user types it; bytes resident at most."""
    line = [sys.executable, "-m", "atmda", *map(str, words), "--model", options.model, "--quiet"]
    process = subprocess.Popen(line, env={**os.environ, "HF_HUB_OFFLINE": "1"}, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(line)} ended with {os.waitstatus_to_exitcode(status)}")
    return _bytes(used)


def _bytes(used: resource.struct_rusage) -> int:
    return used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
