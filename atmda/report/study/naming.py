"""What cells are called where they stand beside others: by what differs between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from atmda.core.text import printable
from atmda.report.study.data import Row
from atmda.report.study.numbers import MINUS, temperature_words

PLACE = ("dataset", "encoder", "templates", "mode")
#: what tells sets of clips apart, but for their SNR
SET = ("dataset", "encoder", "templates", "scene", "seed")
#: colours of the modalities of a background; others follow
TONES = {"none": 0, "text": 1, "audio": 2}
WORDS = {"none": "not adapted", "text": "text background", "audio": "audio background"}
N_TONES = 6


def differing(rows: Sequence[Row], columns: Iterable[str]) -> list[str]:
    """Those of `columns` in which not all rows are alike."""
    return [name for name in columns if len({row.get(name) for row in rows}) > 1]


def name(row: Row, columns: Iterable[str], otherwise: str = "all") -> str:
    """A row's words in `columns`."""
    return printable(" ".join(str(row[c]) for c in columns if row.get(c) not in (None, "")) or otherwise)


def set_name(row: Row, columns: Sequence[str]) -> str:
    """What a set of clips is called beside others, from which it differs in `columns`; see `SET`."""
    if not any(row.get(column) is not None for column in ("scene", "snr", "seed")):
        return name(row, (*columns, "set"), "")
    heard = "clean" if row.get("snr") is None and row.get("set") == "clean" else ""
    snr = heard if row.get("snr") is None else f"{row['snr']:g} dB".replace("-", MINUS)
    seed = f"seed {row['seed']}" if "seed" in columns and row.get("seed") is not None else ""
    words = [name(row, [c for c in columns if c != "seed"], ""), snr, seed]
    return " ".join(word for word in words if word)


def by(rows: Iterable[Row], columns: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    """Rows that are alike in `columns`, in order of the first of each."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row.get(column) for column in columns), []).append(row)
    return found


def modalities(rows: Iterable[Row]) -> list[str]:
    """The modalities of `rows`, those that everybody knows first."""
    return sorted({str(row["modality"]) for row in rows}, key=lambda m: (TONES.get(m, N_TONES), m))


def tone(modality: str, among: Sequence[str]) -> int:
    """The number of a modality's colour."""
    others = [m for m in among if m not in TONES]
    return TONES[modality] if modality in TONES else min(N_TONES - 1, len(TONES) + others.index(modality))


def modality_words(modality: str) -> str:
    """What a modality is called in a legend."""
    return WORDS.get(modality) or printable(f"{modality} background")


def legend(among: Sequence[str]) -> list[tuple[int, str]]:
    """Colours and their words."""
    return [(tone(m, among), modality_words(m)) for m in among]


def temperature_of(row: Row) -> str:
    """As in "T 0.5"; "" without adaptation."""
    return "" if row["modality"] == "none" else f"T {temperature_words(row)}"
