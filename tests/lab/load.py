"""Visitors: one new connection a request (or keep-alive), each answer a line on stdout, and what they add up to.

As a script it is the generator that runs in the visitors' namespace; imported, it is the handle that starts it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

TIMEOUT = 5.0
AGAIN = 1.0
"""Seconds in which a request that failed is served by a new connection, to count as retried."""


@dataclass(frozen=True)
class Answer:
    """One request: when it began and ended (CLOCK_MONOTONIC, one for all processes), by whom, what was wrong."""

    began: float
    ended: float
    node: str
    error: str
    first: str = ""
    """The error of the first try, where a second one was made."""

    @property
    def retried(self) -> bool:
        """Served at the second try."""
        return bool(self.first) and not self.error


@dataclass(frozen=True)
class Result:
    """Figures of a stretch of load. `longest_gap` is the longest time without a success, in seconds."""

    requests: int
    failures: int
    by_node: dict[str, int]
    errors: dict[str, int]
    longest_gap: float
    retried: int = 0


def add_up(answers: list[Answer], began: float, ended: float) -> Result:
    """Fold answers between two moments."""
    good = sorted(answer.ended for answer in answers if not answer.error)
    marks = [began, *good, ended]
    return Result(
        requests=len(answers),
        failures=sum(1 for answer in answers if answer.error),
        by_node=dict(sorted(Counter(answer.node for answer in answers if answer.node).items())),
        errors=dict(Counter(answer.error for answer in answers if answer.error)),
        longest_gap=round(max(later - earlier for earlier, later in pairwise(marks)), 3),
        retried=sum(answer.retried for answer in answers),
    )


@dataclass
class Load:
    """A generator process and what it has seen so far; results may be read while it runs."""

    netns: str
    url: str
    rate: float = 50
    workers: int = 8
    keep_alive: bool = False
    retry: bool = False
    """A request that fails is asked once more, on a new connection."""
    answers: list[Answer] = field(default_factory=list[Answer])
    began: float = 0
    ended: float = 0
    process: subprocess.Popen[str] | None = None
    reader: threading.Thread | None = None

    def __enter__(self) -> Load:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Load:
        """Begin; returns once the first answer is in."""
        argv = ["nsenter", f"--net=/run/netns/{self.netns}", "--", sys.executable, "-I", str(Path(__file__)), self.url]
        argv += [f"--rate={self.rate}", f"--workers={self.workers}", *(["--keep-alive"] if self.keep_alive else [])]
        argv += ["--retry"] if self.retry else []
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        deadline = time.monotonic() + TIMEOUT + 2
        while not self.answers and time.monotonic() < deadline:
            time.sleep(0.01)
        self.began = time.monotonic()
        return self

    def _read(self) -> None:
        assert self.process and self.process.stdout
        for line in self.process.stdout:
            self.answers.append(Answer(*json.loads(line)))

    def stop(self) -> Result:
        """End, let what is under way finish, and give the sum."""
        if self.process and self.process.poll() is None:
            self.ended = time.monotonic()
            self.process.terminate()
            self.process.wait(TIMEOUT + 5)
        if self.reader:
            self.reader.join(TIMEOUT)
        if self.process and self.process.stdout:
            self.process.stdout.close()
        return self.result

    @property
    def result(self) -> Result:
        """Figures from the start to now, or to the end."""
        return add_up(list(self.answers), self.began, self.ended or time.monotonic())

    def since(self, moment: float) -> Result:
        """Requests that began after that `time.monotonic()`."""
        late = [answer for answer in list(self.answers) if answer.began >= moment]
        return add_up(late, moment, self.ended or time.monotonic())


class _Client:
    """One worker's connection."""

    def __init__(self, url: str, keep_alive: bool) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 80
        self.keep_alive = keep_alive
        kind = "keep-alive" if keep_alive else "close"
        self.request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {self.host}\r\nConnection: {kind}\r\n\r\n".encode()
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, within: float = TIMEOUT) -> tuple[str, str]:
        """(node, error): one of them is empty, unless a node answered with an error."""
        try:
            async with asyncio.timeout(within):
                return await self._ask_again_if_stale()
        except TimeoutError:
            self.close()
            return "", "timeout"
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            self.close()
            return "", type(error).__name__

    async def _ask_again_if_stale(self) -> tuple[str, str]:
        """A kept connection may be closed just as it is used; every browser then asks once more on a new one."""
        kept = self.streams is not None
        try:
            return await self._ask()
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            self.close()
            if not kept or getattr(error, "partial", b""):
                raise
            return await self._ask()

    async def _ask(self) -> tuple[str, str]:
        if self.streams is None:
            self.streams = await asyncio.open_connection(self.host, self.port)
        reader, writer = self.streams
        writer.write(self.request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = head.split(" ", 2)[1]
        headers = {key.lower(): value for key, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])}
        await self._skip_body(reader, headers)
        return headers.get("x-node", ""), "" if status == "200" else f"HTTP {status}"

    async def _skip_body(self, reader: asyncio.StreamReader, headers: dict[str, str]) -> None:
        """Apache sends an included page in chunks."""
        if not self.keep_alive or headers.get("connection") == "close":
            await reader.read()
            self.close()
        elif "content-length" in headers:
            await reader.readexactly(int(headers["content-length"]))
        else:
            while size := int((await reader.readline()).strip() or b"0", 16):
                await reader.readexactly(size + 2)
            await reader.readline()

    def close(self) -> None:
        if self.streams:
            self.streams[1].close()
            self.streams = None


async def _work(client: _Client, pause: float, offset: float, stop: asyncio.Event, retry: bool) -> None:
    """Requests at this worker's share of the rate; one that is late does not try to catch up."""
    due = time.monotonic() + offset
    while not stop.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, due - time.monotonic())):
                await stop.wait()
            break
        began = time.monotonic()
        node, error = await client.ask()
        first = error if retry else ""
        if first:
            client.close()
            node, error = await client.ask(AGAIN)
        sys.stdout.write(json.dumps([began, time.monotonic(), node, error, first]) + "\n")
        sys.stdout.flush()
        due = max(due + pause, time.monotonic())
    client.close()


async def _generate(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    pause = options.workers / options.rate
    clients = [_Client(options.url, options.keep_alive) for _ in range(options.workers)]
    await asyncio.gather(*(_work(c, pause, i / options.rate, stop, options.retry) for i, c in enumerate(clients)))


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--keep-alive", action="store_true")
    parser.add_argument("--retry", action="store_true")
    with suppress(KeyboardInterrupt, BrokenPipeError):
        asyncio.run(_generate(parser.parse_args()))


if __name__ == "__main__":
    _main()
