"""Tables of what is heard when, read back: Raven's, Audacity's, our own, whole folders; labels of windows."""

from __future__ import annotations

from pathlib import Path

import pytest

from atmda.core.clip import Clip
from atmda.core.detection.detection import Detection
from atmda.datasets.annotation import Annotation
from atmda.datasets.annotations import read_annotations
from atmda.datasets.labelled_folder import load_annotated
from atmda.datasets.window_labels import WindowLabels, rows_of
from atmda.errors import SettingsError
from atmda.report.detections import DetectionFile

FOUND = {
    "a.wav": [("dog bark", 1.5, 4.25), ("siren", 0.1, 0.3)],
    "b.wav": [],
    "north/a.wav": [("Möwe, 'große'", 1 / 3, 3600.7), ('"so" it said', 7.0, 8.0)],
    "north/50%:x.wav": [("rain", 0.0, 10.0)],
}
EXPECTED = {(name, label, round(s, 6), round(e, 6)) for name, found in FOUND.items() for label, s, e in found}


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    for name in FOUND:
        path = tmp_path / "recordings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "recordings"


def written(output: Path, name: str | None, recordings: Path) -> Path:
    with DetectionFile(str(output), name) as file:
        for recording, found in FOUND.items():
            file.recording(recording, recordings / recording, 4000.1, 48000.0)
            for label, start, end in found:
                file.add(Detection(recording, start, end, label, 0.9, 0.1, 0.9))
    return output


@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("raven", "raven"),
        ("audacity", "audacity"),
        ("all.selections.txt", None),
        ("out.csv", None),
    ],
)
def test_detections_that_were_written_are_read_back_as_annotations(
    output: str, name: str | None, tmp_path: Path, recordings: Path
) -> None:
    data = load_annotated(recordings, written(tmp_path / output, name, recordings), recursive=True)
    assert {
        (clip.source, clip.label, round(clip.start, 6), round(clip.end, 6))
        for clip in data.clips
        if clip.start is not None and clip.end is not None
    } == EXPECTED
    assert [problem for problem in data.problems if "have no row" not in problem] == []


def test_tables_still_name_their_recordings_where_those_were_moved(tmp_path: Path, recordings: Path) -> None:
    tables = [written(tmp_path / "all.selections.txt", None, recordings), written(tmp_path / "t", "raven", recordings)]
    moved = recordings.rename(tmp_path / "moved")
    (moved / "south").mkdir()
    (moved / "south" / "a.wav").touch()
    one, folder = (load_annotated(moved, table, recursive=True) for table in tables)
    expected = {(name, label) for name, label, _, _ in EXPECTED}
    assert {(clip.source, clip.label) for clip in folder.clips if clip.label} == expected
    below = {pair for pair in expected if "/" in pair[0]}
    assert {(clip.source, clip.label) for clip in one.clips if clip.label} == below
    assert any("name a file of which there are several" in problem for problem in one.problems)  # a.wav of no folder


