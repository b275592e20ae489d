"""The keys of `status --json` are a promise: docs/json.md lists them, and a rename fails here."""

from pathlib import Path
from typing import Any

from console.cli.status import look
from console.cli.status_json import SCHEMA, document
from tests.commands.json_keys import DOCUMENT, FRAME, documented, listed, named
from tests.conftest import simulated

AGAIN = "the keys of --json have changed: a key that goes or is renamed needs a higher SCHEMA in status_json.py; "
AGAIN += "then run `.venv/bin/python -m tests.commands.json_keys`"


def test_the_document_lists_the_keys_as_they_are() -> None:
    assert documented() == listed(), AGAIN
    head = DOCUMENT.read_text().split("<!-- keys -->")[0]
    frame = head.split("## The frame")[1]
    for names in FRAME.values():
        assert names <= named(frame)
    assert f"`schema` is {SCHEMA}" in head


def paths(value: Any) -> set[str]:
    """Every key of a value, with [] for each of a list."""
    if isinstance(value, dict):
        return {f"{key}{rest}" for key, inner in value.items() for rest in {"", *(_joined(p) for p in paths(inner))}}
    return {f"[]{_joined(path)}" for inner in value for path in paths(inner)} if isinstance(value, list) else set()


def _joined(path: str) -> str:
    return path if path.startswith("[]") else f".{path}"


async def test_a_real_document_holds_no_other_keys(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster):
        here = document([await look(cluster)], 0.0)["clusters"]["demo"]
    sections = {part.split("`")[0]: named(part.split("`", 1)[1]) for part in documented().split("### `")[1:]}
    seen = 0
    for subject in ("firewalls", "nodes", "volumes", "databases", "vips"):
        for view in here[subject].values():
            for field, reading in view.items():
                common = {"known", "source"}
                assert set(reading) == common | (
                    {"at", "age", "value"} if reading["known"] else {"why", "cause", "since"}
                )
                if reading["known"]:
                    seen += 1
                    assert paths(reading["value"]) <= sections[f"{subject}.NAME.{field}.value"]
    assert seen > 30
