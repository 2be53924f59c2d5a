"""What tells encoders apart before they are loaded, which may take longer than all else that is left to do."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from atmda import __version__
from atmda.core.encoders import EncoderRequest, load_encoder, resolve
from atmda.core.untrusted import identity_of, parsed_object
from atmda.errors import AtmdaError
from atmda.settings.study import StudySettings
from atmda.settings.study_tables import EncoderTable
from atmda.tasks.study.artifacts import canonical, write_json

FOLDER = "encoders"


@dataclass(frozen=True)
class KnownEncoder:
    """An encoder of a study.

    Attributes:
        title: its name in results. name: in the registry.
        identity: what decides its embeddings; {} where that was not found out yet, for which it must be loaded.
        table: how it is asked for. missing: why it cannot be loaded; "" where nothing is known against it.
    """

    title: str
    name: str
    identity: dict[str, str]
    table: EncoderTable
    missing: str = ""

    @property
    def asked_for(self) -> dict[str, str]:
        """The settings of a command that loads it."""
        table = self.table
        model = self.name if table.model == "auto" else table.model
        return {"model": model, "precision": table.precision, "long": table.long}


def known_encoder(table: EncoderTable, settings: StudySettings, root: Path) -> KnownEncoder:
    """The encoder that a table of a study names; it is loaded for its identity, but for LAION-CLAP.

    The identity of one of its checkpoints is kept below `root`, by the file's size and time and this version of atmda;
    it stays open where it is not there and nothing is to be written, for a checkpoint is converted as it is loaded.
    """
    request = EncoderRequest(
        table.model, settings.device, table.precision, table.long, data_dir=Path(settings.data_dir)
    )
    try:
        name = resolve(request)
        path = root / FOLDER / f"{_key(request)}.json" if name == "laion-clap" else None
        identity = None if path is None else _kept(path)
        if identity is None and (path is None or not settings.dry_run):
            identity = load_encoder(
                name if table.model == "auto" else table.model,
                device=settings.device,
                precision=table.precision,
                long=table.long,
                data_dir=settings.data_dir,
            ).identity
            if path is not None:
                write_json(path, identity)
    except AtmdaError as error:
        return KnownEncoder(table.called, table.model, {}, table, str(error))
    return KnownEncoder(_title(table, name), name, dict(identity or {}), table)


def _title(table: EncoderTable, name: str) -> str:
    """With `auto` the encoder that was taken."""
    return table.called if table.title or table.model != "auto" else table.called.replace("auto", name, 1)


def _key(request: EncoderRequest) -> str:
    """What stands for a checkpoint without loading it. Raises AtmdaError where there is none."""
    from atmda.core.encoders.clap.find import NAME, find_checkpoint

    checkpoint = find_checkpoint(NAME if request.model == "auto" else request.model, request.models_dir)
    status = checkpoint.stat()
    told = [str(checkpoint.resolve()), status.st_size, status.st_mtime_ns, request.precision, request.long, __version__]
    return sha256(canonical(told).encode()).hexdigest()[:20]


def _kept(path: Path) -> dict[str, str] | None:
    try:
        return identity_of(parsed_object(path.read_bytes(), str(path)))
    except (OSError, AtmdaError):
        return None  # worked out again
