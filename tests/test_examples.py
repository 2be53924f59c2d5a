"""Every example that the docstrings and the README show to Python users is run."""

import doctest
import re
import shutil
from importlib import import_module
from pathlib import Path

import pytest

import atmda
from atmda.tasks.demo import folder

PACKAGE = Path(atmda.__file__).parent
README = PACKAGE.parent / "README.md"
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in PACKAGE.rglob("*.py")
    if ">>> " in path.read_text("utf-8")
)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_in_docstrings_give_what_they_say(module):
    outcome = doctest.testmod(import_module(module))
    assert outcome.attempted
    assert not outcome.failed


def test_every_public_name_has_an_example():
    for name in ("infer", "embed", "classify", "search", "PrototypeClassifier", "load_encoder"):
        assert ">>> " in getattr(atmda, name).__doc__, name


def test_the_python_section_of_the_readme_runs_as_it_stands(tmp_path):
    if not README.is_file():
        pytest.skip("the README travels with a checkout")
    shutil.copytree(folder() / "inference_demo", "recordings")
    shutil.copytree(folder() / "inference_bg_demo", "quiet")
    mine = {"siren": "siren-1 siren-2 whistle-1 smoke_alarm-1", "dog bark": "dog_bark-1 dog_bark-2 gun_shot-1 crow-1"}
    for label, stems in mine.items():  # a few labelled recordings of one's own
        Path("labelled", label).mkdir(parents=True)
        for stem in stems.split():
            shutil.copy(folder() / "inference_demo" / f"{stem}.flac", Path("labelled", label))
    section = README.read_text("utf-8").split("\n## Python\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)  # our own README
