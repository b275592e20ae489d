"""Reader for PHP's serialize(): null, booleans, numbers, strings and arrays, bounded. No objects."""

import re
from typing import Any

from console.probes.ask import Unreadable

_DEEPEST = 8
_MAX_ENTRIES = 5000
_SCALAR = re.compile(rb"N;|b:([01]);|i:(-?[0-9]{1,18});|d:(-?[0-9.eE+-]{1,40});")
_STRING = re.compile(rb's:([0-9]{1,9}):"')
_ARRAY = re.compile(rb"a:([0-9]{1,6}):\{")
_END = re.compile(rb'";')
_REPLACED = "\ufffd".encode()

Value = Any
"""None, bool, int, float, str, or a dict of them by int or str."""


def unserialize(text: str, what: str, most: int = _MAX_ENTRIES) -> Value:
    """One value that is the whole text, with at most so many entries. Raises Unreadable, which names `what`."""
    reader = _Reader(text.encode("utf-8", "surrogatepass"), what, most)
    value = reader.value(0)
    if reader.at != len(reader.data):
        raise Unreadable(f"{what} do not end where they should")
    return value


class _Reader:
    """A place in serialised bytes: lengths count bytes."""

    def __init__(self, data: bytes, what: str, most: int) -> None:
        self.data = data
        self.what = what
        self.most = most
        self.at = 0
        self._entries = 0

    def value(self, depth: int) -> Value:
        if scalar := self._take(_SCALAR):
            return _scalar(scalar, self.what)
        if string := self._take(_STRING):
            return self._string(int(string[1]))
        array = self._take(_ARRAY)
        if array is None or depth >= _DEEPEST:
            raise Unreadable(f"{self.what} are not what PHP's serialize writes")
        return self._array(int(array[1]), depth)

    def _take(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        found = pattern.match(self.data, self.at)
        self.at = found.end() if found else self.at
        return found

    def _string(self, length: int) -> str:
        end = self.at + length
        if self.data[end : end + 2] != b'";':
            end = self._odd_end(length)
        text, self.at = self.data[self.at : end], end + 2
        return text.decode("utf-8", "replace")

    def _odd_end(self, length: int) -> int:
        """The end of a string in which bytes that are no UTF-8 were replaced on the way: one to three by each mark."""
        for found in _END.finditer(self.data, self.at, self.at + 3 * length + 2):
            text = self.data[self.at : found.start()]
            if len(text) - 2 * text.count(_REPLACED) <= length < len(text):
                return found.start()
        raise Unreadable(f"{self.what} hold a string of another length than they say")

    def _array(self, count: int, depth: int) -> dict[Value, Value]:
        self._entries += count
        if self._entries > self.most:
            raise Unreadable(f"{self.what} hold more than {self.most} entries")
        found: dict[Value, Value] = {}
        for _ in range(count):
            key = self.value(_DEEPEST)  # an array is no key
            found[key] = self.value(depth + 1)
        if self.data[self.at : self.at + 1] != b"}":
            raise Unreadable(f"{self.what} hold an array of another length than they say")
        self.at += 1
        return found


def _scalar(found: re.Match[bytes], what: str) -> Value:
    if found[1]:
        return found[1] == b"1"
    if found[2]:
        return int(found[2])
    try:
        return float(found[3]) if found[3] else None
    except ValueError as error:
        raise Unreadable(f"{what} hold a number that is none") from error
