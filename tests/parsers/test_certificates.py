"""Certificates that HAProxy needs and config.xml does not hold, and a configuration that came and was not loaded.

Beside each NAME.xml of tests/cases/certificates stands NAME.expect: what of HAProxy lacks one, a line each.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from console.health import Kind, findings
from console.health.facts.takeover import takes_over
from console.probes.firewalls.carp import Carp, Vhid
from console.probes.firewalls.config import FirewallConfig, parse_xml
from console.probes.pools.servers import Pools
from console.probes.snapshot import FirewallView, Known, Snapshot, empty
from tests.console.telling import message
from tests.console.values import CLUSTER

CASES = Path(__file__).parents[1] / "cases" / "certificates"
SYNCED = "admin@172.16.1.2 (Local Database): Merged in config (haproxysyncpkg sections) from XMLRPC client."
TAKEN_OVER = "admin@172.16.1.2 (Local Database): haproxy, xmlrpc config synced"


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.xml")))
def test_case(name: str) -> None:
    config = parse_xml((CASES / f"{name}.xml").read_text())
    assert "".join(f"{one}\n" for one in config.uncertified) == (CASES / f"{name}.expect").read_text()


def picture(config: FirewallConfig, pools: Pools) -> Snapshot:
    """fw1 leads; the configuration and the pools are fw2's. fw2's clock is 1000 s ahead of the console's."""
    vips = [vip.address for vip in CLUSTER.vips]

    def carp(role: str) -> Known[Carp]:
        vhids = (Vhid("em0", 1, role, 0, (vips[0],)), Vhid("em1", 2, role, 0, (vips[1],)))
        return Known(Carp(vhids, True, 0, "boot", "on", 9e6, 1_790_011_000.0), 1_790_010_000.0)

    views = (
        FirewallView(
            "fw1", carp("MASTER"), Known(pools, 1_790_010_000.0), config=Known(replace(config, uncertified=()), 9.0)
        ),
        FirewallView("fw2", carp("BACKUP"), Known(pools, 1_790_010_000.0), config=Known(config, 9.0)),
    )
    return replace(empty(CLUSTER), firewalls=views)


def test_a_certificate_that_did_not_come_along_is_said() -> None:
    config = replace(parse_xml((CASES / "missing-on-the-other.xml").read_text()), carpdev="198.51.100.10")
    seen = picture(config, Pools(False))
    assert message(seen, Kind.CERTIFICATE_MISSING) == (
        "HAProxy on fw2 lacks the certificate of frontend wwws: it does not start or reload there, also after a"
        " failover. Tick certificates in HA sync, or import it"
    )
    assert "HAProxy on fw2 lacks the certificate of frontend wwws" in takes_over(seen, "fw1")
    assert not takes_over(picture(replace(config, uncertified=()), Pools(False)), "fw1")


@pytest.mark.parametrize(
    ("revised", "uptime", "revision", "kept"),
    [
        ("1790010500", 900, SYNCED, True),  # began 1790010100 by its own clock
        ("1790010500", 900, TAKEN_OVER, True),
        ("1790010500", 500, SYNCED, False),  # reloaded with it
        ("1790010500", 501, SYNCED, False),  # rounded
        ("1790010990", 900, SYNCED, False),  # came just now
        ("1790010500", 900, "admin: edited by hand", False),  # nobody says that it was to be loaded
        ("", 900, SYNCED, False),
        ("1790010500", None, SYNCED, False),
    ],
)
def test_a_configuration_that_came_and_was_not_loaded(
    revised: str, uptime: int | None, revision: str, kept: bool
) -> None:
    config = replace(parse_xml((CASES / "there.xml").read_text()), revised=revised, revision=revision)
    seen = [one for one in findings(picture(config, Pools(True, uptime=uptime))) if one.kind is Kind.NOT_RELOADED]
    assert [one.machine for one in seen] == (["fw1", "fw2"] if kept else [])
    assert all("HAProxy there runs since before that: it could not reload" in one.message for one in seen)
