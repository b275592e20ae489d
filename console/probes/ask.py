"""Questions and orders to a machine as plain values, and the answers.

Nothing here sends: `console.wire` does. Every value that came from a machine or from the inventory travels as an
element of `argv` or inside `stdin` and is quoted in one place, `script`.
"""

import re
import shlex
from dataclasses import dataclass, field
from enum import Enum

MAX_OUT = 4 << 20
"""Bytes of standard output of one call that are read, unless it says otherwise."""


@dataclass(frozen=True)
class Run:
    """One command. /bin/sh runs it without a terminal, with `sudo -n` where the login needs it."""

    argv: tuple[str, ...]
    stdin: str = ""
    root: bool = False
    timeout: float | None = 3.0
    """Seconds the machine gives the command before it ends it. None: it reads only what the kernel holds, and needs no
    process beside it that waits for its end, unless it did not end last time; a builtin of the shell needs none."""
    only_after: bool = False
    """Run only if the command before it ended with status 0; otherwise its own status is 1 and it printed nothing."""
    most: int = MAX_OUT
    """Bytes of output that are read."""


@dataclass(frozen=True)
class Query:
    """One SQL statement for the node's own MySQL, through the SSH connection."""

    sql: str


@dataclass(frozen=True)
class Write(Query):
    """One statement that changes a row, under the account of the inventory's [patch.write]."""


@dataclass(frozen=True)
class Get:
    """One HTTP GET, redirects not followed. `via` names the machine whose SSH connection carries it; None: direct.

    `connect_to` overrides where the TCP connection goes ((address, port)), so that a virtual address can be visited
    under the site's own name.
    """

    url: str
    via: str | None = None
    host: str | None = None
    connect_to: tuple[str, int] | None = None


@dataclass(frozen=True)
class Hold:
    """A command, run as root, that lasts as long as its standard input is open, and echoes each line it is given.

    It has no timeout: nothing but the end of its input, or of the connection, ends it.
    """

    argv: tuple[str, ...]
    taken: int
    """The status with which it ends at once where somebody else holds what it holds."""


@dataclass(frozen=True)
class Identify:
    """The question of identity. Nothing is sent for it: the wire has asked `run` first of all on the connection."""

    run: Run


Ask = Run | Query | Get | Identify


@dataclass(frozen=True)
class Ran:
    """The output of a command, bounded by the wire. `status` 124 means `timeout` ended it."""

    status: int
    out: str
    err: str
    at: float = field(default=0.0, compare=False)
    """Time of its end, in seconds of the console's monotonic clock: the base of rates between two answers."""


@dataclass(frozen=True)
class Rows:
    """Rows of text; SQL NULL is the empty string."""

    rows: tuple[tuple[str, ...], ...]
    at: float = field(default=0.0, compare=False)
    """Like `Ran.at`."""


@dataclass(frozen=True)
class Page:
    """An HTTP answer, `body` bounded by the wire. `seconds` from the first byte sent to the last one read."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    seconds: float
    at: float = field(default=0.0, compare=False)
    """Like `Ran.at`."""
    ends: float = field(default=0.0, compare=False)
    """Unix time at which the server's certificate ends; 0 for a page without one."""

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True)
class Identity:
    """A machine's own words on a new connection, and why it is not proven, if so. A part is empty where the machine
    tells none."""

    addresses: tuple[str, ...]
    """Addresses of every interface, without those that many machines have, as loopback."""
    moving: tuple[str, ...]
    """CARP's: they go to the other firewall, so they prove nothing."""
    machine_id: str
    """A node's /etc/machine-id, a firewall's kern.hostuuid."""
    boot: str
    """Another one after each boot: a node's boot id, a firewall's kern.hostuuid and kern.boottime."""
    host_key: str
    """Its fingerprint."""
    doubt: str = ""
    """Why it is not proven that this is the machine of that name; "" when it is."""
    here: bool = False
    """It is the machine that this console runs on."""
    hops: tuple[str, ...] = ()
    """Fingerprints of the jump hosts that the connection leads through."""
    router: str = ""
    """Address of the router to which this computer sends what goes there; "" for none, or where it can't be told."""


Answer = Ran | Rows | Page | Identity


