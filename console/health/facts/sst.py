"""Full copies (SST) under way: who gives, who takes, how far it is.

The script that takes a copy runs on a joiner in any case: only then the donor decides that what was missed (IST) is
enough (seen on MariaDB 10.11; Percona's scripts do the same). So a donor that gives one is the proof, and names both.
"""

from typing import NamedTuple

from console.inventory.addresses import plain
from console.probes.database.transfer import Transfer
from console.probes.snapshot import Known, Snapshot
from console.text import size, span


class Sst(NamedTuple):
    """One copy. A figure is None where it is not known."""

    joiner: str
    """A node, or the address the donor sends to."""
    donor: str
    method: str
    done: int | None
    """Bytes of the joiner's datadir."""
    whole: int | None
    """Bytes of the donor's."""
    left: float | None
    """Seconds, at the pace so far."""

    @property
    def share(self) -> float | None:
        """0 to 1."""
        return min(1.0, self.done / self.whole) if self.done is not None and self.whole else None

    @property
    def message(self) -> str:
        """For the joiner: "SST from node2, 4.0 GiB of 11 GiB, 3 min left"."""
        source = f"SST from {self.donor}"
        if self.done is None or not self.whole:
            return source if self.done is None else f"{source}, {size(self.done)} so far"
        left = "" if self.left is None else f", {span(self.left)} left"
        return f"{source}, {size(min(self.done, self.whole))} of {size(self.whole)}{left}"


def transfers(snapshot: Snapshot) -> tuple[Sst, ...]:
    """Every copy that a donor gives, whether its joiner is seen or not."""
    joiners, donors = _of(snapshot, "joiner"), _of(snapshot, "donor")
    names = {plain(node.address): node.name for node in snapshot.cluster.nodes}
    alone = next(iter(joiners)) if len(joiners) == len(donors) == 1 else ""

    def joiner(given: Transfer) -> str:
        """A node by its address. One joiner and one donor are a pair at an address that is no node's, too."""
        return names.get(plain(given.peer)) or alone or given.peer

    return tuple(_sst(joiner(given), joiners.get(joiner(given)), donor, given) for donor, given in donors.items())


def joining(snapshot: Snapshot) -> tuple[str, ...]:
    """Nodes that ask for what they missed, and no donor is seen to give a full copy."""
    copied = {copy.joiner for copy in transfers(snapshot)}
    return tuple(name for name in _of(snapshot, "joiner") if name not in copied)


def _of(snapshot: Snapshot, role: str) -> dict[str, Transfer]:
    seen = {view.name: view.transfer.value for view in snapshot.nodes if isinstance(view.transfer, Known)}
    return {name: one for name, one in seen.items() if one.role == role}


def _sst(joiner: str, taken: Transfer | None, donor: str, given: Transfer) -> Sst:
    done, whole = taken.bytes if taken else None, given.datadir_bytes
    pace = taken.bytes_per_second if taken else None
    left = max(0, whole - done) / pace if done is not None and whole and pace else None
    return Sst(joiner, donor, given.method, done, whole, left)
