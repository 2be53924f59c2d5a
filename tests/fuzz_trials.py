"""What is tried with each kind of input: the files that are right, which of them is spoiled, and the command."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile as sf
import torch
from clap_weights import SMALL, small_weights
from fuzz_mutation import ODD, spoiled, spoiled_json
from spectral import SpectralEncoder
from typer.testing import CliRunner

from atmda.cli import app
from atmda.core.embeddings.shards import KEY
from atmda.core.encoders import ENCODERS, EncoderSpec
from atmda.errors import AtmdaError

Words = list[str]
#: a command, or something of the library's, and what must be in the results or named
Trial = tuple["Words | Callable[[], None]", list[str]]
MODEL = ["--model", "spectral"]
LABEL = ["infer", "--labels", "100,900", "--output", "out.csv"]
AUGMENT = [
    "augment",
    "--fg-dataset",
    "fg",
    "--bg-dataset",
    "bg",
    "--output",
    "out",
    "--duration",
    "1",
    "--num-workers",
    "1",
]
#: how lines begin that the program writes itself
BEGINNINGS = (
    "error: ",
    "warning: ",
    "note: ",
    "Encoder: ",
    "Resuming",
    "Background profile",
    r"\d+ ",
    "To go on",
    ".* does not say what made it",
)
OURS = re.compile(rf"^({'|'.join((*BEGINNINGS, 'Results saved', 'Usage:', 'Try ', '[╭│╰]', '$'))})")
CLASS = ("low", "high")
CONTRACT = {0, 1, 2, 3}
RATE = 16_000


class Trials:
    """Trials in a folder of their own, `here`; each is decided by the seed and its number alone."""

    def __init__(self, place: Path, seed: int, kind: str | None) -> None:
        self.here, self._good, self._seed = place / "here", place / "good", seed
        ENCODERS.add(EncoderSpec("spectral", "for tests", lambda request: SpectralEncoder()))
        self._good.mkdir(parents=True)
        os.environ["HF_HUB_OFFLINE"] = "1"
        self._make_good()
        self._kinds = [kind] if kind else sorted(KINDS)

    def run(self, number: int) -> tuple[str, str, str]:
        """The trial `number`: its kind, the exit code, and what is wrong with how it went, "" where nothing is."""
        draws = np.random.default_rng([self._seed, number])
        kind = self._kinds[number % len(self._kinds)]
        shutil.rmtree(self.here, ignore_errors=True)
        self.here.mkdir()
        words, named = KINDS[kind](self, draws)
        return kind, *self._judged(words, named)

    def _judged(self, words: Words | Callable[[], None], named: Sequence[str]) -> tuple[str, str]:
        before = _snapshot(self.here)
        os.chdir(self.here)
        code, out, errors = _called(words)
        os.chdir(self.here.parent)
        if code not in CONTRACT:
            return str(code), f"exit code {code} of {words}: {errors[-2000:]}"
        if "Traceback" in errors or "Unexpected" in errors:
            return str(code), f"{words}: {errors[-2000:]}"
        strange = [line for line in errors.splitlines() if not OURS.match(line)]
        if strange:
            return str(code), f"{words}: strange on stderr: {strange[:3]}"
        after = _snapshot(self.here)
        touched = [name for name in after if before.get(name) != after[name] and not name.startswith(("out", "data"))]
        if touched or (gone := before.keys() - after.keys()):
            return str(code), f"{words}: touched {touched or sorted(gone)}"
        results = out + "".join(_text(path) for path in self.here.glob("out*"))
        if code in (0, 3) and (missing := [name for name in named if name not in results + errors]):
            return str(code), f"{words}: neither in the results nor named: {missing}"
        if code in (1, 2) and not errors.strip():
            return str(code), f"{words}: nothing was said"
        return str(code), ""

    def _make_good(self) -> None:
        """The files that all trials begin with."""
        good, time = self._good, np.arange(RATE // 2) / RATE
        wave = 0.4 * np.sin(2 * np.pi * 440 * time)
        self.audio = sorted(_audio_formats())
        for name, form, subtype in self.audio:
            sf.write(good / name, wave, RATE, format=form, subtype=subtype)
        for folder, count in (("fg/dog", 2), ("bg/park", 2)):
            (good / folder).mkdir(parents=True)
            for index in range(count):
                sf.write(good / folder / f"{index}.wav", wave * (index + 1) / 2, RATE)
        for index in range(8):
            (good / "in" / ("low", "high")[index % 2]).mkdir(parents=True, exist_ok=True)
            tone = 0.4 * np.sin(2 * np.pi * (150 + 700 * (index % 2) + index) * time)
            sf.write(good / "in" / ("low", "high")[index % 2] / f"{index}.wav", tone, RATE)
        rows = [f"{CLASS[i % 2]}/{i}.wav,{CLASS[i % 2]},{1 + i // 4},,0,0.4,s{i}\n" for i in range(8)]
        (good / "in/labels.csv").write_text("filename,label,fold,split,start,end,source\n" + "".join(rows))
        (good / "in/raven.txt").write_text(
            "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tBegin File\tAnnotation\n"
            + "".join(f"{i}\tSpectrogram 1\t1\t0.0\t0.3\t{i}.wav\tlow\n" for i in range(4))
        )
        (good / "settings.toml").write_text(
            'model = "spectral"\n[infer]\nlabels = ["100", "900"]\ntop_k = 2\ntemperature = 0.5\nmodality = "none"\n'
            'audio_folder = "in/low"\noutput = "out.csv"\nbatch_size = 4\n'
        )
        (good / "classes.txt").write_text("100\n900\n")
        os.chdir(good)
        for line in (
            "embed --audio-folder in --annotations in/labels.csv -r --output store",
            "embed --audio-folder in --labels-from folders --output a.npz --format npz",
            "embed --audio-folder in --labels-from folders --output a.pt --format pt",
            "infer --mode sv --examples store --audio-folder in/low --save-prototypes prototypes.npz --output x.csv",
        ):
            _done([*line.split(), *MODEL])
        _done(["augment", "--fg-dataset", "fg", "--bg-dataset", "bg", "--output", "set", "--duration", "1"])
        np.savez("text.npz", embeddings=np.eye(2, 64, dtype=np.float32), labels=["low", "high"])
        torch.save({f"module.{key}": value for key, value in small_weights(SMALL).items()}, "clap.pt")
        from safetensors.torch import save_file

        save_file({key: value.contiguous() for key, value in small_weights(SMALL).items()}, "clap.safetensors")
        os.chdir(good.parent)

    def take(self, *names: str) -> None:
        """Copy good files to where the trial is."""
        for name in names:
            source, aim = self._good / name, self.here / name
            aim.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, aim)
            else:
                shutil.copyfile(source, aim)

    def spoil(self, name: str, draws: np.random.Generator) -> None:
        """Spoil one of the copied files."""
        path = self.here / name
        is_json = path.suffix in (".json", ".jams")
        content = spoiled_json(path.read_text("utf-8"), draws) if is_json else spoiled(path.read_bytes(), draws)
        path.write_bytes(content)

    def with_audio(self, draws: np.random.Generator, where: str) -> str:
        """A spoiled recording, and its name."""
        name, _, _ = self.audio[int(draws.integers(len(self.audio)))]
        self.take(name)
        (self.here / where).mkdir(parents=True, exist_ok=True)
        (self.here / name).rename(self.here / where / name)
        self.spoil(f"{where}/{name}", draws)
        return name


def _audio(trials: Trials, draws: np.random.Generator) -> Trial:
    name = trials.with_audio(draws, "in/low")
    trials.take("in/low/0.wav")
    common = [*MODEL, *["--max-seconds-per-file", "5"]]
    way = int(draws.integers(3))
    if way == 0:
        return [*LABEL, "--audio-folder", "in/low", *common], [name, "0.wav"]
    if way == 1:
        return [*["embed", "--audio-folder", "in/low", "--output", "out", "--json"], *common], []
    return [*LABEL, *["--audio-folder", "in/low/0.wav", "--modality", "audio", "--bg-folder", "in/low"], *common], [
        "0.wav"
    ]


def _mixed(trials: Trials, draws: np.random.Generator) -> Trial:
    trials.take("fg", "bg")
    name = trials.with_audio(draws, ("fg/dog", "bg/park")[int(draws.integers(2))])
    return [*AUGMENT, "--n-soundscapes", "3"], [name] if (trials.here / "fg/dog" / name).exists() else []


def _jams(trials: Trials, draws: np.random.Generator) -> Trial:
    trials.take("fg", "bg", "set")
    files = sorted((trials.here / "set").rglob("*.jams"))
    trials.spoil(files[int(draws.integers(len(files)))].relative_to(trials.here).as_posix(), draws)
    return ["augment", "--from-jams", "set", "--fg-path", "fg", "--bg-path", "bg", "--output", "out"], [
        file.stem for file in files
    ]


def _toml(trials: Trials, draws: np.random.Generator) -> Trial:
    trials.take("settings.toml", "in/low")
    trials.spoil("settings.toml", draws)
    return [
        "infer",
        "--config",
        "settings.toml",
        "--output",
        "out.csv",
        "--audio-folder",
        "in/low",
        "--device",
        "cpu",
    ], []


def _flags(trials: Trials, draws: np.random.Generator) -> Trial:
    """Values that a setting should not have."""
    trials.take("in/low", "fg", "bg", "store")
    odd = str(ODD[int(draws.integers(len(ODD)))]).encode("utf-8", "replace").decode()
    values = ("1e9", "-1e9", "1e300", "nan", "inf", "-1", "0", "1000", "", "x", "9" * 20, odd)
    words, flags = (
        (
            [*LABEL, "--audio-folder", "in/low", *MODEL],
            "--temperature --top-k --batch-size --channel --max-seconds-per-file --bg-type --labels",
        ),
        (
            AUGMENT,
            "--snr --ref-db --event-time --seed --bg --source-time --event-duration --folds",
        ),
        (
            [*["classify", "--embeddings", "store", "--mode", "sv", "--cv", "2"], *MODEL],
            "--temperature --top-n --cv --metric --logit-scale --templates --bg-type",
        ),
    )[int(draws.integers(3))]
    names = flags.split()
    return [*words, names[int(draws.integers(len(names)))], values[int(draws.integers(len(values)))]], []


def _table(trials: Trials, draws: np.random.Generator) -> Trial:
    trials.take("in")
    name = ("in/labels.csv", "in/raven.txt")[int(draws.integers(2))]
    trials.spoil(name, draws)
    return [*f"embed --audio-folder in -r --annotations {name} --output out".split(), *MODEL], []


def _labels(trials: Trials, draws: np.random.Generator) -> Trial:
    trials.take("in/low", "classes.txt")
    trials.spoil("classes.txt", draws)
    return [*["infer", "--class-labels", "classes.txt", "--audio-folder", "in/low", "--output", "out.csv"], *MODEL], []


def _store(trials: Trials, draws: np.random.Generator) -> Trial:
    trials.take("store", "in")
    shard = min((trials.here / "store").glob("*.parquet"))
    way = int(draws.integers(3))
    if way == 0:
        trials.spoil("store/_manifest.json", draws)
    elif way == 1:
        trials.spoil(f"store/{shard.name}", draws)
    else:  # what a shard says of itself
        table = pq.read_table(shard)
        text = spoiled_json(table.schema.metadata[KEY].decode(), draws)
        pq.write_table(table.replace_schema_metadata({KEY: text}), shard)
        if draws.random() < 0.7:
            (trials.here / "store/_manifest.json").unlink()
    if draws.random() < 0.3:  # going on with it
        (trials.here / "store").rename(trials.here / "out")
        return ["embed", "--audio-folder", "in", "--annotations", "in/labels.csv", "-r", "--output", "out", *MODEL], []
    return _with_embeddings("store", draws, ["--partial"] if draws.random() < 0.5 else []), []


def _columns(trials: Trials, draws: np.random.Generator) -> Trial:
    """Parquet that other programs wrote, with columns of kinds that are not ours."""
    kinds: list[pa.Array] = [
        *(pa.array([None] * 4), pa.array([1, 2, 3, 4]), pa.array(["a", "b", "c", None])),
        *(pa.array([[1.0], [2.0], None, []]), pa.array([float("nan")] * 4), pa.array([b"\xff", b"a", b"b", b"c"])),
        *(pa.array([{"a": 1}] * 4), pa.array([["x"], [], None, ["y", "z"]]), pa.array([2**62] * 4)),
        *(pa.array([[1.0, 2.0]] * 4, pa.list_(pa.float32(), 2)), pa.array(["a"] * 4).dictionary_encode()),
        pa.array([True, False, None, True]),
    ]
    names = ["clip", "embedding", "label", "labels", "fold", "source", "background", "start", "split", "onset"]
    columns = {"clip": pa.array(["a", "b", "c", "d"]), "embedding": pa.array([[1.0, 0.0], [0.0, 1.0]] * 2)}
    columns |= {"label": pa.array(["x", "y"] * 2), "fold": pa.array([1, 1, 2, 2])}
    for _ in range(int(draws.integers(1, 4))):
        columns[names[int(draws.integers(len(names)))]] = kinds[int(draws.integers(len(kinds)))]
    pq.write_table(pa.table(columns), trials.here / "foreign.parquet")
    return _with_embeddings("foreign.parquet", draws, []), []


def _npz(trials: Trials, draws: np.random.Generator) -> Trial:
    trials.take("in/low", "store", "a.npz", "text.npz", "prototypes.npz")
    way = int(draws.integers(4))
    name = ("a.npz", "text.npz", "prototypes.npz", "a.npz")[way]
    if way == 3:
        with np.load(trials.here / name) as archive:
            arrays = dict(archive)
        arrays["identity"] = np.asarray(spoiled_json(str(arrays["identity"]), draws).decode("utf-8", "replace"))
        np.savez(trials.here / name, **arrays)
    else:
        trials.spoil(name, draws)
    if name == "text.npz":
        return f"classify --embeddings store --text-embeddings {name} --mode zs".split(), []
    if name == "prototypes.npz":
        return [*f"infer --prototypes {name} --audio-folder in/low --output out.csv".split(), *MODEL], []
    return _with_embeddings(name, draws, []), []


def _pt(trials: Trials, draws: np.random.Generator) -> Trial:
    trials.take("a.pt")
    trials.spoil("a.pt", draws)
    return ["classify", "--embeddings", "a.pt", "--mode", "sv", "--cv", "2"], []


def _checkpoint(trials: Trials, draws: np.random.Generator) -> Trial:
    from atmda.core.encoders.clap.checkpoint import open_checkpoint

    name = ("clap.pt", "clap.safetensors")[int(draws.integers(2))]
    trials.take(name)
    trials.spoil(name, draws)
    (trials.here / "out").mkdir()  # where the converted copy belongs beside it
    (trials.here / name).rename(trials.here / "out" / name)

    def read() -> None:
        for tensor in open_checkpoint(Path("out", name), []).weights.values():
            tensor.sum()

    return read, []


def _with_embeddings(path: str, draws: np.random.Generator, more: Words) -> Words:
    way = int(draws.integers(3))
    if way == 0:
        return [*LABEL, "--embeddings", path, *MODEL]
    if way == 1:
        return ["doctor", path]
    return [*f"classify --embeddings {path} --mode zs,sv".split(), *MODEL, *more]


KINDS: dict[str, Callable[[Trials, np.random.Generator], Trial]] = {
    "audio": _audio,
    "audio again": _audio,  # the commonest input
    "audio once more": _audio,
    "mixed audio": _mixed,
    "JAMS": _jams,
    "TOML": _toml,
    "flags": _flags,
    "annotations": _table,
    "labels": _labels,
    "store": _store,
    "Parquet": _columns,
    "npz": _npz,
    "pt": _pt,
    "checkpoint": _checkpoint,
}


def _audio_formats() -> list[tuple[str, str, str]]:
    """Name, format and subtype of each kind of file that libsndfile writes and reads back by itself."""
    found = []
    wave = np.zeros((800, 1), np.float32)
    for form in sorted(sf.available_formats()):
        for subtype in sf.available_subtypes(form):
            name = f"{form}-{subtype}.{'iff' if form == 'SVX' else form}".lower()
            try:
                sf.write(name, wave, RATE, format=form, subtype=subtype)
                sf.info(name)
            except Exception:  # what cannot be written, or not be read without being told how
                continue
            finally:
                Path(name).unlink(missing_ok=True)
            found.append((name, form, subtype))
    return found


def _called(words: Words | Callable[[], None]) -> tuple[int, str, str]:
    """Exit code, stdout, and all that reached stderr; from C libraries what reached stdout counts as that, too."""
    with Path("../noise").open("w+b") as capture:
        kept = {number: os.dup(number) for number in (1, 2)}
        for number in kept:
            os.dup2(capture.fileno(), number)
        try:
            if callable(words):
                code, out, said = _of_library(words)
            else:
                result = CliRunner().invoke(app, words)
                code, out, said = result.exit_code, result.stdout, result.stderr
                if result.exception is not None and not isinstance(result.exception, SystemExit):
                    said += f"Traceback: {result.exception!r}"
            ctypes.CDLL(None).fflush(None)
        finally:
            for number, before in kept.items():
                os.dup2(before, number)
                os.close(before)
        capture.seek(0)
        return code, out, said + capture.read().decode("utf-8", "replace")


def _of_library(call: Callable[[], None]) -> tuple[int, str, str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            call()
    except AtmdaError as error:
        return 1, "", f"error: {error}"
    except Exception as error:
        return 1, "", f"Traceback: {error!r}"
    return 0, "", ""


def _done(words: Words) -> None:
    code, _, errors = _called(words)
    if code:
        raise RuntimeError(f"{words}: {errors}")


def _snapshot(folder: Path) -> dict[str, bytes]:
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(("out", "data/")):
            found[name] = path.read_bytes()
    return found


def _text(path: Path) -> str:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.suffix in (".jsonl", ".json")]
    return "".join(file.read_text("utf-8", "replace") for file in files if file.suffix in (".csv", ".jsonl", ".json"))


sys.setrecursionlimit(max(sys.getrecursionlimit(), 1000))
