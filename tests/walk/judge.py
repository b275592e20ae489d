"""Invariants of a walk, judged by the simulated world itself and by the journals on disk.

The consoles' pictures are not asked. They may be some seconds old: what has changed so lately is not held against them.
"""

import asyncio
import base64
import json
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

from console.operations.effects import Effect
from console.operations.procedures import operation
from console.session.journal import Record
from console.sim import Simulator
from console.sim.firewall import Firewall
from console.sim.haproxy import Server
from console.sim.node import Node
from console.sim.shell import Call, Command

LATE = 8.0
"""Seconds: as old as a picture may be with the timings of these tests."""
GLANCE = 0.05
OUT = ("disabled", "inactive")
SET = re.compile(r"set server ([^/ ]+)/([^/ ]+) state (ready|drain|maint)")
PAYLOAD = re.compile(r"json_decode\(base64_decode\('([A-Za-z0-9+/=]*)'\), true\)")
CHANGING = ("start", "stop", "restart", "reboot", "poweroff")
JOB = re.compile(r"drainboard-[^ ]*[.]service")
"""Units that the console itself has started: no visitor needs them."""


class Line(NamedTuple):
    """One line of a run's file."""

    path: Path
    at: float
    kind: str
    facts: dict[str, Any]


def lines(folder: Path) -> list[Line]:
    """Read without any code of the product; a line that is cut short is none."""
    found: list[Line] = []
    for path in sorted(folder.glob("*.jsonl")):
        for text in path.read_text().split("\n"):
            try:
                facts = json.loads(text)
            except ValueError:
                continue
            found.append(Line(path, facts.pop("at"), facts.pop("kind"), facts))
    return found


