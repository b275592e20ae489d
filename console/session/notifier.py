"""Tells somebody: runs a program of theirs, or sends the text to a URL. In a thread of its own, with a deadline.

Neither a program that hangs nor a network that swallows everything holds up the looking, a run or the screen.
"""

import asyncio
import queue
import threading
from collections.abc import Callable

from console.inventory.cluster import Notify
from console.probes.ask import WireError
from console.session import program
from console.session.alerts import Alert

SECONDS = 10.0
"""Time for each way."""
WAITING = 20
"""Alerts that wait to be told; more are dropped, and that is said."""


class Notifier:
    """One cluster's. Its thread ends with the process."""

    def __init__(self, notify: Notify, complain: Callable[[str], object], seconds: float = SECONDS) -> None:
        """`complain`: is told in a sentence what did not work, in that thread."""
        self._notify, self._complain, self._seconds = notify, complain, seconds
        self._waiting: queue.Queue[Alert] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None

    def tell(self, alert: Alert) -> None:
        """Tell it soon. Never waits."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._go, name="notify", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait(alert)
        except queue.Full:
            self._complain(f"notify: {WAITING} alerts wait already, so this one was not told: {alert.what}")

    def _go(self) -> None:
        while True:
            alert = self._waiting.get()
            for why in filter(None, (self._run(alert), self._post(alert))):
                self._complain(f"notify: {why}")

    def _run(self, alert: Alert) -> str:
        """Why the program did not do it, or ""."""
        argv = self._notify.command
        if not argv:
            return ""
        try:
            return program.complaint(argv, asyncio.run(program.run(argv, environment(alert), self._seconds)))
        except WireError as error:
            return str(error)

    def _post(self, alert: Alert) -> str:
        """Why the URL did not take it, or ""."""
        if self._notify.url is None:
            return ""
        from console.wire.http import post

        try:
            asyncio.run(post(self._notify.url, alert.text, self._seconds))
        except WireError as error:
            return str(error)
        return ""


def environment(alert: Alert) -> dict[str, str]:
    """The variables of the program."""
    return {"TEXT": alert.text, "CLUSTER": alert.cluster, "WHAT": alert.what, "WHO": alert.who, "KEY": alert.key}
