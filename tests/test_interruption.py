"""Killed at any moment, `embed` goes on where it was, and `infer` leaves the rows it had."""

import os
import random
import signal
import time
from pathlib import Path

import processes
import pytest

from atmda.core.embeddings.formats import read_embeddings
from atmda.report.journal import Journal


def start(folder: Path, output: str, pause: float, words: tuple[str, ...] = ("embed",)) -> processes.Started:
    common = ("--model", "spectral", "--audio-folder", str(folder), "--output", output, "--num-workers", "2")
    often = "from atmda.report import journal; journal.SECONDS = 0"
    return processes.start(*words, *common, pause=pause, more=often)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_random_moments_and_resumed_the_table_is_that_of_an_uninterrupted_run(tmp_path, write_tone, kills):
    for index in range(80):
        write_tone(tmp_path / "in" / f"{index:02}.wav", 100.0 + 30 * index, 0.2)
    (tmp_path / "in" / "33.wav").write_bytes(b"")
    assert start(tmp_path / "in", "whole", 0).wait(60) == 3
    moments = random.Random(kills)
    killed = 0
    for _ in range(kills):
        process = start(tmp_path / "in", "killed", 0.04 * kills)
        before = len(list(Path("killed").glob("part-*")))
        while process.poll() is None and len(list(Path("killed").glob("part-*"))) == before:
            time.sleep(0.005)  # past the start, so that the kill comes at work
        time.sleep(moments.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        killed += process.wait(60) == -signal.SIGKILL
    assert killed >= min(kills, 3)
    assert start(tmp_path / "in", "killed", 0).wait(60) == 3
    whole, resumed = read_embeddings(Path("whole")), read_embeddings(Path("killed"))
    assert resumed.clips == whole.clips
    assert resumed.embeddings.tobytes() == whole.embeddings.tobytes()


def test_an_interruption_keeps_what_was_finished_and_exits_with_130(tmp_path, write_tone):
    for index in range(40):
        write_tone(tmp_path / "in" / f"{index:02}.wav", 100.0 + 30 * index, 0.2)
    process = start(tmp_path / "in", "out", 0.1)
    while process.poll() is None and not list(Path("out").glob("part-*")):
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert 8 <= len(read_embeddings(Path("out"))) < 40


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_infer_leaves_the_rows_it_had_when_it_is_stopped_and_nothing_else_when_it_is_not(tmp_path, write_tone, stop):
    for index in range(40):
        write_tone(tmp_path / "in" / f"{index:02}.wav", 100.0 + 30 * index, 0.2)
    infer = ("infer", "--labels", "low,high")
    assert start(tmp_path / "in", "out.csv", 0, infer).wait(60) == 0
    whole = Path("out.csv").read_text().splitlines()
    assert len(whole) == 41
    assert not list(Path().rglob("unfinished_*"))
    Path("out.csv").unlink()
    process = start(tmp_path / "in", "out.csv", 0.1, infer)
    while process.poll() is None and not list(Path().rglob("unfinished_*")):
        time.sleep(0.005)
    time.sleep(0.1)
    process.send_signal(stop)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    (left,) = Path().rglob("unfinished_*.csv")
    rows = left.read_text().splitlines()
    assert 2 <= len(rows) < 41
    assert rows == whole[: len(rows)]
    assert not Path("out.csv").exists()
    if stop == signal.SIGINT:
        assert process.returncode == 130
        assert f"{len(rows) - 1} recordings were labelled before the interruption" in errors


def test_infer_goes_on_where_the_rows_so_far_cannot_be_kept(tmp_path):
    told: list[str] = []
    (tmp_path / "taken").write_text("a file")
    journal = Journal(lambda: tmp_path / "taken" / "rows.csv", told.append)
    for name in ("a.wav", "b.wav"):
        journal.add({"filename": name, "label": "dog", "confidence": 0.9, "score": 0.5, "note": ""})
        journal.write()
    journal.discard()
    assert len(told) == 1
    assert "rows.csv cannot be written" in told[0]


def test_two_runs_begun_in_one_second_do_not_write_to_one_file_of_rows_so_far(tmp_path):
    def free() -> Path:
        return next(path for path in (tmp_path / "a.csv", tmp_path / "b.csv") if not path.exists())

    journals = [Journal(free, lambda message: None) for _ in range(2)]
    for name, journal in zip(("dog", "cat"), journals, strict=True):
        journal.add({"filename": f"{name}.wav", "label": name, "confidence": 0.9, "score": 0.5, "note": ""})
        journal.write()
    journals[0].discard()
    assert not (tmp_path / "a.csv").exists()
    assert (tmp_path / "b.csv").read_text().splitlines()[1:] == ["cat.wav,cat,0.9,0.5,"]
