"""What a cluster costs the driver, and what a second worker gains.

    python benchmarks/cluster.py memory [--count 1000000] [--scratch DIR]
    python benchmarks/cluster.py speed [--clips 32] [--rounds 2] [--scratch DIR]

memory: resident size of the driver while a list of `count` recordings is embedded by workers that do nothing but write
their shards (8 numbers a recording), and while the same command finds that all is done.
speed: one and two Ray workers of one thread each, on an encoder of LAION-CLAP's size with random weights and recordings
of 10 s; the time is that of the work, with workers ready. Rounds take turns; the load of the machine is shown.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from atmda.core.embeddings.handing_out import Ended
from atmda.core.embeddings.manifest import Manifest, Shard
from atmda.core.embeddings.schema import as_arrow
from atmda.core.embeddings.shards import write_shard
from atmda.core.embeddings.store import EmbeddingStore
from atmda.core.embeddings.units import Unit
from atmda.datasets.listed import load_listed
from atmda.settings.embed import EmbedSettings
from atmda.tasks import embed
from atmda.tasks.embed_ray import _Fill, everywhere
from atmda.tasks.observer import Observer
from atmda.tasks.unit_worker import Place, Written

DIM = 8


def resident_mb() -> float:
    """Of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Writers:
    """A crew of workers that write shards of nothing, at once."""

    def __init__(self) -> None:
        self._units: list[Unit] = []
        self.sizes: list[float] = []

    def writes_to(self, place: Place) -> None:
        self._place = place

    def free(self) -> int:
        return 4 - len(self._units)

    def give(self, unit: Unit) -> None:
        self._units.append(unit)

    def ended(self) -> Sequence[Ended[Written]]:
        unit = self._units.pop(0)
        file = self._place.folder / f".tmp-0-{self._place.part}-{unit.number:05d}.parquet"
        rows = np.full((len(unit.items), DIM), unit.number, np.float32)
        digest = write_shard(file, as_arrow(unit.items, list(rows), DIM), self._place.maker, {}, self._place.wanted)
        self.sizes.append(resident_mb())
        return [Ended(unit, Written(file, Shard(len(rows), digest)))]


def memory(count: int, scratch: Path) -> None:
    table = scratch / "list.parquet"
    listing = {"path": [f"site-{k % 40:02}/2026-07/{k:08}.flac" for k in range(count)], "label": ["rain"] * count}
    pq.write_table(pa.table(listing), table)
    child = [sys.executable, __file__, "memory-of", str(count), "--scratch", str(scratch)]
    for _ in ("all to do", "all done"):
        subprocess.run(child, check=True)


def memory_of(scratch: Path) -> None:
    """In a process that has seen nothing else: what the driver does, with `Writers` for a crew."""
    begin = resident_mb()
    data = load_listed(scratch / "list.parquet")
    listed = resident_mb()
    settings = EmbedSettings(files=scratch / "list.parquet", output=scratch / "store")
    store = EmbeddingStore.open(scratch / "store", Manifest({"encoder": "none"}, DIM, data.name, data.labels))
    crew, began = Writers(), time.perf_counter()
    done = _Fill(settings, crew, Observer()).clips(data, store)  # type: ignore[arg-type]
    took = time.perf_counter() - began
    marks = [crew.sizes[round(share * (len(crew.sizes) - 1))] for share in (0.1, 0.5, 1)] if crew.sizes else []
    at = ", ".join(f"{size:.0f}" for size in marks)
    units = f"; after 10, 50 and 100 % of {len(crew.sizes)} units {at}" if marks else ""
    print(
        f"{done.clips} clips, {took:.0f} s: {begin:.0f} MB with nothing, {listed:.0f} with the list{units}; "
        f"{resident_mb():.0f} at the end",
        flush=True,
    )


def speed(count: int, rounds: int, scratch: Path) -> None:
    from clap_inputs import make_checkpoint, make_clips

    make_checkpoint(scratch / "clap.pt")
    (scratch / "in").mkdir()
    make_clips(scratch / "in", count)
    found: dict[int, list[float]] = {1: [], 2: []}
    for round_ in range(rounds):
        for workers in (1, 2):
            command = [sys.executable, __file__, "speed-of", str(workers), "--scratch", str(scratch)]
            told = json.loads(
                subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
            )
            found[workers].append(told["clips"] / told["seconds"])
            print(
                f"round {round_ + 1}, {workers} worker(s): {found[workers][-1]:.2f} clips/s, "
                f"driver {told['driver']:.0f} MB, load {told['load']:.1f}",
                flush=True,
            )
    ratios = [two / one for one, two in zip(found[1], found[2], strict=True)]
    print(
        f"two workers are {statistics.median(ratios):.2f} times one (rounds: {', '.join(f'{r:.2f}' for r in ratios)})"
    )


def speed_of(workers: int, scratch: Path) -> None:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    from atmda.datasets import load_folder
    from atmda.tasks.ray_crew import RayCrew

    ray.init(address="local", num_cpus=workers, include_dashboard=False, object_store_memory=100 << 20)
    embed.SHARD_CLIPS = 2
    settings = EmbedSettings(audio_folder=str(scratch / "in"), model=str(scratch / "clap.pt"), num_workers=1)
    data = load_folder(str(scratch / "in"))
    crew = RayCrew(ray, everywhere(settings))
    while crew.free() < workers:
        crew.ended()
    maker = Manifest(crew.facts.identity, crew.facts.dim, data.name, data.labels)
    for place in ("warm", "timed"):
        part = replace(data, clips=data.clips[: 2 * workers]) if place == "warm" else data
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            store = EmbeddingStore.open(Path(folder) / "store", maker)
            began = time.perf_counter()
            done = _Fill(settings, crew, Observer()).clips(part, store)
            seconds = time.perf_counter() - began
    told = {"clips": done.clips, "seconds": seconds, "driver": resident_mb(), "load": os.getloadavg()[0]}
    ray.shutdown()
    print(json.dumps(told), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("memory", "speed", "memory-of", "speed-of"))
    parser.add_argument("number", type=int, nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--clips", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--scratch", type=Path)
    options = parser.parse_args()
    if options.what.endswith("-of"):
        memory_of(options.scratch) if options.what == "memory-of" else speed_of(options.number, options.scratch)
        return
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        if options.what == "memory":
            memory(options.count, Path(scratch))
        else:
            speed(options.clips, options.rounds, Path(scratch))


if __name__ == "__main__":
    main()
