"""A clip and a prompt have the same bits in any company, on whatever kernels multiply them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from clap_weights import SMALL, small_weights
from torch import Tensor

from atmda.core.encoders.clap import (
    attention,
    audio_tower,
    frontend,
    matmul,
    precision,
    product,
    swin,
    text_tower,
    trials,
)
from atmda.core.encoders.clap.audio_tower import AudioTower
from atmda.core.encoders.clap.text_tower import TextTower

CPU = torch.device("cpu")
SENTENCES = [[0, *range(3, 3 + count), 2] for count in (2, 9, 4, 4, 30, 1, 17, 5, 70)]


@pytest.fixture(autouse=True)
def nothing_tried_yet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(trials, "_found", {})


def mels(count: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(1001, 64, generator=generator) * 10 - 40 for _ in range(count)]


def tower(dtype: torch.dtype = torch.float32) -> AudioTower:
    return AudioTower(small_weights(), SMALL, CPU, dtype)


def tried_together() -> list[bool]:
    """What trials found of clips that go through together."""
    return [answer for question, answer in trials._found.items() if "clips at once" in question]


def exact(rows: Tensor, weights: matmul.Linear, *, gelu: bool = False) -> Tensor:
    """A product that no kernel of this machine's decides: rounded after its sums, each row's bits are its own."""
    weight, bias = weights
    sums = rows.double() @ weight.double().T + (0 if bias is None else bias.double())
    return (torch.nn.functional.gelu(sums) if gelu else sums).to(weight.dtype)


def by_company(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Products whose sums depend on how many rows there are, as those of some kernels do; returns their shapes."""
    shapes: list[tuple[int, ...]] = []
    monkeypatch.setattr(product, "packed", lambda weights: weights)

    def multiplied(rows: Tensor, weights: matmul.Linear, *, gelu: bool = False) -> Tensor:
        shapes.append((len(rows), *weights[0].shape))
        return exact(rows * (1 + 1e-6 * len(rows)), weights, gelu=gelu)

    for module in (audio_tower, product, text_tower):
        monkeypatch.setattr(module, "linear", multiplied)
    return shapes


def test_kernels_that_sum_a_row_by_its_company_change_no_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = by_company(monkeypatch)
    several, model = mels(swin.GROUP + 3), tower()
    model(several)
    shapes.clear()
    together = model(several)
    assert tried_together() == [True]  # clips in a group, each product cut to the rows of one
    grouped = {*shapes}
    shapes.clear()
    for clip, vector in zip(several, together, strict=True):
        assert torch.equal(model([clip])[0], vector)
    assert {*shapes} == grouped


def test_what_depends_on_company_and_is_no_product_leaves_clips_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = swin.attend
    monkeypatch.setattr(swin, "attend", lambda qkv, *rest: plain(qkv * (1 + 1e-6 * len(qkv)), *rest))
    several, model = mels(swin.GROUP + 3), tower()
    together = model(several)
    assert tried_together() == [False]
    for clip, vector in zip(several, together, strict=True):
        assert torch.equal(model([clip])[0], vector)


def test_a_product_takes_as_many_rows_as_leave_the_bits_of_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As oneDNN's with AMX: from some number of rows on, long sums are added up in another order."""
    seen = []

    def otherwise_from_100(rows: Tensor, weights: matmul.Linear, *, gelu: bool = False) -> Tensor:
        seen.append(len(rows))
        return exact(rows * (1 + 1e-6 * (len(rows) >= 100)), weights, gelu=gelu)

    monkeypatch.setattr(product, "linear", otherwise_from_100)
    monkeypatch.setattr(product, "packed", lambda weights: weights)
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(8, 40, generator=generator), torch.randn(8, generator=generator)
    cut = product.Product(weights).steady([16, 32, 64, 128])
    assert cut.at_once == 64
    rows = torch.randn(150, 40, generator=generator)
    seen.clear()
    assert torch.equal(cut(rows)[:16], cut(rows[:16]))
    assert seen == [64, 64, 22, 16]
    assert product.Product(weights).steady([128, 256]).at_once == 256  # what is otherwise from the first on is steady


def by_place(rows: Tensor, weights: matmul.Linear, *, gelu: bool = False) -> Tensor:
    """As MKL's: the last of a few rows, and only these, are summed in another order."""
    found: Tensor = matmul.linear(rows, weights, gelu=gelu)
    return torch.cat([found[:-1], found[-1:] * (1 + 1e-6)]) if 1 < len(rows) <= 16 else found


