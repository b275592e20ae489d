"""The one SSH connection to a machine: made when it is needed, kept, re-made with back-off."""

import asyncio
import re
import secrets
import shlex
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import asyncssh

from console.inventory.cluster import Firewall, Node
from console.probes.ask import (
    Cause,
    Hold,
    Identity,
    Ran,
    Refused,
    Run,
    Taken,
    TimedOut,
    Unproven,
    Unreachable,
    Unreadable,
    WireError,
    script,
)
from console.probes.hosts.identity import question, read
from console.wire.backoff import Backoff
from console.wire.deadline import Deadline
from console.wire.held import Held
from console.wire.here import router_to
from console.wire.login import log_in, silent_for
from console.wire.opened import Opened, or_closed
from console.wire.sentences import ended, place, said
from console.wire.shell import Printed, Shell

CHANNELS = 6
"""Channels at once on one connection; sshd's MaxSessions is 10, and a hung command keeps its session until it dies."""
KEPT = 2
"""Idle shells that are kept on one connection: one for the fast batch, one for all other questions."""
WARY = 3.0
"""Seconds for a command that has no end of its own, where one did not end."""
UNPROVEN = 10.0
"""Seconds after which a connection that proves nothing is made anew: the ssh line, or the address, may be mended."""
SILENCES = 2
"""Timeouts in a row after which the connection is given up: a machine that lost power never says so."""

SUDO_REFUSES = re.compile(
    r"^sudo(-rs)?: .*((password|terminal|authentication) is required|must have a tty|no tty present|"
    r"no password was|no askpass|reading password|command not allowed|"
    r"no new privileges|effective uid is not 0|must be owned by uid 0|account (validation|is|has)|"
    r"(password|password is|account) expired|"
    r"authentication failed|incorrect (password|authentication)|you are not allowed to|is disabled|PAM |pam_|"
    r"sudoers is (world|group|owned)|no valid sudoers|parse error|to (stat|open|read) /etc/sudoers|initializ|"
    r"session init|invalid configuration|do not exist in the passwd|unknown (uid|user))|"
    r"is not allowed to (execute|run)|not in the sudoers file|may not run sudo|"
    r"^(sudo(-rs)?: )?I'm sorry .* can't do that|failed to run command .sudo.|^timeout: sudo: |"
    r"\bsudo: (command )?not found$",
    re.MULTILINE | re.IGNORECASE,
)
"""Refusals of sudo and sudo-rs. Their warnings, and a command's own words, don't match."""


