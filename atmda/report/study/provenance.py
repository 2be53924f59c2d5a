"""What made the numbers of a study, as tables of its report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from atmda.report.study.data import Row


def provenance(
    encoders: Mapping[str, Mapping[str, Any]],
    prompts: Mapping[str, Mapping[str, Any]],
    artifacts: Mapping[str, Mapping[str, Any]],
    config: Mapping[str, Any],
    versions: Mapping[str, str],
) -> dict[str, Sequence[Row]]:
    """Tables by heading, those with nothing in them left out; for `StudyData.made_of`.

    Args:
        encoders: identities (weights, precision, windows, ...) by title.
        prompts: sentences by class, under the name by which artifacts refer to them.
        artifacts: by folder name: kind, title, made_of, needs, prompts, skipped.
        config: settings of the study. versions: of what computed it, by package.
    """
    tables: dict[str, Sequence[Row]] = {
        "Versions": [{"package": name, "version": version} for name, version in versions.items()],
        "Encoders": _with_all_columns([{"encoder": title, **_plain(of)} for title, of in encoders.items()]),
        "Settings": [{"setting": name, "value": _words(value)} for name, value in config.items()],
        "Sentences": [
            {"name": name, "class": label, "sentences": _words(sentences)}
            for name, by_class in prompts.items()
            for label, sentences in by_class.items()
        ],
        "Parts": [
            {
                "folder": name,
                "what": of.get("title"),
                "made of": _words(of.get("made_of")),
                "from": _words(of.get("needs")),
                "sentences": of.get("prompts"),
                "left out": len(of.get("skipped") or ()),
            }
            for name, of in artifacts.items()
        ],
    }
    return {heading: rows for heading, rows in tables.items() if rows}


def _with_all_columns(rows: Sequence[dict[str, Any]]) -> list[Row]:
    names = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in names} for row in rows]


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _words(value) for name, value in values.items()}


def _words(value: Any) -> str | None:
    """A value on one line: words as they are, lists of words after each other, all else as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return "; ".join(value) or None
    return json.dumps(value, ensure_ascii=False, default=str)
