"""A program in a terminal of its own, watched from outside: when what stands on it, and what it costs.

The terminal is a pty and a grid of characters: as much of a VT100 as Textual's output needs, colours left out.
"""

from __future__ import annotations

import asyncio
import codecs
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from rich.cells import cell_len

COLUMNS, LINES = 120, 40
TICKS = os.sysconf("SC_CLK_TCK")

TOKEN = re.compile(
    r"\x1b\[(?P<args>[?<>=!0-9;:]*)[ $']?(?P<final>[@-~])|\x1b[\]P_^X].*?(?:\x07|\x1b\\)|\x1b[()#].|\x1b[^\[\]P_^X()#]"
    r"|(?P<control>[\x00-\x1f\x7f])|(?P<text>[^\x00-\x1f\x7f]+)",
    re.DOTALL,
)
UNFINISHED = re.compile(r"\x1b(?:\[[^@-~]*|[\]P_^X](?:(?!\x07|\x1b\\).)*|[()#]?)\Z", re.DOTALL)


class Grid:
    """The contents of a terminal, as lines of text."""

    def __init__(self, columns: int = COLUMNS, lines: int = LINES) -> None:
        self._columns, self._lines = columns, lines
        self._cells = [[" "] * columns for _ in range(lines)]
        self._x = self._y = 0
        self._rest = ""

    @property
    def text(self) -> list[str]:
        """Its lines, top first."""
        return ["".join(line) for line in self._cells]

    def feed(self, text: str) -> None:
        """Take in output of the program."""
        text = self._rest + text
        cut = UNFINISHED.search(text)
        self._rest = text[cut.start() :] if cut else ""
        for token in TOKEN.finditer(text[: cut.start()] if cut else text):
            if token["text"]:
                self._write(token["text"])
            elif token["control"]:
                self._control(token["control"])
            elif token["final"]:
                self._sequence(token["final"], token["args"])

    def _write(self, text: str) -> None:
        for char in text:
            width = cell_len(char)
            if self._x < self._columns and self._y < self._lines:
                self._cells[self._y][self._x : self._x + max(1, width)] = [char, *[""] * (width - 1)]
            self._x += width

    def _control(self, char: str) -> None:
        if char == "\r":
            self._x = 0
        elif char == "\n":
            self._y = min(self._y + 1, self._lines - 1)
        elif char == "\b":
            self._x = max(0, self._x - 1)

    def _sequence(self, final: str, args: str) -> None:
        if final == "h" and args == "?1049":
            self._cells = [[" "] * self._columns for _ in range(self._lines)]
        numbers = [int(word) if word.isdigit() else 0 for word in args.split(";")]
        count = max(1, numbers[0])
        if final in "Hf":
            self._y, self._x = count - 1, max(1, numbers[1] if len(numbers) > 1 else 1) - 1
        elif final in "ABCD":
            self._x += {"C": count, "D": -count}.get(final, 0)
            self._y += {"B": count, "A": -count}.get(final, 0)
        elif final == "K" and self._y < self._lines:
            self._cells[self._y][self._x :] = [" "] * max(0, self._columns - self._x)
        elif final == "J" and numbers[0] == 2:
            self._cells = [[" "] * self._columns for _ in range(self._lines)]


class Gone(Exception):
    """The program has ended, with what stood on its terminal."""


class Terminal:
    """One running program. Times are of CLOCK_MONOTONIC, which all processes of a machine share."""

    def __init__(self, process: subprocess.Popen[bytes], master: int, began: float) -> None:
        self.process = process
        self.began = began
        self.grid = Grid()
        self.bytes = 0
        self._master = master
        self._changed = asyncio.Event()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._ended = False
        asyncio.get_running_loop().add_reader(master, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:
            data = b""
        if not data:
            self._ended = True
            asyncio.get_running_loop().remove_reader(self._master)
        self.bytes += len(data)
        self.grid.feed(self._decoder.decode(data))
        self._changed.set()
        self._changed = asyncio.Event()

    def keys(self, text: str) -> float:
        """Press keys; return the moment."""
        at = time.monotonic()
        os.write(self._master, text.encode())
        return at

    async def shows(self, condition: Callable[[list[str]], bool], seconds: float = 30) -> float:
        """Wait until `condition` holds for the terminal; return the moment. Raises TimeoutError, Gone."""
        async with asyncio.timeout(seconds):
            while not condition(self.grid.text):
                if self._ended:
                    raise Gone("\n".join(line.rstrip() for line in self.grid.text if line.strip()))
                await self._changed.wait()
            return time.monotonic()

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far, threads and all, children not."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self, what: str = "VmRSS") -> float:
        """MiB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{what}:"))

    def hang_up(self) -> None:
        """Close the terminal under it."""
        if self._master >= 0:
            asyncio.get_running_loop().remove_reader(self._master)
            os.close(self._master)
            self._master = -1

    def stall(self) -> None:
        """Take nothing more of its output."""
        asyncio.get_running_loop().remove_reader(self._master)

    def read_on(self) -> None:
        """Take its output again."""
        asyncio.get_running_loop().add_reader(self._master, self._read)

    async def close(self) -> None:
        """Ask it to end, and end it."""
        self.process.terminate()
        try:
            await asyncio.to_thread(self.process.wait, 5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            await asyncio.to_thread(self.process.wait)
        self.hang_up()


@asynccontextmanager
async def terminal(argv: Sequence[str], **environment: str) -> AsyncGenerator[Terminal]:
    """Start a program in a terminal of COLUMNS x LINES, and end it."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    os.set_blocking(master, False)
    env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **environment}
    began = time.monotonic()
    process = subprocess.Popen(
        argv, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True, close_fds=True
    )
    os.close(slave)
    shown = Terminal(process, master, began)
    try:
        yield shown
    finally:
        await shown.close()
