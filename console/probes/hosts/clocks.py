"""The difference between a machine's clock and the console's: the best of several looks.

An answer that was long under way makes a clock look behind, never ahead; so of the last looks the one that puts it
furthest ahead was under way for the shortest time (the minimum filter of NTP, RFC 5905, section 10).
"""

LOOKS = 8


def looked(now: float, at: float, before: tuple[float, ...]) -> tuple[float, ...]:
    """The last LOOKS differences, newest last: the machine's Unix time `now` minus the console's monotonic `at`."""
    return (*before, now - at)[-LOOKS:]
