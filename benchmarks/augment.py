"""What `atmda augment` costs, and whether it keeps its promises at full size.

    python benchmarks/augment.py --data-dir DIR [--scratch DIR] [--scaper-python PYTHON] [--kills]

DIR holds input/urbansound8k and input/tau2019uas (the small real sets do). Measured, each run a process of its own:

- cost: CPU milliseconds a soundscape with 1 worker, beside reading both sources and writing the file alone;
  the runs alternate and the median counts, so that a busy machine disturbs all of them alike.
- speed-up: wall time of 1 worker over wall time of 2; beside it what two independent processes gain on this machine
  at that moment, which is 2 only where both cores are idle. Give a --scratch in memory (/dev/shm): on ext4 a new file
  took a millisecond for some seconds after the files of the run before were deleted.
- memory: the largest resident size of the parent plus that of every worker.
- scaper, where --scaper-python names an interpreter that has it: the same soundscapes from the same JAMS.
- --kills: 8,732 soundscapes (the clips repeated by links) in one run that is killed three times and resumed, against
  one that is left alone: complete, and the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FULL = 8732

SCAPER = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import scaper
files, fg, bg, out = json.loads(sys.stdin.read())
scaper.generate_from_jams(files[0], out, fg_path=fg, bg_path=bg)
begun = time.process_time()
for name in files:
    scaper.generate_from_jams(name, out, fg_path=fg, bg_path=bg)
print(1000 * (time.process_time() - begun) / len(files))
"""

FLOOR = """
import json, sys, time
import numpy as np, soundfile as sf
pairs, out = json.loads(sys.stdin.read())
silence = np.random.default_rng(0).standard_normal(441000).astype(np.float32) * 0.01
begun = time.process_time()
for event, background in pairs:
    sf.read(event, dtype="float32")
    sf.read(background, dtype="float32")
    sf.write(out, silence, 44100, subtype="PCM_16")
print(1000 * (time.process_time() - begun) / len(pairs))
"""


BUSY = """
import time
import numpy as np
samples, small = np.zeros(441000, np.float32), np.ones((64, 48))
begun = time.perf_counter()
for _ in range(1000):
    for _ in range(30):
        small @ small.T
    np.rint(samples, out=samples)
print(time.perf_counter() - begun)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--scratch", type=Path)
    parser.add_argument("--scaper-python")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--n-soundscapes", type=int, default=4, help="for each clip")
    parser.add_argument("--kills", action="store_true")
    parser.add_argument("--no-cost", action="store_true", help="only --kills")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        if not options.no_cost:
            cost(options, Path(scratch))
        if options.kills:
            kills(options, Path(scratch))


def cost(options: argparse.Namespace, scratch: Path) -> None:
    measured: dict[str, list[float]] = {name: [] for name in ("floor", "cpu", "wall 1", "wall 2", "cpu 2", "scaper")}
    sizes, possible = [], []
    for _ in range(options.repeats):
        one, two = scratch / "one", scratch / "two"
        first = augment(options.data_dir, one, options.n_soundscapes, 1)
        second = augment(options.data_dir, two, options.n_soundscapes, 2)
        records = [json.loads(line) for line in (one / "manifest.jsonl").read_text().splitlines()]
        count = len(records)
        measured["cpu"].append(1000 * first["cpu"] / count)
        measured["cpu 2"].append(1000 * second["cpu"] / count)
        measured["wall 1"].append(first["wall"])
        measured["wall 2"].append(second["wall"])
        sizes.append(max(first["memory"], second["memory"]))
        possible.append(two_at_once())
        measured["floor"].append(floor(options.data_dir, records[:200], scratch))
        if options.scaper_python:
            measured["scaper"].append(scaper(options, one, records[:20], scratch))
        shutil.rmtree(one)
        shutil.rmtree(two)
    middle = {name: statistics.median(values) for name, values in measured.items() if values}
    ratio = statistics.median(a / b for a, b in zip(measured["wall 1"], measured["wall 2"], strict=True))
    print(f"{count} soundscapes, median of {options.repeats} (least):")
    for name, values in measured.items():
        if values and not name.startswith("wall"):
            print(f"  {name:8} {middle[name]:7.2f} CPU ms a soundscape ({min(values):.2f})")
    print(f"  1 worker {middle['wall 1']:.1f} s, 2 workers {middle['wall 2']:.1f} s: {ratio:.2f} times faster")
    print(f"  (two independent processes: {statistics.median(possible):.2f} times)")
    print(f"  memory   {max(sizes):.0f} MB, parent and workers together")


def augment(data_dir: Path, output: Path, n_soundscapes: int, workers: int) -> dict[str, float]:
    """One run of the command: CPU and wall seconds, MB of parent and workers."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    process = subprocess.Popen(command(data_dir, output, n_soundscapes, workers))
    memory = 0.0
    while process.poll() is None:
        memory = max(memory, resident(process.pid))
        time.sleep(0.1)
    assert process.returncode == 0, process.returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": time.monotonic() - begun, "cpu": cpu, "memory": memory}


