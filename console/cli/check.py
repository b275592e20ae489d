"""`drainboard check`: tries everything that is needed, on every machine, and says what to mend and how.

Nothing but known questions can leave: those of the screen, two programs' versions, pfSense's own functions, and
`sudo -n -l` about the commands of the actions, which says whether sudo would allow one without running it.
"""

import asyncio
import re
import shlex
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

from console.cli.check_lines import MEND, NOTE, UNTRIED, WORKS, Line, between, readings
from console.cli.plain import Exit, say
from console.cli.rights import rights
from console.inventory.cluster import Cluster, Firewall
from console.inventory.paths import make_private, shared, too_open
from console.probes import logs
from console.probes.ask import (
    Answer,
    Ask,
    AuthFailed,
    Get,
    HostKeyChanged,
    Page,
    Ran,
    Run,
    TimedOut,
    Unproven,
    Unreachable,
    WireError,
)
from console.probes.question import Cadence, Subject
from console.probes.schedule import about, questions_of
from console.probes.snapshot import NOT_ASKED, reading_of
from console.session.journal import MOVE
from console.session.lock import Locked, holding
from console.session.poller import Poller
from console.session.session import journal_of
from console.text import plain_text
from console.wire import Wire
from console.wire.ssh import CHANNELS
from console.words.harmless import harmless

PHP = Run(("/usr/local/bin/php", "-v"))
PFSENSE = Run(("cat", "/etc/version", "/etc/inc/config.lib.inc"))
FORMS = {
    "config_read_file": "config_read_file() sets $config (2.8 and later)",
    "parse_config": "parse_config() returns the array (up to 2.7)",
}
"""pfSense's functions that read config.xml, the newer one first."""
GLUSTER = Run(("gluster", "--version"))
_VERSION = re.compile(r"\b\d+(\.\d+)+")
NO_LOGIN = (Unreachable, AuthFailed, HostKeyChanged, TimedOut)


async def check(clusters: Sequence[Cluster]) -> Exit:
    """One cluster after the other. Says each line as soon as it is known."""
    wrong = 0
    for cluster in clusters:
        say(f"{cluster.name}{f' ({cluster.title})' if cluster.title else ''}")
        async for line in lines(cluster):
            wrong += line.mark == MEND
            for part in _shown(line):
                say(harmless(part))
        say("")
    say(f"{wrong} to mend, marked {MEND}" if wrong else "all that is needed works")
    return Exit.NOT_BEGUN if wrong else Exit.DONE


def _shown(line: Line) -> Iterator[str]:
    """Print a line in columns; a remedy goes below."""
    if line.mark in (MEND, NOTE):
        yield f"{line.mark} {line.machine:<10} {line.what}"
        yield f"    {line.message}"
    else:
        yield f"{line.mark} {line.machine:<10} {line.what:<30} {line.message}".rstrip()


async def lines(cluster: Cluster) -> AsyncIterator[Line]:
    """Every line about one cluster: here, machine by machine, what they share, and whether all of it fits together."""
    for line in here(cluster):
        yield line
    async with _asking(cluster) as (wire, poller):
        versions: dict[str, dict[str, str]] = {"Apache": {}, "Gluster": {}}
        for machine in cluster.machines:
            async for line in _machine(cluster, machine.name, wire, poller, versions):
                yield line
        for subject, names in (
            (Subject.VOLUME, cluster.volumes),
            (Subject.DATABASE, cluster.databases),
            (Subject.VIP, tuple(vip.name for vip in cluster.vips if vip.url)),
        ):
            for name in names:
                await _settled(poller, subject, name)
                for line in readings(poller.snapshot, subject, name):
                    yield line
        for line in between(poller.snapshot, versions):
            yield line


@asynccontextmanager
async def _asking(cluster: Cluster) -> AsyncGenerator[tuple[Wire, Poller]]:
    wire = Wire(cluster, allowed=known(cluster))
    poller = Poller(cluster, wire)
    poller.start()
    try:
        yield wire, poller
    finally:
        await poller.close()
        await wire.close()


def known(cluster: Cluster) -> frozenset[Ask]:
    """Everything that `check` may send."""
    allowed = (ask for machine in cluster.machines for ask in _allowances(cluster, machine.name))
    return questions_of(cluster) | {PHP, PFSENSE, GLUSTER, *allowed}


def _allowances(cluster: Cluster, machine: str) -> tuple[Run, ...]:
    """Ask sudo about each of root's commands, of every version. It can't be asked about the script of a shell."""
    needed = rights(cluster, machine)
    return tuple(_allowance(run) for run in (*needed.look, *needed.act) if run.argv[0] != "sh")


