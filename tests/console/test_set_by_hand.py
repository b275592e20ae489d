"""Settings made by hand beside config.xml, or on the firewall whose config.xml a sync overwrites."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.health import Kind, findings
from console.probes.ask import Ran
from console.probes.firewalls.config import FirewallConfig, parse
from console.probes.snapshot import Known, Snapshot
from tests.console.telling import alter, message, put

CONFIG = (Path(__file__).parents[1] / "recordings/pfsense/config-2.7.2-haproxy-fw2.xml").read_text()
BY_SYNC = "admin@172.16.1.2 (Local Database): Merged in config (haproxysyncpkg sections) from XMLRPC client."
TAKEN_OVER = "admin@172.16.1.2 (Local Database): haproxy, xmlrpc config synced"
BY_HAND = "ops@10.20.0.50 (Local Database): Services: HAProxy: Backend"


def at_run_time(fine: Snapshot, **changes: object) -> Snapshot:
    """node2's server in the pool web of fw1."""
    (view, _) = fine.firewalls
    assert isinstance(view.pools, Known)
    servers = tuple(
        replace(one, **{"since": 3600, **(changes if (one.pool, one.name) == ("web", "node2") else {})})  # type: ignore[arg-type]
        for one in view.pools.value.servers
    )
    return alter(fine, "firewalls", "fw1", "pools", servers=servers)


def test_what_runs_as_configured_is_not_told(fine: Snapshot) -> None:
    assert not message(at_run_time(fine), Kind.RUN_TIME_DIFFERS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"port": "8080"}, "web/node2 has port 8080, not 80"),
        ({"weight": 3}, "web/node2 has weight 3, not 10"),
        ({"weight": 3, "port": "81"}, "web/node2 has port 81, not 80 and weight 3, not 10"),
    ],
)
def test_a_port_or_a_weight_that_is_not_config_xmls_is_told(
    fine: Snapshot, changes: dict[str, object], words: str
) -> None:
    told = message(at_run_time(fine, **changes), Kind.RUN_TIME_DIFFERS)
    assert told == f"fw1 sends otherwise than config.xml says: {words}; a reload may change that"


@pytest.mark.parametrize("changes", [{"weight": 3, "since": 20}, {"weight": 3, "agent": True}, {"weight": 0}])
def test_a_weight_that_something_else_explains_is_not_told(fine: Snapshot, changes: dict[str, object]) -> None:
    assert not message(at_run_time(fine, **changes), Kind.RUN_TIME_DIFFERS)


def document(server: str, by: str) -> str:
    """fw2's config.xml with some text in place of node2's status, and its last revision."""
    changed = CONFIG.replace("<status>active</status>", f"<status>{server}</status>", 1)
    before, begins, after = changed.partition("<revision>")
    rest = after.partition("</description>")[2]
    assert begins
    return f"{before}<revision><time>1790000000</time><description>{by}</description>{rest}"


def looked(*documents: str) -> FirewallConfig:
    seen: FirewallConfig | None = None
    for one in documents:
        seen = parse((Ran(0, one, ""),), seen)
    assert seen is not None
    return seen


def test_a_change_that_a_sync_overwrites_is_told(fine: Snapshot) -> None:
    first = document("active", BY_SYNC)
    mine, theirs = document("disabled", BY_HAND), document("backup", BY_SYNC)
    assert looked(first, mine).own_change == BY_HAND
    lost = looked(first, mine, theirs)
    assert (lost.own_change, lost.overwritten) == ("", BY_HAND)
    assert looked(first, mine, document("active", BY_SYNC)).overwritten == BY_HAND
    seen = put(fine, "firewalls", "fw2", config=Known(lost, 1.0))
    assert message(seen, Kind.SYNC_OVERWROTE) == f"a sync overwrote what was changed on fw2 itself: {BY_HAND}"


def test_what_the_package_writes_as_it_takes_a_sync_over_is_no_change_by_hand() -> None:
    first, second = document("active", TAKEN_OVER), document("disabled", TAKEN_OVER)
    assert looked(first, second).own_change == ""
    assert looked(first, second, document("active", BY_SYNC)).overwritten == ""
    assert looked(first, document("disabled", BY_HAND), document("backup", TAKEN_OVER)).overwritten == BY_HAND


def test_syncs_after_each_other_and_a_change_that_stays_overwrite_nothing(fine: Snapshot) -> None:
    first, second = document("active", BY_SYNC), document("disabled", BY_SYNC)
    assert looked(first, second, first).overwritten == ""
    mine = document("disabled", BY_HAND)
    assert looked(first, mine, second).overwritten == ""  # the same came by the sync
    assert looked(first, mine, document("active", BY_HAND)).overwritten == ""
    assert not [one for one in findings(fine) if one.kind is Kind.SYNC_OVERWROTE]
