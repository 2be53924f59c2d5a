"""Long recordings: windows a second beside separate files, what overlap costs, and memory however long they are.

    python benchmarks/windows.py speed [--source FOLDER] [--minutes 10] [--repeats 3] [--model compact]
    python benchmarks/windows.py memory [--source FOLDER] [--hours 1,24] [--window 10] [--hop 10] [--model compact]
    python benchmarks/windows.py sharing [--source FOLDER] [--minutes 10]

FOLDER holds recordings that are laid end to end, as often as it takes, at 16 kHz (noise where none is given). `speed`
runs interleaved: files of 10 s, one recording of the same sound with `--window 10`, the same with a hop of 1 s; of each
the fastest. `memory` runs `atmda infer` on recordings of each length in processes of their own, and prints the most
memory that each had resident. `sharing` compares windows whose patches the built-in encoder shares with the same ones
embedded one by one: cosines of their embeddings, and how many have the same label of ten; and, to judge that by, the
latter with windows that begin 0.1 s later.
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

from atmda.core.audio.cut import Cut
from atmda.core.clip import Clip
from atmda.core.embeddings.windows import embed_windows
from atmda.core.encoders import load_encoder
from atmda.core.methods.prompts import ensemble
from atmda.core.types import FloatArray

RATE = 16_000
WINDOW = 10
LABELS = "dog bark,siren,car horn,children playing,drilling,street music,rain,wind,bird,engine"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "memory", "sharing"))
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
        {"speed": speed, "memory": memory, "sharing": sharing}[options.what](options, Path(scratch))


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


def sharing(options: argparse.Namespace, scratch: Path) -> None:
    """How far sharing moves embeddings and labels."""
    encoder = load_encoder("compact")
    path = scratch / "long.wav"
    write(path, options.minutes * 60, options.source)
    samples, _ = sf.read(path, dtype="float32")
    anchors = ensemble(encoder.embed_text, LABELS.split(","), ())
    for window, hop in ((10, 1), (5, 1), (3, 1.5), (2, 0.5)):
        stretches = embed_windows(encoder, iter([Clip(path, "long")]), Cut.of(window, hop))
        found = [pair for stretch in stretches for pair in stretch.windows]
        shared = np.stack([result.embedding for _, result in found if result.embedding is not None])
        spans = [(clip.start or 0.0, clip.end or 0.0) for clip, _ in found]
        alone, later = (
            encoder.embed_audio([(samples[round((a + by) * RATE) : round((b + by) * RATE)], RATE) for a, b in spans])
            for by in (0.0, 0.1)
        )
        print(f"window {window} s, hop {hop} s, {len(found)} windows: ", end="")
        print(f"shared {agreement(shared, alone, anchors)}; later {agreement(alone, later, anchors)}", flush=True)


def agreement(one: FloatArray, other: FloatArray, anchors: FloatArray) -> str:
    cosines = (one * other).sum(axis=1)
    same = np.mean((one @ anchors.T).argmax(axis=1) == (other @ anchors.T).argmax(axis=1))
    return f"cosine {cosines.mean():.3f} (lowest {cosines.min():.3f}), the same label in {same:.1%}"


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
