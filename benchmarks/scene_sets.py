"""Long recordings in which it is known what is heard when: the sets that `self_background.py` is run on."""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from atmda.core.evaluation.events import Event

ROOT = str(Path(__file__).parents[1])
SNRS = (6, 0, -6)
NAMES = {"urbansound8k": "urbansound8k-mini", "tau2019uas": "tau2019uas-mini"}


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
            env=os.environ | {"PYTHONPATH": os.pathsep.join([ROOT, os.environ.get("PYTHONPATH", "")])},
        )
    return sets


def described(folder: Path) -> str:
    records = manifest(folder)
    with (folder / "annotations.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    seconds = sum(record["duration"] for record in records)
    return f"{seconds / 3600:.1f} h, {len(rows)} events, one sounds {100 * sounding(rows) / seconds:.0f} % of the time"


def level(snr: int) -> str:
    return f"{snr:+d} dB" if snr else "0 dB"


def sounding(rows: list[dict[str, str]]) -> float:
    """Seconds in which at least one event sounds; `rows` in order of files and times."""
    total, name, reached = 0.0, "", 0.0
    for row in rows:
        if row["filename"] != name:
            name, reached = row["filename"], 0.0
        total += max(0.0, float(row["end"]) - max(reached, float(row["start"])))
        reached = max(reached, float(row["end"]))
    return total


def by_place(sets: dict[int, Path], scratch: Path) -> Path:
    """Links to all scenes in a folder an SNR and kind of place, which is their site."""
    for snr, folder in sets.items():
        for record in manifest(folder):
            link(scratch / "scenes" / f"{record['scene']}{snr:+d}" / record["file"], folder / record["file"])
    return scratch / "scenes"


def known(record: dict[str, Any], scratch: Path) -> Path:
    """Links to the recordings that a scene's background is made of."""
    folder = scratch / "known" / Path(record["file"]).stem
    for name in {stretch["background"] for stretch in record["backgrounds"]}:
        link(folder / Path(name).name, scratch / "data" / "input" / "tau2019uas" / name)
    return folder


def link(place: Path, target: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.is_symlink():
        place.symlink_to(target.resolve())


def manifest(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def events(sets: dict[int, Path]) -> list[Event]:
    """What is there, in recordings named as `by_place` does."""
    return [
        Event(f"{record['scene']}{snr:+d}/{record['file']}", one["onset"], one["offset"], one["label"])
        for snr, folder in sets.items()
        for record in manifest(folder)
        for one in record["events"]
    ]
