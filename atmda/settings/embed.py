"""Settings of `atmda embed`."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from atmda.errors import SettingsError
from atmda.settings.base import flag, lower
from atmda.settings.completion import dataset_names
from atmda.settings.reading import ReadingSettings
from atmda.settings.windows import HOP, WINDOW, check_windows, cut_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmda.core.audio.cut import Cut
    from atmda.core.clip import Clip

WHAT, WHO, OUT = "What to embed", "Many machines", "Results"


def parse_shard(value: Any) -> Any:
    """ "2/8" -> (2, 8), the second of eight."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d+)/(\d+)", value)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError("a shard is I/N with I from 1 to N, as in 2/8")
    return int(match[1]), int(match[2])


def none_by_name(value: Any) -> Any:
    """The original scripts said `--path None` for the data set itself."""
    return None if value in ("None", "") else value


class EmbedSettings(ReadingSettings):
    """Embed a data set or a folder once, for `classify` to use many times."""

    dataset: Annotated[str | None, flag("--dataset", metavar="NAME", complete=dataset_names, panel=WHAT)] = Field(
        None, description="A data set in <data-dir>/input/<NAME>."
    )
    path: Annotated[str | None, BeforeValidator(none_by_name), flag("--path", metavar="FOLDER", panel=WHAT)] = Field(
        None, description="An augmented set of it, as in urbansound8k-20240705184401."
    )
    audio_folder: Annotated[str | None, flag("--audio-folder", metavar="DIR|GLOB|FILE", panel=WHAT)] = Field(
        None, description="Any recordings instead of a data set."
    )
    recursive: Annotated[bool, flag("--recursive", "-r", panel=WHAT)] = Field(False, description="With sub-folders.")
    annotations: Annotated[Path | None, flag("--annotations", metavar="FILE", panel=WHAT)] = Field(
        None,
        description="Labels of the recordings: a CSV or TSV with filename,label and fold,split,start,end,source where "
        "known (several labels separated by ;), or Raven or Audacity tables, one or a folder of them.",
    )
    labels_from: Annotated[
        Literal["folders"] | None, BeforeValidator(lower), flag("--labels-from", metavar="folders", panel=WHAT)
    ] = Field(None, description="Sub-folders are the labels; fold1, fold2, ... among them are folds.")
    files: Annotated[Path | None, flag("--files", metavar="TABLE", panel=WHAT)] = Field(
        None,
        description="Recordings listed by a CSV or Parquet table: path (below the table's folder, or s3://, gs://, "
        "hf://, http://) and label,fold,split,source,background,start,end where known.",
    )
    shard: Annotated[
        tuple[int, int] | None, BeforeValidator(parse_shard), flag("--shard", metavar="I/N", panel=WHAT)
    ] = Field(None, description="Only the I-th of N parts, for job arrays that share one --output.")
    window: Annotated[float | None, flag("--window", metavar="SECONDS", panel=WHAT)] = WINDOW
    hop: Annotated[float | None, flag("--hop", metavar="SECONDS", panel=WHAT)] = HOP
    engine: Annotated[
        Literal["threads", "ray"], BeforeValidator(lower), flag("--engine", metavar="threads|ray", panel=WHO)
    ] = Field("threads", description="The threads of this process, or workers of Ray on this machine or a cluster.")
    address: Annotated[str | None, flag("--address", metavar="HOST:PORT", panel=WHO)] = Field(
        None, description="The head of a Ray cluster, as 10.0.0.1:6379, or auto for the one of this machine."
    )
    output: Annotated[Path | None, flag("--output", "-o", metavar="PATH", panel=OUT)] = Field(
        None, description="Where to write, or what to resume; else <data-dir>/embeddings/<name>_<time>."
    )
    format: Annotated[Literal["parquet", "npz", "pt"], flag("--format", metavar="parquet|npz|pt", panel=OUT)] = Field(
        "parquet", description="A Parquet store (resumable), a NumPy archive, or the original scripts' dictionary."
    )
    force: Annotated[bool, flag("--force", panel=OUT)] = Field(
        False, description="Start again where --output exists already."
    )

    @property
    def clips_from(self) -> Literal["dataset", "annotations", "folders", "files", "folder"]:
        """Where clips and their labels come from."""
        if self.files is not None:
            return "files"
        if self.dataset is not None:
            return "dataset"
        return "annotations" if self.annotations is not None else self.labels_from or "folder"

    def share_of(self, clips: Sequence[Clip]) -> Sequence[Clip]:
        """Those of `clips` that are this job's."""
        return clips if self.shard is None else clips[self.shard[0] - 1 :: self.shard[1]]

    @property
    def cut(self) -> Cut | None:
        """How recordings are cut into windows; None where they are not."""
        return cut_of(self.window, self.hop)

    @property
    def source_name(self) -> str:
        """What the clips are called, as in the default name of the output."""
        name = self.files.stem if self.files else Path(self.path or self.dataset or str(self.audio_folder)).name
        return name if name not in ("", "..") else "folder"

    def check(self) -> None:
        """Raises SettingsError where settings do not go together, or one that is needed is missing."""
        super().check()
        given = [name for name in ("dataset", "audio_folder", "files") if getattr(self, name) is not None]
        if len(given) != 1:
            raise SettingsError(
                "Give `dataset` NAME, `audio_folder` DIR or `files` TABLE, one of them.", setting="dataset"
            )
        if self.path is not None and self.dataset is None:
            raise SettingsError("`path` goes with `dataset`; use `audio_folder` for any folder.", setting="path")
        if self.audio_folder is None:
            self.refuse_unused(("annotations", "labels_from"), "`audio_folder`")
        self._check_engine()
        if self.annotations is not None and self.labels_from is not None:
            raise SettingsError("`annotations` and `labels_from` both say what is heard.", "Give one of them.")
        check_windows(self)
        if self.shard is not None and self.format != "parquet":
            raise SettingsError(f"`shard` works with `format` parquet, not {self.format}.", setting="shard")

    def _check_engine(self) -> None:
        """Raises SettingsError for an address that nothing uses, and where Ray is asked for and not installed."""
        if self.engine != "ray":
            self.refuse_unused(("address",), "`engine` ray")
        elif find_spec("ray") is None:
            raise SettingsError("`engine` ray: Ray is not installed.", "pip install 'atmda[ray]'", setting="engine")
