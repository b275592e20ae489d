"""Finds MySQL's user and password. A secret never enters a sentence, a log, an argument or a repr."""

import asyncio
import configparser
import os
import shlex
import stat
from dataclasses import dataclass, field
from pathlib import Path

from console.inventory.cluster import Mysql
from console.probes.ask import Refused, WireError
from console.wire.sentences import said, system_error

COMMAND_SECONDS = 30.0
MAX_SECRET = 64 << 10
"""Bytes read of a password or option file."""


@dataclass(frozen=True)
class Secret:
    """User and password, and their source in words an operator can act on."""

    user: str
    password: str = field(repr=False)
    source: str


class Keyring:
    """The secret all nodes of a cluster share, fetched once: a password command may ask its user to unlock a store."""

    def __init__(self, mysql: Mysql) -> None:
        self.mysql = mysql
        self._fetching: asyncio.Task[Secret | WireError] | None = None

    async def secret(self) -> Secret:
        """Raises WireError with a sentence that says what to mend."""
        fetching = self._fetching
        if fetching is None:
            fetching = self._fetching = asyncio.create_task(self._fetch())
        # Shielded: the command goes on for the next caller if this one has no more time.
        found = await asyncio.shield(fetching)
        if isinstance(found, WireError):
            if self._fetching is fetching:
                self.forget()
            raise found.with_traceback(None)
        return found

    def forget(self) -> None:
        """The next caller fetches it anew: it was refused, or not to be had."""
        self._fetching = None

    async def _fetch(self) -> Secret | WireError:
        try:
            return await _secret(self.mysql)
        except WireError as error:
            return error

    async def close(self) -> None:
        """End a password command that still runs."""
        if self._fetching is not None and not self._fetching.done():
            self._fetching.cancel()
            await asyncio.wait([self._fetching])
        self.forget()


async def _secret(mysql: Mysql) -> Secret:
    if mysql.password_env is not None:
        return _from_env(mysql, mysql.password_env)
    if mysql.password_file is not None:
        text = _private(mysql.password_file, "password_file")
        return Secret(mysql.user, _first_line(text), f"the file {mysql.password_file}")
    if mysql.password_command is not None:
        return await _from_command(mysql, mysql.password_command)
    if mysql.option_file is not None:
        return _from_options(mysql, mysql.option_file)
    return Secret(mysql.user, "", "no password: the inventory names no source for one")


def _from_env(mysql: Mysql, name: str) -> Secret:
    value = os.environ.get(name)
    if value is None:
        raise Refused(
            f"the MySQL password is to come from the environment variable {name}, which is not set; export it"
        )
    return Secret(mysql.user, value, f"the environment variable {name}")


def _first_line(text: str) -> str:
    return text.partition("\n")[0].rstrip("\r")


def _private(path: Path, key: str) -> str:
    """The text of a file that nobody but its owner, or a group, can read."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(MAX_SECRET)
    except OSError as error:
        raise Refused(
            f"{key} {path} can't be read: {system_error(error)}; correct {key} in the inventory's mysql table"
        ) from None
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        quoted = shlex.quote(str(path))
        raise Refused(f"{key} {path} can be read or written by every user of this machine; mend it: chmod 600 {quoted}")
    return text.decode(errors="replace")


async def _from_command(mysql: Mysql, command: tuple[str, ...]) -> Secret:
    shown = f"password_command `{command[0]}`"
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
    except OSError as error:
        raise Refused(f"{shown} can't be run: {system_error(error)}; correct it in the inventory") from None
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            out, err = await process.communicate()
    except TimeoutError:
        raise WireError(f"{shown} gave no password within {COMMAND_SECONDS:g} s; run it by hand to see why") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise Refused(f"{shown} ended with status {process.returncode}, {said(err.decode(errors='replace'))}")
    return Secret(mysql.user, _first_line(out.decode(errors="replace")), shown)


def _from_options(mysql: Mysql, path: Path) -> Secret:
    parser = configparser.RawConfigParser(
        allow_no_value=True, strict=False, comment_prefixes=("#", ";"), inline_comment_prefixes=None
    )
    try:
        parser.read_string(_without_includes(_private(path, "option_file")))
    except configparser.Error:
        # The parser's own words would quote the line, and the line may be the password.
        raise Refused(f"option_file {path} is not a MySQL option file; it needs a [client] group") from None
    if not parser.has_section("client"):
        raise Refused(f"option_file {path} has no [client] group; add one with user and password")
    user = mysql.user or _unquoted(parser.get("client", "user", fallback=None) or "")
    if not user:
        raise Refused(f"option_file {path} names no user in [client], nor does the inventory; add one")
    password = _unquoted(parser.get("client", "password", fallback=None) or "")
    return Secret(user, password, f"the option file {path}")


def _without_includes(text: str) -> str:
    """`!include` is MySQL's, not configparser's; and leading blanks mean nothing to MySQL."""
    return "\n".join(line.strip() for line in text.splitlines() if not line.lstrip().startswith("!"))


ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "r": "\r", "\\": "\\", "s": " ", '"': '"', "'": "'"}


def _unquoted(value: str) -> str:
    """Read a value by the rules of mysql's my_load_defaults: a comment after a blank, one pair of quotes, then its
    escapes."""
    value = _uncommented(value).strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        value = value[1:-1]
    text, rest = "", value
    while rest:
        before, slash, rest = rest.partition("\\")
        text += before
        if slash:
            text += ESCAPES.get(rest[:1], "\\" + rest[:1])
            rest = rest[1:]
    return text


def _uncommented(value: str) -> str:
    """`#` begins a comment outside quotes (mysys find_end_comment), so a password that holds one is to be quoted."""
    quote, escaped = "", False
    for at, char in enumerate(value):
        if char in "'\"" and not escaped:
            quote = "" if quote == char else quote or char
        elif char == "#" and not quote:
            return value[:at]
        escaped = bool(quote) and char == "\\" and not escaped
    return value
