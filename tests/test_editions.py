"""Embeddings that the first edition of the built-in encoder made are recognised, refused, and left as they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from processes import run

from atmda.core.embeddings.identity import FORMER
from atmda.core.encoders import load_encoder

FIRST = {**load_encoder("compact").identity, "weights_sha256": next(iter(FORMER))}

AUDIO = ("--modality", "audio", "--bg-embeddings")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Embeddings as the first edition made them, of two clips."""
    rows = np.eye(2, 640, dtype=np.float32)
    path = tmp_path / "old.npz"
    np.savez(path, embeddings=rows, clips=["a.wav", "b.wav"], labels=["siren", "rain"], folds=[1, 2],
             identity=json.dumps(FIRST), classes=["siren", "rain"])  # fmt: skip
    return path


def refused(*arguments: str | Path) -> str:
    code, _, said = run(*map(str, arguments))
    assert code == 1
    assert "made with the first edition of compact" in said and "Traceback" not in said
    return said


def test_classify_and_infer_refuse_them_with_the_command_that_makes_them_again(old: Path) -> None:
    assert f"atmda embed --output {old} --force" in refused("classify", "--embeddings", old, "--mode", "zs")
    refused("infer", "--embeddings", old, "--labels", "siren,rain", "--model", "compact")


def test_examples_and_backgrounds_of_the_first_edition_meet_no_embeddings_of_this_one(
    old: Path, tmp_path: Path
) -> None:
    with np.load(old) as file:
        held = {name: file[name] for name in file.files}
    now = tmp_path / "now.npz"
    np.savez(now, **{**held, "identity": np.asarray(json.dumps(load_encoder("compact").identity))})
    assert str(old) in refused("classify", "--embeddings", now, "--mode", "sv", *AUDIO, old)
    assert str(old) in refused("infer", "--embeddings", now, "--mode", "sv", "--examples", old, "--model", "compact")


def test_embed_does_not_go_on_in_a_store_of_the_first_edition(tmp_path: Path) -> None:
    sf.write(tmp_path / "a.wav", np.zeros(16_000, np.float32), 16_000)
    store = tmp_path / "store"
    words = ("embed", "--audio-folder", str(tmp_path), "--output", str(store), "--model", "compact")
    assert run(*words)[0] == 0
    manifest = store / "_manifest.json"
    told = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**told, "identity": FIRST}))
    before = sorted((path.name, path.read_bytes()) for path in store.iterdir())
    assert f"--output {store} --force" in refused(*words)
    assert sorted((path.name, path.read_bytes()) for path in store.iterdir()) == before
