"""LAION-CLAP here and in the official pipeline, side by side: `python benchmarks/clap.py [--json FILE]`.

Weights are random ones of the official architecture (630k fusion: HTSAT-tiny, RoBERTa), for which speed is the same.
The official package is re-enacted (`official_clap.py`), because it cannot be installed beside numpy 2: librosa's load,
one mel transform a clip, batches of 15 and of 60, gradients on. Where `--official-python` names an interpreter that has
the package, it runs as well, itself (`official_package.py`). Each pipeline is a process of its own, asked for one
round after the other in turn, so that a busy machine is busy for all of them; figures are medians, memory is the peak
of the process. Both wall time and processor time are given: on a shared machine the ratio of the latter is the fairer.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile as sf
import torch
from official_clap import OfficialTower, load, mel_fusion

from atmda.core.encoders import load_encoder
from atmda.core.encoders.clap.architecture import Architecture
from atmda.core.encoders.clap.audio_tower import AudioTower
from atmda.core.encoders.clap.checkpoint import open_checkpoint
from atmda.core.encoders.clap.precision import available_precisions
from atmda.core.encoders.clap.shapes import needed
from atmda.core.encoders.clap.text_tower import TextTower

ARCH = Architecture(96, (2, 2, 6, 2), (4, 8, 16, 32), True, text_layers=12, text_heads=12, vocabulary=50265)
GFLOP_A_CLIP = 11.8
HERE = Path(__file__).resolve()


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


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds of one run."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- one pipeline in a process of its own -----------------------------------------------------------------------------


def serve(kind: str, checkpoint: Path, threads: int, files: list[Path]) -> None:
    """Answers every line on stdin with one round over `files` as a line of JSON."""
    torch.set_num_threads(threads)
    if kind == "ours":
        encoder = load_encoder(str(checkpoint), data_dir=checkpoint.parent, device="cpu")

        def round_() -> np.ndarray:
            return encoder.embed_audio(files, num_workers=threads)
    else:
        size = int(kind.removeprefix("official"))
        tower = OfficialTower(open_checkpoint(checkpoint, []).weights)

        def round_() -> np.ndarray:
            parts = []
            for start in range(0, len(files), size):
                batch = [mel_fusion(load(path)) for path in files[start : start + size]]
                parts.append(tower.get_audio_embedding(batch).detach().numpy())
            return np.concatenate(parts)

    first = round_()[:2]
    print(json.dumps({"first": first.tolist()}), flush=True)
    for _ in sys.stdin:
        wall, cpu = timed(round_)
        print(json.dumps({"wall": wall, "cpu": cpu, "peak_mb": peak_mb()}), flush=True)


class Pipeline:
    def __init__(self, kind: str, checkpoint: Path, threads: int, folder: Path, official_python: str | None) -> None:
        self.kind = kind
        if official_python:
            files = map(str, sorted(folder.glob("*.wav")))
            package = str(HERE.with_name("official_package.py"))
            command = [official_python, package, str(checkpoint), str(threads), kind.removeprefix("package"), *files]
        else:
            command = [sys.executable, str(HERE), "--serve", kind, "--threads", str(threads)]
            command += ["--checkpoint", str(checkpoint), "--clips", str(folder)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": str(threads)},
        )
        self.first = np.array(self._answer()["first"])
        self.rounds: list[dict[str, float]] = []

    def _answer(self) -> dict:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the {self.kind} pipeline ended (out of memory?)")
        return json.loads(line)

    def round(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.rounds.append(self._answer())

    def close(self) -> dict[str, float]:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()
        return {key: statistics.median(each[key] for each in self.rounds) for key in self.rounds[0]}


def pipelines(
    checkpoint: Path, folder: Path, threads: int, rounds: int, batches: list[int], official_python: str | None
) -> dict:
    count = len(list(folder.glob("*.wav")))
    found: dict = {"files": count, "threads": threads}
    kinds = {"ours": None} | {f"official{n}": None for n in batches}
    if official_python:
        kinds |= {f"package{n}": official_python for n in batches}
    runs = [Pipeline(kind, checkpoint, threads, folder, python) for kind, python in kinds.items()]
    for run in runs[1:]:
        difference = float(np.abs(run.first - runs[0].first).max())
        assert difference < 1e-5, f"{run.kind} gives other embeddings ({difference})"
    for _ in range(rounds):
        for run in runs:
            run.round()
    for run in runs:
        found[run.kind] = run.close()
    for kind in list(kinds)[1:]:
        for clock in ("wall", "cpu"):
            # round by round, so that a slow minute of the machine counts on both sides
            ratios = [a[clock] / b[clock] for a, b in zip(_rounds(runs, kind), _rounds(runs, "ours"), strict=True)]
            found[f"{kind} / ours, {clock}"] = statistics.median(ratios)
    return found


def _rounds(runs: list[Pipeline], kind: str) -> list[dict[str, float]]:
    return next(run.rounds for run in runs if run.kind == kind)


# --- parts ------------------------------------------------------------------------------------------------------------


def tower(checkpoint: Path, rounds: int) -> dict:
    """The audio tower at batch 8 on one thread, against the rate of a square product just before and after."""
    torch.set_num_threads(1)
    weights, cpu = open_checkpoint(checkpoint, []).weights, torch.device("cpu")
    fp32 = AudioTower(weights, ARCH, cpu, torch.float32)
    bf16 = AudioTower(weights, ARCH, cpu, torch.bfloat16) if "bf16" in available_precisions(cpu) else None
    mels = [torch.randn(1001, 64, generator=torch.Generator().manual_seed(k)) * 10 - 40 for k in range(8)]
    square = torch.randn(1536, 1536)
    fp32(mels)
    shares, clip_ms, ratios = [], [], []
    for _ in range(rounds):
        before = timed(lambda: square @ square)[1]
        seconds = timed(lambda: fp32(mels))[1]
        after = timed(lambda: square @ square)[1]
        rate = 2 * 1536**3 / ((before + after) / 2)
        shares.append(GFLOP_A_CLIP * 1e9 * 8 / rate / seconds)
        clip_ms.append(seconds / 8 * 1e3)
        if bf16 is not None:
            ratios.append(seconds / timed(lambda: bf16(mels))[1])
    found = {
        "share of sgemm rate, median": statistics.median(shares),
        "quarter to three quarters": statistics.quantiles(shares, n=4)[::2] if rounds > 1 else shares,
        "processor ms a clip, median": statistics.median(clip_ms),
        "clips a second": 1e3 / statistics.median(clip_ms),
    }
    if bf16 is None:
        return found | {"bf16": "not measured: this processor has no bfloat16 arithmetic"}
    cosine = float((fp32(mels) * bf16(mels)).sum(-1).min())
    return found | {"bf16 times fp32": statistics.median(ratios), "bf16 cosine, lowest": cosine}


def text(checkpoint: Path, rounds: int, threads: int) -> dict:
    """The text tower: one prompt of 10 tokens, and 1,000 prompts of 7 to 12."""
    model = TextTower(open_checkpoint(checkpoint, []).weights, ARCH, torch.device("cpu"), torch.float32, threads)
    generator = np.random.default_rng(0)
    prompts = [[0, *generator.integers(3, 50_000, generator.integers(5, 11)).tolist(), 2] for _ in range(1000)]
    model(prompts[:10])
    single = [timed(lambda k=k: model([[0, *prompts[k][1:6], 9, 8, 7, 2]])) for k in range(max(20, rounds))]
    many = timed(lambda: model(prompts))
    wall, cpu = (statistics.median(clock) * 1e3 for clock in zip(*single, strict=True))
    return {
        "threads": threads,
        "one prompt, ms": {"wall": wall, "cpu": cpu},
        "1000 prompts, s": {"wall": many[0], "cpu": many[1]},
    }


def start(checkpoint: Path, clip: Path, rounds: int) -> dict:
    """From process start to the first embedding, with a converted checkpoint."""
    program = (
        "import sys; from atmda.core.encoders import load_encoder; "
        "e = load_encoder(sys.argv[1], data_dir=sys.argv[2]); e.embed_audio([sys.argv[3]])"
    )
    command = [sys.executable, "-c", program, str(checkpoint), str(checkpoint.parent), str(clip)]
    walls, cpus = [], []
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        wall = timed(lambda: subprocess.run(command, check=True))[0]
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        walls.append(wall)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {"wall s, median": statistics.median(walls), "cpu s, median": statistics.median(cpus)}


def long_run(checkpoint: Path, clips: list[Path], count: int, threads: int) -> dict:
    """Memory and speed over `count` clips: they must not grow or fall."""
    from atmda.core.embedding import embed_clips

    encoder = load_encoder(str(checkpoint), data_dir=checkpoint.parent, device="cpu")
    tenth = max(count // 10, 1)
    speeds, memory = [], []
    done, mark = 0, time.process_time()
    for unit in embed_clips(encoder, [clips[k % len(clips)] for k in range(count)], num_workers=threads):
        done += len(unit)
        if done >= tenth * (len(speeds) + 1):
            now = time.process_time()
            speeds.append(tenth / (now - mark))
            memory.append(_rss_mb())
            mark = now
    return {
        "clips": count,
        "MB after each tenth": memory,
        "clips a processor second in each tenth": speeds,
        "peak MB": peak_mb(),
    }


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default="tower,text,start,pipeline", help="and `long`")
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--batches", default="15,60", help="the official pipeline's")
    parser.add_argument("--official-python", help="an interpreter that has laion-clap")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--long-clips", type=int, default=5000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--checkpoint", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--clips", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve, given.checkpoint, given.threads, sorted(given.clips.glob("*.wav")))
        return
    found: dict = {"torch": torch.__version__, "cores": os.cpu_count(), "load": os.getloadavg()}
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, audio = Path(folder) / "clap.pt", Path(folder) / "clips"
        audio.mkdir()
        make_checkpoint(checkpoint)
        found["conversion, s (wall, cpu)"] = timed(lambda: open_checkpoint(checkpoint, []))
        clips = make_clips(audio, given.files)
        batches = [int(size) for size in given.batches.split(",")]
        parts = {
            "tower": lambda: tower(checkpoint, given.rounds),
            "text": lambda: text(checkpoint, given.rounds, given.threads),
            "start": lambda: start(checkpoint, clips[0], given.rounds),
            "pipeline": lambda: pipelines(
                checkpoint, audio, given.threads, given.rounds, batches, given.official_python
            ),
            "long": lambda: long_run(checkpoint, clips, given.long_clips, given.threads),
        }
        for name in given.parts.split(","):
            found[name] = parts[name]()
            print(json.dumps({name: found[name]}, indent=1), flush=True)
    found["load after"] = os.getloadavg()
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
