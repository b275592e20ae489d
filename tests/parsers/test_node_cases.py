"""Output of nodes in states that few are in, file by file, and the conclusions from each.

Beside each NAME.txt of tests/cases/node and tests/cases/versions stands NAME.json: which parser reads it, and what
comes of it. The second folder holds what other versions print, composed from their sources and manuals.
"""

import json
import re
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from console.cli.check_lines import readings
from console.health import Finding, Kind, findings
from console.health.facts.fitness import unfit
from console.health.hosts import array_lacks, bond_lacks
from console.inventory.cluster import Cluster, Firewall, Login, Mysql, Node, Raid
from console.operations.guards import objections, other_bricks
from console.operations.may_go import may_go
from console.operations.procedures import REBOOT
from console.probes.ask import Page, Ran, Rows, Unreadable
from console.probes.database import galera, mysql_proxy, seqnos, transfer
from console.probes.hosts import devices, hardware, running, system, team, updates
from console.probes.hosts.system import Host
from console.probes.question import Subject
from console.probes.snapshot import Known, NodeView, Snapshot, Unknown, empty
from console.probes.storage import gluster, gluster_options, gluster_store, mounts
from console.probes.web import apache
from console.wire.ssh import SUDO_REFUSES
from console.words import cells

TESTS = Path(__file__).parents[1]
FOLDERS = TESTS / "cases" / "node", TESTS / "cases" / "versions"
LOGIN = Login("127.0.0.1")
CLUSTER = Cluster(
    "c",
    (Firewall("fw1", "10.20.0.2", LOGIN), Firewall("fw2", "10.20.0.3", LOGIN)),
    tuple(Node(f"node{at}", f"10.20.0.1{at}", LOGIN) for at in (1, 2, 3)),
    volumes=("www",),
    mysql=Mysql("ops"),
)
SETTLED = "read_only\tOFF\nwsrep_desync\tOFF"


def recorded(name: str) -> str:
    return (TESTS / "recordings" / name).read_text()


def rows(text: str, at: float = 0.0) -> Rows:
    return Rows(tuple((line.partition("\t")[0], line.partition("\t")[2]) for line in text.splitlines()), at)


def members(text: str) -> tuple[galera.Wsrep, ...]:
    """Looks at one member, 2 s apart."""
    seen: tuple[galera.Wsrep, ...] = ()
    for look in text.split("\n\n"):
        answers = rows(look, 100.0 + 2 * len(seen)), rows(SETTLED)
        seen += (galera.parse(answers, seen[-1] if seen else None),)
    return seen


def volume(texts: tuple[str, ...] = (), statuses: tuple[int, ...] = (0, 0, 0), **parts: str) -> gluster.Volume:
    """A volume read from three answers; a missing part is that of a healthy volume."""
    healthy = {
        "files": "gluster/1-healthy/composed-glusterd-store.txt",
        "status": "gluster/1-healthy/volume-status.xml",
        "counts": "gluster/1-healthy/heal-statistics-healcount.txt",
    }
    texts = texts or tuple(parts.get(part) or recorded(name) for part, name in healthy.items())
    answers = tuple(Ran(status, text, "") for status, text in zip(statuses, texts, strict=True))
    return gluster.parse(answers, None)


def page(text: str) -> Page:
    status, head, body = text.split("\n", 2)
    name, _, value = head.partition(": ")
    return Page(int(status), ((name, value),), body, 0.1, 1.0)


def answered(text: str, case: dict[str, Any]) -> Ran:
    """A command's output, and its complaints below a line of %%%%."""
    out, _, err = text.partition("%%%%\n")
    return Ran(case.get("status", 0), out, err)


def fed(text: str, case: dict[str, Any]) -> Any:
    """The value that the product's parser makes of a case."""
    match case["feed"]:
        case "apache":
            return apache.parse((page(text),), None)
        case "bond":
            return hardware.parse_bond("bond0", text)
        case "galera":
            status, _, variables = text.partition("\n\n")
            return galera.parse((rows(status), rows(variables)), None)
        case "galera_twice":
            return members(text)
        case "galera_of_each":
            return tuple(members(f"{look}\n\n{look}")[-1] for look in text.split("\n\n"))
        case "gluster":
            return volume(tuple(text.split("\n%%%%\n")), tuple(case.get("statuses", (0, 0, 0))))
        case "gluster_counts":
            return volume(statuses=(0, 0, 1), counts=text)
        case "gluster_status":
            return volume(status=text)
        case "mdstat":
            return hardware.parse_mdstat(text)
        case "mounts":
            return mounts.parse((Ran(0, text, ""),), None)
        case "mysql_proxy":
            return mysql_proxy.parse((Ran(1, "", text),), None)
        case "placed":
            return gluster_store.placed(answered(text, case), [])
        case "transfers":
            return tuple(copied(look) for look in text.split("%%%%\n"))
        case "team":
            return team.parse_team("team0", answered(text, case))
        case "date":
            return system.parse_host((Ran(0, recorded("system/host.lab.txt"), ""), answered(text, case)), None)
        case "listed":
            return running.parse_listed((answered(text, case),), None)
        case "raid":
            return devices._raid(Ran(0, "DG/VD TYPE  State\n0/0   RAID1 Optl\n", text))
        case "raid_judged":
            seen = devices.Devices((), (), (), devices._raid(answered(text, case)), ())
            return devices.judged(replace(CLUSTER, raid=Raid(("raidtool",))), seen).raid
        case "sudo":
            return SUDO_REFUSES.search(text) is not None
        case "options":
            detail = recorded("gluster/6-brick-killed/volume-status-detail.xml")
            return gluster_options.parse_options((Ran(0, text, ""), Ran(0, detail, "")), None)
        case "summary":
            return gluster.parse_summary((Ran(0, text, ""),), None)
        case "summary_failed":
            return gluster.parse_summary((answered(f"%%%%\n{text}", {"status": 1}),), None)
        case "updates":
            out, _, err = text.partition("\n%%%%\n")
            return updates.parse((Ran(0, f"{out}\n" if err else out, err),), None)
        case "services":
            return system.parse_services((Ran(0, text, ""), Ran(0, "", "")), None)
        case other:
            raise AssertionError(other)


