"""Known faults: a WAV of 1 Hz held a run for hours; what may not be read was passed over, or called no audio."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import spectral
from spectral import SpectralEncoder
from typer.testing import CliRunner

from atmda.cli import app
from atmda.core.audio import Reading, from_array, open_audio
from atmda.core.embeddings.engine import embed_clips
from atmda.datasets import load_folder
from atmda.errors import AtmdaError, AudioError

ROOT = Path(__file__).parents[1]
RATE = 16_000
NOISE = np.random.default_rng(1).uniform(-0.5, 0.5, RATE).astype(np.float32)


def wav_of_rate(path: Path, rate: int) -> Path:
    path.parent.mkdir(exist_ok=True)
    sf.write(path, NOISE, RATE)
    content = bytearray(path.read_bytes())
    content[24:28] = struct.pack("<I", rate)
    path.write_bytes(bytes(content))
    return path


@pytest.mark.parametrize("rate", [1, 99, 10_000_001, 2**31 - 1])
def test_a_rate_that_no_sound_is_recorded_at_is_named_at_once(tmp_path: Path, rate: int) -> None:
    path = wav_of_rate(tmp_path / "a.wav", rate)
    with pytest.raises(AudioError, match=rf"a\.wav: its sample rate is {rate} Hz"):
        open_audio(path)
    with pytest.raises(AudioError, match=f"{rate} Hz"):
        from_array(NOISE, rate)


@pytest.mark.parametrize("rate", [100, 250, 500_000, 1_000_000, 10_000_000])
def test_geophones_bat_detectors_and_hydrophones_are_read(tmp_path: Path, rate: int) -> None:
    audio = open_audio(wav_of_rate(tmp_path / "a.wav", rate))
    assert audio.read(RATE).size == pytest.approx(RATE * RATE / rate, abs=2)


def test_a_recording_of_a_bat_detector_is_read_in_blocks_that_fit_in_memory(tmp_path: Path) -> None:
    sf.write(tmp_path / "a.wav", np.tile(NOISE, 600), 500_000)
    whole = open_audio(tmp_path / "a.wav")
    window = next(whole.windows(500_000, 0.1))
    np.testing.assert_array_equal(window, open_audio(tmp_path / "a.wav").read(500_000)[:50_000])


def test_a_header_that_claims_more_than_the_file_can_hold_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    sf.write(path, NOISE, RATE)
    content = bytearray(path.read_bytes())
    content[21] |= 0x0F  # the highest bits of STREAMINFO's count of samples
    path.write_bytes(bytes(content))
    with pytest.raises(AudioError, match=r"its header claims \d+ s of sound, which \d+ bytes cannot hold"):
        open_audio(path)


def test_hours_of_silence_in_a_small_flac_are_no_false_claim(tmp_path: Path) -> None:
    sf.write(tmp_path / "a.flac", np.zeros(3600 * 8000, np.int16), 8000)
    assert open_audio(tmp_path / "a.flac").seconds == 3600


class SlowEncoder(SpectralEncoder):
    """Takes a while for each window of a recording."""

    def encode(self, features):
        time.sleep(0.05 * len(features))
        return super().encode(features)


def test_a_file_that_takes_too_long_is_skipped_by_name_and_the_rest_goes_on(tones: Path) -> None:
    sf.write(tones / "long.wav", np.tile(NOISE, 300), RATE)
    files = sorted(tones.iterdir())
    results = [
        result
        for unit in embed_clips(SlowEncoder(), files, batch_size=4, num_workers=1, reading=Reading(max_seconds=1.0))
        for result in unit
    ]
    late = {path.name: result.error for path, result in zip(files, results, strict=True) if result.error}
    assert list(late) == ["long.wav"]
    assert late["long.wav"].reason == "it took longer than the 1 s of `max_seconds_per_file`"


def test_time_spent_on_the_others_of_a_batch_does_not_count(tmp_path: Path) -> None:
    for index in range(31):
        sf.write(tmp_path / f"{index:02}.wav", NOISE, RATE)
    sf.write(tmp_path / "31.wav", np.tile(NOISE, 31), RATE)  # its first windows are encoded with all of these
    results = embed_clips(
        SlowEncoder(), sorted(tmp_path.iterdir()), batch_size=32, num_workers=1, reading=Reading(max_seconds=1.0)
    )
    assert [result.error for unit in results for result in unit] == [None] * 32


def test_the_limit_is_a_setting_and_the_run_ends_with_exit_code_3(tones: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sf.write(tones / "long.wav", np.tile(NOISE, 300), RATE)
    monkeypatch.setattr(spectral, "load", lambda request: SlowEncoder())
    limited = ("--max-seconds-per-file", "1", "--json", "--batch-size", "4")
    command = ["embed", "--model", "spectral", "--audio-folder", str(tones), "--output", "emb", *limited]
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code == 3, shown.output
    assert list(json.loads(shown.stdout)["skipped"]) == ["long.wav"]
    assert "long.wav: it took longer than the 1 s of --max-seconds-per-file" in shown.stderr


@pytest.mark.parametrize("value", ["0", "-1", "nan", "soon"])
def test_a_limit_that_cannot_be_is_refused(tones: Path, value: str) -> None:
    shown = CliRunner().invoke(app, ["embed", "--audio-folder", str(tones), "--max-seconds-per-file", value])
    assert shown.exit_code == 2 and "--max-seconds-per-file" in shown.stderr


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `open/a.wav` and a folder `closed` that may not be listed, whoever runs the tests."""
    for name in ("open", "closed"):
        (tmp_path / "in" / name).mkdir(parents=True)
        sf.write(tmp_path / "in" / name / "a.wav", NOISE, RATE)
    list_folder = os.scandir

    def refusing(path: str) -> Iterator[os.DirEntry[str]]:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", refusing)
    return tmp_path / "in"


