"""Outputs that cannot be written, on real small and read-only disks: found before the work, and no row is lost."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from processes import run, start, wait_for

from atmda.core.embeddings.formats import read_embeddings

INFER = ("infer", "--model", "spectral", "--labels", "100,900", "--audio-folder")
EMBED = ("embed", "--model", "spectral", "--audio-folder")


@pytest.fixture
def disk(tmp_path) -> Iterator[Callable[[str], Path]]:
    """A function that gives a disk of its own: of some size, or read-only."""
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        place = tmp_path / f"disk{len(mounted)}"
        place.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("needs the right to mount a small disk")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def folder(tmp_path, write_tone) -> str:
    for index in range(40):
        write_tone(tmp_path / "in" / f"{index:02}.wav", 100.0 + 30 * index, 0.2)
    return str(tmp_path / "in")


def fill(place: Path) -> None:
    """Leave no room on a disk."""
    with Path(place, "fill").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(1024)):
                pass
        except OSError:
            return


@pytest.mark.parametrize("words", [INFER, EMBED], ids=lambda words: words[0])
@pytest.mark.parametrize("kind", ["read-only", "full"])
def test_an_output_that_cannot_be_written_is_refused_before_the_work(disk, folder, words, kind):
    place = disk("ro" if kind == "read-only" else "size=16k")
    if kind == "full":
        fill(place)
    output = place / ("out.csv" if words is INFER else "store")
    code, _, errors = run(*words, folder, "--output", str(output))
    assert code == 1
    assert (
        f"{output} cannot be written ({'Read-only file system' if kind == 'read-only' else 'No space left'}" in errors
    )
    assert ".tmp-" not in errors
    assert "Encoder" not in errors or words is INFER


def test_classify_refuses_a_folder_for_results_that_cannot_be_written_before_the_work(disk, tmp_path):
    np.savez(
        "a.npz", embeddings=np.eye(4, dtype=np.float32), clips=list("abcd"), labels=list("xyxy"), folds=[1, 1, 2, 2]
    )
    place = disk("ro")
    code, out, errors = run("classify", "--embeddings", "a.npz", "--mode", "sv", "--save-results", str(place / "out"))
    assert (code, out) == (1, "")
    assert f"{place / 'out'} cannot be written (Read-only file system)" in errors


def test_augment_says_what_cannot_be_written(disk, tmp_path, write_tone):
    write_tone(tmp_path / "data/input/fg/dog/1.wav")
    write_tone(tmp_path / "data/input/bg/park/1.wav", seconds=3)
    place = disk("ro")
    words = ("augment", "--fg-dataset", "fg", "--bg-dataset", "bg", "--output", str(place / "set"))
    code, _, errors = run(*words)
    assert code == 1
    assert f"{place / 'set'} cannot be written (Read-only file system)" in errors


def test_fetch_says_what_cannot_be_written(disk):
    place = disk("ro")
    code, _, errors = run("fetch", "esc50", "--data-dir", str(place / "data"))
    assert code == 1
    assert f"{place / 'data'}" in errors
    assert "Read-only file system" in errors
    assert ".lock" not in errors


def test_rows_are_saved_elsewhere_where_the_disk_fills_up_while_they_are_made(disk, folder):
    """They were once gone."""
    place = disk("size=64k")
    process = start(*INFER, folder, "--output", str(place / "out.csv"), "--num-workers", "1", pause=0.3)
    wait_for(lambda: list(place.glob(".unfinished_*/.lock-all")), process)
    fill(place)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"{place / 'out.csv'} cannot be written (No space left on device)" in errors
    assert "All 40 rows are in data/results/rescued_out.csv" in errors
    assert run(*INFER, folder, "--output", "whole.csv")[0] == 0
    assert Path("data/results/rescued_out.csv").read_bytes() == Path("whole.csv").read_bytes()


def test_rows_are_printed_where_no_file_can_be_written(folder, tmp_path):
    for index in range(40):
        Path(folder, f"{index:02}.wav").rename(Path(folder, f"{index:02}{'x' * 150}.wav"))
    assert run(*INFER, folder, "--output", "whole.csv")[0] == 0
    assert Path("whole.csv").stat().st_size > 5000
    more = (
        "import resource, tempfile\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "tempfile.gettempdir = lambda: '.'"
    )
    process = start(*INFER, folder, "--output", "out.csv", more=more)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "out.csv cannot be written (File too large). All 40 rows were printed instead." in errors
    assert out == Path("whole.csv").read_text()
    assert not Path("out.csv").exists()


def test_an_embed_whose_disk_fills_up_keeps_what_it_has_and_goes_on(disk, folder):
    place = disk("size=56k")
    process = start(*EMBED, folder, "--output", str(place / "store"), "--num-workers", "1", pause=0.1, shard=4)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"{place / 'store'} cannot be written (No space left on device). What is there stays" in errors
    assert 0 < len(read_embeddings(place / "store")) < 40
    subprocess.run(["mount", "-o", "remount,size=10m", place], check=True)
    assert run(*EMBED, folder, "--output", str(place / "store"))[0] == 0
    table = read_embeddings(place / "store")
    assert (len(table), table.problems) == (40, ())


def test_four_infers_that_begin_in_one_second_leave_four_results(folder):
    """One once survived."""
    jobs = [start(*INFER, folder, "--json") for _ in range(4)]
    outputs = {json.loads(job.communicate(timeout=120)[0])["output"] for job in jobs}
    assert len(outputs) == 4
    assert len({Path(output).read_bytes() for output in outputs}) == 1
    assert len(list(Path("data/results").iterdir())) == 4


def test_a_run_that_fails_leaves_no_empty_result(tmp_path):
    assert run(*INFER, str(tmp_path / "nowhere"))[0] == 1
    assert not list(Path("data/results").iterdir())
