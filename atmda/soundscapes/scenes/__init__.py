"""Long soundscapes: many events at random times in a background that changes as places do.

`chain` lays recordings end to end as background, `drawing` draws a scene, `records` and `jams` tell of it, `generate`
makes a set, `reading` reads one back from its JAMS, and `table` lists all events of a set as annotations.
"""
