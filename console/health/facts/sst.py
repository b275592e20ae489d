"""Full copies (SST) under way: who gives, who takes, how far it is. Only the donor names the other side."""

from collections.abc import Iterator
from typing import NamedTuple

from console.inventory.addresses import plain
from console.probes.database.transfer import Transfer
from console.probes.snapshot import Known, Snapshot
from console.text import size, span


class Sst(NamedTuple):
    """One copy. A figure is None where it is not known."""

    joiner: str
    """A node, or the address the donor sends to; "" where only one side is seen."""
    donor: str
    method: str
    done: int | None
    """Bytes of the joiner's datadir."""
    whole: int | None
    """Bytes of the donor's."""
    left: float | None
    """Seconds, at the pace so far."""
    taken: bool = False
    """Seen on the joiner too."""

    @property
    def share(self) -> float | None:
        """0 to 1."""
        return min(1.0, self.done / self.whole) if self.done is not None and self.whole else None

    @property
    def message(self) -> str:
        """For the joiner: "SST from node2, 4.0 GiB of 11 GiB, 3 min left"."""
        source = f"SST from {self.donor}" if self.donor else "SST"
        if self.done is None or not self.whole:
            return source if self.done is None else f"{source}, {size(self.done)} so far"
        left = "" if self.left is None else f", {span(self.left)} left"
        return f"{source}, {size(min(self.done, self.whole))} of {size(self.whole)}{left}"


def transfers(snapshot: Snapshot) -> tuple[Sst, ...]:
    """Every copy of which one side at least is seen."""
    seen = {view.name: view.transfer.value for view in snapshot.nodes if isinstance(view.transfer, Known)}
    joiners = {name: it for name, it in seen.items() if it.role == "joiner"}
    donors = {name: it for name, it in seen.items() if it.role == "donor"}
    return tuple(_paired(snapshot, joiners, donors))


def _paired(snapshot: Snapshot, joiners: dict[str, Transfer], donors: dict[str, Transfer]) -> Iterator[Sst]:
    """Pair joiners with donors by address. A single joiner and a single donor are a pair whatever address the donor was
    given."""
    names = {plain(node.address): node.name for node in snapshot.cluster.nodes}
    alone = len(joiners) == len(donors) == 1
    left = dict(joiners)
    for donor, it in donors.items():
        joiner = next(iter(joiners)) if alone else names.get(plain(it.peer), it.peer)
        taken = left.pop(joiner, None)
        yield _sst(joiner, taken, donor, it)
    for joiner, it in left.items():
        yield _sst(joiner, it, "", None)


def _sst(joiner: str, taken: Transfer | None, donor: str, given: Transfer | None) -> Sst:
    done, whole = taken.bytes if taken else None, given.datadir_bytes if given else None
    pace = taken.bytes_per_second if taken else None
    left = max(0, whole - done) / pace if done is not None and whole and pace else None
    method = (taken or given or Transfer("")).method
    return Sst(joiner, donor, method, done, whole, left, taken is not None)
