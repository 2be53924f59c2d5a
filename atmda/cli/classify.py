"""`atmda classify`: stored embeddings against class prototypes, a grid of settings in one process."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from atmda.cli.command import build_command
from atmda.cli.console import Console
from atmda.cli.encoding import open_encoder, warn_of_unknown_labels
from atmda.cli.exit_codes import DONE
from atmda.errors import SettingsError, StoreError
from atmda.settings.classify import ClassifySettings

if TYPE_CHECKING:
    from atmda.core.embeddings.table import EmbeddingTable
    from atmda.core.encoders.base import Encoder
    from atmda.core.evaluation.grid import Backgrounds, GridResult
    from atmda.core.types import FloatArray, IntArray

EXAMPLES = """
atmda classify --embeddings data/embeddings/urbansound8k_20261122T120000 --mode zs
atmda classify --embeddings urbansound8k.pt --dataset urbansound8k --mode zs,tgap,sv
atmda classify --embeddings soundscapes --mode zs,tgap,sv --modality none,audio --bg-embeddings tau --temperature 0,0.5
atmda classify --embeddings soundscapes --modality text --bg-type park --save-results results/park
"""


def run(settings: ClassifySettings, console: Console) -> int:
    """Classify what the settings name; a table, or one JSON document."""
    from atmda.core.embeddings.formats import read_embeddings, read_text_anchors
    from atmda.core.evaluation.grid import run_grid

    if settings.embeddings is None:
        raise SettingsError("Give --embeddings PATH, a store that atmda embed made.")
    table = read_embeddings(settings.embeddings)
    anchors = read_text_anchors(settings.text_embeddings) if settings.text_embeddings else None
    classes = _classes(settings, table, anchors[1] if anchors else ())
    y = _class_indices(settings, table, classes)
    if set(settings.mode) - {"zs"} and (table.folds is None or len(set(table.folds.tolist())) < 2):
        raise SettingsError(
            f"--mode {','.join(settings.mode)}: {settings.embeddings} has no folds to train on.",
            "Without folds only --mode zs can run.",
        )
    if "tgap" in settings.mode:
        _warn_of_too_many_neighbours(settings, console, table, len(classes))
    text_needed = set(settings.mode) - {"sv"} and anchors is None
    encoder = None
    if text_needed or "text" in settings.modality:
        encoder = _text_encoder(settings, table, console)
    text = anchors[0] if anchors else None
    if text_needed and encoder is not None:
        from atmda.core.methods.prompts import class_prompts

        text = encoder.embed_text(class_prompts(classes))
        warn_of_unknown_labels(encoder, classes, console)
    _check_width(settings, table, text)
    results = run_grid(
        table.embeddings,
        y,
        table.folds,
        len(classes),
        text=text,
        backgrounds=_backgrounds(settings, table, encoder, console),
        modes=settings.mode,
        modalities=settings.modality,
        temperatures=settings.temperature,
        top_n=settings.top_n,
    )
    _show(settings, console, table, classes, y, results)
    return DONE


def _classes(settings: ClassifySettings, table: EmbeddingTable, anchored: tuple[str, ...]) -> tuple[str, ...]:
    """Class names in class-id order: of --dataset, of the store, of the anchors, or the labels there are."""
    from atmda.datasets import labels_of, load_dataset
    from atmda.datasets.base import spoken

    classes = tuple(map(spoken, anchored))
    if settings.dataset is not None:
        known = labels_of(settings.dataset) or load_dataset(settings.dataset, settings.data_dir).labels
        if classes and set(classes) != set(known):
            odd = sorted(set(classes) ^ set(known))
            raise SettingsError(f"--text-embeddings: its labels are not those of {settings.dataset}: {', '.join(odd)}.")
        return classes or known
    found = classes or table.classes or tuple(sorted({spoken(label) for label in table.labels or ()}))
    if not found:
        raise SettingsError(f"{settings.embeddings} does not say which classes there are.", "Give --dataset NAME.")
    if all(label.isdigit() for label in found):
        raise SettingsError(f"{settings.embeddings} holds class ids without names.", "Give --dataset NAME.")
    return found


def _class_indices(settings: ClassifySettings, table: EmbeddingTable, classes: tuple[str, ...]) -> IntArray:
    """The class of every clip as an index into `classes`; labels are names, or class ids of the data set."""
    import numpy as np

    from atmda.datasets import labels_of
    from atmda.datasets.base import spoken

    if table.labels is None:
        raise StoreError(
            f"{settings.embeddings}: not every clip in it has one label, so accuracy cannot be told.",
            "Use atmda infer to label recordings without labels.",
        )
    index = {name: i for i, name in enumerate(classes)}
    by_id = (labels_of(settings.dataset) if settings.dataset else ()) or classes
    by_id_index = {str(i): index[name] for i, name in enumerate(by_id) if name in index}
    numbers = {label: index.get(spoken(label), by_id_index.get(label, -1)) for label in set(table.labels)}
    strange = sorted(label for label, number in numbers.items() if number < 0)
    if strange:
        raise SettingsError(
            f"{settings.embeddings}: the label {strange[0]!r} is not one of the {len(classes)} classes.",
            "Give --dataset NAME, or --text-embeddings with all classes.",
        )
    return np.asarray([numbers[label] for label in table.labels], np.int64)


def _warn_of_too_many_neighbours(
    settings: ClassifySettings, console: Console, table: EmbeddingTable, n_classes: int
) -> None:
    """Where a class has far fewer training clips than tgap takes, its prototype is made of other classes' clips.

    A few of them do no harm: ESC-50 has 32 training clips a class, and tgap gains there with 35.
    """
    import numpy as np

    assert table.folds is not None
    training = len(table) - int(np.unique(table.folds, return_counts=True)[1].max())
    if settings.top_n * n_classes > 1.5 * training:
        console.warning(
            f"tgap takes --top-n {settings.top_n} clips a class, but {training} training clips for {n_classes} classes "
            f"are {training // n_classes} each: prototypes mix classes; a smaller --top-n may serve better."
        )


def _text_encoder(settings: ClassifySettings, table: EmbeddingTable, console: Console) -> Encoder:
    """The encoder that made the embeddings; another one is refused with the differing field named."""
    made_by = table.identity.get("encoder")
    if settings.model == "auto" and made_by:
        settings = settings.model_copy(update={"model": made_by})
    encoder = open_encoder(settings, console)
    for key in ("encoder", "weights_sha256"):
        mine, theirs = encoder.identity.get(key), table.identity.get(key)
        if theirs is not None and mine != theirs:
            raise StoreError(
                f"{settings.embeddings}: its {key} is {theirs}, that of --model is {mine}.",
                "Use the encoder that made the embeddings, or embed again.",
            )
    if not table.identity:
        console.notice(f"{settings.embeddings} does not say what made it; taking it to be {encoder.name}.")
    return encoder


def _check_width(settings: ClassifySettings, table: EmbeddingTable, text: FloatArray | None) -> None:
    width = table.embeddings.shape[1]
    if text is not None and text.shape[1] != width:
        raise StoreError(
            f"{settings.embeddings}: its embeddings have {width} numbers, the class anchors {text.shape[1]}.",
            "Use the --model or --text-embeddings that belong to them.",
        )


def _backgrounds(
    settings: ClassifySettings, table: EmbeddingTable, encoder: Encoder | None, console: Console
) -> Backgrounds:
    from atmda.core.embeddings.formats import read_embeddings
    from atmda.core.evaluation.grid import Backgrounds
    from atmda.core.methods.prompts import background_prompts

    text = audio = own = None
    if "text" in settings.modality:
        if settings.bg_type is None:
            raise SettingsError("--modality text needs --bg-type, the name of the background, as in park.")
        if encoder is not None:
            text = encoder.embed_text(background_prompts(settings.bg_type))
            _check_width(settings, table, text)
    if "audio" in settings.modality:
        if settings.bg_embeddings is None:
            raise SettingsError("--modality audio needs --bg-embeddings, embeddings of the background recordings.")
        found = read_embeddings(settings.bg_embeddings)
        _check_same_encoder(settings, table, found)
        rows = _own_rows(settings, table, found)
        if rows:
            own = found.embeddings[rows]
        else:
            audio = found.embeddings
        whose = "its own background" if rows else f"the mean of {len(found)} backgrounds"
        console.notice(f"Background profile of each clip: {whose}.")
    return Backgrounds(text, audio, own)


def _check_same_encoder(settings: ClassifySettings, table: EmbeddingTable, backgrounds: EmbeddingTable) -> None:
    if table.identity and backgrounds.identity:
        for key in sorted(table.identity.keys() | backgrounds.identity.keys()):
            mine, theirs = table.identity.get(key), backgrounds.identity.get(key)
            if mine != theirs:
                raise StoreError(
                    f"{settings.bg_embeddings}: its {key} is {theirs}, that of {settings.embeddings} is {mine}.",
                    "Embed both in the same way.",
                )
    if table.embeddings.shape[1] != backgrounds.embeddings.shape[1]:
        raise StoreError(f"{settings.bg_embeddings}: its embeddings have another width than {settings.embeddings}.")


def _own_rows(settings: ClassifySettings, table: EmbeddingTable, backgrounds: EmbeddingTable) -> list[int]:
    """For every clip the row of the recording it was mixed from, found by file name; [] where none of them is there.

    Raises StoreError where some are there and some are not: a mixture of the two profiles would mean nothing.
    """
    rows = {PurePosixPath(clip).name: row for row, clip in enumerate(backgrounds.clips)}
    wanted = [PurePosixPath(background).name for background in table.backgrounds or ()]
    if not any(name in rows for name in wanted):
        return []
    for clip, name in zip(table.clips, wanted, strict=True):
        if name not in rows:
            raise StoreError(
                f"{settings.bg_embeddings}: it has no embedding of {name}, which {clip} was mixed from.",
                "Embed the whole background data set.",
            )
    return [rows[name] for name in wanted]


def _show(
    settings: ClassifySettings,
    console: Console,
    table: EmbeddingTable,
    classes: tuple[str, ...],
    y: IntArray,
    results: list[GridResult],
) -> None:
    from atmda.report.classification import as_document, save, summary_rows

    document = as_document(settings, table, classes, y, results)
    console.document(document)
    console.table(*summary_rows(results, y))
    if settings.save_results is not None:
        save(settings.save_results, document, table, classes, y, results)
        console.notice(f"Results saved in {settings.save_results}.")


command = build_command("classify", ClassifySettings, run, EXAMPLES)
