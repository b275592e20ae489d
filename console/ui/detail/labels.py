"""Name and form of each field of each reading. Order is the order on the screen.

A test holds these tables against the readings: a new field wants its line in the table of its subject.
"""

from collections.abc import Mapping

from console.ui.detail.database import DATABASE
from console.ui.detail.firewall import FIREWALL
from console.ui.detail.kinds import one_of, unset, unwanted, warned
from console.ui.detail.node import NODE
from console.ui.detail.shapes import Label
from console.ui.detail.storage import STORAGE
from console.words.words import Word

IDENTITY: Mapping[str, tuple[Label, ...]] = {
    "Identity": (
        Label("doubt", "not proven", one_of({"": Word("", "no", "text")}, warned)),
        Label("here", "this console runs on it", unwanted),
        Label("addresses", "address"),
        Label("moving", "CARP address", unset("none")),
        Label("machine_id", "machine_id", unset("not told")),
        Label("boot", "boot", unset("not told")),
        Label("host_key", "host key"),
        Label("hops", "jump host's key", unset("none")),
        Label("router", "through router", unset("none, or not told")),
    )
}
LABELS: Mapping[str, tuple[Label, ...]] = {**FIREWALL, **NODE, **DATABASE, **STORAGE, **IDENTITY}
