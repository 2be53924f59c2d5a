"""What all commands share: the model, the flags' description, comma-separated values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

from atmda.core.encoders import ENCODERS, EncoderSpec
from atmda.errors import SettingsError
from atmda.settings.completion import encoder_names
from atmda.workspace import Workspace


@dataclass(frozen=True)
class Flag:
    """How a field is spelled on the command line; a field without one is set by environment or file only."""

    names: tuple[str, ...]
    metavar: str | None = None
    complete: Callable[[str], list[str]] | None = None
    panel: str = "Options"
    hidden: bool = False
    argument: bool = False  # positional
    several: bool = False  # positional, any number of them
    line_only: bool = False  # an old spelling, which neither environment nor file knows


def flag(
    *names: str, metavar: str | None = None, complete: Callable[[str], list[str]] | None = None, panel: str = "Options"
) -> Flag:
    """A `Flag` in one line: `flag("--recursive", "-r")`."""
    return Flag(names, metavar, complete, panel)


def split_commas(value: Any) -> Any:
    """ "a, b" -> ("a", "b"); anything that is not a string passes."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value if isinstance(value, (list, tuple)) else (value,)


def lower(value: Any) -> Any:
    """Choices are told apart without regard to case (the original scripts said `None`)."""
    if isinstance(value, (list, tuple)):
        return tuple(lower(part) for part in value)
    return value.lower() if isinstance(value, str) else value


def some_encoder_has(what: str) -> Callable[[Any], Any]:
    """A check that a value, whatever its case, is among what some encoder has: `precisions` or `long`.

    Whether the chosen one has it is checked before it is loaded.
    """

    def check(value: Any) -> Any:
        chosen = lower(value)
        if chosen not in of_encoders(what, ENCODERS.built_in()) and chosen not in of_encoders(what, ENCODERS):
            raise ValueError(f"it is one of {', '.join(of_encoders(what, ENCODERS))}")
        return chosen

    return check


def of_encoders(what: str, specs: Iterable[EncoderSpec]) -> tuple[str, ...]:
    """All `precisions`, or all ways `long`, that encoders have."""
    return tuple(dict.fromkeys(name for spec in specs for name in getattr(spec, what)))


PRECISIONS = "|".join(of_encoders("precisions", ENCODERS.built_in()))
LONG_WAYS = "|".join(of_encoders("long", ENCODERS.built_in()))
Modality = Literal["none", "text", "audio"]
COMMON, COMPUTE = "Common", "Encoder"


class Settings(BaseModel):
    """What every command takes.

    A model accepts settings one by one. Whether they go together is for `check`, which a task calls before it loads
    or writes anything.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    _asked: frozenset[str] | None = PrivateAttr(None)

    data_dir: Annotated[Path, flag("--data-dir", metavar="DIR", panel=COMMON)] = Field(
        Path("data"), description="Where data sets, checkpoints, embeddings and results lie."
    )
    json_output: Annotated[bool, flag("--json", panel=COMMON)] = Field(
        False, description="One JSON document on stdout instead of text."
    )
    quiet: Annotated[bool, flag("--quiet", "-q", panel=COMMON)] = Field(
        False, description="No notices and no progress; errors still show."
    )
    verbose: Annotated[bool, flag("--verbose", "-v", panel=COMMON)] = Field(False, description="Say more on stderr.")
    debug: Annotated[bool, flag("--debug", panel=COMMON)] = Field(False, description="Show the traceback of an error.")

    @property
    def workspace(self) -> Workspace:
        """The folders below `data_dir`."""
        return Workspace(self.data_dir)

    @classmethod
    def file_of(cls, flags: Mapping[str, Any]) -> Path | None:
        """A file of settings of this command alone, where `flags` name one; the environment wins over it."""
        return None

    def check(self) -> None:
        """Raises SettingsError where settings do not go together, or one that is needed is missing."""

    def asked(self, name: str) -> bool:
        """Whether the command line, or a call in Python, gave this setting a value other than its default.

        What a file or the environment says for all runs may go unused in one of them; what was asked for may not.
        """
        asked = self.model_fields_set if self._asked is None else self._asked
        return name in asked and getattr(self, name) != type(self).model_fields[name].default

    def check_background(self, modalities: Collection[str], audio_setting: str, audio_words: str) -> None:
        """Raises SettingsError where a modality lacks what describes the background, or what does is not used.

        `audio_setting` is the setting of modality audio, `audio_words` what it takes.
        """
        if "text" in modalities and not getattr(self, "bg_type", None):
            raise SettingsError(
                "`modality` text needs `bg_type`, the name of the background, as in park.", setting="bg_type"
            )
        if "audio" in modalities and not getattr(self, audio_setting):
            raise SettingsError(f"`modality` audio needs `{audio_setting}`, {audio_words}.", setting=audio_setting)
        if "text" not in modalities:
            self.refuse_unused(("bg_type",), "`modality` text")
        if "audio" not in modalities:
            self.refuse_unused((audio_setting,), "`modality` audio")
        if set(modalities) == {"none"}:
            self.refuse_unused(("temperature",), "`modality` text or audio")

    def refuse_unused(self, names: Iterable[str], used_by: str) -> None:
        """Raises SettingsError where one of `names` was asked for, though only `used_by` would use it."""
        for name in names:
            if self.asked(name):
                raise SettingsError(f"`{name}` is used with {used_by} alone.", "Leave it out.", setting=name)

    def refuse_together(self, one: str, other: str) -> None:
        """Raises SettingsError where both were given, though they say the same thing in two ways."""
        if getattr(self, one) and getattr(self, other):
            raise SettingsError(f"`{one}` and `{other}` do not go together.", "Give one of them.", setting=one)

    def remember_asked(self, names: Iterable[str]) -> None:
        """Note which settings were asked for by the command line."""
        self._asked = frozenset(names)


class EncoderSettings(Settings):
    """What every command that runs an encoder takes."""

    model: Annotated[str, flag("--model", metavar="NAME|FILE", complete=encoder_names, panel=COMPUTE)] = Field(
        "auto",
        description="Encoder: compact (built in), laion-clap (once fetched), a checkpoint file or a folder; "
        "auto takes laion-clap where it has been fetched.",
    )
    device: Annotated[str, flag("--device", metavar="auto|cuda|mps|cpu", panel=COMPUTE)] = Field(
        "auto", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$", description="Where to run; auto: CUDA, then MPS, then CPU."
    )
    precision: Annotated[
        str, BeforeValidator(some_encoder_has("precisions")), flag("--precision", metavar=PRECISIONS, panel=COMPUTE)
    ] = Field("fp32", description="Arithmetic of the network, where encoder and hardware have it.")
    long: Annotated[
        str, BeforeValidator(some_encoder_has("long")), flag("--long", metavar=LONG_WAYS, panel=COMPUTE)
    ] = Field(
        "windows", description="Recordings over the encoder's window: mean of windows, or LAION-CLAP's three crops."
    )
    seed: Annotated[int, flag("--seed", panel=COMPUTE)] = Field(0, ge=0, description="For what is drawn at random.")
    batch_size: Annotated[int | None, flag("--batch-size", metavar="N", panel=COMPUTE)] = Field(
        None, ge=1, description="Windows a batch; the encoder's own choice unless given."
    )
    num_workers: Annotated[int | None, flag("--num-workers", metavar="N", panel=COMPUTE)] = Field(
        None, ge=1, description="Threads that read and encode; one a core unless given. Results do not depend on it."
    )
