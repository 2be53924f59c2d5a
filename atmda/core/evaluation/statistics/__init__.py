"""How sure a figure is: intervals, paired tests, corrections, sizes of effects, and how much data would be needed.

Conventions: clips are rows (n,); `sources` (n,) name the recording each was cut from, and what is drawn, flipped or
counted as independent is a recording, never a clip. Nothing here is imported before it is asked for.
"""
