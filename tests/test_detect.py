"""`infer --window`: what is heard when, against the recording's own background."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import soundfile as sf

import atmda
from atmda.tasks.demo import folder
from tests import processes

LABELS = "bicycle bell,siren,dog bark,rain"


class Ended(NamedTuple):
    code: int
    stdout: str
    stderr: str


def infer(*words: object) -> Ended:
    return Ended(*processes.run("infer", "--model", "compact", *map(str, words)))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recorders' files: hum, with a bicycle bell from 4 s on in the first, and one of hum alone."""
    place = tmp_path_factory.mktemp("recorders")
    bell, rate = sf.read(folder() / "inference_demo" / "bicycle_bell-1.flac", dtype="float32")
    bell = bell if bell.ndim == 1 else bell.mean(axis=1)
    rng = np.random.default_rng(5)
    for site, name, with_bell in (("a", "20240705_184401.wav", True), ("b", "20240705_200000.wav", False)):
        hum = 0.005 * np.sin(np.arange(16 * rate) * 2 * np.pi * 100 / rate) + 0.002 * rng.standard_normal(16 * rate)
        if with_bell:
            part = bell[: 3 * rate]
            hum[4 * rate : 4 * rate + len(part)] += part / np.abs(part).max() * 0.3
        (place / site).mkdir()
        sf.write(place / site / name, np.clip(hum, -1, 1), rate)
    return place


def test_detections_have_times_absolute_times_and_the_site(recordings: Path, tmp_path: Path) -> None:
    words = ("--labels", LABELS, "--audio-folder", recordings, "-r", "--window", 2, "--hop", 1)
    done = infer(*words, "--timezone", "Europe/Berlin", "--output", tmp_path / "out.csv")
    assert done.code == 0, done.stderr
    found = rows(tmp_path / "out.csv")
    assert list(found[0])[:6] == ["filename", "start", "end", "label", "confidence", "score"]
    assert len(found) == 30 and [row["start"] for row in found[:3]] == ["0.0", "1.0", "2.0"]
    assert found[0]["site"] == "a" and found[-1]["site"] == "b"
    assert found[1]["start_time"] == "2024-07-05T18:44:02.000+02:00"
    inside = [row["label"] for row in found if row["site"] == "a" and 3.5 <= float(row["start"]) <= 5]
    assert inside and set(inside) == {"bicycle bell"}
    assert not list(tmp_path.glob(".unfinished*"))
    assert "30 detections in 30 windows of 2 recordings" in done.stderr


def test_windows_of_one_label_that_touch_become_one_detection(recordings: Path, tmp_path: Path) -> None:
    words = ("--labels", LABELS, "--audio-folder", recordings / "a", "--window", 2, "--hop", 1)
    assert infer(*words, "--merge", 0, "--min-confidence", 0.5, "--output", tmp_path / "out.csv").code == 0
    bells = [row for row in rows(tmp_path / "out.csv") if row["label"] == "bicycle bell"]
    first = bells[0]
    assert int(first["windows"]) >= 2 and float(first["start"]) in (2.0, 3.0, 4.0)
    assert float(first["confidence"]) >= float(first["mean_confidence"]) >= 0.5


def test_each_class_by_itself_may_hear_nothing(recordings: Path, tmp_path: Path) -> None:
    words = ("--labels", LABELS, "--audio-folder", recordings, "-r", "--window", 1, "--hop", 0.5, "--multi-label")
    assert infer(*words, "--output", tmp_path / "out.csv").code == 0
    found = rows(tmp_path / "out.csv")
    assert "bicycle bell" in {row["label"] for row in found if row["site"] == "a"}
    assert len(found) < 20  # of 62 windows


@pytest.mark.parametrize("background", ["self", "self:median", "self:mean", "self:rolling=10", "site"])
def test_a_background_from_the_recording_itself_is_subtracted(
    recordings: Path, tmp_path: Path, background: str
) -> None:
    words = ("--labels", LABELS, "--audio-folder", recordings, "-r", "--window", 2, "--modality", "audio")
    done = infer(*words, "--bg", background, "--temperature", 1, "--output", tmp_path / "out.csv")
    assert done.code == 0, done.stderr
    found = rows(tmp_path / "out.csv")
    assert all(row["unadapted_label"] for row in found)
    bell = [row for row in found if row["site"] == "a" and row["start"] == "4.0"]
    assert [row["label"] for row in bell] == ["bicycle bell"]


def test_a_store_of_windows_gives_the_same_detections(recordings: Path, tmp_path: Path) -> None:
    words = ("--labels", LABELS, "--modality", "audio", "--bg", "self", "--merge", 1)
    recorded = ("--audio-folder", recordings, "-r", "--window", 2, "--hop", 1)
    assert infer(*words, *recorded, "--output", tmp_path / "direct.csv").code == 0
    embedded = processes.run("embed", "--model", "compact", *map(str, recorded), "--output", str(tmp_path / "store"))
    assert embedded[0] == 0
    done = infer(*words, "--embeddings", tmp_path / "store", "--output", tmp_path / "stored.csv")
    assert done.code == 0, done.stderr
    assert (tmp_path / "direct.csv").read_text() == (tmp_path / "stored.csv").read_text()
    other = infer(*words, "--embeddings", tmp_path / "store", "--window", 3)
    assert other.code in (1, 2) and "windows of another kind" in other.stderr


