"""`atmda doctor`: what is well, what is not, and what to do."""

import json
from pathlib import Path

import pytest
from processes import run

from atmda.core.encoders.compact import encoder as compact
from atmda.core.locks import locked
from atmda.soundscapes.manifest import read_manifest


def findings(*paths: str, code: int) -> dict[str, list[dict]]:
    got, out, _ = run("doctor", *paths, "--json")
    told = json.loads(out)
    assert (got, told["well"]) == (code, code == 0), out
    found: dict[str, list[dict]] = {}
    for finding in told["findings"]:
        found.setdefault(finding["name"], []).append(finding)
    return found


def test_on_a_machine_that_is_well_it_says_so_and_exits_with_0():
    found = findings(code=0)
    assert found["encoder compact"][0]["said"] == f"weights {compact.WEIGHTS_SHA256[:16]}, as released"
    assert "cpu" in found["device"][0]["said"]
    assert {"atmda", "packages", "free space", "data directory", "text cache"} <= found.keys()
    assert "All is well" in run("doctor")[1]


def test_the_built_in_weights_are_those_that_were_released(tmp_path, monkeypatch):
    content = bytearray(compact.WEIGHTS.read_bytes())
    content[-5] ^= 1
    altered = tmp_path / "compact.safetensors"
    altered.write_bytes(bytes(content))
    monkeypatch.setattr(compact, "WEIGHTS", altered)
    monkeypatch.setattr(compact.CompactEncoder.__init__, "__defaults__", (altered,))
    assert "are damaged" in findings(code=1)["encoder compact"][0]["said"]
    assert "the weights of compact are damaged. Install atmda again." in run("infer", "--demo")[2]


@pytest.fixture
def store(tones) -> Path:
    assert run("embed", "--model", "spectral", "--audio-folder", str(tones), "--output", "store", shard=4)[0] == 0
    return Path("store")


def test_a_store_is_read_whole_and_what_is_wrong_is_told_with_what_to_do(store):
    assert findings("store", code=0)["store"][0]["said"] == "whole"
    shard = sorted(store.glob("*.parquet"))[1]
    content = bytearray(shard.read_bytes())
    content[100] ^= 1
    shard.write_bytes(bytes(content))
    sorted(store.glob("*.parquet"))[0].unlink()
    said = [finding["said"] for finding in findings("store", code=1)["store"]]
    assert any("part-00000.parquet is missing" in sentence for sentence in said)
    assert any("part-00001.parquet: it is damaged" in sentence for sentence in said)
    assert "Run the same atmda embed with this output again" in run("doctor", "store")[2]


def test_a_set_of_soundscapes_is_read_whole(tmp_path, write_tone):
    for name in ("fg/dog/1", "fg/dog/2", "fg/cat/3", "bg/park/1"):
        write_tone(tmp_path / "data/input" / f"{name}.wav", 300.0, 1.5)
    words = ("augment", "--fg-dataset", "fg", "--bg-dataset", "bg", "--duration", "2", "--output", "set")
    words = (*words, "--num-workers", "1")
    assert run(*words, "--n-soundscapes", "3")[0] == 0
    assert findings("set", code=0)["set"][0]["said"] == "whole"
    records = read_manifest(Path("set"))
    wav = Path("set", records[0]["file"])
    content = bytearray(wav.read_bytes())
    content[-1] ^= 1
    wav.write_bytes(bytes(content))
    Path("set", records[1]["file"]).write_bytes(b"cut")
    Path("set", records[2]["jams"]).unlink()
    Path("set", records[3]["jams"]).write_text("{}")
    said = " ".join(finding["said"] for finding in findings("set", code=1)["set"])
    assert f"have a WAV file that was altered: {records[0]['file']}" in said
    assert f"have a WAV file of the wrong size: {records[1]['file']}" in said
    assert f"lack a file: {records[2]['file']}" in said
    assert f"have a damaged JAMS file: {records[3]['file']}" in said


def test_what_is_being_written_and_what_was_stopped_is_told(tmp_path):
    for name in ("a", "b.npz.partial"):
        Path("data/embeddings", name).mkdir(parents=True)
    Path("data/results/.unfinished_out.csv").mkdir(parents=True)
    with locked(Path("data/embeddings/a"), "2-of-8"):
        found = findings(code=0)
    assert found["lock"][0]["said"] == "data/embeddings/a is being written (2-of-8)"
    said = [finding["said"] for finding in found["unfinished"]]
    assert any("data/embeddings/b.npz goes on" in sentence for sentence in said)
    assert any("data/results/out.csv goes on" in sentence for sentence in said)
    assert "lock" not in findings(code=0)


def test_what_is_not_there_is_named():
    assert "there is no such file or folder" in findings("nowhere", code=1)["nowhere"][0]["said"]