def command(data_dir: Path, output: Path, n_soundscapes: int, workers: int) -> list[str]:
    flags = {"--data-dir": data_dir, "--output": output, "--n-soundscapes": n_soundscapes, "--num-workers": workers}
    given = [str(word) for pair in flags.items() for word in pair]
    return [sys.executable, "-m", "atmda", "augment", "--quiet", "--json", *given]


def resident(pid: int) -> float:
    """MB that a process and its children hold now (Linux; 0 elsewhere); what they share is counted once for each."""
    total = 0.0
    pending = [pid]
    while pending:
        one = pending.pop()
        try:
            status = Path(f"/proc/{one}/status").read_text()
            pending += [int(child) for child in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
        except OSError:
            continue
        total += sum(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))
    return total


def floor(data_dir: Path, records: list[dict[str, str]], scratch: Path) -> float:
    inputs = data_dir / "input"
    pairs = [
        [str(inputs / "urbansound8k" / r["foreground"]), str(inputs / "tau2019uas" / r["background"])] for r in records
    ]
    return timed([sys.executable, "-c", FLOOR], [pairs, str(scratch / "floor.wav")])


def two_at_once() -> float:
    """How many times faster two independent processes are together than one after the other: 2 at best."""
    alone = timed([sys.executable, "-c", BUSY], None)
    both = [subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    return 2 * alone / max(float(process.communicate()[0]) for process in both)


def scaper(options: argparse.Namespace, output: Path, records: list[dict[str, str]], scratch: Path) -> float:
    inputs = options.data_dir.resolve() / "input"
    background = inputs / "tau2019uas" / Path(records[0]["background"]).parent.parent
    files = [str(output / r["jams"]) for r in records]
    given = [files, str(inputs / "urbansound8k/audio"), str(background), str(scratch / "scaper.wav")]
    return timed([options.scaper_python, "-c", SCAPER], given)


def timed(words: list[str], given: object) -> float:
    return float(subprocess.run(words, input=json.dumps(given), capture_output=True, text=True, check=True).stdout)


def kills(options: argparse.Namespace, scratch: Path) -> None:
    data = repeated(options.data_dir, scratch / "data", FULL)
    whole, cut = scratch / "whole", scratch / "cut"
    run = augment(data, whole, 1, 2)
    expected = digests(whole)
    shutil.rmtree(whole)
    print(
        f"{FULL} soundscapes: {run['wall']:.0f} s, {1000 * run['cpu'] / FULL:.2f} CPU ms each, {run['memory']:.0f} MB"
    )
    for part in (1, 2, 3):
        process = subprocess.Popen(command(data, cut, 1, 2), stdout=subprocess.DEVNULL)
        while sum(1 for _ in cut.glob("fold*/jams/*.jams")) < part * FULL // 4:
            assert process.poll() is None
            time.sleep(0.5)
        process.kill()
        process.wait()
        print(f"  killed at {sum(1 for _ in cut.glob('fold*/jams/*.jams'))}")
    augment(data, cut, 1, 2)
    found = digests(cut)
    lines = len((cut / "manifest.jsonl").read_text().splitlines())
    assert lines == FULL, lines
    assert found == expected, "files differ"
    print(f"  resumed: {lines} soundscapes, {len(found)} files, the same bytes as the run left alone")


def repeated(data_dir: Path, place: Path, count: int) -> Path:
    """A data folder whose UrbanSound8K holds `count` clips: those of `data_dir`, linked under new names."""
    source, target = data_dir.resolve() / "input/urbansound8k", place / "input/urbansound8k"
    with (source / "metadata/UrbanSound8K.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    (target / "metadata").mkdir(parents=True)
    (place / "input/tau2019uas").symlink_to(data_dir.resolve() / "input/tau2019uas")
    with (target / "metadata/UrbanSound8K.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        for k in range(count):
            row = dict(rows[k % len(rows)])
            old, fold = row["slice_file_name"], f"fold{row['fold']}"
            row["slice_file_name"] = f"{k // len(rows)}{old}"
            writer.writerow(row)
            link = target / "audio" / fold / row["slice_file_name"]
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(source / "audio" / fold / old)
    return place


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    main()
