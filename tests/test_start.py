"""What a run does not load or look through before it begins."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from atmda.core.collecting import uncollected


def modules_after(program: str, folder: Path) -> set[str]:
    """Names of the modules a fresh process has when `program` is done."""
    told = "\nimport sys; open('modules', 'w').write(' '.join(sys.modules))"
    environ = {key: value for key, value in os.environ.items() if not key.startswith("ATMDA_")}
    root = str(Path(__file__).parents[1])
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environ.get("PYTHONPATH")]))
    subprocess.run([sys.executable, "-c", program + told], cwd=folder, env=environ, check=True)
    return set((folder / "modules").read_text("utf-8").split())


def test_whole_recordings_are_labelled_without_what_windows_and_other_commands_need(tmp_path: Path) -> None:
    program = """
from atmda.cli.infer import run
from atmda.cli.console import Console
from atmda.settings import load_settings
from atmda.settings.infer import InferSettings
from atmda.errors import AtmdaError
given = {"labels": "siren,rain", "audio_folder": "not-there", "data_dir": ".", "output": "out.csv"}
with Console(False, True, False) as console:
    try:
        run(load_settings(InferSettings, given, command="infer"), console)
    except AtmdaError as error:
        assert "not-there" in str(error), error
"""
    loaded = modules_after(program, tmp_path)
    assert "atmda.tasks.infer" in loaded
    assert not {"atmda.tasks.detect", "atmda.settings.study", "atmda.settings.augment"} & loaded


def test_nothing_is_collected_within_imports_and_the_collector_is_left_as_it_was() -> None:
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()  # who has turned it off keeps it off
    finally:
        gc.enable()
    with pytest.raises(ImportError), uncollected():
        import atmda.no_such_module  # noqa: F401
    assert gc.isenabled()
