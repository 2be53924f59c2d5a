"""`atmda search` on a store of windows: the rate against reading alone, and memory at two sizes.

    python benchmarks/search.py [--windows 1000000] [--dim 512] [--shard 256] [--folder DIR] [--usearch]

Random embeddings are written into a store in `--folder` (a temporary one unless given; about 2.1 KB a window). Each way
of reading is a process of its own, on every core, first with the store's files dropped from the page cache
(`posix_fadvise`, which the kernel honours for clean pages; Linux alone), then with them in it as far as memory holds
them. Beside the time on the clock stands the processors' time, which others on the machine disturb less:

- bytes: the files read one after the other, nothing done with them;
- arrow: `embedding` decoded by pyarrow, page checksums looked at, nothing done with it;
- search: the pass that `atmda search` makes, in full: checks, scores, the 50 best, their names;
- self: the same with `--bg self`, which is two passes;
- ends: the pass over names and ends that puts all recordings on one time line, for Raven and Audacity.

Last, peak resident memory of a search at a quarter of the store and at the whole. `--usearch` also builds an index
of the store in memory with usearch, where it is installed.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from atmda.core.device import usable_cores
from atmda.core.embeddings.manifest import Manifest, Part, Shard
from atmda.core.embeddings.scanning import Piece, open_rows
from atmda.core.embeddings.shards import write_shard
from atmda.core.search.ends import ends_by_recording
from atmda.core.search.hits import described
from atmda.core.search.nearest import each_piece, means_by_source, nearest
from atmda.core.search.scoring import Profile, Query

A_DAY = 8640  # windows of ten seconds


def make(folder: Path, windows: int, dim: int, shard: int) -> None:
    """A store of unit vectors, a recording a day, in `folder`."""
    rng = np.random.default_rng(0)
    maker = Manifest({"encoder": "none"}, dim)
    listed: dict[str, Shard] = {}
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(0, windows, shard):
        numbers = range(first, min(first + shard, windows))
        X = rng.standard_normal((len(numbers), dim), dtype=np.float32)
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        sources = [f"site/2024_{number // A_DAY:04d}.wav" for number in numbers]
        starts = [10.0 * (number % A_DAY) for number in numbers]
        names = [f"{source}#t={start:g},{start + 10:g}" for source, start in zip(sources, starts, strict=True)]
        table = pa.table(
            {
                "clip": names,
                "embedding": pa.FixedSizeListArray.from_arrays(pa.array(X.reshape(-1)), dim),
                "source": sources,
                "start": starts,
                "end": [start + 10 for start in starts],
                "silent": [False] * len(names),
            }
        )
        name = f"part-{first // shard:05d}.parquet"
        listed[name] = Shard(len(names), write_shard(folder / name, table, maker, {}, windows))
    Manifest(maker.identity, dim, shards=listed, parts={"part": Part(windows, True)}).publish(folder)


def subset(folder: Path, share: Path, part: float) -> None:
    """The first `part` of the store in `folder`, as links, in `share`."""
    share.mkdir()
    rows = open_rows(folder)
    kept = rows.pieces[: int(len(rows.pieces) * part)]
    listed: dict[str, Shard] = {}
    for piece in kept:
        (share / piece.path.name).symlink_to(piece.path.resolve())
        listed[piece.path.name] = Shard(int(piece.rows or 0), "")
    total = sum(shard.rows for shard in listed.values())
    Manifest(rows.identity, rows.width, shards=listed, parts={"part": Part(total, True)}).publish(share)


def read_bytes(folder: Path) -> None:
    for path in sorted(folder.glob("*.parquet")):
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 22):
                pass


def read_arrow(folder: Path) -> None:
    rows = open_rows(folder)

    def read(number: int, piece: Piece) -> int:
        return sum(len(stretch) for stretch in rows.stretches(piece, ()))

    assert sum(each_piece(rows, read, usable_cores(), lambda piece, error: None))


def search(folder: Path) -> None:
    rows = open_rows(folder)
    found, tally = nearest(rows, _query(rows.width), 50, usable_cores())
    assert len(described(rows, found)) == 50
    assert tally.scored


def search_self(folder: Path) -> None:
    rows = open_rows(folder)
    means = means_by_source(rows, _query(rows.width), usable_cores())
    profile = Profile(None, "source", {source: mean for source, (mean, _) in means.items()})
    found, _ = nearest(rows, Query(_query(rows.width).vector, profile, 0.5), 50, usable_cores())
    assert len(described(rows, found)) == 50


def search_ends(folder: Path) -> None:
    assert ends_by_recording(open_rows(folder), usable_cores())


def usearch(folder: Path) -> None:
    from usearch.index import Index

    rows = open_rows(folder)
    index = Index(ndim=rows.width, metric="ip", dtype="f32")
    started, count = time.perf_counter(), 0
    for piece in rows.pieces:
        for stretch in rows.stretches(piece, ()):
            index.add(np.arange(count, count + len(stretch)), np.array(stretch.embeddings), threads=usable_cores())
            count += len(stretch)
    built = time.perf_counter() - started
    started = time.perf_counter()
    index.search(_query(rows.width).vector, 50)
    print(f"  built in {built:.1f} s, {count / built:,.0f} windows/s; a query {time.perf_counter() - started:.4f} s")


def _query(dim: int) -> Query:
    vector = np.random.default_rng(1).standard_normal(dim).astype(np.float32)
    return Query(vector / np.linalg.norm(vector))


WAYS: dict[str, Callable[[Path], None]] = {
    "bytes": read_bytes,
    "arrow": read_arrow,
    "search": search,
    "self": search_self,
    "ends": search_ends,
    "usearch": usearch,
}


def forget(folder: Path) -> bool:
    """Drop the store's files from the page cache; whether that can be asked for."""
    if not hasattr(os, "posix_fadvise"):
        return False
    for path in folder.glob("*.parquet"):
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)
    return True


