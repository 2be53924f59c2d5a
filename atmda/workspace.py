"""Where things lie below the data directory, and how a path that nobody has taken is found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path


@dataclass(frozen=True)
class Workspace:
    """The folders of one data directory.

    >>> Workspace(Path("data")).dataset("esc50").as_posix()
    'data/input/esc50'
    """

    data_dir: Path = Path("data")

    @property
    def inputs(self) -> Path:
        """Data sets in their official layout, and sets of soundscapes beside them."""
        return self.data_dir / "input"

    @property
    def label_files(self) -> Path:
        """Where the original scripts looked for files of class labels."""
        return self.data_dir / "input_text"

    @property
    def models(self) -> Path:
        """Fetched checkpoints, a folder a name."""
        return self.data_dir / "models"

    @property
    def embeddings(self) -> Path:
        return self.data_dir / "embeddings"

    @property
    def results(self) -> Path:
        return self.data_dir / "results"

    @property
    def text_cache(self) -> Path:
        """Text embeddings, a file an encoder."""
        return self.data_dir / "cache" / "text"

    def dataset(self, name: str) -> Path:
        """The folder of the data set `name`."""
        return self.inputs / name

    def input_folder(self, folder: str) -> str:
        """A folder as given or, where it is only there, below `inputs`, as the original scripts had it."""
        inside = self.inputs / folder
        return str(inside) if not Path(folder).exists() and inside.exists() else folder

    def new_results(self, begin: str, ending: str = ".csv") -> Path:
        """A path in `results` named after this second that is not there yet: results_20240705T184401.csv."""
        return unused(self.results / f"{begin}_{datetime.now():%Y%m%dT%H%M%S}{ending}")

    def new_journal(self) -> Path:
        """A path in `results` for the rows of a run that is not finished."""
        return self.new_results("unfinished")

    def new_embeddings(self, name: str) -> Path:
        """A path in `embeddings` named after the recordings and this second that is not there yet."""
        plain = "".join(character if character.isalnum() or character in "-_." else "_" for character in name)
        return unused(self.embeddings / f"{plain}_{datetime.now():%Y%m%dT%H%M%S}")

    def new_soundscapes(self, name: str) -> Path:
        """A path in `inputs` named after the events and this second that is not there yet."""
        return unused(self.inputs / f"{name}-{datetime.now():%Y%m%d%H%M%S}")


def unused(path: Path) -> Path:
    """`path`, or, where it is taken, the first of `path`-2, `path`-3, ... that is not."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    return path if not path.exists() else next(other for other in numbered if not other.exists())
