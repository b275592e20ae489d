"""A parser answers any output with a value or with Unreadable, and with nothing else."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from console.probes.ask import Answer, Page, Ran, Rows, Unreadable
from console.probes.database import galera, member, mysql_proxy, tables, transfer
from console.probes.firewalls import carp, claim, pfsense
from console.probes.firewalls import config as pfsense_config
from console.probes.hosts import jobs, running, system
from console.probes.pools import haproxy, processes, relayd, saved
from console.probes.storage import gluster
from console.probes.web import apache

RECORDINGS = Path(__file__).parents[1] / "recordings"
HOST = """0.1 0.2 0.3 1/100 4242
100.0 50.0
0-3
MemTotal: 16000000 kB
MemFree: 1000000 kB
MemAvailable: 9000000 kB
2b1f0b1e-0000-4000-8000-000000000001
"""
UNITS = (RECORDINGS / "system/units.lab.txt").read_text()
SYSCTL = "net.inet.carp.allow: 1\nnet.inet.carp.demotion: 0\nkern.boottime: { sec = 1, usec = 1 } Sun\n"


def text(*names: str) -> str:
    return "\n".join((RECORDINGS / name).read_text() for name in names)


CFG = "global\n\tserver-state-file /tmp/haproxy_server_state\nbackend web\n\tload-server-state-from-file global\n"
SAVED = "1\n" + text("pfsense/servers-state-allup.txt").partition("1\n")[2]
SOCKSTAT = (
    "USER     COMMAND    PID   FD  PROTO  LOCAL ADDRESS         FOREIGN ADDRESS      \n"
    "proxy    haproxy    40321 11  tcp4   10.20.0.2:51322       10.20.0.12:80        \n"
)
SHOWN = "LoadState=loaded\nActiveState=active\nSubState=exited\nResult=success\nExecMainStatus=0\nInvocationID=ab\n"
Parse = Callable[[tuple[Any, ...], Any], object]
BOX = "2.7.2-RELEASE\n" + text("pfsense/composed-notices.serial")
SHELL: list[tuple[Parse, tuple[str, ...]]] = [
    (transfer.parse, (text("galera/pgrep-sst.donor.txt"), text("galera/du-sst.donor.txt"))),
    (transfer.parse, (text("galera/pgrep-sst.joiner.txt"), text("galera/du-sst.joiner.txt"))),
    (mysql_proxy.parse, (text("haproxy/mysql-writer.maint.txt"),)),
    (carp.parse, (text("pfsense/composed-ifconfig-fbsd14-pfsync-on.txt"), SYSCTL, "1790000000\n")),
    (carp.parse, (text("pfsense/ifconfig-fbsd15-vrrp-mixed.txt"), SYSCTL, "1790000000\n")),
    (pfsense.parse, (BOX, "/var/run/vip.dirty\n", text("pfsense/composed-pfctl-si.txt"), "1790000000\n")),
    (relayd.parse, (text("pfsense/composed-relayctl-show-summary.txt"), "", "10.20.0.11:80 3\ncounted\n")),
    (partial(pfsense_config.parse, balancer="relayd"), (text("pfsense/config-2.4.5-relayd-fw1.xml"),)),
    (haproxy.parse, (text("pfsense/showstat-allup.csv", "pfsense/servers-state-allup.txt"), "")),
    (pfsense_config.parse, (text("pfsense/config-2.7.2-haproxy-fw1.xml"),)),
    (saved.parse, (CFG, SAVED, "1794103200\n")),
    (processes.parse, ("haproxy: 40321 40334\n", SOCKSTAT)),
    (claim.parse, ("123\n", '{"claim": "abc", "who": "me", "since": 1}\n{"until": 9}\n', "123\n")),
    (running.parse, ("12 mysqld\n13 glusterfsd\n", "   0: 00000000:0CEA 00000000:0000 0A \n", "")),
    (running.parse_listed, ("www\nimg\n",)),
    (jobs.parse, ("2b1f0b1e-0000-4000-8000-000000000001\n", SHOWN, "", '{"MESSAGE": "x", "PRIORITY": "6"}\n')),
    (system.parse_host, (HOST, "1795380083.206266000\n")),
    (system.parse_services, (UNITS, "12\n13\n")),
    (gluster.parse_summary, (text("gluster/3-healing/heal-info-summary.xml"),)),
    (
        gluster.parse,
        tuple(
            text(f"gluster/{name}")
            for name in (
                "1-healthy/composed-glusterd-store.txt",
                "2-node3-down/volume-status.xml",
                "2-node3-down/heal-statistics-healcount.txt",
            )
        ),
    ),
]


@st.composite
def broken(draw: st.DrawFn, original: str) -> str:
    """The original with pieces cut out, doubled or overwritten."""
    mutated = original
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(0, len(mutated) - 1)))
        end = min(len(mutated), start + draw(st.integers(0, 400)))
        piece = draw(st.one_of(st.just(""), st.just(mutated[start:end] * 2), st.text(max_size=20)))
        mutated = mutated[:start] + piece + mutated[end:]
    return mutated


def survives(parse: Parse, answers: tuple[Answer, ...]) -> None:
    try:
        parse(answers, None)
    except Unreadable as why:
        assert str(why)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_shell_answers(data: st.DataObject) -> None:
    parse, originals = data.draw(st.sampled_from(SHELL))
    answers = tuple(
        Ran(data.draw(st.sampled_from([0, 0, 0, 1, 124, 127])), data.draw(broken(original)), data.draw(st.text()))
        for original in originals
    )
    survives(parse, answers)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_web_answers(data: st.DataObject) -> None:
    body = data.draw(broken(text("apache/server-status-auto.load.txt")))
    survives(apache.parse, (Page(data.draw(st.integers(100, 599)), (), body, 0.1),))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_sql_answers(data: st.DataObject) -> None:
    mutated = data.draw(broken(text("galera/synced.node1.txt") + "\nUptime\t5"))
    table = tuple(tuple(line.split("\t", 1)) for line in mutated.split("\n"))
    survives(galera.parse, (Rows(table), Rows((("read_only", "OFF"),))))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_sql_answers_in_lines(data: st.DataObject) -> None:
    names, parse = data.draw(
        st.sampled_from(
            [
                (("galera/variables.node1.txt",), member.parse),
                (("galera/privileges.granted.txt", "galera/tables.granted.txt"), tables.parse),
            ]
        )
    )
    answers = (data.draw(broken(text(name))).split("\n") for name in names)
    survives(parse, tuple(Rows(tuple(tuple(line.split("\t")) for line in lines)) for lines in answers))