class Cause(Enum):
    """Why a reading is not known."""

    NOT_ASKED = "not asked"
    SILENT = "silent"
    """The machine, or the service asked, gave no answer."""
    REFUSED = "refused"
    """The service that was asked answered, and refused: it runs."""
    ABSENT = "absent"
    """The machine answers, and nothing listens where the service is to be asked."""
    CUT = "cut"
    """The service was reached, and closed the connection without a whole answer."""
    UNPROVEN = "unproven"
    """A machine answers, and it may be another one."""
    UNREADABLE = "unreadable"
    BUSY = "busy"
    """It answers, and can't tell just now."""
    STALE = "stale"
    HELD_UP = "held up"
    """This computer was too busy or asleep: an answer may have come, and nobody heard it in time."""
    NOT_READ_BACK = "not read back"
    """The machine may well answer: it has not been asked since what was done."""


class WireError(Exception):
    """Why there is no answer: one sentence that names the machine and, where there is one, the remedy."""

    def __init__(self, message: str, cause: Cause = Cause.SILENT) -> None:
        super().__init__(message)
        self.cause = cause


class Unreachable(WireError):
    """No connection: refused, no route, name not found, or lost under way."""


class AuthFailed(WireError):
    """The machine answered and refused the login, or MySQL did."""


class HostKeyChanged(WireError):
    """The machine's host key is unknown or not the one known_hosts holds."""


class TimedOut(WireError):
    """Connected or connecting, and no answer in time."""


class Refused(WireError):
    """The question was understood and refused: sudo wants a password, a URL is not allowed, read-only is on."""


class Taken(WireError):
    """Somebody else holds what was to be held."""


class Unproven(Refused):
    """Another machine may answer at this name: nothing is sent to it, and nothing it says counts."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Cause.UNPROVEN)


class Unreadable(ValueError):
    """An answer that is not what the question asked for: the one exception a parser may raise."""


class Busy(Unreadable):
    """The machine could not tell just now, which says nothing about the state: what is known stays known, and ages."""


PATH = "/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"


def script(runs: tuple[Run, ...], mark: str, sudo: bool = False) -> str:
    """The /bin/sh script that runs `runs` one after the other and fences what each prints, on both streams.

    It is fed to `/bin/sh` on standard input, never as an argument: pfSense <= 2.4.5 runs `-c` unquoted
    (RELENG_2_4_5 src/etc/rc.initial:49). `mark` is a word no output contains; `sections` splits by it.
    """
    lines = [f"PATH={PATH}; export PATH; LC_ALL=C; export LC_ALL", f"echo {mark}; echo {mark} >&2"]
    for at, run in enumerate(runs, 1):
        # One echo ends a command and begins the next: each is a packet that the console must read.
        fence = f'rc=$?; echo "\n{mark} $rc' + (f'\n{mark}"; echo {mark} >&2' if at < len(runs) else '"')
        if_so = '[ "$rc" = 0 ] && ' if run.only_after else ""
        lines += [if_so + command(run, mark, sudo), fence]
    return "\n".join(lines) + "\n"


def command(run: Run, mark: str, sudo: bool = False) -> str:
    """One command as /bin/sh reads it, with its standard input as a here-document."""
    watched = () if run.timeout is None else ("timeout", f"{run.timeout:g}")
    words = shlex.join((*watched, *(("sudo", "-n") if run.root and sudo else ()), *run.argv))
    if not run.stdin:
        return f"{words} </dev/null"
    body = run.stdin if run.stdin.endswith("\n") else run.stdin + "\n"
    return f"{words} <<'{mark}'\n{body}{mark}"


def sections(out: str, err: str, mark: str, count: int) -> tuple[Ran, ...]:
    """Cut the output of a `script` into one `Ran` a command. Raises Unreadable if any section is missing."""
    printed = out.split(f"{mark}\n")[1:]
    complained = err.split(f"{mark}\n")[1:]
    if len(printed) != count:
        raise Unreadable(f"answered {len(printed)} of {count} commands")
    complained += [""] * (count - len(complained))
    return tuple(_section(text, errors, mark) for text, errors in zip(printed, complained, strict=True))


_STATUS = re.compile(r"[0-9]{1,3}\n*")


def _section(text: str, errors: str, mark: str) -> Ran:
    body, fence, status = text.rpartition(f"\n{mark} ")
    if not fence or not _STATUS.fullmatch(status):
        raise Unreadable("a command's end is missing from the answer")
    return Ran(int(status), body, errors)