def _allowance(run: Run) -> Run:
    return Run(("sudo", "-n", "-l", *run.argv))


def _of_others(cluster: Cluster, machine: str, version: str) -> frozenset[Run]:
    """Allowances for commands that read the logs of other versions: this one may not have them."""
    mine = {run for log in logs.logs(cluster, machine, version) for run in log.runs}
    return frozenset(_allowance(run) for run in logs.asked(cluster, machine) if run not in mine)


async def _settled(poller: Poller, subject: Subject, name: str) -> None:
    """Wait until every question about one subject has had an answer or an error."""
    timings = poller.snapshot.cluster.timings
    mine = about(poller.snapshot.cluster, subject, name)
    await poller.settle(
        lambda now: any(reading_of(now, question, name) is NOT_ASKED for question in mine),
        timings.seldom_answer + timings.connect,
    )


# --- this machine ---------------------------------------------------------------------------------------------------


def here(cluster: Cluster) -> Iterator[Line]:
    """The journal's folder and the lock, without which nothing is begun."""
    journal = journal_of(cluster)
    folder = journal.folder
    try:
        make_private(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass
        yield Line(WORKS, "here", "journal", str(folder))
        for wide in too_open(folder):
            who, mode = ("not by the group", "2770") if shared() else ("by others", "700")
            yield Line(MEND, "here", "journal", f"{wide} can be entered {who}; chmod {mode} {shlex.quote(str(wide))}")
        for file in journal.read().unread:
            yield Line(MEND, "here", "journal", f"{file.message}; {MOVE[0].lower()}{MOVE[1:]}")
        with holding(folder / "lock", "drainboard check"):
            pass
        yield Line(WORKS, "here", "lock")
    except Locked as error:
        yield Line(NOTE, "here", "lock", str(error))
    except OSError as error:
        message = f"{folder} can't be written: {error.strerror}; mend that, or point DRAINBOARD_STATE elsewhere"
        yield Line(MEND, "here", "journal", message)


# --- one machine ----------------------------------------------------------------------------------------------------


async def _machine(
    cluster: Cluster, name: str, wire: Wire, poller: Poller, versions: dict[str, dict[str, str]]
) -> AsyncIterator[Line]:
    firewall = isinstance(cluster.machine(name), Firewall)
    subject = Subject.FIREWALL if firewall else Subject.NODE
    login = await _login(cluster, name, subject, wire)
    yield login
    for passed in wire.passed_over(name):
        yield Line(NOTE, name, "ssh", passed)
    if login.mark == MEND:
        yield Line(UNTRIED, name, "all else", "not tried")
        return
    yield await _sessions(cluster, name, subject, wire)
    for line in await _sudo(cluster, name, wire, await _version(cluster, name, wire) if firewall else ""):
        yield line
    if firewall:
        yield await _php(cluster, name, wire)
        yield await _form(cluster, name, wire)
    else:
        yield await _gluster(cluster, name, wire, versions["Gluster"])
    await _settled(poller, subject, name)
    for line in readings(poller.snapshot, subject, name):
        yield line
    if not firewall:
        await _apache(cluster, name, wire, versions["Apache"])


def _first(cluster: Cluster, name: str, subject: Subject) -> Run:
    """The first command of the quick questions to a machine."""
    return next(
        ask
        for question in about(cluster, subject, name)
        if question.cadence is Cadence.FAST
        for ask in question.asks(cluster, name)
        if isinstance(ask, Run)
    )


async def _send(cluster: Cluster, name: str, wire: Wire, *asks: Ask) -> tuple[Answer | WireError, ...]:
    timings = cluster.timings
    return await wire.send(name, asks, timings.connect + timings.slow_answer)


async def _login(cluster: Cluster, name: str, subject: Subject, wire: Wire) -> Line:
    timings = cluster.timings
    answer = (await wire.send(name, (_first(cluster, name, subject),), timings.connect + timings.answer))[0]
    if isinstance(answer, Unproven):
        return Line(MEND, name, "whose machine answers", str(answer))
    if isinstance(answer, NO_LOGIN):
        return Line(MEND, name, "login by ssh, host key", str(answer))
    if isinstance(answer, WireError):
        return Line(MEND, name, "login by ssh, /bin/sh", str(answer))
    return Line(WORKS, name, "login by ssh, host key", "root through sudo -n" if wire.sudo(name) else "as root")


async def _sessions(cluster: Cluster, name: str, subject: Subject, wire: Wire) -> Line:
    """Open as many sessions at once as the product may."""
    probe = _first(cluster, name, subject)
    answers = await asyncio.gather(*(_send(cluster, name, wire, probe) for _ in range(CHANNELS)))
    errors = [answer for (answer,) in answers if isinstance(answer, WireError)]
    if errors:
        return Line(MEND, name, f"{CHANNELS} sessions at once", str(errors[0]))
    return Line(WORKS, name, f"{CHANNELS} sessions at once")


async def _version(cluster: Cluster, name: str, wire: Wire) -> str:
    (answer,) = await _send(cluster, name, wire, PFSENSE)
    return answer.out.partition("\n")[0] if isinstance(answer, Ran) else ""


async def _sudo(cluster: Cluster, name: str, wire: Wire, version: str) -> tuple[Line, ...]:
    """Ask sudo about each command, on every node: a volume's questions go through any one of them."""
    others = _of_others(cluster, name, version)
    probes = tuple(one for one in _allowances(cluster, name) if one not in others)
    if not wire.sudo(name) or not probes:
        return ()
    answers = await _send(cluster, name, wire, *probes)
    if failure := next((answer for answer in answers if isinstance(answer, WireError)), None):
        return (Line(MEND, name, "sudo -n", str(failure)),)
    refused = [" ".join(probe.argv[3:]) for probe, answer in zip(probes, answers, strict=True) if not _allowed(answer)]
    remedy = "; put what `drainboard sudoers` prints into /etc/sudoers.d/drainboard there"
    lines = tuple(Line(MEND, name, "sudo -n", f"sudo does not allow `{one}`{remedy}") for one in refused)
    return lines or (Line(WORKS, name, "sudo -n", f"{len(probes)} commands"),)


def _allowed(answer: Answer | WireError) -> bool:
    return isinstance(answer, Ran) and answer.status == 0


async def _php(cluster: Cluster, name: str, wire: Wire) -> Line:
    (answer,) = await _send(cluster, name, wire, PHP)
    if isinstance(answer, Ran) and answer.status == 0 and answer.out.startswith("PHP "):
        return Line(WORKS, name, "PHP, for what lasts", plain_text(answer.out.splitlines()[0], 40))
    why = str(answer) if isinstance(answer, WireError) else f"{PHP.argv[0]} does not run there"
    return Line(MEND, name, "PHP, for what lasts", f"{why}; is it a pfSense, and may the user run it?")


async def _form(cluster: Cluster, name: str, wire: Wire) -> Line:
    """The version of pfSense, and its function that reads config.xml."""
    (answer,) = await _send(cluster, name, wire, PFSENSE)
    what, remedy = "config.xml, how it is written", "see what the version is; what is here serves 2.4 to 2.8, and Plus"
    if not isinstance(answer, Ran) or answer.status != 0:
        why = str(answer) if isinstance(answer, WireError) else f"{PFSENSE.argv[2]} can't be read"
        return Line(MEND, name, what, f"{why}; {remedy}")
    version = plain_text(answer.out.partition("\n")[0], 40)
    reads = next((message for function, message in FORMS.items() if f"\nfunction {function}(" in answer.out), "")
    if not reads:
        return Line(MEND, name, what, f"pfSense {version} has neither {' nor '.join(FORMS)}; {remedy}")
    return Line(WORKS, name, what, f"pfSense {version}: {reads}")


async def _gluster(cluster: Cluster, name: str, wire: Wire, versions: dict[str, str]) -> Line:
    if not cluster.volumes:
        return Line(UNTRIED, name, "Gluster", "no volumes in the inventory")
    (answer,) = await _send(cluster, name, wire, GLUSTER)
    found = _VERSION.search(answer.out[:200]) if isinstance(answer, Ran) and answer.status == 0 else None
    if found is None:
        why = str(answer) if isinstance(answer, WireError) else "gluster --version says nothing that can be read"
        return Line(MEND, name, "gluster", f"{why}; install Gluster's command line (glusterfs-server) there")
    versions[name] = found[0]
    return Line(WORKS, name, "gluster", found[0])


async def _apache(cluster: Cluster, name: str, wire: Wire, versions: dict[str, str]) -> None:
    (answer,) = await _send(cluster, name, wire, Get(cluster.web.status_url, via=name))
    found = (
        re.search(r"^ServerVersion: Apache/([\d.]+)", answer.body, re.MULTILINE) if isinstance(answer, Page) else None
    )
    if found:
        versions[name] = found[1]
