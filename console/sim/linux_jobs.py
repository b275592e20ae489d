"""systemd-run, and what systemctl and journalctl say of its units. As systemd 252 answers."""

import json
import re

from console.sim import mysql_proxy
from console.sim.jobs import ABSENT, Job, Work
from console.sim.node import Node
from console.sim.shell import Call

OPTIONS = ("--no-ask-password", "--no-block", "--quiet", "--remain-after-exit")


def systemd_run(call: Call, node: Node) -> int:
    """`systemd-run --unit=NAME OPTIONS COMMAND`. The name is free once its unit is cleared."""
    words = list(call.argv[1:])
    options = [words.pop(0) for _ in range(len(words)) if words[0].startswith("--")]
    named = [one.removeprefix("--unit=") for one in options if one.startswith("--unit=")]
    if not words or len(named) != 1 or {*options} != {f"--unit={named[0]}", *OPTIONS}:
        return call.fail("systemd-run: only --unit and a command with the options that are known here")
    if not call.root:
        return call.fail("Failed to start transient service unit: Interactive authentication required.")
    name = f"{named[0]}.service"
    if name in node.jobs:
        message = f"Unit {name} was already loaded or has a fragment file."
        return call.fail(f"Failed to start transient service unit: {message}")
    job = node.jobs[name] = Job(tuple(words), _work(node, name, words[-1]), node.clock.now)
    node.started.append(name)
    step = job.work.seconds / (len(job.work.lines) + 1)
    node.journal.append(_entry(name, "INVOCATION_ID", job, f"Started {name}."))
    node.later(job.work.seconds, lambda: _ended(node, name, job))
    for at, line in enumerate(job.work.lines, 1):
        node.later(at * step, lambda line=line: _print(node, name, job, line))
    return 0


UPGRADES = ("upgrade", "dist-upgrade")
ENOUGH = 0.96
"""The share of a disk from which on apt-get finds no room for an archive."""


def _work(node: Node, name: str, verb: str) -> Work:
    if verb in UPGRADES and node.hardware.root.share > ENOUGH:
        return Work(lines=("E: You don't have enough free space in /var/cache/apt/archives/.",), status=100)
    return node.work.get(name, Work())


def _ended(node: Node, name: str, job: Job) -> None:
    if node.jobs.get(name) is job and job.argv[-1] in UPGRADES and job.work.signal:
        node.hardware.packages.half_done = True
    if node.jobs.get(name) is job and not (job.work.status or job.work.signal):
        mysql_proxy.keep(node, job.argv)
        if job.argv[-1] in UPGRADES:
            script = job.argv[2] if job.argv[:2] == ("sh", "-c") else ""
            kept = re.search(r"for p in ([^;$]*); do dpkg -s", script)
            keeps = frozenset(kept[1].split()) if kept else frozenset[str]()
            node.hardware.packages.upgrade(keeps, security_only="-e -security" in script)
            node.galera.members[node.name].bare |= node.hardware.packages.replaces


def _print(node: Node, name: str, job: Job, line: str) -> None:
    if node.jobs.get(name) is job:
        node.journal.append(_entry(name, "_SYSTEMD_INVOCATION_ID", job, line))


def _entry(name: str, key: str, job: Job, message: str) -> str:
    """systemd's own lines about a unit name it by other fields than those of the unit's processes."""
    of = "_SYSTEMD_UNIT" if key.startswith("_") else "UNIT"
    return json.dumps({"PRIORITY": "6", of: name, key: job.invocation, "MESSAGE": message})


def systemctl(call: Call, node: Node, verb: str, unit: str) -> int:
    """show, cat, and what clears a unit: reset-failed one that has failed, stop any other."""
    job = node.jobs.get(unit)
    shown = job.properties(node.clock.now) if job else ABSENT
    if verb == "show":
        wanted = call.argv[call.argv.index("--property") + 1].split(",")
        call.out("".join(f"{name}={value}\n" for name, value in shown.items() if name in wanted))
        return 0
    if verb == "cat":
        if job is None:
            return call.fail(f"No files found for {unit}.")
        call.out(f"# /run/systemd/transient/{unit}\n[Service]\nExecStart={' '.join(job.argv)}\n")
        return 0
    if not call.root:
        return call.fail(f"Failed to {verb} {unit}: Interactive authentication required.")
    if job is None:
        return call.fail(f"Failed to {verb} {unit}: Unit {unit} not loaded.")
    if (verb == "stop") != (shown["ActiveState"] == "failed"):
        del node.jobs[unit]
    return 0


def journalctl(call: Call, node: Node) -> int:
    """`journalctl --unit=NAME --lines=N --output=json`: to others than root nothing is shown."""
    words = (word.removeprefix("--").partition("=") for word in call.argv[1:])
    options = {name: value for name, _, value in words}
    if set(options) != {"unit", "lines", "output", "quiet", "no-pager"} or options["output"] != "json":
        return call.fail("journalctl: only --unit --lines --output=json --quiet --no-pager are known here")
    mine = [line for line in node.journal if options["unit"] in json.loads(line).values()]
    call.out("".join(f"{line}\n" for line in mine[-int(options["lines"]) :]) if call.root else "")
    return 0
