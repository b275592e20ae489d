"""The note of a hold, of anything a person types, and of anything that somebody may have written."""

import re

from hypothesis import given
from hypothesis import strategies as st

from console.probes.pools.hold import MAX_NOTE, hold, read

MOMENTS = st.one_of(st.just(0.0), st.floats(0, 4_102_444_799))


@given(who=st.text(max_size=90), since=MOMENTS, until=MOMENTS, why=st.text(max_size=400), off=st.booleans())
def test_whatever_is_typed_makes_a_note_that_is_read_back(
    who: str, since: float, until: float, why: str, off: bool
) -> None:
    one = hold(who, since, until, why, off)
    for each in (one, one.of("backup"), one.of("disabled")):
        assert len(each.note) <= MAX_NOTE
        assert re.fullmatch(r"[ -~]+", each.note)
        assert each.note.count("#") == 1
        back = read(f"check-ssl {each.note}")
        assert back is not None
        assert back.note == each.note
        assert (back.who, back.until, back.was, back.off) == (each.who, each.until, each.was, each.off)


NOTE = hold("ops@desk", 1_793_000_000, 1_793_030_000, "apache: bad cert path").note


@given(st.integers(0, len(NOTE) - 1), st.characters(blacklist_categories=["Cs"]))
def test_what_is_read_is_written_the_same_or_is_no_note(at: int, sign: str) -> None:
    changed = NOTE[:at] + sign + NOTE[at + 1 :]
    found = read(changed)
    assert found is None or changed.endswith(found.note)


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert read(text) is None or "# hold: " in text
