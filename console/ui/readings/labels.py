"""What each field of each reading is called, and how it is written. Order is the order on the screen.

A test holds these tables against the readings: a new field wants its line in the table of its subject.
"""

from collections.abc import Mapping

from console.ui.readings.database import DATABASE
from console.ui.readings.firewall import FIREWALL
from console.ui.readings.node import NODE
from console.ui.readings.shapes import Label
from console.ui.readings.storage import STORAGE

LABELS: Mapping[str, tuple[Label, ...]] = {**FIREWALL, **NODE, **DATABASE, **STORAGE}
