"""Every kind of finding explained: what it means, what likely causes it, in order, and what to look at.

docs/findings.md is this as text: `python -m console.causes > docs/findings.md`. A test compares the two, and that no
kind is left out. What is in capitals in a command is to be replaced.
"""

from collections.abc import Iterator, Mapping

from console.causes import database, firewalls, hosts, pools, storage, web
from console.causes.explanation import Explanation
from console.health import Kind, Layer

__all__ = ["EXPLANATIONS", "Explanation", "document"]

EXPLANATIONS: Mapping[Kind, Explanation] = {
    **firewalls.EXPLANATIONS,
    **pools.EXPLANATIONS,
    **web.EXPLANATIONS,
    **database.EXPLANATIONS,
    **storage.EXPLANATIONS,
    **hosts.EXPLANATIONS,
}

_HEAD = """# Findings, one by one

Made from `console.causes`: `python -m console.causes > docs/findings.md`. Each finding has a kind, a stable name that
`status --json` and the event log use too. In the console `?` on a finding shows the same text.

A finding has a level. CRITICAL: visitors are affected, or data are at risk. UNKNOWN: something can't be told, and may
hide anything. DEGRADED: it works, with something broken or nothing to spare. NOTE: worth knowing; the verdict stays OK.
What is not known counts as bad as the worst it could hide. What merely follows from another finding is listed under
that one and not beside it.

Words in capitals in a command stand for your own: CLUSTER, NODE, VOLUME, CHECK-URL.
"""


def document() -> str:
    """docs/findings.md."""
    return "\n".join([_HEAD, *(line for layer in Layer for line in _layer(layer))])


def _layer(layer: Layer) -> Iterator[str]:
    yield f"## {layer.value.capitalize()}\n"
    for kind in Kind:
        if kind.layer is layer:
            yield from _one(kind, EXPLANATIONS[kind])


def _one(kind: Kind, explained: Explanation) -> Iterator[str]:
    yield f"### {kind.value}\n\n{explained.means}\n\nLikely causes, the likeliest first:\n"
    yield "\n".join(f"{place}. {cause}" for place, cause in enumerate(explained.causes, 1)) + "\n"
    yield "Look at:\n\n" + "\n".join(f"- {_command(each)}" for each in explained.look) + "\n"


def _command(text: str) -> str:
    """`where: command` with the command as code, if its first word is a place."""
    where, colon, rest = text.partition(": ")
    return f"{where}: `` {rest} ``" if colon and where.split()[-1] in _PLACES else text


_PLACES = ("node", "nodes", "firewall", "firewalls", "console", "primary", "both", "joiner", "donor")
