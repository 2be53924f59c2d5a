"""The verbs for Python: `atmda.infer`, `atmda.embed`, `atmda.classify`, `atmda.search`, `atmda.study`.

Each takes what it is about by position, and every setting of the command of that name by keyword, spelled with
underscores; values are checked as the command line's are. Nothing is printed: what there is to say goes to the logger
"atmda", or to an `Observer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from atmda.settings.loading import make_settings

if TYPE_CHECKING:
    from atmda.tasks.observer import Observer
    from atmda.tasks.results import ClassifyResult, DetectResult, EmbedResult, InferResult
    from atmda.tasks.search_result import SearchResult
    from atmda.tasks.study.result import StudyResult

Paths = str | Path


@overload
def infer(
    labels: Sequence[str] | Path | None,
    audio: Paths | Sequence[Any] | None = None,
    background: Paths | Sequence[Any] | None = None,
    *,
    window: float,
    observer: Observer | None = None,
    **settings: Any,
) -> DetectResult: ...
@overload
def infer(
    labels: Sequence[str] | Path | None,
    audio: Paths | Sequence[Any] | None = None,
    background: Paths | Sequence[Any] | None = None,
    *,
    window: None = None,
    observer: Observer | None = None,
    **settings: Any,
) -> InferResult: ...
def infer(
    labels: Sequence[str] | Path | None,
    audio: Paths | Sequence[Any] | None = None,
    background: Paths | Sequence[Any] | None = None,
    *,
    window: float | None = None,
    observer: Observer | None = None,
    **settings: Any,
) -> InferResult | DetectResult:
    """Label recordings by name, adapted to their background; with `window` say what is heard when.

    Args:
        labels: class names, or a file of them; None where `examples` or `prototypes` bring them.
        audio: a folder, a glob or a file; or a list of files and of waveforms with their rates in Hz
            ((samples,) or (samples, channels), in [-1, 1]). None with the setting `embeddings`.
        background: what is subtracted. A `str` is the name of the place, as "park", unless a file or folder is called
            so; a path, or a list as `audio` takes it, are recordings; "self", "self:rolling=600" and the like are the
            recordings' own (see the setting `bg`). None leaves scores as they are.
        window: cut each recording into windows of so many seconds (with the setting `hop`), and give detections.
        observer: told of progress and of what is skipped.
        settings: those of `atmda infer`, as model="compact", temperature=0.5, mode="sv", examples="labelled".

    Returns:
        Predictions with scores, float32 (n, c), or detections with start and end; `.rows()` and `.to_pandas()` as a
        table. Nothing is written unless `output` is given. Of a store of windows (the setting `embeddings`) it is
        detections in any case.

    Raises:
        SettingsError: settings that do not go together. AtmdaError: nothing there that can be used.

    >>> import atmda
    >>> from atmda.tasks.demo import folder
    >>> done = atmda.infer(
    ...     folder() / "class_labels.txt", folder() / "inference_demo", folder() / "inference_bg_demo", model="compact"
    ... )
    >>> done.scores.shape
    (15, 11)
    >>> done.predictions[0].filename, done.predictions[0].label
    ('bicycle_bell-1.flac', 'bicycle bell')
    >>> heard = atmda.infer(["bicycle bell", "rain"], folder() / "inference_demo", window=2, model="compact", merge=0)
    >>> heard.detections[0].label, heard.detections[0].start
    ('bicycle bell', 0.0)
    """
    from atmda.core.detection.self_background import SelfBackground
    from atmda.settings.infer import InferSettings
    from atmda.tasks.detect import detect
    from atmda.tasks.infer import infer as label

    given = dict(settings) if window is None else {"window": window, **settings}
    if isinstance(labels, Path):
        given["class_labels"] = labels
    elif labels is not None:
        given["labels"] = (labels,) if isinstance(labels, str) else tuple(labels)
    recordings = None
    if isinstance(audio, str | Path):
        given["audio_folder"] = str(audio)
    elif audio is not None:
        recordings = list(audio)
    heard = None
    if isinstance(background, str) and SelfBackground.is_meant(background):
        given |= {"bg": background, "modality": "audio"}
    elif background is not None:
        named = isinstance(background, str) and not Path(background).exists()
        given.setdefault("modality", "text" if named else "audio")
        if given["modality"] == "text":
            given["bg_type"] = background
        elif isinstance(background, str | Path):
            given["bg_folder"] = str(background)
        else:
            heard = list(background)
            given["bg_folder"] = f"{len(heard)} recordings"
    made = make_settings(InferSettings, given)
    task = detect if made.windowed else label
    return task(made, observer, recordings=recordings, background=heard)


def embed(audio: Paths | None = None, *, observer: Observer | None = None, **settings: Any) -> EmbedResult:
    """Embed recordings once, for `classify` to use many times.

    Args:
        audio: a folder, a glob or a file; None with the setting `dataset`.
        observer: told of progress and of what is skipped.
        settings: those of `atmda embed`, as dataset="esc50", annotations="labels.csv", output="mine", format="npz".

    Returns:
        Where the embeddings lie and what was skipped; `.table()` reads them: float32 (n, d), labels, folds, sources.

    Raises:
        SettingsError: settings that do not go together. AtmdaError: nothing there that can be used.

    >>> import atmda, tempfile
    >>> from atmda.tasks.demo import folder
    >>> place = tempfile.mkdtemp()
    >>> done = atmda.embed(folder() / "inference_bg_demo", output=place + "/parks", model="compact")
    >>> done.clips, done.table().embeddings.shape
    (5, (5, 640))
    """
    from atmda.settings.embed import EmbedSettings
    from atmda.tasks.embed import embed as task

    given = dict(settings) if audio is None else {"audio_folder": str(audio), **settings}
    return task(make_settings(EmbedSettings, given), observer)


def classify(embeddings: Paths, *, observer: Observer | None = None, **settings: Any) -> ClassifyResult:
    """Score stored embeddings against class prototypes, fold by fold.

    Args:
        embeddings: a Parquet store, a .npz or an original .pt file.
        observer: told of the encoder and of what is left out.
        settings: those of `atmda classify`, as mode=("zs", "sv"), modality="audio", bg_embeddings="parks",
            temperature=(0.5, "auto"), cv=5, metric=("accuracy", "macro_f1").

    Returns:
        One cell for each mode, modality and temperature, with accuracies by fold, scores (n, c) and predicted
        classes (n,); the clips' labels, folds and groups; `.to_pandas()` as a table.

    Raises:
        SettingsError: settings that do not go together. StoreError: embeddings that cannot be used.

    >>> import atmda, tempfile
    >>> import numpy as np
    >>> place = tempfile.mkdtemp()
    >>> X = np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]
    >>> np.savez(place + "/e.npz", embeddings=X, clips=list("abcd"), labels=["dog", "cat"] * 2, folds=[1, 1, 2, 2])
    >>> done = atmda.classify(place + "/e.npz", mode="sv")
    >>> done.cells[0].accuracy, done.cells[0].scores.shape
    (1.0, (4, 2))
    """
    from atmda.settings.classify import ClassifySettings
    from atmda.tasks.classify import classify as task

    return task(make_settings(ClassifySettings, {"embeddings": Path(embeddings), **settings}), observer)


def search(
    query: Paths | tuple[Any, int], embeddings: Paths, *, observer: Observer | None = None, **settings: Any
) -> SearchResult:
    """Find the clips or windows of a store that are nearest a description, or a recording.

    Args:
        query: words, unless a file is called so; a path; or a waveform with its rate in Hz.
        embeddings: a Parquet store, of any size, a .npz or an original .pt file.
        observer: told of the encoder, of what is left out, and of progress.
        settings: those of `atmda search`, as top_k=20, modality="audio", bg="self", min_gap=5.

    Returns:
        Hits with times and scores, the nearest first; `.rows()` and `.to_pandas()` as a table.

    Raises:
        SettingsError: settings that do not go together. StoreError: embeddings that cannot be used. AudioError: a
        recording that cannot be.

    >>> import atmda, tempfile
    >>> from atmda.tasks.demo import folder
    >>> store = tempfile.mkdtemp() + "/demo"
    >>> done = atmda.embed(folder() / "inference_demo", output=store, model="compact")
    >>> sorted(hit.filename for hit in atmda.search("siren", store, top_k=2).hits)
    ['siren-1.flac', 'siren-2.flac']
    """
    from atmda.settings.search import SearchSettings
    from atmda.tasks.search import search as task

    waveform = None if isinstance(query, str | Path) else query
    name = "the recording given" if waveform is not None else str(query)
    made = make_settings(SearchSettings, {"query": name, "embeddings": Path(embeddings), **settings})
    return task(made, observer, recording=waveform)


def study(
    config: Paths | Mapping[str, Any] | None = None, *, observer: Observer | None = None, **settings: Any
) -> StudyResult:
    """Run a whole study: what its grid needs is mixed, embedded and classified, each part once.

    Args:
        config: a TOML file, the name of a study that comes with atmda ("paper", "mini", "own"), or what such a file
            says as a dictionary; None with the setting `from_results`.
        observer: told of progress and of what cannot be made.
        settings: those of `atmda study`, and keys of its file, which they replace: output="results/mine",
            num_workers=2, temperatures=(0.2, 0.5), datasets=[{"folder": "recordings"}].

    Returns:
        One cell for each set, encoder, mode, modality and temperature, with metrics by fold; `cell.kept()` reads its
        scores, and `.to_pandas()` gives a row for each cell, metric and fold. What could not be made is in `failed`.

    Raises:
        SettingsError: settings that do not go together. AtmdaError: nothing could be made.

    >>> import atmda, tempfile
    >>> import numpy as np
    >>> place = tempfile.mkdtemp()
    >>> X = np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]
    >>> np.savez(place + "/e.npz", embeddings=X, clips=list("abcd"), labels=["dog", "cat"] * 2, folds=[1, 1, 2, 2])
    >>> np.savez(place + "/t.npz", embeddings=np.eye(2, dtype=np.float32), labels=["dog", "cat"])
    >>> given = {"embeddings": place + "/e.npz", "text_embeddings": place + "/t.npz"}
    >>> done = atmda.study({"datasets": [given], "modalities": "none"}, data_dir=place, output=place + "/results")
    >>> [(cell.content["mode"], cell.content["accuracy"]) for cell in done.cells]
    [('zs', 1.0), ('tgap', 0.5), ('sv', 1.0)]
    """
    from atmda.settings.loading import settings_in
    from atmda.settings.study import StudySettings
    from atmda.settings.study_files import find_study
    from atmda.tasks.study import study as task

    if config is None or isinstance(config, Mapping):
        given, sources = dict(config or {}), {}
    else:
        found = settings_in(find_study(str(config)), StudySettings)
        given = {key: value for key, (value, _) in found.items()}
        sources = {key: source for key, (_, source) in found.items()}
    named = {key: f"`{key}`" for key in {*given, *settings}} | {k: s for k, s in sources.items() if k not in settings}
    return task(make_settings(StudySettings, {**given, **settings}, named), observer)
