"""Reading what machines answered: small checks that every parser shares. All of them raise Unreadable."""

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast
from xml.parsers.expat import ExpatError

from console.probes.ask import Answer, Ran, Rows, Unreadable
from console.text import figure, plain_text

MAX_ANSWER = 1 << 20
"""Characters of one command's output that are read: what is read costs time in which no key is heard."""
MAX_TAGS = 300_000
"""Tags of an XML document that are read, for the same reason; a config.xml of 1 MiB holds some 60,000."""
MAX_LEVELS = 40
"""Levels to which an XML document may be nested: nobody's has twenty, and Python overflows at some hundreds."""
MAX_LINE = 1 << 16
"""Characters of a complaint's first line; it is shown shorter."""
MAX_SHORT = 80
"""Characters of a word that is only shown and compared."""
MAX_UNREAD = 5
"""Sentences about what can't be read: more of them say no more."""

P = TypeVar("P")
T = TypeVar("T")

_NOBODY = re.compile(r"(?im)^(?:n(?:et)?c(?:at)?: |.*\bsocat\[[0-9]+\] E connect).*(?:No such file|refused)")
_SUDO = re.compile(r"(?m)^sudo(?:-rs)?: .*\n?")


def without_sudo(text: str) -> str:
    """A command's complaints without sudo's warnings: such as that the host's name does not resolve."""
    return _SUDO.sub("", text)


def ran(answer: Answer, most: int = MAX_ANSWER) -> str:
    """The output, of at most so many characters, of a command that must have succeeded."""
    if not isinstance(answer, Ran):
        raise Unreadable("not a command's answer")
    if answer.status == 124:
        raise Unreadable("the command did not end in time and was ended")
    if answer.status != 0:
        complaint = first_line(without_sudo(answer.err)) or first_line(answer.err or answer.out) or "no output"
        raise Unreadable(f"the command failed with status {answer.status}: {complaint}")
    if len(answer.out) > most:
        raise Unreadable(f"the command printed more than {most >> 10} KiB")
    return answer.out


def nobody_listens(answer: Ran) -> bool:
    """`nc -U` finds no socket, or nobody behind it. On CentOS, Rocky and Alma it is ncat; socat may stand in for it."""
    return answer.status != 0 and _NOBODY.search(answer.err) is not None


def first_line(text: str) -> str:
    """The first that is not blank, or "". Megabytes are not cut into lines for it: meanwhile no key is heard."""
    return lines_of(text.strip()[:MAX_LINE])[0] if text.strip() else ""


def each(parse: Callable[[P], T], parts: Iterable[P], unread: list[str]) -> tuple[T, ...]:
    """Read all parts that can be read. One that can't costs itself only; why goes into `unread`."""
    found: list[T] = []
    for part in parts:
        try:
            found.append(parse(part))
        except Unreadable as why:
            unread.append(str(why))
    return tuple(found)


def told(unread: Iterable[str]) -> tuple[str, ...]:
    """The first few of the sentences in `unread`, made harmless."""
    return tuple(plain_text(why, 160) for why in dict.fromkeys(unread))[:MAX_UNREAD]


def lines_of(text: str) -> list[str]:
    """The lines of an output. Only a line feed ends one: a name may hold what else Python takes for an end."""
    return text.removesuffix("\n").split("\n") if text else []


def table(answer: Answer) -> dict[str, str]:
    """Two-column rows, as SHOW STATUS gives them, as a mapping."""
    if not isinstance(answer, Rows) or any(len(row) != 2 for row in answer.rows):
        raise Unreadable("not the two columns of SHOW STATUS")
    return {row[0]: row[1] for row in answer.rows}


def short(text: str | None) -> str:
    """A word that a machine chose, to show and to compare: one harmless line, not long."""
    return plain_text(text or "", MAX_SHORT)


def xml(text: str, what: str, lists: tuple[str, ...], most: int = MAX_TAGS) -> dict[str, Any]:
    """A document of at most so many tags as nested mappings; elements named in `lists` are always lists. Entities are
    refused."""
    import xmltodict  # it brings urllib, http and email along: not before the first paint

    def kept(path: list[Any], key: str, value: Any) -> tuple[str, Any]:
        if len(path) > MAX_LEVELS:
            raise Unreadable(f"{what} is nested more than {MAX_LEVELS} levels deep")
        return key, value

    if text.count("<") > most:
        raise Unreadable(f"{what} holds more than {most} tags")
    try:
        return xmltodict.parse(text, force_list=lists, postprocessor=kept)
    except Unreadable:
        raise
    except (ExpatError, ValueError) as error:
        raise Unreadable(f"{what} is not XML") from error


def serves(status: int) -> bool:
    """2xx or 3xx: what a load balancer's check takes for up."""
    return 200 <= status < 400


def whole(text: str | None, what: str) -> int:
    """A non-negative whole number, or Unreadable that names `what`."""
    found = figure(text.strip()) if text is not None else None
    if found is None:
        raise Unreadable(f"{what} is {'missing' if text is None else repr(text[:40])}, not a whole number")
    return found


def dig(tree: Any, *keys: str) -> Any:
    """Follow keys into nested mappings; a list on the way stands for its first element; None where it ends."""
    for key in keys:
        if isinstance(tree, list):
            tree = cast("list[Any]", tree)[0] if tree else None
        tree = cast("dict[str, Any]", tree).get(key) if isinstance(tree, dict) else None
    return tree


def rows(tree: Any, *keys: str) -> tuple[dict[str, Any], ...]:
    """The list of mappings at a path, or nothing."""
    found = dig(tree, *keys)
    return tuple(cast("dict[str, Any]", row) for row in cast("list[Any]", found or []) if isinstance(row, dict))


def rate(then: int | None, now: int | None, seconds: float) -> float | None:
    """A counter's steps a second between two looks; None where it is not printed, went back (its program was restarted,
    or it was not known), or no time has passed."""
    if then is None or now is None or seconds <= 0 or not 0 <= then <= now:
        return None
    return (now - then) / seconds
