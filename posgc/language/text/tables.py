"""The parser of `.posg` texts, from tables that are shipped beside the grammar.

Lark builds an LALR table from a grammar in about ten times what it takes to read a finished one, and every command
starts with it.  The finished table is plain JSON.  It names the grammar (by its digest) and the version of Lark that
it was made with, and where either differs the table is built from the grammar: the same parser, later.

`python tests/language/refresh.py` writes the file anew after a change of the grammar.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache, partial
from hashlib import sha256
from pkgutil import get_data
from typing import Any

import lark
from lark import Lark

__all__ = ["END_OF_WORD", "PACKAGE", "TABLES", "build", "parser", "with_whole_words", "written"]

END_OF_WORD = "(?![A-Za-z0-9_])"
"""What follows a word of the language, as a regular expression."""
_WORDS = re.compile(r"[a-z_]+|\(\?:[a-z_]+(\|[a-z_]+)*\)")
PACKAGE, GRAMMAR, TABLES = "posgc_grammars", "posg.lark", "posg.tables.json"


@lru_cache(maxsize=1)
def parser() -> Lark:
    """The parser, ready to use; made once."""
    try:
        shipped = json.loads(_text(TABLES))
    except FileNotFoundError:
        return build()
    return _restored(shipped["data"], shipped["memo"]) if shipped["of"] == _made_from() else build()


def build(**options: Any) -> Lark:
    """The parser, built from the grammar; `options` are further ones of Lark."""
    made = Lark.open_from_package(
        PACKAGE,
        GRAMMAR,
        parser="lalr",
        propagate_positions=True,
        maybe_placeholders=True,
        start=["start", "request"],
        **options,
    )
    return with_whole_words(made)


def with_whole_words(parser: Lark) -> Lark:
    """The parser, which now reads no word of the language as the beginning of a longer one.

    Where no name can stand, Lark would read `order` as `or` and `der`.
    """
    for terminal in parser.terminals:
        regexp = terminal.pattern.to_regexp()
        if _WORDS.fullmatch(regexp):
            # of the instance: Lark tells words from other patterns by their very class
            terminal.pattern.to_regexp = partial(str, f"{regexp}{END_OF_WORD}")  # type: ignore[method-assign]
    return parser


def written() -> str:
    """The text of the file of tables for the grammar and the Lark that are here."""
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    data, memo = build().memo_serialize([TerminalDef, Rule])
    data["options"]["import_paths"] = []  # a loader of packages, of no use once the grammar is read
    # JSON makes words of the numbers that are keys; they are told apart again in `_restored`
    return json.dumps({"of": _made_from(), "data": data, "memo": memo}, separators=(",", ":")) + "\n"


def _made_from() -> dict[str, str]:
    grammar = _text(GRAMMAR).replace("\r\n", "\n")  # a checkout may have the line ends of its platform
    return {"grammar": sha256(grammar.encode()).hexdigest(), "lark": lark.__version__}


def _text(name: str) -> str:
    content = get_data(PACKAGE, name)  # not `importlib.resources`, which takes as long to load as the tables
    assert content is not None  # None where a loader has no files at all; the grammar would not be there either
    return content.decode("utf-8")


def _restored(data: dict[str, Any], memo: dict[str, Any]) -> Lark:
    table = data["parser"]["parser"]
    table["tokens"] = _numbered(table["tokens"])
    table["states"] = {state: _numbered(actions) for state, actions in _numbered(table["states"]).items()}
    found: Lark = Lark._load_from_dict(data, _numbered(memo))  # type: ignore[no-untyped-call]
    return with_whole_words(found)


def _numbered(entries: dict[str, Any]) -> dict[int, Any]:
    return {int(key): entry for key, entry in entries.items()}
