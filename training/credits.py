"""List every recording the encoder was trained on, with its author and licence:

    python training/credits.py --data train-audio

Files of one author and licence stand in one line. Where a source names its authors in a list of its own (OpenClonk),
the list is read.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from recordings import Row, permitted, read_manifest

OUTPUT = Path(__file__).parents[1] / "docs" / "compact-credits.md"
#: source -> file in `licences/` of its authors, and the files that they made
LISTED = {"openclonk/openclonk": ("openclonk_sound_authors.txt", "openclonk_music_authors.txt")}
HEAD = """# Credits of the built-in encoder's training audio

Every recording the weights rest on, by the repository it came from: author, licence, files. All were changed: brought
to one channel at 16 kHz, cut, mixed, filtered, made faster or slower. The weights hold none of them. Licences: [CC0
1.0](https://creativecommons.org/publicdomain/zero/1.0/), CC BY [2.0](https://creativecommons.org/licenses/by/2.0/),
[3.0](https://creativecommons.org/licenses/by/3.0/) and [4.0](https://creativecommons.org/licenses/by/4.0/) (where a
source says only CC BY, any of them), [OGA BY 3.0](https://static.opengameart.org/OGA-BY-3.0.txt), [Pixabay Content
License](https://pixabay.com/service/license-summary/), and the public domain.
"""

#: what plays and speaks in clips that are no recordings
MADE = """## Instruments and voices

- Frank Wen, with Toby Smithe, Suren M. Seron, Scott Hanan, Steve Aupperle, Chris Gillman, Alex Taubr, Chris Prola,
  Andrew Klenk, Winfried Hubbe, Dylan, Tim, Gort, Uros Katic and Ethan Winer (MIT): FluidR3_GM.sf2, the soundfont whose
  instruments play music drawn at random
- Language Technologies Institute, Carnegie Mellon University (a licence like BSD's): flite's voices awb, rms and slt,
  which say random words
"""


def listed(file: Path) -> Iterator[str]:
    """The authors of a list of lines `author - works (address)`, with all addresses of each."""
    licence, author, found = "CC BY 3.0", "", dict[str, list[str]]()
    for line in file.read_text(encoding="utf-8").splitlines():
        if "CC 0 license" in line:
            licence = "CC0"
        said = re.match(r"(\S[^\t]*?)(\s*-\s|,?\s{3,})", line)
        if said and not line.startswith(("If not", "CC ", "Author", "=", "The following")):
            author = f"{said[1].strip().rstrip(',')} ({licence})"
            found.setdefault(author, [])
        if author:
            found[author] += [a for a in re.findall(r"https?://[^\s)\]]+", line) if a not in found[author]]
    for author, addresses in found.items():
        yield " ".join([author, *addresses])


def by_credit(rows: list[Row]) -> Iterator[str]:
    """A line for each author and licence with the files, pieces of one file once."""
    files: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        said = " ".join(row["attribution"].split()).strip(" ,-") or "no credit required"
        name = PurePosixPath(row["original_path"]).name
        mine = files.setdefault((said, row["licence"]), [])
        if name not in mine:
            mine.append(name)
    for (said, licence), names in sorted(files.items(), key=lambda item: item[0][0].lower()):
        yield f"- {said} ({licence}): {', '.join(sorted(names, key=str.lower))}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of manifest.csv and licences")
    data = parser.parse_args().data
    rows = [row for row in read_manifest(data) if permitted(row)]
    lines = [HEAD]
    for source in sorted({row["source_repo"] for row in rows}, key=str.lower):
        lines += [f"## {source}", "", *by_credit([row for row in rows if row["source_repo"] == source])]
        for name in LISTED.get(source, ()):
            lines += ["", f"Its authors ({name}):", "", *(f"- {line}" for line in listed(data / "licences" / name))]
        lines.append("")
    lines.append(MADE)
    OUTPUT.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
