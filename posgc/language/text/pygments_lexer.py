"""Colours for `.posg` texts: a lexer of Pygments, whose words and signs are the terminals of the grammar.

Pygments finds it by its entry point; posgc itself does not import it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from pygments.lexer import Lexer
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, Punctuation, String, Whitespace, _TokenType

from posgc.language.elaborate.names import BUILTIN_FUNCTIONS, BUILTIN_NAMES, TRUNCATED
from posgc.language.text.dialect import base_parser, is_name
from posgc.language.text.stop import words_of

__all__ = ["PosgLexer", "words_of_grammar"]

_OPERATORS = {"and", "or", "not", "mod", "in"}
_DECLARE = {"param", "agents", "graph", "type", "state", "action", "observation", "chance", "let", "share", "game"}
_FUNCTIONS = {*BUILTIN_FUNCTIONS, *TRUNCATED, "uniform"}
_BRACKETS = set("{}[]();,:")
_SIGNS = re.compile(r"[^\w\s]+")


class PosgLexer(Lexer):
    """Pygments' view of a `.posg` text."""

    name = "posg"
    url = ""
    aliases = ("posg", "posgc")
    filenames = ("*.posg",)
    mimetypes = ("text/x-posg",)

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """Places, kinds and texts of all tokens; what begins none is an `Error` of one character."""
        pattern, kinds = _rules()
        at = 0
        while at < len(text):
            found = pattern.match(text, at)
            if found is None:
                yield at, Error, text[at]
                at += 1
                continue
            kind = kinds[str(found.lastgroup)]
            if kind is Name:
                kind = _of_word(found[0], text, found.end())
            elif kind is Operator and found[0] in _BRACKETS:
                kind = Punctuation
            yield at, kind, found[0]
            at = found.end()


@cache
def words_of_grammar() -> dict[str, bool]:
    """The words of the grammar, each with whether it is reserved; others can be names, where no keyword can stand."""
    parser = base_parser()
    return {word: not is_name(word) for t in parser.terminals for word in words_of(parser, t.name)}


@cache
def _rules() -> tuple[re.Pattern[str], dict[str, _TokenType]]:
    """One pattern for all tokens, with a group for each kind; and what the groups are."""
    parser = base_parser()
    regexp = {t.name: t.pattern.to_regexp() for t in parser.terminals}
    ignored = [regexp[name] for name in parser.lexer_conf.ignore]
    signs = [
        t for t in parser.terminals if t.name not in ("NAME", "NUMBER", "INT", "STRING", *parser.lexer_conf.ignore)
    ]
    signs = [t for t in signs if not words_of(parser, t.name)]
    of_signs = sorted((t.pattern.to_regexp() for t in signs), key=lambda r: -max(map(len, _SIGNS.findall(r))))
    groups: dict[str, tuple[list[str], _TokenType]] = {
        "comment": ([r for r in ignored if r.startswith("#")], Comment.Single),
        "space": ([r for r in ignored if not r.startswith("#")], Whitespace),
        "string": ([regexp["STRING"]], String),
        "real": ([regexp["NUMBER"]], Number.Float),
        "integer": ([regexp["INT"]], Number.Integer),
        "word": ([r"[A-Za-z_][A-Za-z_0-9]*"], Name),
        "sign": (of_signs, Operator),
    }
    pattern = "|".join(f"(?P<{name}>{'|'.join(f'(?:{r})' for r in some)})" for name, (some, _) in groups.items())
    return re.compile(pattern), {name: kind for name, (_, kind) in groups.items()}


def _of_word(word: str, text: str, end: int) -> _TokenType:
    """The kind of a word that ends at a place of the text."""
    called = text.startswith("(", end)
    if word in _FUNCTIONS and called:
        return Name.Builtin
    if word in BUILTIN_NAMES:
        return Keyword.Type if word != "step" else Name.Builtin.Pseudo
    reserved = words_of_grammar().get(word)
    if reserved is None or (called and not reserved and word != "edges"):
        return Name
    if word in _OPERATORS:
        return Operator.Word
    if word in ("true", "false"):
        return Keyword.Constant
    return Keyword.Declaration if word in _DECLARE else Keyword if reserved else Keyword.Pseudo
