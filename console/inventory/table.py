"""One table of an inventory: each value is checked as it is taken out, and a fault names its file and dotted key."""

import difflib
import ipaddress
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, NoReturn, cast
from urllib.parse import urlsplit

from console.text import plain_text

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]{0,127}")
"""A package's name, of Debian or Red Hat, without architecture or version."""
MACHINE_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The forms of systemd and of FreeBSD."""
MAX_SECONDS = 86_400 * 7.0
"""Seconds: no timing is longer than a week."""
KINDS = {
    "dict": "a table",
    "list": "a list",
    "str": "a text",
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
}


MAX_REPEATS = 2
"""* + and { in one pattern. Each multiplies the time by the length of a line; a repeated group may double it each time,
and while Python searches no key is heard."""


def _may_take_for_ever(pattern: str) -> bool:
    plain = re.sub(r"\\.", "x", pattern)
    plain = re.sub(r"\[\^?\]?[^\]]*\]", "x", plain)
    return bool(re.search(r"\)\s*[*+{]", plain)) or len(re.findall(r"[*+{]", plain)) > MAX_REPEATS


class InventoryError(ValueError):
    """A fault of an inventory in one sentence: file, key, what is wrong, and what is allowed."""


def allowed(word: str, known: Iterable[str]) -> str:
    """The end of a sentence: the words that are allowed in the place of `word`, the nearest first."""
    words = list(known)
    near = difflib.get_close_matches(word, words, 1)
    return (f"; did you mean {near[0]}? Allowed: " if near else "; allowed: ") + ", ".join(words)


def _a_url(schemes: tuple[str, ...]) -> str:
    return f"a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"


class Table(NamedTuple):
    """`key` is its dotted name in the file, empty for the whole of it."""

    path: Path
    key: str
    values: dict[str, object]

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys in the order of the file."""
        return tuple(self.values)

    def error(self, what: str, key: str = "") -> InventoryError:
        """The sentence for this table, or for one key of it."""
        dotted = ".".join(part for part in (self.key, plain_text(key, 80)) if part)
        return InventoryError(f"{self.path}: {dotted}: {what}" if dotted else f"{self.path}: {what}")

    def only(self, *known: str) -> None:
        """Raises if there is any other key."""
        for key in self.keys:
            if key in known:
                continue
            if "pass" in key.lower() or "secret" in key.lower():
                self._no_secret(key, known)
            raise self.error(f"there is no such key{allowed(key, known)}", key)

    def _no_secret(self, key: str, known: tuple[str, ...]) -> NoReturn:
        if "password_file" in known:
            remedy = "say where it is with password_env, password_file, password_command or option_file"
        else:
            remedy = "machines are logged in to with a key: use ssh-agent, or `identity`"
        raise self.error(f"a secret doesn't belong in this file; remove it and {remedy}", key)

    def wrong(self, key: str, wanted: str) -> InventoryError:
        """The sentence for a value of the wrong type."""
        value = self.values.get(key)
        shown = "missing" if value is None else f"{KINDS.get(type(value).__name__, 'a date or time')}, not {wanted}"
        return self.error(f"is {shown}" + (f"; set it to {wanted}" if value is None else ""), key)

    def table(self, key: str) -> "Table":
        """An empty one if it is not there."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, f"a table: [{self.key + '.' if self.key else ''}{plain_text(key, 80)}]")
        dotted = f"{self.key}.{plain_text(key, 80)}" if self.key else key
        return Table(self.path, dotted, cast(dict[str, object], value))

    def name(self, key: str) -> str:
        """`key` itself, as the name of a cluster, machine or VIP."""
        if not NAME.fullmatch(key):
            raise self.error("a name is made of A-Z a-z 0-9 . _ - and begins with a letter or digit", key)
        return key

    def text(self, key: str, wanted: str = "a text") -> str | None:
        """None if it is not there."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.wrong(key, wanted)
        if not value.strip() or not value.isprintable():
            raise self.error(f"is empty or holds control characters; set it to {wanted}", key)
        return value

    def word(self, key: str, wanted: str) -> str | None:
        """A text that ssh could not take for an option, and that holds no blank."""
        value = self.text(key, wanted)
        if value is not None and (value.startswith("-") or " " in value):
            raise self.error(f"{plain_text(value, 80)!r} is not {wanted}: it holds a blank or begins with -", key)
        return value

    def one_of(self, key: str, words: tuple[str, ...]) -> str | None:
        """One of `words`. None if it is not there."""
        value = self.text(key, " or ".join(words))
        if value is not None and value not in words:
            raise self.error(f"{plain_text(value, 80)!r} is none of them{allowed(value, words)}", key)
        return value

    def pattern(self, key: str) -> str | None:
        """A regular expression. None if it is not there."""
        value = self.text(key, "a regular expression")
        try:
            re.compile(value or "")
        except (re.error, RecursionError, OverflowError) as error:
            raise self.error(f"is not a regular expression: {plain_text(str(error), 80)}", key) from None
        if value and _may_take_for_ever(value):
            most = f"repeats a group, or more than {MAX_REPEATS} times"
            raise self.error(f"{most}: some line a machine prints would be searched for ever; write the words out", key)
        return value

    def off(self, key: str) -> bool:
        """The key is there, and is `false`."""
        return self.values.get(key) is False

    def yes(self, key: str) -> bool:
        """False if it is not there."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def port(self, key: str) -> int | None:
        """None if it is not there."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(key, "a port from 1 to 65535")
        if not 1 <= value <= 65535:
            raise self.error(f"{plain_text(str(value), 20)} is not a port from 1 to 65535", key)
        return value

    def seconds(self, key: str, default: float) -> float:
        """`default` if it is not there."""
        value = self.values.get(key, default)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.wrong(key, "a number of seconds")
        if not math.isfinite(value) or not 0 < value <= MAX_SECONDS:
            raise self.error(f"{plain_text(str(value), 20)} is not a number of seconds above 0 and up to a week", key)
        return float(value)

    def file(self, key: str) -> Path | None:
        """`~` is the user's home; a relative path begins at the inventory's folder."""
        value = self.text(key, "a path")
        return None if value is None else self.located(key, value)

    def located(self, key: str, value: str) -> Path:
        """Like `file`, for a path that was taken out already."""
        try:
            return self.path.parent / Path(value).expanduser()
        except RuntimeError:
            raise self.error(f"{value}: there is no such user's home folder; write the path out", key) from None

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of texts. None if it is not there."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, list):
            raise self.wrong(key, "a list of texts")
        items = cast(list[object], value)
        texts = tuple(item for item in items if isinstance(item, str) and item.isprintable())
        if len(texts) != len(items):
            raise self.error("holds something that is not a printable text; set it to a list of texts", key)
        return texts

    def names(self, key: str) -> tuple[str, ...]:
        """A list of names, all different; empty if it is not there."""
        names = self.texts(key) or ()
        for at, name in enumerate(names):
            if not NAME.fullmatch(name):
                raise self.error(f"{plain_text(name, 80)!r} is not a name made of A-Z a-z 0-9 . _ -", key)
            if name in names[:at]:
                raise self.error(f"{name} is there twice; remove one", key)
        return names

    def packages(self, key: str) -> tuple[str, ...]:
        """A list of names of packages, all different; empty if it is not there."""
        names = self.texts(key) or ()
        for at, name in enumerate(names):
            if not PACKAGE.fullmatch(name):
                raise self.error(f"{plain_text(name, 80)!r} is no package's name; write each out, without * or :", key)
            if name in names[:at]:
                raise self.error(f"{name} is there twice; remove one", key)
        return names

    def address(self, key: str) -> str:
        """An IPv4 or IPv6 address, written as everyone writes it."""
        value = self.text(key, 'an IP address: "10.20.0.11"')
        if value is None:
            raise self.wrong(key, 'an IP address: "10.20.0.11"')
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            shown = plain_text(value, 80)
            raise self.error(f"{shown!r} is not an IP address; a host name or alias goes into `host`", key) from None

    def machine_id(self, key: str) -> str | None:
        """A node's /etc/machine-id or a firewall's kern.hostuuid, in small letters. None if it is not there."""
        value = self.text(key, "what `drainboard check` prints as machine_id")
        if value is None:
            return None
        digits = value.strip().lower()
        if not MACHINE_ID.fullmatch(digits) or not set(digits) - set("0-"):
            raise self.error(f"{plain_text(value, 80)!r} is none: `drainboard check` prints it", key)
        return digits

    def url(self, key: str, *schemes: str) -> str | None:
        """One of `schemes`, without a login in it. None if it is not there."""
        value = self.text(key, _a_url(schemes))
        return None if value is None else self._url(key, value, schemes)

    def urls(self, key: str, *schemes: str) -> tuple[str, ...]:
        """A list of such URLs, all different; empty if it is not there."""
        values = self.texts(key) or ()
        if len(set(values)) < len(values):
            raise self.error("names the same URL twice; keep one", key)
        return tuple(self._url(key, value, schemes) for value in values)

    def _url(self, key: str, value: str, schemes: tuple[str, ...]) -> str:
        wanted = _a_url(schemes)
        try:
            parts = urlsplit(value)
            good = parts.scheme in schemes and parts.hostname and (parts.port is None or parts.port > 0)
        except ValueError:
            raise self.error(f"{plain_text(value, 80)!r} is not {wanted}", key) from None
        if "@" in parts.netloc:
            raise self.error("a URL with a login in it is refused: a secret doesn't belong in this file", key)
        if not good or not value.isascii() or " " in value:
            raise self.error(f"{plain_text(value, 80)!r} is not {wanted}, in ASCII and without blanks", key)
        return value
