"""TUT Sound Events 2016 and 2017: recordings with events, read from their official layout, and cut into windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from atmda.core.embeddings.store import read_store
from atmda.datasets import labels_of, load_dataset
from atmda.errors import AtmdaError
from tests import processes

Tone = Callable[..., Path]
STREET = "TUT-sound-events-2017-development"
HOMES = "TUT-sound-events-2016-development"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def lay_out(root: Path, recordings: dict[str, tuple[int, str]], write_tone: Tone, seconds: float = 4.0) -> Path:
    """`<scene>/<name>` -> its fold and the lines of its annotation, in the official layout below `root`."""
    for number, (name, (fold, events)) in enumerate(recordings.items()):
        scene = name.partition("/")[0]
        write_tone(root / f"audio/{name}.wav", 500.0 * (number + 1), seconds)
        write(root / f"meta/{name}.ann", events)
        lists = root / "evaluation_setup"
        lists.mkdir(exist_ok=True)
        with (lists / f"{scene}_fold{fold}_test.txt").open("a") as file:
            file.write(f"audio/{name}.wav\t{scene}\n")
        with (lists / f"{scene}_fold{3 - fold}_train.txt").open("a") as file:  # which is not looked at
            file.write(f"audio/{name}.wav\t{scene}\t0.0\t1.0\tcar\n")
    return root


def test_recordings_have_their_folds_and_all_that_is_heard_in_them(tmp_path: Path, write_tone: Tone) -> None:
    lay_out(
        tmp_path / "input/tut2017se" / STREET,
        {"street/b010": (2, "0.5\t1.5\tpeople walking\n0.0\t4.0\tcar\n"), "street/a001": (1, "1.0\t2.0\tcar\n\n")},
        write_tone,
    )
    found = load_dataset("tut2017se", tmp_path)
    assert [(c.name, c.fold, c.labels) for c in found.clips] == [
        ("street/a001.wav", 1, ("car",)),
        ("street/b010.wav", 2, ("car", "people walking")),
    ]
    assert (found.labels, found.folds, found.problems) == (labels_of("tut2017se"), (1, 2), ())
    assert all(c.path.is_file() for c in found.clips)
    assert found.truth is not None and found.truth.of("street/b010.wav", 0, 2) == ("car", "people walking")


def test_the_scenes_of_2016_share_folds_and_classes(tmp_path: Path, write_tone: Tone) -> None:
    lay_out(
        tmp_path / "input/tut2016se" / HOMES,
        {
            "home/a030": (1, "0\t1\t(object) Rustling\n"),
            "residential_area/a001": (1, "0\t1\tbird singing\n"),
            "residential_area/a002": (2, ""),
        },
        write_tone,
    )
    found = load_dataset("tut2016se", tmp_path)
    assert [(c.name, c.fold, c.label) for c in found.clips] == [
        ("home/a030.wav", 1, "(object) rustling"),
        ("residential_area/a001.wav", 1, "bird singing"),
        ("residential_area/a002.wav", 2, None),
    ]
    assert len(found.labels) == 17 and all(
        c.class_id is None or found.labels[c.class_id] == c.label for c in found.clips
    )


def test_annotations_that_name_the_recording_first_are_read_too(tmp_path: Path, write_tone: Tone) -> None:
    line = "audio/street/a001.wav\tstreet\t1.0\t2.0\tcar\tmixture\n"
    lay_out(tmp_path / "input/tut2017se" / STREET, {"street/a001": (1, line)}, write_tone)
    found = load_dataset("tut2017se", tmp_path)
    assert found.truth is not None and found.truth.of("street/a001.wav", 1, 2) == ("car",) and not found.problems


def test_what_cannot_be_used_is_told_and_the_rest_is_read(tmp_path: Path, write_tone: Tone) -> None:
    events = "1.0\t2.0\tcar\n2.0\t1.0\tcar\nx\t3\tcar\n0\t1\tunicorn\n1\t2\n"
    good, bare, gone = "street/a001", "street/a002", "street/a003"
    root = tmp_path / "input/tut2017se" / STREET
    lay_out(root, {good: (1, events), bare: (1, ""), gone: (2, "")}, write_tone)
    (root / f"meta/{bare}.ann").unlink()
    (root / f"audio/{gone}.wav").unlink()
    with (root / "evaluation_setup/street_fold2_test.txt").open("a") as file:
        file.write("audio/street/a001.wav\tstreet\naudio/street/..\tstreet\n")
    found = load_dataset("tut2017se", tmp_path)
    assert [(c.name, c.fold, c.labels) for c in found.clips] == [("street/a001.wav", 1, ("car",))]
    told = "\n".join(found.problems)
    for words in (
        "line 2: end 1 is",
        "line 3: start 'x'",
        "'unicorn' is none of the 6",
        "line 5: it has 2 of 3 columns",
    ):
        assert f"a001.ann {words}" in told or words in told
    assert "a002.ann is missing" in told and "1 of 3 recordings" in told
    assert "fold 1 tests a001.wav, too" in told and "'..' is not a plain file name" in told


def test_a_missing_piece_is_named_with_the_command_that_fetches_it(tmp_path: Path, write_tone: Tone) -> None:
    with pytest.raises(AtmdaError, match="development is missing") as caught:
        load_dataset("tut2016se", tmp_path)
    assert "atmda fetch tut2016se" in caught.value.hint
    root = lay_out(tmp_path / "input/tut2016se" / HOMES, {"home/a030": (1, "")}, write_tone)
    with pytest.raises(AtmdaError, match=r"residential_area_fold1_test\.txt is missing") as caught:
        load_dataset("tut2016se", tmp_path)
    assert "development.meta" in caught.value.hint
    lay_out(root, {"residential_area/a001": (1, "")}, write_tone)
    for path in (root / "meta").rglob("*.ann"):
        path.unlink()
    with pytest.raises(AtmdaError, match="meta is missing"):
        load_dataset("tut2016se", tmp_path)


def test_windows_have_the_labels_of_the_events_in_them(tmp_path: Path, write_tone: Tone) -> None:
    events = "0.0\t1.0\tcar\n0.2\t0.9\tchildren\n2.0\t3.0\tlarge vehicle\n"
    lay_out(
        tmp_path / "input/tut2017se" / STREET,
        {"street/a001": (1, events), "street/a002": (2, "0\t1\tcar\n")},
        write_tone,
    )
    words = ("embed", "--data-dir", str(tmp_path), "--dataset", "tut2017se", "--window", "1", "--model", "spectral")
    code, _, said = processes.run(*words, "--output", str(tmp_path / "store"))
    assert code == 0, said
    table = read_store(tmp_path / "store")
    assert table.clips[:4] == [f"street/a001.wav#t={k},{k + 1}" for k in range(4)]
    assert table.label_sets == [("car", "children"), (), ("large vehicle",), (), ("car",), (), (), ()]
    assert table.sources == ["street/a001.wav"] * 4 + ["street/a002.wav"] * 4
    assert table.folds is not None and table.folds.tolist() == [1] * 4 + [2] * 4
    assert table.classes == labels_of("tut2017se")
    assert table.levels is not None and table.levels.tolist() == pytest.approx([-9.03] * 8, abs=0.1)
