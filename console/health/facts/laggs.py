"""The losses of network cards that carry together on a firewall."""

from console.probes.firewalls.lagg import LACP, Lagg
from console.text import doing, listed


def lagg_lacks(of: Lagg) -> str:
    """The loss of a lagg, or ""."""
    down = [port.name for port in of.ports if port.link is False]
    idle = [port.name for port in of.ports if port.link is not False and port.carries is False]
    if not of.ports:
        return f"{of.name} has no card"
    if len(down) == len(of.ports):
        return f"no card of {of.name} has a link"
    if down:
        return f"{listed(down)} of {of.name} {'has' if len(down) == 1 else 'have'} no link, the rest carries on"
    if len(idle) == len(of.ports):
        return f"{of.name} has no partner (LACP): the switch does not answer"
    if idle:
        return f"{doing(idle, 'carries', 'carry')} nothing in {of.name} (LACP), the rest carries on"
    if of.protocol == LACP and any(port.carries is None for port in of.ports):
        return f"the flags of {of.name} can't be read"
    if len(of.ports) == 1:
        return f"{of.name} has one card, {of.ports[0].name}: none stands in for it"
    return ""
