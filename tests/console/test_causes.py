"""Every kind of finding is explained, and docs/findings.md says the same."""

from pathlib import Path

import pytest

from console.causes import EXPLANATIONS, document
from console.health import Kind

ROOT = Path(__file__).parents[2]


def test_every_kind_is_explained_and_nothing_else() -> None:
    assert set(EXPLANATIONS) == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_an_explanation_says_something(kind: Kind) -> None:
    explained = EXPLANATIONS[kind]
    assert explained.means.endswith(".")
    assert explained.causes and explained.look
    assert all(text.strip() == text and text for text in (*explained.causes, *explained.look))


@pytest.mark.parametrize("kind", Kind)
def test_a_rule_yields_it(kind: Kind) -> None:
    """Rules can yield nothing but a `Kind`, by type; and each is yielded somewhere."""
    rules = "".join(
        path.read_text() for path in (ROOT / "console" / "health").glob("*.py") if path.name != "follows.py"
    )
    assert f"Kind.{kind.name}," in rules


def test_the_page_is_made_from_it() -> None:
    assert (ROOT / "docs" / "findings.md").read_text() == document(), "python -m console.causes > docs/findings.md"
