"""Augment, embed and classify, one after the other, on the small real sets with the built-in encoder."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import full_path


@pytest.fixture
def data(test_data, tmp_path):
    (tmp_path / "data/input").mkdir(parents=True)
    for name in ("urbansound8k", "tau2019uas"):
        (tmp_path / "data/input" / name).symlink_to(test_data / "data" / f"{name}-mini")
    return tmp_path / "data"


@pytest.mark.slow
def test_the_full_path_beats_chance_and_louder_events_are_easier(data, tmp_path):
    found = full_path.full_path(data, tmp_path, "compact", "park", ["6", "-6"], "0,0.5,1")
    cells = {snr: {(c["mode"], c["modality"], c["temperature"]): c for c in grid} for snr, grid in found.items()}
    for snr in ("6", "-6"):
        for mode in ("zs", "tgap", "sv"):
            plain = cells[snr][mode, "none", None]
            assert plain["interval"][0] > 0.1, f"{mode} at {snr} dB is no better than one of ten at random"
            assert sum(fold["n"] for fold in plain["folds"]) == 297
            for modality in ("text", "audio"):  # nothing subtracted is no adaptation
                assert cells[snr][mode, modality, 0.0]["accuracy"] == plain["accuracy"]
    for mode in ("zs", "tgap", "sv"):
        assert cells["6"][mode, "none", None]["accuracy"] >= cells["-6"][mode, "none", None]["accuracy"]
    assert full_path.table(found).count("\n") == 1 + 3 * (1 + 2 * 3)
