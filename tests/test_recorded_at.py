"""When and where a recording was made: chunks, names, time zones, sub-folders."""

from __future__ import annotations

import struct
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from atmda.core.audio.recorded_at import recorded_at, site_of
from atmda.core.audio.times_in_names import time_in_name
from atmda.core.time_zones import in_zone, time_zone
from atmda.errors import SettingsError

GUANO = b"GUANO|Version: 1.0\nMake: X\nTimestamp: %s\nNote: a: b\n"


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) & 1)


def wav(path: Path, *before: bytes, after: tuple[bytes, ...] = ()) -> Path:
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16))
    parts = form + b"".join(before) + chunk(b"data", bytes(32)) + b"".join(after)
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(parts)) + b"WAVE" + parts)
    return path


def guano(timestamp: str) -> bytes:
    return chunk(b"guan", GUANO % timestamp.encode())


def bext(text: str) -> bytes:
    return chunk(b"bext", bytes(320) + text.encode() + bytes(264))


def comment(text: str) -> bytes:
    return chunk(b"LIST", b"INFO" + chunk(b"IART", b"AudioMoth 1") + chunk(b"ICMT", text.encode()))


def iso(recording: Path, zone: str | None = None) -> str | None:
    start = recorded_at(recording, recording.name, time_zone(zone) if zone else None).start
    return None if start is None else start.isoformat()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("20240705_184401.WAV", "2024-07-05T18:44:01"),
        ("park/SITE_20240705_184401.wav", "2024-07-05T18:44:01"),
        ("2024-07-05T18-44-01.flac", "2024-07-05T18:44:01"),
        ("2024-07-05 18.44.01.flac", "2024-07-05T18:44:01"),
        ("SM4_20180427_180000_000.wav", "2018-04-27T18:00:00"),
        ("S4A03998_20180427_180000+0200.wav", "2018-04-27T18:00:00+02:00"),
        ("G024_20210510_180000Z.flac", "2021-05-10T18:00:00+00:00"),
        ("REC20240705184401.wav", "2024-07-05T18:44:01"),
        ("5AFCD4F4.WAV", "2018-05-17T01:03:48+00:00"),
        ("20240705_184401-0001.wav", "2024-07-05T18:44:01"),  # a number, not an offset
        ("20241345_184401.wav", None),
        ("20240705.wav", None),
        ("00000001.wav", None),
        ("DEADBEEF.wav", None),
        ("20240705_1844011.wav", None),
        ("dog.wav", None),
    ],
)
def test_a_recorders_name_tells_when_it_began(name: str, told: str | None) -> None:
    found = time_in_name(name)
    assert (None if found is None else found.isoformat()) == told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (guano("2017-04-26T20:15:30.125-05:00"), "2017-04-26T20:15:30.125000-05:00"),
        (guano("2017-04-26T20:15:30Z"), "2017-04-26T20:15:30+00:00"),
        (guano("2017-04-26 20:15:30"), "2017-04-26T20:15:30"),
        (guano("yesterday"), None),
        (guano("2017-02-30 20:15:30"), None),
        (bext("2019-06-0121:05:00"), "2019-06-01T21:05:00"),
        (bext("2019:06:0121-05-00"), "2019-06-01T21:05:00"),
        (bext("0000-00-0000:00:00"), None),
        (comment("Recorded at 10:25:00 04/05/2020 (UTC) by AudioMoth 24 at gain"), "2020-05-04T10:25:00+00:00"),
        (comment("Recorded at 10:25:00 04/05/2020 (UTC+2) by AudioMoth 24"), "2020-05-04T10:25:00+02:00"),
        (comment("Recorded at 10:25:00 04/05/2020 (UTC-3:30) by AudioMoth"), "2020-05-04T10:25:00-03:30"),
        (comment("Recorded at 10:25:00 04/05/2020 by AudioMoth"), "2020-05-04T10:25:00"),
        (comment("a walk"), None),
    ],
)
def test_chunks_before_and_behind_the_samples_tell_when_a_recording_began(
    tmp_path: Path, content: bytes, told: str | None
) -> None:
    assert iso(wav(tmp_path / "a.wav", content)) == told
    assert iso(wav(tmp_path / "b.wav", after=(content,))) == told


def test_a_chunk_is_believed_before_another_and_before_the_name(tmp_path: Path) -> None:
    parts = (
        comment("Recorded at 10:25:00 04/05/2020 (UTC)"),
        bext("2019-06-0121:05:00"),
        guano("2017-04-26T20:15:30Z"),
    )
    told = [recorded_at(wav(tmp_path / "20240705_184401.WAV", *parts[:n]), "20240705_184401.WAV") for n in range(4)]
    assert [one.source for one in told] == ["name", "comment", "bext", "GUANO"]


