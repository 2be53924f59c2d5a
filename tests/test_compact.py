"""The built-in encoder: what it promises for any sound and any text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest

from atmda.core.audio import Audio, from_array
from atmda.core.encoders import EncoderRequest, load_encoder
from atmda.core.encoders.compact import load
from atmda.core.encoders.compact.encoder import STEP, WEIGHTS, CompactEncoder
from atmda.core.encoders.compact.frontend import HOP, PATCH, SAMPLE_RATE, log_mel, mel_matrix
from atmda.core.encoders.compact.text import words_of
from atmda.errors import SettingsError


@pytest.fixture(scope="module")
def encoder() -> CompactEncoder:
    return load(EncoderRequest("compact"))


def noisy(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.2 * np.sin(2 * np.pi * (300 + 200 * np.sin(t)) * t) + 0.02 * rng.standard_normal(len(t))).astype(
        np.float32
    )


def embed(encoder: CompactEncoder, samples: np.ndarray) -> np.ndarray:
    states = encoder.encode(list(encoder.features(from_array(samples, SAMPLE_RATE))))
    return encoder.pool(states)


def test_the_weights_fit_in_eight_megabytes() -> None:
    assert WEIGHTS.stat().st_size <= 8_000_000


@pytest.mark.parametrize("seconds", [1 / SAMPLE_RATE, 0.1, 0.97, 0.975, 1.0, 4.0, 11.9, 12.1])
def test_a_clip_of_any_length_gives_a_finite_embedding_of_unit_length(encoder: CompactEncoder, seconds: float) -> None:
    found = embed(encoder, noisy(max(seconds, 1 / SAMPLE_RATE)) if seconds >= 0.1 else np.ones(1, np.float32))
    assert found.shape == (encoder.dim,)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-5)


def test_digital_silence_gives_a_finite_embedding(encoder: CompactEncoder) -> None:
    assert np.isfinite(embed(encoder, np.zeros(40_000, np.float32))).all()


def test_an_embedding_does_not_depend_on_what_shares_its_batch(encoder: CompactEncoder) -> None:
    clips = [list(encoder.features(from_array(noisy(s, i), SAMPLE_RATE))) for i, s in enumerate((0.5, 4.0, 9.0))]
    together = encoder.encode([patches for clip in clips for patches in clip])
    alone = np.concatenate([encoder.encode(clip) for clip in clips])
    np.testing.assert_array_equal(together, alone)


def test_worker_count_and_batch_size_do_not_change_embeddings(encoder: CompactEncoder) -> None:
    clips = [(noisy(1 + i / 3, i), SAMPLE_RATE) for i in range(7)]
    one = encoder.embed_audio(clips, batch_size=1, num_workers=1)
    np.testing.assert_array_equal(one, encoder.embed_audio(clips, batch_size=5, num_workers=2))


@pytest.mark.parametrize("seconds", [12.0, 13.1, 41.3, 50.0])
def test_the_windows_of_a_long_clip_are_the_patches_of_the_whole(encoder: CompactEncoder, seconds: float) -> None:
    samples = noisy(seconds)
    windows = list(encoder.features(from_array(samples, SAMPLE_RATE)))
    mel = log_mel(samples)
    starts = sorted({*range(0, len(mel) - 95, STEP), len(mel) - 96})
    whole = np.stack([mel[s : s + 96] for s in starts])
    assert all(len(window) * STEP * HOP < 13 * SAMPLE_RATE for window in windows)
    np.testing.assert_allclose(np.concatenate(windows), whole, atol=1e-4)


def test_a_long_clip_is_the_power_mean_of_its_windows(encoder: CompactEncoder) -> None:
    windows = list(encoder.features(from_array(noisy(26.0), SAMPLE_RATE)))
    evidence, counts = [], []
    for window in windows:
        state = encoder.encode([window])[0].astype(np.float64)
        evidence.append((state[:521] / state[-1]) ** (1 / 3))
        counts.append(len(window))
    mean = (np.average(np.stack(evidence) ** 3, axis=0, weights=counts)) ** (1.5 / 3)
    found = encoder.pool(encoder.encode(windows))[:521]
    np.testing.assert_allclose(found / np.linalg.norm(found), mean / np.linalg.norm(mean), atol=1e-5)


def test_loudness_hardly_moves_an_embedding(encoder: CompactEncoder) -> None:
    samples = noisy(4.0)
    assert embed(encoder, samples) @ embed(encoder, samples * np.float32(0.05)) > 0.97


def test_a_long_recording_needs_no_more_memory_than_a_minute(encoder: CompactEncoder) -> None:
    block = noisy(12.0)

    def peak(blocks: int) -> int:
        audio = Audio("long", SAMPLE_RATE, blocks * len(block), lambda: (block for _ in range(blocks)))
        tracemalloc.start()
        for _ in encoder.features(audio):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(40) < 1.2 * peak(5)


def test_the_front_end_is_that_of_the_teacher() -> None:
    matrix = mel_matrix()
    assert matrix.shape == (257, 64)
    assert PATCH == 95 * HOP + 400
    peaks = matrix.argmax(0) * SAMPLE_RATE / 512
    assert all(a <= b for a, b in pairwise(peaks))
    assert 125 < peaks[0] < 220
    assert 7000 < peaks[-1] < 7500
    assert log_mel(np.zeros(400, np.float32))[0] == pytest.approx(np.log(0.001), abs=1e-4)


@pytest.mark.parametrize(
    "prompt", ["", "   ", "xqzzvw", "собака лает", "狗叫", "🐕", "word " * 1000, "é" * 5000, "\x00\n"]
)
def test_odd_prompts_give_finite_vectors(encoder: CompactEncoder, prompt: str) -> None:
    found = encoder.embed_text([prompt])
    assert found.shape == (1, encoder.dim)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert found.min() >= 0 and 0.5 < found.sum() < 20


def test_no_prompts_give_no_vectors(encoder: CompactEncoder) -> None:
    assert encoder.embed_text([]).shape == (0, encoder.dim)


def test_a_prompt_does_not_depend_on_the_others(encoder: CompactEncoder) -> None:
    prompts = ["dog bark", "a siren in the street", "", "rain"]
    alone = np.concatenate([encoder.embed_text([p]) for p in prompts])
    np.testing.assert_array_equal(encoder.embed_text(prompts), alone)


def test_a_template_hardly_moves_a_label(encoder: CompactEncoder) -> None:
    for label in ("dog bark", "siren", "engine idling", "rain"):
        raw, said = encoder.embed_text([label, f"This is a sound of {label}"])
        assert raw @ said / (np.linalg.norm(raw) * np.linalg.norm(said)) > 0.85, label


def test_case_and_accents_do_not_matter(encoder: CompactEncoder) -> None:
    a, b = encoder.embed_text(["Dog Bark", "dög bárk"])
    np.testing.assert_array_equal(a, b)
    assert words_of("Dog-bark, NOW!") == ["dog", "-", "bark", ",", "now", "!"]


def test_words_that_say_nothing_are_named(encoder: CompactEncoder) -> None:
    assert encoder.unknown_words("dog bark") == []
    assert encoder.unknown_words("car horn") == []
    assert encoder.unknown_words("собака") == ["собака"]
    assert encoder.unknown_words("dog 狗") == ["狗"]
    assert encoder.unknown_words("xqzzvwk siren") == ["xqzzvwk"]
    assert encoder.unknown_words("the sound of rain") == []
    assert encoder.unknown_words("didgeridoo, ukulele") == []
    assert encoder.unknown_words("") == []


def test_what_decides_embeddings_is_named(encoder: CompactEncoder) -> None:
    assert encoder.identity["encoder"] == "compact"
    assert len(encoder.identity["weights_sha256"]) == 64
    assert encoder.identity["preprocessing"]


def test_other_precisions_and_fusion_are_refused() -> None:
    with pytest.raises(SettingsError, match="fp32"):
        load_encoder("compact", precision="bf16")
    with pytest.raises(SettingsError, match="windows"):
        load_encoder("compact", long="fusion")
    with pytest.raises(SettingsError, match="nowhere"):
        load_encoder("compact", device="nowhere")


def test_the_first_embedding_imports_no_torch() -> None:
    code = (
        "import sys, json, numpy as np; from atmda import load_encoder; e = load_encoder('compact');"
        "e.embed_audio([(np.zeros(8000, np.float32), 16000)]); e.embed_text(['dog']);"
        "print(json.dumps([m for m in ('torch', 'transformers', 'scipy') if m in sys.modules]))"
    )
    paths = [str(WEIGHTS.parents[4]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert json.loads(done.stdout) == []
