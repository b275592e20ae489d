"""Every kind of finding explained, from explained.toml: what it means, what likely causes it, and what to look at.

`python -m console.health.explained > docs/findings.md` makes the page. A test compares the two, and sees to it that no
kind is left out.
"""

import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from console.health import Kind, Layer

_HEAD = """# Findings, one by one

Made from console/health/explained.toml: `python -m console.health.explained > docs/findings.md`. Each finding has a
kind, a stable name that `status --json` and the event log use too. In the console `?` on a finding shows the same text.

A finding has a level. CRITICAL: visitors are affected, or data are at risk. UNKNOWN: something can't be told, and may
hide anything. DEGRADED: it works, with something broken or nothing to spare. NOTE: worth knowing; the verdict stays OK.
What is not known counts as bad as the worst it could hide. What merely follows from another finding is listed under
that one and not beside it.

Words in capitals in a command stand for your own: CLUSTER, NODE, VOLUME, CHECK-URL.
"""
_PLACES = ("node", "nodes", "firewall", "firewalls", "console", "primary", "both", "joiner", "donor")


@dataclass(frozen=True)
class Explanation:
    """`causes`: the likeliest first. `look`: commands, and where to give them, which tell the causes apart."""

    means: str
    causes: tuple[str, ...]
    look: tuple[str, ...]


@cache
def explanations() -> dict[Kind, Explanation]:
    """Read the file once. Raises ValueError for a kind that does not exist."""
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return {
        Kind(kind): Explanation(one["means"], tuple(one["causes"]), tuple(one["look"])) for kind, one in table.items()
    }


def document() -> str:
    """Return docs/findings.md."""
    return "\n".join([_HEAD, *(line for layer in Layer for line in _layer(layer))])


def _layer(layer: Layer) -> Iterator[str]:
    yield f"## {layer.value.capitalize()}\n"
    for kind in Kind:
        if kind.layer is layer:
            yield from _one(kind, explanations()[kind])


def _one(kind: Kind, explained: Explanation) -> Iterator[str]:
    yield f"### {kind.value}\n\n{explained.means}\n\nLikely causes, the likeliest first:\n"
    yield "\n".join(f"{place}. {cause}" for place, cause in enumerate(explained.causes, 1)) + "\n"
    yield "Look at:\n\n" + "\n".join(f"- {_command(each)}" for each in explained.look) + "\n"


def _command(text: str) -> str:
    """`where: command` with the command as code, if its first word is a place."""
    where, colon, rest = text.partition(": ")
    return f"{where}: `` {rest} ``" if colon and where.split()[-1] in _PLACES else text


if __name__ == "__main__":
    sys.stdout.write(document())
