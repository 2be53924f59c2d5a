"""What the built-in encoder costs: `python benchmarks/compact.py [--rounds N]`.

- start: wall seconds of a whole process that embeds one clip, and until the embedding is there.
- rate: clips of 10 s a second on one and on two workers, in turn, from arrays at 16 kHz and from WAV files at 44.1 kHz;
  beside it what two processes that share nothing gain on this machine at that moment, 2 at best.
- long: the largest memory of a process that embeds ten minutes, and of one that embeds an hour.
- with `--against FOLDER`, a checkout of another edition: its rate from arrays on one worker, in turn with this one's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile as sf

SECONDS = 10
FIRST = """
import resource, sys, time
import atmda
atmda.load_encoder("compact").embed_audio([sys.argv[2]])
print(time.time() - float(sys.argv[1]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
RATE = """
import sys, time
import soundfile as sf
import atmda
workers, kind, *files = sys.argv[1:]
clips = files if kind == "files" else [(sf.read(f, dtype="float32")[0][::3][:160_000], 16_000) for f in files]
encoder = atmda.load_encoder("compact")
encoder.embed_audio(clips[:8])
begun = time.perf_counter()
encoder.embed_audio(clips, num_workers=int(workers))
print(len(clips) / (time.perf_counter() - begun))
"""


def answers(program: str, *words: object, processes: int = 1, checkout: Path | None = None) -> list[float]:
    """The numbers that each of so many processes prints, all begun at once; by the atmda of `checkout`, or by ours."""
    command = [sys.executable, "-c", program, *map(str, words)]
    environment = os.environ | ({"PYTHONPATH": str(checkout)} if checkout else {})
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=checkout)
        for _ in range(processes)
    ]
    return [float(line) for process in running for line in process.communicate()[0].splitlines()]


def peak_mb(seconds: int, folder: Path) -> float:
    """The largest memory of a process that embeds a recording of that length, in MB."""
    path = folder / f"{seconds}.flac"
    with sf.SoundFile(path, "w", 16_000, 1) as file:
        for second in range(seconds):
            file.write(np.random.default_rng(second).standard_normal(16_000) * 0.1)
    return answers(FIRST, time.time(), path)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--against", type=Path, help="a checkout of another edition, to be measured in turn")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = [folder / f"{index}.wav" for index in range(given.clips)]
        for index, clip in enumerate(clips):
            sf.write(clip, np.random.default_rng(index).standard_normal(44_100 * SECONDS) * 0.1, 44_100)
        first, whole = [], []
        for _ in range(given.rounds):
            begun = time.time()
            first.append(answers(FIRST, begun, clips[0])[0])
            whole.append(time.time() - begun)
        print(
            f"start: {statistics.median(first):.2f} s to the first embedding, {statistics.median(whole):.2f} s in all"
        )
        for kind in ("arrays", "files"):
            one, two, both = [], [], []
            for _ in range(given.rounds):
                one += answers(RATE, 1, kind, *clips)
                two += answers(RATE, 2, kind, *clips)
                both.append(sum(answers(RATE, 1, kind, *clips, processes=2)))
            gain = statistics.median(b / a for a, b in zip(one, two, strict=True))
            possible = statistics.median(b / a for a, b in zip(one, both, strict=True))
            rates = f"{statistics.median(one):.1f} clips a second on one worker, {statistics.median(two):.1f} on two"
            print(f"{kind}: {rates}: {gain:.2f} times (two processes: {possible:.2f} times)")
        if given.against is not None:
            other = given.against.resolve()
            pairs = [
                (answers(RATE, 1, "arrays", *clips)[0], answers(RATE, 1, "arrays", *clips, checkout=other)[0])
                for _ in range(given.rounds)
            ]
            ratio = statistics.median(ours / theirs for ours, theirs in pairs)
            print(f"arrays, one worker: {ratio:.2f} times the clips a second of {given.against}")
        print(f"long: {peak_mb(600, folder):.0f} MB for ten minutes, {peak_mb(3600, folder):.0f} MB for an hour")


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    main()
