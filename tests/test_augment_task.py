"""The task behind `atmda augment`: settings in, a result out, an observer told."""

import json
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from typer.testing import CliRunner

from atmda.cli import app
from atmda.errors import AtmdaError, SettingsError
from atmda.settings.augment import AugmentSettings
from atmda.settings.loading import make_settings
from atmda.soundscapes.manifest import read_manifest
from atmda.tasks.augment import augment
from atmda.tasks.augment_result import NoSoundscapeError
from atmda.tasks.observer import Observer

RATE = 8_000


def write(path: Path, seconds: float, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, np.random.default_rng(seed).standard_normal(round(seconds * RATE)) * 0.1, RATE)


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, object]:
    """Settings of a small set: three events in two folds, three backgrounds in two scenes."""
    for seed, name in enumerate(("fold1/dog/a.wav", "fold1/cat/b.wav", "fold2/dog/c.wav")):
        write(tmp_path / "events" / name, 1.0, seed)
    for seed, name in enumerate(("kitchen/x.wav", "kitchen/y.wav", "cellar/z.wav")):
        write(tmp_path / "places" / name, 3.0, 10 + seed)
    sources = {"fg_dataset": str(tmp_path / "events"), "bg_dataset": str(tmp_path / "places")}
    return {**sources, "duration": 2, "num_workers": 1, "data_dir": tmp_path / "data"}


class Listener(Observer):
    """Keeps all it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.total, self.done = 0, 0

    def notice(self, message: str) -> None:
        self.said.append(message)

    detail = warning = notice

    @contextmanager
    def progress(self, what, total):
        self.total = total

        def advance(count: int) -> None:
            self.done += count

        yield advance


def test_a_set_made_from_python_comes_back_as_a_result_and_nothing_is_printed(folders, capfd):
    listener = Listener()
    result = augment(make_settings(AugmentSettings, {**folders, "n_soundscapes": 2}), listener)
    assert (result.made, result.kept, result.soundscapes, result.skipped) == (6, 0, 6, [])
    assert result.output.parent == folders["data_dir"] / "input" and result.output.name.startswith("events-20")
    assert sum(result.scenes.values()) == 6 and set(result.scenes) <= {"cellar", "kitchen"}
    assert result.records() == [json.loads(line) for line in result.manifest.read_text().splitlines()]
    assert len(result.to_pandas()) == 6
    assert (listener.total, listener.done) == (6, 6)
    assert capfd.readouterr() == ("", "")


def test_going_on_counts_what_was_there_and_what_is_made_now(folders, tmp_path):
    settings = make_settings(AugmentSettings, {**folders, "output": tmp_path / "set"})
    augment(settings)
    (tmp_path / "set" / read_manifest(tmp_path / "set")[0]["jams"]).unlink()
    listener = Listener()
    result = augment(settings, listener)
    assert (result.made, result.kept, listener.done) == (1, 2, 3)


@pytest.mark.parametrize(
    ("given", "said", "setting"),
    [
        ({"fg_path": "x"}, "go with `from_jams`", "fg_path"),
        ({"bg_path": "x"}, "go with `from_jams`", "bg_path"),
        ({"from_jams": "x"}, "`from_jams` needs `output`", "output"),
        ({"from_jams": "x", "output": "x"}, "`output` is the folder of `from_jams`", "output"),
        ({"from_jams": "x", "output": "y", "engine": "scaper"}, "rendered by `engine` atmda", "engine"),
        ({"from_jams": "x", "output": "y", "snr": "6"}, "`snr` does not go with `from_jams`", "snr"),
        ({"from_jams": "x", "output": "y", "folds": "1"}, "`folds` does not go with `from_jams`", "folds"),
        ({"snr": "3", "parameters": "snr_dist=4"}, "`snr` 3 and snr_dist in `parameters` differ", "snr"),
        ({"parameters": "seed=1 snrr=4"}, "`parameters`: there is no parameter 'snrr'", ""),
    ],
)
def test_settings_that_do_not_go_together_are_refused_before_anything_is_read_or_written(
    tmp_path, given, said, setting
):
    with pytest.raises(SettingsError) as caught:
        augment(make_settings(AugmentSettings, {"data_dir": "nowhere", **given}))
    assert said in str(caught.value) and "--" not in str(caught.value)
    assert caught.value.setting == setting
    assert list(tmp_path.iterdir()) == []


def test_a_fold_that_is_not_there_is_refused_by_its_settings_name_with_those_that_are(folders):
    with pytest.raises(SettingsError, match=r"`folds`: there is no fold 7\. There are: 1, 2\."):
        augment(make_settings(AugmentSettings, {**folders, "folds": "7"}))
    assert not Path(folders["data_dir"]).exists()


def test_where_nothing_could_be_made_the_error_carries_the_reasons(folders, tmp_path):
    for path in (tmp_path / "events").rglob("*.wav"):
        path.write_bytes(b"")
    listener = Listener()
    with pytest.raises(NoSoundscapeError, match="Not one soundscape could be made") as caught:
        augment(make_settings(AugmentSettings, {**folders, "output": tmp_path / "set"}), listener)
    assert len(caught.value.result.skipped) == 3
    assert [words for words in listener.said if words.startswith("skipped")]


def test_an_error_on_the_way_says_how_to_go_on(folders, tmp_path):
    listener = Listener()
    settings = {**folders, "output": tmp_path / "set", "ref_db": -1, "clip_policy": "error"}
    with pytest.raises(AtmdaError, match=r"Lower `ref_db` or the SNR"):
        augment(make_settings(AugmentSettings, settings), listener)
    assert listener.said[-1] == f"To go on, run the same command with `output` {tmp_path / 'set'}"


def test_verbose_says_how_many_events_backgrounds_by_scene_and_workers(folders, tmp_path):
    words = [f"--{name.replace('_', '-')}={value}" for name, value in folders.items()]
    shown = CliRunner().invoke(app, ["augment", *words, "-v", "-o", str(tmp_path / "set")])
    assert shown.exit_code == 0
    for said in (
        "events: 3 events, 2 classes, 2 folds.",
        "places: 3 backgrounds: cellar 1, kitchen 2.",
        "Workers: 1.",
    ):
        assert said in shown.stderr


def test_settings_made_in_python_take_numbers_and_distributions_as_they_are(folders, tmp_path):
    given = {**folders, "data_dir": tmp_path, "output": tmp_path / "set", "bg": ["kitchen"], "folds": (2,)}
    result = augment(AugmentSettings(**given, snr=["uniform", 1, 2]))
    assert result.scenes == {"kitchen": 1}
    assert [1 <= record["snr"] <= 2 for record in result.records()] == [True]
