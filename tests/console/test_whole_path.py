"""Cases through the whole product: `status`, the board, the details and the findings tell the same of each.

An honest simulated cluster answers every question over its sockets; one question is told a case of tests/cases in the
place of that. tests/cases/whole_path.toml holds what is expected. Sudo's words are in tests/wire/test_ssh.py, HAProxy
behind a reload in test_visitors.py.
"""

import asyncio
import re
import time
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.cli.status_table import lines
from console.health import Level, findings, site, verdict
from console.health.verdicts import judged
from console.inventory.cluster import Cluster
from console.probes.ask import Answer, Ran, Unreadable
from console.probes.hosts.clocks import LOOKS
from console.probes.question import Subject
from console.probes.snapshot import QUESTIONS, Cause, Known, Snapshot, Unknown, fold, reading_of
from console.ui.board.board import board_lines
from console.ui.board.view import BoardView
from console.ui.detail.reading import section
from console.ui.detail.sections import Ref, sections
from console.words import words
from tests.hostile.lies import Honest, believed, honest
from tests.parsers.test_node_cases import SETTLED, page, recorded, rows

TESTS = Path(__file__).parents[1]
CASES: dict[str, Any] = tomllib.loads((TESTS / "cases" / "whole_path.toml").read_text())
FOLDERS = {"config": "parsers/cases"}
BOTH = ("fw1", "fw2")
WRITTEN = "1794103200\n"
Told = list[tuple[str, str, tuple[Answer, ...]]]
"""(field, about whom, what it answers)."""


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cluster, Honest]:
    return asyncio.run(honest(tmp_path_factory.mktemp("truth") / "sim"))


def text_of(name: str) -> str:
    folder, _, case = name.partition("/")
    (path,) = (TESTS / FOLDERS.get(folder, f"cases/{folder}")).glob(f"{case}.[tx][xm][tl]")
    return path.read_text()


def ran(text: str, status: int = 0, err: str = "") -> Ran:
    return Ran(status, text, err)


def in_files(heading: str) -> Callable[[str, tuple[Answer, ...]], tuple[Answer, ...]]:
    def told(text: str, well: tuple[Answer, ...]) -> tuple[Answer, ...]:
        space, files, *rest = well
        assert isinstance(files, Ran)
        out = re.sub(rf"(?s)(==> {heading} <==\n).*?(?=\n==> |\Z)", lambda head: head[1] + text, files.out)
        return space, replace(files, out=out), *rest

    return told


def healthy(**parts: str) -> tuple[Answer, ...]:
    names = {
        "files": "1-healthy/composed-glusterd-store.txt",
        "status": "1-healthy/volume-status.xml",
        "counts": "1-healthy/heal-statistics-healcount.txt",
    }
    return tuple(ran(parts.get(part) or recorded(f"gluster/{name}")) for part, name in names.items())