def test_kernels_that_sum_a_row_by_its_place_change_no_clip_and_no_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known fault: a clip's vector differed in the last bits by whether it was the eighth."""
    for module in (audio_tower, product, text_tower):
        monkeypatch.setattr(module, "linear", by_place)
    several, model = mels(swin.GROUP), tower()
    for clip, vector in zip(several, model(several), strict=True):
        assert torch.equal(model([clip])[0], vector)
    words = TextTower(small_weights(), SMALL, CPU, torch.float32, 1)
    for sentence, vector in zip(SENTENCES, words(SENTENCES), strict=True):
        assert torch.equal(words([sentence])[0], vector)
    assert words._head_rows == 1 and words._sizes == text_tower.COARSE


def test_what_was_tried_of_one_library_says_nothing_of_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known fault: answers found on torch's own products went on to hold for oneDNN's."""
    one = product.Product((torch.randn(8, 40, generator=torch.Generator().manual_seed(0)), torch.zeros(8)))
    for by_onednn in (True, False):
        monkeypatch.setattr(product, "library", lambda weight, gelu, name=str(by_onednn): name)
        one.steady([16])
    assert len(trials._found) == 2


def test_weights_whose_order_moves_bits_stay_in_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product, "packed", lambda weights: (weights[0] * (1 + 1e-6), weights[1]))
    generator = torch.Generator().manual_seed(0)
    one = product.Product((torch.randn(8, 40, generator=generator), torch.randn(8, generator=generator)))
    assert one.packed([16]) is one
    assert one.steady([16, 32]).at_once == 16


@pytest.mark.parametrize("faster", [True, False])
def test_attention_in_bfloat16_is_the_same_by_products_and_fused(faster: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """To what bfloat16 holds; which is the faster differs from processor to processor."""
    monkeypatch.setattr(attention, "by_onednn", lambda qkv: True)
    monkeypatch.setattr(attention, "_is_faster_by_products", lambda: faster)
    generator = torch.Generator().manual_seed(0)
    qkv, bias = torch.randn(128, 3 * 96, generator=generator), torch.randn(2, 4, 64, 64, generator=generator)
    exact = attention.attend(qkv, 4, bias, attention.Scratch())
    low = attention.attend(qkv.bfloat16(), 4, bias.bfloat16(), attention.Scratch())
    assert low.dtype == torch.bfloat16 and low.shape == exact.shape == (128, 96)
    assert torch.nn.functional.cosine_similarity(low.float(), exact).min() > 0.9999


def test_clips_go_through_together_only_where_that_changes_no_bit() -> None:
    several, model = mels(swin.GROUP), tower()
    together = model(several)
    assert tried_together() == [True]
    assert all(torch.equal(model([clip])[0], vector) for clip, vector in zip(several, together, strict=True))


def test_what_is_left_of_many_clips_goes_through_in_groups_too(monkeypatch: pytest.MonkeyPatch) -> None:
    several, model, counts = mels(swin.GROUP + 7), tower(), []
    late = AudioTower._late
    monkeypatch.setattr(AudioTower, "_late", lambda self, tokens, n: counts.append(n) or late(self, tokens, n))
    model(several)
    counts.clear()
    together = model(several)
    assert counts == [8, 4, 2, 1]
    assert all(torch.equal(model([clip])[0], vector) for clip, vector in zip(several, together, strict=True))
    few, counts[:] = tower(), []
    few(several[:7])  # so few are not worth a trial, nor weights in another order
    assert counts == [1] * 7


def test_kernels_that_sum_a_row_by_its_company_change_no_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = by_company(monkeypatch)
    model = TextTower(small_weights(), SMALL, CPU, torch.float32, 1)
    together = model(SENTENCES * 9)[: len(SENTENCES)]
    for sentence, vector in zip(SENTENCES, together, strict=True):
        assert torch.equal(model([sentence])[0], vector)
    assert {rows for rows, *_ in shapes[-20:]} == {text_tower.COARSE[0], text_tower.HEAD_ROWS}


def test_where_the_number_of_rows_changes_no_bit_a_few_words_take_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (product, text_tower):
        monkeypatch.setattr(module, "linear", exact)
    monkeypatch.setattr(product, "packed", lambda weights: weights)
    model = TextTower(small_weights(), SMALL, CPU, torch.float32, 1)
    together = model(SENTENCES * 20)[: len(SENTENCES)]
    tried = {question: answer for question, answer in trials._found.items() if "rows as" in question}
    assert len(tried) >= 3 * len(text_tower.SIZES) and all(tried.values())
    assert all(torch.equal(model([each])[0], vector) for each, vector in zip(SENTENCES, together, strict=True))
    assert len(model._filled(torch.ones(9, 4))) == 16
    assert len(model._filled(torch.ones(513, 4))) == 1024


def test_what_was_tried_on_one_width_says_nothing_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    TextTower(small_weights(), SMALL, CPU, torch.float32, 1)(SENTENCES)
    by_company(monkeypatch)
    wider = replace(SMALL, text_heads=2)
    model = TextTower(small_weights(wider), wider, CPU, torch.float32, 1)
    model(SENTENCES)
    assert model._sizes == text_tower.COARSE  # tried anew, on products that do depend on it
    assert {answer for question, answer in trials._found.items() if "128 x 128" in question} == {True, False}


def test_prompts_on_an_accelerator_go_through_in_one_size_untried(monkeypatch: pytest.MonkeyPatch) -> None:
    """On torch's `meta` device, which works out shapes and no numbers."""
    shapes = by_company(monkeypatch)
    model = TextTower(small_weights(), SMALL, torch.device("meta"), torch.float32)
    for chosen in (SENTENCES, SENTENCES[:1]):
        shapes.clear()
        with pytest.raises(NotImplementedError, match="meta"):  # there are no numbers to copy out
            model(chosen)
        assert {rows for rows, *_ in shapes} == {text_tower.SIZES[-1], text_tower.HEAD_ROWS}
    assert not trials._found


