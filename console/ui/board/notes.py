"""Notes on a node, the most important first: the last column, or lines where there is no room."""

from console.health.facts.membership import node_of
from console.health.facts.sst import joining, transfers
from console.health.facts.writer import written_to
from console.health.hosts import array_lacks, bond_lacks
from console.probes.snapshot import Known, NodeView
from console.ui.board.details import out_since
from console.ui.board.view import BoardView
from console.ui.lines import Line, Piece, flow
from console.words import words
from console.words.words import Word


def notes(board: BoardView, view: NodeView) -> list[Word]:
    """Short ones, each with its style."""
    return [*_out(board, view), *transfer(board, view), *_writer(board, view), *_broken(view), *_pending(view)]


def _out(board: BoardView, view: NodeView) -> list[Word]:
    text = out_since(board, view.name)
    return [Word("", text, "note")] if text else []


def transfer(board: BoardView, view: NodeView) -> list[Word]:
    """An SST: its other side, and its progress."""
    said = [copy.message for copy in transfers(board.picture) if copy.joiner == view.name]
    said += [f"SST to {copy.joiner}" for copy in transfers(board.picture) if copy.donor == view.name]
    return [Word("", message, "warn") for message in said]


def joins(board: BoardView, view: NodeView) -> Word | None:
    """A node whose MySQL answers nothing while it joins; the progress of a copy."""
    mine = next((copy for copy in transfers(board.picture) if copy.joiner == view.name), None)
    if mine is None:
        return Word(words.WARN, "Joining", "warn") if view.name in joining(board.picture) else None
    far = "SST" if mine.share is None else f"{min(99, int(100 * mine.share))}%"
    return Word(words.WARN, f"Joining {far}", "warn")


def _writer(board: BoardView, view: NodeView) -> list[Word]:
    """The node takes the writes of the nodes' own HAProxies for MySQL."""
    targets = written_to(board.picture)
    mine = node_of(board.picture.cluster, view.name).address
    if mine not in targets:
        return []
    return [Word("", "writer", "text") if len(targets) == 1 else Word(words.WARN, "a writer of several", "warn")]


def _broken(view: NodeView) -> list[Word]:
    found: list[str] = []
    if isinstance(view.mounts, Known):
        ill = (one for one in view.mounts.value.mounts if one.answers is False)
        found += [f"{one.path} {one.why.partition(':')[0]}" for one in ill]
    if isinstance(view.devices, Known):
        devices = view.devices.value
        found += [message for one in devices.arrays if (message := array_lacks(one))]
        found += ["RAID not well"] if devices.raid and devices.raid.ok is False else []
        found += [message for one in devices.bonds if (message := bond_lacks(one))]
        found += [f"{unit} failed" for unit in devices.failed_units[:2]]
    return [Word(words.WARN, text, "warn") for text in found]


def _pending(view: NodeView) -> list[Word]:
    if not isinstance(view.updates, Known):
        return []
    updates = view.updates.value
    found = ["reboot required"] if updates.reboot_required else []
    found += [f"{updates.security} security updates"] if updates.security else []
    return [Word("", text, "dim") for text in found]


def beneath(board: BoardView, most: int) -> list[Line]:
    """Lines for the nodes that have notes worth one, where the table has no column for them."""
    groups: list[list[str | Piece | Word]] = []
    for view in board.picture.nodes:
        said = [word for word in notes(board, view) if word.style != "dim"]
        if said and (view.name != board.picked or said[0].style != "note") and board.wants(view.name):
            groups.append(
                [Piece(f"{view.name}: ", "head"), Piece("; ".join(word.text for word in said), said[0].style)]
            )
    return [one.cut(board.width) for one in flow(groups, board.width - 1, gap="   ", indent="   ")[: max(0, most)]]