def fed(case: dict[str, Any], text: str, well: Callable[[str, str], tuple[Answer, ...]]) -> list[Told]:
    """Answers told instead, look by look."""
    match case["feed"]:
        case "apache":
            return [[("apache", "node2", (page(text),))]]
        case "bond" | "mdstat" as kind:
            heading = "/proc/mdstat" if kind == "mdstat" else "/proc/net/bonding/bond0"
            return [[("devices", "node2", in_files(heading)(text, well("devices", "node2")))]]
        case "date":
            files, date = well("host", "node2")
            assert isinstance(date, Ran)
            return [[("host", "node2", (files, replace(date, out=text)))]] * LOOKS
        case "raid":
            told = (*well("devices", "node2")[:3], ran("DG/VD TYPE  State\n0/0   RAID1 Optl\n", err=text))
            return [[("devices", "node2", told)]]
        case "raid_judged":
            return [[("devices", "node2", (*well("devices", "node2")[:3], ran(text)))]]
        case "galera":
            status, _, variables = text.partition("\n\n")
            return [[("galera", "node2", (rows(status, 1e6), rows(variables)))]]
        case "galera_of_each":
            each = [(f"node{at}", rows(part, 1e6)) for at, part in enumerate(text.split("\n\n"), 1)]
            return [
                [("galera", name, (replace(told, at=1e6 + look), rows(SETTLED))) for name, told in each]
                for look in (0, 2)
            ]
        case "galera_joins":
            first = text.partition("\n\n")[0]
            return [[("galera", "node2", (rows(first, 1e6), rows("read_only\tOFF\nwsrep_desync\tOFF")))]]
        case "gluster":
            parts = zip(case.get("statuses", (0, 0, 0)), text.split("\n%%%%\n"), strict=True)
            return [[("state", "www", tuple(ran(part, status) for status, part in parts))]]
        case "gluster_counts":
            return [[("state", "www", (*healthy()[:2], ran(text, 1)))]]
        case "gluster_status":
            return [[("state", "www", healthy(status=text))]]
        case "gluster_store":
            _, status, counts = text_of("node/gluster-peer-rejected").split("\n%%%%\n")
            whole = status.replace("</node>", "</node>", 1)
            return [[("state", "www", (ran(text), ran(whole), ran(counts)))]]
        case "summary":
            return [[("split_brain", "www", (ran(text),))]]
        case "summary_failed":
            return [[("split_brain", "www", (ran("", 1, text),))]]
        case "mounts":
            return [[("mounts", "node2", (ran(text),))]]
        case "transfers":
            du, each = ran("5000000\t/var/lib/mysql\n"), enumerate(text.split("%%%%\n"), 1)
            return [[("transfer", f"node{at}", (ran(pgrep, 0 if pgrep else 1), du)) for at, pgrep in each]]
        case "writer":
            return [[("writer", "node2", (ran("", 1, text),))]]
        case "updates":
            return [[("updates", "node2", (ran(text),))]]
        case "pools":
            looks = text.split("== the next look, 2 s later\n")
            return [[("pools", name, (ran(one), ran("", 1))) for name in BOTH] for one in looks]
        case "config":
            return [[("config", name, (ran(text),)) for name in BOTH]]
        case "config_fw2":
            return [[("config", "fw2", (ran(text),)), ("pools", "fw2", (ran("", 1, "nc: refused"), ran("", 1)))]]
        case "carp":
            parts = re.split(r"^== (fw[12])\n", text, flags=re.MULTILINE)[1:]
            texts = dict(zip(parts[::2], parts[1::2], strict=True))
            return [[("carp", name, (ran(texts[name]), *well("carp", name)[1:])) for name in BOTH]]
        case "carp_fw1":
            _, sysctl, date = well("carp", "fw1")
            assert isinstance(sysctl, Ran)
            interfaces, _, values = text.partition("== sysctl\n")
            values = values or sysctl.out.replace("demotion: 0", f"demotion: {case.get('demotion', 0)}")
            return [[("carp", "fw1", (ran(interfaces), ran(values), date))]]
        case "saved":
            cfg, _, state = text.removeprefix("== haproxy.cfg\n").partition("== server state\n")
            stopped = (ran("", 1, "nc: unix connect failed: No such file or directory"), ran("", 1))
            xml = well("config", "fw2")[0]
            assert isinstance(xml, Ran)
            carpdev = xml.out.replace("<ha_pools>", "<carpdev>198.51.100.10</carpdev><ha_pools>", 1)
            told = ("saved", "fw2", (ran(cfg), ran(state), ran(WRITTEN)))
            return [[told, ("pools", "fw2", stopped), ("config", "fw2", (replace(xml, out=carpdev),))]]
        case other:
            raise AssertionError(other)


def told(cluster: Cluster, answers: Honest, case: dict[str, Any], name: str) -> tuple[Snapshot, Snapshot]:
    """The picture before and after, read as the poller reads it."""
    before = believed(cluster, answers)
    by_field = {question.field: question for question in QUESTIONS}
    seen = before
    for look in fed(case, text_of(name), lambda field, about: answers[by_field[field], about]):
        for field, about, instead in look:
            known = reading_of(seen, by_field[field], about)
            value = known.value if isinstance(known, Known) else None
            try:
                reading: Any = Known(by_field[field].read(cluster, instead, value), time.time())
            except Unreadable as why:
                reading = Unknown(str(why), time.time(), time.time(), Cause.UNREADABLE)
            seen = fold(seen, by_field[field], about, reading)
    return before, seen


