"""Events: what appeared is told once, and what a worse finding swallows is not told to be over."""

from console.health.finding import Finding, Kind, Level
from console.health.news import Told, news

LOST = Finding(Level.DEGRADED, "node2", Kind.LOST, "node2 lost")
AWAY = Finding(Level.DEGRADED, "www", Kind.BRICK_AWAY, "brick away on node2")
BOTH = Finding(Level.DEGRADED, "node2", Kind.LOST, "node2 lost", brings=(AWAY,))


def test_each_is_told_once() -> None:
    told: Told = {}
    looks = [
        ((AWAY,), (AWAY,), ()),
        ((AWAY,), (), ()),
        ((BOTH,), (BOTH,), ()),
        ((AWAY,), (), (BOTH,)),
        ((), (), (AWAY,)),
    ]
    for now, appeared, over in looks:
        seen, gone, told = news(told, now)
        assert (seen, gone) == (appeared, over), now


def test_what_was_hidden_from_the_beginning_is_told_when_it_is_all_that_is_left() -> None:
    _, _, told = news({}, (BOTH,))
    seen, gone, _ = news(told, (AWAY,))
    assert (seen, gone) == ((AWAY,), (BOTH,))
