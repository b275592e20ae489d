"""Answers that are made to break their reader: each is refused with a sentence, soon, and nothing else happens."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from console.probes.ask import Page, Ran, Rows, Unreadable, WireError, sections
from console.probes.database import galera
from console.probes.firewalls import carp, script
from console.probes.firewalls import config as pfsense_config
from console.probes.hosts import system
from console.probes.pools import configured, haproxy
from console.probes.pools.servers import Pools
from console.probes.snapshot import Known
from console.probes.storage import gluster, gluster_command, gluster_options
from console.session.journal import Journal
from console.ui.lines import wrapped
from console.wire.http import _page
from console.words import words
from console.words.harmless import harmless

MARK = "c0ffee"
SOON = 2.0
"""Seconds in which no key is heard: far less here than what these answers took before, and more than a busy host's."""


def ran(out: str, status: int = 0, err: str = "") -> Ran:
    return Ran(status, out, err)


@pytest.mark.parametrize("status", ["²", "9" * 5000, "-1", "1_0", "٣", "0 0"])
def test_a_status_that_is_no_number_is_no_end(status: str) -> None:
    out = f"{MARK}\nA\n{MARK} 0\n\n{MARK} {status}\n{MARK}\nB\n{MARK} 0\n"
    with pytest.raises(Unreadable, match="end is missing"):
        sections(out, "", MARK, 2)


