"""Programs of the inventory on the console's own computer: before and after each node, and one that says "not now"."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from console.health.facts.membership import Place, place
from console.inventory.cluster import Cluster, Patch
from console.operations.plan import Consent
from console.operations.procedures import PATCH
from console.probes.ask import Ran, Refused
from console.session import program
from console.session.runner import Stopped
from tests.conftest import watching
from tests.console.test_patching import AUTO, patch, ready, ready_again, updated, waiting

ONE = {**AUTO, "nodes": ["node3"]}


def written(folder: Path, name: str, script: str) -> tuple[str, ...]:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return (str(path), name)


def with_programs(
    cluster: Cluster, before: tuple[str, ...] = (), after: tuple[str, ...] = (), block: tuple[str, ...] = ()
) -> Cluster:
    return replace(cluster, patch=Patch(before=before, after=after, block=block))


async def test_they_run_before_and_after_the_node_and_know_which(tmp_path: Path) -> None:
    log = tmp_path / "log"
    tells = f'echo "$1 $DRAINBOARD_CLUSTER $DRAINBOARD_NODE $DRAINBOARD_RUN" >>{log}'
    before, after = written(tmp_path, "before", tells), written(tmp_path, "after", tells)
    async with waiting(tmp_path / "sim") as (sim, cluster):
        async with watching(with_programs(cluster, before=before, after=after)) as session:
            record = await patch(session, ONE)
        assert record.outcome == "done"
        assert updated(sim) == ["node3"]
        run = f"{cluster.name} node3 {cluster.name}/{record.run}"
        assert log.read_text().splitlines() == [f"before {run}", f"after {run}"]
        steps = [str(one.facts["step"]) for one in record.entries if one.kind == "seen"]
        assert steps.index("before") < steps.index("out at run time")
        assert steps.index("after") == steps.index("soak") - 1
        sent = [
            one.facts["orders"] for one in record.entries if one.facts.get("step") == "before" and one.kind == "sending"
        ]
        assert sent == [[f"this computer: {before[0]} before"]]


async def test_one_that_fails_stops_the_run_before_the_node_is_touched(tmp_path: Path) -> None:
    before = written(tmp_path, "before", "echo ticket is closed; exit 3")
    async with waiting(tmp_path / "sim") as (sim, cluster), watching(with_programs(cluster, before=before)) as session:
        with pytest.raises(Stopped, match=r"ended with status 3: “ticket is closed”\. Mend it and resume this run"):
            await patch(session, ONE)
        assert updated(sim) == []
        assert place(session.picture, "node3") is Place.IN
        written(tmp_path, "before", "exit 0")
        (left,) = session.open_runs()
        await ready_again(session)
        running = await session.resume(left, Consent(True, cluster.name, "mended"))
        assert (await running.task).outcome == "done"
        assert updated(sim) == ["node3"]


async def test_one_that_blocks_stands_against_the_node_until_somebody_agrees(tmp_path: Path) -> None:
    block = written(tmp_path, "block", "echo a campaign is on; exit 1")
    async with waiting(tmp_path / "sim") as (_, cluster), watching(with_programs(cluster, block=block)) as session:
        await ready(session)
        running = await session.begin(PATCH, cluster.name, Consent(confirmed=True), ONE)
        while session.gate is None:
            await session.poller.change(0.2)
        (objection,) = [one for one in session.gate.look().objections if "not now" in one.saw]
        assert objection.saw.endswith(
            "says not now for node3: " + f"{block[0]} ended with status 1: “a campaign is on”"
        )
        assert objection.sentence in session.gate.agree(Consent(confirmed=True, read=frozenset()))
        assert session.gate.agree(Consent(confirmed=True)) == ""
        assert (await running.task).outcome == "done"


async def test_its_words_are_bounded_and_harmless(tmp_path: Path) -> None:
    loud = written(tmp_path, "loud", "head -c 3000000 /dev/zero | tr '\\0' x; printf '\\n\\033[2Jend\\n'; exit 7")
    answer = await program.run(loud, {}, 20.0)
    assert (answer.status, len(answer.out)) == (7, program.MAX_WORDS)
    assert program.complaint(loud, answer) == f"{loud[0]} ended with status 7: “[2Jend”"
    assert program.complaint(loud, Ran(0, "x", "")) == ""


@pytest.mark.parametrize(("argv", "why"), [
    (("/nowhere/at/all",), "/nowhere/at/all can't be run: no such file or directory"),
    (("sh", "-c", "sleep 600 & sleep 600"), "sh did not end in 0.2 s, and was ended"),
])  # fmt: skip
async def test_one_that_does_not_run_or_end_is_said(argv: tuple[str, ...], why: str) -> None:
    with pytest.raises(Refused) as caught:
        await program.run(argv, {}, 0.2)
    assert str(caught.value) == why


async def test_one_that_runs_as_root_can_not_be_ended_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    end = os.killpg

    def refuse(group: int, which: int) -> None:
        if which:
            end(group, which)  # nothing is left behind
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "killpg", refuse)
    with pytest.raises(Refused) as caught:
        await program.run(("sleep", "600"), {}, 0.2)
    assert str(caught.value) == "sleep did not end in 0.2 s, and may still run: this user may not end it"
