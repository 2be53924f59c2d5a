"""The text side of the built-in encoder: a prompt becomes a distribution over the 521 sound classes.

A static table holds a vector and a gate for each word piece; the gated mean of a prompt's pieces is compared with the
vectors of everything that may be said for a class, and a softmax over the classes turns the cosines into weights. The
table was distilled from all-MiniLM-L6-v2 so that prompt templates weigh next to nothing.

Places (park, street, airport ...) stand beside the classes. What falls to a place is spread over the classes as the
teachers heard them in recordings of such places, at the length that the evidence of a recording has: so "park" is what
a recording of a park would be, less its trunk features.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from atmda.core.types import FloatArray

#: of the softmax over classes
TEMPERATURE = 0.06
#: a label whose best cosine with any class is below this says nothing
FAINT = 0.4
#: nor does a word whose pieces are shorter than this on average
SPLINTER = 1.75
LONGEST_WORD = 60


def words_of(text: str) -> list[str]:
    """Lower-case words and punctuation marks, accents removed, as BERT's uncased tokenizer splits them."""
    out: list[str] = []
    word = ""
    for character in unicodedata.normalize("NFD", text.lower()):
        kind = unicodedata.category(character)
        if kind == "Mn" or (kind[0] == "C" and character not in "\t\n\r"):
            continue
        if character.isspace() or kind[0] in "PS":
            if word:
                out.append(word)
            word = ""
            if not character.isspace():
                out.append(character)
        else:
            word += character
    return [*out, word] if word else out


class TextTable:
    """Prompts to class weights.

    Args:
        pieces: word pieces, those that continue a word beginning with `##`.
        arrays: `vectors` int8 (pieces, k), `scales` (pieces,), `gates` (pieces,), `anchors` (phrases, k) and `owners`
            (phrases,), the class or, counted on from the classes, the place that each phrase stands for, ascending;
            `profiles` (places, classes), what is heard in each place.
    """

    def __init__(self, pieces: Sequence[str], arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self._row = {piece: i for i, piece in enumerate(pieces)}
        self._vectors = np.asarray(arrays["vectors"])
        gates = arrays["gates"].astype(np.float32)
        self._gates = gates
        self._gated = gates * arrays["scales"].astype(np.float32)
        self._anchors = np.ascontiguousarray(arrays["anchors"].astype(np.float32).T)
        owners = arrays["owners"].astype(np.int64)
        self._starts = np.flatnonzero(np.diff(owners, prepend=-1))
        self._profiles = arrays["profiles"].astype(np.float32)

    def pieces(self, word: str) -> list[int]:
        """Rows of the pieces of one word, longest first match; [] where part of it is in no piece."""
        rows: list[int] = []
        start = 0
        if len(word) > LONGEST_WORD:
            return []
        while start < len(word):
            for end in range(len(word), start, -1):
                row = self._row.get(("##" if start else "") + word[start:end])
                if row is not None:
                    break
            else:
                return []
            rows.append(row)
            start = end
        return rows

    def cosines(self, prompts: Sequence[str]) -> FloatArray:
        """How near each prompt is to each class and place, float32 (n, classes + places): the best of its phrases."""
        sums = np.zeros((len(prompts), self._anchors.shape[0]), np.float32)
        for i, prompt in enumerate(prompts):
            rows = [row for word in words_of(prompt) for row in self.pieces(word)]
            if rows:
                weights = self._gated[rows]
                sums[i] = (weights[:, None] * self._vectors[rows]).sum(0) / self._gates[rows].sum()
        # one prompt at a time: a batch's size must not change the last bits
        near = np.stack([row @ self._anchors for row in sums]) if len(sums) else np.zeros((0, len(self._anchors[0])))
        return np.asarray(np.maximum.reduceat(near, self._starts, axis=1), np.float32)

    def weights(self, prompts: Sequence[str]) -> FloatArray:
        """Class weights, float32 (n, classes), none negative: with sum 1 but for the share that falls to places."""
        z = self.cosines(prompts) / np.float32(TEMPERATURE)
        z = np.exp(z - z.max(axis=1, keepdims=True, initial=-1e9))
        shares = z / z.sum(axis=1, keepdims=True)
        classes = self._profiles.shape[1]
        # one prompt at a time, as above
        spread = [row[:classes] + row[classes:] @ self._profiles for row in shares]
        return np.asarray(spread, np.float32).reshape(len(prompts), classes)

    def unknown_words(self, label: str) -> list[str]:
        """The words of `label` that are in no piece or in splinters; all words of a label near to no class."""
        words = [word for word in words_of(label) if any(character.isalnum() for character in word)]
        if words and self.cosines([label]).max() < FAINT:
            return words
        return [word for word in words if len(word) < SPLINTER * len(self.pieces(word)) or not self.pieces(word)]
