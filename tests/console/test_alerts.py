"""Alerts: through a real program and a real web server, over a simulated cluster."""

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from console.health import Kind, findings
from console.inventory.cluster import Notify
from console.operations.plan import Consent
from console.operations.procedures import DRAIN, HOLD, UNDO
from console.operations.procedures.holds import decided_note, options
from console.session.alerts import Alert, Alerts
from console.session.notifier import Notifier
from console.session.session import Session
from console.sim import Simulator
from console.sim.node import MYSQL
from console.ui.bell import morning
from tests.conftest import simulated, watching
from tests.console.telling import well

WRITES = "import os, sys; open(sys.argv[1], 'a').write(os.environ['DRAINBOARD_TEXT'] + chr(10))"


def writer(file: Path) -> Notify:
    return Notify((sys.executable, "-c", WRITES, str(file)))


async def until(holds: object, seconds: float = 40.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # type: ignore[operator]
            await asyncio.sleep(0.05)


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


@asynccontextmanager
async def telling(tmp_path: Path, notify: Notify) -> AsyncIterator[tuple[Simulator, Session]]:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(replace(cluster, notify=notify)) as session:
        yield sim, session


async def test_while_a_node_is_held_whoever_is_missing_is_told(tmp_path: Path) -> None:
    """The site alone would ring for nobody: two of three serve on."""
    file = tmp_path / "told"
    async with telling(tmp_path, writer(file)) as (sim, session):
        await until(lambda: well(session.picture))
        mysql = sim.world.nodes["node3"]
        mysql.stop_unit(MYSQL)
        await until(lambda: any(one.kind is Kind.MYSQL_SILENT for one in findings(session.picture)))
        mysql.start_unit(MYSQL)
        await until(lambda: well(session.picture))
        assert not any("held" in line for line in lines(file)), "nobody is"
        hold = options("me", time.time(), time.time() + 3600, "a test")
        await (await session.begin(HOLD, "node2", Consent(True), hold)).task
        mysql.stop_unit(MYSQL)
        await until(lambda: any("while node2 is held out: MySQL on node3 is stopped" in line for line in lines(file)))
        past = decided_note({**hold, "until": int(time.time() - 60)})
        for firewall in sim.world.firewalls.values():  # time passes for nobody who waits in a test
            firewall.persist({}, "a colleague", {(pool.name, "node2"): past for pool in firewall.config.pools})
        await until(lambda: any("the hold of node2 has ended" in line for line in lines(file)))
        assert sum("MySQL on node3" in line for line in lines(file)) == 1


async def test_a_site_that_is_worse_is_told_once_with_machine_and_key(tmp_path: Path) -> None:
    file = tmp_path / "told"
    async with telling(tmp_path, writer(file)) as (sim, session):
        sim.world.nodes["node2"].hang()
        await until(lambda: lines(file))
        (told,) = lines(file)
        assert told.startswith("demo: SITE HURT: ")
        assert told.endswith("; press x on node2")
        assert session.alerts[-1].who == "node2"
        sim.world.nodes["node2"].resume()
        await until(lambda: session.alerts[-1].what.startswith("SITE UP"))
        sim.world.nodes["node2"].hang()
        await until(lambda: sum(note.message.startswith("SITE HURT") for note in session.events) == 2)
        assert sum(one.worse for one in session.alerts) == 1, "the same cause, a moment later"
        assert len(lines(file)) == 1


async def test_the_end_of_a_run_is_told(tmp_path: Path) -> None:
    file = tmp_path / "told"
    async with telling(tmp_path, writer(file)) as (_, session):
        running = await session.begin(DRAIN, "node2")
        await running.task
        await until(lambda: lines(file))
        assert lines(file)[0].startswith("demo: drain node2: done")
        assert not session.alerts[-1].worse


async def test_a_run_that_stops_is_told_with_its_keys(tmp_path: Path) -> None:
    file = tmp_path / "told"
    async with telling(tmp_path, writer(file)) as (_, session):
        await session.begin(DRAIN, "node2")
        await session.stop()
        await until(lambda: lines(file))
        assert lines(file)[0].startswith("demo: drain node2: stopped: Stopped here by a key.")
        assert lines(file)[0].endswith("; r resumes, u puts back")


async def test_who_is_muted_is_told_nothing(tmp_path: Path) -> None:
    file = tmp_path / "told"
    async with telling(tmp_path, writer(file)) as (_, session):
        session.mute(time.time() + 3600)
        await (await session.begin(DRAIN, "node2")).task
        await until(lambda: session.alerts)
        session.mute(0.0)
        await (await session.begin(UNDO, "node2")).task
        await until(lambda: lines(file))
        assert [line.partition(": done")[0] for line in lines(file)] == ["demo: undo node2"]


async def test_a_url_gets_the_text(tmp_path: Path) -> None:
    got = asyncio.Queue[bytes]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].split()[0])
        got.put_nowait(head.splitlines()[0] + b"\n" + await reader.readexactly(size))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    complaints: list[str] = []
    async with server:
        notifier = Notifier(Notify(url=f"http://127.0.0.1:{port}/oncall"), complaints.append)
        notifier.tell(Alert(0.0, "shop", "SITE DOWN: äöü", "node2", "press x on node2"))
        async with asyncio.timeout(20):
            told = (await got.get()).decode()
    assert told == "POST /oncall HTTP/1.1\nshop: SITE DOWN: äöü; press x on node2"
    notifier.tell(Alert(0.0, "shop", "SITE DOWN"))
    await until(lambda: complaints)
    assert f"http://127.0.0.1:{port}/oncall can't be reached: connection refused" in complaints[0]


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (("/nowhere/program",), "/nowhere/program can't be run: no such file or directory"),
        (("false",), "false ended with status 1"),
        (("sleep", "600"), "sleep did not end in 0.5 s, and was ended"),
    ],
)
async def test_a_way_that_fails_is_said_and_holds_up_nothing(argv: tuple[str, ...], why: str) -> None:
    complaints: list[str] = []
    notifier = Notifier(Notify(argv), complaints.append, seconds=0.5)
    for _ in range(3):
        notifier.tell(Alert(0.0, "shop", "SITE DOWN"))
    await until(lambda: len(complaints) == 3)
    assert complaints == [f"notify: {why}"] * 3
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "notify")


async def test_no_more_wait_than_is_said() -> None:
    complaints: list[str] = []
    notifier = Notifier(Notify(("sleep", "600")), complaints.append, seconds=5.0)
    for _ in range(40):
        notifier.tell(Alert(0.0, "shop", "SITE DOWN"))
    assert "20 alerts wait already" in complaints[0]


def test_the_machines_words_are_harmless() -> None:
    alerts = Alerts("shop")
    told = alerts.of_gate("patch shop", "\x1b[2Jnode2\n`rm -rf`\u202e", "node2", 1.0)
    assert told.text == "shop: patch shop waits for you: [2Jnode2 `rm -rf`; answer on its screen"


def test_the_morning_is_the_next_seven_o_clock() -> None:
    at = time.mktime((2026, 11, 29, 2, 0, 0, 0, 0, -1))
    assert time.localtime(morning(at))[:5] == (2026, 11, 29, 7, 0)
    assert time.localtime(morning(at + 6 * 3600))[:5] == (2026, 11, 30, 7, 0)
    end = time.mktime((2026, 12, 31, 23, 0, 0, 0, 0, -1))
    assert time.localtime(morning(end))[:5] == (2027, 1, 1, 7, 0)
