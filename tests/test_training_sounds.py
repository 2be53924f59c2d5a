"""What the built-in encoder's training set is widened by: crossings, music, other microphones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


def sounds() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    swell = np.hanning(61_680).astype(np.float32)
    tone = np.sin(np.arange(61_680) * 0.2).astype(np.float32)
    return tone * swell, rng.uniform(-1, 1, 61_680).astype(np.float32) * swell**4


def test_every_crossing_has_the_length_of_what_it_is_made_of_and_the_same_seed_gives_it_again(of_training) -> None:
    crossing = of_training("crossing")
    a, b = sounds()
    for way in dict.fromkeys(crossing.WAYS):
        first, again = (way(np.random.default_rng(3), a, b) for _ in range(2))
        assert first.shape == a.shape and first.dtype == np.float32 and np.isfinite(first).all(), way
        assert first.std() > 1e-4, way
        np.testing.assert_array_equal(first, again)


def test_crossing_silence_gives_finite_sound(of_training) -> None:
    crossing = of_training("crossing")
    silence, noise = np.zeros(61_680, np.float32), sounds()[1]
    for seed in range(26):
        for pair in ((silence, silence), (silence, noise), (noise, silence)):
            y = crossing.crossed(np.random.default_rng(seed), *pair)
            assert np.isfinite(y).all() and np.abs(y).max() <= 1.001


def test_a_piece_of_music_has_a_program_for_each_part_and_no_note_before_its_beginning(of_training) -> None:
    piece = of_training("synth_music").piece
    for seed in range(200):
        programs, notes = piece(np.random.default_rng(seed), 3.855)
        assert notes, seed
        for time, channel, note, velocity, length in notes:
            assert channel in programs and time >= 0 and length > 0
            assert 0 <= note <= 127 and 1 <= velocity <= 127


def test_another_microphone_changes_levels_smoothly_over_bands_and_the_same_for_all_frames(of_training) -> None:
    import torch

    union = of_training("union")
    mel = torch.full((32, 96, 64), 1.0)
    changed = union.coloured(mel, torch.Generator().manual_seed(0)) - mel
    assert changed.shape == mel.shape and changed.abs().max() > 0.5
    torch.testing.assert_close(changed, changed[:, :1].expand_as(changed))
    assert changed.diff(dim=2).abs().max() < 0.35


def test_every_sound_of_streets_and_yards_is_finite_heard_and_the_same_again(of_training, monkeypatch) -> None:
    outdoors, beings = of_training("synth_outdoors"), of_training("synth_beings")
    monkeypatch.setattr(beings, "spoken", lambda rng, n, young: rng.standard_normal(n).astype(np.float32))
    for kind in dict.fromkeys(outdoors.KINDS):
        for seed in range(6):
            first, again = (kind(np.random.default_rng(seed), 61_680) for _ in range(2))
            assert first.shape == (61_680,) and first.dtype == np.float32, kind
            assert np.isfinite(first).all() and first.std() > 1e-4, (kind, seed)
            np.testing.assert_array_equal(first, again)


def test_a_four_stroke_engine_fires_once_a_cylinder_in_two_turns(of_training) -> None:
    firing = of_training("synth_parts").firing
    minute = 60 * 16_000
    for cylinders in (1, 4, 8):
        fired = firing(np.random.default_rng(0), minute, np.full(minute, 900 / 120), cylinders, uneven=0.1)
        assert np.count_nonzero(fired) == pytest.approx(900 / 2 * cylinders, abs=cylinders)


def test_echoes_of_a_street_come_after_the_sound_itself(of_training) -> None:
    street = of_training("synth_parts").street
    click = np.zeros(16_000, np.float32)
    click[4000] = 1
    for seed in range(20):
        heard = street(np.random.default_rng(seed), click)
        assert heard.shape == click.shape and heard[4000] == pytest.approx(1, abs=1e-5)
        assert np.abs(heard[:4000]).max() < 1e-5 < np.abs(heard[4001:12_000]).max() < 1


def test_each_wider_generation_draws_from_the_elite_that_is_its_own(of_training) -> None:
    bank, wider = of_training("bank"), of_training("wider")
    asked = []
    maker = bank.Maker(bank.Recordings(np.zeros(10, np.float32), np.array([0, 10]), np.array([False])), Path())
    maker.elite = lambda generation: asked.append(generation) or generation
    for generation, (kind, elite) in bank.WIDER.items():
        made = maker._wider(generation)
        assert type(made) is kind and made.elite == elite
    assert asked == ["2", "4", "3"] and wider.Richer in {kind for kind, _ in bank.WIDER.values()}


def test_a_shard_is_read_where_it_lies_on_the_disk(of_training, tmp_path) -> None:
    shards = of_training("shards")
    rng = np.random.default_rng(0)
    arrays = {"mel": rng.normal(size=(5, 96, 64)).astype(np.float16), "ambience": np.array([True, False, True])}
    shards.publish(tmp_path / "a.npz", **arrays)
    found = shards.mapped(tmp_path / "a.npz")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert isinstance(found[name], np.memmap) and found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_every_genome_is_a_sound_that_is_finite_heard_and_the_same_again(of_training) -> None:
    genes = of_training("synth_genes")
    many = len(genes.GENES)
    drawn = np.random.default_rng(0).uniform(0, 1, (20, many))
    for genome in (*drawn, np.zeros(many), np.ones(many), np.full(many, 0.5)):
        first, again = (genes.played(np.random.default_rng(1), 61_680, genome) for _ in range(2))
        assert first.shape == (61_680,) and first.dtype == np.float32
        assert np.isfinite(first).all() and first.std() > 0.1
        np.testing.assert_array_equal(first, again)


def made(evolution, folder: Path, shards: range) -> None:
    """Shards whose teachers hear class 3 in high first genes, class 70 in low ones."""
    for shard in shards:
        genomes = evolution.genomes(shard)
        logits = np.full((len(genomes), 4, 521), -8, np.float32)
        logits[..., 3] = 8 * genomes[:, None, 0] - 4
        logits[..., 70] = 8 * (1 - genomes[:, None, 0]) - 4
        heard = {f"{teacher}.logits": logits.reshape(-1, 521).astype(np.float16) for teacher in ("yamnet", "mn04")}
        np.savez(folder / f"{shard}.npz", genome=genomes, **heard)


def test_evolution_finds_what_each_class_is_best_heard_in(of_training, tmp_path) -> None:
    evolution = of_training("evolve").Evolution(lambda shard: tmp_path / f"{shard}.npz", 60, 9)
    made(evolution, tmp_path, range(12))
    evolution.learn(12)
    best = evolution.kept[evolution.best()[[3, 70], 0], 0]
    assert best[0] > 0.999 and best[1] < 0.001


def test_genomes_of_a_shard_do_not_depend_on_who_makes_it_or_on_the_shard_before_it(of_training, tmp_path) -> None:
    def anew():  # type: ignore[no-untyped-def]
        return of_training("evolve").Evolution(lambda shard: tmp_path / f"{shard}.npz", 40, 9)

    one = anew()
    made(one, tmp_path, range(6))
    kept = {shard: np.load(tmp_path / f"{shard}.npz")["genome"] for shard in range(6)}
    for shard in (5, 4):
        (tmp_path / f"{shard}.npz").unlink()
    np.testing.assert_array_equal(anew().genomes(5), kept[5])
    np.testing.assert_array_equal(anew().genomes(4), kept[4])
