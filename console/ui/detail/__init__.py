"""Every reading in words: its contents, the name of each figure, and the question behind it. Pure."""

from console.ui.detail.labels import LABELS
from console.ui.detail.shapes import Row, rows

__all__ = ["LABELS", "Row", "rows"]
