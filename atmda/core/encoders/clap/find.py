"""Where a checkpoint and a vocabulary may lie: what was named, what was fetched, the Hugging Face cache."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from atmda.errors import AtmdaError

NAME = "laion-clap"
#: the official checkpoints, the method's own first
PREFERRED = ("630k-audioset-fusion-best", "630k-fusion-best", "630k-audioset-best", "630k-best")
#: repositories that hold a checkpoint this encoder runs
REPOSITORIES = ("lukewys/laion_clap", "laion/clap-htsat-fused", "laion/clap-htsat-unfused")
VOCABULARIES = ("roberta-base", "FacebookAI/roberta-base", *REPOSITORIES)
PICKLES = (".pt", ".pth", ".bin", ".ckpt")
SUFFIXES = (*PICKLES, ".safetensors")


def find_checkpoint(model: str, models_dir: Path) -> Path:
    """The checkpoint file that `model` means: a file, a folder, `laion-clap` or a repository (`owner/name`).

    Raises AtmdaError, saying where was looked, where there is none.
    """
    path = Path(model)
    if model != NAME and path.is_file():
        return path
    if model != NAME and path.is_dir():
        folders = [path]
    elif model == NAME or model == "auto":
        folders = [models_dir / NAME, *(found for name in REPOSITORIES for found in hub_folders(name))]
    else:
        folders = list(hub_folders(model))
    for folder in folders:
        files = checkpoints_in(folder)
        if files:
            return files[0]
    if path.is_dir() and model != NAME:
        raise AtmdaError(f"{path}: the folder holds no checkpoint.", f"Looked for *{', *'.join(SUFFIXES)}.")
    raise AtmdaError(
        f"There is no checkpoint of {model} in {models_dir / NAME} nor in the Hugging Face cache.",
        "Fetch it: `atmda fetch laion-clap`, or name a checkpoint file as `model`.",
    )


def checkpoints_in(folder: Path) -> list[Path]:
    """The checkpoint files of a folder and of its folders, best first; a converted copy counts as its source."""
    files = [file for file in (*folder.glob("*"), *folder.glob("*/*")) if file.suffix in SUFFIXES and file.is_file()]
    pickles = {file.with_suffix("") for file in files if file.suffix in PICKLES}
    converted = {file for file in files if file.suffix == ".safetensors" and file.with_suffix("") in pickles}
    hidden = {file for file in files if file.name.startswith(".")}
    # a repository's model.safetensors holds what its pytorch_model.bin holds
    if any(file.name == "model.safetensors" for file in files):
        hidden |= {file for file in files if file.name == "pytorch_model.bin"}

    def rank(file: Path) -> tuple[int, str]:
        return (PREFERRED.index(file.stem) if file.stem in PREFERRED else len(PREFERRED), str(file))

    return sorted(set(files) - converted - hidden, key=rank)


def vocabulary_folders(checkpoint: Path, models_dir: Path) -> list[Path]:
    """Where the tokenizer's files may lie, nearest first."""
    near = [checkpoint, checkpoint / "roberta-base", models_dir / NAME, models_dir / NAME / "roberta-base"]
    return [*near, models_dir / "roberta-base", *(found for name in VOCABULARIES for found in hub_folders(name))]


def hub_folders(repository: str) -> Iterator[Path]:
    """Snapshots of a repository in the Hugging Face cache, the newest first."""
    home = Path(os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()
    snapshots = cache / f"models--{repository.replace('/', '--')}" / "snapshots"
    if repository.count("/") <= 1 and snapshots.is_dir():
        yield from sorted(snapshots.iterdir(), key=lambda folder: (-folder.stat().st_mtime_ns, folder.name))


def cache_folders(models_dir: Path) -> list[Path]:
    """Where converted files go if the checkpoint's own folder cannot be written."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return [models_dir / "converted", home / "atmda" / NAME]
