"""The built-in encoder on recordings it never heard: no change may cost it much of what was measured."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from atmda.core.encoders import load_encoder
from atmda.core.encoders.base import Encoder
from atmda.core.methods.prompts import class_prompts
from atmda.core.methods.prototypes import scores

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
evaluate = pytest.importorskip("evaluate", reason="needs the training scripts, which travel with a checkout")
heard_by = pytest.importorskip("heard")
material = pytest.importorskip("material")


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder("compact")


@pytest.fixture(scope="module")
def heard(encoder: Encoder, test_data: Path):  # type: ignore[no-untyped-def]
    clips = material.urbansound(test_data)
    return clips, encoder.embed_audio(clips.files, num_workers=2)


@pytest.fixture(scope="module")
def heard_esc(encoder: Encoder, test_data: Path):  # type: ignore[no-untyped-def]
    clips = material.esc10(test_data)
    return clips, encoder.embed_audio(clips.files, num_workers=2)


def test_street_sounds_are_named_by_prompt(encoder: Encoder, heard) -> None:  # type: ignore[no-untyped-def]
    clips, X = heard
    found = scores(X, encoder.embed_text(class_prompts(clips.labels)))
    assert (found.argmax(1) == clips.y).mean() >= 0.72
    data = heard_by.Embedded(clips, X, encoder.embed_text(class_prompts(clips.labels)))
    assert heard_by.error_of_confidence(data, encoder.logit_scale) <= 0.12


def test_templates_agree_within_two_points(encoder: Encoder, heard) -> None:  # type: ignore[no-untyped-def]
    clips, X = heard
    found = [
        (scores(X, encoder.embed_text(class_prompts(clips.labels, t))).argmax(1) == clips.y).mean()
        for t in evaluate.TEMPLATES
    ]
    assert max(found) - min(found) <= 0.02


def test_prototypes_from_audio_keep_their_accuracy(encoder: Encoder, heard) -> None:  # type: ignore[no-untyped-def]
    clips, X = heard
    data = heard_by.Embedded(clips, X, encoder.embed_text(class_prompts(clips.labels)))
    assert np.mean(heard_by.right("tgap", data)) >= 0.68
    assert np.mean(heard_by.right("sv", data)) >= 0.77
    assert np.mean(heard_by.right("tgap-unit", data)) >= 0.72
    assert np.mean(heard_by.right("sv-unit", data)) >= 0.79


def test_everyday_sounds_are_named_by_prompt(encoder: Encoder, heard_esc, test_data: Path) -> None:  # type: ignore[no-untyped-def]
    clips, X = heard_esc
    found = scores(X, encoder.embed_text(class_prompts(clips.labels)))
    assert (found.argmax(1) == clips.y).mean() >= 0.86
    fifty = material.esc50_names(test_data)
    truth = np.array([fifty.index(clips.labels[c]) for c in clips.y])
    among = scores(X, encoder.embed_text(class_prompts(fifty))).argmax(1)
    assert (among == truth).mean() >= 0.67
