"""Soundscapes: sound events mixed into backgrounds at known levels, drawn from distributions.

`sampling` draws soundscapes of one event, `scenes` long ones of many; `rendering` mixes, `jams` and `jams_reading`
write and read annotations, `generate` makes whole sets and `regenerate` makes them again from their annotations; both
let `runner` share the work between `workers`.
"""
