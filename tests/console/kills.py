"""At which lines of a journal a console is killed: some in `make test`, all in `make kills`."""

import os
import random
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

P = TypeVar("P")
ALL = os.environ.get("DRAINBOARD_KILLS") == "all"
SEED = 9


def sample(points: Sequence[P], group: Callable[[Any], Hashable], each: int) -> list[P]:
    """Choose this many points of every group, always the same ones; all of them in `make kills`."""
    if ALL:
        return list(points)
    chosen = list[P]()
    for name in dict.fromkeys(group(point) for point in points):
        mine = [point for point in points if group(point) == name]
        chosen += random.Random(SEED).sample(mine, min(each, len(mine)))
    return chosen
