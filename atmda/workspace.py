"""Where things lie below the data directory, and where new ones go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from atmda.core.files import claim, new_file


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
    def study(self) -> Path:
        """What studies make and share, a folder each."""
        return self.data_dir / "study"

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
        """An empty file in `results`, made now and named after this second: results_20240705T184401.csv."""
        return claim(self.results / f"{begin}_{datetime.now():%Y%m%dT%H%M%S}{ending}", new_file)

    def new_journal(self) -> Path:
        """An empty file in `results` for the rows of a run that is not finished."""
        return self.new_results("unfinished")

    def new_embeddings(self, name: str, ending: str = "") -> Path:
        """A path in `embeddings` named after the recordings and this second, that nobody else is given.

        Without `ending` it is a folder, made now; with one a file that is still to be made, and `partial` of it now.
        """
        plain = "".join(character if character.isalnum() or character in "-_." else "_" for character in name)
        path = self.embeddings / f"{plain}_{datetime.now():%Y%m%dT%H%M%S}"

        def begin(path: Path) -> None:
            if path.exists():
                raise FileExistsError(path)
            partial(path).mkdir()

        return claim(path.with_name(path.name + ending), begin) if ending else claim(path, Path.mkdir)

    def new_soundscapes(self, name: str) -> Path:
        """An empty folder in `inputs`, made now and named after the events and this second."""
        return claim(self.inputs / f"{name}-{datetime.now():%Y%m%d%H%M%S}", Path.mkdir)


def partial(path: Path) -> Path:
    """Where the store lies that a single file of embeddings is made of."""
    return path.with_name(f"{path.name}.partial")
