"""What strangers' texts may show on a terminal or a page."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from posgc.language.visible import visible


@given(st.text())
def test_nothing_is_left_that_moves_a_cursor_or_turns_the_direction(text: str) -> None:
    """By Unicode's own tables: no control character, no separator of lines, no character that sets a direction."""
    shown = visible(text)
    assert len(shown) == len(text) and visible(shown) == shown
    for before, after in zip(text, shown, strict=True):
        control = unicodedata.category(before) in ("Cc", "Zl", "Zp") and before not in "\t\n"
        direction = unicodedata.bidirectional(before) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        mark = before in "\u200e\u200f\u061c"
        assert (before != after) == (control or direction or mark)


def test_every_character() -> None:
    assert sum(visible(chr(c)) != chr(c) for c in range(0x110000)) == 32 - 2 + 1 + 32 + 3 + 7 + 4
