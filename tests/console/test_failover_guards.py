"""Objections to moving the roles from one firewall to the other: over pictures made by hand."""

from dataclasses import replace
from typing import Any

import pytest

from console.inventory.cluster import Vip
from console.operations import guards
from console.operations.effects import Effect, On
from console.operations.guards import Objection, Override, checks, led_elsewhere, objections
from console.operations.procedures import END_MAINTENANCE, MAINTAIN, REBOOT_FIREWALL
from console.operations.procedures.firewall_reboot import BOOT
from console.operations.procedures.steps import Intent, Operation
from console.probes.firewalls.carp import Carp, Vhid
from console.probes.firewalls.pfsense import Box
from console.probes.snapshot import NOT_ASKED, Known, Snapshot, Unknown, VipView
from console.probes.web.vip import Visit
from tests.console.telling import alter, put
from tests.console.test_guards import CLUSTER, HEALTHY, firewall

VIPS = (Vip("wan", "198.51.100.10", "http://198.51.100.10/"), Vip("lan", "10.0.0.1", None))
SILENT = Unknown("no answer", 9.0, 8.0)


def carp(role: str, skew: int) -> Carp:
    vhids = (Vhid("em0", 1, role, skew, ("198.51.100.10",)), Vhid("em1", 2, role, skew, ("10.0.0.1",)))
    return Carp(vhids, allow=True, demotion=0, boot="{ sec = 1, usec = 0 }", pfsync="on")


def picture(role: str, other: str, skews: tuple[int, int] = (0, 100)) -> Snapshot:
    """fw1 and fw2 in these roles, all well."""
    views = tuple(
        replace(
            firewall(name),
            carp=Known(carp(is_now, skew), 1.0),
            config=replace(firewall(name).config, at=1000.0),  # its last change is long ago
            box=Known(Box("2.7.2-RELEASE", 484, (), (), 0.0), 1.0),
        )
        for name, is_now, skew in zip(("fw1", "fw2"), (role, other), skews, strict=True)
    )
    vips = (VipView("wan", Known(Visit(200, "node1", 0.1), 1.0)), VipView("lan"))
    return replace(HEALTHY, cluster=replace(CLUSTER, vips=VIPS), firewalls=views, vips=vips)


WELL = picture("MASTER", "BACKUP")
HELD = alter(picture("BACKUP", "MASTER", (254, 100)), "firewalls", "fw1", "config", maintenance=True)
"""fw1 is in maintenance."""


def against(now: Snapshot, one: Operation = MAINTAIN, target: str = "fw1") -> tuple[Objection, ...]:
    return objections(now, one.effects, target, On.FIREWALL)


def told(now: Snapshot, one: Operation = MAINTAIN, target: str = "fw1") -> list[tuple[str, Override]]:
    return [(each.saw, each.override) for each in against(now, one, target)]


def fw2(reading: str, **changes: Any) -> Snapshot:
    return alter(WELL, "firewalls", "fw2", reading, **changes)


def test_nothing_objects_where_all_is_well() -> None:
    assert told(WELL) == []
    assert told(WELL, target="fw2") == [], "the BACKUP may be held back, too"
    assert told(HELD, END_MAINTENANCE) == []


@pytest.mark.parametrize(
    ("now", "saw"),
    [
        (put(WELL, "firewalls", "fw2", carp=SILENT), "fw2 does not answer: no answer"),
        (put(WELL, "firewalls", "fw1", carp=SILENT), "CARP of fw1 is not known: no answer"),
        (put(WELL, "firewalls", "fw1", config=SILENT), "config.xml of fw1 is not known: no answer"),
        (alter(WELL, "firewalls", "fw1", "carp", allow=False), "CARP is disabled on fw1"),
        (fw2("carp", allow=False), "CARP is disabled on fw2"),
        (fw2("carp", demotion=240), "fw2 is demoted by 240"),
        (fw2("config", maintenance=True), "fw2 is in persistent CARP maintenance mode"),
        (fw2("carp", vhids=(carp("BACKUP", 100).vhids[0],)), "fw2 is without a vhid for lan"),
        (picture("MASTER", "INIT"), "fw2 is INIT for wan"),
        (picture("MASTER", "MASTER"), "fw1 and fw2 are both CARP MASTER for wan and lan"),
        (fw2("pools", running=False, servers=()), "the load balancer does not run on fw2"),
        (put(WELL, "firewalls", "fw2", pools=SILENT), "the pools of fw2 are not known"),
        (HELD, "fw1 is in maintenance already"),
    ],
)
def test_it_is_never_begun_where_nobody_could_lead(now: Snapshot, saw: str) -> None:
    assert (saw, Override.NEVER) in told(now)