class Judge:
    """Sees every command that reaches a machine, and the world all the time."""

    def __init__(self, sim: Simulator, folders: dict[str, Path], tell: Callable[[str], None]) -> None:
        """`folders`: of each console's journal. `tell`: for the story."""
        self.wrong: list[str] = []
        """Broken invariants, a sentence each."""
        self.insisted: set[Path] = set()
        """Runs that were resumed with name and reason; those that were begun so say it themselves."""
        self._sim = sim
        self._folders = folders
        self._tell = tell
        self._received = Counter[tuple[str, str]]()
        self._eligible: dict[tuple[str, str, str], float] = {}
        """Time at which a server was last seen to get visitors, by machine, backend and name."""
        self._fails: dict[str, float] = {}
        """Time at which a node's own site was last seen to fail."""
        self._serves: dict[str, float] = {}
        """Time at which it was last seen to serve."""
        self._unsteady: dict[str, float] = {}
        """Time at which a machine was last seen not to run."""
        self._held: dict[str, float] = {}
        """Time since which a firewall is in maintenance, demoted, or does not run."""
        self._reloaded: dict[str, tuple[int, float]] = {}
        """The balancer's process on a firewall, and since when it is that one."""
        self.before = {name: self._statuses(firewall) for name, firewall in sim.world.firewalls.items()}
        for name, box in sim._servers.items():
            commands = cast(dict[str, Command], box.system.commands)
            for command in ("nc", "php", "systemctl", "pkill", "pfSsh.php"):
                if command in commands:
                    commands[command] = self._seen(name, commands[command])

    def say(self, wrong: str) -> None:
        """Something did not hold."""
        self._tell(f"WRONG {wrong}")
        self.wrong.append(wrong)

    async def watch(self) -> None:
        """For as long as the walk lasts."""
        while True:
            self._look()
            await asyncio.sleep(GLANCE)

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        for name, machine in self._sim.world.machines.items():
            if not machine.running:
                self._unsteady[name] = now
        for name, firewall in self._sim.world.firewalls.items():
            if firewall.candidate and not firewall.config.maintenance and not firewall.demoted:
                self._held.pop(name, None)
            else:
                self._held.setdefault(name, now)
            process = firewall.haproxy
            if process and self._reloaded.get(name, (0, 0.0))[0] != process.pid:
                self._reloaded[name] = process.pid, now
            for server in process.servers if process else []:
                if server.eligible:
                    self._eligible[name, server.backend, server.name] = now
        for name, node in self._sim.world.nodes.items():
            (self._serves if serves(node) else self._fails)[name] = now
            for server in node.proxy.servers if node.proxy else []:
                if server.eligible:
                    self._eligible[name, server.backend, server.name] = now

    def _ago(self, when: float | None) -> float:
        return float("inf") if when is None else asyncio.get_running_loop().time() - when

    def _seen(self, machine: str, command: Command) -> Command:
        async def seen(call: Call) -> int:
            if changes(call):
                self._order(machine, call)
            return await command(call)

        return seen

    def _order(self, machine: str, call: Call) -> None:
        """One order, before it does anything."""
        self._look()
        stdin = call.stdin if call.stdin.endswith("\n") or not call.stdin else call.stdin + "\n"
        body = f"{shlex.join(call.argv)} <<'END'\n{stdin}END" if stdin else f"{shlex.join(call.argv)} </dev/null"
        self._tell(f"  {machine} receives {short(call)}")
        run = self._written(machine, body, short(call))
        if machine in self._sim.world.nodes:
            node = self._sim.world.nodes[machine]
            if call.name == "nc":
                self._sent_elsewhere(node, call)
            elif "start" not in call.argv and not any(JOB.fullmatch(word) for word in call.argv):
                self._ended(node, short(call))
            return
        firewall = self._sim.world.firewalls[machine]
        if "php: maintenance on" in short(call):
            self._held_back(firewall)
        if short(call) == "php: reboot" and self._sim.world.master is firewall:
            self.say(f"6: {firewall.name} is rebooted, and leads")
        taken = [(backend, name) for backend, name, state in SET.findall(call.stdin) if state != "ready"]
        for backend, name in taken:
            server = firewall.haproxy.server(backend, name) if firewall.haproxy else ""
            if isinstance(server, Server) and server.eligible:
                self._taken_out(firewall, server, run)

    def _written(self, machine: str, body: str, shown: str) -> Line | None:
        """The line that announced an order."""
        self._received[machine, body] += 1
        found = [
            line
            for folder in self._folders.values()
            for line in lines(folder)
            if line.kind == "sending"
            for order in line.facts["orders"]
            if order.startswith(f"{machine}: ") and order.endswith(body)
        ]
        if len(found) < self._received[machine, body]:
            self.say(f"3: {machine} has received {shown}, and no journal says so")
        return max(found, key=lambda line: line.at, default=None)

    def _taken_out(self, firewall: Firewall, server: Server, run: Line | None) -> None:
        """A server that gets visitors is about to get none."""
        node, insisted = server.name, bool(run and self._insists(run.path))
        where = f"{server.backend}/{node} on {firewall.name}"
        process = firewall.haproxy
        assert process
        others = [one for one in process.servers if one.backend == server.backend and one.name != node]
        served = [self._ago(self._eligible.get((firewall.name, one.backend, one.name))) for one in others]
        if min(served) > LATE:
            self.say(f"2: {where} is taken out, and for {min(served):.0f} s no other server got visitors there")
        out = sorted({one.name for one in process.servers if one.forced and one.name != node})
        fails = self._ago(self._fails.get(node)) <= LATE
        if out and not insisted and not fails:
            self.say(f"1: {where} is taken out while {' and '.join(out)} is out, without name and reason")
        if not insisted and not fails and min(self._ago(self._serves.get(one.name)) for one in others) > LATE:
            self.say(f"2: {where} is taken out, and no other node's site serves, without name and reason")

    def _held_back(self, firewall: Firewall) -> None:
        """A firewall is about to go into maintenance: the other one must be able to lead."""
        for other in self._sim.world.firewalls.values():
            if other is not firewall and not firewall.config.maintenance and self._held.get(other.name):
                held = self._ago(self._held[other.name])
                if held > LATE:
                    self.say(f"6: {firewall.name} goes into maintenance, and {other.name} can't lead for {held:.0f} s")

    def _sent_elsewhere(self, node: Node, call: Call) -> None:
        """A node's own HAProxy is told where to send MySQL: somebody must be left who takes it. Visitors do not come by
        it, so the node may be in."""
        if node.proxy is None or self._ago(self._unsteady.get(node.name)) <= LATE:
            return
        asked = {name: state for _, name, state in SET.findall(call.stdin)}
        left = [one for one in node.proxy.servers if asked.get(one.name, "ready") == "ready"]
        took = (self._ago(self._eligible.get((node.name, one.backend, one.name))) for one in left)
        readied = any(one.up for one in left if one.name in asked)
        if len(left) < len(node.proxy.servers) and not readied and min(took, default=float("inf")) > LATE:
            self.say(f"7: {node.name} receives {short(call)}, and no other server takes MySQL there")

    def _ended(self, node: Node, shown: str) -> None:
        """Services of a node, or the node itself. What was sent to a node that hung is done when it hangs no more."""
        master = self._sim.world.master
        process = master.haproxy if master else None
        if process is None or master is None or self._ago(self._unsteady.get(node.name)) <= LATE:
            return
        steady = self._ago(self._reloaded[master.name][1]) > LATE and self._ago(self._unsteady.get(master.name)) > LATE
        visited = [one.backend for one in process.servers if one.name == node.name and one.eligible]
        if visited and steady:
            self.say(f"2: {node.name} receives {shown} while {master.name} sends it visitors of {visited[0]}")

    def _insists(self, path: Path) -> bool:
        opened = next((line for line in lines(path.parent) if line.path == path and line.kind == "opened"), None)
        return path in self.insisted or bool(opened and opened.facts.get("reason"))

    def _statuses(self, firewall: Firewall) -> dict[str, str]:
        """The status of each server in config.xml and at run time, in the journal's words."""
        later = {
            f"later {firewall.name} {pool.name}/{server.name}": server.status
            for pool in firewall.config.pools
            for server in pool.servers
        }
        now = {
            f"now {firewall.name} {server.backend}/{server.name}": server.forced or "ready"
            for server in (firewall.haproxy.servers if firewall.haproxy else [])
        }
        return later | now

    def closed(self, record: Record) -> None:
        """A run has said that it is done."""
        done = operation(record.operation)
        assert done
        for name, firewall in self._sim.world.firewalls.items():
            if not firewall.haproxy or self._ago(self._unsteady.get(name)) <= LATE:
                continue
            switched = done.does(Effect.HOLDS_BACK) is not done.does(Effect.GIVES_BACK)
            held = done.does(Effect.HOLDS_BACK)
            if record.target == name and switched and firewall.config.maintenance is not held:
                self.say(f"4: {record.words} is done, and config.xml of {name} says otherwise")
            for key, is_now in self._statuses(firewall).items():
                if not key.endswith(f"/{record.target}"):
                    continue
                was = self.before[name].get(key, is_now)
                if done.leaves_out and not (is_now in ("drain", "maint") or is_now in OUT):
                    self.say(f"4: {record.operation} {record.target} is done, and {key} is {is_now}")
                elif (
                    done.does(Effect.PUTS_BACK)
                    and is_now != was
                    and (was in ("active", "ready") or key in record.found)
                ):
                    self.say(f"4: {record.operation} {record.target} is done, and {key} is {is_now}: it was {was}")

    def end(self) -> None:
        """Nothing is out unexplained. Called when nothing is under way any more."""
        every = [line for folder in self._folders.values() for line in lines(folder)]
        for name, firewall in self._sim.world.firewalls.items():
            for key, is_now in self._statuses(firewall).items():
                out = is_now in ("drain", "maint") or is_now in OUT
                if out and is_now != self.before[name].get(key) and not _told(every, key.rpartition("/")[2]):
                    self.say(f"5: {key} is {is_now}, and no run tells of it")


