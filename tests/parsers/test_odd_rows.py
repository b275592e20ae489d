"""One odd row costs itself only, and is said: each row of each recording is made odd, one at a time.

Of every question of this project: `ROWS` holds the answers that are made of rows, `WHOLE` the reasons why others have
none. A row that opens or closes an answer, or without which no other can be placed, is a fence: it is named beside its
recording, and makes the whole answer unreadable.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from console.probes.ask import Answer, Page, Ran, Rows, Unreadable
from console.probes.database import galera, member, mysql_proxy
from console.probes.firewalls import carp, claim, config, pfsense
from console.probes.hosts import devices, system, updates
from console.probes.pools import haproxy, processes, relayd, saved
from console.probes.snapshot import QUESTIONS
from console.probes.storage import gluster, gluster_options, mounts
from console.probes.web import apache

TESTS = Path(__file__).parents[1]
SYSCTL = "net.inet.carp.allow: 1\nnet.inet.carp.demotion: 0\nkern.boottime: { sec = 1, usec = 1 } Sun\n"
KEPT = (TESTS / "recordings/galera/variables.node1.txt").read_text()


def text(*names: str) -> str:
    return "\n".join((TESTS / name).read_text().rstrip("\n") for name in names) + "\n"


class Case(NamedTuple):
    """Answers of one question, of which one is made odd row by row."""

    field: str
    parse: Callable[[tuple[Any, ...], Any], Any]
    answers: tuple[str, ...]
    at: int
    """Place of the answer that is made odd."""
    fences: str = "(?!)"
    """Rows, or what was done to one, that make the whole unreadable."""
    silent: str = "(?!)"
    """Rows of which nothing is kept, or whose loss can't be seen: more of them are as good as none."""
    items: Callable[[Any], Any] = lambda value: value
    """Items of the value, one for each row: as many less as rows were made odd."""
    statuses: tuple[int, ...] = ()
    costs: int = 1
    """Items that one row may take along: those that stand below it."""


