"""LAION-CLAP here and in the official pipeline, side by side: `python benchmarks/clap.py [--json FILE]`.

Weights are random ones of the official architecture (630k fusion: HTSAT-tiny, RoBERTa), for which speed is the same.
The official package is re-enacted (`official_clap.py`), because it cannot be installed beside numpy 2: librosa's load,
one mel transform a clip, batches of 15 and of 60, gradients on. Where `--official-python` names an interpreter that has
the package, it runs itself instead (`official_package.py`). All run in turn, each in a process of its own
(`clap_processes.py`), and must give the same embeddings; figures are medians, memory is the peak of the process (60
files at once take the package 12.5 GB). Both wall time and processor time are given: on a shared machine the ratio of
the latter is the fairer. Where the processor has bfloat16 arithmetic, `--precision bf16` is measured beside fp32.
`--parts editions --against CHECKOUT` measures another edition's towers in turn with this one's, from arrays and files.
`--parts device --device cuda` measures an accelerator: clips a second, and the share of the card's rate of products.
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
import torch
from clap_editions import editions
from clap_inputs import ARCH, PRECISIONS, flop_a_clip, make_checkpoint, make_clips, make_prompts, peak_mb, timed
from clap_processes import LEAST_COSINE, TOWER_BATCH, TOWER_BATCHES, Contestant, cosine, take_turns

from atmda.core.audio import open_audio
from atmda.core.embeddings.engine import embed_clips
from atmda.core.encoders import load_encoder
from atmda.core.encoders.clap.checkpoint import open_checkpoint
from atmda.core.encoders.clap.precision import DTYPES, available_precisions
from atmda.core.encoders.clap.text_tower import TextTower


def tower(checkpoint: Path, folder: Path, rounds: int) -> dict:
    """The audio tower at batch 8 on one thread, against the rate of square products just before and after: torch's own
    (MKL) and oneDNN's, which is the faster by far where MKL stops at AVX2."""
    towers = {name: Contestant(f"tower {name}", checkpoint, 1, folder) for name in PRECISIONS}
    take_turns(list(towers.values()), rounds)
    found: dict = {}
    exact, clips = towers["fp32"], TOWER_BATCH * TOWER_BATCHES
    for name in ("torch.mm", "oneDNN"):
        rates = [each[f"rate of {name}"] for each in exact.rounds]
        work = flop_a_clip() * clips
        shares = [work / rate / each["cpu"] for rate, each in zip(rates, exact.rounds, strict=True)]
        found[f"GFLOP/s of {name}"] = statistics.median(rates) / 1e9
        found[f"share of the rate of {name}: quartiles"] = statistics.quantiles(shares, n=4)
    if "bf16" in towers:
        found["fp32 takes so many times as long as bf16"] = exact.times(towers["bf16"], "cpu")
        found["the same of their best rounds"] = exact.least("cpu") / towers["bf16"].least("cpu")
        found["bf16 cosine, lowest"] = cosine(towers["bf16"], exact)
    best = max(each[f"rate of {name}"] for each in exact.rounds for name in ("torch.mm", "oneDNN"))
    found["best rate of products, GFLOP/s"] = best / 1e9
    found["share of it of fp32's best round"] = flop_a_clip() * clips / exact.least("cpu") / best
    for name, each in towers.items():
        found[f"{name}, processor ms a clip, best round"] = each.least("cpu") / clips * 1e3
        found[f"{name}, processor ms a clip"] = each.close()["cpu"] / clips * 1e3
    return found


def pipelines(
    checkpoint: Path, folder: Path, threads: int, rounds: int, batches: list[int], official_python: str | None
) -> dict:
    """From WAV files to embeddings."""
    ours = [Contestant(f"ours {name}", checkpoint, threads, folder) for name in PRECISIONS]
    name = "package" if official_python else "official"
    theirs = [Contestant(f"{name}{n}", checkpoint, threads, folder, official_python) for n in batches]
    for each in theirs:
        difference = float(np.abs(each.first[:2] - ours[0].first[:2]).max())
        assert difference < 1e-5, f"{each.kind} gives other embeddings ({difference})"
    for each in ours[1:]:
        assert cosine(each, ours[0]) > LEAST_COSINE, f"{each.kind} gives other embeddings"
    take_turns(ours + theirs, rounds)
    found: dict = {"files": len(list(folder.glob("*.wav"))), "threads": threads}
    for clock in ("wall", "cpu"):
        for own in ours:
            found |= {f"{other.kind} / {own.kind}, {clock}": other.times(own, clock) for other in theirs}
    return found | {each.kind: each.close() for each in ours + theirs}


