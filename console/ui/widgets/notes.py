"""What else there is to know of a node, most important first: the last column, or lines where there is no room."""

from console.facts.membership import node_of
from console.probes.transfer import Transfer
from console.snapshot import Known, NodeView
from console.ui import words
from console.ui.lines import Line, Piece, flow
from console.ui.readings.kinds import amount
from console.ui.widgets.details import out_since
from console.ui.widgets.sight import Sight
from console.ui.words import Word


def notes(sight: Sight, view: NodeView) -> list[Word]:
    """Short ones, each with its style."""
    return [*_out(sight, view), *transfer(sight, view), *_writer(sight, view), *_broken(view), *_pending(view)]


def _out(sight: Sight, view: NodeView) -> list[Word]:
    text = out_since(sight, view.name)
    return [Word("", text, "note")] if text else []


def transfer(sight: Sight, view: NodeView) -> list[Word]:
    """An SST: from whom or to whom, and how far. Only the donor knows both ends."""
    if not isinstance(view.transfer, Known) or not view.transfer.value.role:
        return []
    mine = view.transfer.value
    if mine.role == "donor":
        to = next((one.name for one in sight.picture.cluster.nodes if one.address == mine.peer), mine.peer)
        return [Word("", f"SST to {to or 'a node'}", "warn")]
    giver = donor(sight, view.name)
    whole = giver[1].datadir_bytes if giver else None
    parts = ["SST", f" from {giver[0]}" if giver else "", f", {amount(mine.bytes)}" if mine.bytes is not None else ""]
    return [Word("", "".join(parts) + (f" of {amount(whole)}" if whole and mine.bytes is not None else ""), "warn")]


def donor(sight: Sight, node: str) -> tuple[str, Transfer] | None:
    """Who gives a node its copy."""
    address = node_of(sight.picture.cluster, node).address
    found = [
        (one.name, one.transfer.value)
        for one in sight.picture.nodes
        if isinstance(one.transfer, Known) and one.transfer.value.role == "donor"
    ]
    return next((one for one in found if one[1].peer in (address, node)), found[0] if len(found) == 1 else None)


def joining(sight: Sight, view: NodeView) -> Word | None:
    """Of a node whose MySQL answers nothing because it takes its copy: how far that is."""
    if not isinstance(view.transfer, Known) or view.transfer.value.role != "joiner":
        return None
    mine, giver = view.transfer.value, donor(sight, view.name)
    whole = giver[1].datadir_bytes if giver else None
    share = f" {min(99, 100 * mine.bytes // whole)}%" if whole and mine.bytes is not None else ""
    return Word(words.WARN, f"Joining{share or ' SST'}", "warn")


def _writer(sight: Sight, view: NodeView) -> list[Word]:
    """Where this and the other nodes' HAProxy send MySQL's traffic."""
    targets = {one.writer.value.target for one in sight.picture.nodes if isinstance(one.writer, Known)}
    mine = node_of(sight.picture.cluster, view.name).address
    if mine not in targets:
        return []
    return [Word("", "writer", "text") if len(targets) == 1 else Word(words.WARN, "a writer of several", "warn")]


def _broken(view: NodeView) -> list[Word]:
    found: list[str] = []
    if isinstance(view.mounts, Known):
        found += [f"{one.path} hangs" for one in view.mounts.value.mounts if not one.answers]
    if isinstance(view.devices, Known):
        devices = view.devices.value
        found += [f"{one.name} {one.state}" for one in devices.arrays if one.state != "clean"]
        found += ["RAID not well"] if devices.raid and devices.raid.ok is False else []
        found += [f"{one.name} lacks a link" for one in devices.bonds if not all(each.up for each in one.slaves)]
        found += [f"{unit} failed" for unit in devices.failed_units[:2]]
    return [Word(words.WARN, text, "warn") for text in found]


def _pending(view: NodeView) -> list[Word]:
    if not isinstance(view.updates, Known):
        return []
    updates = view.updates.value
    found = ["reboot required"] if updates.reboot_required else []
    found += [f"{updates.security} security updates"] if updates.security else []
    return [Word("", text, "dim") for text in found]


def beneath(sight: Sight, most: int) -> list[Line]:
    """Lines for the nodes that have notes worth one, where the table has no column for them."""
    groups: list[list[str | Piece | Word]] = []
    for view in sight.picture.nodes:
        said = [word for word in notes(sight, view) if word.style != "dim"]
        if said and (view.name != sight.picked or said[0].style != "note") and sight.wants(view.name):
            groups.append(
                [Piece(f"{view.name}: ", "head"), Piece("; ".join(word.text for word in said), said[0].style)]
            )
    return [one.cut(sight.width) for one in flow(groups, sight.width - 1, gap="   ", indent="   ")[: max(0, most)]]
