"""Folders and files on the operator's machine. These functions create nothing; the writer does."""

import os
from pathlib import Path

import platformdirs

NAME = "drainboard"


def default_path() -> Path:
    """The inventory: DRAINBOARD_INVENTORY, or inventory.toml in the user's config folder."""
    given = os.environ.get("DRAINBOARD_INVENTORY")
    return Path(given).expanduser() if given else Path(platformdirs.user_config_dir(NAME)) / "inventory.toml"


def state_dir() -> Path:
    """Folder for state that must outlive a run: DRAINBOARD_STATE, or the user's state folder."""
    given = os.environ.get("DRAINBOARD_STATE")
    return Path(given).expanduser() if given else Path(platformdirs.user_state_dir(NAME))


def journal_dir() -> Path:
    """One folder a cluster, one file a run."""
    return state_dir() / "journal"


def make_private(folder: Path) -> None:
    """Make the missing parts of a folder's path, each for its owner alone, whatever the umask says. Raises OSError."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
        one.chmod(0o700)


def too_open(folder: Path) -> tuple[Path, ...]:
    """Our own folders down to this one that others may enter or read."""
    ours = [one for one in (folder, *folder.parents) if one == state_dir() or state_dir() in one.parents]
    return tuple(one for one in reversed(ours) if one.is_dir() and one.stat().st_mode & 0o077)


def theme_dirs(inventory: Path | None = None) -> tuple[Path, ...]:
    """Folders of themes, the shipped ones first: a user's theme of the same name comes later and wins."""
    package = Path(__file__).parents[1]
    shipped = package / "themes"
    if not shipped.is_dir():  # an editable install runs from the checkout, where they lie beside the package
        shipped = package.parent / "themes"
    return shipped, (inventory or default_path()).parent / "themes"
