"""Lines, themes, and what is repainted."""

from pathlib import Path

import pytest
from textual.theme import Theme

from console.inventory.paths import theme_dirs
from console.ui.lines import Line, Piece, fitted, line, wrapped
from console.ui.painted import changed
from console.ui.theme import DEFAULT, STATES, ThemeError, find, load
from console.words.ages import span
from console.words.harmless import harmless
from console.words.words import Word


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("a\x1b[31mb", "a [31mb"),
        ("line\nnext\r", "line next "),
        ("right\u202eleft", "right left"),
        ("wide漢", "wide?"),
        ("combininge\u0301", "combininge?"),
        ("[bold]x[/bold]", "[bold]x[/bold]"),
        ("é ✓ ≠", "é ✓ ≠"),
    ],
)
def test_one_character_is_one_harmless_cell(given: str, safe: str) -> None:
    assert harmless(given) == safe


def test_a_line_is_cut_to_the_cell() -> None:
    one = line("ab", Piece("cdef", "ok"), Word("✓", "UP", "ok"))
    assert one.cut(20).text == "abcdef✓UP".ljust(20)
    assert one.cut(5).text == "abcd…"
    assert one.cut(1).text == "…"


def test_only_the_cells_that_differ_are_repainted() -> None:
    old = Line((Piece("node1 "), Piece("UP", "ok"), Piece("  3s", "dim")))
    new = Line((Piece("node1 "), Piece("UP", "ok"), Piece("  4s", "dim")))
    assert tuple(changed(old, new, 7)) == (10, 7, 1, 1)
    recoloured = old._replace(pieces=(old.pieces[0], Piece("UP", "dim"), old.pieces[2]))
    assert tuple(changed(old, recoloured, 0)) == (6, 0, 2, 1)


def test_lengths_of_time_fit_their_column() -> None:
    assert [span(seconds) for seconds in (0, 99, 100, 5999, 6000, 172800, 1e9)] == [
        *("0s", "99s", "1m", "99m", "1h", "2d", "999d")
    ]


def test_the_shipped_themes() -> None:
    found = find(theme_dirs(Path("/nonexistent/inventory.toml")))
    assert not found.problems
    assert {"dark", "light", "high-contrast", "blue-orange"} <= {theme.name for theme in found.themes}
    for theme in found.themes:
        assert {f"state-{state}" for state in STATES} == set(theme.variables)


def contrast(one: str, other: str) -> float:
    """WCAG 2: 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", find(theme_dirs()[:1]).themes, ids=lambda theme: theme.name)
def test_every_state_can_be_read(theme: Theme) -> None:
    floor = 7.0 if theme.name == "high-contrast" else 4.5
    for state in STATES:
        for ground in (theme.background, theme.panel, theme.surface):
            assert ground
            assert contrast(theme.variables[f"state-{state}"], ground) >= floor, (state, ground)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "can't be read"),
        ('name = "a b"', "name must be"),
        ('name = "x"\ndark = 1', "dark must be"),
        ('name = "x"', "has no table [colors]"),
        ('name = "x"\n[colors]\nprimary = "blue"', "colors.primary must be a colour like #12ab9f"),
    ],
)
def test_a_broken_theme_says_which_file_and_what_to_do(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ThemeError, match=r"mine\.toml") as error:
        load(path)
    assert message in str(error.value)
    found = find((tmp_path,))
    assert found.problems == (str(error.value),)
    assert [theme.name for theme in found.themes] == [DEFAULT]


def test_a_sentence_that_is_too_long_ends_with_a_clause() -> None:
    message = "node2 lost since 18:43:30; node1 and node3 still serve: node2 (203.0.113.44) gave no SSH connection"
    assert fitted(message, 200) == message
    assert fitted(message, 70) == "node2 lost since 18:43:30; node1 and node3 still serve…"
    assert fitted("one two three", 9) == "one two…"
    assert fitted(message, 70, " w") == "node2 lost since 18:43:30; node1 and node3 still serve… w"
    assert fitted(message, 58, " w") == "node2 lost since 18:43:30; node1 and node3 still… w"
    assert fitted("one two", 7, " w") == "one two"
    assert fitted("1 of 3 visitors gets errors: node3 is ill since 15:29:33", 51).endswith(": node3 is ill since…")
    assert len(fitted("x" * 90, 40)) <= 40
    assert [one.text for one in wrapped(message, 40, " ", " ", most=2)][1].endswith("…")