MDSTAT = text("recordings/system/md/recovering.txt")
FILES = (
    text("recordings/system/files.lab.txt")
    + f"\n==> /proc/mdstat <==\n{MDSTAT}\n==> /proc/net/bonding/bond0 <==\n"
    + text("recordings/system/bonding/active-backup.txt")
)
DEVICES = (
    text("recordings/system/stat-f.lab.txt"),
    FILES,
    "a.service loaded failed failed A\nb.mount loaded failed failed B\n",
)
STORE, STATUS, COUNTS = (
    text(f"recordings/gluster/{name}")
    for name in (
        "6-brick-killed/composed-glusterd-store.txt",
        "7-healing-under-load/volume-status.xml",
        "7-healing-under-load/heal-statistics-healcount.txt",
    )
)
STAT = text("recordings/pfsense/showstat-allup.csv")
STATES = text("recordings/pfsense/servers-state-allup.txt")
POOLS_OF_HAPROXY = f"{STAT.rstrip()}\n\n{STATES}"
SOCKSTAT = (
    "USER     COMMAND    PID   FD  PROTO  LOCAL ADDRESS         FOREIGN ADDRESS      \n"
    "proxy    haproxy    40321 11  tcp4   10.20.0.2:51322       10.20.0.12:80        \n"
    "proxy    haproxy    40334 11  tcp4   10.20.0.2:51324       10.20.0.12:80        \n"
)
SAVED_STATES = "1\n" + STATES.partition("1\n")[2]
CFG = "global\n\tserver-state-file /tmp/haproxy_server_state\ndefaults\n\tload-server-state-from-file global\n" + (
    "backend web_ipvANY\nbackend webtls_ipvANY\n"
)
SUMMARY = text("recordings/pfsense/composed-relayctl-show-summary.txt")
JOB = text("cases/jobs/ended-and-read.txt")
CLAIM = '{"claim": "abc", "who": "me", "cluster": "c", "what": "drain", "where": "here", "since": 1}\n{"until": 9}\n'
MOUNTS = "0 localhost:/www /var/www\n0 localhost:/img /srv/img\nlisted n:/more /srv/more rw\nend\n"
UNITS = text("recordings/system/units.lab.txt")
GALERA = text("recordings/galera/synced.node1.txt") + "Uptime\t100\n"
NEEDED = (
    r"(Uptime|wsrep_last_committed|wsrep_cluster_(size|conf_id)|wsrep_local_recv_queue|wsrep_cluster_status"
    r"|wsrep_local_state_comment|wsrep_ready|wsrep_cluster_state_uuid|wsrep_connected)\t"
)
"""Variables of which a member's state is made: without one of them it is not known."""
ROWS = (
    Case(
        "carp",
        carp.parse,
        (text("recordings/pfsense/ifconfig-fbsd14-master.txt"), SYSCTL, "1790000000\n"),
        0,
        silent=r"^\S|^\s+(?!carp:|vrrp:)",
        items=lambda value: value.vhids,
    ),
    Case(
        "pools",
        haproxy.parse,
        (POOLS_OF_HAPROXY, ""),
        0,
        fences="^# pxname|^1$|^# be_id",
        silent="^$|FRONTEND|BACKEND|^#",
        items=lambda value: [one for one in value.servers if not one.strange],
        statuses=(0, 1),
    ),
    Case(
        "pools",
        relayd.parse,
        (SUMMARY, "", "10.20.0.11:80 3\ncounted\n"),
        0,
        fences="^Id ",
        silent="^$|redirect",
        items=lambda value: [one for one in value.servers if not one.strange],
        statuses=(0, 1, 0),
        costs=3,
    ),
    Case(
        "pools",
        relayd.parse,
        (SUMMARY, "", "10.20.0.11:80 3\n10.20.0.12:80 3\ncounted\n"),
        2,
        silent=".",
        statuses=(0, 1, 0),
    ),
    Case("processes", processes.parse, ("haproxy: 40321 40334\n", SOCKSTAT), 1, silent="."),
    Case(
        "saved",
        saved.parse,
        (CFG, SAVED_STATES, "1794103200\n"),
        1,
        fences="^1$|^# be_id|^half of it",  # HAProxy passes over a file with a row that is cut off
        silent="^$",
        items=lambda value: value.servers,
    ),
    Case(
        "box",
        pfsense.parse,
        (
            "2.7.2-RELEASE\n" + text("recordings/pfsense/composed-notices.serial"),
            "/var/run/vip.dirty\n/var/run/haproxy.conf.dirty\n",
            text("recordings/pfsense/composed-pfctl-si.txt"),
            "1790000000\n",
        ),
        1,
        items=lambda value: value.unapplied,
    ),
    Case("claim", claim.parse, ("123\n", CLAIM, "123\n"), 1, silent="until", fences="claim"),
    Case("services", system.parse_services, (UNITS, "12\n13\n"), 0, fences="^another word",
         items=lambda value: value.active),
    Case(
        "devices",
        devices.parse,
        DEVICES,
        0,
        items=lambda value: value.filesystems,
    ),
    Case("devices", devices.parse, DEVICES, 2, items=lambda value: value.failed_units),
    Case("mounts", mounts.parse, (MOUNTS,), 0, fences="^end$", items=lambda value: value.mounts),
    Case("galera", galera.parse, (GALERA, "read_only\tOFF\nwsrep_desync\tOFF\n"), 0, fences=NEEDED, silent="."),
    Case("member", member.parse, (KEPT,), 0, fences="^version\t|wsrep_provider_options", silent="."),
    Case("apache", apache.parse, (text("recordings/apache/server-status-auto.load.txt"),), 0,
         fences="BusyWorkers|IdleWorkers|Scoreboard", silent="."),
    Case("updates", updates.parse, (text("recordings/system/updates.debian-12.txt"),), 0,
         fences=r"^kernel |^known|^==|^status |^[0-9]+ upgraded", silent="."),
    Case("state", gluster.parse, (STORE, STATUS, COUNTS), 0, fences="/vols/www/", silent="."),
    Case("state", gluster.parse, (STORE, STATUS, COUNTS), 2, silent=".|^$",
         items=lambda value: [one for one in value.bricks if one.pending is not None]),
)  # fmt: skip
XML = (
    Case("config", config.parse, (text("recordings/pfsense/config-2.7.2-haproxy-fw1.xml"),), 0,
         fences="<version>|<pfsense>", silent=".", costs=3, items=lambda value: value.servers),
    Case("state", gluster.parse, (STORE, STATUS, COUNTS), 1, fences="opRet", silent=".",
         items=lambda value: [one for one in value.bricks if one.online]),
    Case("split_brain", gluster.parse_summary, (text("recordings/gluster/3-healing/heal-info-summary.xml"),), 0,
         fences="opRet", silent="<(?!totalN|numberOfEntriesInS)",
         items=lambda value: [one for one in value.bricks if one.pending is not None]),
    Case("options", gluster_options.parse_options, (
        text("recordings/gluster/1-healthy/volume-get-all.xml"),
        text("recordings/gluster/6-brick-killed/volume-status-detail.xml")), 1,
        fences="opRet", silent="<(?!size|inodes)", items=lambda value: value.bricks),
)  # fmt: skip
WHOLE = {
    "host": "five files of one figure each; rows of meminfo that are not asked for are passed over",
    "running": "a row that can't be read may be the very process that a reboot would stop unseen",
    "listed": "names alone: one that is none means that something else was printed",
    "writer": "HAProxy's rows, as of pools; see test_a_strange_server_of_the_writer",
    "jobs": "systemctl's properties of one unit; the journal's rows are in tests/cases/jobs",
    "prepared": "rows by their first word; others are passed over",
    "transfer": "the first row that is a copy's; others are passed over",
    "tables": "SQL's rows, as MySQL's protocol frames them",
    "transactions": "one row of two figures",
    "site": "a status",
    "visit": "a status",
    "identity": "each part proves or is empty",
    "upgrade": "figures by their names: one that is missing is not known",
    "revisions": "one value that PHP has serialised; an odd entry is in test_revisions",
}
ODD: dict[str, Callable[[str], str]] = {
    "another word": lambda row: (
        re.sub(r"^\s*\S*", lambda lead: lead[0][: len(lead[0]) - len(lead[0].lstrip())], row) + " what is this"
    ),
    "half of it": lambda row: row[: len(row) // 2],
    "other figures": lambda row: re.sub(r"\d+", "?", row),
    "separators that end no line": lambda row: f"{row} a\u2028b\x85c\x0bd",
}
ODD_TEXT: dict[str, Callable[[str], str]] = {
    "another text": lambda row: re.sub(r">[^<]+<", ">?<", row),
    "a long one": lambda row: re.sub(r">[^<]+<", f">{'x' * 1000}<", row),
    "none": lambda row: re.sub(r">[^<]+<", "><", row),
}


def odd_rows(case: Case) -> Iterator[tuple[str, str, str]]:
    """(what was done, the row, the answer with it odd)."""
    rows = case.answers[case.at].removesuffix("\n").split("\n")
    for at, row in enumerate(rows):
        for how, odd in (ODD_TEXT if case in XML else ODD).items():
            if odd(row) != row:
                yield how, row, "\n".join((*rows[:at], odd(row), *rows[at + 1 :])) + "\n"


def answers(case: Case, changed: str) -> tuple[Answer, ...]:
    texts = (*case.answers[: case.at], changed, *case.answers[case.at + 1 :])
    if case.field in ("galera", "member"):
        pairs = (
            tuple((line.partition("\t")[0], line.partition("\t")[2]) for line in one.splitlines()) for one in texts
        )
        return tuple(Rows(pair) for pair in pairs)
    if case.field == "apache":
        return (Page(200, (), changed, 0.1, 1.0),)
    statuses = case.statuses or (0,) * len(texts)
    return tuple(Ran(status, one, "") for status, one in zip(statuses, texts, strict=True))


def said(value: Any) -> tuple[str, ...]:
    return next(getattr(value, name) for name in ("unread", "strange", "odd") if hasattr(value, name))


def size(case: Case, value: Any) -> int:
    items = case.items(value)
    return len(items) if isinstance(items, tuple | list) else 0


@pytest.mark.parametrize("case", ROWS + XML, ids=[f"{case.field}-{at}" for at, case in enumerate(ROWS + XML)])
def test_an_odd_row_costs_itself_only_and_is_said(case: Case) -> None:
    honest = case.parse(answers(case, case.answers[case.at]), None)
    tried = 0
    for how, row, changed in odd_rows(case):
        where = f"{how}: {row}"
        try:
            seen = case.parse(answers(case, changed), None)
        except Unreadable as why:
            assert re.search(case.fences, row) or re.search(case.fences, where), f"{where}: {why}"
            continue
        tried += 1
        lost = size(case, honest) - size(case, seen)
        assert lost <= case.costs, where
        same = case.items(seen) == case.items(honest)
        assert same or re.search(case.silent, row) or said(seen), where
    assert tried


def test_every_question_is_here_or_has_its_reason() -> None:
    assert {case.field for case in ROWS + XML} | WHOLE.keys() == {question.field for question in QUESTIONS}
    assert not {case.field for case in ROWS + XML} & WHOLE.keys()


def writer(*changes: tuple[str, str]) -> mysql_proxy.Writer:
    printed = text("recordings/haproxy/mysql-writer.up.txt")
    for old, new in changes:
        assert old in printed
        printed = printed.replace(old, new, 1)
    return mysql_proxy.parse((Ran(0, printed, ""),), None)


def test_a_strange_server_of_the_writer() -> None:
    """It costs itself only where another one is known to take the writes; else all is unknown."""
    rows = text("recordings/haproxy/mysql-writer.up.txt").splitlines()
    one, two = rows[1], rows[2]
    seen = writer((two, two.replace(",UP,", ",FROZEN,")))
    assert (seen.target, len(seen.servers), len(seen.unread)) == (writer().target, 3, 1)
    assert "mysql/node2: its status is" in seen.unread[0]
    with pytest.raises(Unreadable, match="mysql/node1: its status is"):
        writer((one, one.replace(",UP,", ",FROZEN,")))
