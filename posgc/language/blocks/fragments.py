"""What a fragment of grammar defines, read from its text."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["WRAPPER", "defined_names", "directives", "item_keywords", "tree_names"]

WRAPPER = "item_of__"
"""Prefix of the rule that is put around the item of a block, so that it may have any form."""

_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"i?|//[^\n]*|/(?:\\.|[^/\\\n])+/[a-z]*|[^"/]+|/')
_DEFINITION = re.compile(
    r"^[ \t]*[?!]{0,2}(_?[A-Za-z][A-Za-z0-9_]*)(?:\.-?[0-9]+)?(?:\{[^}\n]*\})?[ \t]*:", re.MULTILINE
)
_ALIAS = re.compile(r"->\s*([a-z_][a-z0-9_]*)")
_WORD = re.compile(r'"([A-Za-z_][A-Za-z_0-9]*)"')


def defined_names(grammar: str) -> list[str]:
    """The rules and terminals that a grammar defines."""
    return _DEFINITION.findall(_without_literals(grammar))


def tree_names(grammar: str) -> list[str]:
    """The names that nodes of its parse trees can have: rules and aliases."""
    return [n for n in (*defined_names(grammar), *_ALIAS.findall(_without_literals(grammar))) if n.islower()]


def directives(grammar: str) -> list[str]:
    """Its directives, such as `%ignore`."""
    return re.findall(r"^[ \t]*(%\w+)", _without_literals(grammar), re.MULTILINE)


def item_keywords(rule: str, grammar: str) -> tuple[str, ...] | None:
    """The words with which the alternatives of a rule begin; None where one begins with something else."""
    words: list[str] = []
    for first in _first_tokens(rule, grammar):
        word = _WORD.fullmatch(first)
        if word is None:
            return None
        words.append(word.group(1))
    return tuple(words)


def _first_tokens(rule: str, grammar: str) -> Iterator[str]:
    body = _body(rule, grammar)
    depth, fresh = 0, True
    for token in re.findall(r'"(?:\\.|[^"\\\n])*"i?|/(?:\\.|[^/\\\n])+/[a-z]*|[\w.]+|\S', body):
        if token == "|" and depth == 0:
            fresh = True
            continue
        if fresh:
            yield token
            fresh = False
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token, 0)


def _body(rule: str, grammar: str) -> str:
    """What stands right of a rule's colon, without comments."""
    plain = "".join(t for t in _TOKEN.findall(grammar) if not t.startswith("//"))
    hidden = _without_literals(plain)
    starts = [(m.group(1), m.start(), m.end()) for m in _DEFINITION.finditer(hidden)]
    for k, (name, _, end) in enumerate(starts):
        if name == rule:
            return plain[end : starts[k + 1][1] if k + 1 < len(starts) else len(plain)]
    return ""


def _without_literals(grammar: str) -> str:
    """The text with comments, strings and regular expressions blanked out, at the same positions."""
    return "".join(" " * len(t) if t[0] in '"/' else t for t in _TOKEN.findall(grammar))
