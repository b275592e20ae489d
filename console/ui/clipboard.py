"""Copies to the clipboard of the terminal one sits at, through SSH and tmux.

A terminal takes text by the escape sequence OSC 52. Inside tmux that reaches nobody by default (`set-clipboard
external` ignores it from programs), so there tmux itself is told: `tmux load-buffer -w` (3.2 and later) sets its paste
buffer and sends the same sequence to the terminal outside.
"""

import asyncio
import os

from textual.app import App

MAX_BYTES = 56_000
"""Bytes: terminals drop a sequence that is longer than 74,994 bytes (an old limit of tmux and hterm), a third of which
is base64's."""


def harmless(text: str) -> str:
    """Lines that a shell gets as they were seen, and no more of them than a terminal takes."""
    lines = "".join(char if char.isprintable() or char == "\n" else " " for char in text[:MAX_BYTES])
    return lines.encode()[:MAX_BYTES].decode(errors="ignore")


async def copy(app: App[int], text: str) -> str:
    """Send it, and return a sentence that says where to."""
    text = harmless(text)
    app.copy_to_clipboard(text)
    if os.environ.get("TMUX") and await _tmux(text):
        return "copied to tmux's buffer and the terminal's clipboard"
    return "sent to the terminal's clipboard"


async def _tmux(text: str) -> bool:
    pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            "tmux", "load-buffer", "-w", "-", stdin=pipe, stdout=null, stderr=null
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(2):
            await process.communicate(text.encode())
    except TimeoutError:
        process.kill()
        await process.wait()
    return process.returncode == 0
