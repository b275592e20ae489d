"""Firewalls in depth, over recordings; those called `composed` were put together from the formats in the sources."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.inventory.cluster import Login, Node
from console.probes.ask import Ran, Unreadable
from console.probes.firewalls import carp, pfsense
from console.probes.firewalls import config as pfsense_config
from console.probes.firewalls.php import unserialize
from console.probes.pools import relayd
from console.probes.pools.configured import Change, PooledServer
from console.probes.pools.relayd_config import persist
from console.probes.pools.servers import Admin, Pools

RECORDINGS = Path(__file__).parents[1] / "recordings" / "pfsense"
SYSCTL = "net.inet.carp.allow: 1\nnet.inet.carp.demotion: 0\nkern.boottime: { sec = 1790000000, usec = 1 } Sun\n"
SUMMARY = "composed-relayctl-show-summary.txt"
COUNTED = "10.20.0.11:443 4\n10.20.0.12:443 2\n10.20.0.12:80 7\n10.20.0.14:80 3\n10.20.0.11:22 1\ncounted\n"
NO_NOTICES = (
    "cat: /tmp/notices: No such file or directory\ncat: /tmp/notices/notices.serial: No such file or directory\n"
)
FILE_LAYOUT = "cat: /tmp/notices/notices.serial: Not a directory\n"
FOLDER_LAYOUT = "cat: /tmp/notices: Is a directory\n"


def text(name: str) -> str:
    return (RECORDINGS / name).read_text()


def printed(out: str, status: int = 0, err: str = "", at: float = 0.0) -> Ran:
    return Ran(status, out, err, at)


# --- CARP -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recording", "pfsync"),
    [
        ("composed-ifconfig-fbsd14-pfsync-on.txt", "on"),
        ("composed-ifconfig-fbsd14-pfsync-off.txt", "off"),
        ("composed-ifconfig-fbsd12-pfsync-on.txt", "on"),
        ("composed-ifconfig-fbsd12-pfsync-off.txt", "off"),
        ("ifconfig-fbsd14-master.txt", None),
    ],
)
def test_pfsync(recording: str, pfsync: str | None) -> None:
    seen = carp.parse((printed(text(recording)), printed(SYSCTL), printed("1790000100\n")), None)
    assert (seen.pfsync, seen.uptime) == (pfsync, 100.0)
    assert [vhid.role for vhid in seen.vhids] == ["MASTER", "MASTER"]
    assert [vhid.advbase for vhid in seen.vhids] == [1, 1]


@pytest.mark.parametrize(
    ("recording", "maintenance"),
    [
        ("ifconfig-fbsd14-maint-backup.txt", True),
        ("ifconfig-fbsd14-master.txt", False),
        ("ifconfig-fbsd14-carpdisabled.txt", False),
        ("ifconfig-fbsd15-vrrp-mixed.txt", False),
    ],
)
def test_carp_maintenance_is_254_on_every_vhid(recording: str, maintenance: bool) -> None:
    assert carp.parse((printed(text(recording)), printed(SYSCTL)), None).maintenance is maintenance


def test_an_interface_without_carrier_is_init() -> None:
    vhids, *_ = carp.parse_ifconfig(text("composed-ifconfig-fbsd14-wan-init.txt"), [])
    assert [(vhid.interface, vhid.role) for vhid in vhids] == [("em0", "INIT"), ("em1", "MASTER")]


@pytest.mark.parametrize(
    "line",
    [
        "carp: ASLEEP vhid 1 advbase 1 advskew 0",
        "carp: MASTER vhid 256 advbase 1 advskew 0",
        "carp: MASTER vhid 1 advbase 1 advskew 255",
        "carp: MASTER vhid 1",
        "vrrp: MASTER vrid",
    ],
)
def test_a_role_in_other_words_is_not_passed_over(line: str) -> None:
    em0 = f"em0: flags=8943<UP> metric 0 mtu 1500\n\tinet 10.20.0.1 netmask 0xffffff00 vhid 1\n\t{line}\n"
    with pytest.raises(Unreadable, match="CARP"):
        carp.parse((printed(em0), printed(SYSCTL)), None)
    em1 = "em1: flags=8943<UP> metric 0 mtu 1500\n\tcarp: MASTER vhid 2 advbase 1 advskew 0\n"
    seen = carp.parse((printed(em0 + em1), printed(SYSCTL)), None)
    assert [(one.vhid, one.role) for one in seen.vhids] == [(2, "MASTER")]
    assert "CARP" in seen.unread[0]
    assert seen.role("10.20.0.1") == carp.UNREAD


def test_without_a_clock_the_rest_of_carp_is_known() -> None:
    seen = carp.parse((printed(text("ifconfig-fbsd14-master.txt")), printed(SYSCTL), printed("", 127)), None)
    assert (seen.uptime, seen.roles) == (None, {"MASTER"})


# --- the box --------------------------------------------------------------------------------------------------------


def box(serial: str = "", complaint: str = NO_NOTICES, dirty: str = "", states: Ran | None = None) -> pfsense.Box:
    files = printed(f"2.7.2-RELEASE\n{serial}", 1, complaint)
    states = states or printed(text("composed-pfctl-si.txt"))
    return pfsense.parse((files, printed(dirty), states, printed("1790000000\n", at=1000.0)), None)


def test_a_box_at_peace() -> None:
    assert box() == pfsense.Box("2.7.2-RELEASE", 1842, (), (), 0.0)
    assert box().clock == 1790000000.5 - 1000.0


@pytest.mark.parametrize("complaint", [FILE_LAYOUT, FOLDER_LAYOUT])
def test_notices_of_failed_syncs_in_both_layouts(complaint: str) -> None:
    assert box(text("composed-notices.serial"), complaint).sync_notices == (
        "A communications error occurred while attempting to call XMLRPC method host_firmware_version: "
        "Unable to connect to tls://172.16.1.3:443 & é",
        "Exception calling XMLRPC method restore_config_section #-1 : "
        "Authentication failed: Invalid username or password",
    )


def test_a_version_that_ends_without_a_newline() -> None:
    files = printed("2.4.5-RELEASE" + text("composed-notices.serial"), 1, FILE_LAYOUT)
    seen = pfsense.parse((files, printed(""), printed("", 1), printed("1790000000\n")), None)
    assert (seen.version, len(seen.sync_notices)) == ("2.4.5-RELEASE", 2)


def test_notices_that_may_not_be_read_are_not_no_notices() -> None:
    with pytest.raises(Unreadable, match="Permission denied"):
        box(complaint="cat: /tmp/notices: Permission denied\n")


@pytest.mark.parametrize("cut", [1, 10, 60, 200, 400])
def test_half_a_file_of_notices_is_said_and_costs_itself_only(cut: int) -> None:
    seen = box(text("composed-notices.serial")[:-cut], FOLDER_LAYOUT, "/var/run/vip.dirty\n")
    assert (seen.version, seen.sync_notices, seen.unapplied) == ("2.7.2-RELEASE", (), ("vip",))
    assert "notices" in seen.unread[0]


def test_what_is_not_applied() -> None:
    assert box(dirty="/var/run/vip.dirty\n/var/run/haproxy.conf.dirty\n").unapplied == ("haproxy.conf", "vip")
    seen = box(dirty="/var/run/vip.dirty\nfind: /var/run: Permission denied\n")
    assert (seen.unapplied, len(seen.unread)) == (("vip",), 1)


def test_states_that_may_not_be_counted_are_not_known_and_the_rest_is() -> None:
    seen = box(states=printed("", 1, "pfctl: /dev/pf: Permission denied\n"))
    assert (seen.states, seen.version) == (None, "2.7.2-RELEASE")


@pytest.mark.parametrize(
    ("written", "value"),
    [("N;", None), ("b:0;", False), ("i:-5;", -5), ("d:0.5;", 0.5), ('s:2:"é";', "é"), ("a:1:{i:0;a:0:{}}", {0: {}})],
)
def test_php_values(written: str, value: object) -> None:
    assert unserialize(written, "it") == value


@pytest.mark.parametrize(
    "written",
    [
        "",
        "x",
        's:3:"é";',
        "i:1",
        "a:2:{i:0;N;}",
        'O:3:"abc":0:{}',
        "a:1:{a:0:{}N;}",
        "a:1:{" * 50,
        "a:999999:{}",
        "i:1;i:2;",
    ],
)
def test_what_php_did_not_write(written: str) -> None:
    with pytest.raises(Unreadable):
        unserialize(written, "it")


# --- config.xml -----------------------------------------------------------------------------------------------------


def config(name: str, *changes: tuple[str, str], balancer: str = "haproxy") -> pfsense_config.FirewallConfig:
    document = text(name)
    for old, new in changes:
        assert old in document, old
        document = document.replace(old, new, 1)
    return pfsense_config.parse((printed(document),), None, balancer)


@pytest.mark.parametrize(
    ("kind", "balancer"), [("config-2.7.2-haproxy-fw{}.xml", "haproxy"), ("config-2.4.5-relayd-fw{}.xml", "relayd")]
)
def test_two_firewalls_after_a_sync_are_equal(kind: str, balancer: str) -> None:
    first, second = (config(kind.format(number), balancer=balancer) for number in (1, 2))
    assert (first.sync_to, second.sync_to, first.balancer_sync) == ("172.16.1.3", "", True)
    assert first.balancer_digest == second.balancer_digest
    received = dict(second.sections)
    assert [name for name, _ in first.sections] == ["filter", "schedules", "nat", "aliases"]
    assert all(received[name] == digest for name, digest in first.sections)
    assert [replace(vip, advskew=str(int(vip.advskew) + 100)) for vip in first.vips] == list(second.vips)
    assert [(vip.uniqid, vip.advbase) for vip in first.vips] == [("64b0000000a01", "1"), ("64b0000000a02", "1")]


def test_a_disabled_server_changes_the_digest_of_the_pools_alone() -> None:
    name = "config-2.7.2-haproxy-fw2.xml"
    before, after = (
        config(name),
        config(name, ("<status>active</status>\n\t\t\t\t\t\t\t\t<name>node1", "<status>disabled</status><name>node1")),
    )
    assert before.balancer_digest != after.balancer_digest
    assert before.sections == after.sections


RULE = "<rule><type>pass</type><source><any></any></source>{}</rule>"


@pytest.mark.parametrize(
    ("rules", "same"),
    [
        (RULE.format("<nosync></nosync>"), True),
        (RULE.format(""), False),
        (RULE.format("<nosync></nosync>") * 2, True),
    ],
)
def test_a_rule_that_is_not_synced_is_no_difference(rules: str, same: bool) -> None:
    name = "config-2.7.2-haproxy-fw1.xml"
    before, after = config(name), config(name, ("<filter></filter>", f"<filter>{rules}</filter>"))
    assert (before.sections == after.sections) is same


def test_a_rule_beside_one_that_is_not_synced_is_the_rule() -> None:
    name, one, other = "config-2.7.2-haproxy-fw1.xml", RULE.format(""), RULE.format("<nosync></nosync>")
    alone, beside = (config(name, ("<filter></filter>", f"<filter>{rules}</filter>")) for rules in (one, other + one))
    assert alone.sections == beside.sections


def test_a_rule_that_is_disabled_is_a_difference_and_its_description_is_none() -> None:
    name = "config-2.7.2-haproxy-fw1.xml"
    on, off, told = (
        config(name, ("<filter></filter>", f"<filter>{RULE.format(inside)}</filter>")).sections
        for inside in ("", "<disabled></disabled>", "<descr><![CDATA[web & more]]></descr>")
    )
    assert on != off
    assert on == told


def test_load_balancer_pools() -> None:
    seen = config("config-2.4.5-relayd-fw1.xml", balancer="relayd")
    assert [(server.pool, server.address, server.status) for server in seen.servers] == [
        ("web", "10.20.0.11", "active"),
        ("web", "10.20.0.12", "active"),
        ("web", "10.20.0.13", "disabled"),
        ("webtls", "10.20.0.11", "active"),
        ("webtls", "10.20.0.12", "active"),
        ("webtls", "10.20.0.13", "active"),
    ]
    assert config("config-2.4.5-relayd-fw1.xml").servers == ()


# --- relayd ---------------------------------------------------------------------------------------------------------


def pools(summary: str, states: Ran | None = None, dirty: int = 1) -> Pools:
    return relayd.parse((printed(summary), printed("", dirty), states or printed(COUNTED)), None)


def node(number: int) -> Node:
    return Node(f"node{number}", f"10.20.0.1{number}", Login("x"))


def test_relayd_pools() -> None:
    seen = pools(text(SUMMARY))
    assert [(server.backend, server.pool, server.address, server.status, server.admin) for server in seen.servers] == [
        ("webtls:443", "webtls", "10.20.0.11", "UP", Admin.READY),
        ("webtls:443", "webtls", "10.20.0.12", "UP", Admin.READY),
        ("webtls:443", "webtls", "10.20.0.13", "UP", Admin.READY),
        ("web:80", "web", "10.20.0.11", "MAINT", Admin.MAINT),
        ("web:80", "web", "10.20.0.12", "UP", Admin.READY),
        ("web:80", "web", "10.20.0.13", "DOWN", Admin.READY),
    ]
    assert [server.serving for server in seen.servers] == [True, True, True, False, True, False]
    assert [server.sessions for server in seen.servers] == [4, 2, 0, 0, 7, 0]
    assert (seen.held(node(4)), seen.held(node(1)), seen.dirty) == (3, 0, False)


def test_sessions_that_can_not_be_counted_are_not_none_left() -> None:
    seen = pools(text(SUMMARY), printed("", 1))
    assert {server.sessions for server in seen.servers} == {None}
    assert seen.held(node(4)) is None


def test_a_host_of_unknown_health_or_in_a_disabled_table_serves_nobody() -> None:
    unknown = text(SUMMARY).replace("100.00%\tup", "100.00%\tunknown", 1)
    assert [server.serving for server in pools(unknown).servers[:2]] == [False, True]
    closed = text(SUMMARY).replace("active (3 hosts up)", "disabled")
    assert [server.status for server in pools(closed).servers[:3]] == ["table disabled"] * 3
    assert not any(server.serving for server in pools(closed).servers[:3])
    shut = text(SUMMARY).replace(
        "vs_https                	       	active", "vs_https                	       	disabled"
    )
    assert not any(server.serving for server in pools(shut).servers[:3])


def test_a_table_of_two_redirects_is_one_backend() -> None:
    head, *rows = text(SUMMARY).splitlines(keepends=True)
    twice = "".join((head, *rows, "2   \tredirect\tvs_more                 \t       \tactive\n", *rows[1:5]))
    assert len(pools(twice).servers) == 6


@pytest.mark.parametrize(
    "summary",
    [
        "",
        "command failed\n",
        "Id  \tType\n",
        text(SUMMARY) + "7\thost\n",
        "Id  \tType    \tName\n6   \thost    \t10.20.0.11              \t100.00%\tup\n",
    ],
)
def test_a_summary_that_is_none(summary: str) -> None:
    with pytest.raises(Unreadable):
        pools(summary)


def test_the_second_table_of_a_redirect_is_its_fall_back() -> None:
    fall_back = "3   \ttable   \tsorry:80                \t       \tactive (1 hosts up)\n"
    host = "9   \thost    \t10.20.0.13              \t100.00%\tup\n"
    seen = pools(text(SUMMARY) + fall_back + host).servers
    assert {server.path for server in seen if server.backup} == {"sorry:80/10.20.0.13"}
    again = "4   \tredirect\tvs_sorry                \t       \tactive\n"
    seen = pools(text(SUMMARY) + fall_back + host + again + fall_back + host).servers
    assert not [server.path for server in seen if server.backup]


def test_relayd_that_does_not_run() -> None:
    silent = printed("", 1, "relayctl: connect: /var/run/relayd.sock: No such file or directory\n")
    assert relayd.parse((silent, printed("", 1), printed(COUNTED)), None) == Pools(running=False)


def test_orders_carry_names_as_arguments_alone() -> None:
    servers = pools(text(SUMMARY)).of(node(2))
    order = relayd.set_state(servers, Admin.DRAIN)
    assert order.argv[:2] == ("sh", "-c")
    assert order.argv[3:] == ("set", "disable", "webtls:443", "10.20.0.12", "web:80", "10.20.0.12")
    assert "10.20" not in order.argv[2]
    written = persist((Change(PooledServer("we'b", "x", "x", "active"), "disabled"),), True, "by 'mallory'")
    assert "we'b" not in written.stdin
    assert "mallory" not in written.stdin