def test_weights_in_another_order_change_no_bit() -> None:
    model = TextTower(small_weights(), SMALL, CPU, torch.float32, 1)
    before = model(SENTENCES)
    model._prepare(many=True)
    assert torch.equal(model(SENTENCES), before)


def test_what_was_tried_is_kept_for_later_processes() -> None:
    asked: list[int] = []
    assert not trials.remembered("a question", lambda: bool(asked.append(1)))
    trials._found.clear()  # another process
    assert not trials.remembered("a question", lambda: True)
    assert asked == [1] and "a question" in trials.where().read_text()


def test_a_trial_may_ask_a_question_of_its_own() -> None:
    """Known fault: it waited a minute for the lock that it held itself, and `auto` took fp32 for good."""
    assert trials.remembered("outer", lambda: trials.remembered("inner", lambda: True))
    trials._found.clear()
    assert trials.remembered("outer", lambda: False) and trials.remembered("inner", lambda: False)


def test_of_two_that_try_at_the_same_time_the_first_answer_holds_for_both() -> None:
    def second() -> bool:
        first = trials.remembered("a question", lambda: True)  # another process, while this one still tries
        trials._found.clear()
        return not first

    assert trials.remembered("a question", second)


@pytest.mark.parametrize("content", ["", "[]", '{"a": 3}', "{"])
def test_damaged_notes_of_trials_cost_a_trial_and_nothing_else(content: str) -> None:
    trials.where().parent.mkdir(parents=True)
    trials.where().write_text(content)
    assert trials.remembered("a question", lambda: True)
    assert list(json.loads(trials.where().read_text()).values()) == [True]


def test_where_nothing_can_be_kept_nothing_is_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert not trials.remembered("a question", lambda: True)  # the next process could find otherwise
    assert trials.remembered("another", lambda: False, otherwise=True)


def found_by_times(monkeypatch: pytest.MonkeyPatch, trial: Callable[..., bool], *seconds: float) -> bool:
    """What a trial whose contestants take so many seconds finds."""
    monkeypatch.setattr(matmul, "best_of", lambda *ways: list(seconds))
    trials._found.clear()
    trials.where().unlink(missing_ok=True)
    return trial.__wrapped__(torch.float32)  # type: ignore[attr-defined, no-any-return]


def test_the_faster_of_two_products_is_taken_and_ties_leave_onednn(monkeypatch: pytest.MonkeyPatch) -> None:
    for own, onednn, wanted in ((1.0, 0.5, True), (1.0, 1.04, True), (1.0, 1.2, False)):
        assert found_by_times(monkeypatch, matmul.is_faster_by_onednn, own, onednn) is wanted


def test_gelu_is_within_the_products_unless_a_pass_of_its_own_is_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    for within, apart, wanted in ((0.5, 1.0, True), (1.04, 1.0, True), (1.2, 1.0, False)):
        assert found_by_times(monkeypatch, matmul.is_gelu_faster_within, within, apart) is wanted


@pytest.mark.parametrize("within", [True, False])
def test_gelu_is_the_same_function_within_products_and_apart(within: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matmul, "is_faster_by_onednn", lambda dtype: True)
    monkeypatch.setattr(matmul, "is_gelu_faster_within", lambda dtype: within)
    generator = torch.Generator().manual_seed(0)
    rows, weight, bias = (torch.randn(shape, generator=generator) for shape in ((64, 96), (384, 96), (384,)))
    found = matmul.linear(rows, (weight, bias), gelu=True)
    torch.testing.assert_close(found, exact(rows, (weight, bias), gelu=True), atol=1e-5, rtol=1e-5)