def one_line(text: str) -> str:
    """Text without its line breaks, of which one may stand behind a hyphen."""
    return " ".join(re.sub(r"(?<=\w-)\n +", "", text).split())


def details(seen: Snapshot, of: str) -> str:
    subject, _, name = of.rpartition("/")
    kind = Subject(subject) if subject else Subject.FIREWALL if of.startswith("fw") else Subject.NODE
    every = [section(one, seen, 200, time.time(), False, True) for one in sections(seen, Ref(kind, name))]
    return one_line(" ".join(line.text for lines_ in every for line in lines_))


def row(text: str, name: str) -> str:
    """The row of a table: a mark stands in it, as in no sentence."""
    return next((line for line in text.splitlines() if re.match(rf"[ ►!✗?]*{name} +[✓✗!?■▼~]", line)), "")


def marked(text: str) -> set[str]:
    """The states of a row with their marks."""
    return set(re.findall(r"[✓✗!?■▼~][A-Za-z0-9]+", text))


TWICE = re.compile(r"^(?P<who>(?:MySQL on )?(?:node|fw)[0-9]) [^:;]*: (?P=who) ")
"""A sentence that names whom it is about twice."""


@pytest.mark.parametrize("name", CASES)
def test_the_whole_product_tells_the_same(truth: tuple[Cluster, Honest], name: str) -> None:
    case = CASES[name]
    before, seen = told(*truth, case, name)
    found, usual = findings(seen), {one.message for one in findings(before)}
    judgement = judged(seen, found).cluster
    new = {one.kind.value: one for one in found if one.message not in usual}
    for kind, level in case.get("finds", {}).items():
        assert kind in new, new
        assert new[kind].level.name == level
    if "finds" not in case:
        assert not [one for one in new.values() if one.level > Level.NOTE]
    assert not new.keys() & set(case.get("not", ()))
    brought = {each.kind.value for one in new.values() for each in one.brings}
    assert brought >= set(case.get("brings", ()))

    status = "\n".join(lines(seen, time.time()))
    sight = BoardView(seen, time.time(), judgement, site(seen, found), found, width=200, height=120)
    shown = "\n".join(one.text for one in board_lines(sight))
    assert judgement == verdict(seen)
    assert judgement.level is max((one.level for one in found if one.level > Level.NOTE), default=Level.OK)
    assert words.verdict(judgement.level).text in status
    first = next((one.level for one in found if one.level > Level.NOTE), Level.OK)
    assert shown.splitlines()[1][1:3].strip() == words.finding(first).mark
    for one in new.values():
        assert one_line(one.message) in one_line(status)
        assert one.level <= Level.NOTE or one_line(one.headline)[:60] in one_line(shown)
    for key, machine in (("shows", "node2"), ("shows_firewall", "fw1")):
        if key in case:
            assert case[key] in row(status, machine), row(status, machine)
            assert case[key] in row(shown, machine), row(shown, machine)
    for machine in (*seen.nodes, *seen.firewalls):
        assert marked(row(status, machine.name)) <= marked(row(shown, machine.name)), (status, shown)
    assert not [one.message for one in found if TWICE.search(one.message)]
    if "status" in case:
        assert re.search(case["status"], status, re.MULTILINE), status
    assert case["detail"] in details(seen, case.get("of", "node2")), details(seen, case.get("of", "node2"))


def test_an_honest_cluster_is_well(truth: tuple[Cluster, Honest]) -> None:
    assert verdict(believed(*truth)).level is Level.OK


def test_every_case_of_a_node_is_here() -> None:
    there = {f"node/{path.stem}" for path in (TESTS / "cases" / "node").glob("*.json")}
    assert {name for name in there if not name.startswith("node/sudo-")} <= CASES.keys()
