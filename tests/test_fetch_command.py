"""`atmda fetch` as users run it, against a server on this machine."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from http_server import Server, serving
from test_fetch import md5, packed, serve
from typer.testing import CliRunner

from atmda.cli import app
from atmda.cli.words import gather_parts
from atmda.datasets import DATASETS
from atmda.datasets.remotes import Facts, Part, Target
from atmda.download import catalogue, soundata_remotes


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "*")
    with serving() as server:
        parts = (
            Part(
                "audio",
                (serve(server, "audio.zip", packed({"top/1.wav": b"one", "top/2.wav": b"two"}), strip=("top",)),),
            ),
            Part("meta", (serve(server, "meta.csv", b"a,b\n"),)),
        )
        target = Target("demo", "input/demo", parts, facts=Facts(8, 2, licence="CC0"))
        monkeypatch.setitem(catalogue.OWN, "demo", target)
        yield server


def atmda(*arguments: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["fetch", *map(str, arguments)])
    if result.exit_code != code:
        raise AssertionError(f"exit code {result.exit_code}, not {code}: {result.output}") from result.exception
    assert "Traceback" not in result.output
    return result


def test_fetch_tells_where_it_lies_and_does_nothing_the_second_time(server: Server, tmp_path: Path) -> None:
    first = atmda("demo")
    assert first.stdout.strip() == "data/input/demo" and "2 parts fetched and checked" in first.stderr
    assert (tmp_path / "data/input/demo/1.wav").read_bytes() == b"one"
    server.requests.clear()
    assert "nothing to do" in atmda("demo").stderr and server.requests == []
    assert "fetched" in atmda("demo", "--force").stderr


def test_json_is_one_document(server: Server) -> None:
    document = json.loads(atmda("demo", "--json").stdout)
    assert document == {"name": "demo", "folder": "data/input/demo", "fetched": ["audio", "meta"], "present": []}
    verdict = json.loads(atmda("demo", "--verify", "--json").stdout)
    assert verdict["good"] and verdict["differ"] == []


def test_the_original_scripts_flag_names_the_data_set(server: Server) -> None:
    assert "fetched" in atmda("--dataset_name", "demo").stderr


def test_parts_are_given_in_words_with_commas_or_patterns(server: Server) -> None:
    assert json.loads(atmda("demo", "--json", "--partial", "meta").stdout)["fetched"] == ["meta"]
    assert json.loads(atmda("demo", "--partial", "meta", "audio", "--json").stdout)["fetched"] == ["audio"]
    assert json.loads(atmda("--partial", "a*", "demo", "--force", "--json").stdout)["fetched"] == ["audio"]
    assert "has no part" in atmda("demo", "--partial", "mete", code=1).stderr


def test_words_after_partial_are_parts_until_the_next_flag() -> None:
    names = ["fsd50k", "demo"]
    assert gather_parts(["fsd50k", "--partial", "a", "b", "-q"], names) == ["fsd50k", "-q", "--partial", "a,b"]
    assert gather_parts(["--partial", "a", "fsd50k"], names) == ["fsd50k", "--partial", "a"]
    assert gather_parts(["--partial=a,b", "fsd50k"], names) == ["fsd50k", "--partial", "a,b"]
    assert gather_parts(["fsd50k", "--partial", "a", "--partial", "b"], names) == ["fsd50k", "--partial", "a,b"]
    assert gather_parts(["fsd50k", "--force"], names) == ["fsd50k", "--force"]


def test_verify_fails_where_a_file_differs_and_says_what_mends_it(server: Server, tmp_path: Path) -> None:
    atmda("demo")
    (tmp_path / "data/input/demo/meta.csv").write_bytes(b"c,d\n")
    result = atmda("demo", "--verify", code=1)
    assert "meta.csv differs from its checksum" in result.stderr and "atmda fetch demo --force" in result.stderr
    atmda("demo", "--force")
    atmda("demo", "--verify")


def test_list_shows_all_there_is_and_what_is_here(server: Server) -> None:
    atmda("demo", "--partial", "meta")
    entries = {entry["name"]: entry for entry in json.loads(atmda("--list", "--json").stdout)}
    assert entries["demo"]["here"] == "1 of 2 parts" and entries["laion-clap"]["here"] == "no"
    assert (entries["demo"]["clips"], entries["demo"]["licence"]) == (2, "CC0")
    if "clips" in entries["urbansound8k"]:  # soundata is installed
        us8k = entries["urbansound8k"]
        assert (us8k["clips"], us8k["classes"], us8k["folds"]) == (8732, 10, 10)
        assert us8k["labels"][3] == "dog bark" and us8k["licence"].startswith("CC")
    table = atmda("--list").stdout
    assert "urbansound8k" in table and "1 of 2 parts" in table
    parts = json.loads(atmda("demo", "--list", "--json").stdout)["parts"]
    assert [(part["part"], part["here"]) for part in parts] == [("audio", False), ("meta", True)]


def test_verbose_says_what_is_done_where(server: Server) -> None:
    assert "demo: audio, meta; into data/input/demo." in atmda("demo", "-v").stderr
    assert "data/input/demo are compared with the checksums recorded" in atmda("demo", "--verify", "-v").stderr
    assert "Looking in data" in atmda("--list", "-v").stderr


def test_the_list_says_that_more_can_be_had_with_soundata(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundata_remotes, "_folder", lambda: None)
    result = atmda("--list")
    assert "20 more data sets" in result.stderr and "pip install" in result.stderr
    refused = atmda("tau2019sse", code=1)
    assert "soundata, which is not installed" in refused.stderr and "pip install soundata" in refused.stderr


def test_verify_needs_no_soundata(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundata_remotes, "_folder", lambda: None)
    monkeypatch.setattr(soundata_remotes, "_import", lambda name: pytest.fail("imported"))
    folder = tmp_path / "data/input/urbansound8k"
    (folder / ".fetch").mkdir(parents=True)
    (folder / "a.wav").write_bytes(b"one")
    index = json.dumps({"clips": {"a": {"audio": ["a.wav", md5(b"one").removeprefix("md5:")]}}})
    (folder / ".fetch/index.json").write_text(index)
    spec = DATASETS.get("urbansound8k")
    assert spec.index is not None
    undo = DATASETS.add(replace(spec, index=replace(spec.index, checksum=md5(index.encode()))))
    try:
        assert "1 of 1 files are as published" in atmda("urbansound8k", "--verify").stdout
    finally:
        undo()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nothing-such"], 1, "nothing called 'nothing-such'"),
        (["-q"], 2, "Say what to fetch"),
        (["demo", "--verify", "--force"], 2, "one of them"),
        (["demo,demo", "--partial", "x"], 2, "one NAME"),
        (["demo", "--num-workers", "0"], 2, "--num-workers 0"),
        (["demo", "--verify"], 1, "atmda fetch demo"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(server: Server, arguments: list[str], code: int, words: str) -> None:
    result = atmda(*arguments, code=code)
    assert words in result.stderr and len(result.stderr.strip().splitlines()) == 1


def test_fetch_runs_whatever_the_environment_says_of_this_machines_workers(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATMDA_NUM_WORKERS", "64")
    assert "fetched" in atmda("demo").stderr
    assert "fetched" in atmda("demo", "--force", "--downloads", "1").stderr
    assert "fetched" in atmda("demo", "--force", "--num_workers", "2").stderr
    assert "--downloads" in atmda("--help").stdout and "--num-workers" not in atmda("--help").stdout


SCRIPT = """
import sys
from atmda.cli import app
from atmda.download import catalogue
from atmda.datasets.remotes import Part, Remote, Target
url, checksum = sys.argv[1:3]
catalogue.OWN["demo"] = Target("demo", "input/demo", (Part("all", (Remote("big.bin", url, checksum),)),))
app(["fetch", "demo"])
"""


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_fetch_goes_on_where_it_was(server: Server, tmp_path: Path, stop: signal.Signals) -> None:
    body = random.Random(1).randbytes(400_000)
    server.files["/big.bin"] = body
    server.pause["/big.bin"] = 60.0  # after half of the bytes the server falls silent
    command = [sys.executable, "-c", SCRIPT, f"{server.url}/big.bin", md5(body)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environment)
    half = tmp_path / "data/input/demo/.fetch/downloads/all/big.bin.part"
    for _ in range(1200):
        if half.is_file() and half.stat().st_size >= 100_000:
            break
        time.sleep(0.05)
    else:
        raise AssertionError("the download did not begin")
    run.send_signal(stop)
    began = time.monotonic()
    _, errors = run.communicate(timeout=30)
    if stop == signal.SIGINT:
        assert run.returncode == 130 and "Traceback" not in errors and "Interrupted" in errors
        assert time.monotonic() - began < 10
    assert not (tmp_path / "data/input/demo/big.bin").exists()
    server.pause.clear()
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "data/input/demo/big.bin").read_bytes() == body
