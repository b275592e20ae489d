"""The virtual addresses as visitors see them, and the two firewalls."""

from typing import Any

from console.health.facts.membership import config_of, master, primary
from console.health.facts.sync import sync
from console.inventory.cluster import Vip
from console.probes.firewalls.carp import Carp
from console.probes.pools.balancer import balancer_of
from console.probes.snapshot import FirewallView, Known, Reading, Unknown, VipView
from console.ui.board.view import BoardView
from console.ui.lines import Line, Piece, fitted, flow, moment
from console.words import ages, cells, words

Group = list[str | Piece | words.Word]


def addresses(board: BoardView) -> list[Line]:
    """One group a virtual address: status, how long it took, who answered."""
    if not board.picture.vips:
        return []
    vips = {vip.name: vip for vip in board.picture.cluster.vips}
    groups = [_address(board, view, vips[view.name]) for view in board.picture.vips]
    groups[0].insert(0, Piece("VIP  ", "dim"))
    return [one.cut(board.width) for one in flow(groups, board.width)]


def _address(board: BoardView, view: VipView, vip: Vip) -> Group:
    word = words.visit(view.visit, asked=vip.url is not None)
    if board.aging(view.visit):
        word = words.aged(word)
    group: Group = [f"{view.name} ", Piece(f"{vip.address} ", "dim"), word]
    if isinstance(view.visit, Known):
        visit = view.visit.value
        group.append(Piece(f" {ages.took(visit.seconds)}" + (f" {visit.node}" if visit.node else "")))
    return group


def firewalls(board: BoardView) -> list[Line]:
    """One line a firewall, more where it does not fit."""
    wide = max(len(view.name) for view in board.picture.firewalls)
    lines: list[Line] = []
    for view in board.picture.firewalls:
        here = view.name == board.picked
        level = words.named(board.naming(view.name))
        name = Piece(("►" if here else level.mark or " ") + view.name.ljust(wide + 1), level.style or "head")
        first: Group = [name, *_carp(board, view)]
        groups = [first, *_state(board, view)]
        mine, plain = (flow(each, board.width - 1, indent="") for each in ([*groups, _age(board, view)], groups))
        if len(mine) > len(plain) and (board.width < 70 or not board.aging(_newest(view))):
            mine = plain  # alone on a line it takes more than it gives
        fill = "selected" if here else ""
        lines += [one._replace(fill=fill, row=view.name).cut(board.width) for one in _indented(mine)]
    return [one for one in lines if board.wants(one.text)]


def _indented(lines: list[Line]) -> list[Line]:
    return [one if at == 0 else Line((Piece("   "), *one.pieces)) for at, one in enumerate(lines)]


def _carp(board: BoardView, view: FirewallView) -> Group:
    if isinstance(view.carp, Unknown):
        since = f"since {moment(view.carp.since, board.now)}" if view.carp.since else ""
        why = "" if words.unknown(view.carp).word == "asking" else f": {view.carp.why}"
        room = board.width - 52 if isinstance(view.pools, Known) else board.width - 20
        return [words.unknown(view.carp), Piece(f" {fitted(f'{since}{why}', room - 1)}", "unknown")]
    group: Group = []
    for role, names in roles(board, view.carp.value).items():
        word = words.marked(words.role(role or None, view.carp.value.allow), board.naming(view.name, cells.ROLES))
        group += [words.aged(word) if board.aging(view.carp) else word, Piece(f" {' '.join(names)} ")]
    return group or [Piece("no vhid ", "dim")]


def roles(board: BoardView, carp: Carp) -> dict[str, list[str]]:
    """Names of the virtual addresses by role, one entry where they agree."""
    found: dict[str, list[str]] = {}
    for vip in board.picture.cluster.vips:
        found.setdefault(carp.role(vip.address) or "", []).append(vip.name)
    if not found:
        for vhid in carp.vhids:
            found.setdefault(vhid.role, []).append(f"{vhid.interface}/{vhid.vhid}")
    return found


def _state(board: BoardView, view: FirewallView) -> list[Group]:
    groups: list[Group] = []
    if isinstance(view.carp, Known) and view.carp.value.demotion:
        by = view.carp.value.demotion
        groups.append([words.Word(words.WARN, f"demoted by {by}" if by > 0 else f"demotion {by}", "warn")])
    config = config_of(board.picture, view.name)
    if config and config.maintenance:
        groups.append([words.Word(words.WARN, "persistent maintenance", "warn")])
    if isinstance(view.carp, Unknown) and isinstance(view.pools, Unknown):
        return groups
    return [*groups, _balancer(board, view), _config(board, view)]


def _balancer(board: BoardView, view: FirewallView) -> Group:
    name = Piece(f"{balancer_of(board.picture.cluster).name} ", "dim")
    if isinstance(view.pools, Unknown):
        return [name, words.unknown(view.pools)]
    config = config_of(board.picture, view.name)
    passive = bool(config and config.carpdev) and master(board.picture) not in (None, view.name)
    return [name, words.balancer(view.pools.value, passive)]


def _config(board: BoardView, view: FirewallView) -> Group:
    """The firewall's part in the configuration sync; on the primary's line the comparison of the two, and its age."""
    if isinstance(view.config, Unknown):
        return [Piece("config ", "dim"), words.unknown(view.config)]
    group: Group = [Piece("config ", "dim"), "primary" if view.config.value.primary else "secondary"]
    first = primary(board.picture) or board.picture.firewalls[0].name
    if view.name != first or len(board.picture.firewalls) < 2:
        return group
    seen = sync(board.picture)
    age = ages.span((board.now - seen.at) // 10 * 10) if seen.at else ""  # by tens: it stands still longer
    return [*group, Piece(" sync ", "dim"), words.sync(seen), Piece(f" {age}", "dim")]


def _age(board: BoardView, view: FirewallView) -> Group:
    reading = _newest(view)
    return [ages.age(board.now - reading.at, board.limit())] if isinstance(reading, Known) else []


def _newest(view: FirewallView) -> Reading[Any]:
    return view.pools if isinstance(view.pools, Known) else view.carp
