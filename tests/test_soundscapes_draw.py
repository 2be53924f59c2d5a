"""What is drawn depends on a soundscape's identity and on nothing else."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from atmda.errors import SettingsError
from atmda.soundscapes.parameters import Parameters, parse_parameters
from atmda.soundscapes.sampling import Draws, Recording, check_scenes, draw_soundscape

SCENES = {
    scene: [Recording(f"{scene}/{k}.wav", Path(f"{scene}/{k}.wav"), scene) for k in range(count)]
    for scene, count in (("airport", 2), ("park", 9), ("tram", 4))
}
CLIP = Recording("fold1/7.wav", Path("7.wav"), "siren", 8, 1, "7")


def draw(i=0, clip=CLIP, seconds=4.0, words="", scenes=SCENES):
    return draw_soundscape(clip, seconds, i, parse_parameters(words), scenes)


def test_a_draw_is_the_same_today_and_tomorrow():
    # figures once drawn: a change here changes every set ever made
    found = draw()
    assert (found.name, found.background.name) == ("7-tram-0", "tram/2.wav")
    assert (found.event_time, found.snr) == (3.134324294, 6.020325582)


def test_seed_fold_clip_and_number_each_change_the_draw():
    others = [
        draw(i=1),
        draw(words="seed=124"),
        draw(clip=replace(CLIP, fold=2)),
        draw(clip=replace(CLIP, stem="8")),
    ]
    assert len({found.snr for found in [draw(), *others]}) == 5


def test_sets_that_differ_in_snr_alone_share_backgrounds_and_onsets():
    for i in range(20):
        quiet, loud = draw(i, words="snr=-6"), draw(i, words="snr=(uniform,3,9)")
        assert (quiet.background, quiet.event_time) == (loud.background, loud.event_time)
        assert quiet.snr == -6


def test_numbers_are_even_over_identities():
    numbers = [Draws(123, 1, str(clip), 0).uniform("snr_dist") for clip in range(4000)]
    counts = Counter(int(10 * u) for u in numbers)
    assert all(abs(counts[k] - 400) < 80 for k in range(10))


def test_all_scenes_are_drawn_evenly_however_many_recordings_each_has():
    found = [draw(i) for i in range(3000)]
    scenes = Counter(s.background.label for s in found)
    assert all(abs(scenes[scene] - 1000) < 120 for scene in SCENES)
    park = Counter(s.background.name for s in found if s.background.label == "park")
    assert len(park) == 9 and max(park.values()) < 2 * min(park.values())


def test_a_list_of_scenes_is_kept_to():
    assert {draw(i, words="bg=park,tram").background.label for i in range(50)} == {"park", "tram"}


def test_a_scene_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(SettingsError, match=r"no scene 'beach'.*airport, park, tram"):
        check_scenes(parse_parameters("bg=beach"), SCENES)
    check_scenes(Parameters(), SCENES)


def test_an_event_is_cut_to_its_recording_and_noted():
    found = draw(seconds=1.25)
    assert found.event_duration == 1.25
    assert "cut from 4 s to the recording's 1.25 s" in found.notes[0]


def test_an_event_longer_than_the_soundscape_is_cut_to_it_and_begins_with_it():
    found = draw(seconds=30.0, words="duration=3 event_duration=20")
    assert (found.event_duration, found.event_time) == (3.0, 0.0)
    assert any("soundscape's 3 s" in note for note in found.notes)


def test_an_event_ends_within_the_soundscape():
    found = draw(words="event_time=8.5")
    assert (found.event_time, found.draw["event_time"]) == (6.0, 8.5)
    assert any("placed at 6 s, not at 8.5 s" in note for note in found.notes)


def test_an_event_begins_early_enough_in_its_recording():
    found = draw(seconds=6.0, words="source_time=5")
    assert (found.source_time, found.event_duration) == (2.0, 4)
    assert any("begins at 2 s of its recording" in note for note in found.notes)


def test_a_normal_onset_is_drawn_again_until_it_is_not_negative():
    assert all(draw(i, words="event_time=(normal,0.5,2)").event_time >= 0 for i in range(200))


def test_nothing_to_note_is_no_note():
    assert all(draw(i).notes == () for i in range(50))
