"""What the page to look and listen costs while windows pass, and what it weighs.

    python benchmarks/listening_page.py [--windows 1000000] [--labels 50] [--recordings FOLDER]

- windows: CPU microseconds each, and the resident size at four points of the way; windows of 10 s every 10 s, as of
  recorders that never stop, so that a million are 116 days.
- page: seconds and megabytes of a page of 24 examples of 10 s, of the WAV files in FOLDER, or else of white noise at
  48 kHz, which no encoder of sound or pictures makes small.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import soundfile as sf

from atmda.core.detection.detection import Detection
from atmda.core.detection.window import ScoredWindow
from atmda.report.listening import Example, ListeningPage, Section, write_page

SECONDS = 10.0
AN_HOUR = 360


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=1_000_000)
    parser.add_argument("--labels", type=int, default=50)
    parser.add_argument("--recordings", type=Path)
    options = parser.parse_args()
    pass_windows(options.windows, options.labels)
    with tempfile.TemporaryDirectory() as scratch:
        write_examples(Path(scratch), sorted(options.recordings.rglob("*.wav")) if options.recordings else [])


def pass_windows(count: int, labels: int) -> None:
    names = [f"label {c}" for c in range(labels)]
    page, rng, spent = ListeningPage(names, {}, thresholds=0.1, temperature=0.5), np.random.default_rng(0), 0.0
    hours = max(4, count // AN_HOUR)
    for hour in range(hours):
        recorded = datetime(2024, 1, 1) + timedelta(hours=hour)
        windows = [scored(f"{hour}.wav", i * SECONDS, recorded, *rows) for i, rows in enumerate(rows_of(rng, labels))]
        began = time.process_time()
        for window in windows:
            page.add(window)
            label = int(window.confidences.argmax())
            page.add_detection(detection(window, names[label], recorded))
        spent += time.process_time() - began
        if (hour + 1) % (hours // 4) == 0:
            resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            done = (hour + 1) * AN_HOUR
            print(f"{done:>10,} windows  {spent / done * 1e6:6.1f} us each  {resident:7.1f} MB resident")
    with tempfile.TemporaryDirectory() as scratch:
        size = page.write(Path(scratch)).stat().st_size
        print(f"the page of them without sound: {size / 1e6:.2f} MB")


def rows_of(rng: np.random.Generator, labels: int) -> list[tuple[np.ndarray, np.ndarray]]:
    before, after = (rng.dirichlet(np.full(labels, 0.2), AN_HOUR).astype(np.float32) for _ in range(2))
    return list(zip(before, after, strict=True))


def scored(name: str, start: float, recorded: datetime, before: np.ndarray, after: np.ndarray) -> ScoredWindow:
    end = start + SECONDS
    return ScoredWindow(name, None, start, end, after, before, after, before, before, recorded=recorded)


def detection(window: ScoredWindow, label: str, recorded: datetime) -> Detection:
    begins = recorded + timedelta(seconds=window.start)
    return Detection(window.filename, window.start, window.end, label, 0.9, 0.1, 0.9, start_time=begins)


def write_examples(scratch: Path, paths: list[Path]) -> None:
    if not paths:
        paths = [scratch / "noise.wav"]
        sf.write(paths[0], np.random.default_rng(0).uniform(-0.9, 0.9, 480_000), 48_000)
    shown = [paths[i % len(paths)] for i in range(24)]
    examples = [Example("noise", f"{i}-{path.name}", path, 0.0, SECONDS, {}) for i, path in enumerate(shown)]
    began = time.perf_counter()
    size = write_page(scratch, "24", {}, [Section("All", "", examples)]).stat().st_size
    print(f"24 examples of {SECONDS:g} s: {size / 1e6:.2f} MB in {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
