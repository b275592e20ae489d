"""Every reading in words: what is in it, what each figure is called, and what was asked to get it. Pure."""

from console.ui.detail.labels import LABELS
from console.ui.detail.shapes import Row, rows

__all__ = ["LABELS", "Row", "rows"]
