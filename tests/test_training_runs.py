"""Patches that are trained on in runs: what a run is made of, and how two of them are heard at once."""

from __future__ import annotations

import numpy as np
import torch

from atmda.core.encoders.compact.encoder import CompactEncoder

NOISE, SILENCE = 0.0, -6.9


def run_of(*levels: float) -> torch.Tensor:
    """Patches (n, 96, 64) of log mel, each of one level."""
    return torch.stack([torch.full((96, 64), level) for level in levels])


def test_the_student_hears_a_patch_with_its_neighbours(of_training) -> None:
    torch.manual_seed(0)
    student = of_training("student").Student().eval()
    mel = torch.randn(2, 4 * 96, 64)
    with torch.inference_mode():
        evidence, trunk, likeness = student(mel)
        alone = student(mel.reshape(8, 96, 64))[0]
        longer = student(torch.cat([mel, torch.randn(2, 96, 64)], dim=1))[0].view(2, 5, -1)
    assert (evidence.shape, trunk.shape, likeness.shape) == ((8, 521), (8, 704), (8, 1408))
    assert (evidence - alone).abs().amax(1).min() > 1e-5
    assert (evidence.view(2, 4, -1) - longer[:, :4]).abs().amax((0, 2)).argmax() == 3  # the nearest hears most of it


def test_the_second_of_two_sounds_fades_only_where_the_first_is_louder(of_training) -> None:
    union = of_training("union")
    first, second = run_of(NOISE, SILENCE), run_of(NOISE, NOISE)
    nothing, much = torch.zeros(2, 521), torch.full((2, 521), 5.0)
    trunks = torch.zeros(2, 8), torch.ones(2, 8)
    for seed in range(20):
        rng = torch.Generator().manual_seed(seed)
        _, evidence, trunk = union.united((first, nothing, trunks[0]), (second, much, trunks[1]), 2, rng)
        assert evidence[1, 0] == 5.0 and trunk[1, 0] > 0.98
        assert 0.0 <= evidence[0, 0] <= 5.0 and trunk[0, 0] < trunk[1, 0]


def test_a_sound_beside_silence_is_heard_as_it_is(of_training) -> None:
    union = of_training("union")
    first, second = run_of(SILENCE - 1), run_of(NOISE)
    labels = torch.zeros(1, 521), torch.full((1, 521), 5.0)
    rng = torch.Generator().manual_seed(0)
    mel, evidence, _ = union.united(
        (first, labels[0], torch.zeros(1, 8)), (second, labels[1], torch.ones(1, 8)), 1, rng
    )
    torch.testing.assert_close(mel, second, atol=1e-5, rtol=0)
    assert evidence.min() == 5.0


def test_a_batch_of_runs_keeps_patches_beside_their_labels(of_training) -> None:
    train = of_training("train_student")

    class Numbered:
        """A bank whose patches are as loud as their number says, and are labelled with it."""

        size, beds = 400, np.arange(400)

        def rows(self, index: np.ndarray) -> tuple[torch.Tensor, ...]:
            number = torch.from_numpy(index.astype(np.float32))
            return run_of(*(number / 100 - 2)), number[:, None].expand(-1, 521), number[:, None].expand(-1, 8)

    rng = torch.Generator().manual_seed(0)
    starts = np.arange(0, 64, 4)
    mel, evidence, trunks = train.batch(Numbered(), starts, 4, np.random.default_rng(0), rng, False)
    assert mel.shape == (16, 384, 64) and evidence.shape == (64, 521) and trunks.shape == (64, 8)
    alone = evidence[:, 0].view(16, 4)
    pure = [row.tolist() for row in alone if row[0] >= 32 and row[0] % 4 == 0 and row[3] == row[0] + 3]
    assert sorted(row[0] for row in pure)[:8] == [32, 36, 40, 44, 48, 52, 56, 60]
    assert all(row == [row[0] + k for k in range(4)] for row in pure)


def test_training_pools_a_clip_as_the_encoder_does(of_training) -> None:
    losses = of_training("losses")
    encoder = CompactEncoder()
    logits = np.random.default_rng(0).normal(0, 3, (8, 521)).astype(np.float32)
    above = torch.from_numpy((logits - encoder._usual) / encoder._spread)
    trained = torch.nn.functional.normalize(losses.pooled(above, 4), dim=1).numpy()
    for clip, said in zip(trained, logits.reshape(2, 4, 521), strict=True):
        shipped = encoder.pool(encoder._states(said, np.ones((4, 704), np.float32)))[:521]
        np.testing.assert_allclose(clip, shipped / np.linalg.norm(shipped), atol=1e-4)


