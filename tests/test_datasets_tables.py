"""Known fault: a data set's table saved by a spreadsheet was answered with advice that would have replaced it."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_datasets import US8K_HEADER, fsd50k, tau, us8k, write

from atmda.datasets import load_dataset
from atmda.errors import AtmdaError

ROW = "5-0-0-0.wav,5,0,4,1,2,0,air_conditioner\n"
TABLE = "metadata/UrbanSound8K.csv"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_saved_by_a_spreadsheet_is_read_as_it_was(tmp_path: Path, encoding: str, delimiter: str) -> None:
    root = us8k(tmp_path, "", ["fold2/5-0-0-0.wav"])
    write(root / TABLE, (US8K_HEADER + ROW).replace(",", delimiter).encode(encoding))
    found = load_dataset("urbansound8k", tmp_path)
    assert [(c.name, c.fold, c.label) for c in found.clips] == [("5-0-0-0.wav", 2, "air conditioner")]
    assert found.problems == ()


def test_the_tables_of_the_other_data_sets_are_read_too(tmp_path: Path) -> None:
    root = fsd50k(tmp_path)
    whole = load_dataset("fsd50k", tmp_path)
    truth = root / "FSD50K.ground_truth"
    write(truth / "vocabulary.csv", (truth / "vocabulary.csv").read_text().replace(",", ";").encode("utf-16"))
    write(truth / "dev.csv", 'fname;labels;mids;split\n1;"Bark,Dog";"/m/1,/m/2";train\n2;Dog;/m/2;val\n')
    assert load_dataset("fsd50k", tmp_path) == whole
    root = tau(tmp_path, {"train": ["park-oslo-1-0-a.wav"], "test": [], "evaluate": []})
    whole = load_dataset("tau2019uas", tmp_path)
    write(root / "meta.csv", (root / "meta.csv").read_text().replace("\t", ";"))
    assert load_dataset("tau2019uas", tmp_path) == whole


def test_nothing_that_would_replace_a_users_own_table_is_advised(tmp_path: Path) -> None:
    root = us8k(tmp_path, "", ["fold2/5-0-0-0.wav"])
    write(root / TABLE, "name,number\na.wav,1\n")
    with pytest.raises(AtmdaError, match="has no column 'slice_file_name'; there are name, number") as caught:
        load_dataset("urbansound8k", tmp_path)
    assert "force" not in str(caught.value) and "keep this file elsewhere" in caught.value.hint
