"""A program of the inventory that runs on this computer: without a shell, with a deadline, and only its last words."""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress

from console.probes.ask import Ran, Refused
from console.text import quoted

LAST = 1.0
"""Seconds for a program that was killed to be gone, and for the rest of its words."""
MAX_WORDS = 2000
"""Bytes of its output that are kept: the last ones."""


async def run(argv: tuple[str, ...], environment: Mapping[str, str], seconds: float) -> Ran:
    """Run it, with these variables beside our own. All that it has started, and that this user may end, ends with it
    when its time is over. Raises Refused with a sentence."""
    named = {f"DRAINBOARD_{name}": value for name, value in environment.items()}
    nothing, pipe = asyncio.subprocess.DEVNULL, asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=nothing,
            stdout=pipe,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **named},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise Refused(f"{argv[0]} can't be run: {(why or str(error)).lower()}") from None
    reading, late = asyncio.create_task(_read(process)), False
    try:
        async with asyncio.timeout(seconds):
            await process.wait()
    except TimeoutError:
        late = True
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST):
                    await process.wait()
        await asyncio.wait({reading}, timeout=LAST)
        reading.cancel()
        with suppress(ProcessLookupError, PermissionError):
            process._transport.close()  # pyright: ignore
    if late:
        fate = "may still run: this user may not end it" if _not_ours(process.pid) else "was ended"
        raise Refused(f"{argv[0]} did not end in {seconds:g} s, and {fate}")
    return Ran(process.returncode or 0, reading.result() if reading.done() else "", "")


def _not_ours(group: int) -> bool:
    """True where some of the group runs as another user: sudo does, as root."""
    with suppress(ProcessLookupError):
        try:
            os.killpg(group, 0)
        except PermissionError:
            return True
    return False


async def _read(process: asyncio.subprocess.Process) -> str:
    """All of it is read, so that the program does not wait for us."""
    last = b""
    while process.stdout and (some := await process.stdout.read(4096)):
        last = (last + some)[-MAX_WORDS:]
    return last.decode(errors="replace")


def complaint(argv: tuple[str, ...], answer: Ran) -> str:
    """The failure in a sentence, with its last line; "" where it ended well."""
    if not answer.status:
        return ""
    lines = [line for line in answer.out.splitlines() if line.strip()]
    words = f": {quoted(lines[-1], 120)}" if lines else ""
    return f"{argv[0]} ended with status {answer.status}{words}"
