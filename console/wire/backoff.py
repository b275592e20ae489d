"""Backoff: the pause after a failed connection, and the answer given during it."""

from console.probes.ask import AuthFailed, WireError

FIRST, LONGEST = 0.5, 5.0
AFTER_REFUSAL = 60.0
"""Seconds after a refused login: pfSense's sshguard locks an address out after three failures in a row."""


class Backoff:
    """The last failure and the moment of the next attempt. Times are those of one monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._error: WireError | None = None
        self._until = 0.0
        self._pause = FIRST

    def standing(self, now: float) -> WireError | None:
        """The failure that still stands for the answer, or None if an attempt is due."""
        return self._error if now < self._until else None

    def failed(self, error: WireError, now: float) -> None:
        """Remember `error` until the pause is over; the next pause is twice as long."""
        self._error = error
        self._until = now + (AFTER_REFUSAL if isinstance(error, AuthFailed) else self._pause)
        self._pause = min(2 * self._pause, LONGEST)

    def reset(self) -> None:
        """End the pause: after a success, or because someone asked for an attempt at once."""
        self.__init__()