def down(now: Snapshot, name: str, *servers: str) -> Snapshot:
    view = now.firewall(name)
    assert isinstance(view.pools, Known)
    changed = tuple(replace(one, status="DOWN") if one.name in servers else one for one in view.pools.value.servers)
    return alter(now, "firewalls", name, "pools", servers=changed)


def test_a_pool_that_nobody_serves_there_forbids_it_and_a_missing_server_asks_for_name_and_reason() -> None:
    nobody = ("fw2 sees nobody serve web", Override.NEVER)
    missing = ("fw2 sends no visitor to web_ipvANY/node2, and fw1 does", Override.NAME_AND_REASON)
    assert nobody in told(down(WELL, "fw2", "node1", "node2", "node3"))
    assert told(down(WELL, "fw2", "node2")) == [missing]
    assert told(down(down(WELL, "fw2", "node2"), "fw1", "node2")) == [], "it is down for both"
    back = ("fw1 sends no visitor to web_ipvANY/node2, and fw2 does", Override.NAME_AND_REASON)
    assert told(down(HELD, "fw1", "node2"), END_MAINTENANCE) == [back]


def test_a_balancer_that_starts_with_the_role_can_not_be_proven() -> None:
    now = alter(fw2("pools", running=False, servers=()), "firewalls", "fw2", "config", carpdev="198.51.100.10")
    starts = ("the load balancer of fw2 starts only with the role (carpdev)", Override.CONFIRM)
    assert starts in told(now)
    assert Override.NEVER not in {override for _, override in told(now)}


def test_configurations_must_be_equal() -> None:
    differ = ("fw1 and fw2 differ in pools", Override.NAME_AND_REASON)
    assert told(fw2("config", balancer_digest="other")) == [differ]
    unknown = put(WELL, "firewalls", "fw2", config=SILENT)
    says = "whether both are alike is not known: config.xml of fw2 is not known"
    assert (says, Override.CONFIRM) in told(unknown)


@pytest.mark.parametrize(
    ("changes", "saw", "override"),
    [
        ({"pfsync": "off"}, "states are not copied: pfsync is off on fw2", Override.CONFIRM),
        ({"pfsync": None}, "states are not copied: pfsync is off on fw2", Override.CONFIRM),
        (
            {"pfsync": "behind"},
            "fw2 has not got the states of connections yet (pfsync, syncok: 0)",
            Override.NAME_AND_REASON,
        ),
    ],
)
def test_states_must_be_copied(changes: dict[str, Any], saw: str, override: Override) -> None:
    assert told(fw2("carp", **changes)) == [(saw, override)]


@pytest.mark.parametrize(("mine", "theirs", "objects"), [(484, 450, False), (9000, 8600, False), (9000, 8500, True)])
def test_state_tables_that_differ_are_not_copied(mine: int, theirs: int, objects: bool) -> None:
    now = alter(fw2("box", states=theirs), "firewalls", "fw1", "box", states=mine)
    says = f"the state tables differ: fw1 holds {mine} and fw2 holds {theirs}"
    assert told(now) == ([(says, Override.CONFIRM)] if objects else [])


