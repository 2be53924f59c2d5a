"""The full path on real recordings: augment, embed, classify, at three SNRs, as a table of accuracies.

    python benchmarks/full_path.py --data-dir DIR [--scratch DIR] [--model compact] [--bg park] [--snr 6,0,-6]

DIR holds input/urbansound8k and input/tau2019uas (the small real sets do). For each SNR every event is mixed into a
background of --bg; sets of different SNR share backgrounds and onsets. Modes zs, tgap and sv; the background not used,
by its name, and by the recording that each soundscape was mixed from; three temperatures. Accuracy is the mean over
folds, the interval Wilson's at 95 % over all clips. Every step is a command as a user types it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

TEMPERATURES = "0.25,0.5,1"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--scratch", type=Path)
    parser.add_argument("--model", default="compact")
    parser.add_argument("--bg", default="park", help="the scene; its name is the text of modality text")
    parser.add_argument("--snr", default="6,0,-6")
    parser.add_argument("--temperature", default=TEMPERATURES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        found = full_path(
            options.data_dir, Path(scratch), options.model, options.bg, options.snr.split(","), options.temperature
        )
    print(table(found))


def full_path(
    data_dir: Path, scratch: Path, model: str, scene: str, snrs: list[str], temperatures: str
) -> dict[str, list[dict[str, Any]]]:
    """The cells of the grid for each SNR, as `classify --json` gives them."""
    backgrounds = scratch / "backgrounds"
    encoder = ("--model", model)
    atmda("embed", "--data-dir", data_dir, "--dataset", "tau2019uas", "--output", backgrounds, *encoder)
    found = {}
    for snr in snrs:
        mixed, embedded = scratch / f"mixed{snr}", scratch / f"embedded{snr}"
        atmda("augment", "--data-dir", data_dir, "--snr", snr, "--bg", scene, "--output", mixed)
        atmda(
            *("embed", "--data-dir", data_dir, "--dataset", "urbansound8k", "--path", mixed.resolve()),
            *("--output", embedded, *encoder),
        )
        classified = atmda(
            *("classify", "--data-dir", data_dir, "--dataset", "urbansound8k", "--embeddings", embedded),
            *("--mode", "zs,tgap,sv", "--modality", "none,text,audio", "--temperature", temperatures),
            *("--bg-type", scene.replace("_", " "), "--bg-embeddings", backgrounds, *encoder, "--json"),
        )
        found[snr] = json.loads(classified)["results"]
    return found


def atmda(*words: object) -> str:
    """One command; what it says on stdout."""
    path = os.pathsep.join([str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "atmda", *map(str, words)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}, check=True)
    return ran.stdout


def table(found: dict[str, list[dict[str, Any]]]) -> str:
    """Markdown: a row for each mode, modality and temperature, a column for each SNR."""
    lines = ["| mode | background | T | " + " | ".join(f"{snr} dB" for snr in found) + " |"]
    lines.append("|---|---|---|" + "---|" * len(found))
    for cells in zip(*found.values(), strict=True):
        first = cells[0]
        shown = "" if first["temperature"] is None else f"{first['temperature']:g}"
        accuracies = " | ".join("{:.1%} ({:.0%} to {:.0%})".format(c["accuracy"], *c["interval"]) for c in cells)
        lines.append(f"| {first['mode']} | {first['modality']} | {shown} | {accuracies} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
