"""Reading what machines answered: small checks that every parser shares. All of them raise Unreadable."""

from typing import Any, cast

from console.asks import Answer, Ran, Rows, Unreadable


def ran(answer: Answer) -> str:
    """The output of a command that must have succeeded."""
    if not isinstance(answer, Ran):
        raise Unreadable("not a command's answer")
    if answer.status == 124:
        raise Unreadable("the command did not end in time and was ended")
    if answer.status != 0:
        complaint = (answer.err or answer.out).strip().splitlines()
        raise Unreadable(
            f"the command failed with status {answer.status}: {complaint[0] if complaint else 'no output'}"
        )
    return answer.out


def table(answer: Answer) -> dict[str, str]:
    """Two-column rows, as SHOW STATUS gives them, as a mapping."""
    if not isinstance(answer, Rows) or any(len(row) != 2 for row in answer.rows):
        raise Unreadable("not the two columns of SHOW STATUS")
    return {row[0]: row[1] for row in answer.rows}


def whole(text: str | None, what: str) -> int:
    """A non-negative whole number, or Unreadable that names `what`."""
    if text is None or not text.strip().isascii() or not text.strip().isdigit() or len(text.strip()) > 20:
        raise Unreadable(f"{what} is {'missing' if text is None else repr(text[:40])}, not a whole number")
    return int(text)


def dig(tree: Any, *keys: str) -> Any:
    """Follows keys into nested mappings; a list on the way stands for its first element; None where it ends."""
    for key in keys:
        if isinstance(tree, list):
            tree = cast("list[Any]", tree)[0] if tree else None
        tree = cast("dict[str, Any]", tree).get(key) if isinstance(tree, dict) else None
    return tree


def rows(tree: Any, *keys: str) -> tuple[dict[str, Any], ...]:
    """The list of mappings at a path, or nothing."""
    found = dig(tree, *keys)
    return tuple(cast("dict[str, Any]", row) for row in cast("list[Any]", found or []) if isinstance(row, dict))
