"""Settings of `atmda augment`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from atmda.errors import SettingsError
from atmda.settings.base import Settings, flag, lower, split_commas
from atmda.settings.completion import dataset_names, scene_names
from atmda.soundscapes.parameters import Parameters, keys_of, parse_parameters, parse_value, with_values
from atmda.soundscapes.scenes.parameters import BOUNDS, EVENTS_PER_MINUTE, N_SCENES, SceneParameters

WHAT, DRAW, HOW, AGAIN = "What to mix", "What is drawn", "How it is mixed", "Rendering again"
LONG = "Long scenes"
OWN_FLAGS = {"snr": "snr_dist"}
OF_SCENES = ("scene_duration", "events_per_minute", "n_scenes")
NOT_OF_SCENES = {  # what long scenes have instead
    "duration": "`scene_duration` is their length.",
    "event_time": "Events begin at any time, each as likely as another.",
    "n_soundscapes": "`n_scenes` is their number.",
}
NAMES = ("snr", "n_soundscapes", "bg", "ref_db", "duration", "event_time", "event_duration", "source_time", "seed")


def as_text(value: Any) -> Any:
    """Numbers and lists, as a TOML file gives them, in the words of a flag: ["choose", [0, 6]] -> (choose,[0,6])."""
    if isinstance(value, list):
        inner = ",".join(f"[{','.join(map(str, v))}]" if isinstance(v, list) else str(v) for v in value)
        return f"({inner})"
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str | None, BeforeValidator(as_text)]
DISTRIBUTION = "VALUE|DISTRIBUTION"


class AugmentSettings(Settings):
    """Mix sound events into backgrounds: soundscapes drawn from distributions, with JAMS, labels and a manifest.

    With `scene_duration`, long scenes with many events each and one table of all that is heard when.
    A distribution is written const,6  uniform,6,10  normal,6,2  truncnorm,3,1.5,0,6 or choose,[0,6,12].
    """

    fg_dataset: Annotated[str, flag("--fg-dataset", metavar="NAME|DIR", complete=dataset_names, panel=WHAT)] = Field(
        "urbansound8k", description="The events: a data set, or a folder of one's own (class sub-folders, fold<K>)."
    )
    bg_dataset: Annotated[str, flag("--bg-dataset", metavar="NAME|DIR", complete=dataset_names, panel=WHAT)] = Field(
        "tau2019uas", description="The backgrounds: a data set, or a folder of one's own (scene sub-folders, or flat)."
    )
    folds: Annotated[tuple[int, ...], BeforeValidator(split_commas), flag("--folds", metavar="1,2,3", panel=WHAT)] = (
        Field((), description="Folds of the events; all of them unless given.")
    )
    output: Annotated[Path | None, flag("--output", "-o", metavar="DIR", panel=WHAT)] = Field(
        None, description="Where to write, or what to resume; else <data-dir>/input/<fg-dataset>-<time>."
    )
    parameters: Annotated[str | None, flag("--parameters", metavar="KEY=VALUE ...", panel=DRAW)] = Field(
        None, description="The original's language: snr_dist=(const,6) n_soundscapes=2 bg=park, as many as needed."
    )
    snr: Annotated[Text, flag("--snr", "--snr-dist", metavar=DISTRIBUTION, panel=DRAW)] = Field(
        None, description="Loudness of the event over the background, LU. (default uniform,6,10)"
    )
    n_soundscapes: Annotated[Text, flag("--n-soundscapes", metavar="N", panel=DRAW)] = Field(
        None, description="Soundscapes for each event. (default 1)"
    )
    bg: Annotated[Text, flag("--bg", metavar="all|NAME,...", complete=scene_names, panel=DRAW)] = Field(
        None, description="Scenes, each as likely as another. (default all)"
    )
    ref_db: Annotated[Text, flag("--ref-db", metavar="LUFS", panel=DRAW)] = Field(
        None, description="Loudness of the background. (default -36)"
    )
    duration: Annotated[Text, flag("--duration", metavar="SECONDS", panel=DRAW)] = Field(
        None, description="Length of a soundscape. (default 10)"
    )
    event_time: Annotated[Text, flag("--event-time", metavar=DISTRIBUTION, panel=DRAW)] = Field(
        None, description="When the event begins, seconds. (default truncnorm,3,1.5,0,6)"
    )
    event_duration: Annotated[Text, flag("--event-duration", metavar=DISTRIBUTION, panel=DRAW)] = Field(
        None, description="How much of its recording the event lasts, seconds. (default 4)"
    )
    source_time: Annotated[Text, flag("--source-time", metavar=DISTRIBUTION, panel=DRAW)] = Field(
        None, description="Where in its recording the event begins, seconds. (default 0)"
    )
    seed: Annotated[Text, flag("--seed", metavar="N", panel=DRAW)] = Field(
        None, description="Of every draw, with fold, clip and number. (default 123)"
    )
    scene_duration: Annotated[float | None, flag("--scene-duration", metavar="SECONDS", panel=LONG)] = Field(
        None, description="Make long scenes of many events instead, so long each."
    )
    events_per_minute: Annotated[float | None, flag("--events-per-minute", metavar="X", panel=LONG)] = Field(
        None, description="How many events a minute has in the mean. (default 3)"
    )
    n_scenes: Annotated[int | None, flag("--n-scenes", metavar="N", panel=LONG)] = Field(
        None, description="Long scenes in all; the folds of the events take turns. (default 10)"
    )
    clip_policy: Annotated[
        Literal["warn", "scale", "error"],
        BeforeValidator(lower),
        flag("--clip-policy", metavar="warn|scale|error", panel=HOW),
    ] = Field("warn", description="What to do where a sum exceeds full scale: note it, scale it to fit, or stop.")
    engine: Annotated[Literal["atmda", "scaper"], flag("--engine", metavar="atmda|scaper", panel=HOW)] = Field(
        "atmda", description="Who mixes what was drawn: this package, or scaper where it is installed."
    )
    original_reverb: Annotated[bool, flag("--original-reverb", panel=HOW)] = Field(
        False, description="The original's reverb=0, which colours every file; needs the program sox."
    )
    num_workers: Annotated[int | None, flag("--num-workers", metavar="N", panel=HOW)] = Field(
        None, ge=1, description="Processes; one a core unless given. Results do not depend on it."
    )
    from_jams: Annotated[Path | None, flag("--from-jams", metavar="DIR", panel=AGAIN)] = Field(
        None, description="Render soundscapes again from their JAMS files, ours or scaper's."
    )
    fg_path: Annotated[Path | None, flag("--fg-path", metavar="DIR", panel=AGAIN)] = Field(
        None, description="Where the events of --from-jams lie; else the data set's folder."
    )
    bg_path: Annotated[Path | None, flag("--bg-path", metavar="DIR", panel=AGAIN)] = Field(
        None, description="Where the backgrounds of --from-jams lie; else the data set's folder."
    )

    def check(self) -> None:
        """Raises SettingsError where settings do not go together, one that is needed is missing, or no draw can be."""
        if self.from_jams is None:
            self._check_scenes()
            self.drawn()
            for name in ("fg_path", "bg_path"):
                if self.asked(name):
                    hint = "Use `fg_dataset` and `bg_dataset` here."
                    raise SettingsError("`fg_path` and `bg_path` go with `from_jams`.", hint, setting=name)
            return
        for name in ("parameters", *NAMES, *OF_SCENES, "folds", "original_reverb"):
            if self.asked(name):
                hint = "JAMS files say what is rendered."
                raise SettingsError(f"`{name}` does not go with `from_jams`.", hint, setting=name)
        if self.output is None:
            raise SettingsError("`from_jams` needs `output`, a folder for what is rendered.", setting="output")
        if self.engine == "scaper":
            hint = "For scaper use its own generate_from_jams."
            raise SettingsError("`from_jams` is rendered by `engine` atmda.", hint, setting="engine")
        if self.output.resolve() == self.from_jams.resolve():
            hint = "Give another, so that the first set stays."
            raise SettingsError("`output` is the folder of `from_jams`.", hint, setting="output")

    def _check_scenes(self) -> None:
        """Raises SettingsError where settings of long scenes and of short soundscapes are mixed."""
        if self.scene_duration is None:
            for name in OF_SCENES[1:]:
                if self.asked(name):
                    hint = "Give it too, for example 600."
                    raise SettingsError(f"`{name}` goes with `scene_duration`.", hint, setting=name)
            return
        given = keys_of(self.parameters or "")
        for name, instead in NOT_OF_SCENES.items():
            if self.asked(name) or name in given:
                setting = name if self.asked(name) else "parameters"
                raise SettingsError(f"`{name}` does not go with `scene_duration`.", instead, setting=setting)
        if self.engine == "scaper" or self.original_reverb:
            name = "engine" if self.engine == "scaper" else "original_reverb"
            hint = "Long scenes are mixed by `engine` atmda, without reverb."
            raise SettingsError(f"`{name}` does not go with `scene_duration`.", hint, setting=name)
        for name, allowed in BOUNDS.items():
            value = getattr(self, name)
            if value is not None and value not in allowed:
                said = f"`{name}`: {value:g} is out of bounds."
                raise SettingsError(said, f"It lies {allowed}.", setting=name)

    def long_scenes(self) -> SceneParameters | None:
        """The parameters of long scenes, where these are asked for. Raises SettingsError as `drawn`."""
        if self.scene_duration is None:
            return None
        drawn, given = self.drawn(), keys_of(self.parameters or "")
        whole = self.event_duration is None and "event_duration" not in given
        return SceneParameters(
            self.scene_duration,
            EVENTS_PER_MINUTE if self.events_per_minute is None else self.events_per_minute,
            N_SCENES if self.n_scenes is None else self.n_scenes,
            drawn,
            None if whole else drawn.event_duration,
        )

    def drawn(self) -> Parameters:
        """The parameters of the draw: defaults, `parameters`, and the settings of single parameters.

        Raises SettingsError, naming the parameter, for what cannot be and for what is given twice, differently.
        """
        parameters = parse_parameters(self.parameters or "")
        plain, defaults = parameters.as_dict(), Parameters().as_dict()
        for name in NAMES:
            text = getattr(self, name)
            if text is None:
                continue
            key = OWN_FLAGS.get(name, name)
            changed = with_values(parameters, {key: parse_value(key, text)})
            if plain[key] not in (defaults[key], changed.as_dict()[key]):
                raise SettingsError(
                    f"`{name}` {text} and {key} in `parameters` differ.", "Give one of them.", setting=name
                )
            parameters = changed
        return parameters
