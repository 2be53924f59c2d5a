"""Where what was found goes: Raven's and Audacity's files, and the page to look and listen."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from processes import run
from spectral import DIM, RATE

import atmda
from atmda.core.clip import Clip
from atmda.core.embeddings.store import EmbeddingStore, Manifest

IDENTITY = {"encoder": "spectral", "weights_sha256": "none", "preprocessing": "1"}
#: windows of 2 s, by recording: how near each is to 1000 Hz; the last window of d is shifted back
NEAR = {
    "b.wav": {0.0: 0.1, 2.0: 0.6, 2.5: 0.5},
    "site/d.wav": {0.0: 0.2, 2.0: 0.9},
    "a.wav": {0.0: 0.3, 2.0: 0.2, 4.0: 0.1},
    "site/c.wav": {0.0: 0.8},
}


@pytest.fixture
def store() -> tuple[str, str]:
    rows = [(name, start, near) for name, windows in NEAR.items() for start, near in windows.items()]
    make_store([Clip(Path(), f"{n}#t={s:g},{s + 2:g}", source=n, start=s, end=s + 2) for n, s, _ in rows], rows)
    return "--embeddings", "store"


def make_store(clips: list[Clip], rows: list[Any], folder: str = "store") -> None:
    X = np.zeros((len(rows), DIM), np.float32)
    X[:, 10] = [near for *_, near in rows]
    X[:, 20] = np.sqrt(1 - X[:, 10] ** 2)
    made = EmbeddingStore.open(Path(folder), Manifest(IDENTITY, DIM))
    for first in range(0, len(rows), 4):
        made.append(list(zip(clips, X, strict=True))[first : first + 4], {})


@pytest.fixture
def recordings(write_tone: Callable[..., Path]) -> str:
    for name, windows in NEAR.items():
        write_tone(Path("recorder") / name, 1000.0, max(windows) + 2)
    return "recorder"


def done(*words: str, code: int = 0) -> str:
    found, _, errors = run("search", "1000", *words)
    assert found == code, errors
    return errors


def table(path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(Path(path).read_text().splitlines(), delimiter="\t"))


def test_hits_of_all_recordings_stand_on_one_time_line_with_those_in_which_nothing_was_found(store: Any) -> None:
    done(*store, "--top-k", "3", "--output", "hits.selections.txt")
    # a lasts 6 s, b 4.5 s, c 2 s: nothing is found in a, and d begins at 12.5 s
    assert [
        (row["Begin Time (s)"], row["End Time (s)"], row["Begin Path"]) for row in table("hits.selections.txt")
    ] == [
        ("8.000000", "10.000000", "b.wav"),
        ("10.500000", "12.500000", "site/c.wav"),
        ("14.500000", "16.500000", "site/d.wav"),
    ]
    row = table("hits.selections.txt")[-1]
    assert (row["Label"], row["Confidence"], row["File Offset (s)"]) == ("1000", "0.900000", "2.000000")
    done(*store, "--top-k", "4", "--output", "hits.labels.txt", "--num-workers", "3")
    lines = Path("hits.labels.txt").read_text().splitlines()
    assert lines[:2] == ["8.000000\t10.000000\t1000", "8.500000\t10.500000\t1000"]


def test_a_folder_has_a_file_for_each_recording_with_a_hit(store: Any, recordings: str) -> None:
    where = ("--output", "out", "--output-format", "raven", "--audio-folder", recordings, "-r")
    done(*store, "--top-k", "3", *where)
    found = {path.relative_to("out").as_posix() for path in Path("out").rglob("*") if path.is_file()}
    assert found == {f"{name}.selections.txt" for name in ("b.wav", "site/c.wav", "site/d.wav")}
    (row,) = table("out/site/d.wav.selections.txt")
    assert (row["Begin Time (s)"], row["High Freq (Hz)"]) == ("2.000000", f"{RATE / 2:.1f}")
    assert Path(row["Begin Path"]) == Path("recorder/site/d.wav").resolve()


def test_hits_without_times_are_counted_and_left_out_of_labels(store: Any) -> None:
    done(*store, "--output", "hits.labels.txt")
    assert len(Path("hits.labels.txt").read_text().splitlines()) == 9
    make_store([Clip(Path(), "whole.wav")], [("", 0.0, 0.7)])
    errors = done(*store, "--output", "hits.labels.txt")
    assert "1 of 10 hits have no times" in errors
    assert "1 recordings do not tell how long they are" in errors
    assert len(Path("hits.labels.txt").read_text().splitlines()) == 9


def test_a_damaged_part_of_the_store_is_said_to_shift_the_time_line(store: Any) -> None:
    sorted(Path("store").glob("*.parquet"))[1].write_bytes(b"nothing")
    errors = done(*store, "--output", "hits.labels.txt", code=3)
    assert "parts of the store are damaged" in errors
    assert Path("hits.labels.txt").read_text()


def test_a_table_takes_the_format_that_is_named(store: Any) -> None:
    done(*store, "--top-k", "2", "--output", "hits", "--output-format", "jsonl")
    rows = [json.loads(line) for line in Path("hits").read_text().splitlines()]
    assert [(row["filename"], row["rank"]) for row in rows] == [("site/d.wav", 1), ("site/c.wav", 2)]


def test_the_page_plays_the_hits_in_the_order_of_their_scores(store: Any, recordings: str) -> None:
    words = ("--modality", "audio", "--bg", "self:mean", "--report", "listen", "--audio-folder", recordings, "-r")
    code, out, errors = run("search", "1000", *store, "--top-k", "3", *words, "--json")
    assert code == 0, errors
    assert json.loads(out)["report"] == str(Path("listen/report.html"))
    page = Path("listen/report.html").read_text()
    heads = re.findall(r'<h3 .*?>(.*?) <span class="where">(.*?)</span>', page)
    best = [(row["rank"], row["filename"], row["start"]) for row in json.loads(out)["results"]]
    assert heads == [(f"{rank}. 1000", f"{name}, 0:0{start:g} to 0:0{start + 2:g}") for rank, name, start in best]
    assert page.count("<audio ") == page.count("<img ") == 3
    for fact in ("spectral", "temperature 1", "the mean of each recording", "Not adapted"):
        assert fact in page
    Path("recorder/site/d.wav").unlink()
    errors = done(*store, "--top-k", "3", "--report", "listen", "--audio-folder", recordings, "-r")
    assert "1 of the 3 recordings found are not in recorder" in errors
    assert Path("listen/report.html").read_text().count("<audio ") == 2


def test_a_page_without_the_recordings_says_that_it_has_no_sound(store: Any) -> None:
    errors = done(*store, "--top-k", "2", "--report", "listen")
    assert "no sound" in errors
    assert "--audio-folder" in errors
    page = Path("listen/report.html").read_text()
    assert page.count("Without sound: where the recording lies is not known") == 2
    errors = done(*store, "--top-k", "2", "--report", "listen", "--no-audio")
    assert "no sound" not in errors
    assert "left out of this page" in Path("listen/report.html").read_text()


def test_a_recording_that_was_embedded_whole_is_played_from_its_start(recordings: str) -> None:
    make_store([Clip(Path(), "a.wav")], [("", 0.0, 0.7)], folder="whole")
    found = atmda.search("1000", "whole", report=Path("listen"), audio_folder=recordings)
    assert found.report == Path("listen/report.html")
    page = found.report.read_text()
    assert "a.wav, all of it" in page
    assert "<span>0:00</span><span>0:06</span>" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--no-audio",), "--no-audio is used with --report alone"),
        (("--output-format", "raven"), "--output-format is used with --output alone"),
        (("--audio-folder", "x"), "--audio-folder is used with sound on the --report"),
        (("--audio-folder", "x", "--report", "r", "--no-audio"), "--audio-folder is used with sound"),
        (("--recursive",), "--recursive is used with --bg-folder or --audio-folder alone"),
        (("--output", "a.labels.txt", "--spreadsheet-safe"), "--spreadsheet-safe is used with CSV"),
        (("--output", "a.labels.txt", "--output-format", "raven"), "ends as audacity does"),
        (("--modality", "audio", "--bg", "self:quiet"), "self or self:mean"),
    ],
)
def test_outputs_that_do_not_go_together_are_refused_before_anything_is_read(words: Any, said: str) -> None:
    code, _, errors = run("search", "1000", "--embeddings", "none", *words)
    assert code == 2
    assert said in errors


@pytest.mark.parametrize("words", [("--output", "file/a.labels.txt"), ("--report", "file"), ("--report", "file/sub")])
def test_a_place_that_cannot_be_written_is_told_before_the_search(store: Any, words: Any) -> None:
    Path("file").write_text("taken")
    errors = done(*store, *words, code=1)
    assert f"{words[1]} cannot be written" in errors
