"""The time by which things are ordered inside this process. It never goes back, and runs on while the machine sleeps.

The wall clock may be set back or forward at any moment: it is for show, and for the journal, whose lines have a number.
"""

import time


def _elapsed() -> float:
    """Seconds since some moment; with those of a suspend where the system can tell them (Linux)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


_ZERO = time.time() - _elapsed()


def now() -> float:
    """Unix time, by the wall clock as it stood when this process began."""
    return _ZERO + _elapsed()


def wall(moment: float) -> float:
    """The same moment by the wall clock as it stands now, to a tenth of a second: the two clocks are never read at the
    same instant, and one moment must not be shown as two."""
    return moment + round(time.time() - now(), 1)