def timed(way: str, folder: Path) -> list[float]:
    """Seconds of the work, processor seconds, and peak resident MB of its process."""
    done = subprocess.run(
        [sys.executable, __file__, "--way", way, "--folder", str(folder)], check=True, capture_output=True, text=True
    )
    *said, last = done.stdout.splitlines()
    for line in said:
        print(line)
    return [float(value) for value in last.split()]


def report(way: str, folder: Path, windows: int, size: float, cache: str) -> None:
    seconds, busy, peak = timed(way, folder)
    rate = f"{windows / seconds:12,.0f} windows/s {size / seconds:8,.0f} MB/s"
    print(
        f"{way:8} {cache:5} {seconds:8.2f} s {rate} {busy:8.2f} processor s {peak:8,.0f} MB resident at most",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--shard", type=int, default=256)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--usearch", action="store_true")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        started, busy = time.perf_counter(), time.process_time()
        WAYS[arguments.way](arguments.folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(time.perf_counter() - started, time.process_time() - busy, peak)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.folder or Path(temporary)) / f"{arguments.windows}-{arguments.dim}-{arguments.shard}"
        if not (folder / "_manifest.json").is_file():
            make(folder, arguments.windows, arguments.dim, arguments.shard)
        size = sum(path.stat().st_size for path in folder.glob("*.parquet")) / 1e6
        print(f"{arguments.windows:,} windows of {arguments.dim} numbers, {size:,.0f} MB, {usable_cores()} cores")
        for way in ("bytes", "arrow", "search", "self", "ends"):
            for cache in ("cold", "warm"):
                if cache == "warm" or forget(folder):
                    report(way, folder, arguments.windows, size, cache)
        quarter = Path(temporary) / "quarter"
        subset(folder, quarter, 0.25)
        for name, place in (("a quarter", quarter), ("the whole", folder)):
            print(f"search of {name}: {timed('search', place)[2]:,.0f} MB resident at most")
        if arguments.usearch:
            report("usearch", folder, arguments.windows, size, "warm")


if __name__ == "__main__":
    main()
