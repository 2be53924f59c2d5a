"""Everything that `fetch` knows by name, with what a list says of it."""

from __future__ import annotations

from difflib import get_close_matches

from atmda.datasets import DATASETS
from atmda.datasets.remotes import Facts, Part, Remote, Target
from atmda.download.soundata_remotes import BEYOND, INSTALL, soundata_names, soundata_target
from atmda.errors import AtmdaError

HUB = "https://huggingface.co"
CHECKPOINT = Target(
    "laion-clap",
    "models/laion-clap",
    (
        Part(
            "checkpoint",
            (
                Remote(
                    "630k-audioset-fusion-best.pt",
                    f"{HUB}/lukewys/laion_clap/resolve/main/630k-audioset-fusion-best.pt",
                    declared=True,
                ),
            ),
        ),
        *(
            Part(name, (Remote(name, f"{HUB}/FacebookAI/roberta-base/resolve/main/{name}", declared=True),))
            for name in ("vocab.json", "merges.txt")
        ),
    ),
    facts=Facts(1_870_000_000, licence="CC0 (checkpoint), MIT (tokenizer)"),
)

RELEASE = "https://raw.githubusercontent.com/eacevedo1/AudioText-ContextDomainAdaptation"
DEMO_COMMIT = "f7e1de41fdf6cf2378a1830b7eb5097046d89bb7"
DEMO_FILES = {
    "inference_demo": (
        "106015-5-0-5-park-0 143970-5-0-3-park-0 145608-6-0-0-park-0 147926-0-0-39-park-0 152908-5-0-6-park-0 "
        "33849-3-3-0-park-0 39970-9-0-98-park-0 49808-3-1-22-park-0 71080-4-1-0-park-0 72567-1-4-7-park-0 "
        "74458-9-0-5-park-0 74507-0-0-0-park-0 74507-0-0-24-park-0 76089-6-0-0-park-0 96920-9-0-2-park-0"
    ),
    "inference_bg_demo": (
        "park-barcelona-91-2504-a park-helsinki-94-2605-a park-lisbon-1198-45259-a park-london-95-2675-a "
        "park-lyon-1144-41676-a park-prague-1038-40510-a park-stockholm-102-2888-a"
    ),
}
DEMO = Target(
    "demo",
    "input/demo",
    tuple(
        Part(
            f"{folder}/{stem}.wav",
            (
                Remote(
                    f"{stem}.wav",
                    f"{RELEASE}/{DEMO_COMMIT}/data/input/demo/{folder}/{stem}.wav",
                    destination=folder,
                ),
            ),
        )
        for folder, stems in DEMO_FILES.items()
        for stem in stems.split()
    ),
    facts=Facts(47_000_000, 22, 10, None, "in the file names", "CC BY-NC 3.0, non-commercial"),
)
OWN = {CHECKPOINT.name: CHECKPOINT, DEMO.name: DEMO}


def target_names() -> list[str]:
    """Names of all that can be fetched, the paper's data sets first; cheap enough for shell completion."""
    first = [*(spec.name for spec in DATASETS if spec.parts), *OWN]
    return first + [name for name in soundata_names() if name not in first]


def find_target(name: str, *, cheap: bool = False) -> Target:
    """What `name` stands for. Raises AtmdaError with the nearest known name.

    `cheap`: what can be said without importing soundata, for a list of everything.
    """
    if name in OWN:
        return OWN[name]
    spec = DATASETS.find(name)
    if spec is not None and spec.parts:
        return spec.target
    if name in soundata_names():
        return Target(name, f"input/{name}", (), facts=BEYOND.get(name, Facts())) if cheap else soundata_target(name)
    if name in BEYOND:
        raise AtmdaError(f"{name} is known through soundata, which is not installed.", INSTALL)
    if spec is not None:
        hint = (
            f"It comes with: atmda fetch {spec.comes_with}" if spec.comes_with else f"Put it into {spec.target.folder}."
        )
        raise AtmdaError(f"{name} is no download of its own.", hint)
    near = get_close_matches(name, [*target_names(), *BEYOND], n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else "See what there is with: atmda fetch `list_targets`"
    raise AtmdaError(f"There is nothing called {name!r} to fetch.", hint)
