"""Every reading in words: what is in it, what each figure is called, and what was asked to get it. Pure."""

from console.ui.readings.labels import LABELS
from console.ui.readings.shapes import Row, rows

__all__ = ["LABELS", "Row", "rows"]
