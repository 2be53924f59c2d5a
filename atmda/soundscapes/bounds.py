"""What a soundscape's numbers may be, whether drawn or read from JAMS: what recordings and ears could tell apart."""

from __future__ import annotations

from atmda.core.bounds import Bounds

#: Loudness of a background. A full-scale square wave, the loudest signal there is, has about 3 LUFS; the noise of 16
#: bits lies at about -98, and what is some 20 LU below is silence in every file.
REF_DB = Bounds(-120.0, 5.0, "LUFS")

#: Loudness of an event over its background: from the threshold of hearing to that of pain are 130 dB, and 24 bits tell
#: 144 dB apart.
SNR = Bounds(-150.0, 150.0, "LU")

#: Length of a soundscape. The shortest is one fade; mixing and measuring an hour takes about 3 GB of memory.
DURATION = Bounds(0.01, 3600.0, "s")

#: Length of a long scene, which is mixed as it is written. The shortest has room for one background.
SCENE_DURATION = Bounds(10.0, 86_400.0, "s")

#: When an event begins, how long it lasts and fades: within a soundscape, as it is drawn and as JAMS may say.
EVENT_TIME = Bounds(0.0, DURATION.high, "s")
TIME_IN_JAMS = Bounds(0.0, SCENE_DURATION.high, "s")
DURATION_IN_JAMS = Bounds(DURATION.low, SCENE_DURATION.high, "s")

#: Where in its recording an event begins: recorders that are left outdoors write for a week at most.
SOURCE_TIME = Bounds(0.0, 604_800.0, "s")

#: Soundscapes for each event. A million of 10 s last four months.
COUNT = Bounds(1, 1_000_000)

#: Samples a second: from what infrasound is recorded with to what bats are.
SAMPLE_RATE = Bounds(1_000, 768_000, "Hz")

#: Samples of one event or background, 2 GB as they are mixed; of a soundscape as well where it is mixed in memory.
MOST_SAMPLES = 2**29

#: sox's reverberance, as scaper gives it.
REVERB = Bounds(0.0, 1.0)
