"""Soundscapes: one sound event mixed into one background at a known level, drawn from distributions.

`sampling` draws, `rendering` mixes, `jams` and `jams_reading` write and read annotations, `generate` makes whole sets
and `regenerate` makes them again from their annotations; both let `runner` share the work between `workers`.
"""