def test_a_folder_that_may_not_be_read_is_named(closed: Path) -> None:
    data = load_folder(closed, recursive=True)
    assert [clip.name for clip in data.clips] == ["open/a.wav"]
    assert data.problems == (
        f"A folder cannot be read and what lies there is left out: {closed}/closed (permission denied).",
    )
    assert load_folder(closed / "open").problems == ()
    with pytest.raises(AtmdaError, match="permission denied"):
        load_folder(closed / "closed")


@pytest.mark.parametrize("command", [["infer", "--labels", "a,b"], ["embed"]])
def test_the_commands_name_it_too(closed: Path, command: list[str]) -> None:
    shown = CliRunner().invoke(app, [*command, "--model", "spectral", "--audio-folder", str(closed), "-r"])
    assert shown.exit_code == 0, shown.output
    assert f"warning: A folder cannot be read and what lies there is left out: {closed}/closed" in shown.stderr


def test_a_file_that_may_not_be_read_is_not_called_no_audio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sf.write(tmp_path / "a.wav", NOISE, RATE)

    def refusing(*arguments: object, **named: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refusing)
    with pytest.raises(AudioError, match=r"it cannot be opened \(Permission denied\)"):
        open_audio(tmp_path / "a.wav")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has other permissions")
def test_permissions_of_the_system_are_told_for_what_they_are() -> None:
    """In a process that they bind, which root's is not before it becomes nobody's."""
    place = Path(tempfile.mkdtemp())
    try:
        place.chmod(0o755)
        for name in ("in/good.wav", "in/secret.wav", "in/shut/a.wav"):
            (place / name).parent.mkdir(exist_ok=True)
            sf.write(place / name, NOISE, RATE)
        (place / "in/secret.wav").chmod(0)
        (place / "in/shut").chmod(0)
        script = (
            "import os\nfrom atmda.datasets import load_folder\nfrom atmda.core.audio import open_audio\n"
            f"open_audio({str(place / 'in/good.wav')!r})\n"
            "if os.geteuid() == 0: os.setgroups([]), os.setgid(65534), os.setuid(65534)\n"
            f"data = load_folder({str(place / 'in')!r}, recursive=True)\nprint(*data.problems)\n"
            "for clip in data.clips:\n"
            "    try: print(clip.name, open_audio(clip.path).frames)\n"
            "    except Exception as error: print(clip.name, error)\n"
        )
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", script]
        shown = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert shown.returncode == 0, shown.stderr
        problems, good, secret = shown.stdout.splitlines()
        assert f"{place}/in/shut (permission denied)" in problems
        assert good == f"good.wav {RATE}"
        assert secret.endswith("secret.wav: it cannot be opened (Permission denied).")
    finally:
        (place / "in/shut").chmod(0o700)
        shutil.rmtree(place)