def _with_an_end(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    return tuple(replace(run, timeout=WARY) if run.timeout is None else run for run in runs)


class Ssh:
    """One machine's SSH connection, and everything that goes over it. Its methods raise WireError and nothing else."""

    def __init__(
        self, machine: Firewall | Node, connect: float, doubt: Callable[[Identity], str] = lambda _identity: ""
    ) -> None:
        """`connect` bounds an attempt, in seconds. `doubt`: why it is not proven who answers, or ""."""
        self.name = machine.name
        self.where = f"{machine.name} ({place(machine.login.host, machine.login.port)})"
        self._machine = machine
        self._connect = connect
        self._why_unproven = doubt
        self._opened: Opened | None = None
        self._opening: asyncio.Task[WireError | None] | None = None
        self.identity: Identity | None = None
        """The newest answer to the identity question; None before the first one, and after an attempt that got none."""
        self._proved: tuple[Opened, float] | None = None
        """The connection on which that was, and when."""
        self._backoff = Backoff()
        self._channels = asyncio.Semaphore(CHANNELS)
        self._busy = 0
        self._silences = 0
        self._idle: list[Shell] = []
        self._wary = False
        """True after a script that did not end and held a command without an end of its own. It may still hang there:
        with one more in each batch no session would be left for an order."""

    async def connection(self) -> Opened:
        """The kept connection, or a new one, to the machine that is proven to be this one: the only way to it."""
        opened, identity = await self._introduced()
        if doubt := self._why_unproven(identity):
            raise Unproven(doubt)
        return opened

    async def who(self) -> Identity:
        """The identity of the machine that answers, proven or not."""
        return (await self._introduced())[1]

    async def _introduced(self) -> tuple[Opened, Identity]:
        """The kept connection, or a new one, and what the machine told on it. While backing off the last failure is
        raised at once."""
        self._renew()
        if not self._ready:
            await self._open_once()
        if self._opened is None or self.identity is None:
            raise self.broken(asyncssh.ConnectionLost("it ended at once"))
        return self._opened, self.identity

    @property
    def _ready(self) -> bool:
        """Open, and its machine has told who it is on this very connection."""
        opened = self._opened
        return (
            opened is not None
            and self._proved is not None
            and self._proved[0] is opened
            and not opened.conn.is_closed()
        )

    def _renew(self) -> None:
        """Give a connection up that has proved nothing for a while, unless something is under way on it."""
        if not self._ready or self._proved is None or self.identity is None or self._busy:
            return
        if self._why_unproven(self.identity) and asyncio.get_running_loop().time() - self._proved[1] > UNPROVEN:
            self._abort()

    async def _open_once(self) -> None:
        standing = self._backoff.standing(asyncio.get_running_loop().time())
        if standing is not None:
            raise standing.with_traceback(None)
        if self._opening is None:
            self._opening = asyncio.create_task(self._open(), name=f"connect {self.name}")
        # Shielded: the attempt is everybody's, a caller that gives up must not end it.
        failure = await asyncio.shield(self._opening)
        if failure is not None:
            raise failure.with_traceback(None)

    async def _open(self) -> WireError | None:
        """Never raises: nobody may be left who would hear it."""
        clock, opened = asyncio.get_running_loop().time, None
        try:
            self._abort()
            opened = self._opened = await log_in(self.name, self._machine.login, self._connect)
            self.where = opened.where
            self._silences = 0
            self.identity = await self._ask_who(opened)
            self._proved = opened, clock()
        except WireError as error:
            self.identity = None
            if opened is not None and self._opened is not opened:  # it was silent for too long, and is made anew
                return TimedOut(f"{self.where} is connected but didn't answer; it hangs or lost power")
            self._abort()
            self._backoff.failed(error, clock())
            return error
        finally:
            self._opening = None
        self._backoff.reset()
        return None

    async def _ask_who(self, opened: Opened) -> Identity:
        """The first question on every connection. Its shell is kept for the next."""
        printed = Printed(secrets.token_hex(8))
        try:
            await self._answer(opened, script((question(self._machine),), printed.mark), printed, keep=True)
            answered = printed.answered(1)
        except Unreadable as error:
            raise WireError(f"{self.where}: {error}") from None
        except (asyncssh.Error, OSError) as error:
            raise self.broken(error) from None
        if not answered:
            raise self._why_ended(printed)
        told = read(self._machine, answered[0], opened.host_key)
        return replace(told, hops=opened.hop_keys, router=router_to(opened.reached_at))

    @asynccontextmanager
    async def channel(self) -> AsyncGenerator[Opened]:
        """A turn on the connection: at most CHANNELS at once."""
        async with self._channels:
            opened = await self.connection()
            self._busy += 1
            try:
                yield opened
            finally:
                self._busy -= 1

    async def run(self, runs: tuple[Run, ...], deadline: Deadline, keep: bool = False) -> tuple[Ran | WireError, ...]:
        """Run all commands in one script, before the deadline. Answers from before a failure count.

        `keep`: in a shell that is kept for the next script, for questions that are asked again and again. An order gets
        a shell of its own.
        """
        printed, sudo = Printed(secrets.token_hex(8), max(run.most for run in runs)), False
        failure: WireError | None = None
        left = deadline.left
        try:
            async with deadline.enforced(), self.channel() as opened:
                sudo = self._needs_sudo(opened.user)
                sent = _with_an_end(runs) if self._wary else runs
                await self._answer(opened, script(sent, printed.mark, sudo), printed, keep)
        except TimeoutError:
            failure = self.silent_for(deadline, left)
        except WireError as error:
            failure = error
        except (asyncssh.Error, OSError) as error:
            failure = self.broken(error)
        if keep and any(run.timeout is None for run in runs):
            self._wary = not printed.tidy
        return self._outcomes(runs, printed, failure, sudo)

    async def hold(self, hold: Hold, line: str, deadline: Deadline) -> Held:
        """A held command that has echoed its first line, before the deadline. It takes one of the channels
        until it ends. Raises Taken where somebody else holds what it holds."""
        left = deadline.left
        held = Held(self.where)
        try:
            async with deadline.enforced():
                await self._channels.acquire()
                try:
                    await self._begin(held, hold, line)
                except BaseException:
                    self._channels.release()
                    raise
        except TimeoutError:
            raise self.silent_for(deadline, left) from None
        except (asyncssh.Error, OSError) as error:
            raise self.broken(error) from None
        held.when_ended(self._channels.release)
        return held

    async def _begin(self, held: Held, hold: Hold, line: str) -> None:
        opened = await self.connection()
        held.where = opened.where
        sudo = self._needs_sudo(opened.user)
        try:
            opening = opened.conn.create_session(  # pyright: ignore
                lambda: held, "/bin/sh", request_pty=False, x11_forwarding=False, encoding=None
            )
            await or_closed(cast("Coroutine[Any, Any, object]", opening), lambda _: held.drop())
            await held.begin(hold, sudo, secrets.token_hex(8))
            await held.say(line)
        except BaseException as error:
            held.drop()
            if isinstance(error, Unreachable) and held.ended and not opened.conn.is_closed():
                raise self._not_held(hold, held.ended, sudo) from None
            raise

    def _not_held(self, hold: Hold, ended: Ran, sudo: bool) -> WireError:
        """Why a held command ended before it had echoed anything."""
        if ended.status == hold.taken:
            return Taken(f"{self.where}: somebody else holds it")
        judged = self._judge(Run(hold.argv, root=True), ended, sudo)
        if isinstance(judged, Refused):
            return judged
        return Refused(f"{self.where}: {hold.argv[0]} ended with status {ended.status}; {said(ended.err or ended.out)}")

    async def _answer(self, opened: Opened, text: str, printed: Printed, keep: bool) -> None:
        shell = self._kept(opened) if keep else None
        shell = shell or await Shell.open(opened.conn, printed)
        await shell.answer(text, printed, keep)
        if shell.alive and len(self._idle) < KEPT:
            self._idle.append(shell)
        else:
            shell.close()

    def _kept(self, opened: Opened) -> Shell | None:
        """An idle shell of this very connection; those that have ended are forgotten."""
        self._idle = [shell for shell in self._idle if shell.alive and shell.conn is opened.conn]
        return self._idle.pop() if self._idle else None

    def _outcomes(
        self, runs: tuple[Run, ...], printed: Printed, failure: WireError | None, sudo: bool
    ) -> tuple[Ran | WireError, ...]:
        try:
            answered = printed.answered(len(runs))
        except Unreadable as error:
            answered, failure = (), WireError(f"{self.where}: {error}")
        self._count_silence(failure, bool(answered))
        rest = failure or self._why_ended(printed)
        done = tuple(self._judge(run, ran, sudo) for run, ran in zip(runs, answered, strict=False))
        return (*done, *(rest for _ in runs[len(done) :]))

    def _why_ended(self, printed: Printed) -> WireError:
        if printed.too_much:
            return WireError(f"{self.where} printed more than {printed.most >> 20} MiB; the rest was not read")
        if printed.lost is not None:
            return self.broken(printed.lost)
        return WireError(f"{self.where} ended /bin/sh before it had answered; {said(printed.error_text)}")

    def _count_silence(self, failure: WireError | None, answered: bool) -> None:
        if answered or not isinstance(failure, TimedOut) or failure.cause is Cause.HELD_UP:
            self._silences = 0
            return
        self._silences += 1
        if self._silences >= SILENCES:
            self._abort()

    @property
    def sudo(self) -> bool:
        """Root's commands go through sudo; False until the first login has shown our user there."""
        return self._opened is not None and self._needs_sudo(self._opened.user)

    def _needs_sudo(self, user: str) -> bool:
        """pfSense's `admin` is uid 0 and knows no sudo."""
        return user not in (("root", "admin") if isinstance(self._machine, Firewall) else ("root",))

    def _judge(self, run: Run, ran: Ran, sudo: bool) -> Ran | Refused:
        found = SUDO_REFUSES.search(ran.err) if sudo and run.root and ran.status else None
        if found is None:
            return replace(ran, at=time.monotonic())
        why = ran.err[ran.err.rfind("\n", 0, found.start()) + 1 :].partition("\n")[0]  # sudo may read a lecture first
        user = self._opened.user if self._opened else "the login user"
        tty = f", with the line `Defaults:{user} !requiretty`" if "tty" in why else ""
        return Refused(
            f"{self.where}: sudo doesn't let {user} run `{shlex.join(run.argv)[:80]}` without a password, "
            f"{said(why)}. Allow that command there in /etc/sudoers.d/drainboard{tty}; `drainboard sudoers` "
            f"prints it"
        )

    def silent_for(self, deadline: Deadline, left: float) -> TimedOut:
        """The sentence for a machine that didn't answer in time. `left`: see `Deadline.describe`."""
        limit = deadline.describe(left)
        if self._opened is None:
            return silent_for(self.name, self._machine.login, limit, deadline.cause)
        return TimedOut(f"{self.where} is connected but didn't answer {limit}; it hangs or lost power", deadline.cause)

    def broken(self, error: Exception) -> Unreachable:
        """The sentence for a connection that broke or a channel that wasn't opened."""
        if isinstance(error, asyncssh.ChannelOpenError) and self._opened and not self._opened.conn.is_closed():
            return Unreachable(
                f"{self.where} opens no further session; {said(str(error))}; commands hang there, or "
                f"MaxSessions in its sshd_config is below 10"
            )
        return Unreachable(f"{self.where} lost the SSH connection while it was asked: {ended(error)}")

    @property
    def passed_over(self) -> tuple[str, ...]:
        """SSH settings that can't be used; empty until somebody is logged in."""
        return self._opened.passed_over if self._opened else ()

    def retry(self) -> None:
        """Forget the last failure, so that the next question makes an attempt at once. Drop a connection that is not
        proven to lead to this machine."""
        self._backoff.reset()
        if self._ready and self.identity is not None and not self._busy and self._why_unproven(self.identity):
            self._abort()

    def _abort(self) -> None:
        if self._opened is not None:
            self._opened.abort()
        self._opened = None

    async def close(self) -> None:
        """End the connection and any attempt at one."""
        opening, opened = self._opening, self._opened
        if opening is not None:
            opening.cancel()
            await asyncio.wait([opening])
        self._abort()
        if opened is not None:
            await opened.conn.wait_closed()
