"""What soundata knows: where each data set's files are, their checksums, its index and its licence.

soundata's modules import librosa, numba and pandas, which takes seconds, and reset the root logger on the way. Its
remotes are plain literals in its source, so the source is read instead of run. A data set that computes its remotes is
imported after all, with the logging put back as it was.
"""

from __future__ import annotations

import ast
import importlib
import logging
import warnings
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from atmda.download.remotes import Facts, Part, Remote, Target
from atmda.errors import AtmdaError

WANTED = ("INDEXES", "REMOTES", "LICENSE_INFO")
MISSING = AtmdaError("The package soundata is not installed.", "Install it with: pip install soundata")


def soundata_names() -> list[str]:
    """Names of soundata's data sets, without importing it; empty where it is not installed."""
    folder = _folder()
    return sorted(path.stem for path in folder.glob("[!_]*.py")) if folder else []


def soundata_target(name: str, *, cheap: bool = False) -> Target:
    """The data set `name` as soundata knows it. Raises AtmdaError where it does not, or cannot be read.

    `cheap`: never import soundata; a data set that computes its remotes then comes without parts.
    """
    folder = _folder()
    if folder is None:
        raise MISSING
    if name not in soundata_names():
        raise AtmdaError(f"soundata knows no data set {name!r}.")
    literals = _literals(folder / f"{name}.py")
    if cheap and not literals.keys() >= {"INDEXES", "REMOTES"}:
        return Target(name, f"input/{name}", (), None, Facts(licence=_licence(literals.get("LICENSE_INFO"))))
    found = literals if literals.keys() >= {"INDEXES", "REMOTES"} else _import(name)
    try:
        parts = tuple(_part(key, value) for key, value in found["REMOTES"].items())
        index = _index(found["INDEXES"])
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise AtmdaError(
            f"soundata's description of {name} is in a form not known here ({error}).",
            "Install soundata 1.0.1, for which this was written.",
        ) from error
    return Target(name, f"input/{name}", parts, index, Facts(licence=_licence(found.get("LICENSE_INFO"))))


def _folder() -> Path | None:
    try:
        spec = find_spec("soundata")
    except (ImportError, ValueError):
        return None
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) / "datasets" if places else None


def _part(name: str, value: Any) -> Part:
    pieces = value if isinstance(value, list) else [value]
    return Part(name, tuple(_remote(piece) for piece in pieces))


def _remote(value: Any) -> Remote:
    return Remote(
        str(value.filename),
        str(value.url),
        f"md5:{value.checksum}" if value.checksum else "",
        str(getattr(value, "destination_dir", None) or ""),
        tuple(getattr(value, "unpack_directories", None) or ()),
    )


def _index(indexes: dict[str, Any]) -> Remote | None:
    entry = indexes[indexes["default"]]
    remote = getattr(entry, "remote", entry)  # an imported Index holds a remote, a literal one is it
    if not getattr(remote, "url", None):
        return None
    return Remote("index.json", str(remote.url), f"md5:{remote.checksum}" if remote.checksum else "")


def _licence(text: Any) -> str:
    return " ".join(str(text or "").split())


def _literals(path: Path) -> dict[str, Any]:
    """Those of WANTED that a module says in literals, calls in them as plain records.

    One that is computed, or that a later statement of the module changes, is left out.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escape sequences in its docstrings
            tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return {}
    found: dict[str, Any] = {}
    for statement in tree.body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if isinstance(statement, ast.Assign) and isinstance(target, ast.Name) and target.id in WANTED:
            with suppress(ValueError):
                found[target.id] = _literal(statement.value)
        elif not isinstance(statement, ast.FunctionDef | ast.ClassDef):
            for name in _mentioned(statement):
                found.pop(name, None)
    return found


def _mentioned(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id in WANTED}


def _literal(node: ast.expr) -> Any:
    if isinstance(node, ast.Dict):
        if None in node.keys:
            raise ValueError("a dictionary is unpacked")
        return {_literal(key): _literal(value) for key, value in zip(node.keys, node.values, strict=True) if key}
    if isinstance(node, ast.List | ast.Tuple):
        return [_literal(item) for item in node.elts]
    if isinstance(node, ast.Call):
        if node.args or any(keyword.arg is None for keyword in node.keywords):
            raise ValueError("a call has positional arguments")
        given = {str(keyword.arg): _literal(keyword.value) for keyword in node.keywords}
        return SimpleNamespace(**{"url": None, "checksum": None, **given})
    return ast.literal_eval(node)


def _import(name: str) -> dict[str, Any]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = importlib.import_module(f"soundata.datasets.{name}")
    except Exception as error:  # whatever its dependencies raise where they do not fit together
        raise AtmdaError(
            f"soundata's module for {name} cannot be imported ({type(error).__name__}: {error}).",
            "Put soundata and librosa right: pip install --upgrade soundata librosa",
        ) from error
    finally:
        root.handlers[:], root.level = handlers, level
    return {key: getattr(module, key, None) for key in WANTED}