def test_the_order_of_rows_in_a_store_changes_no_detection(recordings: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    words = (
        "--audio-folder",
        str(recordings),
        "-r",
        "--window",
        "2",
        "--hop",
        "1",
        "--output",
        str(tmp_path / "store"),
    )
    assert processes.run("embed", "--model", "compact", *words)[0] == 0
    (shard,) = (tmp_path / "store").glob("*.parquet")
    table = pq.read_table(shard)
    (tmp_path / "mixed").mkdir()
    mixed = table.take(np.random.default_rng(3).permutation(len(table)))
    pq.write_table(mixed.slice(0, 11), tmp_path / "mixed" / "part-00000.parquet")
    pq.write_table(mixed.slice(11), tmp_path / "mixed" / "part-00001.parquet")
    for store in ("store", "mixed"):
        done = infer("--labels", LABELS, "--embeddings", tmp_path / store, "--output", tmp_path / f"{store}.csv")
        assert done.code == 0, done.stderr
    assert (tmp_path / "store.csv").read_text() == (tmp_path / "mixed.csv").read_text()


def test_thresholds_hold_by_class(recordings: Path, tmp_path: Path) -> None:
    (tmp_path / "least.csv").write_text("label,threshold\nbicycle bell,0.6\n")
    words = ("--labels", LABELS, "--audio-folder", recordings / "a", "--window", 2)
    done = infer(*words, "--thresholds", tmp_path / "least.csv", "--min-confidence", 1, "--output", tmp_path / "o.csv")
    assert done.code == 0, done.stderr
    found = rows(tmp_path / "o.csv")
    assert found and {row["label"] for row in found} == {"bicycle bell"}
    assert all(float(row["confidence"]) >= 0.6 for row in found)


def test_raven_and_audacity_get_a_file_a_recording(recordings: Path, tmp_path: Path) -> None:
    words = ("--labels", LABELS, "--audio-folder", recordings, "-r", "--window", 2)
    assert infer(*words, "--output-format", "raven", "--output", tmp_path / "tables").code == 0
    assert len(list((tmp_path / "tables").rglob("*.selections.txt"))) == 2
    assert infer(*words, "--output", tmp_path / "all.labels.txt").code == 0
    lines = (tmp_path / "all.labels.txt").read_text().splitlines()
    assert len(lines) == 16 and float(lines[-1].split("\t")[1]) == 32  # both recordings on one time line


def test_the_json_document_has_all_detections(recordings: Path) -> None:
    done = infer("--labels", LABELS, "--audio-folder", recordings / "a", "--window", 2, "--output", "-", "--json")
    document = json.loads(done.stdout)
    assert document["detections"] == len(document["results"]) == document["windows"] == 8


def test_a_recording_that_cannot_be_read_is_named_and_the_others_are_labelled(recordings: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.wav").write_bytes((recordings / "a" / "20240705_184401.wav").read_bytes())
    (tmp_path / "in" / "bad.wav").write_bytes(b"nothing that is audio")
    words = ("--labels", LABELS, "--audio-folder", tmp_path / "in", "--window", 2, "--output", tmp_path / "o.csv")
    done = infer(*words)
    assert done.code == 3 and "bad.wav" in done.stderr and len(rows(tmp_path / "o.csv")) == 8
    (tmp_path / "in" / "good.wav").unlink()
    done = infer(*words)
    assert done.code == 1 and "not one of its recordings" in done.stderr


def test_settings_of_detections_without_windows_are_refused(recordings: Path) -> None:
    words = ("--labels", LABELS, "--audio-folder", recordings)
    for more in (("--merge", 1), ("--bg", "self"), ("--multi-label",), ("--hop", 1), ("--report", "x")):
        done = infer(*words, *more)
        assert done.code == 2 and str(more[0]) in done.stderr, more
    done = infer(*words, "--window", 2, "--bg", "self")
    assert done.code == 2 and "--modality" in done.stderr
    done = infer(*words, "--window", 2, "--modality", "audio", "--bg", "selfish")
    assert done.code == 2 and "--bg" in done.stderr
    done = infer(*words, "--window", 2, "--timezone", "Europe/Berln")
    assert done.code == 2 and "Europe/Berlin" in done.stderr


def test_python_gets_detections_with_a_window(recordings: Path) -> None:
    heard = atmda.infer(
        ["bicycle bell", "siren", "rain"], recordings / "a", "self", window=2.0, hop=1.0, model="compact", merge=0
    )
    assert heard.windows == 15 and heard.background == "self:quiet"
    assert {"bicycle bell"} <= {detection.label for detection in heard.detections}
    assert len(heard.to_pandas()) == heard.count
