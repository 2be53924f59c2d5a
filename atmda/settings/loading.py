"""From flags, environment and TOML file to one frozen model, with errors that name the setting."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from atmda.core.files import read_small
from atmda.errors import SettingsError
from atmda.settings.base import Flag, Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: command -> its settings, imported when needed
MODELS = {
    "fetch": "atmda.settings.fetch:FetchSettings",
    "augment": "atmda.settings.augment:AugmentSettings",
    "infer": "atmda.settings.infer:InferSettings",
    "embed": "atmda.settings.embed:EmbedSettings",
    "classify": "atmda.settings.classify:ClassifySettings",
    "search": "atmda.settings.search:SearchSettings",
    "study": "atmda.settings.study:StudySettings",
    "doctor": "atmda.settings.doctor:DoctorSettings",
}
PREFIX = "ATMDA_"
NOT_SETTINGS = {"ATMDA_CONFIG", "ATMDA_TEST_DATA", "ATMDA_SLOW"}

AnySettings = TypeVar("AnySettings", bound=Settings)


def settings_class(command: str) -> type[Settings]:
    """The model of one command."""
    module, name = MODELS[command].split(":")
    found: type[Settings] = getattr(import_module(module), name)
    return found


def load_settings(
    model: type[AnySettings],
    flags: Mapping[str, Any],
    *,
    command: str = "",
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> AnySettings:
    """Settings of one command.

    Args:
        model: the command's model.
        flags: what the command line gave; None means not given.
        command: name of the command, of the TOML file's table for it.
        config: a TOML file; else the one ATMDA_CONFIG names; else none.
        environ: stands in for os.environ.

    Raises:
        SettingsError: an unknown key, with the nearest known one; or a value that cannot be.
    """
    environ = os.environ if environ is None else environ
    if config is None and environ.get("ATMDA_CONFIG"):
        config = Path(environ["ATMDA_CONFIG"])
    given: dict[str, tuple[Any, str]] = {}
    if config is not None:
        given.update(_from_toml(config, command, _known(model), set(model.model_fields) - line_only(model)))
    if (own_file := model.file_of(flags)) is not None:
        given.update(settings_in(own_file, model))
    for variable, value in environ.items():
        if variable.startswith(PREFIX) and variable not in NOT_SETTINGS:
            key = variable.removeprefix(PREFIX).lower()
            _check_known(key, _known(model), f"the environment variable {variable}", lambda near: PREFIX + near.upper())
            given[key] = (value, variable)
    given = {key: pair for key, pair in given.items() if key not in line_only(model)}
    for key, value in flags.items():
        if value is not None:
            given[key] = (value, flag_of(model, key))
    own = {key: pair for key, pair in given.items() if key in model.model_fields}
    settings = make_settings(
        model, {key: value for key, (value, _) in own.items()}, {key: source for key, (_, source) in own.items()}
    )
    settings.remember_asked(key for key, value in flags.items() if value is not None)
    return settings


def _known(model: type[Settings]) -> set[str]:
    """The settings of all commands, which are imported for it: only where a file or the environment names one."""
    return {key for name in MODELS for key in settings_class(name).model_fields} | set(model.model_fields)


def make_settings(
    model: type[AnySettings], values: Mapping[str, Any], sources: Mapping[str, str] | None = None
) -> AnySettings:
    """The model of `values`; `sources` says where each comes from. Raises SettingsError for what cannot be."""
    unknown = sorted(set(values) - set(model.model_fields))
    if unknown:
        _check_known(unknown[0], set(model.model_fields), f"`{unknown[0]}`")
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        names = {key: f"`{key}`" for key in values} if sources is None else sources
        message, key = explain(error, names)
        raise SettingsError(message, setting=key) from error


def settings_in(path: Path, model: type[Settings]) -> dict[str, tuple[Any, str]]:
    """What a file that is one command's own says of its settings, and where: by name (value, source).

    Raises SettingsError for a key that is none, with the nearest known one.
    """
    found = {}
    for key, value in _toml(path, str(path)).items():
        name = key.replace("-", "_")
        _check_known(name, set(model.model_fields) - line_only(model), f"{key} in {path}")
        found[name] = (value, f"{key} in {path}")
    return found


def _toml(path: Path, called: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = tomllib.loads(read_small(path).decode("utf-8"))
    except OSError as error:
        raise SettingsError(f"{called}: it cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:  # of TOML's decoder, of UTF-8, of numbers that are too long
        raise SettingsError(f"{called}: it is not valid TOML ({error}).") from error
    return found


def _from_toml(config: Path, command: str, known: set[str], own: set[str]) -> dict[str, tuple[Any, str]]:
    table = _toml(config, f"--config {config}")
    common = {key.replace("-", "_"): value for key, value in table.items() if not isinstance(value, dict)}
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    for name in tables:
        _check_known(name, set(MODELS), f"the table [{name}] in {config}")
    mine = {key.replace("-", "_"): value for key, value in tables.get(command, {}).items()}
    for key in common:
        _check_known(key, known, f"{key} in {config}")
    for key in mine:
        _check_known(key, own, f"{key} in the table [{command}] of {config}")
    return {key: (value, f"{key} in {config}") for key, value in {**common, **mine}.items()}


def _check_known(key: str, known: set[str], where: str, spell: Any = str) -> None:
    if key not in known:
        near = get_close_matches(key, sorted(known), n=1, cutoff=0.5)
        hint = f"Did you mean {spell(near[0])}?" if near else f"Known: {', '.join(sorted(known))}."
        raise SettingsError(f"{where[0].upper()}{where[1:]} is not a setting.", hint)


def line_only(model: type[Settings]) -> set[str]:
    """Settings that only the command line gives: old spellings of names that mean something else elsewhere."""
    fields = model.model_fields.items()
    return {key for key, info in fields if any(isinstance(item, Flag) and item.line_only for item in info.metadata)}


def flag_of(model: type[Settings], key: str) -> str:
    """The flag (or the argument's name) that a setting is on the command line; its own name where it has none."""
    for item in model.model_fields[key].metadata:
        if isinstance(item, Flag):
            return item.metavar or key if item.argument else item.names[0]
    return key


def explain(error: ValidationError, sources: Mapping[str, str]) -> tuple[str, str]:
    """One sentence for the first thing that is wrong, and the setting it is about."""
    first = error.errors()[0]
    key = str(first["loc"][0]) if first["loc"] else ""
    source = sources.get(key, key)
    reason = first["msg"].removeprefix("Value error, ").rstrip(".")
    value = first.get("input")
    shown = f" {value}" if isinstance(value, (str, int, float)) and key else ""
    return (f"{source}{shown}: {reason[0].lower()}{reason[1:]}." if source else f"{reason}."), key
