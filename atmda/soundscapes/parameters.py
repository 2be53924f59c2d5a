"""The parameters of a set of soundscapes, and the little language in which the setting `parameters` writes them:

    ref_db=-36 seed=123 n_soundscapes=2 duration=10.0 event_time=(truncnorm,3.0,1.5,0.0,6.0) snr_dist=(const,6) bg=park

Pairs are separated by blanks; names inside parentheses may be quoted; a bare number is a constant.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from atmda.core.bounds import is_number
from atmda.errors import SettingsError
from atmda.soundscapes import bounds
from atmda.soundscapes.distributions import FORMS, Distribution, checked, const

ALIASES = {"snr": "snr_dist", "n": "n_soundscapes", "scene": "bg", "background": "bg"}


EVENT_TIME = Distribution("truncnorm", (3.0, 1.5, 0.0, 6.0))
FOUR_SECONDS, FROM_THE_START = const(4), const(0)
SNR = Distribution("uniform", (6, 10))


@dataclass(frozen=True)
class Parameters:
    """How soundscapes are drawn and mixed; the defaults are those of the method's original release.

    ref_db: loudness of the background, LUFS. seed: of every draw. n_soundscapes: for each foreground clip.
    duration: of a soundscape, seconds. event_time, event_duration, source_time: seconds. snr_dist: the event's
    loudness over the background's, LU. bg: which scenes; None is all of them, each as likely as another.
    """

    ref_db: float = -36
    seed: int = 123
    n_soundscapes: int = 1
    duration: float = 10.0
    event_time: Distribution = EVENT_TIME
    event_duration: Distribution = FOUR_SECONDS
    source_time: Distribution = FROM_THE_START
    snr_dist: Distribution = SNR
    bg: Distribution | None = None

    def as_dict(self) -> dict[str, object]:
        """Plain values, as manifests and settings hold them; `Parameters.from_dict` reads them back."""
        plain: dict[str, object] = {}
        for name in NAMES:
            value = getattr(self, name)
            plain[name] = value.as_list() if isinstance(value, Distribution) else value
        plain["bg"] = "all" if self.bg is None else plain["bg"]
        return plain


NAMES = tuple(Parameters.__dataclass_fields__)
BOUNDS = {
    "ref_db": bounds.REF_DB,
    "n_soundscapes": bounds.COUNT,
    "duration": bounds.DURATION,
    "event_time": bounds.EVENT_TIME,
    "event_duration": bounds.EVENT_TIME,
    "source_time": bounds.SOURCE_TIME,
    "snr_dist": bounds.SNR,
}


def parse_parameters(words: str | Iterable[str], base: Parameters | None = None) -> Parameters:
    """`words` of the form key=value, in one string or several, laid over `base`.

    Raises SettingsError, naming the key, for an unknown or repeated key and for a value that cannot be.
    """
    text = words if isinstance(words, str) else " ".join(words)
    found: dict[str, object] = {}
    for key, value in _pairs(text):
        name = ALIASES.get(key.replace("-", "_"), key.replace("-", "_"))
        if name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, 1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise SettingsError(f"`parameters`: there is no parameter {key!r}.", f"{hint}Known: {', '.join(NAMES)}.")
        if name in found:
            raise SettingsError(f"`parameters`: {name} is given twice.", "Give it once.")
        found[name] = _literal(name, value)
    return with_values(base or Parameters(), found)


def keys_of(words: str) -> set[str]:
    """Names of the parameters that `words` give."""
    names = {key.replace("-", "_") for key, _ in _pairs(words)}
    return {ALIASES.get(name, name) for name in names}


def with_values(base: Parameters, values: dict[str, object]) -> Parameters:
    """`base` with plain `values` (as parsed, or as `as_dict` gives them) in place of its own, checked."""
    return replace(base, **{name: _converted(name, value) for name, value in values.items()})  # type: ignore[arg-type]


def parse_value(name: str, text: str) -> object:
    """The plain value of one parameter written as `text`, as a flag of its own gives it: 6, uniform,6,10, (const,6)."""
    text = text.strip()
    kind = text.split(",")[0].strip(" '\"")
    return _literal(name, f"({text})" if kind in FORMS else text)


def _converted(name: str, value: object) -> object:
    if name in ("ref_db", "duration"):
        if not is_number(value):
            raise SettingsError(f"{name}: {_shown(value)} is not a number.", "For example ref_db=-36 duration=10.0.")
        return _within(name, value)
    if name in ("seed", "n_soundscapes"):
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        if isinstance(whole, bool) or not isinstance(whole, int) or (name == "n_soundscapes" and whole < 1):
            raise SettingsError(f"{name}: {_shown(value)} is not a whole number{' above 0' * (name != 'seed')}.")
        return whole if name == "seed" else _within(name, whole)
    return _scenes(value) if name == "bg" else _distribution(name, value)


def _within(name: str, value: float) -> float:
    allowed = BOUNDS[name]
    if value not in allowed:
        fault = "too short" if name == "duration" and value < allowed.low else "out of bounds"
        raise SettingsError(f"{name}: {_shown(value)} is {fault}.", f"It lies {allowed}.")
    return value


def _shown(value: object) -> str:
    """`value` as it was written, unless it goes on for ever."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."