def test_a_clip_is_learnt_where_the_student_says_of_it_what_the_teachers_do(of_training) -> None:
    losses, targets = of_training("losses"), of_training("targets")
    torch.manual_seed(0)
    wanted, trunks = torch.randn(8, 1042), torch.randn(8, 1792)
    usual = targets.Usual(np.full(521, 0.3, np.float32), np.full(521, 0.7, np.float32))
    of_clip, likeness = wanted[:, 521:] * 0.7 + 0.3, torch.cat([torch.zeros(8, 1024), trunks[:, 1408:]], dim=1)
    said = of_clip, torch.zeros(8, 704), likeness
    assert losses.loss_of_clips(said, wanted, trunks, 4, usual) < 1e-6
    apart = wanted[:, :521] * 0.7 + 0.3, torch.zeros(8, 704), likeness
    assert losses.loss_of_clips(apart, wanted, trunks, 4, usual) > 0.1
    turned = of_clip.view(2, 4, 521).flip(1).reshape(8, 521), *said[1:]  # which patch holds a sound does not matter
    assert losses.loss_of_clips(turned, wanted, trunks, 4, usual) < 1e-6


def test_features_of_a_clip_are_learnt_by_their_direction_whichever_patch_shows_them(of_training) -> None:
    losses = of_training("losses")

    def angle(likeness: torch.Tensor) -> torch.Tensor:
        return losses.angle_of_features(*losses.features_of_clips(likeness, trunks, 4))

    torch.manual_seed(0)
    trunks = torch.randn(2, 1792).repeat_interleave(4, 0)
    guessed = torch.cat([torch.randn(8, 1024), 3 * trunks[:, 1408:]], dim=1)
    assert angle(guessed) < 1e-6  # how long the guess is does not matter
    uneven = guessed * torch.tensor([4.0, 0, 0, 0, 0, 2, 2, 0])[:, None]
    assert angle(uneven) < 1e-6
    assert angle(guessed.flip(0)) > 0.5


def test_a_student_had_back_from_what_ships_says_the_same_and_learns_on(of_training) -> None:
    fold, unfold, student = of_training("fold"), of_training("unfold"), of_training("student")
    torch.manual_seed(0)
    mel = torch.randn(24, 2 * 96, 64).numpy()
    first = student.Student().train()
    with torch.no_grad():
        first(torch.from_numpy(mel) * 2 + 1)  # batch norms that are not what `mel` alone would make them
    again = unfold.unfolded(fold.folded(first.eval()), mel)
    with torch.inference_mode():
        for said, wanted in zip(again(torch.from_numpy(mel))[:2], first(torch.from_numpy(mel))[:2], strict=True):
            torch.testing.assert_close(said, wanted, atol=1e-4, rtol=1e-3)
        # a batch's own statistics, which training goes by, are near those measured
        own = again.train()(torch.from_numpy(mel))[0]
        torch.testing.assert_close(own, first(torch.from_numpy(mel))[0], atol=0.05, rtol=0.05)
    features = again.eval()(torch.from_numpy(mel))[1].detach()
    trunks = features @ torch.randn(704, 1408) * 100 + torch.randn(1408)
    unfold.fit_likeness(again, mel, trunks.numpy())
    with torch.inference_mode():
        left = again(torch.from_numpy(mel))[2] - trunks
    assert left.var(0).sum() < 0.9 * trunks.var(0).sum() and left.mean(0).abs().max() < 1e-2


def test_what_is_packed_of_several_students_is_the_mean_of_their_weights(of_training, tmp_path) -> None:
    pack, student = of_training("pack"), of_training("student")
    each = [student.Student() for _ in range(2)]
    for number, one in enumerate(each):
        torch.save({"student": one.state_dict(), "legs": 6}, tmp_path / f"{number}.pt")
    packed = pack.load_student(tmp_path / "0.pt", tmp_path / "1.pt")
    torch.testing.assert_close(packed.head.weight, (each[0].head.weight + each[1].head.weight) / 2)
    assert not packed.training
