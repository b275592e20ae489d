"""A gluster command: how it is run, and why it has failed, which its XML or its first lines tell."""

import re
from dataclasses import replace
from typing import Any, cast

from console.probes.ask import Busy, Ran, Run, Unreadable
from console.probes.parsing import MAX_LINE, ran, short, without_sudo, xml
from console.probes.storage.gluster_store import REMEDY
from console.text import plain_text

BUSY = "Gluster is busy, or waits for a peer that has vanished"
"""Reason while a lock is held: after a machine has lost its power the first command that takes the volume's lock waits
for it, and all others fail meanwhile: for half a minute, and for as long as TCP goes on sending where the peer stays
away."""
_BUSY = re.compile(r"(?i)locking failed|another transaction|unable to acquire lock|request timed out|timed? ?out")
_STOPPED = re.compile(r"(?i)volume \S+ is not started")
_ABSENT = re.compile(r"(?i)volume \S+ does not exist")
_OF_A_PEER = re.compile(r"(?i)(?:staging|commit|pre.?validation) failed on (?!localhost)")
"""Lead of the view of one peer alone, which may be the one that is wrong."""
MAX_ERROR = 300


class Stopped(Unreadable):
    """The volume is there, and stopped: of that much a look tells all."""


def document(answer: Ran) -> dict[str, Any]:
    """The <cliOutput> of a gluster command whose opRet is 0."""
    output = xml(printed(answer), "what gluster printed", ("volume", "brick", "node", "peer", "Opt")).get("cliOutput")
    if not isinstance(output, dict):
        raise Unreadable("gluster's XML has no cliOutput")
    document = cast("dict[str, Any]", output)
    if document.get("opRet") != "0":
        raise _failed(str(document.get("opErrstr") or f"opRet {document.get('opRet')}"))
    return document


def _failed(why: str, lead: str = "gluster says") -> Unreadable:
    """Gluster's own words: often the first line says only that it failed, and the next one why."""
    if _BUSY.search(why):
        return Busy(BUSY)
    peers = _OF_A_PEER.search(why)
    if _STOPPED.search(why) and not peers:
        return Stopped(f"{lead}: {short(why)}")
    message = plain_text(why, MAX_ERROR)
    return Unreadable(f"{lead}: {message}; {REMEDY}" if _ABSENT.search(why) and not peers else f"{lead}: {message}")


def printed(answer: Ran) -> str:
    """Return the output of a gluster command; XML tells by itself why it failed. A wait for others is one calm
    sentence."""
    if answer.status == 124 or (answer.status and _BUSY.search(answer.out + answer.err)):
        raise Busy(BUSY)
    before, xml_begins, document = answer.out.partition("<?xml")
    if xml_begins and "<" not in before:  # a warning may precede it
        return ran(replace(answer, status=0, out=xml_begins + document))
    if answer.status and (words := without_sudo(answer.err).strip() or answer.out.strip()):
        raise _failed(words[:MAX_LINE], f"the command failed with status {answer.status}")
    return ran(answer)


def gluster(*words: str, timeout: float = 8) -> Run:
    return Run(("gluster", "--mode=script", *words), root=True, timeout=timeout)
