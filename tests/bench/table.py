"""One line of the table: a figure, the baseline of the same run, and the mark it is held against by eye."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """`base` is the baseline's own figure in the same unit; None where the mark is absolute."""

    what: str
    value: float | None
    unit: str
    base: float | None = None
    mark: str = ""
    note: str = ""

    @property
    def line(self) -> str:
        """A line of the printed table."""
        value = "-" if self.value is None else f"{self.value:,.{_digits(self.value)}f}"
        base = "" if self.base is None else f"{self.base:,.{_digits(self.base)}f}"
        ratio = f"{self.value / self.base:.2f}" if self.value is not None and self.base else ""
        return f"{self.what:57}{value:>9} {self.unit:<8}{base:>9}{ratio:>7}  {self.mark:<14}{self.note}".rstrip()


def _digits(value: float) -> int:
    return 0 if value == 0 or abs(value) >= 100 else max(0, 2 - int(math.log10(abs(value)) // 1)) if value >= 1 else 3


def heading(title: str) -> str:
    """Above the rows of one place."""
    return f"\n{title:57}{'figure':>9} {'':8}{'baseline':>9}{'ratio':>7}  mark"


def middle(values: Sequence[float]) -> float:
    """The median."""
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def most(values: Sequence[float], share: float = 0.95) -> float:
    """The value that this share of the values does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
