"""To the clipboard of the terminal one sits at, through SSH and tmux.

A terminal takes text by the escape sequence OSC 52. Inside tmux that reaches nobody by default (`set-clipboard
external` ignores it from programs), so there tmux itself is told: `tmux load-buffer -w` (3.2 and later) sets its paste
buffer and sends the same sequence to the terminal outside.
"""

import asyncio
import os

from textual.app import App

LONGEST = 60_000
"""Characters: terminals drop a sequence that is much longer (74,994 bytes is an old limit of tmux and hterm)."""


async def copy(app: App[int], text: str) -> str:
    """Sends it, and returns a sentence that says where to."""
    text = text[:LONGEST]
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
