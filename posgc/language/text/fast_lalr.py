"""Lark's LALR parser without the chains of rules that change nothing.

A literal inside `{a: 0.2}` is an atom, hence a power, a unary, a term, and so on up to an expression: nine reductions
that hand one child on as it is.  Where they lead depends on the state below, the first rule and the next token alone,
so it is found once and looked up from then on.  Trees, positions and errors are those of `Lark.parse`.
"""

from __future__ import annotations

from copy import copy
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedToken
from lark.parsers.lalr_analysis import Shift
from lark.parsers.lalr_parser_state import ParserState

__all__ = ["parse", "state_of", "tokens"]

Ahead = dict[tuple[Any, str, str], Any]
_AHEAD: dict[int, Ahead] = {}


def parse(parser: Lark, text: str, start: str) -> Tree[Token]:
    """What `parser.parse(text, start=start)` gives and raises (UnexpectedInput), sooner."""
    begun = parser.parse_interactive(text, start=start)
    tree: Tree[Token] = begun.parser.parse_from_state(state_of(parser, text, start))
    return tree


def state_of(parser: Lark, text: str, start: str) -> ParserState[Any]:
    """The parser before the first token of a text."""
    begun = parser.parse_interactive(text, start=start)
    return _State(begun.parser_state.parse_conf, begun.lexer_thread)


def tokens(parser: Lark, text: str, start: str) -> list[Token]:
    """The tokens of a text that parses; no tree is built."""
    begun = parser.parse_interactive(text, start=start)
    conf = copy(begun.parser_state.parse_conf)
    conf.callbacks = {}
    begun.parser_state = _State(conf, begun.lexer_thread)
    return begun.exhaust_lexer()


class _State(ParserState[Any]):
    """A parser's stacks, where the goto after a reduction goes through all that follow and change nothing."""

    __slots__ = ()

    def feed_token(self, token: Token, is_end: bool = False) -> Any:
        """As in Lark's class, whose every step but the goto this is."""
        conf, state_stack, value_stack = self.parse_conf, self.state_stack, self.value_stack
        states, callbacks, kind = conf.states, conf.callbacks, token.type
        ahead = _AHEAD.setdefault(id(conf.parse_table), {})
        while True:
            state = state_stack[-1]
            try:
                action, rule = states[state][kind]
            except KeyError:
                expected = {name for name in states[state] if name.isupper()}
                raise UnexpectedToken(  # type: ignore[no-untyped-call]
                    token, expected, state=self, interactive_parser=None
                ) from None
            if action is Shift:
                state_stack.append(rule)
                value_stack.append(token)
                return None
            size = len(rule.expansion)
            children = value_stack[-size:] if size else []
            if size:
                del state_stack[-size:]
                del value_stack[-size:]
            value_stack.append(callbacks[rule](children) if callbacks else children)
            key = state_stack[-1], rule.origin.name, kind
            if key not in ahead:
                ahead[key] = _goto(states, *key)
            state_stack.append(ahead[key])
            if is_end and state_stack[-1] == conf.end_state:
                return value_stack[-1]


def _goto(states: dict[Any, dict[str, tuple[Any, Any]]], below: Any, name: str, kind: str) -> Any:
    """The state after `name` on `below` and after the reductions before the next token that keep one child as it is."""
    state = states[below][name][1]
    while kind in states[state]:
        action, rule = states[state][kind]
        if action is Shift or not _keeps(rule):
            break
        state = states[below][rule.origin.name][1]
    return state


def _keeps(rule: Any) -> bool:
    """Whether a reduction gives its only child: Lark's `?rule: other`, without an alias."""
    return (
        len(rule.expansion) == 1
        and not rule.expansion[0].is_term
        and rule.options.expand1
        and not rule.alias
        and not rule.expansion[0].name.startswith("_")
    )
