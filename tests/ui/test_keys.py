"""The one table of keys."""

from collections import Counter

import pytest

from console.ui.keys import EVERYWHERE, on


@pytest.mark.parametrize("screen", EVERYWHERE)
def test_a_key_means_one_thing_on_a_screen(screen: str) -> None:
    many = Counter(word for key in on(screen) for word in key.key.split())
    assert [word for word, count in many.items() if count > 1] == []
