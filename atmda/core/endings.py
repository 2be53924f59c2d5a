"""Endings of file names that tell sound which libsndfile does not read."""

from __future__ import annotations

#: with the dot, in lower case: compressed sound, and video that has some; ffmpeg reads them
FOREIGN = frozenset(
    f".{ending}"
    for endings in (
        "m4a m4b m4r aac adts mp4 m4v mov 3gp 3g2 mpeg mpg mts ac3 eac3 dts",
        "webm weba mka mkv avi wma asf wmv amr awb ape wv mpc tta tak shn ra rm dsf dff spx",
    )
    for ending in endings.split()
)
