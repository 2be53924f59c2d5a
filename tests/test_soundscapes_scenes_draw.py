"""What a long scene is made of: a chain of backgrounds, events at random, and how one background follows another."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from atmda.settings.augment import AugmentSettings
from atmda.settings.loading import make_settings
from atmda.soundscapes.fades import joins
from atmda.soundscapes.files import MOST_IN_WAV, wav_header, wav_size
from atmda.soundscapes.mix import Event, Mix
from atmda.soundscapes.parameters import Parameters
from atmda.soundscapes.rendering import Renderer
from atmda.soundscapes.sampling import Draws, Recording
from atmda.soundscapes.scenes.chain import JOIN, LONGEST, SHORTEST, draw_chain, of_one_place
from atmda.soundscapes.scenes.drawing import SceneJob, draw_scene, poisson
from atmda.soundscapes.scenes.jams import polyphony
from atmda.soundscapes.scenes.parameters import SceneParameters

RATE = 44_100


def recording(name: str, source: str | None = None) -> Recording:
    return Recording(name, Path(name), "park", source=source)


@pytest.mark.parametrize("lengths", [[10.0] * 5, [10.0], [400.0], [2_000.0], [12.0, 130.0, 0.2], [124.0, 125.5]])
def test_a_background_is_filled_without_a_gap_and_each_stretch_can_be_measured(lengths):
    there = {f"{k}.wav": seconds for k, seconds in enumerate(lengths)}
    for i in range(20):
        chain = draw_chain([recording(name) for name in there], 617.0, Draws(1, None, "", i), lambda r: there[r.name])
        assert chain[0].onset == 0 and chain[-1].end == pytest.approx(617.0, abs=1e-8)
        assert all(after.onset == pytest.approx(before.end - JOIN, abs=1e-8) for before, after in pairwise(chain))
        assert all(SHORTEST <= stretch.duration <= LONGEST + SHORTEST for stretch in chain)
        assert all(s.source_time + s.duration <= max(there[s.recording.name], SHORTEST) + 1e-8 for s in chain)


def test_no_recording_comes_again_before_all_others_nor_at_once():
    names = [f"{k}.wav" for k in range(5)]
    chain = draw_chain([recording(name) for name in names], 600.0, Draws(1, None, "", 0), lambda r: 10.0)
    order = [stretch.recording.name for stretch in chain]
    assert all(sorted(order[k : k + 5]) == names for k in range(0, len(order) - 5, 5))
    assert all(before != after for before, after in pairwise(order))
    assert len({tuple(order[k : k + 5]) for k in range(0, len(order) - 5, 5)}) > 5


def test_a_background_keeps_to_one_place_where_places_are_told():
    recordings = [recording(f"{place}-{k}.wav", place) for place in ("lyon", "prague") for k in range(8)]
    recordings.append(recording("paris-0.wav", "paris"))
    found = {frozenset(r.source for r in of_one_place(recordings, Draws(1, None, "", i))) for i in range(20)}
    assert found == {frozenset({"lyon"}), frozenset({"prague"})}
    few = recordings[:2]
    assert of_one_place(few, Draws(1, None, "", 0)) == few


def test_a_long_recording_goes_on_without_a_seam(tmp_path):
    """Where one stretch of a recording follows another in step, the sum is the recording, at a level that glides."""
    time = np.arange(14 * RATE) / RATE
    sf.write(tmp_path / "long.wav", 0.1 * np.sin(2 * np.pi * 440 * time), RATE)
    events = tuple(Event("background", tmp_path / "long.wav", begin, begin, 7.25, 0.0) for begin in (0.0, 6.75))
    samples = Renderer().render(Mix(14.0, events)).samples
    assert [join.rise for join in joins(Mix(14.0, events)).values()] == [0, RATE // 2]
    pure = np.sin(2 * np.pi * 440 * time[RATE : 13 * RATE]) * np.abs(samples).max()
    assert np.abs(samples[RATE : 13 * RATE] - pure).max() < 2e-3 * np.abs(samples).max()


def test_two_recordings_keep_their_power_where_they_join(tmp_path):
    for seed, name in enumerate(("p.wav", "q.wav")):
        samples = np.random.default_rng(seed).standard_normal(6 * RATE).clip(-4, 4) * 0.05
        sf.write(tmp_path / name, samples, RATE)
    events = tuple(
        Event("background", tmp_path / name, 0.0, begin, 6.0, 0.0) for name, begin in (("p.wav", 0.0), ("q.wav", 5.0))
    )
    samples = Renderer().render(Mix(11.0, events)).samples.astype(float)
    power = [10 * np.log10(np.mean(samples[int(a * RATE) : int(b * RATE)] ** 2)) for a, b in ((1, 4), (5, 6), (7, 10))]
    assert power[1] == pytest.approx(power[0], abs=0.2) and power[1] == pytest.approx(power[2], abs=0.2)


def test_events_come_as_often_as_asked_in_the_mean_and_know_nothing_of_each_other():
    counts = np.array([poisson((k + 0.5) / 4000, 30.0) for k in range(4000)])
    assert counts.mean() == pytest.approx(30.0, abs=0.05) and counts.var() == pytest.approx(30.0, rel=0.02)
    assert poisson(0.5, 0.0) == 0 and abs(poisson(0.5, 86_400.0) - 86_400) < 2
    times = []
    clips = {"dog": [recording("a.wav")]}
    for i in range(40):
        parameters = SceneParameters(600.0, 3.0, 1, Parameters())
        scene = draw_scene(SceneJob(i, None, "park"), parameters, clips, [recording("p.wav")], lambda r: 4.0)
        times += [event.onset for event in scene.events]
    spread = np.histogram(times, 6, (0, 596))[0]
    assert abs(len(times) - 1200) < 120 and np.abs(spread - 200).max() < 60


def test_scenes_that_differ_in_snr_alone_share_backgrounds_events_and_times():
    clips = {label: [recording(f"{label}{k}.wav") for k in range(3)] for label in ("dog", "siren")}
    drawn = []
    for snr in ("-6", "9"):
        parameters = make_settings(AugmentSettings, {"scene_duration": 600, "snr": snr}).long_scenes()
        job = SceneJob(0, None, "park")
        drawn.append(draw_scene(job, parameters, clips, [recording("p.wav"), recording("q.wav")], lambda r: 9.0))
    assert drawn[0].stretches == drawn[1].stretches
    pairs = [[(e.recording, e.onset) for e in scene.events] for scene in drawn]
    assert pairs[0] == pairs[1] and {e.snr for e in drawn[0].events} == {-6}


def test_polyphony_is_what_scaper_computes():
    assert polyphony([(1.7145974399583501, 5.7145974399583501)], 10.0) == (
        1,
        pytest.approx(0.4000014999962498, abs=1e-12),
    )
    assert polyphony([(0.0, 4.0), (1.0, 3.0), (2.0, 5.0)], 10.0)[0] == 3
    assert polyphony([], 10.0) == (0, 0.0)


def test_a_file_over_4_gb_is_rf64_and_read_as_such(tmp_path):
    frames = MOST_IN_WAV // 2 + 1000
    path = tmp_path / "long.wav"
    path.write_bytes(wav_header(frames, RATE))
    os.truncate(path, wav_size(frames))  # a hole, which takes no room
    told = sf.info(path)
    assert (told.format, told.frames, told.samplerate) == ("RF64", frames, RATE)
    assert len(wav_header(10, RATE)) == 44
