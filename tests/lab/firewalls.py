"""The lab's repository of pfSense, and requests that failed while addresses of CARP moved."""

from __future__ import annotations

import time

from console.session.journal import Record

from .lab import Lab
from .load import Answer, Load
from .plan import FIREWALLS
from .services import wait_for

BEFORE, AFTER = 1.0, 5.0
"""Seconds around a move of the addresses in which a connection may break."""
OLD = "2.7.2-RELEASE 23.3 0.63_2"
NEW = "2.8.0-RELEASE 23.6 0.63_5"
"""A release, its version of config.xml, and of its HAProxy package."""
_PLAIN = """\
set -- $(cat /srv/repository)
[ "$1" != 2.7.2-RELEASE ] || exit 0
rm -f /srv/repository /etc/latest_config /cf/conf/upgrade_log*.txt /var/log/drainboard-upgrade.log
rm -rf /var/db/pkg/pfSense-kernel-pfSense/note/n*
echo 2.7.2-RELEASE >/etc/version
echo 0.63_2 >/var/db/pkg/pfSense-pkg-haproxy/version
sed -i 's#<version>23.6</version>#<version>23.3</version>#' /cf/conf/config.xml
rm -f /tmp/config.cache
"""


def offer(lab: Lab, firewall: str, words: str = NEW) -> None:
    """Let a newer release be in the repository, and pfSense find it. `words` may end in "major": it boots twice."""
    lab.machines[firewall].sh(f"echo {words} >/srv/repository; /etc/rc.update_pkg_metadata")


def old_release(lab: Lab) -> None:
    """Bring back the release that the lab came up with."""
    for name in FIREWALLS:
        lab.machines[name].sh(_PLAIN)


def release(lab: Lab, firewall: str) -> str:
    return lab.machines[firewall].sh("cat /etc/version").strip()


def pids(lab: Lab) -> dict[str, str]:
    """Each firewall's HAProxy: another one after a reload."""
    return {name: lab.machines[name].sh("cat /var/run/haproxy.pid") for name in FIREWALLS}


def moves(*records: Record) -> list[float]:
    """Times of the orders of these runs that let addresses move, on the clock of `Load`."""
    steps = {"enter maintenance", "leave maintenance"}
    sent = [entry.at for one in records for entry in one.entries if _sends(entry.kind, entry.facts.get("step"), steps)]
    return [at - time.time() + time.monotonic() for at in sent]


def enough(load: Load) -> None:
    """Until the figure means something."""
    wait_for("4,000 requests", lambda: load.result.requests >= 4000, 90)


def _sends(kind: str, step: object, steps: set[str]) -> bool:
    return kind == "sending" and step in steps


def apart(load: Load, moves: list[float]) -> list[Answer]:
    """Requests that failed, or were served at the second try, while no address moved."""
    broken = [answer for answer in load.answers if answer.error or answer.first]
    return [one for one in broken if not any(move - BEFORE <= one.began <= move + AFTER for move in moves)]