@pytest.mark.skipif(not matmul.has_onednn(torch.float32), reason="torch has no oneDNN here")
def test_what_was_tried_with_gelu_within_products_says_nothing_of_gelu_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matmul, "is_faster_by_onednn", lambda dtype: True)
    for within in (True, False):
        monkeypatch.setattr(matmul, "is_gelu_faster_within", lambda dtype, answer=within: answer)
        tower()(mels(8))
    asked = [question for question in trials._found if "gelu" in question or "clips at once" in question]
    assert len(asked) == 2 * len([question for question in asked if "GELU apart" in question])
    assert any("clips at once" in question and "GELU apart" in question for question in asked)


def test_auto_is_bf16_where_that_is_faster_and_fp32_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "available_precisions", lambda device: ["fp32", "bf16"])
    for faster, wanted in ((True, "bf16"), (False, "fp32")):
        monkeypatch.setattr(precision, "is_faster_than_float32", lambda dtype, answer=faster: answer)
        assert precision.chosen_precision("auto", CPU) == wanted
    monkeypatch.setattr(precision, "available_precisions", lambda device: ["fp32"])
    assert precision.chosen_precision("auto", CPU) == "fp32"
    assert precision.chosen_precision("fp32", CPU) == "fp32"


PROGRAM = """
import sys, torch
sys.path[:0] = [{tests!r}]
from test_clap_company import SENTENCES, mels
from clap_weights import SMALL, small_weights
from atmda.core.encoders.clap.audio_tower import AudioTower
from atmda.core.encoders.clap.text_tower import TextTower
cpu, dtype = torch.device("cpu"), getattr(torch, sys.argv[1])
tower, clips = AudioTower(small_weights(), SMALL, cpu, dtype), mels(11)
found = []
for threads in (1, 2):
    torch.set_num_threads(threads)
    alone = torch.cat([tower(clips[k : k + 1]) for k in range(11)])
    found += [tower(clips), alone, torch.cat([tower(clips[:4]), tower(clips[4:])])]
words = [TextTower(small_weights(), SMALL, cpu, dtype, threads) for threads in (1, 2)]
said = [model(SENTENCES) for model in words] + [torch.cat([words[0]([each]) for each in SENTENCES])]
print(all(torch.equal(found[0], each) for each in found), all(torch.equal(said[0], each) for each in said))
"""


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("limit", ["", "AVX2", "AVX512_CORE", "AVX512_CORE_BF16", "AVX512_CORE_AMX"])
def test_bits_are_the_same_in_any_company_on_every_instruction_set(limit: str, dtype: str, tmp_path: Path) -> None:
    """A limit above what the processor has is no limit; below it oneDNN and MKL take the kernels of older ones."""
    limits = {"ONEDNN_MAX_CPU_ISA": limit, "MKL_ENABLE_INSTRUCTIONS": limit.split("_")[0]} if limit else {}
    program = PROGRAM.format(tests=str(Path(__file__).parent))
    environment = os.environ | limits | {"XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program, dtype], capture_output=True, text=True, env=environment)
    assert done.stdout.split() == ["True", "True"], done.stderr


@pytest.mark.parametrize("by_onednn", [True, False])
def test_no_vector_depends_on_the_number_of_threads(by_onednn: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Known fault: torch's own products went on sharing their work where only OpenMP had been told not to."""
    monkeypatch.setattr(matmul, "is_faster_by_onednn", lambda dtype: by_onednn)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(tower()(mels(3)).numpy())
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(*found)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_products_of_the_towers_run_on_one_thread(dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    before, seen = torch.get_num_threads(), set()
    plain = matmul.linear

    def watched(rows: Tensor, weights: matmul.Linear, *, gelu: bool = False) -> Tensor:
        seen.add(torch.get_num_threads())
        return plain(rows, weights, gelu=gelu)

    for module in (audio_tower, product, text_tower, frontend):
        monkeypatch.setattr(module, "linear", watched)
    try:
        torch.set_num_threads(2)
        model = AudioTower(small_weights(), SMALL, CPU, dtype)
        model([torch.from_numpy(frontend.FrontEnd(fused=False).log_mel(np.zeros(480_000, np.float32)))])
        TextTower(small_weights(), SMALL, CPU, dtype, 2)(SENTENCES)
    finally:
        torch.set_num_threads(before)
    assert seen == {1}
