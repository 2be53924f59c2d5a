"""Long recordings in which it is known what is heard when: `python benchmarks/self_background.py --data DIR`.

DIR holds urbansound8k-mini and tau2019uas-mini, or data sets of the same layouts. For each SNR (6, 0 and -6 dB)
`augment --scene-duration` lays the events into chains of the backgrounds' recordings: sets that share places, events
and times, and differ in level alone. Told of each: hours of sound, events, and how much of the time one sounds.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SNRS = (6, 0, -6)
NAMES = {"urbansound8k": "urbansound8k-mini", "tau2019uas": "tau2019uas-mini"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, help="where the sets stay; a temporary folder unless given")
    parser.add_argument("--n-scenes", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--events-per-minute", type=float, default=3.0)
    parser.add_argument("--num-workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        scratch = options.scratch or Path(temporary)
        for snr, folder in lay_out(options, scratch).items():
            print(f"{snr:+d} dB: {described(folder)}: {folder}")


def lay_out(options: argparse.Namespace, scratch: Path) -> dict[int, Path]:
    """A set of scenes for each SNR in `scratch`, made now or by an earlier call."""
    inputs = scratch / "data" / "input"
    inputs.mkdir(parents=True, exist_ok=True)
    for name, given in NAMES.items():
        if not (inputs / name).exists():
            (inputs / name).symlink_to((options.data / given).resolve())
    flags = {
        "--data-dir": scratch / "data",
        "--scene-duration": options.seconds,
        "--events-per-minute": options.events_per_minute,
        "--n-scenes": options.n_scenes,
        "--num-workers": options.num_workers,
    }
    common = [str(word) for pair in flags.items() for word in pair]
    sets = {snr: scratch / f"scenes{snr:+d}" for snr in SNRS}
    for snr, output in sets.items():
        level = [f"--snr={snr}", "--output", str(output)]
        subprocess.run(
            [sys.executable, "-m", "atmda", "augment", "--quiet", *common, *level],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return sets


def described(folder: Path) -> str:
    records = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    with (folder / "annotations.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    seconds = sum(record["duration"] for record in records)
    return f"{seconds / 3600:.1f} h, {len(rows)} events, one sounds {100 * sounding(rows) / seconds:.0f} % of the time"


def sounding(rows: list[dict[str, str]]) -> float:
    """Seconds in which at least one event sounds; `rows` in order of files and times."""
    total, name, reached = 0.0, "", 0.0
    for row in rows:
        if row["filename"] != name:
            name, reached = row["filename"], 0.0
        total += max(0.0, float(row["end"]) - max(reached, float(row["start"])))
        reached = max(reached, float(row["end"]))
    return total


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    main()
