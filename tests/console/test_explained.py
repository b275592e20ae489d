"""Every kind of finding is explained, and docs/findings.md says the same."""

from pathlib import Path

import pytest

from console.health import Kind
from console.health.explained import document, explanations

ROOT = Path(__file__).parents[2]


def test_every_kind_is_explained_and_nothing_else() -> None:
    assert set(explanations()) == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_an_explanation_says_something(kind: Kind) -> None:
    explained = explanations()[kind]
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
    assert (ROOT / "docs" / "findings.md").read_text() == document(), (
        "python -m console.health.explained > docs/findings.md"
    )


def test_a_member_that_runs_is_not_started_but_made_primary_and_the_network_comes_first() -> None:
    """galera_new_cluster starts a mysqld; one that runs, in a component without quorum, must be told."""
    look = explanations()[Kind.NO_PRIMARY].look
    at = {words: [place for place, each in enumerate(look) if words in each] for words in ORDER}
    assert all(len(places) == 1 for places in at.values()), at
    assert sorted(ORDER, key=lambda words: at[words]) == list(ORDER)


ORDER = (
    "mend the network",
    "is no proof",
    "SET GLOBAL wsrep_provider_options='pc.bootstrap=YES'",
    "galera_new_cluster",
)


@pytest.mark.parametrize(
    "command",
    ["pxc_maint_mode=DISABLED", "read_only=OFF", "wsrep_desync=OFF", "wsrep_provider_options='pc.ignore_sb=NO'"],
)
def test_each_leftover_has_the_command_that_takes_it_back(command: str) -> None:
    assert sum(f'mysql -e "SET GLOBAL {command}"' in each for each in explanations()[Kind.LEFTOVER].look) == 1
