"""Keys of a study's file that say what `classify` is to do: each reaches it, decides the scores' place, and no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import run

import atmda
from atmda.errors import SettingsError

STUDY = """
name = "tones"
modes = "zs"
modalities = ["none", "audio"]

[[datasets]]
folder = "events"
background = "places"

[[encoders]]
model = "spectral"
"""


@pytest.fixture(autouse=True)
def events(tmp_path: Path, write_tone: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Four events of two classes, and two places with a hum each."""
    monkeypatch.setenv("ATMDA_NO_FIGURES", "true")
    for hz in (200, 700):
        for number in range(2):
            write_tone(tmp_path / f"events/tone{hz}/{number}.wav", hz + 20 * number)
    for hz in (1000, 1500):
        write_tone(tmp_path / f"places/hum{hz}/{hz}.wav", hz)


def study(top: str = "", text: str = STUDY) -> dict:
    Path("tones.toml").write_text(f"{top}\n{text}")
    code, out, errors = run("study", "tones.toml", "--json", "--num-workers", "1")
    assert code == 0, errors
    return json.loads(out)


def scores() -> set[str]:
    return {path.name for path in Path("data/study").glob("scores-*")}


def refused(top: str, said: str, text: str = STUDY) -> None:
    Path("tones.toml").write_text(f"{top}\n{text}")
    with pytest.raises(SettingsError, match=said):
        atmda.study("tones.toml")
    assert not Path("data").exists()


def test_a_profile_reaches_the_scores_and_decides_their_place_but_not_that_of_the_usual_one():
    study()
    usual = scores()
    study('profile = "published"')
    assert scores() == usual
    document = study('profile = "Mean"')
    (new,) = scores() - usual
    assert document["artifacts"][new]["made_of"]["profile"] == "mean"
    assert json.loads(Path(f"data/study/{new}/results.json").read_text())["profile"] == "mean"


def test_a_profile_that_is_none_is_refused_with_the_nearest():
    refused('profile = "meen"', r"'meen' is no profile\. Did you mean mean")


def test_where_nothing_is_adapted_a_profile_decides_nothing():
    text = STUDY.replace(', "audio"', "")
    study("", text)
    usual = scores()
    study('profile = "mean"', text)
    assert scores() == usual


def test_descriptions_stand_for_the_classes_and_their_content_decides_the_place_of_the_scores():
    text = STUDY.replace(', "audio"', "")
    sounds = Path("sounds.csv")
    sounds.write_text("label,description\ntone200,a low hum of tone200\ntone700,a high hum of tone700\n")
    document = study('descriptions = "sounds.csv"', text)
    (first,) = scores()
    told = document["artifacts"][first]
    assert document["prompts"][told["prompts"]]["tone200"] == ["a low hum of tone200"]
    sounds.rename("moved.csv")
    study('descriptions = "moved.csv"', text)
    assert scores() == {first}
    Path("moved.csv").write_text(Path("moved.csv").read_text().replace("low", "deep"))
    study('descriptions = "moved.csv"', text)
    assert len(scores()) == 2


def test_descriptions_beside_sentences_or_anchors_are_refused_as_are_those_that_are_not_there():
    refused('descriptions = "sounds.csv"\ntemplates = "A {label}"', "`descriptions` and `templates` do not go")
    given = STUDY.replace('folder = "events"', 'embeddings = "e.npz"\ntext_embeddings = "t.npz"')
    refused('descriptions = "sounds.csv"', "`descriptions` and text_embeddings of e.npz do not go", given)
    refused('descriptions = "sounds.csv"', r"`descriptions` sounds\.csv: it cannot be read \(")


WINDOWS = """
name = "tones"
modes = "zs"
modalities = ["none", "audio"]
metrics = ["recall_at_k", "map"]

[[datasets]]
folder = "street"
annotations = "events.csv"
window = 1

[[encoders]]
model = "spectral"
"""
OWN = 'bg = ["unlabelled", "self"]'


@pytest.fixture
def street(tmp_path: Path, write_tone: Callable[..., Path]) -> None:
    """Two recordings of four seconds: in one second a tone, in another both at once, in two nothing."""
    for number in (1, 2):
        write_tone(tmp_path / f"street/{number}.wav", 200 * number, seconds=4.0)
    rows = [f"{n}.wav,{label},{n},{at},{at + 1}" for n in (1, 2) for label, at in (("low", 0), ("low", 1), ("high", 1))]
    Path("events.csv").write_text("\n".join(["filename,label,fold,start,end", *rows, ""]))


@pytest.mark.usefixtures("street")
def test_windows_of_long_recordings_have_their_own_labels_and_backgrounds():
    document = study(OWN, WINDOWS)
    cells = {cell["modality"]: cell for cell in document["cells"]}
    assert list(cells) == ["none", "audio unlabelled", "audio self:quiet"]
    assert [fold["n"] for cell in document["cells"] for fold in cell["folds"]] == [2] * 6
    assert all(0 <= cell["map"] <= 1 for cell in cells.values())
    assert "audio unlabelled background" in Path(document["report"]).read_text()
    before = scores()
    study(OWN, WINDOWS)
    assert scores() == before
    study('bg = "self"', WINDOWS.replace("window = 1", "window = 1\nhop = 0.5"))
    assert len(list(Path("data/study").glob("embeddings-*"))) == 2
    table = Path("events.csv")
    table.write_text(table.read_text().replace("high,1,1,2", "high,1,2,3"))
    study(OWN, WINDOWS)
    assert len(list(Path("data/study").glob("embeddings-*"))) == 3


@pytest.mark.parametrize(
    ("top", "old", "new", "said"),
    [
        (OWN, "window = 1", "", "`bg` takes backgrounds from windows"),
        (OWN, ', "audio"', "", "`bg` is used with `modalities` audio alone"),
        (OWN + '\nprofile = "mean"', "", "", "`bg` and `profile` mean do not go together"),
        (OWN, "window = 1", 'window = 1\nbackground = "places"', "`bg` and the background of street both"),
        ('bg = "site"', "", "", "site is for infer"),
        (OWN, "window = 1", "hop = 1", "hop of street goes with window"),
        (OWN, 'annotations = "events.csv"', "", "window of street goes with"),
        (OWN, "[[encoders]]", '[[mixes]]\nscenes = "park"\n[[encoders]]', "cannot be mixed"),
        (OWN, "window = 1", "window = 0", "data set 1.*window"),
    ],
)
def test_windows_and_backgrounds_that_cannot_be_are_refused_by_name(top: str, old: str, new: str, said: str):
    refused(top, said, WINDOWS.replace(old, new) if old else WINDOWS)
