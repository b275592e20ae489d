"""The screen as files in the state folder: text to mail, SVG to look at."""

import os
import re
import time
from pathlib import Path

from console.inventory.paths import state_dir

FONTS = re.compile(r"@font-face \{[^}]*\}")
"""A font of a server somewhere, which whoever opened the picture would tell that he did."""


def export(name: str, text: str, picture: str) -> str:
    """Write both, and return a sentence that says where, or why not. Only the user can read them: they name machines
    and addresses."""
    stamp = time.strftime("%Y%m%dT%H%M%S")
    stem = re.sub(r"[^A-Za-z0-9._-]", "_", f"{name}-{stamp}")
    folder = state_dir() / "screens"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for ending, content in (("txt", text), ("svg", FONTS.sub("", picture))):
            _write(folder / f"{stem}.{ending}", content)
    except OSError as error:
        return f"Not exported: {folder} can't be written ({error.strerror})"
    return f"exported to {folder / stem}.txt and .svg"


def _write(path: Path, content: str) -> None:
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(content)