def _told(every: list[Line], node: str) -> bool:
    """An open run of the node, or its latest one that has ended took it out. A move of the writer does neither."""
    runs = {
        line.path: one
        for line in every
        if line.kind == "opened" and line.facts["node"] == node
        if (one := operation(line.facts["action"])) and one.does(Effect.TAKES_OUT, Effect.PUTS_BACK)
    }
    closed = {line.path: line for line in every if line.kind == "closed" and line.path in runs}
    if runs.keys() - closed.keys():
        return True
    done = [line for line in closed.values() if line.facts["outcome"] == "done"]
    last = max(done, key=lambda line: line.at, default=None)
    return last is not None and runs[last.path].leaves_out


def changes(call: Call) -> bool:
    """The command changes the world; claims are no orders."""
    match call.name:
        case "nc":
            return "set server" in call.stdin
        case "php":
            return PAYLOAD.search(call.stdin) is not None
        case "systemctl":
            return any(word in CHANGING for word in call.argv)
        case _:
            return True


def short(call: Call) -> str:
    """For the story."""
    if found := PAYLOAD.search(call.stdin):
        return "php: " + ", ".join(_wanted(json.loads(base64.b64decode(found[1]))))
    return f"{shlex.join(call.argv)} {call.stdin.strip()}".strip()


def _wanted(asked: dict[str, Any]) -> Iterator[str]:
    if not asked:
        yield "reboot"
    if "sync" in asked and "servers" not in asked:
        yield f"sync {asked['sync']}"
    if "on" in asked:
        yield f"maintenance {'on' if asked['on'] else 'off'}"
    for one in asked.get("servers", ()):
        yield f"{one['pool']}/{one['server']} {one['status']}"


def serves(node: Node) -> bool:
    """The node's own site answers its check."""
    ready = node.galera.members[node.name].ready
    return bool(node.running and node.apache and node.mounted and not node.mount_hangs and ready)


def with_a_spare(sim: Simulator) -> None:
    """node3 is a backup in the pool web from the start, on both firewalls."""
    for firewall in sim.world.firewalls.values():
        firewall.config = firewall.config.with_status({("web", "node3"): "backup"})
        firewall.reload()
