"""LAION-CLAP's tokenizer and the cache of text embeddings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from clap_weights import SMALL, small_weights
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from atmda.core.encoders import load_encoder
from atmda.core.encoders.clap.text_tower import TextTower
from atmda.core.encoders.clap.tokenizer import LONGEST, RobertaTokenizer
from atmda.core.encoders.text_cache import TextCache
from atmda.errors import AtmdaError

SENTENCES = ["This is a sound of dog bark", "This is a sound of siren", "a park, in the rain", "Straßenmusik"]
SIZE = 300


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A byte-level BPE like RoBERTa's, with 300 tokens."""
    folder = tmp_path_factory.mktemp("vocabulary")
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE - 1,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES * 5, trainer)
    tokenizer.model.save(str(folder))
    words = json.loads((folder / "vocab.json").read_text("utf-8"))
    words |= {f"unused{k}": k for k in range(len(words), SIZE - 1)} | {"<mask>": SIZE - 1}
    (folder / "vocab.json").write_text(json.dumps(words), "utf-8")
    return folder


def test_sentences_become_ids_from_start_to_end_and_no_longer_than_77(vocabulary: Path) -> None:
    tokenizer = RobertaTokenizer([vocabulary], SIZE)
    words = json.loads((vocabulary / "vocab.json").read_text("utf-8"))
    spelled = {number: token for token, number in words.items()}
    short, long = tokenizer(["This is a sound of siren", "dog " * 200])
    assert short[0] == long[0] == 0
    assert short[-1] == long[-1] == 2
    assert "".join(spelled[token] for token in short[1:-1]) == "ThisĠisĠaĠsoundĠofĠsiren"
    assert len(long) == LONGEST


def test_ids_agree_with_transformers(vocabulary: Path) -> None:
    transformers = pytest.importorskip("transformers.models.roberta")
    reference = transformers.RobertaTokenizer(str(vocabulary / "vocab.json"), str(vocabulary / "merges.txt"))
    if len(reference) < SIZE:
        pytest.skip("this transformers gives a tokenizer of special tokens for files it is handed")
    texts = [*SENTENCES, "  two  spaces", "", "<s> inside </s>", "ünïcödé\n\ttabs", "dog " * 200]
    theirs = reference(texts, truncation=True, max_length=LONGEST)["input_ids"]
    assert RobertaTokenizer([vocabulary], SIZE)(texts) == theirs


def test_a_tokenizer_json_serves_as_well(vocabulary: Path, tmp_path: Path) -> None:
    from_parts = RobertaTokenizer([vocabulary], SIZE)
    from_parts._tokenizer.enable_padding(length=77)  # as some repositories' files have it
    from_parts._tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert RobertaTokenizer([tmp_path], SIZE)(SENTENCES) == RobertaTokenizer([vocabulary], SIZE)(SENTENCES)


def test_a_missing_vocabulary_is_an_error_that_says_what_to_fetch(tmp_path: Path) -> None:
    with pytest.raises(AtmdaError, match="no vocabulary") as caught:
        RobertaTokenizer([tmp_path], SIZE)
    assert "vocab.json" in caught.value.hint
    assert "`text_embeddings`" in caught.value.hint


def test_a_tokenizer_of_five_special_tokens_is_an_error(tmp_path: Path) -> None:
    special = {token: place for place, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])}
    (tmp_path / "vocab.json").write_text(json.dumps(special))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    with pytest.raises(AtmdaError, match="has 5 tokens, but the checkpoint knows 50265"):
        RobertaTokenizer([tmp_path], 50265)


def test_a_damaged_vocabulary_is_named(tmp_path: Path) -> None:
    (tmp_path / "vocab.json").write_text("{")
    (tmp_path / "merges.txt").write_text("a b\n")
    with pytest.raises(AtmdaError, match=r"vocab\.json: it is no vocabulary"):
        RobertaTokenizer([tmp_path], SIZE)


def test_prompts_are_embedded_once_and_found_on_disk_after(
    vocabulary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))  # the reader of this may have roberta-base in theirs
    folder = tmp_path / "models" / "laion-clap"
    folder.mkdir(parents=True)
    torch.save(small_weights(replace(SMALL, vocabulary=SIZE)), folder / "clap.pt")
    for name in ("vocab.json", "merges.txt"):
        (folder / name).write_bytes((vocabulary / name).read_bytes())
    first = load_encoder("laion-clap", data_dir=tmp_path).embed_text(SENTENCES)
    assert first.shape == (4, 512)
    assert np.allclose(np.linalg.norm(first, axis=1), 1)
    (folder / "vocab.json").unlink()  # so that nothing can be embedded any more
    again = load_encoder("laion-clap", data_dir=tmp_path)
    assert np.array_equal(again.embed_text(SENTENCES[::-1])[::-1], first)
    with pytest.raises(AtmdaError, match="no vocabulary"):
        again.embed_text(["a new prompt"])
    assert again.embed_audio([(np.ones(4800), 48000)]).shape == (1, 512)  # audio needs none


def test_text_has_the_same_bytes_on_any_number_of_threads_and_in_any_company() -> None:
    generator = np.random.default_rng(0)
    sentences = [[0, *generator.integers(3, 300, generator.integers(1, 12)).tolist(), 2] for _ in range(200)]
    weights = small_weights()

    def embedded(workers: int, chosen: list[list[int]]) -> np.ndarray:
        return TextTower(weights, SMALL, torch.device("cpu"), torch.float32, workers)(chosen).numpy()

    every = embedded(1, sentences)
    assert np.array_equal(every, embedded(3, sentences))
    assert np.array_equal(every[:7], embedded(2, sentences[:7]))
    assert np.array_equal(every[:1], embedded(2, sentences[:1]))


class Counting:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, prompts: Sequence[str]) -> np.ndarray:
        self.asked += prompts
        return np.array([[len(prompt), ord(prompt[0])] for prompt in prompts], np.float32).reshape(-1, 2)


def test_a_cache_asks_once_a_prompt_and_keeps_encoders_apart(tmp_path: Path) -> None:
    encode = Counting()
    one, other = TextCache(tmp_path, {"weights": "a"}), TextCache(tmp_path, {"weights": "b"})
    assert one.embed(["dog", "cat", "dog"], encode).tolist() == [[3, 100], [3, 99], [3, 100]]
    one.embed(["cat", "siren"], encode)
    assert encode.asked == ["cat", "dog", "siren"]
    other.embed(["cat"], encode)
    assert encode.asked[3:] == ["cat"]
    assert one.embed([], encode).shape == (0, 2)


def test_a_damaged_cache_costs_time_but_no_error(tmp_path: Path) -> None:
    cache, encode = TextCache(tmp_path, {"weights": "a"}), Counting()
    cache.embed(["dog"], encode)
    for damage in (b"", b"PK\x03\x04", cache.path.read_bytes()[:100]):
        cache.path.write_bytes(damage)
        assert cache.embed(["dog"], encode).tolist() == [[3, 100]]
    assert encode.asked == ["dog"] * 4
    blocked = TextCache(cache.path, {"weights": "a"})  # a file where its folder should be
    assert blocked.embed(["dog"], encode).tolist() == [[3, 100]]
