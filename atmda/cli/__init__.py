"""The `atmda` command. Sub-commands are imported only when one of them runs."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from atmda import __version__

#: sub-command -> its line in `atmda --help`; each lives in the module of its name, as `command`
COMMANDS = {
    "fetch": "Fetch a data set, the checkpoint or the demo recordings.",
    "augment": "Mix sound events into backgrounds: soundscapes that can be made again.",
    "infer": "Label a folder of recordings by name.",
    "embed": "Embed a data set or a folder, once.",
    "classify": "Score stored embeddings against class prototypes, fold by fold.",
    "search": "Find the clips or windows of a store that are nearest a description, or a recording.",
    "study": "Run a whole study: a grid of sets, encoders and methods, each part made once.",
    "doctor": "Look whether all is well: device, encoders, disks, stores, soundscapes.",
}

#: spellings of the original scripts that are not ours with underscores
ORIGINAL_NAMES = {
    "audio-folder-path": "audio-folder",
    "bg-folder-path": "bg-folder",
    "embeddings-path": "embeddings",
    "bg-embeddings-path": "bg-embeddings",
    "dataset-name": "dataset",
}


def normalize(name: str) -> str:
    """`class_labels` -> `class-labels`: the original scripts' flags keep working."""
    dashed = name.replace("_", "-")
    return ORIGINAL_NAMES.get(dashed, dashed)


class LazyGroup(TyperGroup):
    """A group that knows its commands' names without importing them, so that `--help` is immediate."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        if getattr(self, "_listing", False):
            stub = typer.Typer(add_completion=False)
            stub.command(cmd_name, help=COMMANDS[cmd_name])(lambda: None)
            return typer.main.get_command(stub)
        return import_module(f"atmda.cli.{cmd_name}").command

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)
        if option is not None:
            option.metavar = ""
        return option

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._listing = True
        for parameter in self.params:
            if getattr(parameter, "is_flag", False):
                parameter.metavar = ""  # a switch takes no value that help should name the type of
        super().format_help(ctx, formatter)


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "token_normalize_func": normalize},
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"atmda {__version__}")
        raise typer.Exit


@app.callback()
def callback(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Classify sounds by name, without training, in noisy places.

    A clip is labelled by the nearest sentence; what the background scores is subtracted first.
    Try it: atmda infer --demo
    """
