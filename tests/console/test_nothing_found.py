"""Nothing found is no success, and a spare is no node that is partly out."""

from dataclasses import replace

import pytest

from console.health import Kind, Level, findings
from console.health.facts.membership import Place, place, spare_pools
from console.operations.guards import Override, objections
from console.operations.procedures import DRAIN, REJOIN
from console.operations.procedures.persistent import BACK_IN_CONFIG, OUT_IN_CONFIG
from console.operations.procedures.runtime import OUT_AT_RUNTIME
from console.operations.procedures.steps import Intent, Operation
from console.probes.firewalls.config import FirewallConfig
from console.probes.pools.configured import PooledServer
from console.probes.pools.saved import Saved
from console.probes.pools.servers import Admin, Pools, Server
from console.probes.snapshot import FirewallView, Known, Snapshot, Unknown, empty
from console.words.cells import pools
from tests.console.telling import message
from tests.console.values import CLUSTER

IN, OUT = Admin.READY, Admin.MAINT
Servers = dict[tuple[str, str], tuple[str, Admin | None]]
"""(pool, node) to its status in config.xml and what run time says; None: not listed there."""
WHOLE: Servers = {(pool, f"node{at}"): ("active", IN) for pool in ("web", "tls") for at in (1, 2, 3)}


def address(node: str) -> str:
    return f"10.0.0.1{node[-1]}"


def running(pool: str, node: str, admin: Admin) -> Server:
    status = "UP" if admin is IN else admin.name
    figures = {"weight": 1, "sessions": 0, "queued": 0, "total": 0, "rate": 0, "since": 0, "last_session": 0}
    return Server(f"{pool}_ipvANY", node, address(node), status, False, check="", admin=admin, **figures)  # type: ignore[arg-type]


def view(name: str, servers: Servers, stopped: bool = False) -> FirewallView:
    config = FirewallConfig(
        version="23.3",
        primary=name == "fw1",
        maintenance=False,
        balancer_sync=name == "fw1",
        carpdev="",
        servers=tuple(PooledServer(pool, node, address(node), told) for (pool, node), (told, _) in servers.items()),
        vips=(),
        revised="1",
        revision="",
    )
    now = tuple(running(pool, node, admin) for (pool, node), (_, admin) in servers.items() if admin)
    pools = Known(Pools(not stopped, () if stopped else now), 9.0)
    return FirewallView(name, pools=pools, config=Known(config, 9.0), saved=Known(Saved(()), 9.0))


def picture(one: Servers, other: Servers, stopped: bool = False) -> Snapshot:
    """`stopped`: HAProxy does not run on fw2."""
    return replace(empty(CLUSTER), firewalls=(view("fw1", one), view("fw2", other, stopped)))


def intent(action: Operation = DRAIN) -> Intent:
    return Intent(CLUSTER, "node2", action)


def node2(status: str, admin: Admin | None, *pools: str) -> Servers:
    return WHOLE | {(pool, "node2"): (status, admin) for pool in pools or ("web", "tls")}


def test_an_empty_section_on_the_other_firewall_is_not_disabled_there() -> None:
    seen = picture(node2("disabled", OUT), {})
    assert not OUT_IN_CONFIG.done(seen, intent()).done
    assert OUT_IN_CONFIG.done(seen, intent()).message.startswith(
        "config.xml of fw2 has no server of node2, and that of fw1 has"
    )
    assert place(seen, "node2") is Place.MIXED
    assert "config.xml of fw2 has no server" in message(seen, Kind.MIXED)
    assert "fw2" not in OUT_AT_RUNTIME.done(seen, intent()).message.partition(";")[0]


def test_nor_one_that_lacks_a_single_node() -> None:
    lacks = {key: told for key, told in WHOLE.items() if key[1] != "node2"}
    seen = picture(node2("disabled", OUT), lacks)
    assert not OUT_IN_CONFIG.done(seen, intent()).done
    assert place(seen, "node2") is not Place.OUT


