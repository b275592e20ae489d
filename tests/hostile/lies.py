"""Answers that a machine may give to any question in the place of the truth, made from what an honest one said."""

import random
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from console.inventory.cluster import Cluster, Login, Node, Raid
from console.inventory.load import load
from console.probes.ask import Answer, Identity, Page, Ran, Rows, WireError
from console.probes.hosts.identity import BOOT_ID, read
from console.probes.hosts.running import RUNNING
from console.probes.question import Question, Subject
from console.probes.schedule import asked
from console.probes.snapshot import Known, Snapshot, empty, fold
from console.sim import Simulator
from console.text import plain_text
from console.wire import Wire
from tests.hostile.machines import EVIL

MIB = 1 << 20
SOMEBODY = Node("node1", "10.20.0.11", Login("127.0.0.1"))
Asked = tuple[Question[Any], str]
"""A question and whom it was about."""
Honest = dict[Asked, tuple[Answer, ...]]
FIGURES = (
    "-1",
    "0",
    "9" * 18,
    "9" * 20,
    "9" * 5000,
    "1e400",
    "nan",
    "-inf",
    "٣",
    "²",
    "18446744073709551615",
    "0.00001",
)
WORDS = (
    EVIL,
    "\ud800",
    "",
    "\n",
    "\x00",
    "A" * 100_000,
    "'; DROP",
    "\\",
    '"',
    "<a>",
    f"&#{'9' * 5000};",
    ":",
    "%",
    "-",
)
DEEP = "<a>" * 2000 + "x" + "</a>" * 2000
"""An element in the place of a text, deeper than Python goes."""
_TOKEN = re.compile(r"\d+(?:\.\d+)?|\w+")

Lie = Callable[[str], str]


async def honest(folder: Path) -> tuple[Cluster, Honest]:
    """A simulated cluster's answers to every question about every subject."""
    async with Simulator(folder, speed=10.0) as sim:
        cluster = replace(load(sim.inventory).clusters[0], raid=Raid(("cat", "/proc/mdstat")))
        wire = Wire(cluster)
        try:
            bare = replace(cluster, mysql_proxy=None)  # then it is looked for what runs beside the inventory
            beside = [one for one in asked(bare) if one[0] is RUNNING]
            answers = {one: await _answers(wire, cluster, *one) for one in asked(cluster)}
            return cluster, answers | {one: await _answers(wire, bare, *one) for one in beside}
        finally:
            await wire.close()


async def _answers(wire: Wire, cluster: Cluster, question: Question[Any], name: str) -> tuple[Answer, ...]:
    machine = name if question.subject in (Subject.FIREWALL, Subject.NODE) else cluster.nodes[0].name
    found = await wire.send(machine, question.asks(cluster, name), 20.0)
    answers = tuple(one for one in found if not isinstance(one, WireError))
    assert len(answers) == len(found), found
    return answers


def believed(cluster: Cluster, answers: Honest) -> Snapshot:
    """The picture of the truth."""
    picture = empty(cluster)
    for (question, name), told in answers.items():
        picture = fold(picture, question, name, Known(question.read(cluster, told, None), time.time()))
    return picture


def _figures(figure: str) -> Lie:
    return lambda text: re.sub(r"\d+(?:\.\d+)?", figure, text)


def _slips(seed: int) -> Lie:
    """A few words and figures are others: what most parsers let through."""
    chance = random.Random(seed)

    def lie(text: str) -> str:
        for _ in range(chance.choice((1, 1, 2, 4))):
            tokens = list(_TOKEN.finditer(text))
            if not tokens:
                return text
            one = chance.choice(tokens)
            new = chance.choice(FIGURES if one[0][0].isdigit() else WORDS)
            text = text[: one.start()] + chance.choice(("", "", one[0])) + new + text[one.end() :]
        return text

    return lie


def _without_end(text: str) -> str:
    return (text * (1 + MIB // max(1, len(text))))[:MIB]


LIES: dict[str, Lie] = {
    "nothing": lambda _text: "",
    "noise": lambda _text: EVIL * 1000,
    "surrogates and NUL": lambda text: f"\x00\ud800{text}\udfff\x00",
    "evil words": lambda text: re.sub(r"[A-Za-z]{4,}", lambda word: word[0] + EVIL, text),
    "evil names": lambda text: re.sub(r"<(name|uniqid|interface)>", "\\g<0>w\u009b2J\n", text),
    "evil paths": lambda text: text.replace("/data", "/\u009b2Jdata"),
    "evil lines": lambda text: text.replace("\n", f"{EVIL}\n"),
    "other line ends": lambda text: text.replace("\n", "\u2028").replace(" ", "\x85"),
    "said again and again": _without_end,
    "one line without end": lambda text: _without_end(text.replace("\n", " ")),
    "blanks without end": lambda text: text.replace(" ", " " * 5000, 100),
    "a word without end": lambda text: text + "x" * MIB,
    "depth": lambda _text: f"<?xml version='1.0'?>{'<a>' * 60_000}",
    "depth within": lambda text: re.sub(r"<(\w+)>(?=[^<\s])", rf"\g<0>{DEEP}", text, count=50),
    "half": lambda text: text[: len(text) // 2],
    "backwards": lambda text: text[::-1],
    **{f"figures {figure[:24]}": _figures(figure) for figure in FIGURES},
    **{f"slips {seed}": _slips(seed) for seed in range(40)},
}


def told(answer: Answer, lie: Lie) -> Answer:
    """A second later."""
    if isinstance(answer, Ran):
        return replace(answer, out=lie(answer.out), err=lie(answer.err), at=answer.at + 1)
    if isinstance(answer, Page):
        node = ("X-Node", plain_text(lie("node1")))  # in the form of the wire
        return replace(answer, body=lie(answer.body), headers=(*answer.headers, node), at=answer.at + 1)
    if isinstance(answer, Identity):
        addresses = "".join(f"inet {one}/24\n" for one in answer.addresses)
        text = f"{addresses}==> {BOOT_ID} <==\n{answer.boot}\n\n==> /etc/machine-id <==\n{answer.machine_id}\n"
        return read(SOMEBODY, Ran(0, lie(text), ""), answer.host_key)
    rows = tuple((*row[:-1], lie(row[-1])) for row in answer.rows)
    return Rows(rows * (50 if lie is _without_end else 1), answer.at + 1)
