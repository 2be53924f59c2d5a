"""A data set, encoder, method, metric and format, each added by one new file, in this package or in another."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import atmda.core.encoders
import atmda.core.evaluation.metrics
import atmda.core.methods
import atmda.datasets
import atmda.report.formats
from atmda.cli import app
from atmda.core.encoders import ENCODERS
from atmda.core.evaluation.metrics import METRICS
from atmda.core.methods import METHODS
from atmda.core.registry import Registry
from atmda.datasets import DATASETS
from atmda.report.formats import FORMATS

DATASET = """
from atmda.core.clip import Clip
from atmda.datasets.base import DatasetSpec, build

def read(folder):
    clips = [Clip(path, path.name, path.stem.split("-")[0], (path.stem.split("-")[0],)) for path in folder.iterdir()]
    return build("toyset", clips, ("high", "low"))

PLUGINS = (DatasetSpec("toyset", read, ("high", "low")),)
"""
ENCODER = """
from atmda.core.encoders.spec import EncoderSpec

def load(request):
    import spectral

    encoder = spectral.SpectralEncoder()
    encoder.name, encoder.identity = "toyencoder", {**encoder.identity, "encoder": "toyencoder"}
    return encoder

PLUGINS = (EncoderSpec("toyencoder", "a toy", load, precisions=("fp32", "bf16")),)
"""
METHOD = """
from dataclasses import dataclass

from atmda.core.methods.base import TEXT, Method, Prototypes, require

@dataclass(frozen=True)
class Unit(Method):
    name = "unit"
    about = "text anchors of unit length"
    source = "a test"
    needs = frozenset({TEXT})

    def fit(self, training):
        require(training, self)
        norms = (training.text**2).sum(axis=1, keepdims=True) ** 0.5
        return Prototypes(training.text / norms)

PLUGINS = (Unit(),)
"""
METRIC = """
from atmda.core.evaluation.metrics.base import Metric

PLUGINS = (Metric("error_rate", "the fraction of clips labelled wrong", lambda s: float((s.predicted != s.y).mean())),)
"""
FORMAT = """
from contextlib import contextmanager
from atmda.report.formats.base import TableFormat

@contextmanager
def pipes(columns, path):
    with path.open("w") as file:
        yield lambda row: print("|".join(str(row[c]) for c in columns), file=file)

PLUGINS = (TableFormat("pipes", (".pipes",), pipes),)
"""
KINDS = {
    "datasets": (DATASETS, atmda.datasets, DATASET, "toyset"),
    "encoders": (ENCODERS, atmda.core.encoders, ENCODER, "toyencoder"),
    "methods": (METHODS, atmda.core.methods, METHOD, "unit"),
    "metrics": (METRICS, atmda.core.evaluation.metrics, METRIC, "error_rate"),
    "formats": (FORMATS, atmda.report.formats, FORMAT, "pipes"),
}


@pytest.fixture(params=["a file in the package", "an entry point of another package"])
def added(request, tmp_path, monkeypatch):
    """A function that adds one kind's toy in one of the two ways."""

    def add(kind: str) -> None:
        registry, package, source, _ = KINDS[kind]
        folder = tmp_path / f"plugins_{kind}"
        folder.mkdir()
        (folder / f"toy_{kind}.py").write_text(source)
        if request.param.startswith("a file"):
            monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
        else:
            information = folder / f"toy_{kind}-1.0.dist-info"
            information.mkdir()
            (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: toy-{kind}\nVersion: 1.0\n")
            (information / "entry_points.txt").write_text(f"[atmda.{kind}]\ntoy = toy_{kind}:PLUGINS\n")
            monkeypatch.syspath_prepend(str(folder))
        monkeypatch.setattr(registry, "_own", None)
        monkeypatch.setattr(registry, "_others", None)

    yield add
    for module in [name for name in sys.modules if "toy_" in name]:
        del sys.modules[module]


def atmda_command(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result


def embeddings() -> None:
    np.savez("e.npz", embeddings=np.eye(4, dtype=np.float32), clips=list("abcd"), labels=list("wxyz"))
    np.savez("t.npz", embeddings=np.eye(4, dtype=np.float32) * [[1], [2], [3], [4]], labels=list("wxyz"))


def test_a_data_set_is_embedded_by_its_name(added, write_tone):
    added("datasets")
    for name, pitch in (("low", 200.0), ("high", 1800.0)):
        write_tone(Path("data/input/toyset") / f"{name}-1.wav", pitch)
    atmda_command("embed", "--dataset", "toyset", "--model", "compact", "--output", "emb")
    assert "toyset" in atmda.datasets.dataset_names()


def test_an_encoder_is_chosen_by_its_name_and_its_precisions_are_known(added, tones):
    added("encoders")
    found = atmda_command(
        *("infer", "--model", "toyencoder", "--precision", "bf16", "--labels", "tone at 200,tone at 1800"),
        *("--audio-folder", tones),
    )
    assert "Encoder: toyencoder (a toy)" in found.stderr


def test_a_method_is_a_mode_of_classify_and_infer_and_of_the_classifier(added, tones):
    added("methods")
    embeddings()
    arguments = ("classify", "--embeddings", "e.npz", "--text-embeddings", "t.npz", "--mode", "unit", "--json")
    (cell,) = json.loads(atmda_command(*arguments).stdout)["results"]
    assert cell["accuracy"] == 1.0
    atmda_command("infer", "--mode", "unit", "--model", "compact", "--labels", "dog,rain", "--audio-folder", tones)


def test_a_metric_is_computed_by_its_name(added):
    added("metrics")
    embeddings()
    arguments = ("classify", "--embeddings", "e.npz", "--text-embeddings", "t.npz", "--metric", "error_rate", "--json")
    (cell,) = json.loads(atmda_command(*arguments).stdout)["results"]
    assert cell["error_rate"] == 0.0


def test_a_format_is_chosen_by_its_ending(added, tones):
    added("formats")
    arguments = ("--model", "compact", "--labels", "dog,rain", "--audio-folder", tones)
    atmda_command("infer", *arguments, "--output", "out.pipes")
    assert len(Path("out.pipes").read_text().splitlines()) == 9


def test_another_packages_broken_entry_point_is_told_and_ends_nothing(tmp_path, monkeypatch, caplog):
    information = tmp_path / "broken-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[atmda.metrics]\nbroken = no_such_module:PLUGINS\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(METRICS, "_others", None)
    assert "accuracy" in METRICS.names()
    assert "The metric broken of another package cannot be used (ModuleNotFoundError" in caplog.text


def test_helpers_beside_plugins_are_not_imported_to_find_them():
    registry: Registry[object] = Registry("encoder", "atmda.core.encoders")
    before = set(sys.modules)
    assert "compact" in registry
    assert not {name for name in set(sys.modules) - before if name.endswith(("text_cache", "clap.encoder"))}
