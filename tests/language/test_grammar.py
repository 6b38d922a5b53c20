"""The grammar is LALR(1) without conflicts, and small to load."""

from __future__ import annotations

import json
import logging
from importlib.resources import files
from pathlib import Path
from pkgutil import get_data

import lark
import pytest
from lark import Lark, Token, Tree, logger

from posgc.language.text import fast_lalr, tables

GAMES = Path(__file__).resolve().parents[2] / "games"


@pytest.fixture(scope="module")
def built() -> Lark:
    return tables.build()


def _places(tree: Tree[Token]) -> list[tuple[int, int]]:
    """Where every token stands."""
    return [
        (t.start_pos, t.end_pos) for t in tree.scan_values(lambda t: isinstance(t, Token)) if t.start_pos is not None
    ]


def _spans(tree: Tree[Token]) -> list[tuple[str, object, object]]:
    """Where every node of the tree begins and ends."""
    return [(t.data, *(getattr(t.meta, name, None) for name in ("start_pos", "end_pos"))) for t in tree.iter_subtrees()]


def test_no_conflict_is_resolved_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    logger.setLevel(logging.DEBUG)
    logger.propagate = True
    try:
        with caplog.at_level(logging.DEBUG, logger=logger.name):
            tables.build(debug=True)
    finally:
        logger.setLevel(logging.CRITICAL)
    assert not [r.message for r in caplog.records if "conflict" in r.message.lower()]


def test_the_debug_log_would_tell_of_a_conflict(caplog: pytest.LogCaptureFixture) -> None:
    ambiguous = 'start: e\ne: e "+" e | "x"\nf: "x"'
    logger.setLevel(logging.DEBUG)
    try:
        with caplog.at_level(logging.DEBUG, logger=logger.name):
            Lark(ambiguous, parser="lalr", debug=True)
    finally:
        logger.setLevel(logging.CRITICAL)
    assert [r for r in caplog.records if "conflict" in r.message.lower()]


def test_the_shipped_tables_are_those_of_the_grammar():
    """After a change of the grammar, `python tests/language/refresh.py` writes them anew."""
    shipped = json.loads((files("posgc_grammars") / tables.TABLES).read_text(encoding="utf-8"))
    now = json.loads(tables.written())
    assert shipped["of"]["grammar"] == now["of"]["grammar"]
    # Lark numbers states and tokens in an order that changes from run to run; terminals and rules keep theirs
    assert shipped["of"]["lark"] != lark.__version__ or shipped["memo"] == now["memo"]


@pytest.mark.parametrize("path", sorted(GAMES.rglob("*.posg")), ids=lambda path: path.stem)
def test_shipped_tables_parse_as_built_ones(path: Path, built: Lark):
    text = path.read_text(encoding="utf-8")
    read, expected = (fast_lalr.parse(parser, text, "start") for parser in (tables.parser(), built))
    assert read == expected
    assert _places(read) == _places(expected)
    assert _spans(read) == _spans(expected)


@pytest.mark.parametrize("defect", ["grammar", "lark", None], ids=["another grammar", "another Lark", "no file"])
def test_tables_of_another_grammar_are_not_used(defect: str | None, monkeypatch: pytest.MonkeyPatch):
    def altered(package: str, name: str) -> bytes | None:
        if name == tables.TABLES and defect is None:
            raise FileNotFoundError
        content = get_data(package, name)
        if name == tables.TABLES and content is not None:
            shipped = json.loads(content)
            shipped["of"][defect] = "other"
            content = json.dumps(shipped).encode()
        return content

    monkeypatch.setattr(tables, "get_data", altered)
    monkeypatch.setattr(tables, "build", lambda: "built")
    assert tables.parser.__wrapped__() == "built"
