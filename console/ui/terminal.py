"""The terminal, which may be slow, stalled or gone: it delays what is seen, and ends with the screen in any case."""

import contextlib
import signal
import sys
import threading
from queue import Full
from time import monotonic
from typing import Any, cast

from textual.driver import Driver
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

from console.ui.bell import RESTORE
from console.words.ascii import ascii_only, plain

LEAVING = 1.0
"""Seconds that a terminal gets to take the last words of the screen."""
TRY = 0.1


class TerminalDriver(LinuxDriver):
    """Textual's own, whose writes end: its `WriterThread` dies with the terminal, and then its queue stays full."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._hung_up = threading.Event()
        self._ascii = ascii_only(sys.__stderr__ or sys.stderr)
        self._deadline: float | None = None
        self._over = False
        self._suspended = False
        super().__init__(*args, **kwargs)  # pyright: ignore[reportUnknownMemberType]

    def write(self, data: str) -> None:
        """Write, and wait for a terminal that takes nothing more, until the screen is to end."""
        self._put(plain(data) if self._ascii else data)

    def _put(self, data: str | None) -> None:
        queue = cast(WriterThread, self._writer_thread)._queue  # pyright: ignore[reportPrivateUsage]
        while not self._hung_up.is_set():
            with contextlib.suppress(Full):
                queue.put(data, timeout=TRY)
                return
            if self._deadline is not None and monotonic() > self._deadline:
                self._hung_up.set()

    def lose(self) -> None:
        """The terminal is gone: nothing is written to it any more, nothing read. From any thread."""
        self._over = True
        self._hung_up.set()
        self.exit_event.set()

    def leave(self) -> None:
        """The screen is to end: the terminal gets LEAVING seconds more. From any thread, also in a signal's handler."""
        self._over = True
        self._limit()

    def _limit(self) -> None:
        if self._deadline is None:
            self._deadline = monotonic() + LEAVING

    @property
    def over(self) -> bool:
        """The screen is to end, or its terminal is gone."""
        return self._over

    def start_application_mode(self) -> None:
        self._suspended, self._deadline = False, None
        super().start_application_mode()

    def suspend_application_mode(self) -> None:
        self._suspended = True
        super().suspend_application_mode()

    def stop_application_mode(self) -> None:
        self._limit()
        self.write(RESTORE)
        super().stop_application_mode()

    def close(self) -> None:
        """Let its threads end, at the latest with the process. A signal that Textual handles would start them again."""
        self._limit()
        for number in (signal.SIGTSTP, signal.SIGCONT) if not self._suspended else ():
            signal.signal(number, signal.SIG_DFL)
        writer = self._writer_thread
        if writer is not None:
            self._put(None)
            writer.join(LEAVING)

    @property
    def hangs(self) -> bool:
        """A thread of the screen still waits for the terminal."""
        threads = (self._writer_thread, self._key_thread)
        return any(thread is not None and thread.is_alive() for thread in threads)

    def _sigcont_application(self, *_: Any) -> None:
        """Start the threads only after Ctrl-Z: after a SIGSTOP all are still there, and a second set would never
        end."""
        if self._suspended:
            super()._sigcont_application()  # pyright: ignore[reportUnknownMemberType]


def driver(usual: type[Driver]) -> type[Driver]:
    """The terminal's, where there is a terminal."""
    return TerminalDriver if usual is LinuxDriver else usual
