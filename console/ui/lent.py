"""The terminal, lent to another program: the screen is suspended meanwhile, and the sessions' own thread goes on."""

import os
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from console.text import printable

LOOK = 0.05
"""Seconds between two looks whether the program has ended."""
LAST = 2.0
"""Seconds that a program gets to end when the screen has to."""
FAILED = 255
"""ssh's own status for what it could not do; any other is that of the shell over there."""

Ends = Callable[[], bool]
"""True once the screen is to end: a signal came, or its terminal is gone."""


def lend(argv: Sequence[str], said: Sequence[str], terminal: int, ends: Ends) -> None:
    """Show what is run, run it, and let its last words be read if it failed. Raises OSError."""
    _print(*said, shlex.join(argv))
    status = run(argv, terminal, ends)
    if status == FAILED or status < -signal.SIGINT:
        _print(f"{argv[0]} ended with status {status}. Press enter, and the screen comes back.")
        _until_enter(terminal, ends)


def _print(*lines: str) -> None:
    with suppress(OSError):
        for one in lines:
            print(printable(one), file=sys.__stderr__, flush=True)


def run(argv: Sequence[str], terminal: int, ends: Ends) -> int:
    """Run a program in the foreground of a terminal, and return its exit code. Raises OSError.

    It has a process group of its own: Ctrl-C and Ctrl-Z are for it, and stop neither polling nor a run.
    """
    process = subprocess.Popen(argv, process_group=0)  # noqa: S603 -- our own ssh line, no shell
    mine = os.getpgrp()
    try:
        _foreground(terminal, process.pid)
        _send(process.pid, signal.SIGCONT)  # it may have asked for the terminal before it was its own
        return _ended(process, ends)
    finally:
        _foreground(terminal, mine)


def _foreground(terminal: int, group: int) -> None:
    """Give the terminal to a process group. One that is gone, or is nobody's, is left as it is."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        with suppress(OSError):
            os.tcsetpgrp(terminal, group)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTTOU})


def _ended(process: "subprocess.Popen[bytes]", ends: Ends) -> int:
    """Wait for the end of a program. One that stops itself goes on: no shell is there that could wake it."""
    last: float | None = None
    while True:
        pid, status = os.waitpid(process.pid, os.WNOHANG | os.WUNTRACED)
        if pid and not os.WIFSTOPPED(status):
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode
        if pid:
            _send(process.pid, signal.SIGCONT)
        if ends() and last is None:
            last = time.monotonic() + LAST
            _send(process.pid, signal.SIGHUP)
        elif last is not None and time.monotonic() > last:
            _send(process.pid, signal.SIGKILL)
        time.sleep(LOOK)


def _send(group: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def _until_enter(terminal: int, ends: Ends) -> None:
    """Wait for a line on the terminal, so that what stands there can be read."""
    while not ends():
        if select.select([terminal], [], [], LOOK)[0]:
            with suppress(OSError):
                os.read(terminal, 1024)
            return