def _scenes(value: object) -> Distribution | None:
    """Scenes as file names write them: street_traffic; "street traffic" means the same."""
    if isinstance(value, list):
        value = [[_underscored(v) for v in item] if isinstance(item, list) else _underscored(item) for item in value]
    if value in ("all", ["choose", []]) or value is None:
        return None
    if isinstance(value, list) and value and value[0] in FORMS:
        if value[0] not in ("const", "choose", "choose_weighted"):
            raise SettingsError(f"bg: {value[0]} draws numbers, not scenes.", "For example bg=park or bg=park,airport.")
        return checked("bg", value, numeric=False)
    if isinstance(value, list):
        return checked("bg", ["choose", value], numeric=False)
    names = ["_".join(part.split()) for part in str(value).split(",") if part.strip()]
    return const(names[0]) if len(names) == 1 else checked("bg", ["choose", names], numeric=False)


def _underscored(value: object) -> object:
    """ "street traffic" as file names write it: street_traffic."""
    return "_".join(value.split()) if isinstance(value, str) else value


def _distribution(name: str, value: object) -> Distribution:
    found = checked(name, value if isinstance(value, list) else ["const", value])
    (least, most), allowed = found.likely_range(), BOUNDS[name]
    time = name != "snr_dist"
    if time and found.kind == "normal":
        if most < 0:
            raise SettingsError(f"{name}: {found} hardly ever gives a time above 0.", "Choose another mean.")
        least = max(least, 0.0)  # a draw below is drawn again
    elif time and (least < 0 or (name == "event_duration" and least == 0)):
        above = "above" if name == "event_duration" else "at least"
        raise SettingsError(f"{name}: {found} gives {least} s.", f"It must be {above} 0.")
    beyond = next((bound for bound in (least, most) if bound not in allowed), None)
    if beyond is not None:
        raise SettingsError(f"{name}: {found} gives {beyond:g} {allowed.unit}.", f"It lies {allowed}.")
    return found


def _pairs(text: str) -> list[tuple[str, str]]:
    """`text` cut at its keys: a word and an equals sign, outside brackets."""
    pairs: list[tuple[str, str]] = []
    depth, position = 0, 0
    starts: list[tuple[int, int, str]] = []
    for match in re.finditer(r"[(\[]|[)\]]|(?:^|(?<=[\s,;'\"]))([A-Za-z_][\w-]*)\s*=", text):
        if match.group(1):
            if depth == 0:
                starts.append((match.start(), match.end(), match.group(1)))
        else:
            depth += 1 if match.group() in "([" else -1
    if depth != 0:
        raise SettingsError(f"`parameters`: brackets do not pair in {text!r}.", "For example snr_dist=(uniform,6,10).")
    for number, (start, end, key) in enumerate(starts):
        if number == 0 and text[:start].strip(" \t'\""):
            break
        position = starts[number + 1][0] if number + 1 < len(starts) else len(text)
        pairs.append((key, text[end:position].strip(" \t\n,;'\"")))
    if text.strip(" \t'\"") and not pairs:
        raise SettingsError(f"`parameters`: {text!r} is not of the form key=value.", "For example snr_dist=(const,6).")
    return pairs


def _literal(name: str, text: str) -> object:
    """A number, a word, or a list of them: (uniform, 6, 10) gives ["uniform", 6, 10]."""
    tokens = re.findall(r"[()\[\],]|'[^']*'|\"[^\"]*\"|[^()\[\],'\"]+", text)
    tokens = [t.strip() for t in tokens if t.strip()]
    if not tokens:
        raise SettingsError(f"{name}: there is no value.", f"For example {name}={_example(name)}.")
    value, rest = _item(name, tokens)
    if rest and name == "bg" and all(t not in "()[]" for t in tokens):
        return text
    if rest:
        raise SettingsError(f"{name}: {text!r} cannot be read.", f"For example {name}={_example(name)}.")
    return value


def _item(name: str, tokens: list[str]) -> tuple[object, list[str]]:
    first, rest = tokens[0], tokens[1:]
    if first not in "([":
        return _atom(first), rest
    items: list[object] = []
    while rest and rest[0] not in ")]":
        if rest[0] == ",":
            rest = rest[1:]
            continue
        value, rest = _item(name, rest)
        items.append(value)
    if not rest:
        raise SettingsError(f"{name}: a bracket is not closed.", f"For example {name}={_example(name)}.")
    return items, rest[1:]


def _atom(token: str) -> object:
    bare = token.strip("'\"")
    for kind in (int, float):
        try:
            return kind(bare)
        except ValueError:
            continue
    return bare


def _example(name: str) -> str:
    value = getattr(Parameters(), name)
    return "park" if value is None else str(value)