def test_no_node_may_be_out_on_one_firewall_only() -> None:
    there = replace(firewall("fw2", statuses=("UP", "DRAIN", "UP")), carp=WELL.firewall("fw2").carp)
    now = replace(WELL, firewalls=(WELL.firewall("fw1"), replace(there, box=WELL.firewall("fw2").box)))
    assert ("node2 is out on fw2 only", Override.NAME_AND_REASON) in told(now)
    config = WELL.firewall("fw2").config
    assert isinstance(config, Known)
    servers = tuple(replace(one, status="disabled") if one.name == "node2" else one for one in config.value.servers)
    later = ("node2 is out on fw2 only in config.xml", Override.NAME_AND_REASON)
    assert later in told(fw2("config", servers=servers))


def test_visits_must_work_before() -> None:
    for visit, saw in (
        (SILENT, "a visit of wan gives no answer: no answer"),
        (NOT_ASKED, "a visit of wan gives no answer: not asked yet"),
        (Known(Visit(503, None, 0.1), 1.0), "a visit of wan gets HTTP 503"),
    ):
        assert told(put(WELL, "vips", "wan", visit=visit)) == [(saw, Override.NAME_AND_REASON)]
    without = replace(WELL, cluster=replace(WELL.cluster, vips=tuple(replace(vip, url=None) for vip in VIPS)))
    says = "no virtual address can be visited: the inventory gives none a URL"
    assert told(without) == [(says, Override.CONFIRM)]


def test_what_is_not_in_maintenance_can_not_leave_it() -> None:
    assert ("fw1 is not in maintenance", Override.NEVER) in told(WELL, END_MAINTENANCE)


def test_roles_are_given_back_only_to_who_has_a_balancer_that_runs() -> None:
    stopped = alter(HELD, "firewalls", "fw1", "pools", running=False, servers=())
    assert told(stopped, END_MAINTENANCE) == [("the load balancer does not run on fw1", Override.NEVER)]


def test_a_firewall_alone_may_leave_maintenance_while_the_other_is_lost() -> None:
    lost = put(HELD, "firewalls", "fw2", carp=SILENT, pools=SILENT, config=SILENT, box=SILENT)
    assert {override for _, override in told(lost, END_MAINTENANCE)} == {Override.CONFIRM}


def test_each_has_its_own_sentence_and_what_clears_it() -> None:
    now = down(fw2("config", balancer_digest="other"), "fw2", "node2")
    sentences = [one.sentence for one in against(now)]
    assert sentences == [
        "fw2 sends no visitor to web_ipvANY/node2, and fw1 does. See first why fw2 does not.",
        "fw1 and fw2 differ in pools. Sync them first, or say why it may move all the same.",
    ]


def shown(now: Snapshot, target: str = "fw1") -> dict[str, tuple[bool, str]]:
    return {one.what: (one.holds, one.now) for one in checks(now, MAINTAIN.effects, target)}


def test_what_was_looked_at_is_shown_as_it_is() -> None:
    assert shown(WELL) == {
        "fw2 answers and can lead": (True, "2 BACKUP"),
        "fw2's balancer serves": (True, "3 of 3 UP"),
        "no node is out on one firewall only": (True, "none"),
        "both are configured alike": (True, "equal"),
        "states are copied (pfsync)": (True, "484 / 484"),
        "virtual addresses serve": (True, "wan 200"),
    }


@pytest.mark.parametrize(
    ("now", "what", "is_now"),
    [
        (put(WELL, "firewalls", "fw2", carp=SILENT), "fw2 answers and can lead", "not known"),
        (fw2("carp", demotion=240), "fw2 answers and can lead", "2 BACKUP"),
        (fw2("pools", running=False, servers=()), "fw2's balancer serves", "does not run"),
        (down(WELL, "fw2", "node2"), "fw2's balancer serves", "2 of 3 UP"),
        (fw2("config", balancer_digest="other"), "both are configured alike", "differ in pools"),
        (put(WELL, "firewalls", "fw2", config=SILENT), "both are configured alike", "not known"),
        (
            alter(fw2("box", states=100), "firewalls", "fw1", "box", states=900),
            "states are copied (pfsync)",
            "900 / 100",
        ),
        (put(WELL, "vips", "wan", visit=SILENT), "virtual addresses serve", "wan no answer"),
    ],
)
def test_it_holds_only_if_no_guard_objects(now: Snapshot, what: str, is_now: str) -> None:
    assert shown(now)[what] == (False, is_now)


