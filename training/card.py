"""Put the figures of evaluate.py into the model card: `python training/card.py EVALUATION.md`."""

from __future__ import annotations

import sys
from pathlib import Path

CARD = Path(__file__).parents[1] / "docs" / "compact.md"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def main() -> None:
    card = CARD.read_text(encoding="utf-8")
    before, rest = card.split(BEGIN)
    figures = Path(sys.argv[1]).read_text(encoding="utf-8")
    CARD.write_text(f"{before}{BEGIN}\n\n{figures}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
