"""RoBERTa's tokenizer, from its vocabulary files alone.

Built with `tokenizers` rather than with transformers, which takes seconds to import and, where the vocabulary is not
there, can return a tokenizer of its five special tokens without a word.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from atmda.errors import AtmdaError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

#: tokens of a prompt, those of start and end among them; the official package cuts what is longer
LONGEST = 77
SPECIAL = {"<s>": 0, "<pad>": 1, "</s>": 2}
_WHERE = (
    "Put roberta-base's vocab.json and merges.txt (or its tokenizer.json) beside the checkpoint: "
    "`atmda fetch laion-clap`; or give class anchors with `text_embeddings`."
)


class RobertaTokenizer:
    """Sentences to token ids, checked against the checkpoint's word embedding.

    Args:
        folders: looked through in order for `tokenizer.json`, or `vocab.json` with `merges.txt`.
        vocabulary: how many tokens the checkpoint knows.

    Raises AtmdaError where there is no vocabulary, or one that is not this checkpoint's.
    """

    def __init__(self, folders: Sequence[Path], vocabulary: int) -> None:
        self.source, self._tokenizer = _load(folders)
        count = self._tokenizer.get_vocab_size(with_added_tokens=True)
        ids = {token: self._tokenizer.token_to_id(token) for token in SPECIAL}
        if count != vocabulary or ids != SPECIAL:
            raise AtmdaError(
                f"{self.source}: the vocabulary has {count} tokens, but the checkpoint knows {vocabulary}"
                + ("." if ids == SPECIAL else ", and <s>, <pad>, </s> are not its first three."),
                _WHERE,
            )
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST)

    def __call__(self, prompts: Sequence[str]) -> list[list[int]]:
        """Token ids, from `<s>` to `</s>`, at most 77."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch(list(prompts))]


def _load(folders: Sequence[Path]) -> tuple[Path, Tokenizer]:
    for folder in folders:
        whole, words, merges = folder / "tokenizer.json", folder / "vocab.json", folder / "merges.txt"
        try:
            if words.is_file() and merges.is_file():
                return words, _from_parts(words, merges)
            if whole.is_file():
                from tokenizers import Tokenizer

                return whole, Tokenizer.from_file(str(whole))
        except Exception as error:  # what `tokenizers` raises is Exception itself
            source = words if words.is_file() else whole
            raise AtmdaError(f"{source}: it is no vocabulary, or it is damaged.", _WHERE) from error
    raise AtmdaError("The text tower has no vocabulary: roberta-base's is in none of the places looked in.", _WHERE)


def _from_parts(words: Path, merges: Path) -> Tokenizer:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    lines = merges.read_text("utf-8").splitlines()
    pairs = []
    for line in lines:
        if line and not line.startswith("#version"):
            first, second = line.split(" ")
            pairs.append((first, second))
    vocabulary = json.loads(words.read_text("utf-8"))
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=pairs, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    special = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
    tokenizer.add_special_tokens([token for token in special if token in vocabulary])
    return tokenizer
