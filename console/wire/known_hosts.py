"""The files of known host keys, as ssh reads them: one odd line, or a file that can't be read, is passed over."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import asyncssh

from console.wire.sentences import system_error


def read(files: Iterable[Path]) -> tuple[asyncssh.SSHKnownHosts, tuple[str, ...]]:
    """The keys, and in a sentence each what was passed over."""
    known, passed = asyncssh.import_known_hosts(""), list[str]()
    for path in files:
        try:
            text = path.read_bytes().decode(errors="replace")
        except FileNotFoundError:
            continue
        except OSError as error:
            passed.append(f"{path} was passed over: {system_error(error)}")
            continue
        fine, odd = _sorted(text)
        known.load(fine)
        passed += [f"line {number} of {path} was passed over: it is no line of known_hosts" for number in odd]
    return known, tuple(passed)


def _sorted(text: str) -> tuple[str, list[int]]:
    """The lines that asyncssh understands, and the numbers of the others."""
    if _understood(text):
        return text, []
    lines = [(number, line, _understood(line)) for number, line in enumerate(text.splitlines(), 1)]
    return "\n".join(line for _, line, fine in lines if fine), [number for number, _, fine in lines if not fine]


def _understood(text: str) -> bool:
    try:
        asyncssh.import_known_hosts(text).match("host", "", None)
    except Exception:  # noqa: BLE001 -- whatever comes of a line that anybody has written
        return False
    return True


def named(passed: Iterable[str], most: int = 3) -> Iterator[str]:
    """The first of them, and how many more."""
    each = list(dict.fromkeys(passed))
    yield from each[:most]
    if len(each) > most:
        yield f"{len(each) - most} more were passed over"
