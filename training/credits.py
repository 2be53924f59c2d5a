"""List who recorded what the encoder was trained on: `python training/credits.py train-audio/manifest.csv`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

OUTPUT = Path(__file__).parents[1] / "docs" / "compact-credits.md"


def main() -> None:
    credits: dict[str, set[tuple[str, str]]] = {}
    with Path(sys.argv[1]).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            said = " ".join(row["attribution"].split()).strip(" ,") or "no credit required"
            credits.setdefault(row["source_repo"], set()).add((said, row["licence"]))
    lines = [
        "# Credits of the built-in encoder's training audio",
        "",
        "Every distinct credit and licence in the training set's manifest, by the repository the recordings came from.",
        "",
    ]
    for source in sorted(credits, key=str.lower):
        lines += [f"## {source}", "", *(f"- {said} ({licence})" for said, licence in sorted(credits[source])), ""]
    OUTPUT.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
