"""The nearest clips or windows of a store: what is found, in which order, and what is left out."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from processes import run
from spectral import DIM, RATE

import atmda
from atmda.core.clip import Clip
from atmda.core.embeddings import scanning
from atmda.core.embeddings.npz import write_npz
from atmda.core.embeddings.reading import read_store
from atmda.core.embeddings.schema import Seen
from atmda.core.embeddings.store import EmbeddingStore, Manifest
from atmda.core.search import nearest as passes
from atmda.errors import StoreError

IDENTITY = {"encoder": "spectral", "weights_sha256": "none", "preprocessing": "1"}
STORE = ("--embeddings", "store")


def windows(
    X: Any, recordings: int = 3, shard: int = 16, folder: str = "store", silent: Sequence[int] = (), **known: Any
) -> None:
    """A store of `X` (n, DIM): windows of 2 s, each a second behind the last, of several recordings."""
    store = EmbeddingStore.open(Path(folder), Manifest(IDENTITY, DIM))
    store.expect(len(X))
    each = -(-len(X) // recordings)
    clips = []
    for number in range(len(X)):
        name, start = f"site/{number // each}.wav", float(number % each)
        clip = Clip(Path(name), f"{name}#t={start:g},{start + 2:g}", source=name, start=start, end=start + 2, **known)
        clips.append(clip)
    seen = {clips[number].name: Seen(silent=True) for number in silent}
    for start in range(0, len(X), shard):
        store.append(
            [(c, x) for c, x in zip(clips[start : start + shard], X[start : start + shard], strict=True)], {}, seen
        )
    store.finish()


def unit_rows(n: int, seed: int = 0) -> Any:
    X = np.abs(np.random.default_rng(seed).standard_normal((n, DIM))).astype(np.float32)
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def found(query: str = "1000", *more: object) -> list[dict[str, Any]]:
    code, out, errors = run("search", query, *STORE, "--json", *map(str, more))
    assert code == 0, errors
    return json.loads(out)["results"]


def test_the_best_windows_of_all_shards_come_with_their_times_and_scores() -> None:
    X = unit_rows(100)
    windows(X)
    scores = X[:, 10]  # 1000 Hz
    best = np.argsort(-scores, kind="stable")[:7]
    rows = found("1000", "--top-k", 7)
    assert list(rows[0])[:5] == ["filename", "start", "end", "label", "score"]
    assert [(row["filename"], row["start"], row["end"]) for row in rows] == [
        (f"site/{n // 34}.wav", n % 34, n % 34 + 2) for n in best
    ]
    np.testing.assert_allclose([row["score"] for row in rows], scores[best], atol=1e-6)
    spread = (scores[best] - scores.mean()) / scores.std()
    np.testing.assert_allclose([row["deviations"] for row in rows], spread, atol=2e-3)


def test_equal_scores_keep_the_stores_order_on_any_number_of_threads() -> None:
    X = unit_rows(4)[np.random.default_rng(1).integers(0, 4, 90)]
    windows(X)
    rows = [found("1000", "--top-k", 30, "--num-workers", workers) for workers in (1, 3)]
    assert rows[0] == rows[1]
    best = np.argsort(-X[:, 10], kind="stable")[:30]
    assert [row["start"] for row in rows[0]] == (best % 30).tolist()


def test_few_candidates_held_at_once_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    windows(unit_rows(90), shard=40)
    whole = found()
    monkeypatch.setattr(passes, "GATHERED", 1)
    monkeypatch.setattr(scanning, "ROWS", 7)
    assert found() == whole


def test_a_parquet_file_of_another_program_and_an_npz_are_searched_alike() -> None:
    windows(unit_rows(50))
    expected = found()
    whole = pa.concat_tables(pq.read_table(path) for path in sorted(Path("store").glob("*.parquet")))
    pq.write_table(whole, "e.parquet", row_group_size=11)
    write_npz(read_store(Path("store")), Path("e.npz"))
    for name in ("e.parquet", "e.npz"):
        assert atmda.search("1000", name, model="spectral").rows() == expected
    pq.write_table(whole.select(["clip", "embedding"]), "bare.parquet")
    bare = atmda.search("1000", "bare.parquet", model="spectral").rows()
    assert [(row["clip"], row["score"]) for row in bare] == [(row["clip"], row["score"]) for row in expected]
    assert {row["start"] for row in bare} == {None}


def test_a_recording_is_looked_for_by_how_it_sounds(tones: Path) -> None:
    windows(np.eye(DIM, dtype=np.float32))
    row = found(str(tones / "tone4.wav"), "--top-k", 1)[0]
    assert (row["label"], row["rank"]) == ("tone4.wav", 1)
    assert row["filename"] + f" {row['start']:g}" == "site/0.wav 10"  # 1000 Hz
    wave = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    (hit,) = atmda.search((wave, RATE), "store", top_k=1).hits
    assert (hit.filename, hit.start) == (row["filename"], row["start"])


@pytest.mark.parametrize(
    ("query", "said"),
    [("there/is/none.wav", "no such recording"), ("silence.wav", "no sound"), ("notes.wav", "notes.wav")],
)
def test_a_query_that_cannot_be_looked_for_is_named(query: str, said: str, write_tone: Callable[..., Path]) -> None:
    windows(unit_rows(5))
    Path("notes.wav").write_text("no audio")
    import soundfile

    soundfile.write("silence.wav", np.zeros(RATE), RATE)
    code, out, errors = run("search", query, *STORE)
    assert code in (1, 2)
    assert not out
    assert said in errors


def test_one_background_for_all_lowers_scores_and_leaves_their_order(tones: Path) -> None:
    windows(unit_rows(60))
    plain = found()
    adapted = found("1000", "--modality", "audio", "--bg-folder", tones, "--temperature", 1)
    assert [row["clip"] for row in adapted] == [row["clip"] for row in plain]
    assert [row["unadapted_score"] for row in adapted] == [row["score"] for row in plain]
    lowered = [p["score"] - a["score"] for a, p in zip(adapted, plain, strict=True)]
    assert max(lowered) - min(lowered) < 3e-6 < min(lowered)
    *_, errors = run("search", "1000", *STORE, "--modality", "text", "--bg-type", "1000")
    assert "leaves their order as it is" in errors
    assert "--bg self" in errors


def test_a_window_that_stands_out_of_its_own_recording_is_found_with_the_background_of_itself() -> None:
    rng = np.random.default_rng(3)
    level = np.repeat([0.8, 0.1, 0.1], 20) + 0.01 * rng.standard_normal(60)  # the first recording hums at 1000 Hz
    level[50] = 0.5  # an event in a quiet one
    X = np.zeros((60, DIM), np.float32)
    X[:, 10], X[:, 20] = level, np.sqrt(1 - level**2)
    windows(X)
    assert found("1000", "--top-k", 20)[0]["filename"] == "site/0.wav"
    ours = ("--modality", "audio", "--bg", "self", "--temperature", 1)
    best = found("1000", "--top-k", 1, *ours)[0]
    assert (best["filename"], best["start"]) == ("site/2.wav", 10)
    assert best["score"] == pytest.approx(0.5 - X[40:, 10].mean(), abs=1e-5)
    assert best["unadapted_score"] == pytest.approx(0.5, abs=1e-6)
    silent = X.copy()
    silent[40] = 0
    windows(silent, folder="quiet", silent=[40])
    (hit,) = atmda.search("1000", "quiet", top_k=1, modality="audio", bg="self", temperature=1.0).hits
    assert hit.score == pytest.approx(0.5 - X[41:, 10].mean(), abs=1e-5)


def test_clips_are_adapted_to_the_recording_that_they_were_mixed_from() -> None:
    X, B = unit_rows(20), unit_rows(2, seed=5)
    store = EmbeddingStore.open(Path("store"), Manifest(IDENTITY, DIM))
    mixed = [Clip(Path(), f"{n}.wav", background=f"park/{'ab'[n % 2]}.wav") for n in range(20)]
    store.append([(clip, x) for clip, x in zip(mixed, X, strict=True)], {})
    other = EmbeddingStore.open(Path("bg"), Manifest(IDENTITY, DIM))
    other.append([(Clip(Path(), f"{name}.wav"), b) for name, b in zip("ab", B, strict=True)], {})
    ours = ("--modality", "audio", "--bg-embeddings", "bg", "--temperature", 1, "--top-k", 20)
    expected = X[:, 10] - B[np.arange(20) % 2, 10]
    rows = found("1000", *ours)
    assert [row["filename"] for row in rows] == [f"{n}.wav" for n in np.argsort(-expected)]
    store.append([(Clip(Path(), "odd.wav", background="c.wav"), X[0])], {})
    code, _, errors = run("search", "1000", *STORE, *map(str, ours))
    assert code == 1
    assert "1 clips" in errors


def test_windows_that_crowd_round_a_better_one_are_left_out() -> None:
    X = np.zeros((400, DIM), np.float32)
    X[:, 10] = 0.1 + np.arange(400)[::-1] * 1e-3  # the first are the best
    X[:, 20] = np.sqrt(1 - X[:, 10] ** 2)
    windows(X, recordings=1, shard=64)
    assert [row["start"] for row in found("1000", "--top-k", 3)] == [0, 1, 2]
    assert [row["start"] for row in found("1000", "--top-k", 3, "--min-gap", 0)] == [0, 2, 4]
    assert [row["start"] for row in found("1000", "--top-k", 3, "--min-gap", 98)] == [0, 100, 200]
    assert [row["start"] for row in found("1000", "--top-k", 50, "--min-gap", 98)] == [0, 100, 200, 300]


def test_what_is_silent_or_no_number_is_left_out_and_counted() -> None:
    X = unit_rows(20)
    X[3], X[4, 7], X[5] = np.nan, np.inf, 1e30
    windows(X, silent=[8])
    done = atmda.search("1000", "store", model="spectral")
    assert done.searched == len(done.hits) == 16
    assert done.left_out == {"not numbers": 3, "silent": 1, "of no recording": 0}


def test_rows_of_another_length_are_brought_to_one_and_said() -> None:
    X = unit_rows(30)
    windows(X)
    expected = found()
    windows(X * np.where(np.arange(30) % 3, 1, 9)[:, None].astype(np.float32), folder="long")
    code, out, errors = run("search", "1000", "--embeddings", "long", "--json")
    assert code == 0
    assert "10 embeddings are not of length 1" in errors
    assert [row["clip"] for row in json.loads(out)["results"]] == [row["clip"] for row in expected]


def test_a_damaged_shard_is_left_out_and_told_and_the_rest_is_searched() -> None:
    windows(unit_rows(64))
    shard = sorted(Path("store").glob("*.parquet"))[1]
    content = bytearray(shard.read_bytes())
    for place in random.Random(0).sample(range(1500, 4000), 40):
        content[place] ^= 0xFF
    shard.write_bytes(content)
    code, out, errors = run("search", "1000", *STORE, "--json")
    assert code == 3
    assert shard.name in errors
    assert list(json.loads(out)["skipped"]) == [str(Path("store") / shard.name)]
    assert len(json.loads(out)["results"]) == 48


def test_embeddings_of_another_encoder_are_refused() -> None:
    EmbeddingStore.open(Path("store"), Manifest({**IDENTITY, "weights_sha256": "others"}, DIM)).append(
        [(Clip(Path(), "a.wav"), unit_rows(1)[0])], {}
    )
    with pytest.raises(StoreError, match="weights_sha256 is others"):
        atmda.search("1000", "store")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("1000",), "--embeddings STORE"),
        (("1000", *STORE, "--bg", "self"), "--bg is used with --modality audio alone"),
        (("1000", *STORE, "--modality", "audio"), "--modality audio needs --bg-folder"),
        (("1000", *STORE, "--modality", "audio", "--bg", "self", "--bg-folder", "x"), "both describe the background"),
        (("1000", *STORE, "--modality", "audio", "--bg", "park"), "--bg self alone"),
        (("1000", *STORE, "--temperature", "1"), "--temperature is used with"),
        (("1000", *STORE, "--output", "x.txt"), "--output x.txt"),
        ((" ", *STORE), "Say what to look for"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_before_anything_is_read(words: Any, said: str) -> None:
    code, _, errors = run("search", *words)
    assert code == 2
    assert said in errors


def test_results_go_into_a_table_or_to_stdout_and_are_detections_of_the_query() -> None:
    windows(unit_rows(20), label="dog", labels=("dog",))
    code, out, _ = run("search", "1000 hertz", *STORE, "--top-k", "2", "--output", "hits.parquet")
    assert code == 0
    assert "site/" in out
    rows = pq.read_table("hits.parquet").to_pylist()
    assert rows == found("1000 hertz", "--top-k", 2)
    assert {row["known_label"] for row in rows} == {"dog"}
    code, out, _ = run("search", "1000 hertz", *STORE, "--top-k", "2", "--output", "-")
    assert out.splitlines()[0].startswith("filename,start,end,label,score,")
    assert len(out.splitlines()) == 3
    one, _ = atmda.search("1000 hertz", "store", top_k=2).detections()
    assert (one.label, one.filename, one.score) == ("1000 hertz", rows[0]["filename"], pytest.approx(rows[0]["score"]))


def test_words_that_say_little_to_the_encoder_are_told() -> None:
    windows(unit_rows(5))
    code, _, errors = run("search", "glass", *STORE)
    assert code == 1  # to this encoder, nothing at all
    assert "does not know 'glass'" in errors
    assert "says nothing to spectral" in errors


def test_a_row_group_of_many_rows_is_not_held_in_memory_whole() -> None:
    X = np.zeros((12_000, 512), np.float32)  # 25 MB
    X[:, 0] = np.arange(len(X))
    table = pa.table({"clip": [str(n) for n in range(len(X))], "embedding": list(X)})
    pq.write_table(table, "one.parquet", use_dictionary=False, compression="none", row_group_size=len(X))
    del table
    rows = scanning.open_rows(Path("one.parquet"))
    before, held, count = pa.total_allocated_bytes(), 0, 0
    for stretch in rows.stretches(rows.pieces[0], ()):
        assert stretch.embeddings[0, 0] == count
        count += len(stretch)
        held = max(held, pa.total_allocated_bytes() - before)
    assert count == len(X)
    assert held < 18e6