@pytest.mark.parametrize(
    "head",
    [
        f"Content-Length: {'9' * 30}",
        f"Transfer-Encoding: chunked\r\n\r\n{'f' * 30}",
        f"Transfer-Encoding: chunked\r\n\r\n{'9' * 6000}",
        "Transfer-Encoding: chunked\r\n\r\n-1",
        "a: b\r\n" * 200,
    ],
)
def test_a_page_of_impossible_size(head: str) -> None:
    with pytest.raises(WireError):
        _page(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\nabc".encode(), 0.1, "the site")


def test_headers_are_harmless() -> None:
    page: Page = _page(b"HTTP/1.1 200 OK\r\nX-Node: \x1b]0;owned\x07\x1b[31mnode1\r\n\r\n", 0.1, "the site")
    assert (page.header("X-Node") or "").isprintable()


def stat(rows: str, state: str, head: str = "", names: str = "be_name srv_name srv_admin_state") -> Pools:
    columns = "pxname,svname,status,addr,bck,weight,scur,qcur,stot,rate,check_status,lastchg,lastsess"
    return haproxy.parse((ran(f"# {columns}{head}\n{rows}\n\n1\n# {names}\n{state}\n"), ran("", 1)), None)


def _servers(count: int) -> Pools:
    rows = "\n".join(f"b{n},s,UP,10.0.0.1:80,0,1,0,0,0,0,,0,0" for n in range(count))
    return stat(rows, "\n".join(f"b{n} s 0" for n in range(count)))


def _config(inside: str) -> pfsense_config.FirewallConfig:
    text = f"<pfsense><version>22.9</version>{inside}</pfsense>"
    return pfsense_config.parse((ran(text),), None)


def _pool(name: str, servers: int = 1) -> str:
    server = "<item><name>s</name><address>10.0.0.1</address><status>active</status></item>"
    pool = f"<item><name>{name}</name><ha_servers>{server * servers}</ha_servers></item>"
    return f"<installedpackages><haproxy><ha_pools>{pool}</ha_pools></haproxy></installedpackages>"


def _volume(bricks: str, nodes: str = "") -> gluster.Volume:
    def output(inside: str) -> Ran:
        return ran(f"<cliOutput><opRet>0</opRet>{inside}</cliOutput>")

    info = f"<volInfo><volumes><volume><bricks>{bricks}</bricks></volume></volumes></volInfo>"
    status = f"<volStatus><volumes><volume>{nodes}</volume></volumes></volStatus>"
    return gluster.parse((output(info), output(status), output(""), ran("Brick a:b\n")), None)


def _host(figure: str) -> system.Host:
    boot = "11111111-1111-1111-1111-111111111111"
    proc = f"{figure} 1 1\n{figure} 1\n0-3\nMemTotal: 9 kB\nMemFree: 1 kB\n{boot}\n"
    return system.parse_host((ran(proc), ran("1790000000\n")), None)


LAUGHS = "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]><pfsense><version>&b;</version></pfsense>"

REFUSED: dict[str, Callable[[], object]] = {
    "a thousand columns for each of a hundred thousand rows": lambda: stat(
        "a,b\n" * 100_000, "a b 0", "".join(f",{n:x}" for n in range(60_000))
    ),
    "a server too many": lambda: _servers(haproxy.MAX_SERVERS + 1),
    "columns in another order": lambda: stat("a,b,UP", "b", names="srv_name be_name srv_admin_state"),
    "a blank status": lambda: stat("a,b, ,10.0.0.1:80,0,1,0,0,0,0,,0,0", "a b 0"),
    "a second command": lambda: stat("a,b; shutdown,UP,10.0.0.1:80,0,1,0,0,0,0,,0,0", "a b 0"),
    "a second line": lambda: stat('a,"b\nset",UP,10.0.0.1:80,0,1,0,0,0,0,,0,0', "a b 0"),
    "a name without end": lambda: stat(f"a,{'b' * 300},UP,10.0.0.1:80,0,1,0,0,0,0,,0,0", "a b 0"),
    "a number without end": lambda: stat(f"a,b,UP,10.0.0.1:80,0,{'9' * 5000},0,0,0,0,,0,0", "a b 0"),
    "a billion laughs": lambda: pfsense_config.parse((ran(LAUGHS),), None),
    "a million tags": lambda: _config("<a/>" * 1_000_000),
    "a million levels": lambda: _config("<a>" * 1_000_000),
    "more than config.xml may be": lambda: _config("x" * (pfsense_config.MAX_CONFIG + 1)),
    "a configured server too many": lambda: _config(_pool("p", configured.MAX_SERVERS + 1)),
    "ifconfig without end": lambda: carp.parse((ran("em0: flags=\n" * 200_000), ran("")), None),
    "bricks without end": lambda: _volume("<brick><name>a:b</name></brick>" * 200),
    "a brick's name without end": lambda: _volume(f"<brick><name>a:{'b' * 2000}</name></brick>"),
    "an infinite uptime": lambda: _host("inf"),
    "an uptime that is no number": lambda: _host("nan"),
    "an uptime of 400 digits": lambda: _host("1e400"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_soon(name: str) -> None:
    began = time.process_time()
    with pytest.raises(Unreadable):
        REFUSED[name]()
    assert time.process_time() - began < SOON


def test_addresses_of_one_vhid_are_read_in_time() -> None:
    text = "em0: flags=1\n\tcarp: MASTER vhid 1 advbase 1 advskew 0\n" + "\tinet 1 x vhid 1\n" * 60_000
    began = time.process_time()
    carp.parse_ifconfig(text, [])
    assert time.process_time() - began < SOON


CLI = "<?xml version='1.0'?><cliOutput><opRet>{}</opRet>{}</cliOutput>"
NODES = "<volStatus><volumes><volume><node>{}</node></volume></volumes></volStatus>"
BRICKS = "<healInfo><bricks><brick><name>{}</name></brick></bricks></healInfo>"
OPTIONS = "<volGetopts><Opt><Option>network.ping-timeout</Option><Value>42</Value></Opt></volGetopts>"


NO_ENDS = "<!-- </a></a> --><![CDATA[</a></a>]]><?a </a></a>?>"
NO_TAGS = "<!-- <a><a> --><![CDATA[<a><a>]]><?a <a><a>?>"


def config(description: str) -> str:
    return f"<pfsense><version>22.9</version><revision><description>{description}</description></revision></pfsense>"


def space(name: str) -> Callable[[str], object]:
    nodes = NODES.format(f"<{name}>{{}}</{name}>")
    return lambda deep: gluster_options.parse_options(
        (ran(CLI.format(0, OPTIONS)), ran(CLI.format(0, nodes.format(deep)))), None
    )


DEEP_TEXTS: dict[str, Callable[[str], object]] = {
    "description": lambda deep: pfsense_config.parse_xml(config(deep)),
    "opErrstr": lambda deep: gluster_command.document(ran(CLI.format(1, f"<opErrstr>{deep}</opErrstr>"))),
    "name": lambda deep: gluster.parse_summary((ran(CLI.format(0, BRICKS.format(deep))),), None),
    "hostname": space("hostname"),
    "path": space("path"),
}


@pytest.mark.parametrize("name", DEEP_TEXTS)
def test_an_element_in_the_place_of_a_text_is_refused_at_any_depth(name: str) -> None:
    with pytest.raises(Unreadable, match="nested more than 40 levels deep"):
        DEEP_TEXTS[name](f"{NO_ENDS}<a>" * 2000 + "x" + "</a>" * 2000)


def test_what_is_no_tag_is_no_level() -> None:
    """Three levels are the document's own."""
    some = "<a>" * 37 + NO_TAGS * 100 + "</a>" * 37
    assert pfsense_config.parse_xml(config(some)).version == "22.9"
    with pytest.raises(Unreadable, match="40 levels"):
        pfsense_config.parse_xml(config(f"<a>{some}</a>"))


def test_a_failure_of_gluster_is_told_as_it_is() -> None:
    with pytest.raises(Unreadable, match="status 1: Connection failed"):
        gluster_command.document(ran("", 1, "Connection failed. Please check if gluster daemon is operational.\n"))


@pytest.mark.parametrize("state", [" ", ":x", "\u2028", "\x1b[2J", "Joining: " + "x" * 100_000])
def test_any_state_of_a_member_has_a_word(state: str) -> None:
    numbers = ("size", "conf_id")
    status = [(f"wsrep_cluster_{name}", "3") for name in numbers]
    status += [("wsrep_cluster_status", "Primary"), ("wsrep_last_committed", "1"), ("wsrep_local_recv_queue", "0")]
    status += [("wsrep_local_state_comment", state), ("wsrep_ready", "ON"), ("Uptime", "1")]
    member = galera.parse((Rows(tuple(status)), Rows(())), None)
    assert len(member.state) <= 80
    assert harmless(words.wsrep(Known(member, 1.0), 3).text).isprintable()


@pytest.mark.parametrize("said", ['{"why": "\\ud800"}', "[" * 200_000, "9" * 5000, '{"why": "\\u001b[31mno\\nyes"}'])
def test_a_refusal_is_one_harmless_line(said: str) -> None:
    why = script.refusal(ran(f"drainboard {said}\n"))
    assert why
    assert why.isprintable()
    why.encode()


def test_a_text_without_end_is_wrapped_in_time() -> None:
    began = time.process_time()
    assert len(wrapped("A" * 4_000_000, 70, most=2)) == 2
    assert time.process_time() - began < SOON


@pytest.mark.parametrize(
    "name", ["a\u2028b", "a\x85b", "a\x0bb\x1cc", "a\udcffb\ud800", 'a"}\n{"kind": "closed", "at": 1}']
)
def test_no_name_takes_a_line_of_the_journal_apart(tmp_path: Path, name: str) -> None:
    """A firewall chooses the names of its pools, and they stand in one line with what was found on the other one."""
    journal = Journal(tmp_path / "journal")
    record = journal.open("node1", "drain", reason=name)
    found = {f"later fw2 {name}/node1": "active", "later fw1 web/node1": "disabled"}
    written = journal.write(record, "found", **found)
    (read,) = journal.records()
    assert read.found == written.found == found
    assert read.first("reason") == name.encode(errors="backslashreplace").decode(), "half a character by its number"
    assert read.outcome is None


def test_a_line_of_the_journal_that_goes_too_deep_is_passed_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    record = journal.open("node1", "drain", reason="disk")
    with record.path.open("a") as file:
        file.write("[" * 30_000 + "\n")
    (read,) = Journal(tmp_path / "journal").records()
    assert read.first("reason") == "disk"
