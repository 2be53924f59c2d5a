"""Times, levels and frequencies as people read them."""

from __future__ import annotations

import math

MINUS = "\u2212"


def clock(seconds: float) -> str:
    """A place in a recording: minutes and seconds, hours where there are some, to the hundredth.

    >>> clock(3725.5), clock(7)
    ('1:02:05.5', '0:07')
    """
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest / 100:05.2f}".rstrip("0").rstrip(".") if rest % 100 else f"{rest // 100:02d}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def lasting(seconds: float) -> str:
    """How long something was heard: seconds, minutes or hours.

    >>> lasting(4.5), lasting(90), lasting(9000)
    ('4.5 s', '1.5 min', '2.5 h')
    """
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3597 else f"{seconds / 3600:,.1f} h"


def hertz(frequency: float) -> str:
    """A frequency.

    >>> hertz(440), hertz(22050)
    ('440 Hz', '22 kHz')
    """
    if frequency < 1000:
        return f"{frequency:.0f} Hz"
    return f"{frequency / 1000:.2g} kHz" if frequency < 10_000 else f"{frequency / 1000:.0f} kHz"


def decibels(level: float) -> str:
    """A level below full scale; digital silence has none."""
    return f"{level:.0f} dBFS".replace("-", MINUS) if math.isfinite(level) else "digital silence"


def score(value: float) -> str:
    """A score to three digits, with a minus as long as a digit."""
    return f"{round(value, 3) + 0.0:.3f}".replace("-", MINUS)  # no minus before zero