def test_what_contradicts_is_told_and_what_a_zone_explains_is_not(tmp_path: Path) -> None:
    path = wav(tmp_path / "20200504_122500.WAV", comment("Recorded at 10:25:01 04/05/2020 (UTC) by AudioMoth"))
    assert recorded_at(path, path.name).note == ""  # the name may be in another zone
    assert recorded_at(path, path.name, time_zone("Europe/Berlin")).note == ""
    note = recorded_at(path, path.name, time_zone("UTC")).note
    assert note == "its comment says 2020-05-04T10:25:01+00:00 and its name 2020-05-04T12:25:00+00:00"
    assert "its name 2020-05-04T10:31:00" in recorded_at(path, "20200504_103100.WAV").note


def test_a_real_audiomoths_comment_tells_its_time(test_data: Path) -> None:
    told = recorded_at(test_data / "data" / "field" / "metadata.wav", "metadata.wav")
    assert told.start is not None
    assert (told.start.isoformat(), told.source) == ("2020-04-04T10:25:00+00:00", "comment")


def test_a_time_without_a_zone_stays_without_one_until_a_zone_is_given(tmp_path: Path) -> None:
    path = wav(tmp_path / "20240705_184401.WAV")
    told = [iso(path, zone) for zone in (None, "Europe/Berlin", "+02:00", "UTC", "-0330", "utc+2", "europe/berlin")]
    ends = ["", "+02:00", "+02:00", "+00:00", "-03:30", "+02:00", "+02:00"]
    assert told == ["2024-07-05T18:44:01" + end for end in ends]
    told_itself = wav(tmp_path / "a.wav", guano("2017-04-26T20:15:30-05:00"))
    assert iso(told_itself, "Europe/Berlin") == "2017-04-26T20:15:30-05:00"


def test_hours_that_clocks_skip_or_repeat_are_placed_in_one_way() -> None:
    berlin = time_zone("Europe/Berlin")
    assert in_zone(datetime(2024, 3, 31, 2, 30), berlin).isoformat() == "2024-03-31T03:30:00+02:00"
    assert in_zone(datetime(2024, 10, 27, 2, 30), berlin).isoformat() == "2024-10-27T02:30:00+02:00"
    before = in_zone(datetime(2024, 3, 31, 1, 30), berlin)
    assert ((before + timedelta(hours=1)) - before).total_seconds() == 3600
    assert (before + timedelta(hours=1)).astimezone(berlin).hour == 3
    assert in_zone(datetime(1, 1, 1), time_zone("+02:00")).year == 1


@pytest.mark.parametrize("text", ["Europe/Berln", "+25:00", "+02:75", "../etc/passwd", "", "Europe", "/etc/localtime"])
def test_a_time_zone_that_is_none_is_named(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        time_zone(text)
    assert caught.value.setting == "timezone"
    if text == "Europe/Berln":
        assert caught.value.hint == "Did you mean Europe/Berlin?"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"RIFF\xff\xff\xff\xffWAVE" + b"guan\xff\xff\xff\xff" + b"\n" * 200_000,
        b"RIFF\xff\xff\xff\xffWAVE" + b"LIST\xff\xff\xff\xffINFO" + b"ICMT\xff\xff\xff\xff" + b"Recorded at 1" * 9999,
        b"RIFF\xff\xff\xff\xffWAVE" + b"LIST\x10\0\0\0INFO" + b"ICMT\0\0\0",
        b"RIFF\xff\xff\xff\xffWAVE" + bytes(2_000_000),
        b"RF64\xff\xff\xff\xffWAVE" + b"ds64\x04\0\0\0abcd" + b"data\xff\xff\xff\xff",
        b"RIFF\xff\xff\xff\xffWAVE" + b"bext\x02\0\0\0ab",
    ],
    ids=range(8),
)
def test_damaged_chunks_tell_nothing_and_take_no_time(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    began = time.perf_counter()
    assert recorded_at(tmp_path / "a.wav", "a.wav").start is None
    assert time.perf_counter() - began < 0.5


def test_a_chunk_behind_more_samples_than_a_length_of_32_bits_holds_is_read(tmp_path: Path) -> None:
    wide = (1 << 32) + 10
    head = b"ds64" + struct.pack("<IQQQI", 28, 0, wide, 0, 0) + b"data\xff\xff\xff\xff"
    path = tmp_path / "a.wav"
    with path.open("wb") as file:  # sparse
        file.write(b"RF64\xff\xff\xff\xffWAVE" + head)
        file.seek(12 + len(head) + wide)
        file.write(guano("2017-04-26T20:15:30Z"))
    assert iso(path) == "2017-04-26T20:15:30+00:00"


def test_the_first_folder_is_the_site() -> None:
    names = ("north/2024/a.wav", "a.wav", "/data/south/a.wav")
    assert [site_of(name) for name in names] == ["north", "", "south"]