def text(checkpoint: Path, rounds: int, threads: int) -> dict:
    """The text tower: one prompt of 10 tokens, and 1,000 prompts of 7 to 12."""
    weights = open_checkpoint(checkpoint, []).weights
    prompts = make_prompts(1000)
    found: dict = {"threads": threads}
    vectors = {}
    for name in PRECISIONS:
        model = TextTower(weights, ARCH, torch.device("cpu"), DTYPES[name], threads)
        vectors[name] = model(prompts[:100])
        singles = [[0, *prompt[1:6], 9, 8, 7, 2] for prompt in prompts[: max(20, rounds)]]
        single = [timed(lambda ids=ids, model=model: model([ids])) for ids in singles]
        many = [timed(lambda model=model: model(prompts)) for _ in range(max(1, rounds // 3))]
        for what, runs, unit in (("one prompt, ms", single, 1e3), ("1000 prompts, s", many, 1)):
            clocks = zip(("wall", "cpu"), zip(*runs, strict=True), strict=True)
            found[f"{name}, {what}"] = {clock: statistics.median(times) * unit for clock, times in clocks}
    if "bf16" in vectors:
        found["bf16 cosine, lowest"] = float((vectors["fp32"] * vectors["bf16"]).sum(-1).min())
    return found


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


def accelerator(checkpoint: Path, name: str, clips: list[Path], rounds: int) -> dict:
    """Clips a second on `name` in each precision it has, the towers alone and from files, and the share of its rate.

    The rate is that of a square product of 8,192 rows in the same precision, in the same process.
    """
    device = torch.device(name)
    found: dict = {"device": torch.cuda.get_device_name(device) if device.type == "cuda" else name}
    for precision in available_precisions(device):
        encoder = load_encoder(str(checkpoint), data_dir=checkpoint.parent, device=name, precision=precision)
        mels = [mel for clip in clips for mel in encoder.features(open_audio(clip))]
        square = torch.randn(8192 if device.type != "cpu" else 1024, 8192 if device.type != "cpu" else 1024)
        square = square.to(device, DTYPES[precision])
        products = [_waited(device, lambda square=square: square @ square) for _ in range(rounds + 1)][1:]
        towers = [_waited(device, lambda encoder=encoder, mels=mels: encoder.encode(mels)) for _ in range(rounds + 1)]
        files = [_waited(device, lambda encoder=encoder: encoder.embed_audio(clips)) for _ in range(rounds)]
        rate = 2 * len(square) ** 3 / statistics.median(products)
        seconds = statistics.median(towers[1:])
        found[precision] = {
            "clips a second, towers": len(mels) / seconds,
            "share of the rate of products": flop_a_clip() * len(mels) / seconds / rate,
            "TFLOP/s of products": rate / 1e12,
            "clips a second, from files": len(clips) / statistics.median(files),
        }
    return found


def _waited(device: torch.device, run: Callable[[], object]) -> float:
    """Wall seconds of a run, to the end of what it left on the device."""
    begun = time.perf_counter()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
    return time.perf_counter() - begun


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default="tower,text,start,pipeline", help="and `long`, `device`, `editions`")
    parser.add_argument("--device", default="cuda", help="of the part `device`: cuda, mps, cpu")
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--batches", default="15,60", help="the official pipeline's")
    parser.add_argument("--against", type=Path, help="a checkout of another edition, for the part `editions`")
    parser.add_argument("--official-python", help="an interpreter that has laion-clap")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--long-clips", type=int, default=5000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found: dict = {"torch": torch.__version__, "cores": os.cpu_count(), "load": os.getloadavg()}
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, audio = Path(folder) / "clap.pt", Path(folder) / "clips"
        audio.mkdir()
        make_checkpoint(checkpoint)
        found["conversion, s (wall, cpu)"] = timed(lambda: open_checkpoint(checkpoint, []))
        clips = make_clips(audio, given.files)
        batches = [int(size) for size in given.batches.split(",")]
        parts = {
            "tower": lambda: tower(checkpoint, audio, given.rounds),
            "text": lambda: text(checkpoint, given.rounds, given.threads),
            "start": lambda: start(checkpoint, clips[0], given.rounds),
            "pipeline": lambda: pipelines(
                checkpoint, audio, given.threads, given.rounds, batches, given.official_python
            ),
            "editions": lambda: editions(
                checkpoint, audio, given.threads, given.rounds, batches[0], given.against.resolve()
            ),
            "device": lambda: accelerator(checkpoint, given.device, clips, given.rounds),
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
