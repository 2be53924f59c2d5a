"""JAMS as scaper writes it: the same fields, read by the jams package, rendered by scaper, read back by us."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from atmda.errors import AtmdaError
from atmda.soundscapes.generate import Generation, mix_of
from atmda.soundscapes.jams import SetInfo, jams_bytes, polyphony_gini
from atmda.soundscapes.jams_reading import Finder, read_jams
from atmda.soundscapes.parameters import parse_parameters
from atmda.soundscapes.rendering import Renderer
from atmda.soundscapes.sampling import Recording, draw_soundscape

RATE = 44_100


@pytest.fixture
def made(tmp_path):
    """One soundscape, drawn and made in tmp_path/set: (soundscape, generation, record)."""
    for name, seconds, level in (("fg/fold1/7.wav", 2.0, 0.3), ("bg/park/p.wav", 6.0, 0.05)):
        (tmp_path / name).parent.mkdir(parents=True)
        samples = np.random.default_rng(len(name)).standard_normal(round(seconds * RATE)) * level
        sf.write(tmp_path / name, samples.clip(-1, 1), RATE)
    clip = Recording("fold1/7.wav", tmp_path / "fg/fold1/7.wav", "siren", 8, 1, "7")
    back = Recording("park/p.wav", tmp_path / "bg/park/p.wav", "park")
    parameters = parse_parameters("duration=5 event_time=(uniform,0,3) snr=(uniform,3,9)")
    soundscape = draw_soundscape(clip, 2.0, 0, parameters, {"park": [back]})
    generation = Generation(tmp_path / "set", SetInfo(parameters, "fg", "bg", ("siren",), ("park",)))
    for folder in ("jams", "txt"):
        (generation.output / "fold1" / folder).mkdir(parents=True)
    return soundscape, generation, generation.make(soundscape, Renderer())


def keys(value):
    """The keys of nested dictionaries, as a nested dictionary; the first of each list stands for all."""
    if isinstance(value, dict):
        return {key: keys(item) for key, item in value.items()}
    return [keys(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def test_the_fields_are_those_that_scaper_writes(test_data, made):
    ours = json.loads((made[1].output / made[2]["jams"]).read_text())
    for path in (test_data / "golden" / "scaper").glob("*.jams"):
        theirs = json.loads(path.read_text())
        assert keys({**ours, "sandbox": {}}) == keys(theirs)
        assert [o["value"]["role"] for o in ours["annotations"][0]["data"]] == ["background", "foreground"]


def test_polyphony_gini_is_what_scaper_computes():
    assert polyphony_gini(1.7145974399583501, 4, 10.0) == pytest.approx(0.4000014999962498, abs=1e-12)


def test_the_same_soundscape_gives_the_same_bytes_and_no_path_of_this_machine(made, tmp_path):
    soundscape, generation, record = made
    data = (generation.output / record["jams"]).read_bytes()
    assert data == jams_bytes(soundscape, generation.info, record["scale"], record)
    assert str(tmp_path).encode() not in data


def test_what_was_written_renders_again_to_the_same_samples(made, tmp_path):
    soundscape, generation, record = made
    fronts, backs = Finder(tmp_path / "fg", "fg_path"), Finder(tmp_path / "bg", "bg_path")
    read = read_jams(generation.output / record["jams"], fronts, backs)
    assert read.record == record
    again = Renderer().render(read.mix)
    first = Renderer().render(mix_of(soundscape, generation.info))
    assert np.array_equal(again.samples, first.samples)


def test_sources_are_found_in_flat_and_in_sorted_folders(made, tmp_path):
    _, generation, record = made
    (tmp_path / "flat").mkdir()
    (tmp_path / "bg/park/p.wav").rename(tmp_path / "flat/p.wav")
    backs = Finder(tmp_path / "flat", "bg_path")
    read = read_jams(generation.output / record["jams"], Finder(tmp_path, "fg_path"), backs)
    assert read.mix.events[0].source == tmp_path / "flat/p.wav"


def test_two_recordings_of_one_name_are_not_guessed_between(made, tmp_path):
    _, generation, record = made
    for folder in ("x", "y"):
        (tmp_path / "two" / folder).mkdir(parents=True)
        (tmp_path / "two" / folder / "7.wav").write_bytes(b"RIFF")
    with pytest.raises(AtmdaError, match=r"2 recordings below .* are called 7\.wav"):
        read_jams(generation.output / record["jams"], Finder(tmp_path / "two", "fg_path"), Finder(tmp_path / "bg", ""))


def test_a_soundscape_that_only_scaper_can_render_is_refused(made, tmp_path):
    _, generation, record = made
    path = generation.output / record["jams"]
    whole = json.loads(path.read_text())
    whole["annotations"][0]["data"][1]["value"]["pitch_shift"] = 2
    path.write_text(json.dumps(whole))
    with pytest.raises(AtmdaError, match="pitch shift"):
        read_jams(path, Finder(tmp_path / "fg", ""), Finder(tmp_path / "bg", ""))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"annotations": []}', '{"annotations": [{"namespace": "scaper"}]}', "[" * 100_000]
)
def test_a_file_that_is_not_jams_is_named(tmp_path, text):
    (tmp_path / "broken.jams").write_text(text)
    finder = Finder(tmp_path, "fg_path")
    with pytest.raises(AtmdaError, match=r"broken\.jams"):
        read_jams(tmp_path / "broken.jams", finder, finder)


@pytest.mark.parametrize("change", [{"duration": 1e12, "original_duration": 1e12}, {"sr": -1}, {"fade_in_len": -1}])
def test_settings_that_cannot_be_are_refused(made, tmp_path, change):
    _, generation, record = made
    path = generation.output / record["jams"]
    whole = json.loads(path.read_text())
    whole["annotations"][0]["sandbox"]["scaper"].update(change)
    path.write_text(json.dumps(whole))
    with pytest.raises(AtmdaError, match="describes no soundscape"):
        read_jams(path, Finder(tmp_path / "fg", ""), Finder(tmp_path / "bg", ""))


def test_the_jams_package_loads_and_validates_it(made):
    jams = pytest.importorskip("jams")
    _, generation, record = made
    loaded = jams.load(str(generation.output / record["jams"]), validate=True, strict=True)
    annotation = loaded.annotations[0]
    assert annotation.namespace == "scaper" and annotation.validate(strict=True)
    assert annotation.data[1].value["label"] == "siren"
    assert loaded.sandbox["atmda"]["file"] == record["file"]


def test_scaper_renders_it_to_the_same_samples(made, tmp_path):
    scaper = pytest.importorskip("scaper")
    _, generation, record = made
    jams = generation.output / record["jams"]
    theirs, *_ = scaper.generate_from_jams(str(jams), fg_path=str(tmp_path / "fg"), bg_path=str(tmp_path / "bg"))
    ours, _ = sf.read(generation.output / record["file"])
    assert np.abs(theirs[:, 0] - ours).max() < 2e-4


def test_paths_in_jams_cannot_lead_out_of_the_folder(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.wav").write_bytes(b"RIFF")
    finder = Finder(tmp_path / "in", "fg_path")
    for source in ("../secret.wav", "a/../../secret.wav", str(Path(tmp_path / "secret.wav")), "..\\secret.wav"):
        with pytest.raises(AtmdaError):
            finder.find(source)
