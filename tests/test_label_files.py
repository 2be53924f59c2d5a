"""Known faults: labels on one line were one label of confidence 1, a JSON list too, UTF-16 put NULs into results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from atmda.cli import app
from atmda.datasets.encodings import decoded
from atmda.datasets.labels import read_labels
from atmda.errors import SettingsError

THREE = ("tone at 200", "tone at 1000", "tone at 1800")


def saved(content: str | bytes, name: str = "classes.txt") -> Path:
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    return Path(name)


def infer(*arguments: object) -> Any:
    np.savez("e.npz", embeddings=np.eye(3, 64, dtype=np.float32), clips=list("abc"))
    words = ["infer", "--model", "spectral", "--embeddings", "e.npz", *map(str, arguments)]
    return CliRunner().invoke(app, words)


@pytest.mark.parametrize(
    "text",
    [
        ", ".join(THREE),
        ";".join(THREE) + "\n",
        "\t".join(THREE),
        '"tone at 200", "tone at 1000", "tone at 1800"',
        json.dumps(THREE),
        json.dumps(THREE, indent=2) + "\n",
        ",\n".join(THREE) + ",\n",
        "\n".join(THREE),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_labels_on_one_line_in_a_list_and_in_utf_16_are_the_labels(text: str, encoding: str) -> None:
    assert read_labels(saved(text.encode(encoding))) == THREE


def test_a_table_in_utf_16_without_a_mark_gives_its_column() -> None:
    text = "mid,display_name\n/m/1,Motorrad fährt\n/m/2,犬\n"
    assert read_labels(saved(text.encode("utf-16-le"), "classes.csv")) == ("Motorrad fährt", "犬")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("['dog', 'cat']", "is not JSON"),
        ('{"0": "dog", "1": "cat"}', "not a list of words"),
        ("[1, 2]", "not a list of words"),
        (b"dog\0cat\n\0\0", "not text in UTF-8 or UTF-16"),
        (b"H\xe4her\nWind\n", "not text in UTF-8 or UTF-16"),
    ],
)
def test_what_is_no_list_of_labels_is_named_with_its_reason(text: str | bytes, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        read_labels(saved(text))


def test_labels_that_stand_in_brackets_line_by_line_are_labels() -> None:
    assert read_labels(saved("[noise]\n[speech]\n")) == ("[noise]", "[speech]")


def test_text_of_all_kinds_is_told_from_bytes() -> None:
    assert decoded("é".encode()) == "é"
    with pytest.raises(ValueError, match="zero"):
        decoded(b"a\0\0\0b\0")


def test_one_label_alone_is_said_to_tell_nothing_apart() -> None:
    result = infer("--labels", "tone at 200")
    assert result.exit_code == 0
    assert "'tone at 200' is the only class: nothing can be told apart" in result.stderr
    assert "only class" not in infer("--labels", ",".join(THREE)).stderr


def test_a_json_list_on_the_command_line_is_its_labels() -> None:
    assert json.loads(infer("--labels", json.dumps(THREE), "--json").stdout)["labels"] == list(THREE)
