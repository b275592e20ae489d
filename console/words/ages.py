"""Ages and lengths of time, in few cells, and so that what is well stands still on the screen."""

from console.words.words import Word


def limit(pace: float) -> float:
    """Seconds after which a look is older than two rounds, with the second that an answer may take."""
    return 2 * pace + 1


def age(seconds: float, most: float) -> Word:
    """An age. Within two batches it is not counted by the second: a healthy screen stands still."""
    fresh = seconds <= most
    return Word("", f"≤{most:.0f}s" if fresh else span(seconds), "dim" if fresh else "unknown")


def took(seconds: float) -> str:
    """The time of a visit, in few enough figures that an even one stands still."""
    milliseconds = seconds * 1000
    if milliseconds < 10:
        return "<10ms"
    return f"{round(milliseconds, -1):.0f}ms" if milliseconds < 1000 else f"{seconds:.1f}s"


def span(seconds: float) -> str:
    """A length of time in at most four cells: 44s, 12m, 5h, 30d, 999d."""
    for limit, unit, name in ((100, 1, "s"), (6000, 60, "m"), (48 * 3600, 3600, "h")):
        if seconds < limit:
            return f"{max(0, int(seconds // unit))}{name}"
    return f"{min(999, int(seconds // 86400))}d"