def copied(pgrep: str) -> transfer.Transfer:
    """The scripts of a full copy on a node; none runs where pgrep finds none."""
    return transfer.parse((Ran(0 if pgrep else 1, pgrep, ""), Ran(0, "5000000\t/var/lib/mysql\n", "")), None)


def at(value: Any, path: str) -> Any:
    found = reduce(
        lambda part, name: part[int(name)] if name.isdigit() else getattr(part, name), path.split("."), value
    )
    return list(found) if isinstance(found, tuple) else found


PATHS = [path for folder in FOLDERS for path in sorted(folder.glob("*.txt"))]


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_case(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text())
    text = path.read_text()
    if "unknown" in expected:
        with pytest.raises(Unreadable) as why:
            fed(text, expected)
        assert re.search(expected["unknown"], str(why.value))
        assert not re.search(expected.get("unknown_not", "^$"), str(why.value))
        return
    value = fed(text, expected)
    reads = expected.get("reads", {})
    for key, wanted in reads.items() if isinstance(reads, dict) else ():
        assert at(value, key) == wanted, key
    assert isinstance(reads, dict) or value == reads
    lacking(value, expected)
    if "looks" in expected:
        assert [len(look.history) for look in value] == expected["looks"]
        seqno, moment = expected["moment"]
        assert seqnos.moment(value[-1].history, seqno) == moment
    if expected.get("whole"):
        in_a_look(text)
    if expected["feed"] == "galera_of_each":
        concluded(of_each(value), expected)
    if expected["feed"] == "transfers":
        concluded(copying(value, expected.get("silent", ())), expected)
    if isinstance(value, mounts.Mounts):
        concluded(known("node1", mounts=value), expected)
    if isinstance(value, galera.Wsrep | gluster.Volume):
        concluded(picture(value), expected)
    if isinstance(value, system.Services):
        of_services(value, expected)


def lacking(value: Any, expected: dict[str, Any]) -> None:
    if isinstance(value, hardware.Bond):
        assert bond_lacks(value) == expected["lacks"]
    elif "lacks" in expected:
        assert [array_lacks(array) for array in value] == expected["lacks"]


def in_a_look(mdstat: str) -> None:
    """One odd file takes nothing else of its look away."""
    files = f"{recorded('system/files.lab.txt')}\n==> /proc/mdstat <==\n{{}}\n==> /proc/net/bonding/bond0 <==\n{{}}"
    space, failed = recorded("system/stat-f.lab.txt"), recorded("system/failed-units.lab.txt")
    bond = recorded("system/bonding/active-backup.txt")

    def look(space: str, mdstat: str, bond: str) -> devices.Devices:
        return devices.parse((Ran(0, space, ""), Ran(0, files.format(mdstat, bond), ""), Ran(0, failed, "")), None)

    whole = look(space, mdstat, bond)
    assert whole.arrays and whole.bonds and whole.filesystems and whole.names and not whole.unread
    odd = look(
        space, "Personalities : [raid1]\nmd1 : active\nmd2 : active raid1 sda[0]\n      8 blocks [1/1] [U]\n", bond
    )
    assert [array.name for array in odd.arrays] == ["md2"]
    assert replace(odd, arrays=whole.arrays, unread=()) == whole
    assert "md1" in odd.unread[0]
    for broken in (look(space, "nothing", bond), look(space, mdstat, "nothing"), look("nothing", mdstat, bond)):
        assert len(broken.unread) == 1
        kept = (broken.arrays, broken.bonds, broken.filesystems)
        assert sum(map(bool, kept)) == 2
        assert broken.names == whole.names
    seen = known("node1", devices=odd)
    (told,) = [one for one in findings(seen) if one.kind is Kind.DEVICES_UNKNOWN]
    assert "md1" in told.message


