"""Places: what may be said for them, and the recordings that say what they sound like.

    python training/places.py --data train-audio --teacher teacher --cache DIR

AudioSet has no class for a park or an airport, so a place means what the teachers hear in recordings of such places.
None of the recordings that the evaluation's scenes were cut from is among them (`recordings.TESTED`), and of some
places there is none of the place itself, only of what it sounds like (an airport: aircraft, and a crowd in a hall).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
import torch
from bank import labelled
from mixes import SAMPLES
from options import options
from recordings import permitted, read_manifest
from shards import publish
from synth_parts import RATE, Array
from targets import TO_CLIPS, Usual, evidence, statistics
from teachers import Teachers, class_names

from atmda.core.encoders.compact.encoder import POWER, SHARPNESS, THRESHOLD

#: seconds taken of a recording at most
LONGEST = 60


@dataclass(frozen=True)
class Place:
    """A place: its phrases, the first being its name, and a pattern of the paths of its recordings."""

    phrases: tuple[str, ...]
    recordings: str


PLACES = (
    Place(("park", "city park", "public park", "urban park", "public garden", "garden", "backyard"),
          r"cdda.*(clear|cloudy|sunny)-summer|blanket/.*birds|moodist/\d+_(birds|wind-in-trees)_p1|berlin_noise"),
    Place(("street", "city street", "busy street", "street traffic", "traffic street", "city", "downtown", "town",
           "pedestrian street", "street pedestrian", "public square", "town square", "urban area", "sidewalk"),
          r"blanket/.*city|alarm-clock/.*city|berlin_noise|moodist/\d+_(road|traffic|crowd)"),
    Place(("road", "highway", "motorway", "road traffic", "heavy traffic", "freeway", "intersection"),
          r"moodist/\d+_(road|highway|traffic)|blanket/.*city"),
    Place(("metro station", "subway station", "train station", "railway station", "station",
           "underground station", "station platform", "tram stop", "bus station", "bus stop"),
          r"moodist/\d+_(train|inside-a-train|crowd)|noixer/.*_train|blanket/.*train|ibm.*train|openrct2.*crowd"),
    Place(("inside a train", "train ride", "train compartment", "railway carriage", "inside a bus", "inside a car",
           "on the train", "on the bus"),
          r"moodist/\d+_inside-a-train|noixer/.*train-interior|noixer/.*_train"),
    Place(("airport", "airport terminal", "airport hall", "departure hall", "terminal"),
          r"moodist/\d+_(airplane|crowd)|antum.*jet-ambience|openrct2.*crowd|blanket/.*coffee-shop"),
    Place(("shopping mall", "mall", "shopping centre", "shopping center", "supermarket", "shop", "store",
           "department store", "grocery store", "market hall", "indoor market"),
          r"moodist/\d+_(crowd|cafe)|openrct2.*crowd|blanket/.*coffee-shop"),
    Place(("market", "street market", "bazaar", "flea market", "crowded place", "public place"),
          r"moodist/\d+_(crowd|crowded-bar)|openrct2.*crowd"),
    Place(("restaurant", "dining room", "canteen", "cafeteria", "diner"), r"moodist/\d+_restaurant|blanket/.*coffee"),
    Place(("cafe", "coffee shop", "coffee house", "bistro"), r"moodist.*cafe|blanket/.*coffee-shop"),
    Place(("bar", "pub", "tavern", "crowded bar", "night club", "party"), r"moodist/.*crowded-bar|noixer/.*bar-crowd"),
    Place(("office", "open plan office", "workplace", "call centre"), r"moodist/.*(_office|keyboard)"),
    Place(("library", "reading room", "quiet room", "museum", "classroom"), r"moodist/.*library"),
    Place(("home", "living room", "indoors", "at home", "apartment", "bedroom"), r"cdda.*indoors|ambient-engine/.*hum"),
    Place(("laundry room", "laundromat", "bathroom", "utility room"),
          r"moodist.*(laundry|washing|dryer)|noixer.*dryer"),
    Place(("forest", "woods", "woodland", "pine forest", "forest path", "in the woods"),
          r"dynamic.*forest|alarm-clock/.*forest|noixer/.*forest|moodist.*wind-in-trees"),
    Place(("jungle", "rainforest", "tropical forest"), r"moodist/.*jungle"),
    Place(("meadow", "field", "countryside", "plain", "grassland", "prairie", "pasture"),
          r"dynamic.*(plains|savanna-day)|cdda.*(clear|sunny)-summer|yellowstone/.*(meadow-lark|soundscapes)"),
    Place(("village at night", "summer night", "night", "night time", "outdoors at night"),
          r"moodist/.*night-village|blanket/.*summer-night|cdda.*(clear|cloudy)-night|dynamic.*savanna-night"),
    Place(("beach", "seaside", "sea shore", "coast", "shore", "sea coast"),
          r"dynamic.*_(beach|ocean)|(blanket|moodist|moodist-more|alarm-clock|noixer)/.*waves"),
    Place(("harbour", "harbor", "on a boat", "marina", "port", "boat deck"),
          r"moodist.*(sailboat|rowing-boat|seagulls)"),
    Place(("river bank", "riverside", "by the river", "creek", "lakeside"), r"(moodist|dynamic).*_river|muges.*stream"),
    Place(("swamp", "bog", "marsh", "wetland", "pond"), r"dynamic.*bog|noixer/.*frogs|yellowstone/.*chorus-frogs"),
    Place(("desert", "mountain top", "tundra", "windy plain"), r"dynamic.*(desert|arctic)-wind|moodist/.*howling-wind"),
    Place(("construction site", "building site", "construction work", "road works", "roadworks"),
          r"moodist/.*construction-site|powered-tools"),
    Place(("factory", "workshop", "factory floor", "machine room", "engine room", "industrial plant", "power plant"),
          r"power-generators|powered-tools|moodist.*(laundry|laboratory|submarine)"),
    Place(("church", "cathedral", "temple", "chapel"), r"moodist/.*(church|temple)"),
    Place(("farm", "farmyard", "barn", "stable"), r"moodist/.*(cows|sheep)|antum.*(rooster|chicken|pig|goat)"),
    Place(("stadium", "sports event", "arena", "sports hall"), r"ibm.*crowd-cheering|openrct2.*crowd"),
    Place(("fairground", "amusement park", "funfair", "carnival"), r"moodist/.*carousel|openrct2"),
    Place(("cave", "tunnel", "cellar", "mine"), r"cdda.*underground"),
)  # fmt: skip


def profiles(data: Path, teachers: Teachers, usual: dict[str, Usual]) -> tuple[Array, list[int]]:
    """The evidence both teachers find in each place, the mean over its recordings, (places, 521); and of how many."""
    rows = [row for row in read_manifest(data) if permitted(row)]
    heard: dict[str, Array] = {}
    out, counts = [], []
    for place in PLACES:
        mine = [row["path"] for row in rows if re.search(place.recordings, row["path"])]
        if not mine:
            raise SystemExit(f"places.py: no recording of {place.phrases[0]!r} matches")
        for path in mine:
            if path not in heard:
                heard[path] = heard_in(data / path, teachers, usual)
        out.append(np.mean([heard[path] for path in mine], axis=0) ** (SHARPNESS / POWER))
        counts.append(len(mine))
    return np.stack(out), counts


def heard_in(file: Path, teachers: Teachers, usual: dict[str, Usual]) -> Array:
    """The mean over a recording's patches of evidence to the third power, (521,), as the encoder pools it."""
    x = sf.read(str(file), dtype="float32")[0][: LONGEST * RATE]
    pieces = [np.resize(x[i : i + SAMPLES], SAMPLES) for i in range(0, max(1, len(x) - SAMPLES // 2), SAMPLES)]
    cubes = []
    for i in range(0, len(pieces), 8):
        labels = labelled(pieces[i : i + 8], teachers)
        cubes.append((1 / (1 + np.exp(THRESHOLD - evidence(labels, usual, TO_CLIPS)))) ** POWER)
    return np.concatenate(cubes).mean(0)


def main() -> None:
    a = options(__doc__).parse_args()
    torch.set_num_threads(1)
    found, counts = profiles(a.data, Teachers(a.teacher), statistics(a.cache))
    publish(a.cache / "places.npz", profiles=found)
    names = class_names(a.teacher)
    for place, row, count in zip(PLACES, found, counts, strict=True):
        heard = ", ".join(names[c] for c in np.argsort(-row)[:5])
        print(f"{place.phrases[0]} ({count} recordings): {heard}")


if __name__ == "__main__":
    main()
