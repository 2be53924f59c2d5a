"""Known faults: folds were rounded and merged, labels of bytes became "b'dog'", plain files were called damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from atmda.core.embeddings.folds import fold_number
from atmda.core.embeddings.formats import read_embeddings
from atmda.core.embeddings.table import EmbeddingTable
from atmda.errors import AtmdaError, StoreError

X = np.eye(4, dtype=np.float32)
CLIPS = list("abcd")


def npz(**changed: Any) -> EmbeddingTable:
    np.savez("e.npz", **({"embeddings": X, "clips": CLIPS, "labels": list("xyxy")} | changed))
    return read_embeddings(Path("e.npz"))


def parquet(folds: Any) -> EmbeddingTable:
    frame = pd.DataFrame({"clip": CLIPS, "embedding": list(X), "fold": folds})
    frame.to_parquet("e.parquet")
    return read_embeddings(Path("e.parquet"))


def pt(*entries: Any) -> EmbeddingTable:
    torch.save({f"{k}.wav": entry for k, entry in enumerate(entries)}, "e.pt")
    return read_embeddings(Path("e.pt"))


@pytest.mark.parametrize(
    "folds",
    [
        ["fold1", "fold1", "fold2", "fold10"],
        [b"fold1", b"1", b"2", b"10"],
        ["Fold 1", "1", "fold_2", "10.0"],
        [1.0, 1.0, 2.0, 10.0],
        np.array([1, 1, 2, 10], np.uint8),
    ],
)
def test_folds_are_read_however_they_are_written(folds: Any) -> None:
    assert npz(folds=folds).folds.tolist() == [1, 1, 2, 10]  # type: ignore[union-attr]
    assert parquet(folds).folds.tolist() == [1, 1, 2, 10]  # type: ignore[union-attr]
    entries = [{"embd": row, "fold": fold} for row, fold in zip(X, np.asarray(folds).tolist(), strict=True)]
    assert pt(*entries).folds.tolist() == [1, 1, 2, 10]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("bad", "said"), [(1.5, "1.5"), (np.inf, "inf"), (1e300, "1e"), ("one", "'one'"), ("1.5", "'1.5'")]
)
def test_a_fold_that_is_no_whole_number_is_named_and_never_rounded(bad: Any, said: str) -> None:
    folds = [bad, *(["1"] * 3 if isinstance(bad, str) else [1.0] * 3)]
    with pytest.raises(StoreError, match=f"folds is not a row of whole numbers: {said}.* of a"):
        npz(folds=folds)
    with pytest.raises(StoreError, match=f"fold does not hold whole numbers: {said}.* of row 1"):
        parquet(folds)
    with pytest.raises(StoreError, match=f"0.wav.*its fold is not a whole number: {said}"):
        pt({"embd": X[0], "fold": bad})


def test_a_fold_of_nan_is_refused_and_never_a_number() -> None:
    with pytest.raises(StoreError, match="nan of b"):
        npz(folds=[1.0, np.nan, 2.0, 2.0])
    with pytest.raises(ValueError, match="nan"):
        fold_number(float("nan"))


def test_folds_that_some_clips_lack_are_said_not_to_be_used() -> None:
    table = parquet([1.0, np.nan, 2.0, 2.0])
    assert table.folds is None
    assert table.notes == ("1 of 4 clips have no fold, so its folds are not used.",)


def test_words_of_bytes_are_utf_8() -> None:
    table = npz(labels=[w.encode() for w in ("dog", "Bär", "dog", "犬")], clips=[c.encode() for c in CLIPS])
    assert table.labels == ["dog", "Bär", "dog", "犬"]
    assert table.clips == CLIPS
    with pytest.raises(StoreError, match="its array labels holds bytes that are not text in UTF-8"):
        npz(labels=[b"B\xe4r"] * 4)


def test_what_an_archive_holds_instead_of_plain_arrays_is_named() -> None:
    with pytest.raises(StoreError, match=r"labels\.npy holds Python objects"):
        npz(labels=np.array(list("xyxy"), object))
    with pytest.raises(StoreError, match=r"embeddings\.npy holds complex128"):
        npz(embeddings=X.astype(complex))


def entry(**changed: Any) -> dict[str, Any]:
    return {"embd": torch.tensor([0.5, 1.5]), "class_gt": 3, "fold": 2} | changed


@pytest.mark.parametrize(
    ("changed", "label"),
    [
        ({"embd": torch.tensor([0.5, 1.5], dtype=torch.bfloat16)}, "3"),
        ({"embd": torch.tensor([[0.5, 1.5]], dtype=torch.float16)}, "3"),
        ({"embd": np.array([0.5, 1.5])}, "3"),
        ({"embd": [0.5, 1.5]}, "3"),
        ({"class_gt": torch.tensor(3), "fold": torch.tensor([2])}, "3"),
        ({"class_gt": np.int64(3), "fold": "fold2"}, "3"),
        ({"class_gt": 3.0, "fold": torch.tensor(2.0)}, "3"),
        ({"class_gt": "dog bark"}, "dog bark"),
        ({"class_gt": b"dog bark"}, "dog bark"),
        ({"class_gt": np.str_("Bär"), "fold": np.float32(2)}, "Bär"),
    ],
)
def test_a_pt_of_which_the_meaning_is_plain_is_read(changed: dict[str, Any], label: str) -> None:
    table = pt(entry(**changed), entry(embd=torch.zeros(2)))
    np.testing.assert_array_equal(table.embeddings, [[0.5, 1.5], [0, 0]])
    assert table.labels == [label, "3"]
    assert table.folds is not None and table.folds.tolist() == [2, 2]


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (entry(class_gt=1.5), "its class_gt is neither a name nor a whole number: 1.5"),
        (entry(class_gt=torch.zeros(50)), r"its class_gt is neither .* of the shape \(50,\)"),
        (entry(embd=torch.zeros(3, 2)), r"its embd has the shape \(3, 2\)"),
        (entry(embd=torch.zeros(3)), "its embedding has 3 numbers, that of 0.wav 2"),
        ({"embedding": X[0]}, "it has no embd, only embedding"),
        (torch.zeros(2), "it is not a dictionary .* but a _rebuild_tensor_v2"),
        (entry(fold=None), "1 of 2 clips have no fold"),
    ],
)
def test_a_pt_that_cannot_be_read_is_named_with_its_clip_and_reason(odd: Any, said: str) -> None:
    with pytest.raises(AtmdaError, match=said):
        pt(entry(), odd)


def test_a_clip_without_a_class_is_without_a_label() -> None:
    table = pt(entry(), {"embd": torch.zeros(2), "fold": 1})
    assert table.labels_by_clip() == [("3",), ()]
