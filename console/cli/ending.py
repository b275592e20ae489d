"""The end of a command before its work is done: by a signal, or because its terminal is gone.

SIGTERM and SIGINT stop a run where it stands. A terminal that is gone (SIGHUP, or found so) ends the screen alone: a
run that a person began goes on to a safe place. A thread that still waits for the terminal is left behind.
"""

import asyncio
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.session.handle import SessionHandle
    from console.session.loop import Loop

ENDS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
LOOK = 0.5
"""Seconds between two looks whether the terminal is there."""
REST = 2.0
"""Seconds for all that is left to do once every run has ended."""


class Ending:
    """The end of this process's one command. `number`: the signal that ended it; `gone`: its terminal is closed."""

    def __init__(self) -> None:
        self.number: signal.Signals | None = None
        self.gone = False
        self.hangs = False
        """A thread still waits for the terminal."""
        self.last: Callable[[], object] = lambda: None
        """The last act before such a process is left. Must not hang."""
        self._cancel: Callable[[], object] = lambda: None
        self._leave_screen: Callable[[], object] = lambda: None
        self._sessions: Sequence[SessionHandle] = ()
        self._terminals = tuple(
            stream.fileno() for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__) if stream and stream.isatty()
        )

    def handle(self, foreground: "asyncio.Task[int]") -> None:
        """Let a signal end this task from now on; a second one ends the process at once."""
        loop = asyncio.get_running_loop()

        def cancel() -> None:
            with suppress(RuntimeError):  # its loop has ended
                loop.call_soon_threadsafe(foreground.cancel)

        self._cancel = cancel
        for number in ENDS:
            signal.signal(number, self._signalled)

    def carry(
        self, sessions: "Sequence[SessionHandle]", loop: "Loop", leave: Callable[[], object] | None = None
    ) -> None:
        """Let a signal stop these sessions from now on; leave them alone when the terminal is gone. `leave`: ends the
        screen then, from any thread. A command without a screen goes on, and nobody reads it."""
        self._sessions, self._leave_screen = sessions, leave or self._leave_screen
        loop.begin(self._watch())

    async def code_of(self, screen: "asyncio.Task[int | None]") -> int:
        """The exit code: that of the screen; without its terminal, that of the runs that have gone on."""
        try:
            code = await screen or 0
        except asyncio.CancelledError:
            if not self.gone:
                raise
            code = 0
        self._look()
        if not self.gone:
            return code
        for session in self._sessions:
            while session.running:
                await session.change(LOOK)
        return self._code()

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP and self._sessions:
            self._terminal_gone()
            return
        for one in ENDS:
            signal.signal(one, signal.SIG_DFL)
        self.number = signal.Signals(number)
        for session in self._sessions:
            session.halt()
        self.leave_in_time()
        self._leave_screen()
        self._cancel()

    async def _watch(self) -> None:
        """Look for the terminal on the sessions' loop, which no terminal holds up."""
        while not self.gone:
            await asyncio.sleep(LOOK)
            self._look()

    def _look(self) -> None:
        look = select.poll()
        for handle in self._terminals:
            look.register(handle, 0)
        if any(what & (select.POLLHUP | select.POLLERR) for _, what in look.poll(0)):
            self._terminal_gone()

    def _terminal_gone(self) -> None:
        if self.gone:
            return
        self.gone = True
        for session in self._sessions:
            session.leave_alone()
        self.leave_in_time()
        self._leave_screen()

    def leave_in_time(self) -> None:
        """Start a thread that ends the process in time, even if the main thread hangs."""
        threading.Thread(target=self._leave, name="ending", daemon=True).start()

    def _leave(self) -> None:
        while any(session.running for session in self._sessions):
            time.sleep(0.1)
        time.sleep(REST)
        self.last()
        os._exit(self._code())

    def _code(self) -> int:
        from console.cli.plain import code_of

        runs = [session.state.run for session in self._sessions]
        return 128 + self.number if self.number else max((code_of(run) for run in runs if run), default=0)