def track(text: str, name: str = "a.labels.txt", encoding: str = "utf-8") -> Path:
    Path(name).write_bytes(text.encode(encoding))
    return Path(name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_label_track_is_read_as_audacity_writes_it(encoding: str) -> None:
    problems: list[str] = []
    text = '1.5\t4.25\tdog "bark\r\n\\\t100.0\t2000.0\r\n5,5\t6,5\tsiren;rain\r\n7\t7\tpoint\r\n8\t9\r\n9\tx\ty\r\n'
    rows = read_annotations(track(text, encoding=encoding), problems)
    assert rows == [
        Annotation(1, "a", ('dog "bark',), start=1.5, end=4.25),
        Annotation(3, "a", ("siren", "rain"), start=5.5, end=6.5),
        Annotation(5, "a", (), start=8.0, end=9.0),
    ]
    assert problems == [
        "a.labels.txt line 4: end 7 is not after start 7; the row is left out.",
        "a.labels.txt line 6: end 'x' is not a number of 0 or more; the row is left out.",
    ]


def test_an_empty_label_track_says_that_nothing_is_heard() -> None:
    assert read_annotations(track("", "b.wav.labels.txt"), []) == []


def test_in_a_folder_of_tables_what_is_none_is_told_and_the_others_count(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    (folder / "sub").mkdir(parents=True)
    (folder / "README.txt").write_text("what these are\n")
    (folder / "notes.csv").write_text("x")
    (folder / ".hidden.txt").write_text("1\t2\tdog\n")
    (folder / "sub" / "a.labels.txt").write_text("1\t2\tdog\n")
    problems: list[str] = []
    rows = read_annotations(folder, problems)
    assert [(row.recording, row.labels) for row in rows] == [("sub/a", ("dog",))]
    assert len(problems) == 1
    assert problems[0].startswith("README.txt is left out: ")
    (folder / "sub" / "a.labels.txt").unlink()
    with pytest.raises(SettingsError, match="there is no table of selections or labels"):
        read_annotations(folder, [])


def test_columns_of_our_own_detections_are_no_surprise_and_others_are() -> None:
    problems: list[str] = []
    track("filename,start,end,label,confidence,score,site\na.wav,1,2,dog,0.9,0.1,north\n", "own.csv")
    assert len(read_annotations(Path("own.csv"), problems)) == 1
    assert problems == []
    track("filename,label,site\na.wav,dog,north\n", "theirs.csv")
    read_annotations(Path("theirs.csv"), problems)
    assert problems == ["theirs.csv has columns that are not used: site."]


@pytest.mark.parametrize(
    ("event", "heard"),
    [
        ((2.0, 12.0), ["", "dog", ""]),  # as long as the window and just in it by 8 of 10
        ((5.0, 15.0), ["dog", "dog", ""]),  # half in each
        ((9.0, 9.5), ["dog", "dog", ""]),  # a short one lies wholly in both overlapping windows
        ((9.8, 10.6), ["", "dog", ""]),  # a quarter of a short one is not enough
        ((4.0, 25.0), ["dog", "dog", "dog"]),
        ((None, None), ["dog", "dog", "dog"]),
        ((19.0, None), ["", "", "dog"]),
        ((13.0, 14.0), ["", "dog", ""]),
    ],
)
def test_a_window_has_the_label_of_an_event_that_fills_half_of_the_shorter_of_the_two(
    event: tuple[float | None, float | None], heard: list[str]
) -> None:
    windows = [("a.wav", 0.0, 10.0), ("a.wav", 8.0, 18.0), ("a.wav", 18.0, 28.0)]
    if event == (2.0, 12.0):
        heard = ["dog", "", ""]
    truth = WindowLabels([Annotation(1, "a.wav", ("dog",), start=event[0], end=event[1])])
    assert ["".join(truth.of(*window)) for window in windows] == heard
    assert WindowLabels([Annotation(1, "a.wav", ("dog",))]).of("b.wav", 0.0, 10.0) == ()


def test_windows_get_the_labels_of_a_table_sorted_and_each_once(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text(
        "filename,label,start,end\na,siren,1,3\na,Dog_Bark,0,9\na,dog bark,2,3\nb.wav,rain,0,9\ngone.wav,rain,0,9\n"
    )
    problems: list[str] = []
    clips = [Clip(tmp_path / name, name) for name in ("x/a.wav", "x/b.wav", "y/b.wav")]
    truth = WindowLabels(rows_of(table, clips, problems))
    assert truth.of("x/a.wav", 0.0, 10.0) == ("Dog Bark", "siren")
    assert truth.of("x/b.wav", 0.0, 10.0) == ()
    assert problems == [
        "1 rows of t.csv name recordings that are not there: gone.wav (line 6).",
        "1 rows of t.csv name a file of which there are several; give its folder too: b.wav (line 5).",
    ]
