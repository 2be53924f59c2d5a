"""Detections on their way into files: formats, time lines, what is left where a run ends early."""

from __future__ import annotations

import csv
import json
import tracemalloc
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from atmda.core.detection.detection import COLUMNS, Detection
from atmda.core.escaped_names import escaped, unescaped
from atmda.errors import AtmdaError, SettingsError
from atmda.report.detections import DetectionFile, detection_place
from atmda.report.formats import FORMATS, parquet

HEADER = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tLabel\tConfidence\t"
    "Begin Path\tFile Offset (s)\n"
)
BARK = Detection("a.wav", 1.5, 4.25, "dog bark", 0.9, 0.3, 0.8, 2)
ODD = 'a\t"b"\n=c\r;\x1b[2J'
ENTRIES = (
    ("a.wav", 10.1, (BARK,)),
    ("b.wav", 20.2, ()),
    ("north/c.wav", 5.0, (replace(BARK, filename="north/c.wav"),)),
)


def write(output: Path | str, name: str | None = None, entries=ENTRIES, **options: object) -> None:
    with DetectionFile(str(output), name, **options) as file:  # type: ignore[arg-type]
        for recording, seconds, detections in entries:
            file.recording(recording, Path("/rec") / recording, seconds, 44100)
            for detection in detections:
                file.add(detection)


def test_tables_hold_a_row_a_detection_in_every_format(tmp_path: Path) -> None:
    for ending in ("csv", "jsonl", "parquet"):
        write(tmp_path / f"out.{ending}")
    table = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [list(row) for row in table] == [list(COLUMNS)] * 2
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").open()] == table
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [{name: "" if value is None else str(value) for name, value in row.items()} for row in table]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "out.jsonl", "out.parquet"]


def test_parquet_columns_keep_their_types_where_all_or_nothing_is_null(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "GROUP", 2)
    full = replace(BARK, unadapted=("rain", 0.5), start_time=datetime(2024, 7, 5, tzinfo=timezone.utc))
    write(tmp_path / "empty.parquet", entries=())
    write(tmp_path / "null.parquet", entries=(("a.wav", 10, (BARK,)),))
    write(tmp_path / "full.parquet", entries=(("a.wav", 10, (full,) * 5),))
    files = [pq.ParquetFile(tmp_path / f"{name}.parquet") for name in ("empty", "null", "full")]
    assert files[0].schema_arrow == files[1].schema_arrow == files[2].schema_arrow
    assert [str(files[0].schema_arrow.field(name).type) for name in ("start_time", "windows")] == ["string", "int64"]
    assert files[2].metadata.num_row_groups == 3
    assert files[2].read().to_pylist()[4]["start_time"] == "2024-07-05T00:00:00.000+00:00"


def test_of_a_file_a_recording_each_one_has_its_own_times_and_one_without_detections_is_empty(tmp_path: Path) -> None:
    write(tmp_path / "raven", "raven")
    write(tmp_path / "labels", "audacity")
    line = "1\tSpectrogram 1\t1\t1.500000\t4.250000\t0\t22050.0\tdog bark\t0.900000\t{}\t1.500000\n"
    assert (tmp_path / "raven/a.wav.selections.txt").read_text() == HEADER + line.format("/rec/a.wav")
    assert (tmp_path / "raven/b.wav.selections.txt").read_text() == HEADER
    assert (tmp_path / "raven/north/c.wav.selections.txt").read_text() == HEADER + line.format("/rec/north/c.wav")
    assert (tmp_path / "labels/a.wav.labels.txt").read_text() == "1.500000\t4.250000\tdog bark\n"
    assert (tmp_path / "labels/b.wav.labels.txt").read_text() == ""


def test_in_one_file_for_all_a_recording_begins_where_all_before_it_end(tmp_path: Path) -> None:
    write(tmp_path / "all.selections.txt")
    write(tmp_path / "all.labels.txt", "audacity")
    last = (tmp_path / "all.selections.txt").read_text().splitlines()[-1].split("\t")
    assert last[:1] + last[3:5] + last[9:] == ["2", "31.800000", "34.550000", "/rec/north/c.wav", "1.500000"]
    assert (tmp_path / "all.labels.txt").read_text().splitlines()[-1] == "31.800000\t34.550000\tdog bark"


def test_times_of_years_of_files_do_not_drift(tmp_path: Path) -> None:
    with DetectionFile(str(tmp_path / "all.labels.txt")) as file:
        for number in range(20_000):
            file.recording(f"{number}.wav", None, 3600.1)
        file.recording("z.wav", None, 10.0)
        file.add(BARK)
    assert (tmp_path / "all.labels.txt").read_text().startswith("72002001.500000\t")


def test_a_rate_that_is_not_known_leaves_frequencies_that_every_recording_has(tmp_path: Path) -> None:
    with DetectionFile(str(tmp_path / "x.selections.txt")) as file:
        file.recording("a.wav", None, 10.0)
        file.add(BARK)
    assert "\t0\t4000.0\tdog bark\t0.900000\ta.wav\t" in (tmp_path / "x.selections.txt").read_text()