def known(node: str, **readings: Any) -> Snapshot:
    """A picture in which every node answers; of one of them some readings more are known."""
    blank = empty(CLUSTER)
    host = Known(Host("boot", 0.1, 4, 60.0), 1.0)
    views = (replace(view, host=host) for view in blank.nodes)
    more = {field: Known(value, 1.0) for field, value in readings.items()}
    return replace(blank, nodes=tuple(replace(view, **more) if view.name == node else view for view in views))


def of_services(value: system.Services, expected: dict[str, Any]) -> None:
    """Conclusions from one node's services; `everywhere`: from the same on every node."""
    if "unfit" in expected:
        seen = known("node1", services=value)
        concluded(replace(seen, cluster=replace(seen.cluster, mysql=None)), expected)
    if "everywhere" in expected:
        seen = nowhere(value)
        concluded(seen, expected)
        assert {cells.brick(seen, f"node{at}")[0].text for at in (1, 2, 3)} == {expected["cell"]}
        one_runs = replace(seen, nodes=(*seen.nodes[:2], replace(seen.nodes[2], services=Unknown("no", 1.0, 1.0))))
        concluded(one_runs, {"finds_not": list(expected["finds"]), "finds": {"volume-unknown": "UNKNOWN"}})


def nowhere(services: system.Services) -> Snapshot:
    """Every node runs the same, and no glusterd tells of the volume."""
    seen = known("node1")
    nodes = tuple(replace(view, services=Known(services, 1.0)) for view in seen.nodes)
    silent = Unknown("gluster says: Connection failed. Please check if gluster daemon is operational.", 1.0, 1.0)
    return replace(seen, nodes=nodes, volumes=tuple(replace(view, state=silent) for view in seen.volumes))


def picture(value: galera.Wsrep | gluster.Volume) -> Snapshot:
    """Around node1's MySQL, or around the volume, all that is not altered is well."""
    well = galera.parse((rows(recorded("galera/synced.node1.txt") + "Uptime\t100"), rows(SETTLED)), None)
    seen = known("node1", galera=value if isinstance(value, galera.Wsrep) else well)
    nodes = (view if view.name == "node1" else replace(view, galera=Known(well, 1.0)) for view in seen.nodes)
    state = Known(value if isinstance(value, gluster.Volume) else volume(), 1.0)
    return replace(seen, nodes=tuple(nodes), volumes=tuple(replace(view, state=state) for view in seen.volumes))


def of_each(told: tuple[galera.Wsrep, ...]) -> Snapshot:
    """A picture with one member on each of the first nodes; the others' are not known."""
    seen = picture(volume())
    ours = [*(Known(member, 1.0) for member in told), *(view.galera for view in empty(CLUSTER).nodes[len(told) :])]
    return replace(seen, nodes=tuple(replace(view, galera=one) for view, one in zip(seen.nodes, ours, strict=True)))


def copying(seen: tuple[transfer.Transfer, ...], silent: tuple[str, ...]) -> Snapshot:
    """A picture with the scripts that each node runs. MySQL of some does not answer."""
    well = picture(volume())

    def view(one: NodeView, scripts: transfer.Transfer) -> NodeView:
        galera = Unknown("can't be reached", 1.0, 1.0) if one.name in silent else one.galera
        return replace(one, transfer=Known(scripts, 1.0), galera=galera)

    return replace(well, nodes=tuple(view(one, scripts) for one, scripts in zip(well.nodes, seen, strict=True)))


def concluded(seen: Snapshot, expected: dict[str, Any]) -> None:
    found: dict[str, Finding] = {one.kind.value: one for one in findings(seen)}
    for kind, level in expected.get("finds", {}).items():
        assert found[kind].level.name == level
    brought = {one.kind.value for kind in expected.get("finds", {}) for one in found[kind].brings}
    assert brought >= set(expected.get("brings", ()))
    assert not brought & set(expected.get("brings_not", ()))
    assert not found.keys() & set(expected.get("finds_not", ()))
    told = [one.message for one in found.values()]
    assert all(any(re.search(wanted, message) for message in told) for wanted in expected.get("says", ())), told
    if "check" in expected:
        subject, name, title, mark = expected["check"]
        (line,) = [one for one in readings(seen, Subject(subject), name) if one.what == title]
        assert line.mark == mark, line
    for node, wanted in expected.get("cells", {}).items():
        assert [cells.brick(seen, node)[0].text, cells.heal(seen, node).text] == wanted
    for wanted in expected.get("unfit", ()):
        assert any(re.search(wanted, reason) for reason in unfit(seen, "node1"))
    for node, wanted in expected.get("other_unfit", {}).items():
        assert any(re.search(wanted, reason) for reason in unfit(seen, node))
    for node, unwanted in expected.get("other_fit", {}).items():
        assert not any(re.search(unwanted, reason) for reason in unfit(seen, node)), unfit(seen, node)
    for wanted in expected.get("bricks_object", ()):
        said = [one.saw for one in other_bricks(seen, frozenset(), "node2")]
        assert any(re.search(wanted, one) for one in said), said
    for wanted in expected.get("others_object", ()):
        said = [one.saw for one in objections(seen, REBOOT.effects, "node2")]
        assert any(re.search(wanted, one) for one in said), said
        assert may_go(seen, "node2").may is not True