def test_each_guard_of_a_move_has_its_place_in_what_is_shown() -> None:
    """Each objection is seen in the table, too."""
    judged = {rule.guard for rule in guards.RULES if rule.on is On.FIREWALL and Effect.FAILS_OVER in rule.judges}
    wrong = (
        fw2("carp", allow=False),
        fw2("pools", running=False, servers=()),
        down(WELL, "fw2", "node2"),
        fw2("config", balancer_digest="other"),
        fw2("carp", pfsync="off"),
        put(WELL, "vips", "wan", visit=SILENT),
    )
    seen = set[object]()
    for now in wrong:
        objecting = {guard for guard in judged if list(guard(now, MAINTAIN.effects, "fw1"))}
        assert objecting
        assert not all(holds for holds, _ in shown(now).values())
        seen |= objecting
    assert {guard.__name__ for guard in judged} - {getattr(one, "__name__", "") for one in seen} == {"same_out"}


# --- reboot


def test_a_firewall_is_rebooted_only_where_the_other_one_could_lead() -> None:
    assert told(WELL, REBOOT_FIREWALL) == []
    assert told(WELL, REBOOT_FIREWALL, "fw2") == []
    assert told(HELD, REBOOT_FIREWALL) == [], "one that is in maintenance stays there"
    for now, saw in (
        (put(WELL, "firewalls", "fw2", carp=SILENT), "fw2 does not answer: no answer"),
        (fw2("carp", demotion=240), "fw2 is demoted by 240"),
        (fw2("config", maintenance=True), "fw2 is in persistent CARP maintenance mode"),
        (put(WELL, "firewalls", "fw2", pools=SILENT), "the pools of fw2 are not known"),
    ):
        assert (saw, Override.NEVER) in told(now, REBOOT_FIREWALL)
    assert ("fw1 is in persistent CARP maintenance mode", Override.NEVER) in told(HELD, REBOOT_FIREWALL, "fw2")


def test_a_boot_would_apply_what_nobody_has_applied() -> None:
    now = alter(WELL, "firewalls", "fw1", "box", unapplied=("filter", "haproxy.conf"))
    says = "fw1 holds changes that nobody has applied: filter and haproxy.conf"
    assert told(now, REBOOT_FIREWALL) == [(says, Override.NAME_AND_REASON)]
    assert told(now) == []


def test_who_leads_is_not_rebooted() -> None:
    def saws(now: Snapshot) -> list[str]:
        return [one.saw for one in led_elsewhere(now, REBOOT_FIREWALL.effects, "fw1")]

    assert saws(HELD) == []
    assert saws(WELL) == ["fw1 may carry visitors: fw1 is CARP MASTER and carries the traffic"]
    (unknown,) = saws(put(HELD, "firewalls", "fw2", carp=SILENT))
    assert unknown.startswith("fw1 may carry visitors: ")


@pytest.mark.parametrize(
    ("noted", "boot", "uptime", "rebooted"),
    [
        ("1000 5000", 6100, 40.0, True),
        ("1000 5000", 1000, 5100.0, False),
        ("1000 5000", 1003, 5100.0, False),
        ("1000 5000", 4600, 5100.0, False),
        ("1000 60", 1200, 61.0, True),
        ("", 6100, 40.0, False),
        ("x", 6100, 40.0, False),
    ],
    ids=["rebooted", "the same", "the clock was trimmed", "the clock was set", "just up", "nothing noted", "no note"],
)
def test_a_reboot_is_proven_by_the_boot_time(noted: str, boot: int, uptime: float, rebooted: bool) -> None:
    now = alter(HELD, "firewalls", "fw1", "carp", boot=f"{{ sec = {boot}, usec = 1 }} Mon", uptime=uptime)
    intent = Intent(now.cluster, "fw1", REBOOT_FIREWALL, {"boot fw1": noted} if noted else {})
    assert BOOT.done(now, intent).done is rebooted
    assert bool(BOOT.orders(now, intent)) is (bool(noted) and not rebooted)
