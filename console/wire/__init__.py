"""The only code that touches the network. To send is to get an answer or a sentence, never an exception.

asyncssh and PyMySQL are imported with the first thing that is sent, in a thread: the screen is painted meanwhile.
"""

import asyncio
import importlib
import logging
import shlex
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from console.inventory.cluster import Cluster
from console.probes.ask import Answer, Ask, Get, Hold, Identify, Identity, Query, Refused, Run, WireError, Write
from console.probes.hosts.identity import why_unproven
from console.text import plain_text
from console.wire.deadline import Deadline
from console.wire.here import own_boot

if TYPE_CHECKING:
    from console.wire.held import Held
    from console.wire.mysql import Sql
    from console.wire.ssh import Ssh

# The screen is the terminal: what asyncssh would say there goes nowhere unless someone hangs a handler on it.
logging.getLogger("asyncssh").addHandler(logging.NullHandler())
logging.getLogger("asyncssh").propagate = False

Answers = dict[int, Answer | WireError]
"""Answers by the index of the ask in its call."""


class Wire:
    """Everything that can be said to the machines of one cluster."""

    def __init__(self, cluster: Cluster, allowed: frozenset[Ask] | None = None) -> None:
        """`allowed`: read-only; nothing but these very asks can leave. Connects to nothing yet."""
        self._cluster = cluster
        self._allowed = allowed
        self._ssh: dict[str, Ssh] = {}
        self._sql: dict[str, Sql] = {}
        self._writing: dict[str, Sql] = {}
        """The same MySQL under the account that may write."""
        self._here = ""
        """The boot of the machine this console runs on."""

    async def _prepare(self) -> None:
        """Prepare every machine before the first thing is sent."""
        if not self._ssh:
            self._here = await asyncio.to_thread(own_boot)
            for name in ("console.wire.http", "console.wire.mysql"):
                await asyncio.to_thread(importlib.import_module, name)
            self._machines()

    def _machines(self) -> "dict[str, Ssh]":
        """The way to each machine; connects to nothing."""
        if not self._ssh:
            from console.wire.mysql import Sql
            from console.wire.password import Keyring
            from console.wire.ssh import Ssh

            cluster = self._cluster
            self._ssh = {
                machine.name: Ssh(machine, cluster.timings.connect, partial(self._why_unproven, machine.name))
                for machine in cluster.machines
            }
            if cluster.mysql is not None:
                keyring = Keyring(cluster.mysql)
                self._sql = {node.name: Sql(self._ssh[node.name], keyring) for node in cluster.nodes}
            if cluster.patch.write is not None:
                keyring = Keyring(cluster.patch.write.login)
                self._writing = {node.name: Sql(self._ssh[node.name], keyring) for node in cluster.nodes}
        return self._ssh

    def _why_unproven(self, name: str, identity: Identity) -> str:
        """Why it is not proven that the machine of a name answers, also by what the other names lead to; or ""."""
        others = {ssh.name: ssh.identity for ssh in self._ssh.values() if ssh.name != name and ssh.identity}
        return why_unproven(self._cluster, name, identity, others)

    async def send(
        self, machine: str, asks: tuple[Ask, ...], timeout: float, keep: bool = False
    ) -> tuple[Answer | WireError, ...]:
        """An answer or a WireError for each ask, in their order, within `timeout` seconds.

        All `Run`s travel in one script; `Query` and `Get` go at the same time. `keep`: they will be asked again soon,
        so the shell they run in is kept. Raises KeyError for a machine that is not of this cluster, and nothing for a
        machine's fault. Cancellation passes through.
        """
        await self._prepare()
        deadline = Deadline(timeout)
        answers, leaving = self._part(machine, asks)
        jobs = self._jobs(machine, leaving, deadline, keep)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
        for task in tasks:
            answers |= task.result()
        return tuple(answers[at] for at in range(len(asks)))

    async def hold(self, machine: str, hold: Hold, line: str, timeout: float) -> "Held":
        """A command held on a machine, once it has echoed its first line. Raises WireError, and Taken if somebody else
        holds what it holds. Nothing that is held leaves while read-only is on."""
        await self._prepare()
        if self._allowed is not None:
            raise Refused(f"{machine}: read-only is on, so `{shlex.join(hold.argv)}` was not sent")
        return await self._ssh[machine].hold(hold, line, Deadline(timeout))

    def _part(self, machine: str, asks: tuple[Ask, ...]) -> tuple[Answers, dict[int, Ask]]:
        """The choke point: (refusals, asks that may leave), by place."""
        refused: Answers = {}
        leaving: dict[int, Ask] = {}
        for at, ask in enumerate(asks):
            if self._allowed is None or ask in self._allowed:
                leaving[at] = ask
            else:
                refused[at] = Refused(f"{machine}: read-only is on, so `{_shown(ask)}` was not sent")
        return refused, leaving

    def _jobs(
        self, machine: str, asks: dict[int, Ask], deadline: Deadline, keep: bool
    ) -> Sequence[Coroutine[None, None, Answers]]:
        """Coroutines that are run side by side, so that each kind of ask has the whole time."""
        runs = {at: ask for at, ask in asks.items() if isinstance(ask, Run)}
        gets = {at: (ask, self._ssh[ask.via] if ask.via else None) for at, ask in asks.items() if isinstance(ask, Get)}
        jobs = [_get(at, ask, ssh, deadline) for at, (ask, ssh) in gets.items()]
        whos = [at for at, ask in asks.items() if isinstance(ask, Identify)]
        jobs += [self._who(at, machine, deadline) for at in whos]
        if runs:
            jobs.append(_run(self._ssh[machine], runs, deadline, keep))
        for kind, sql in ((Query, self._sql), (Write, self._writing)):
            if queries := {at: ask for at, ask in asks.items() if isinstance(ask, Query) and type(ask) is kind}:
                jobs.append(_query(machine, sql.get(machine), queries, deadline))
        return jobs

    async def _who(self, at: int, machine: str, deadline: Deadline) -> Answers:
        ssh, left = self._ssh[machine], deadline.left
        try:
            async with deadline.enforced():
                identity = await ssh.who()
        except TimeoutError:
            return {at: ssh.silent_for(deadline, left)}
        except WireError as error:
            return {at: error}
        here = bool(identity.boot) and identity.boot == self._here
        return {at: replace(identity, doubt=self._why_unproven(machine, identity), here=here)}

    async def ssh_argv(self, machine: str) -> tuple[str, ...]:
        """The command line of the system's `ssh` that leads where the connection to a machine does. Raises WireError
        and KeyError."""
        from console.wire.by_hand import ssh_argv

        return await ssh_argv(machine, self._cluster.machine(machine).login)

    def sudo(self, machine: str) -> bool:
        """Root's commands go through sudo on this machine; False until the first login."""
        return self._machines()[machine].sudo

    def passed_over(self, machine: str) -> tuple[str, ...]:
        """SSH settings of a machine that can't be used, a sentence each."""
        return self._machines()[machine].passed_over

    def retry(self, machine: str) -> None:
        """Forget the machine's last failure, so that the next question makes an attempt at once."""
        self._machines()[machine].retry()
        for sql in (self._sql, self._writing):
            if machine in sql:
                sql[machine].retry()

    async def close(self) -> None:
        """End every connection and thread. Nothing can be sent afterwards without connecting anew."""
        await asyncio.gather(*(sql.close() for sql in (*self._sql.values(), *self._writing.values())))
        await asyncio.gather(*(ssh.close() for ssh in self._ssh.values()))


async def _run(ssh: "Ssh", runs: dict[int, Run], deadline: Deadline, keep: bool) -> Answers:
    return dict(zip(runs, await ssh.run(tuple(runs.values()), deadline, keep), strict=True))


async def _query(machine: str, sql: "Sql | None", queries: dict[int, Query], deadline: Deadline) -> Answers:
    if sql is None:
        return dict.fromkeys(queries, Refused(f"{machine} has no MySQL in the inventory; add [cluster.….mysql]"))
    answers: Answers = {}
    for at, query in queries.items():
        try:
            answers[at] = await sql.query(query, deadline)
        except WireError as error:
            answers[at] = error
    return answers


async def _get(at: int, ask: Get, ssh: "Ssh | None", deadline: Deadline) -> Answers:
    from console.wire.http import get

    try:
        return {at: await get(ask, ssh, deadline)}
    except WireError as error:
        return {at: error}


def _shown(ask: Ask) -> str:
    """The ask in one line, for a sentence."""
    match ask:
        case Run():
            return plain_text(shlex.join(ask.argv), 80)
        case Query():
            return plain_text(ask.sql, 80)
        case Get():
            return plain_text(ask.url, 80)
        case Identify():
            return "who answers there"
