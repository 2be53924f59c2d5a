"""`classify --bg`: the background of each recording from its own windows, with the truth and without it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest import approx

from atmda.core.clip import Clip
from atmda.core.detection.background import self_profile
from atmda.core.embeddings.formats import read_embeddings
from atmda.core.embeddings.schema import Seen
from atmda.core.embeddings.store import EmbeddingStore, Manifest
from atmda.core.methods.base import Prototypes
from atmda.core.methods.recording_windows import RecordingWindows
from atmda.errors import SettingsError, StoreError
from atmda.settings.classify import ClassifySettings
from atmda.tasks.classify import classify
from atmda.tasks.observer import Observer
from atmda.tasks.recording_windows import recording_windows
from atmda.tasks.statistics import analyse
from tests import processes

LABELS = ("bell", "car", "dog")


def unit(rows: Any) -> Any:
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def place(seed: int = 0) -> tuple[Any, Any, list[tuple[str, ...]], list[str]]:
    """Anchors, windows, their labels and recordings: two streets that sound of cars, and one where all is labelled."""
    random = np.random.default_rng(seed)
    P = np.eye(3, 8, dtype=np.float32)
    sets = [("dog",), (), ("bell", "dog"), (), ("bell",), ("bell",), (), (), ("dog",), (), ("dog",), ("bell", "car")]
    sources = ["a.wav"] * 5 + ["b.wav"] * 5 + ["c.wav"] * 2
    X = [
        P[1] * (0 if source == "c.wav" else 1.2) + sum((P[LABELS.index(label)] for label in own), np.zeros(8)) * 0.9
        for own, source in zip(sets, sources, strict=True)
    ]
    return P, unit(np.asarray(X) + random.normal(size=(12, 8)) * 0.05), sets, sources


FOLDS = {"a.wav": 1, "b.wav": 2, "c.wav": 3}


def made(folder: Path, scale: float = 1.0, silent: tuple[int, ...] = (), level: bool = True) -> Path:
    """A store of the windows of `place`, their embeddings `scale` long, and the anchors beside it."""
    P, X, sets, sources = place()
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "anchors.npz", embeddings=P, labels=np.asarray(LABELS))
    store = EmbeddingStore.open(folder / "store", Manifest({"encoder": "toy"}, 8, "mine", LABELS, 10.0))
    rows, seen = [], {}
    for k, (own, source) in enumerate(zip(sets, sources, strict=True)):
        label = own[0] if len(own) == 1 else None
        start, name = float(k % 5), f"{source}#t={k % 5},{k % 5 + 1}"
        clip = Clip(Path(source), name, label, own, FOLDS[source], source=source, start=start, end=start + 1)
        rows.append((clip, X[k] * np.float32(scale)))
        seen[name] = Seen(level=-30.0 - k if level else None, silent=k in silent)
    store.expect(len(rows))
    store.append(rows, {}, seen)
    store.finish()
    return folder / "store"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("windows"))


def classified(store: Path, **settings: Any) -> Any:
    given = {"text_embeddings": store.parent / "anchors.npz", "metric": ("recall_at_k",), **settings}
    return classify(ClassifySettings(embeddings=store, modality=("none", "audio"), **given))


def command(store: Path, *more: str, code: int = 0) -> tuple[Any, str]:
    words = ("classify", "--embeddings", str(store), "--text-embeddings", str(store.parent / "anchors.npz"), "--json")
    ended, out, said = processes.run(*words, "--metric", "recall_at_k", *more)
    assert ended == code, said
    return (json.loads(out) if code == 0 else None), said


def test_the_profile_is_that_of_the_mean_of_the_unlabelled_windows_of_the_same_recording(store: Path) -> None:
    P, X, sets, sources = place()
    result = classified(store, bg="unlabelled", temperature=0.5)
    labelled = [k for k in range(10) if sets[k]]
    means = {s: X[[k for k in range(10) if sources[k] == s and not sets[k]]].mean(axis=0) for s in ("a.wav", "b.wav")}
    expected = X[labelled] @ P.T - 0.5 * np.stack([means[sources[k]] for k in labelled]) @ P.T
    plain, adapted = result.cells
    assert (plain.modality, adapted.modality) == ("none", "audio unlabelled")
    np.testing.assert_allclose(adapted.scores, expected, atol=1e-6)
    np.testing.assert_allclose(plain.scores, X[labelled] @ P.T, atol=1e-6)


def test_a_recording_without_an_unlabelled_window_is_left_out_of_every_cell_and_named(store: Path) -> None:
    more = ("--modality", "none,audio", "--bg", "unlabelled,self")
    found, said = command(store, *more)
    assert found["clips"] == 5 and {tuple(fold["n"] for fold in cell["folds"]) for cell in found["results"]} == {(3, 2)}
    assert "1 recordings have no window without a label and are left out of every cell: c.wav" in said
    assert "takes the truth to find them" in said and "clips have no label" not in said
    blind, said = command(store, "--modality", "none,audio", "--bg", "self")
    assert blind["clips"] == 7 and "c.wav" not in said
    assert found["bg"] == ["unlabelled", "self:quiet"]


def test_the_blind_background_stands_beside_the_one_that_needs_the_truth(store: Path) -> None:
    found, _ = command(store, "--modality", "none,audio", "--bg", "unlabelled,self:mean", "--temperature", "0.5,1")
    cells = [(cell["modality"], cell["temperature"]) for cell in found["results"]]
    assert cells == [("none", None), *((f"audio {own}", t) for own in ("unlabelled", "self:mean") for t in (0.5, 1.0))]
    recall = {cell: row["recall_at_k"] for cell, row in zip(cells, found["results"], strict=True)}
    assert recall["none", None] < recall["audio unlabelled", 1.0] == 1  # the street's cars drown the rest


def test_gains_in_recall_at_k_have_intervals_by_recording(store: Path) -> None:
    statistics = analyse(classified(store, bg="unlabelled,self:mean", temperature=1.0), n_samples=200)
    gains = {row["modality"]: row for row in statistics.gains}
    assert set(gains) == {"audio unlabelled", "audio self:mean"}
    assert all(row["low"] <= row["difference"] <= row["high"] and row["sources"] == 2 for row in gains.values())


@pytest.mark.parametrize("how", ["quiet", "mean", "median"])
def test_the_blind_profile_is_taken_from_all_windows_of_the_recording(store: Path, how: str) -> None:
    P, X, sets, _ = place()
    (_, adapted) = classified(store, bg=f"self:{how}", temperature=1.0).cells
    levels, audible = np.arange(12) * -1.0 - 30, np.zeros(12, bool)
    for windows in (slice(0, 5), slice(5, 10), slice(10, 12)):
        profile = self_profile(X[windows] @ P.T, levels[windows].astype(np.float32), audible[windows], method=how)
        rows = [k for k in range(12)[windows] if sets[k]]
        first = sum(bool(own) for own in sets[: windows.start])
        expected = X[rows] @ P.T - profile
        np.testing.assert_allclose(adapted.scores[first : first + len(rows)], expected, atol=1e-6)


def test_a_rolling_background_follows_the_time_of_each_window() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(40, 8)).astype(np.float32)
    order = random.permutation(40)
    middles, P = np.arange(40.0) + 0.5, np.eye(3, 8, dtype=np.float32)
    none = np.zeros(40, bool)
    inner = RecordingWindows(X[order], none.astype(np.int64), none, none, np.arange(40), None, middles[order])
    found = inner.profile("self:mean,rolling=16", Prototypes(P), np.asarray([3, 30]))
    whole = self_profile(X @ P.T, None, none, method="mean", rolling=16, centres=middles)
    np.testing.assert_allclose(found, whole[order][[3, 30]], atol=1e-6)


def test_a_silent_window_is_no_background(tmp_path: Path) -> None:
    _, X, _, _ = place()
    with_one_silent = classified(made(tmp_path / "one", silent=(1,)), bg="unlabelled", temperature=1.0).cells[1]
    P = np.eye(3, 8)
    np.testing.assert_allclose(with_one_silent.scores[0], (X[0] - X[3]) @ P.T, atol=1e-6)
    found, said = command(made(tmp_path / "all", silent=(1, 3)), "--modality", "audio", "--bg", "unlabelled")
    assert found["clips"] == 2 and "left out of every cell: a.wav, c.wav" in said


def test_windows_are_brought_to_the_length_of_the_clips_that_are_some_of_them(store: Path, tmp_path: Path) -> None:
    longer = made(tmp_path, scale=3.0)
    settings = {"bg": ("unlabelled", "self"), "temperature": 1.0}
    for one, other in zip(classified(store, **settings).cells, classified(longer, **settings).cells, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-6)


def test_the_temperature_is_chosen_on_training_folds_here_too(store: Path) -> None:
    found, _ = command(store, "--modality", "audio", "--bg", "self:mean", "--mode", "zs", "--temperature", "auto")
    assert all("temperature" in fold["chosen"] for fold in found["results"][0]["folds"])


def test_several_backgrounds_are_told_apart_at_their_names() -> None:
    parsed = ClassifySettings(bg="unlabelled, self:median,rolling=60,SELF,self:quiet").bg  # type: ignore[arg-type]
    assert parsed == ("unlabelled", "self:median,rolling=60", "self:quiet")
    assert ClassifySettings(bg=["self"]).bg == ("self:quiet",)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--modality", "audio", "--bg", "site"), "each recording is taken by itself"),
        (("--modality", "audio", "--bg", "self:loud"), "there is no 'loud'"),
        (("--modality", "audio", "--bg", "parks"), "'parks' is neither self nor site"),
        (("--modality", "none", "--bg", "self"), "--bg is used with --modality audio alone"),
        (("--modality", "audio", "--bg", "self", "--bg-embeddings", "x"), "both say what the background is"),
        (("--modality", "audio"), "needs --bg-embeddings"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(store: Path, words: tuple[str, ...], named: str) -> None:
    _, said = command(store, *words, code=2)
    assert named in said


def test_where_no_recording_can_be_used_it_is_said_what_to_do(store: Path, tmp_path: Path) -> None:
    table = read_embeddings(store)
    np.savez(
        tmp_path / "bare.npz",
        embeddings=table.embeddings,
        clips=np.asarray(table.clips),
        labels=np.asarray([";".join(own) or "car" for own in table.label_sets or ()]),
    )
    (tmp_path / "anchors.npz").write_bytes((store.parent / "anchors.npz").read_bytes())
    given = {"embeddings": tmp_path / "bare.npz", "text_embeddings": tmp_path / "anchors.npz", "modality": "audio"}
    with pytest.raises(StoreError, match="column source"):
        classify(ClassifySettings(bg="self", **given))  # type: ignore[arg-type]
    labelled = replace(table, label_sets=[own or ("car",) for own in table.label_sets or ()])
    with pytest.raises(SettingsError, match=r"no recording in .* has windows with a label and windows without"):
        settings = ClassifySettings(bg="unlabelled", **given)  # type: ignore[arg-type]
        recording_windows(settings, labelled, labelled.finite(), Observer())


def test_recordings_of_ones_own_with_a_table_go_the_same_way(tmp_path: Path, write_tone: Any) -> None:
    for number in range(3):
        write_tone(tmp_path / f"audio/{number}.wav", 1000.0 * (number + 1), 4.0)
    rows = ["0.wav,1000 Hz,0,1,1", "1.wav,2000 Hz,0,2,2", "1.wav,4000 Hz,0.2,1,2", "2.wav,3000 Hz,1,2,2"]
    (tmp_path / "heard.csv").write_text("\n".join(["filename,label,start,end,fold", *rows]) + "\n")
    where = ("--audio-folder", str(tmp_path / "audio"), "--annotations", str(tmp_path / "heard.csv"))
    made_by = ("--model", "spectral", "--window", "1", "--output", str(tmp_path / "own"))
    code, _, said = processes.run("embed", *where, *made_by)
    assert code == 0, said
    words = ("--embeddings", str(tmp_path / "own"), "--modality", "none,audio", "--bg", "unlabelled,self", "--json")
    code, out, said = processes.run("classify", *words, "--metric", "recall_at_k")
    assert code == 0, said
    found = json.loads(out)
    assert found["clips"] == 4 and [fold["fold"] for fold in found["results"][0]["folds"]] == [1, 2]
    assert found["results"][0]["recall_at_k"] == approx((1 + (1 / 2 + 1 + 1) / 3) / 2)
