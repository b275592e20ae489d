"""Every question is told every lie; what is believed is shown on every screen, and harms none."""

import asyncio
import json
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.widgets import Input

from console.cli.check_lines import between, readings
from console.cli.status_json import document
from console.cli.status_table import lines as table
from console.inventory.cluster import Cluster
from console.probes.ask import Answer, Ran, Unreadable
from console.probes.question import Question
from console.probes.schedule import batches
from console.probes.snapshot import QUESTIONS, Known, Snapshot, fold
from console.ui.screens.base import Base
from tests.hostile.lies import LIES, Asked, Honest, Lie, believed, honest, told
from tests.hostile.test_hostile_machine import painted
from tests.ui.conftest import believe, nobody, shown

ANY_PAGE = ("site", "visit")
"""Are content with any."""
SOON = 1.5
"""Seconds of the processor over one answer of a MiB, and a thread's; the whole of a board takes a tenth."""


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cluster, Honest]:
    return asyncio.run(honest(tmp_path_factory.mktemp("truth") / "sim"))


def read(
    cluster: Cluster, question: Question[Any], answers: tuple[Answer, ...], before: Any
) -> tuple[Any] | Unreadable:
    began = time.process_time()
    try:
        return (question.read(cluster, answers, before),)
    except Unreadable as why:
        return why
    finally:
        spent = time.process_time() - began
        assert spent < SOON, f"{question.field} took {spent:.1f} s"


def fooled(cluster: Cluster, answers: Honest, lie: Lie) -> tuple[Snapshot, list[Asked]]:
    """The picture after all were told a lie, once about one thing and then about all of it, and what was believed."""
    picture = believed(cluster, answers)
    fallen: list[Asked] = []
    for (question, name), honestly in answers.items():
        false = tuple(told(one, lie) for one in honestly)
        partly = [(*honestly[:at], false[at], *honestly[at + 1 :]) for at in range(len(false))]
        for some in (*partly, false):
            before = read(cluster, question, honestly, None)
            for earlier in (None, before[0] if isinstance(before, tuple) else None):
                got = read(cluster, question, some, earlier)
                if isinstance(got, tuple):
                    picture = fold(picture, question, name, Known(got[0], time.time()))
                    fallen.append((question, name))
    return picture, fallen


def texts(tree: Any) -> Iterator[str]:
    """All that `jq -r` may print, but for what was sent: that is this program's own."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        yield from (text for key, value in tree.items() if key != "source" for text in (key, *texts(value)))
    elif isinstance(tree, list):
        yield from (text for value in tree for text in texts(value))


def test_every_question_is_asked_here(truth: tuple[Cluster, Honest]) -> None:
    assert {question for question, _ in truth[1]} == set(QUESTIONS)


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_read_soon_and_written_harmlessly(truth: tuple[Cluster, Honest], name: str) -> None:
    cluster, answers = truth
    picture, _ = fooled(cluster, answers, LIES[name])
    written = document([picture], time.time())
    assert json.dumps(written, allow_nan=False).isascii()
    assert not {text for text in texts(written) if not text.isprintable()}
    said = list(table(picture, time.time()))
    said += [f"{line.machine} {line.what} {line.message}" for line in between(picture, {})]
    for one in batches(cluster):
        said += [f"{line.machine} {line.what} {line.message}" for line in readings(picture, one.subject, one.name)]
    assert all(len(line) < 5000 for line in said)


def test_an_answer_to_another_question_is_none(truth: tuple[Cluster, Honest]) -> None:
    """A machine may tell of itself what another one tells of the same; nothing else is believed."""
    cluster, answers = truth
    for (question, _), mine in answers.items():
        kinds = [type(one) for one in mine]
        for (other, _), theirs in answers.items():
            if other.field != question.field and [type(one) for one in theirs] == kinds:
                got = read(cluster, question, theirs, None)
                nothing = not any(isinstance(one, Ran) and one.out.strip() for one in theirs)  # as good for anybody
                believed_not = isinstance(got, Unreadable) or question.field in ANY_PAGE or nothing
                assert believed_not, (question.field, other.field)


SCREENS: dict[str, tuple[str, ...]] = {
    "details": ("enter", *("tab", "a", "tab") * 6),
    "findings": ("w", "?", "escape", "down", "enter", "escape", "c", "e"),
    "log": ("l", "pagedown", "c", "escape"),
    "help": ("escape", "?"),
    "palette": (":",),
}


@pytest.mark.parametrize("keys", SCREENS)
@pytest.mark.parametrize("name", ["evil words", "evil lines", "figures 999999999999999999", "slips 7"])
async def test_every_screen_shows_it_and_obeys_nothing(
    truth: tuple[Cluster, Honest], name: str, keys: str, state: Path
) -> None:
    cluster, answers = truth
    picture, _ = fooled(cluster, answers, LIES[name])
    async with shown(cluster, size=(120, 40)) as seen:
        await seen.show(picture)
        seen.screen.renew()
        await seen.pilot.pause()
        assert "An error in this program" not in painted(seen)
        for key in SCREENS[keys]:
            await seen.pilot.press(key)
            await seen.pilot.pause()
            assert "An error in this program" not in painted(seen)
    for file in state.rglob("*.txt"):
        assert file.read_text().replace("\n", "").isprintable()


async def test_the_fleet_shows_it_and_obeys_nothing(truth: tuple[Cluster, Honest]) -> None:
    cluster, answers = truth
    picture, _ = fooled(cluster, answers, LIES["evil words"])
    async with shown(cluster, nobody("web2"), size=(120, 40)) as seen:
        fleet = seen.app.screen
        assert isinstance(fleet, Base)
        for desk in fleet.panes:
            await believe(desk, picture if desk.session.cluster is cluster else None)
        for key in ("down", "up", "c", "slash", "n", "enter", "e", "colon"):
            await seen.pilot.press(key)
            await seen.pilot.pause(0.1)
            text = painted(seen)
            assert "An error in this program" not in text
        assert seen.app.is_running


async def test_a_filter_of_anything_is_only_looked_for(truth: tuple[Cluster, Honest]) -> None:
    cluster, answers = truth
    async with shown(cluster, size=(120, 40)) as seen:
        await seen.show(believed(cluster, answers))
        await seen.press("slash")
        seen.app.screen.query_one("#filter", Input).value = "(a+)+$[red]\\"
        await seen.pilot.pause()
        assert "An error in this program" not in painted(seen)


def test_what_is_painted_is_one_cell_a_character() -> None:
    """Facts that `painted` relies on."""
    assert cell_len("漢") == 2
    assert unicodedata.bidirectional("\u05d0") == "R"
