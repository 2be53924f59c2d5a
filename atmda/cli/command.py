"""A sub-command from its settings: every flag is declared once, in the model."""

from __future__ import annotations

import inspect
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from atmda.cli.console import Console
from atmda.cli.exit_codes import exit_code_of
from atmda.settings import Flag, Settings, load_settings
from atmda.signals import stopped_in_order


def _show_help(context: typer.Context, wanted: bool) -> None:
    if wanted:
        typer.echo(context.get_help(), color=context.color)
        raise typer.Exit


#: --help among the common flags, not alone in a panel of its own
HELP = Annotated[
    bool,
    typer.Option(
        "--help",
        "-h",
        help="Show this message and exit.",
        metavar="",
        is_eager=True,
        callback=_show_help,
        rich_help_panel="Common",
        show_default=False,
    ),
]
AnySettings = TypeVar("AnySettings", bound=Settings)


def build_command(
    name: str, model: type[AnySettings], run: Callable[[AnySettings, Console], int], examples: str
) -> Any:
    """The command `name`: its flags from `model`, its work in `run(settings, console) -> exit code`."""

    def body(**given: Any) -> None:
        config = given.pop("config")
        given.pop("show_help", None)

        def work() -> int:
            settings = load_settings(model, given, command=name, config=config)
            with Console(settings.json_output, settings.quiet, settings.verbose) as console:
                try:
                    with stopped_in_order():
                        return run(settings, console)
                except KeyboardInterrupt:
                    console.warning(f"Interrupted; what was finished is kept. To go on: {_go_on(settings, console)}")
                    raise

        raise typer.Exit(exit_code_of(work, debug=bool(given["debug"])))

    fields = sorted(model.model_fields.items(), key=lambda item: _rank(model, item[0]))
    parameters = [_parameter(field, info.annotation, info) for field, info in fields]
    config_option = typer.Option(
        "--config",
        metavar="FILE.toml",
        rich_help_panel="Common",
        help="Settings from a file; flags and environment win.",
    )
    parameters.append(_keyword("config", Annotated[Path | None, config_option]))
    parameters.append(_keyword("show_help", HELP))
    kept = [parameter for parameter in parameters if parameter is not None]
    body.__signature__ = inspect.Signature(kept)  # type: ignore[attr-defined]
    body.__annotations__ = {parameter.name: parameter.annotation for parameter in kept}
    single = typer.Typer(add_completion=False, rich_markup_mode="rich")
    text = f"{inspect.getdoc(model)}\n\n[bold]Examples[/bold]\n\n" + "\n\n".join(examples.strip().splitlines())
    single.command(name, help=text, no_args_is_help=True, add_help_option=False)(body)
    return typer.main.get_command(single)


def _go_on(settings: Settings, console: Console) -> str:
    """The command that goes on with what was stopped: the same one, with the output that it chose by itself."""
    plain = {"-o": "--output"}
    words = [plain.get(word, word) for word in sys.argv[1:] if word != "--force"]  # which would start again
    if console.output is not None and getattr(settings, "output", None) is None:
        words += ["--output", str(console.output)]
    return shlex.join(["atmda", *words])


def _rank(model: type[Settings], field: str) -> int:
    """A command's own flags come first in its help, then those it shares with ever more others."""
    return max(number for number, parent in enumerate(model.__mro__) if field in getattr(parent, "model_fields", ()))


def _parameter(field: str, annotation: Any, info: Any) -> inspect.Parameter | None:
    flag = next((item for item in info.metadata if isinstance(item, Flag)), None)
    if flag is None:
        return None
    is_switch = annotation is bool
    default = info.default if info.default not in (None, (), False) else None
    common: dict[str, Any] = {
        "help": info.description + (f" (default: {_shown(default)})" if default and not is_switch else ""),
        "rich_help_panel": flag.panel,
        "hidden": flag.hidden,
        "autocompletion": flag.complete,
        "show_default": False,
    }
    common["metavar"] = "" if is_switch else flag.metavar or ("N" if annotation is int else "VALUE")
    if flag.several:
        return _keyword(field, Annotated[list[str] | None, typer.Argument(**common)])
    if flag.argument:
        return _keyword(field, Annotated[str | None, typer.Argument(**common)])
    return _keyword(field, Annotated[bool | None if is_switch else str | None, typer.Option(*flag.names, **common)])


def _shown(default: Any) -> str:
    return ",".join(map(str, default)) if isinstance(default, tuple) else str(default)


def _keyword(name: str, annotation: Any) -> inspect.Parameter:
    default = False if annotation is HELP else None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
