"""What the scripts that read recordings are told on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path


def options(about: str | None) -> argparse.ArgumentParser:
    """A parser that knows where recordings, teachers and what is made on the way lie."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of manifest.csv and the recordings")
    parser.add_argument(
        "--teacher", type=Path, required=True, help="folder of both teachers and their lists of classes"
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder for what is made on the way, about 18 GB")
    return parser
