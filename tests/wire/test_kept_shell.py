"""Shells that are kept for questions asked again and again: a real /bin/sh each, fed as it reads."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import asyncssh
import pytest

from console.probes.ask import Ran, Run, TimedOut, WireError

from .conftest import Bench
from .machines import Machine, cluster, copy, introduction

ECHO = (Run(("echo", "hello")),)
HELLO = (Ran(0, "hello\n", ""),)


async def live(machine: Machine, process: asyncssh.SSHServerProcess[bytes]) -> None:
    """A /bin/sh that gets its standard input as it comes, as sshd hands it on."""
    machine.commands.append(str(process.command))
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec("/bin/sh", stdin=pipe, stdout=pipe, stderr=pipe, cwd=machine.folder)
    assert child.stdin and child.stdout and child.stderr
    with (machine.folder / "shells").open("a") as file:
        file.write(f"{child.pid}\n")
    task = asyncio.current_task()
    assert task is not None
    machine.shells.add(task)
    feeding = asyncio.create_task(feed(machine, process, child.stdin))
    gone = asyncio.create_task(process.wait_closed())
    copies = asyncio.gather(copy(child.stdout, process.stdout), copy(child.stderr, process.stderr))
    try:
        await asyncio.wait([copies, gone], return_when=asyncio.FIRST_COMPLETED)
        if not gone.done():
            process.exit(await child.wait())
    finally:
        for job in (feeding, gone, copies):
            job.cancel()
        await asyncio.gather(feeding, gone, copies, return_exceptions=True)
        child.stdin.close()
        await asyncio.gather(child.stdout.read(), child.stderr.read(), child.wait())  # nobody hears it any more
        machine.shells.discard(task)


async def feed(machine: Machine, process: asyncssh.SSHServerProcess[bytes], stdin: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncssh.Error):
        while data := await process.stdin.read(65536):
            if told := introduction(data.decode()):
                process.stdout.write(told[0].encode())
                process.stderr.write(told[1].encode())
                continue
            machine.scripts.append(data.decode())
            stdin.write(data)
            await stdin.drain()
    stdin.close()


def shells(node: Machine) -> list[int]:
    return [int(pid) for pid in (node.folder / "shells").read_text().split()]


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


async def test_one_shell_answers_call_after_call(bench: Bench) -> None:
    node = await bench.machine(handler=live)
    wire = bench.wire(cluster(bench.folder, node.port))
    asks = (Run(("ls", "/nowhere")), Run(("cat",), stdin="two\nlines\n"), Run(("false",)), *ECHO)
    for _ in range(20):
        answers = await wire.send("node1", asks, 5, keep=True)
        assert isinstance(answers[0], Ran) and answers[0].status and "/nowhere" in answers[0].err
        assert answers[1:] == (Ran(0, "two\nlines\n", ""), Ran(1, "", ""), *HELLO)
    assert node.commands == ["/bin/sh"]


async def test_an_order_gets_a_shell_of_its_own(bench: Bench) -> None:
    node = await bench.machine(handler=live)
    wire = bench.wire(cluster(bench.folder, node.port))
    for keep in (True, False, True, False):
        assert await wire.send("node1", ECHO, 5, keep=keep) == HELLO
    assert len(node.commands) == 3


async def test_what_is_asked_at_once_waits_for_no_other_and_two_shells_stay(bench: Bench) -> None:
    node = await bench.machine(handler=live)
    wire = bench.wire(cluster(bench.folder, node.port))
    for turn in range(3):
        met = f"touch {turn}.$$; until [ $(ls {turn}.* | wc -l) = 5 ]; do sleep 0.02; done"  # each waits for all five
        asked = [wire.send("node1", (Run(("sh", "-c", met)), *ECHO), 20, keep=True) for _ in range(5)]
        assert [answers[1:] for answers in await asyncio.gather(*asked)] == [HELLO] * 5
    assert len(node.commands) == 5 + 3 + 3
    await asyncio.sleep(0.1)
    assert sum(runs(pid) for pid in shells(node)) == 2


async def test_a_hung_command_blocks_no_later_call_and_its_shell_ends(bench: Bench) -> None:
    node = await bench.machine(handler=live)
    wire = bench.wire(cluster(bench.folder, node.port))
    assert await wire.send("node1", ECHO, 5, keep=True) == HELLO
    answers = await wire.send("node1", (*ECHO, Run(("sleep", "60"), timeout=4), *ECHO), 0.3, keep=True)
    assert answers[0] == HELLO[0]
    assert all(isinstance(answer, TimedOut) for answer in answers[1:])
    assert await wire.send("node1", ECHO, 5, keep=True) == HELLO
    assert len(node.commands) == 2
    async with asyncio.timeout(30):
        while runs(shells(node)[0]):  # until the machine's own `timeout` has ended what hung
            await asyncio.sleep(0.05)


async def test_commands_that_nobody_ends_do_not_pile_up(bench: Bench) -> None:
    """Such as `ifconfig` of a card whose driver hangs: ten sessions of them, and sshd opens none for an order."""
    node = await bench.machine(handler=live)
    wire = bench.wire(cluster(bench.folder, node.port))
    fifo = bench.folder / "fifo"
    os.mkfifo(fifo)
    hangs = (*ECHO, Run(("cat", str(fifo)), timeout=None))
    try:
        answers = await wire.send("node1", hangs, 0.3, keep=True)
        assert answers[0] == HELLO[0] and isinstance(answers[1], TimedOut)
        for _ in range(2):
            assert await wire.send("node1", ECHO, 5, keep=True) == HELLO  # which says nothing of what hangs
            assert await wire.send("node1", hangs, 4, keep=True) == (*HELLO, Ran(124, "", ""))
    finally:
        assert sum(runs(pid) for pid in shells(node)) <= 2
        fifo.open("w").close()
        fifo.unlink()
    fifo.write_text("well\n")
    for _ in range(2):
        assert await wire.send("node1", hangs, 5, keep=True) == (*HELLO, Ran(0, "well\n", ""))
    assert "timeout 3 cat" in node.scripts[-2] and "timeout 3 cat" not in node.scripts[-1]


async def test_after_a_command_that_had_to_be_ended_the_shell_is_not_trusted(bench: Bench) -> None:
    """A process that it started may live on, and speak into a later answer."""
    node = await bench.machine(handler=live)
    wire = bench.wire(cluster(bench.folder, node.port))
    late = Run(("sh", "-c", "(trap '' TERM; sleep 0.6; echo late; echo late >&2) & sleep 9"), timeout=0.2)
    answers = await wire.send("node1", (late, *ECHO), 5, keep=True)
    assert answers == (Ran(124, "", ""), *HELLO)
    for _ in range(10):
        assert await wire.send("node1", (Run(("sleep", "0.1")), *ECHO), 5, keep=True) == (Ran(0, "", ""), *HELLO)
    assert len(node.commands) == 2


async def test_what_is_said_unasked_ends_the_shell(bench: Bench) -> None:
    node = await bench.machine(handler=live)
    wire = bench.wire(cluster(bench.folder, node.port))
    babbler = Run(("sh", "-c", "(sleep 0.2; echo unasked) & echo asked"))
    assert await wire.send("node1", (babbler,), 5, keep=True) == (Ran(0, "asked\n", ""),)
    await asyncio.sleep(0.4)
    assert await wire.send("node1", ECHO, 5, keep=True) == HELLO
    assert len(node.commands) == 2


async def test_a_shell_that_was_ended_is_replaced(bench: Bench) -> None:
    node = await bench.machine(handler=live)
    wire = bench.wire(cluster(bench.folder, node.port))
    assert await wire.send("node1", ECHO, 5, keep=True) == HELLO
    os.kill(shells(node)[0], 9)
    await asyncio.sleep(0.1)
    assert await wire.send("node1", ECHO, 5, keep=True) == HELLO
    assert len(node.commands) == 2 and len(node.logins) == 1


async def test_a_shell_that_is_ended_under_a_question(bench: Bench) -> None:
    node = await bench.machine(handler=live)
    wire = bench.wire(cluster(bench.folder, node.port))
    answers = await wire.send("node1", (*ECHO, Run(("sh", "-c", f"kill -9 $(tail -n1 {node.folder}/shells)"))), 5, True)
    assert answers[0] == HELLO[0]
    assert isinstance(answers[1], WireError) and "ended /bin/sh before it had answered" in str(answers[1])
    assert await wire.send("node1", ECHO, 5, keep=True) == HELLO


async def test_a_shell_belongs_to_its_connection(bench: Bench) -> None:
    node = await bench.machine(handler=live)
    wire = bench.wire(cluster(bench.folder, node.port))
    assert await wire.send("node1", ECHO, 5, keep=True) == HELLO
    for connection in node.connections:
        connection.abort()
    await asyncio.sleep(0.1)
    assert await wire.send("node1", ECHO, 5, keep=True) == HELLO
    assert len(node.logins) == 2


async def test_sizes_stay_bounded(bench: Bench) -> None:
    node = await bench.machine(handler=live)
    wire = bench.wire(cluster(bench.folder, node.port))
    for _ in range(2):
        answers = await wire.send("node1", (*ECHO, Run(("cat", "/dev/zero"), timeout=2), *ECHO), 20, keep=True)
        assert answers[0] == HELLO[0]
        assert "printed more than 4 MiB" in str(answers[1])
    flood = Run(("sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' e >&2; echo done"))
    for _ in range(2):
        (answer,) = await wire.send("node1", (flood,), 10, keep=True)
        assert isinstance(answer, Ran) and answer.out == "done\n" and len(answer.err) <= 256 << 10
    assert await wire.send("node1", ECHO, 5, keep=True) == HELLO
    assert len(node.commands) == 3


async def test_a_cancelled_caller_leaves_no_half_read_shell(bench: Bench) -> None:
    node = await bench.machine(handler=live)
    wire = bench.wire(cluster(bench.folder, node.port))
    asked = asyncio.create_task(wire.send("node1", (Run(("sleep", "1")), Run(("echo", "other"))), 6, keep=True))
    await asyncio.sleep(0.3)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert await wire.send("node1", ECHO, 5, keep=True) == HELLO
    assert len(node.commands) == 2
