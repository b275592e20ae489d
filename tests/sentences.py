"""Sentences that are too long for a reader who has been woken."""

import re

MOST = 20
"""Words of a sentence."""
_ENDS = re.compile(r"(?<=[.?!])\s+")
_THOUGHTS = re.compile(r"(?<=[.?!;:])\s+")


def too_long(text: str) -> list[str]:
    """The sentences of a text with more than MOST words."""
    return [one for one in _ENDS.split(text) if _words(one) > MOST]


def long_thoughts(text: str) -> list[str]:
    """The same of a sentence that was put together: a headline, a colon and its evidence are a thought each."""
    return [one for one in _THOUGHTS.split(text) if _words(one) > MOST]


def _words(sentence: str) -> int:
    return sum(bool(re.search(r"\w", word)) for word in sentence.split())
