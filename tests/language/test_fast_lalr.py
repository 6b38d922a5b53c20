"""Parsing without idle reductions gives what Lark's own parser gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from lark import Token, Tree
from lark.exceptions import UnexpectedToken

from posgc.language.text import fast_lalr
from posgc.language.text.dialect import base_parser

GAMES = sorted((Path(__file__).parents[2] / "games").glob("*.posg"))
WRONG = [
    "game g { horizon 2 agents a; }",
    "game g { let x = 1 + ; }",
    "game g { let x = (1; }",
    "game g { let x = {a: 1, ; }",
    "game g { let x = if 1 then 2; }",
    "game g { let x = 1 == 2 == 3; }",
    "game g { let x[i",
    "game",
]


def places(tree: Tree[Token]) -> list[tuple[object, ...]]:
    return [
        (t.data, t.meta.start_pos, t.meta.end_pos, t.meta.line, t.meta.column)
        for t in tree.iter_subtrees()
        if not t.meta.empty
    ]


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_trees_and_positions(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    own, theirs = fast_lalr.parse(base_parser(), text, "start"), base_parser().parse(text, start="start")
    assert own == theirs and places(own) == places(theirs)


@pytest.mark.parametrize("text", WRONG)
def test_errors(text: str) -> None:
    """The same token, with the same tokens that could have come."""
    with pytest.raises(UnexpectedToken) as own:
        fast_lalr.parse(base_parser(), text, "start")
    with pytest.raises(UnexpectedToken) as theirs:
        base_parser().parse(text, start="start")
    assert own.value.token == theirs.value.token and own.value.pos_in_stream == theirs.value.pos_in_stream
    assert own.value.accepts == theirs.value.accepts and own.value.accepts
