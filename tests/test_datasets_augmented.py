"""Sets of soundscapes: what is known of each, from the manifest, the JAMS, the folder and the name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atmda.datasets import load_dataset
from atmda.errors import AtmdaError

NAME = "urbansound8k-20240705184401"


def jams(background: str = "bg/park/park-oslo-1-2-a.wav") -> str:
    def event(role: str, label: str, source: str, time: float, duration: float) -> dict[str, object]:
        return {"time": time, "duration": duration, "value": {"role": role, "label": label, "source_file": source}}

    data = [event("background", "park", background, 0.0, 10.0), event("foreground", "fold1", "x.wav", 2.5, 4.0)]
    return json.dumps({"annotations": [{"namespace": "scaper", "data": data}]})


def soundscape(root: Path, fold: int, stem: str, text: str | None = None) -> None:
    folder = root / f"fold{fold}"
    (folder / "jams").mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.wav").write_bytes(b"")
    if text is not None:
        (folder / "jams" / f"{stem}.jams").write_text(text)


def test_name_folder_and_jams_tell_what_is_known(tmp_path: Path) -> None:
    soundscape(tmp_path / "input" / NAME, 7, "100652-3-0-0-park-1", jams())
    for path in (NAME, f"input/{NAME}", str(tmp_path / "input" / NAME)):
        (clip,) = load_dataset("urbansound8k", tmp_path, path).clips
        assert (clip.label, clip.class_id, clip.fold, clip.background) == ("dog bark", 3, 7, "park-oslo-1-2-a.wav")
        assert (clip.onset, clip.offset) == (2.5, 6.5)


def test_the_manifest_wins_over_name_and_jams(tmp_path: Path) -> None:
    root = tmp_path / "input" / NAME
    soundscape(root, 7, "100652-3-0-0-park-1", jams())
    entry = {
        "file": "fold7/100652-3-0-0-park-1.wav",
        "label": "siren",
        "class_id": 8,
        "fold": 2,
        "background": "own/sea.wav",
        "onset": 1,
        "offset": 2.25,
    }
    (root / "manifest.jsonl").write_text(json.dumps({"version": 1}) + "\n" + json.dumps(entry) + "\n")
    (clip,) = load_dataset("urbansound8k", tmp_path, NAME).clips
    assert (clip.label, clip.class_id, clip.fold, clip.background) == ("siren", 8, 2, "sea.wav")
    assert (clip.onset, clip.offset) == (1.0, 2.25)


def line_of(**more: object) -> str:
    told = {"file": "fold7/100652-3-0-0-park-1.wav", "label": "dog bark", "class_id": 3, "fold": 7, "scene": "park"}
    told |= {"foreground": "fold7/x.wav", "background": "park/park-oslo-1-2-a.wav", "onset": 2.5, "offset": 6.5}
    return json.dumps(told | more) + "\n"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, None),
        ({"offset": 6.5000000001}, None),
        ({"onset": 1.0}, "onset 1 and 2.5"),
        ({"offset": 4.0}, "offset 4 and 6.5"),
        ({"background": "metro/m.wav"}, "background metro/m.wav and bg/park/park-oslo-1-2-a.wav"),
        ({"scene": "metro"}, "scene metro and park"),
        ({"foreground": "fold7/y.wav"}, "foreground fold7/y.wav and x.wav"),
        ({"foreground": None, "onset": None}, "onset none and 2.5"),
    ],
)
def test_a_manifest_that_differs_from_the_jams_is_named(
    tmp_path: Path, more: dict[str, object], words: str | None
) -> None:
    root = tmp_path / "input" / NAME
    soundscape(root, 7, "100652-3-0-0-park-1", jams())
    (root / "manifest.jsonl").write_text(line_of(**more))
    problems = load_dataset("urbansound8k", tmp_path, NAME).problems
    assert len(problems) == (words is not None)
    if words:
        assert (
            f"1 lines of manifest.jsonl differ from their JAMS, first fold7/100652-3-0-0-park-1.wav ({words})"
            in (problems[0])
        )


def test_a_jams_that_cannot_be_compared_with_the_manifest_is_named(tmp_path: Path) -> None:
    root = tmp_path / "input" / NAME
    soundscape(root, 7, "100652-3-0-0-park-1", "{")
    (root / "manifest.jsonl").write_text(line_of())
    (problem,) = load_dataset("urbansound8k", tmp_path, NAME).problems
    assert "could not be compared" in problem and "100652-3-0-0-park-1" in problem


def test_an_event_after_the_end_is_left_out_and_named(tmp_path: Path) -> None:
    whole = json.loads(jams())
    whole["annotations"][0]["duration"] = 2.0
    soundscape(tmp_path / "input" / NAME, 7, "100652-3-0-0-park-1", json.dumps(whole))
    found = load_dataset("urbansound8k", tmp_path, NAME)
    assert [(clip.onset, clip.offset) for clip in found.clips] == [(None, None)]
    assert "events that begin after its end are left out (1)" in found.problems[0]


def test_a_damaged_line_of_the_manifest_falls_back_to_name_and_jams(tmp_path: Path) -> None:
    root = tmp_path / "input" / NAME
    soundscape(root, 7, "100652-3-0-0-park-1", jams())
    (root / "manifest.jsonl").write_text('{"file": "fold7/100652-3-\n{"file": "fold1/gone.wav"}\n')
    found = load_dataset("urbansound8k", tmp_path, NAME)
    assert [(c.label, c.fold, c.background) for c in found.clips] == [("dog bark", 7, "park-oslo-1-2-a.wav")]
    assert ["line 1 is not JSON" in p for p in found.problems] == [True, False]
    assert "fold1/gone.wav" in found.problems[1]


@pytest.mark.parametrize("text", ["{", "[]", '{"annotations": [{"namespace": "scaper", "data": [{}]}]}', "[" * 9999])
def test_broken_jams_lose_the_background_and_nothing_else(tmp_path: Path, text: str) -> None:
    soundscape(tmp_path / "input" / NAME, 7, "100652-3-0-0-park-1", text)
    found = load_dataset("urbansound8k", tmp_path, NAME)
    assert [(c.label, c.fold, c.background) for c in found.clips] == [("dog bark", 7, None)]
    assert "100652-3-0-0-park-1.jams" in found.problems[0]


def test_names_stay_unique_where_two_folds_share_one(tmp_path: Path) -> None:
    root = tmp_path / "input" / NAME
    soundscape(root, 1, "1-3-0-0-park-0")
    soundscape(root, 2, "1-3-0-0-park-0")
    soundscape(root, 2, "2-3-0-0-park-0")
    found = load_dataset("urbansound8k", tmp_path, NAME)
    assert [c.name for c in found.clips] == [
        "2-3-0-0-park-0.wav",
        "fold1/1-3-0-0-park-0.wav",
        "fold2/1-3-0-0-park-0.wav",
    ]


def test_soundscapes_of_esc50_take_their_class_from_esc50_names(tmp_path: Path) -> None:
    soundscape(tmp_path / "input/esc50-1", 1, "1-100038-A-14-park-0")
    (clip,) = load_dataset("esc50", tmp_path, "esc50-1").clips
    assert (clip.label, clip.class_id) == ("chirping birds", 14)


def test_a_name_that_tells_no_class_is_reported(tmp_path: Path) -> None:
    soundscape(tmp_path / "input" / NAME, 1, "mine")
    found = load_dataset("urbansound8k", tmp_path, NAME)
    assert [c.label for c in found.clips] == [None] and "mine.wav" in found.problems[0]


def test_the_path_of_the_data_set_itself_reads_the_data_set(tmp_path: Path) -> None:
    root = tmp_path / "elsewhere"
    (root / "metadata").mkdir(parents=True)
    (root / "metadata/UrbanSound8K.csv").write_text("slice_file_name,fold,classID\n7-3-0-1.wav,1,3\n")
    (root / "audio/fold1").mkdir(parents=True)
    (root / "audio/fold1/7-3-0-1.wav").write_bytes(b"")
    assert [c.label for c in load_dataset("urbansound8k", tmp_path, str(root)).clips] == ["dog bark"]


def test_a_path_that_is_not_there_or_empty_is_named(tmp_path: Path) -> None:
    with pytest.raises(AtmdaError, match="no folder urbansound8k-1"):
        load_dataset("urbansound8k", tmp_path, "urbansound8k-1")
    (tmp_path / "input/urbansound8k-1").mkdir(parents=True)
    with pytest.raises(AtmdaError, match=r"no soundscape in .*urbansound8k-1.*atmda augment"):
        load_dataset("urbansound8k", tmp_path, "urbansound8k-1")
