"""LAION-CLAP's front end and encoder, on weights small enough to make in the test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from clap_weights import SMALL, small_weights

from atmda.core.audio import from_array
from atmda.core.encoders.clap import matmul, precision
from atmda.core.encoders.clap.audio_tower import AudioTower
from atmda.core.encoders.clap.checkpoint import Checkpoint
from atmda.core.encoders.clap.encoder import ClapEncoder
from atmda.core.encoders.clap.frontend import FrontEnd, repeat_pad, target_length, thirds
from atmda.core.encoders.clap.melscale import mel_bank
from atmda.core.encoders.clap.text_tower import TextTower
from atmda.errors import AtmdaError, SettingsError

RATE = 48_000


def encoder(**settings: Any) -> ClapEncoder:
    return ClapEncoder(Checkpoint(small_weights(), SMALL, "0" * 64, Path("clap.pt")), **settings)


SENTENCES = [[0, 17, 99, 2], [0, 5, 2], [0, *range(20, 30), 2]]


def text_tower() -> TextTower:
    return TextTower(small_weights(), SMALL, torch.device("cpu"), torch.float32)


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, round(seconds * RATE)).astype(np.float32)


def test_resampled_lengths_are_the_references() -> None:
    # 10 s at 44.1 kHz: 48000 / 44100 is a little more than 160 / 147 in floating point
    lengths = [
        (441_000, 44_100, 480_001),
        (480_000, 48_000, 480_000),
        (88_200, 22_050, 192_001),
        (4_800, 16_000, 14_400),
    ]
    for frames, rate, length in lengths:
        assert target_length(from_array(np.zeros(frames), rate)) == length


@pytest.mark.parametrize(
    ("seconds", "windows"), [(0.01, 1), (10, 1), (10.005, 1), (10.4, 1), (10.6, 2), (20, 2), (25.3, 3), (40, 4)]
)
def test_recordings_are_cut_in_windows_and_tails_too_short_to_count_are_left_out(seconds: float, windows: int) -> None:
    features = list(FrontEnd(fused=True).features(from_array(noise(seconds), RATE)))
    assert [each.shape for each in features] == [(1001, 64)] * windows
    assert all(each.dtype == np.float32 for each in features)


def test_a_short_recording_is_repeated_as_often_as_it_fits_whole() -> None:
    padded = repeat_pad(np.ones(200_000, np.float32))
    assert len(padded) == 480_000
    assert padded[:400_000].all()
    assert not padded[400_000:].any()


def test_a_window_of_a_long_recording_is_worth_what_it_is_worth_alone() -> None:
    front = FrontEnd(fused=True)
    samples = noise(25)
    windows = list(front.features(from_array(samples, RATE)))
    for place, window in enumerate(windows):
        alone = next(front.features(from_array(samples[place * 480_000 : (place + 1) * 480_000], RATE)))
        assert np.array_equal(window, alone)


def test_the_spectrogram_is_the_same_however_the_waveform_is_cut() -> None:
    front = FrontEnd(fused=True)
    samples = noise(12.34)
    whole = front.log_mel(samples)
    assert len(whole) == 1 + len(samples) // 480
    for pieces in ([480_000, 592_319], [600, 1200, 100_000], [len(samples) - 1]):
        cut = np.concatenate(list(front._mel_blocks(np.split(samples, pieces))))
        assert cut.shape == whole.shape
        assert np.abs(cut - whole).max() < 1e-3  # decibels; sums in products of other sizes


def test_decibels_follow_the_definition() -> None:
    samples = noise(10)
    padded = np.pad(samples.astype(np.float64), 512, mode="reflect")
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
    for frame in (0, 1, 500, 1000):
        power = np.abs(np.fft.rfft(padded[frame * 480 : frame * 480 + 1024] * hann)) ** 2
        for scale, fused in (("htk", True), ("slaney", False)):
            expected = 10 * np.log10(np.maximum(power @ mel_bank(scale).numpy().astype(np.float64), 1e-10))
            assert np.abs(FrontEnd(fused=fused).log_mel(samples)[frame] - expected).max() < 1e-3


def test_mel_banks_are_triangles_of_height_one_or_of_one_area() -> None:
    htk, slaney = mel_bank("htk"), mel_bank("slaney")
    assert htk.shape == slaney.shape == (513, 64)
    assert 0.5 < htk.max() <= 1
    areas = slaney.sum(0) * (24_000 / 512)
    assert torch.allclose(areas[40:], torch.ones(24), atol=0.02)
    for bank in (htk, slaney):
        assert bank[:2].sum() == 0  # under 50 Hz
        assert bank[300:].sum() == 0  # over 14 kHz


def test_positions_are_cut_in_three_as_numpy_does() -> None:
    for count in (1, 2, 3, 4, 234, 1500):
        parts = [list(part) or [0] for part in np.array_split(np.arange(count), 3)]
        assert [list(part) for part in thirds(count)] == parts


def test_fusion_draws_its_crops_from_seed_and_clip_alone() -> None:
    fused = encoder(long="fusion", seed=1)
    clips = [from_array(noise(12, seed), RATE, f"{seed}") for seed in range(3)]
    together = fused.embed_audio(clips)
    renamed = from_array(noise(12, 1), RATE, "elsewhere")
    assert np.array_equal(encoder(long="fusion", seed=1).embed_audio([renamed])[0], together[1])
    assert not np.array_equal(encoder(long="fusion", seed=2).embed_audio([renamed])[0], together[1])
    assert next(fused.features(clips[0])).shape == (4, 1001, 64)


def test_fused_and_plain_clips_share_a_batch_without_touching_each_other() -> None:
    fused = encoder(long="fusion")
    clips = [from_array(noise(seconds, 7), RATE) for seconds in (3, 15, 10, 31)]
    together = fused.embed_audio(clips)
    for clip, vector in zip(clips, together, strict=True):
        assert np.array_equal(fused.embed_audio([clip])[0], vector)
    plain = encoder().embed_audio(clips)
    assert np.array_equal(plain[[0, 2]], together[[0, 2]])  # up to 10 s there is nothing to fuse
    assert not np.allclose(plain[[1, 3]], together[[1, 3]])


def test_windows_are_pooled_to_the_normalised_mean() -> None:
    plain = encoder()
    samples = noise(30)
    windows = plain.embed_audio([from_array(samples[start : start + 480_000], RATE) for start in (0, 480_000, 960_000)])
    mean = windows.mean(0)
    assert np.allclose(plain.embed_audio([from_array(samples, RATE)])[0], mean / np.linalg.norm(mean), atol=1e-6)


def test_identity_names_everything_that_decides_an_embedding() -> None:
    assert encoder().identity == {
        "encoder": "laion-clap",
        "weights_sha256": "0" * 64,
        "preprocessing": "laion-clap/1",
        "long": "windows",
        "precision": "fp32",
    }
    assert encoder(long="fusion", seed=5).identity["seed"] == "5"
    assert encoder().about == "clap.pt: HTSAT of width 16, fusion; fp32 on cpu"
    assert encoder().logit_scale == pytest.approx(np.exp(2.0))


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 17.93 GB, other allocations: 384.00 KB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
    ids=["cuda", "mps", "cublas"],
)
def test_a_gpu_out_of_memory_gets_half_as_many_clips_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, error: RuntimeError
) -> None:
    plain = encoder()
    features = [next(plain.features(from_array(noise(1, seed), RATE))) for seed in range(7)]
    expected = plain.encode(features)
    whole, sizes = plain._audio, []

    def small_gpu(mels: list[torch.Tensor]) -> torch.Tensor:
        sizes.append(len(mels))
        if len(mels) > 2:
            raise error
        return whole(mels)

    monkeypatch.setattr(plain, "_audio", small_gpu)
    assert np.array_equal(plain.encode(features), expected)
    assert sizes == [7, 3, *[1] * 7]
    assert plain.batch_size == 1
    plain.encode(features[:2])
    assert sizes[9:] == [1, 1]  # it does not try again what did not fit

    def no_gpu(mels: list[torch.Tensor]) -> torch.Tensor:
        raise error

    monkeypatch.setattr(plain, "_audio", no_gpu)
    with pytest.raises(AtmdaError, match="no memory left for a single clip"):
        plain.encode(features)


def test_another_error_of_a_gpu_is_not_taken_for_a_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = encoder()
    features, sizes = [next(plain.features(from_array(noise(1), RATE)))] * 4, []

    def broken(mels: list[torch.Tensor]) -> torch.Tensor:
        sizes.append(len(mels))
        raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(plain, "_audio", broken)
    with pytest.raises(RuntimeError, match="device-side assert"):
        plain.encode(features)
    assert sizes == [4]


def test_precision_the_hardware_lacks_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setattr(precision, "_cpu_flags", lambda: {"avx2"})
    with pytest.raises(SettingsError, match="`precision` bf16: this CPU has no such arithmetic"):
        precision.check_precision("bf16", cpu)
    monkeypatch.setattr(precision, "_cpu_flags", lambda: {"avx2", "avx512_bf16"})
    monkeypatch.setattr(precision, "has_onednn", lambda dtype: True)
    precision.check_precision("bf16", cpu)
    monkeypatch.setattr(precision, "has_onednn", lambda dtype: False)  # a torch that would work in another way
    with pytest.raises(SettingsError, match="no such arithmetic"):
        precision.check_precision("bf16", cpu)
    with pytest.raises(SettingsError, match="no such precision"):
        precision.check_precision("int8", cpu)


def test_all_clips_at_once_as_on_a_gpu_give_what_tiles_give() -> None:
    mels = [torch.from_numpy(next(encoder().features(from_array(noise(1, seed), RATE)))) for seed in range(3)]
    fused = torch.from_numpy(next(encoder(long="fusion").features(from_array(noise(11), RATE))))
    cpu, weights = torch.device("cpu"), small_weights()
    tiles = AudioTower(weights, SMALL, cpu, torch.float32)([*mels, fused])
    wide = AudioTower(weights, SMALL, cpu, torch.float32, wide=True)([*mels, fused])
    assert torch.allclose(wide, tiles, atol=1e-6)


def test_a_torch_without_onednn_gives_what_one_with_it_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    features = [next(encoder().features(from_array(noise(3, seed), RATE))) for seed in range(3)]
    usual, usual_text = encoder().encode(features), text_tower()(SENTENCES)
    monkeypatch.setattr(matmul, "has_onednn", lambda dtype: False)
    plain, calls = matmul.F.linear, []
    monkeypatch.setattr(matmul.F, "linear", lambda *given: calls.append(1) or plain(*given))
    bare = encoder()
    assert not bare._audio._stages[0][0].qkv.weights[0].is_mkldnn
    assert np.abs(bare.encode(features) - usual).max() < 1e-6
    assert (text_tower()(SENTENCES) - usual_text).abs().max() < 1e-6
    assert calls


def test_products_by_onednn_are_what_torch_computes() -> None:
    if not matmul.has_onednn(torch.float32):
        pytest.skip("this torch has no oneDNN")
    generator = torch.Generator().manual_seed(0)
    rows, weight, bias = (torch.randn(shape, generator=generator) for shape in ((70, 96), (40, 96), (40,)))
    rows = rows / 10
    exact = rows.double() @ weight.double().T + bias.double()
    for weights in ((weight, bias), matmul.packed((weight, bias))):
        assert (matmul.linear(rows, weights) - exact).abs().max() < 1e-5
        assert (matmul.linear(rows, weights, gelu=True) - torch.nn.functional.gelu(exact)).abs().max() < 1e-5
    assert (matmul.linear(rows, (weight, None)) - (exact - bias)).abs().max() < 1e-5
    assert matmul.linear(rows, (weight.bfloat16(), bias.bfloat16())).dtype == torch.bfloat16


def test_bf16_stays_close_to_fp32() -> None:
    # the towers keep sums and norms in float32; where there is no such arithmetic torch emulates the products, slowly
    features = [next(encoder().features(from_array(noise(3, seed), RATE))) for seed in range(2)]
    exact, rounded = encoder().encode(features), encoder(precision="bf16").encode(features)
    assert rounded.dtype == np.float32
    assert (exact * rounded).sum(1).min() > 0.9999
    assert not np.array_equal(exact, rounded)
