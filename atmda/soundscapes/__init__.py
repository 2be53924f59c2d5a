"""Soundscapes: one sound event mixed into one background at a known level, drawn from distributions.

`specification` draws, `rendering` mixes, `jams` writes and reads annotations, `runner` makes whole sets.
"""