def test_labels_with_tabs_ends_of_lines_and_quotes_break_no_table(tmp_path: Path) -> None:
    entries = [("a.wav", 10.0, (replace(BARK, label=ODD, filename="=x\t.wav"),))]
    for ending in ("csv", "selections.txt", "labels.txt"):
        write(tmp_path / f"out.{ending}", entries=entries)
    with (tmp_path / "out.csv").open(newline="") as file:
        assert [(row["filename"], row["label"]) for row in csv.DictReader(file)] == [("=x\t.wav", ODD)]
    with (tmp_path / "out.selections.txt").open(newline="") as file:
        assert [row["Label"] for row in csv.DictReader(file, delimiter="\t")] == ['a "b" =c ; [2J']
    assert (tmp_path / "out.labels.txt").read_text() == '1.500000\t4.250000\ta "b" =c ; [2J\n'
    write(tmp_path / "safe.csv", entries=entries, spreadsheet_safe=True)
    assert '\n"\'=x\t.wav",' in (tmp_path / "safe.csv").read_text()


def test_names_of_recordings_never_lead_out_of_the_folder_and_never_meet(tmp_path: Path) -> None:
    names = ["../../x.wav", "/x.wav", "x.wav", "%2E%2E/x.wav", "a:b.wav", "a%3Ab.wav", ".x.wav", "n" * 255, "n" * 254]
    paths = [escaped(name).as_posix() for name in names]
    assert len(set(paths)) == len(names)
    assert all(not path.startswith(("/", "..")) and "/.." not in path for path in paths)
    assert [unescaped(path) for path in paths[2:7]] == names[2:7]
    write(tmp_path / "out", "audacity", entries=[(name, 1.0, ()) for name in names])
    assert len(list((tmp_path / "out").rglob("*.labels.txt"))) == len(names)


class _Stop(KeyboardInterrupt):
    pass


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out.selections.txt", "folder"])
def test_an_interruption_leaves_nothing_half_and_an_older_file_as_it_was(tmp_path: Path, name: str) -> None:
    kept = tmp_path / name
    if kept.suffix:
        kept.write_text("older")
    with pytest.raises(_Stop), DetectionFile(str(kept), None if kept.suffix else "raven") as file:
        for recording in ("a.wav", "b.wav"):
            file.recording(recording, None, 10.0)
            file.add(BARK)
        raise _Stop
    there = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert there == ([name] if kept.suffix else ["folder/a.wav.selections.txt"])  # of b.wav more might have come
    assert not kept.suffix or kept.read_text() == "older"


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out.labels.txt"])
def test_a_full_disk_is_one_sentence(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP", 100)
    file = DetectionFile(str(tmp_path / name))
    temporary = file._sink.file  # type: ignore[union-attr]
    temporary.temporary = Path("/dev/full")
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    with pytest.raises(AtmdaError, match=r"out.* cannot be written \(.*[Nn]o space left"), file:
        file.recording("a.wav", None, 10.0)
        for _ in range(3000):
            file.add(BARK)


def test_a_file_that_may_not_take_its_place_at_the_end_is_kept_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "refuge").mkdir()
    with (
        pytest.raises(AtmdaError, match=r"All 1 detections are in .*rescued_out.csv\.$"),
        DetectionFile(str(tmp_path / "out.csv"), refuge=tmp_path / "refuge") as file,
    ):
        file.recording("a.wav", None, 10.0)
        file.add(BARK)
        (tmp_path / "out.csv").mkdir()
    assert "dog bark" in (tmp_path / "refuge" / "rescued_out.csv").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "refuge"]


def test_stdout_gets_csv_as_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    with DetectionFile("-") as file:
        file.recording("a.wav", None, 10.0)
        file.add(BARK)
        file.recording("b.wav", None, 10.0)
        said = capsys.readouterr().out.splitlines()
        assert [said[0], said[1][:27]] == [",".join(COLUMNS), "a.wav,1.5,4.25,dog bark,0.9"]


def test_nothing_is_kept_where_no_output_is_asked_for() -> None:
    with DetectionFile(None) as file:
        file.recording("a.wav", None, 10.0)
        file.add(BARK)
    assert file.count == 1


@pytest.mark.parametrize(
    ("output", "name", "told", "setting"),
    [
        ("out.txt", None, "it should end in .csv, .jsonl, .parquet, .selections.txt, .labels.txt", "output"),
        ("folder", None, "it is a directory", "output"),
        ("folder", "csv", "it is a directory", "output"),
        ("new/", None, "it is a directory", "output"),
        ("file.wav", "raven", "it is a file", "output"),
        ("out.csv", "raven", "ends as csv does, and `output_format` is raven", "output_format"),
        ("-", "raven", "raven is not written to stdout", "output_format"),
        ("out", "excel", "it is one of csv, jsonl, parquet, raven, audacity", "output_format"),
    ],
)
def test_outputs_and_formats_that_do_not_go_together_are_refused_before_the_work(
    output: str, name: str | None, told: str, setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file.wav").touch()
    with pytest.raises(SettingsError) as caught:
        DetectionFile(output, name)
    assert told in caught.value.message
    assert caught.value.setting == setting
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.wav", "folder"]


def test_a_format_of_labels_is_refused_for_rows_that_are_none(tmp_path: Path) -> None:
    from atmda.report.formats import format_of

    with pytest.raises(SettingsError, match=r"raven is one of detections. Give `window`"):
        format_of(str(tmp_path / "x.selections.txt"))
    assert detection_place("X.SELECTIONS.TXT").format is FORMATS.get("raven")


def test_detections_are_written_in_constant_memory(tmp_path: Path) -> None:
    peaks = []
    for count in (300, 3_000):
        tracemalloc.start()
        write(tmp_path / "out.csv", entries=(("a.wav", 10, (BARK for _ in range(count))),))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 50_000
