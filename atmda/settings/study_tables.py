"""The tables of a study: [[datasets]], [[mixes]] and [[encoders]], each with the keys it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from atmda.errors import SettingsError
from atmda.settings.augment import AugmentSettings, Text, as_text
from atmda.settings.base import lower, some_encoder_has, split_commas
from atmda.settings.loading import explain
from atmda.settings.windows import HOP, WINDOW

AnyTable = TypeVar("AnyTable", bound="Table")


class Table(BaseModel):
    """One table of a study's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _names(value: Any) -> Any:
    """ "park, street traffic" -> ("park", "street_traffic"): scenes as file names write them."""
    found = split_commas(value)
    return tuple("_".join(name.split()) if isinstance(name, str) else name for name in found)


def _each(value: Any) -> Any:
    """One value or a list of them; ["uniform", 6, 10] is one, a distribution."""
    several = isinstance(value, list | tuple) and not (value and isinstance(value[0], str) and len(value) > 1)
    return tuple(as_text(part) for part in value) if several else (as_text(value),)


class DatasetTable(Table):
    """One set of labelled clips: a data set, a folder of one's own, or embeddings made elsewhere.

    `clean`: the clips as they are are classified too. `background` and `bg_type`: recordings, and the name, of the
    place where they were recorded, for adaptation of the clips as they are. `window` and `hop`: of recordings whose
    events are known, the clips are windows of so many seconds.
    """

    name: str | None = None
    folder: Path | None = None
    annotations: Path | None = None
    embeddings: Path | None = None
    text_embeddings: Path | None = None
    title: str | None = None
    cv: Annotated[int | None, Field(ge=2)] = None
    clean: bool = True
    background: str | None = None
    bg_type: str | None = None
    window: float | None = WINDOW
    hop: float | None = HOP

    @property
    def clips_from(self) -> Literal["dataset", "annotations", "folders", "embeddings"]:
        """What the clips are."""
        if self.embeddings is not None:
            return "embeddings"
        if self.folder is None:
            return "dataset"
        return "folders" if self.annotations is None else "annotations"

    @property
    def called(self) -> str:
        """Its name in results."""
        place = self.embeddings if self.folder is None else self.folder
        return self.title or self.name or Path(str(place)).resolve().name

    def check(self, mixed: bool) -> None:
        """Raises SettingsError where keys do not go together; `mixed`: the study mixes clips into backgrounds."""
        given = [key for key in ("name", "folder", "embeddings") if getattr(self, key) is not None]
        if (len(given) > 1 and given != ["name", "embeddings"]) or not given:
            raise SettingsError(
                "`datasets`: a data set is a `name`, a `folder` or `embeddings`, one of them.", setting="datasets"
            )
        for key, owner in (("annotations", "folder"), ("text_embeddings", "embeddings")):
            if getattr(self, key) is not None and getattr(self, owner) is None:
                raise SettingsError(f"`datasets`: {key} of {self.called} goes with {owner}.", setting="datasets")
        self._check_windows(mixed)
        if mixed and self.clips_from == "annotations":
            raise SettingsError(
                f"`datasets`: the clips of {self.called} cannot be mixed, for its labels stand in a table.",
                "Sort the recordings into a folder a class, or leave `mixes` out.",
                setting="mixes",
            )

    def _check_windows(self, mixed: bool) -> None:
        """Raises SettingsError for windows of what has none, and for a hop without them."""
        if self.window is None:
            if self.hop is not None:
                raise SettingsError(f"`datasets`: hop of {self.called} goes with window.", setting="datasets")
            return
        if self.clips_from not in ("dataset", "annotations"):
            raise SettingsError(
                f"`datasets`: window of {self.called} goes with a data set of long recordings, or with annotations.",
                "Leave window out.",
                setting="datasets",
            )
        if mixed:
            raise SettingsError(
                f"`datasets`: {self.called} has a window, and recordings that are cut into windows cannot be mixed.",
                "Leave `mixes` or window out.",
                setting="mixes",
            )


class MixTable(Table):
    """Soundscapes to be made of every data set: each scene by each SNR by each seed is a set."""

    scenes: Annotated[tuple[str, ...], BeforeValidator(_names), Field(min_length=1)] = ("all",)
    snrs: Annotated[tuple[str, ...], BeforeValidator(_each), Field(min_length=1)] = ("6",)
    seeds: Annotated[tuple[int, ...], BeforeValidator(split_commas), Field(min_length=1)] = (123,)
    folds: Annotated[tuple[int, ...], BeforeValidator(split_commas)] = ()
    backgrounds: str = "tau2019uas"
    ref_db: Text = None
    n_soundscapes: Text = None
    duration: Text = None
    event_time: Text = None
    event_duration: Text = None
    source_time: Text = None
    clip_policy: Annotated[Literal["warn", "scale", "error"], BeforeValidator(lower)] = "warn"

    def check(self) -> None:
        """Raises SettingsError for a parameter that cannot be."""
        for snr in self.snrs:
            AugmentSettings(**self.drawn(self.scenes[0], snr, self.seeds[0])).drawn()

    def drawn(self, scene: str, snr: str, seed: int) -> dict[str, Any]:
        """Settings of `augment` for one of its sets."""
        own = ("ref_db", "n_soundscapes", "duration", "event_time", "event_duration", "source_time", "clip_policy")
        given = {key: getattr(self, key) for key in own if getattr(self, key) is not None}
        return {"bg_dataset": self.backgrounds, "bg": scene, "snr": snr, "seed": str(seed), **given}


class EncoderTable(Table):
    """One encoder, as `embed` takes it."""

    model: str = "auto"
    precision: Annotated[str, BeforeValidator(some_encoder_has("precisions"))] = "fp32"
    long: Annotated[str, BeforeValidator(some_encoder_has("long"))] = "windows"
    title: str | None = None

    @property
    def called(self) -> str:
        """Its name in results."""
        ways = [way for way, usual in ((self.precision, "fp32"), (self.long, "windows")) if way != usual]
        return self.title or " ".join([Path(self.model).name, *ways])


def tables(model: type[AnyTable], called: str) -> Callable[[Any], tuple[AnyTable, ...]]:
    """From dictionaries to tables of `model`; a name alone is a table with that name.

    Raises ValueError with the table's number, the key and, where there is none of that name, the nearest.
    """

    def read(value: Any) -> tuple[AnyTable, ...]:
        found = value if isinstance(value, list | tuple) else [value]
        return tuple(_read(model, called, table, number) for number, table in enumerate(found, 1))

    return read


def _read(model: type[AnyTable], called: str, table: Any, number: int) -> AnyTable:
    if isinstance(table, model):
        return table
    if isinstance(table, str):
        table = {next(iter(model.model_fields)): table}
    if not isinstance(table, Mapping):
        raise ValueError(f"{called} {number} is not a table of keys and values")
    given = {str(key).replace("-", "_"): value for key, value in table.items()}
    for key in given:
        if key not in model.model_fields:
            raise ValueError(f"{called} {number} has {key}, which is no key. {_near(key, list(model.model_fields))}")
    try:
        return model.model_validate(given)
    except ValidationError as error:
        message, _ = explain(error, {key: key for key in given})
        raise ValueError(f"{called} {number}: {message}") from error


def _near(key: str, known: Sequence[str]) -> str:
    near = get_close_matches(key, known, n=1, cutoff=0.5)
    return f"Did you mean {near[0]}?" if near else f"Known: {', '.join(sorted(known))}"
