"""How fast detections are written in each format, and in how much memory.

    python benchmarks/detection_files.py [--scratch DIR]

For each format a process writes 50,000 and another one 500,000 detections, 1,000 a recording;
printed are rows a second, the size of the file and how much the process grew meanwhile (largest resident size).
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

OUTPUTS = ("out.csv", "out.jsonl", "out.parquet", "all.selections.txt", "all.labels.txt")
COUNTS = (50_000, 500_000)
PER_RECORDING = 1_000


def written(output: str, count: int) -> tuple[float, float]:
    """Rows a second, and MiB by which the process grew."""
    import pyarrow.parquet  # noqa: F401 (not part of what is measured)

    from atmda.core.detection.detection import Detection
    from atmda.report.detections import DetectionFile

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    with DetectionFile(output) as file:
        for number in range(count // PER_RECORDING):
            name = f"site/{number:06}.wav"
            file.recording(name, Path(name), 3600.0, 48_000)
            for start in range(PER_RECORDING):
                file.add(Detection(name, 3.0 * start, 3.0 * start + 3.0, "dog bark", 0.875, 0.25, 0.75))
    seconds = time.perf_counter() - began
    return count / seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scratch", help="where to write; default the system's temporary folder")
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(dir=parser.parse_args().scratch) as folder:
        for name in OUTPUTS:
            for count in COUNTS:
                path = Path(folder, name)
                with context.Pool(1) as pool:
                    rate, grown = pool.apply(written, (str(path), count))
                size = path.stat().st_size / 1e6
                print(f"{name:20} {count:9,} rows {rate:9,.0f} rows/s {size:7.1f} MB file {grown:6.1f} MiB grown")


if __name__ == "__main__":
    main()
