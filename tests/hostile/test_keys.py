"""While an answer without end is read, keys are heard: the loop that hears them is held up for no longer than this."""

import asyncio
import gc
import multiprocessing
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from asyncssh.packet import String

from console.inventory.cluster import Cluster, Firewall, Login, Mysql, Node, Raid
from console.probes.ask import Answer, Page, Ran, Rows, Run, TimedOut
from console.probes.question import Question
from console.probes.snapshot import QUESTIONS
from console.session.poller import Poller
from console.text import plain_text
from console.wire import Wire
from tests.hostile.test_soon import ARRAY, HOSTNAME
from tests.wire.machines import cluster, machine

MIB = 1 << 20
HELD = 0.25
"""Seconds of work in which no key is heard; a tenth of it on an idle host."""
LOGIN = Login("192.0.2.1")
CLUSTER = Cluster(
    "web",
    (Firewall("fw1", "192.0.2.1", LOGIN),),
    (Node("node1", "192.0.2.11", LOGIN),),
    mysql=Mysql("u"),
    raid=Raid(("raid",), r"(?i)\S+\s+failed"),
)


def question(field: str) -> Question[Any]:
    return next(one for one in QUESTIONS if one.field == field)


STAT = Ran(0, "/ 4096 1 1 1 1 1\n", "")
ENDLESS: dict[str, tuple[str, tuple[Answer, ...]]] = {
    "rows": ("galera", (Rows((("a", "b"),) * 600_000), Rows(()))),
    "tables": ("tables", (Rows((("'u'@'h'", "SELECT"),)), Rows((("s", "t", "e", "1"),) * 600_000))),
    "a table's name": ("tables", (Rows((("'u'@'h'", "SELECT"),)), Rows((("s", "t" * 4 * MIB, "e", "1"),)))),
    "a page": ("apache", (Page(200, (), "a: b\n" * 50_000, 0.1),)),
    "a complaint": ("services", (Ran(1, "", "\x1b" * 256_000), Ran(0, "", ""))),
    "RAID": ("devices", (STAT, Ran(0, HOSTNAME, ""), Ran(0, "", ""), Ran(0, f"{'a' * 200}\n" * 600, ""))),
    "md": (
        "devices",
        (STAT, Ran(0, f"{HOSTNAME}\n==> /proc/mdstat <==\n{ARRAY}{'recovery=1%' * 90_000}", ""), STAT, STAT),
    ),
    "ifconfig": ("carp", (Ran(0, "em0: flags=1\n" * 80_000, ""), Ran(0, "", ""), Ran(0, "", ""))),
}


async def held(work: Any) -> float:
    """The most processor time, of all threads, in which nothing else had its turn: other programs count for nothing."""
    longest, last = 0.0, time.process_time()
    task = asyncio.ensure_future(work)
    gc.disable()  # as in the program: a search through all that pytest holds takes a third of a second
    while not task.done():
        await asyncio.sleep(0.001)
        now = time.process_time()
        longest, last = max(longest, now - last), now
    gc.enable()
    await task
    return longest


@pytest.mark.parametrize("name", ENDLESS)
async def test_a_key_is_heard_while_it_is_read(name: str) -> None:
    field, answers = ENDLESS[name]
    wire = Wire(CLUSTER)
    poller = Poller(CLUSTER, wire)
    try:
        one = question(field)
        subject = {"tables": "mysql", "carp": "fw1"}.get(field, "node1")
        read = poller._read(one, subject, tuple(replace(each, at=1.0) for each in answers), 0.0)  # pyright: ignore[reportPrivateUsage]
        assert await held(read) < HELD
    finally:
        await wire.close()


def test_a_sentence_of_megabytes_is_cut_before_it_is_read() -> None:
    began = time.process_time()
    assert plain_text("\x1b[31m" * 2 * MIB, 80).endswith("…")
    assert time.process_time() - began < 0.05
    assert plain_text("a" * 300) == "a" * 300
    assert plain_text(f"a{' ' * 5000}") == "a"
    assert plain_text("a" * 301) == f"{'a' * 299}…"


async def flood(_machine: object, process: asyncssh.SSHServerProcess[bytes]) -> None:
    """SSH_MSG_IGNORE, that no window bounds, as fast as they are taken."""
    conn = process.channel.get_connection()
    with suppress(OSError, asyncssh.Error):
        while not conn.is_closed():
            for _ in range(500):
                conn.send_packet(2, String(b""))
            await asyncio.sleep(0)


def flooding(folder: Path, port: Any) -> None:
    """A process of its own: what it does there holds nobody up here."""

    async def listen() -> None:
        async with machine(folder, folder / "authorized", flood) as started:
            started.trust(folder / "known_hosts")
            port.send(started.port)
            await asyncio.sleep(60)

    asyncio.run(listen())


def prepare(folder: Path, config: str = "") -> None:
    """A user's SSH files."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(folder / "id")
    key.write_public_key(folder / "authorized")
    (folder / "ssh_config").write_text(config)


async def test_a_key_is_heard_while_an_sshd_says_nothing_at_all_without_end(tmp_path: Path) -> None:
    prepare(tmp_path)
    here, there = multiprocessing.Pipe()
    sshd = multiprocessing.get_context("spawn").Process(target=flooding, args=(tmp_path, there), daemon=True)
    sshd.start()
    wire = Wire(cluster(tmp_path, await asyncio.to_thread(here.recv)))
    found: list[Any] = []

    async def ask() -> None:
        found.extend(await wire.send("node1", (Run(("echo",)),), 3))

    try:
        await wire.send("node1", (), 1)
        assert await held(ask()) < HELD / 2
        assert isinstance(found[0], TimedOut) and "is connected" in str(found[0])
    finally:
        await wire.close()
        sshd.kill()
        sshd.join()


@pytest.mark.parametrize("config", ["", "Compression yes\n"])
async def test_nothing_is_unpacked(tmp_path: Path, config: str) -> None:
    """A packet of 200 KB that is one of 200 MB was 0.4 GB of memory, and more than a second without a key."""
    prepare(tmp_path, config)
    async with machine(tmp_path, tmp_path / "authorized", compression="zlib@openssh.com") as started:
        started.trust(tmp_path / "known_hosts")
        wire = Wire(cluster(tmp_path, started.port))
        try:
            (answer,) = await wire.send("node1", (Run(("echo",)),), 5)
            assert "compression" in str(answer)
        finally:
            await wire.close()
