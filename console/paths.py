"""Where things lie on the operator's machine. No folder is made here; whoever writes makes it."""

import os
from pathlib import Path

import platformdirs

NAME = "drainboard"


def default_path() -> Path:
    """The inventory: DRAINBOARD_INVENTORY, or inventory.toml in the user's config folder."""
    given = os.environ.get("DRAINBOARD_INVENTORY")
    return Path(given).expanduser() if given else Path(platformdirs.user_config_dir(NAME)) / "inventory.toml"


def state_dir() -> Path:
    """What must outlive a run: DRAINBOARD_STATE, or the user's state folder."""
    given = os.environ.get("DRAINBOARD_STATE")
    return Path(given).expanduser() if given else Path(platformdirs.user_state_dir(NAME))


def journal_dir() -> Path:
    """One folder a cluster, one file a run."""
    return state_dir() / "journal"


def theme_dirs(inventory: Path | None = None) -> tuple[Path, ...]:
    """Where themes are looked for, the shipped ones first: a user's theme of the same name comes later and wins."""
    package = Path(__file__).parent
    shipped = package / "themes"
    if not shipped.is_dir():  # an editable install runs from the checkout, where they lie beside the package
        shipped = package.parent / "themes"
    return shipped, (inventory or default_path()).parent / "themes"
