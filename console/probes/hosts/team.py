"""A team of network cards (teamd), in the terms of a bond: only teamd itself knows which cards carry anything.

`teamdctl TEAM state dump` prints JSON, to root alone (libteam teamd/teamd_state.c, teamd_runner_lacp.c). A port of the
runner lacp is `selected` into an aggregator; its state is current, expired, defaulted or disabled.
"""

import json
from typing import Any, cast

from console.probes.ask import Ran, Run, Unreadable
from console.probes.hosts.hardware import MAX_ITEMS, NO_PARTNER, NONE, Bond, Slave
from console.probes.parsing import dig, ran, short

MAX_STATE = 256 << 10
"""Characters of a state that are read."""


def asks(team: str) -> Run:
    """The question."""
    return Run(("teamdctl", team, "state", "dump"), root=True, timeout=4)


def parse_team(name: str, answer: Ran) -> Bond:
    """Read one team."""
    text = ran(answer, MAX_STATE)
    try:
        state: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"teamdctl did not print the state of {name} as JSON") from error
    ports = dig(state, "ports")
    runner = _word(state, "setup", "runner_name")
    if not runner or not isinstance(ports, dict):
        raise Unreadable(f"teamdctl told no runner and ports of {name}")
    cards = dict(list(cast("dict[str, Any]", ports).items())[:MAX_ITEMS])
    lacp, active = runner == "lacp", _word(state, "runner", "active_port")
    selected = [port for port in cards.values() if dig(port, "runner", "selected") is True]
    partners = [found for port in selected if (found := _word(port, "runner", "partner_lacpdu_info", "system"))]
    known = [partner for partner in partners if partner != NO_PARTNER]
    slaves = tuple(_slave(card, port, lacp, bool(known)) for card, port in cards.items())
    return Bond(
        name=name,
        mode=f"team, {runner}",
        up=any(slave.up for slave in slaves),
        active=(active or NONE) if runner == "activebackup" else "",
        slaves=slaves,
        aggregator=(_aggregator(selected) if lacp else ""),
        partner=(known or [NO_PARTNER])[0] if lacp else "",
        watched=all(isinstance(dig(port, "link_watches"), dict) for port in cards.values()),
    )


def _aggregator(selected: list[Any]) -> str:
    ids = [
        dig(port, "runner", "aggregator", "id") for port in selected if dig(port, "runner", "aggregator", "selected")
    ]
    return str(ids[0]) if ids and isinstance(ids[0], int) else NONE


def _slave(name: str, port: Any, lacp: bool, answered: bool) -> Slave:
    """One port. Where the switch answers some of them, one that it does not answer carries nothing."""
    up = dig(port, "link_watches", "up")
    up = dig(port, "link", "up") if up is None else up
    if not isinstance(up, bool):
        raise Unreadable(f"teamdctl does not tell the link of {short(name)}")
    watches = dig(port, "link_watches", "list")
    each = cast("dict[str, Any]", watches).values() if isinstance(watches, dict) else ()
    failures = sum(count for one in each if isinstance(count := dig(one, "down_count"), int))
    current = dig(port, "runner", "state") == "current" or not answered
    carries = dig(port, "runner", "selected") is True and current
    group = dig(port, "runner", "aggregator", "id")
    told = (str(group) if carries and isinstance(group, int) else NONE) if lacp else ""
    return Slave(short(name), up, failures, told)


def _word(tree: Any, *keys: str) -> str:
    found = dig(tree, *keys)
    return short(found) if isinstance(found, str) else ""
