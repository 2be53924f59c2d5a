"""Names of recordings that are not UTF-8, that no terminal can show, or that a terminal or spreadsheet would obey."""

import csv
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from processes import SCRIPT, run, start

from atmda.core.text import printable

pytestmark = pytest.mark.skipif(os.name != "posix", reason="such names are of POSIX")
NAMES = [b"caf\xe9.wav", b"a\x1b]0;stolen.wav", b"bell\x07.wav", b"cr\r.wav", b"new\nline.wav", b"=1+2.wav", b"-x.wav"]
NAMES += ["\u202egnp.wav".encode(), "ελ.wav".encode(), b'@a,"b".wav']
INFER = ("infer", "--labels", "100,900", "--model", "spectral", "--audio-folder")


@pytest.fixture
def folder(tmp_path, write_tone) -> str:
    source = write_tone(tmp_path / "a.wav")
    (tmp_path / "in").mkdir()
    for name in NAMES:
        Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/" + name)).write_bytes(source.read_bytes())
    Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/b\xe9d\x1b[2J.wav")).write_bytes(b"no audio")
    return str(tmp_path / "in")


def obeyed(text: str) -> list[str]:
    """The characters in `text` that a terminal would obey; lines may end."""
    return [c for c in text if c != "\n" and printable(c) != c]


def test_names_of_every_kind_work_everywhere_and_stay_exact_in_files(folder):
    """One name that is not UTF-8 once ended the whole run."""
    expected = sorted(name.decode("utf-8", "backslashreplace") for name in NAMES)
    code, _, errors = run(*INFER, folder, "--output", "out.csv")
    assert code == 3
    with Path("out.csv").open(newline="", encoding="utf-8") as file:
        assert sorted(row["filename"] for row in csv.DictReader(file)) == expected
    assert sorted(pd.read_csv("out.csv")["filename"]) == expected
    assert obeyed(errors) == []
    assert r"b\xe9d\x1b[2J.wav: it is not audio" in errors
    assert run(*INFER, folder, "--output", "out.parquet")[0] == 3
    assert sorted(pd.read_parquet("out.parquet")["filename"]) == expected
    assert run("embed", "--model", "spectral", "--audio-folder", folder, "--output", "store")[0] == 3
    assert sorted(pd.read_parquet("store")["clip"]) == expected
    told = json.loads(run(*INFER, folder, "--json")[1])
    assert sorted(row["filename"] for row in told["results"]) == expected


def test_augment_takes_them_too(folder, tmp_path, write_tone):
    write_tone(tmp_path / "bg/park/1.wav", seconds=3)
    words = ("augment", "--fg-dataset", folder, "--bg-dataset", "bg", "--output", "set", "--duration", "2")
    code, _, errors = run(*words, "--num-workers", "1", "--json")
    assert code == 3
    assert obeyed(errors) == []
    assert len(list(Path("set").glob("*.wav"))) == len(NAMES)


def test_a_terminal_never_gets_a_name_raw(folder):
    for words in ((*INFER, folder), ("doctor", "no\x1b]0;where")):
        ours, theirs = pty.openpty()
        command = [
            sys.executable,
            "-c",
            SCRIPT.format(tests=str(Path(__file__).parent), pause=0, shard=8, more="", words=words),
        ]
        process = subprocess.Popen(command, stdout=theirs, stderr=theirs)
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:  # its other end is closed
            pass
        process.wait()
        os.close(ours)
        text = shown.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
        for name in ("]0;stolen", "[2J", "]0;where"):
            assert f"\x1b{name}" not in text
        assert "\x07" not in text
        assert "\u202e" not in text


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_that_cannot_show_a_name_ends_nothing(folder, encoding):
    more = f"import os; os.environ['COLUMNS'] = '100'; sys.stdout.reconfigure(encoding={encoding!r}, errors='strict')"
    process = start(*INFER, folder, more=more)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 3, errors
    process = start(*INFER, folder, "--json", more=more)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 3, errors
    assert len(json.loads(out)["results"]) == len(NAMES)


def test_cells_that_a_spreadsheet_would_run_are_guarded_where_that_is_asked_for(folder):
    assert run(*INFER, folder, "--output", "out.csv", "--spreadsheet-safe")[0] == 3
    with Path("out.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = {row["filename"] for row in rows}
    assert {"'=1+2.wav", "'-x.wav", '\'@a,"b".wav', "ελ.wav"} <= names
    assert all(float(row["score"]) for row in rows)
    code, _, errors = run(*INFER, folder, "--output", "out.jsonl", "--spreadsheet-safe")
    assert code == 2
    assert "--spreadsheet-safe is used with CSV as --output alone" in errors