def test_a_node_that_config_xml_does_not_know_at_all_does_not_stay_out() -> None:
    servers = {key: told for key, told in WHOLE.items() if key[1] != "node2"}
    bare = picture(servers, servers)
    views = tuple(
        replace(each, pools=Known(Pools(True, (running("web", "node2", OUT),)), 9.0)) for each in bare.firewalls
    )
    progress = OUT_IN_CONFIG.done(replace(bare, firewalls=views), intent())
    assert [name for name, _ in progress.skipped] == ["fw1", "fw2"]
    assert "brings it back" in progress.message
    assert place(replace(bare, firewalls=views), "node2") is Place.MIXED


def test_nothing_anywhere_is_never_done() -> None:
    seen = picture({}, {})
    for step in (OUT_AT_RUNTIME, OUT_IN_CONFIG, BACK_IN_CONFIG):
        assert not step.done(seen, intent()).done


def test_putting_back_goes_on_where_it_can_and_is_not_done() -> None:
    progress = BACK_IN_CONFIG.done(picture(WHOLE, {}), intent(REJOIN))
    assert progress.done
    assert [name for name, _ in progress.skipped] == ["fw2"]


def test_disabled_on_both_is_out() -> None:
    seen = picture(node2("disabled", OUT), node2("disabled", OUT))
    assert OUT_IN_CONFIG.done(seen, intent()).done
    assert place(seen, "node2") is Place.OUT


SPARE = node2("disabled", OUT, "tls")


@pytest.mark.parametrize("stopped", [False, True])
@pytest.mark.parametrize("there", [SPARE, node2("inactive", None, "tls")])
def test_a_spare_is_in(there: Servers, stopped: bool) -> None:
    seen = picture(there, there, stopped)
    assert spare_pools(seen, "node2") == {"tls"}
    assert place(seen, "node2") is Place.IN
    mine = [one for one in findings(seen) if one.machine == "node2" and one.kind in (Kind.SPARE, Kind.MIXED, Kind.DOWN)]
    assert [(one.kind, one.level) for one in mine] == [(Kind.SPARE, Level.NOTE)]
    for other in ("node1", "node3"):
        hard = [one for one in objections(seen, DRAIN.effects, other) if one.machine == "node2"]
        assert all("out" not in one.saw and "gets no traffic" not in one.saw for one in hard)
    rejoin = [one for one in objections(seen, REJOIN.effects, "node2") if "spare" in one.saw]
    assert [one.override for one in rejoin] == [Override.CONFIRM]
    assert pools(seen, seen.firewall("fw1"), "node2").text == "✓UP"
    whole = picture(WHOLE, WHOLE, stopped)
    for other in ("node1", "node3"):
        against = [one.saw for one in objections(seen, DRAIN.effects, other)]
        assert against == [one.saw for one in objections(whole, DRAIN.effects, other)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (node2("active", OUT), node2("active", OUT)),  # run time first: config.xml is still to be written
        (node2("disabled", OUT), node2("active", OUT)),  # the sync has not arrived
        (node2("active", OUT), node2("active", IN)),
        (node2("disabled", IN), node2("disabled", IN)),  # put back by hand
        (node2("disabled", Admin.DRAIN, "tls"), node2("disabled", Admin.DRAIN, "tls")),  # somebody drains it
        (SPARE, WHOLE),  # only here
        (SPARE, node2("disabled", IN, "tls")),
        (SPARE, node2("active", OUT, "tls")),
        (SPARE | {("web", "node2"): ("active", OUT)}, SPARE),
        (SPARE | {("web", "node2"): ("disabled", IN)}, SPARE),
        (SPARE, {key: told for key, told in SPARE.items() if key != ("tls", "node2")}),
    ],
)
def test_what_has_stopped_half_way_is_no_spare(one: Servers, other: Servers) -> None:
    seen = picture(one, other)
    assert not spare_pools(seen, "node2")
    assert place(seen, "node2") is Place.MIXED


def test_a_node_that_is_inactive_everywhere_is_out() -> None:
    seen = picture(node2("inactive", None), node2("inactive", None))
    assert place(seen, "node2") is Place.OUT


def test_what_only_config_xml_says_makes_no_spare() -> None:
    seen = picture(SPARE, SPARE)
    dark = tuple(replace(each, pools=Unknown("silent", 1.0, 1.0)) for each in seen.firewalls)
    assert not spare_pools(replace(seen, firewalls=dark), "node2")
