"""The picture as JSON. Its keys are the names of the dataclasses' fields; docs/json.md lists them all."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from math import isfinite
from typing import Any, cast

from console import __version__
from console.health import Finding, Verdict, findings, site, verdicts
from console.inventory.cluster import Cluster
from console.operations.may_go import MayGo, all_may_go
from console.probes.ask import Ask, Get, Identify, Query, Run
from console.probes.question import Cadence, Question
from console.probes.snapshot import NOT_ASKED, QUESTIONS, Reading, Snapshot, Unknown, View

SCHEMA = 1
"""Goes up when a key is renamed or goes, or changes its meaning; not when one is added."""
KEYS = {"message": "says", "unreachable": "gone"}
"""Keys of judged values that differ from the name of the field."""
INTERNAL = frozenset({"history", "at", "clocks"})
"""Fields of values that are there for the next look only: samples, and moments of this program's own clock."""


def document(
    pictures: Sequence[Snapshot], now: float, unread: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Any]:
    """Everything known of several clusters. `now`: Unix time, for the ages. `unread`: journals that can't be read."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "at": now,
        "clusters": {
            picture.cluster.name: {
                **_cluster(picture, now),
                "journal_unread": [*(unread or {}).get(picture.cluster.name, ())],
            }
            for picture in pictures
        },
    }


def _cluster(picture: Snapshot, now: float) -> dict[str, Any]:
    every, state = verdicts(picture), site(picture, findings(picture))
    subjects = dict.fromkeys(question.subject for question in QUESTIONS)
    return {
        "title": picture.cluster.title,
        **_verdict(every.cluster),
        "site": {"condition": state.condition.value.lower(), "says": state.message},
        "machines": {name: _verdict(one) for name, one in every.machines.items()},
        "layers": {layer.value: _verdict(one) for layer, one in every.layers.items()},
        "findings": [_finding(finding) for finding in findings(picture)],
        "may_go": {one.name: _may_go(one) for one in all_may_go(picture)},
        **{
            subject.value: {
                view.name: _view(picture.cluster, view, [one for one in QUESTIONS if one.subject is subject], now)
                for view in cast("tuple[View, ...]", getattr(picture, subject.value))
            }
            for subject in subjects
        },
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {"level": verdict.level.name.lower(), "says": verdict.message}


def _may_go(one: MayGo) -> dict[str, Any]:
    return {KEYS.get(part.name, part.name): value_of(getattr(one, part.name)) for part in fields(one)}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind.value,
        "headline": finding.headline,
        "level": finding.level.name.lower(),
        "layer": finding.layer.value,
        "machine": finding.machine,
        "says": finding.message,
        "of": list(finding.of),
        "brings": [_finding(one) for one in finding.brings],
    }


def _view(cluster: Cluster, view: View, questions: Sequence[Question[Any]], now: float) -> dict[str, Any]:
    return {
        question.field: _reading(question, getattr(view, question.field), question.asks(cluster, view.name), now)
        for question in questions
    }


def _reading(question: Question[Any], reading: Reading[Any], asks: tuple[Ask, ...], now: float) -> dict[str, Any]:
    source = [shown(ask) for ask in asks]
    if not asks:
        why = "the inventory gives nothing to ask here"
        return {"known": False, "why": why, "cause": "not in the inventory", "since": None, "source": source}
    if isinstance(reading, Unknown):
        since = reading.since or None
        seldom = reading is NOT_ASKED and question.cadence is Cadence.SELDOM
        why = "asked seldom, by the screen only" if seldom else reading.why
        return {"known": False, "why": why, "cause": reading.cause.value, "since": since, "source": source}
    age = round(max(0.0, now - reading.at), 3)
    return {"known": True, "at": reading.at, "age": age, "source": source, "value": value_of(reading.value)}


def shown(ask: Ask) -> str:
    """The question in the form in which a person would type it."""
    match ask:
        case Identify():
            return shown(ask.run)
        case Run():
            typed = f" <<< {shlex.quote(ask.stdin.strip())}" if ask.stdin else ""
            return shlex.join(ask.argv) + typed
        case Query():
            return ask.sql
        case Get():
            way = f" by way of {ask.connect_to[0]}:{ask.connect_to[1]}" if ask.connect_to else ""
            return f"GET {ask.url}{way}{f' from {ask.via}' if ask.via else ''}"


def value_of(value: object) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, str) else value.name.lower()
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: value_of(getattr(value, one.name)) for one in fields(value) if one.name not in INTERNAL}
    if isinstance(value, Mapping):
        return {str(key): value_of(each) for key, each in cast("Mapping[object, object]", value).items()}
    if isinstance(value, frozenset):
        return sorted(cast("frozenset[str]", value))
    if isinstance(value, tuple | list):
        return [value_of(each) for each in cast("Sequence[object]", value)]
    return None if isinstance(value, float) and not isfinite(value) else value
