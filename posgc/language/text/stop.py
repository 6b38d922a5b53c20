"""Where the parser cannot go on: what stands there, what could stand there, and what is open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from lark import Lark, Token, Tree
from lark.parsers.lalr_analysis import Shift

from posgc.language.diagnostics import Span
from posgc.language.text.tables import END_OF_WORD

__all__ = ["CLOSING", "END", "Stop", "Table", "Values", "admits", "span_at", "table_of", "words_of"]

END = "$END"
CLOSING = {"(": ")", "[": "]", "{": "}"}
_ALTERNATIVES = re.compile(r"(?:\(\?:)?([a-z_]+(?:\|[a-z_]+)*)\)?(?:" + re.escape(END_OF_WORD) + r")?")
_BRACES = re.compile(r'"[^"\n]*"|#[^\n]*|[{}]')
_SPACE = re.compile(r"(?:\s++|#[^\n]*+)*+")

States = dict[Any, dict[str, tuple[Any, Any]]]


@dataclass(frozen=True)
class Table:
    """The parser's table, and the state at which all is read."""

    states: States
    end: Any
    _only: dict[Any, Any] = field(default_factory=dict)

    def only_rule(self, state: Any) -> Any:
        """The rule by which all goes on from a state, whatever follows; None where more can."""
        if state not in self._only:
            rules = list({id(rule): rule for _, rule in self.states[state].values()}.values())
            self._only[state] = None if len(rules) != 1 or isinstance(rules[0], int) else rules[0]
        return self._only[state]


@lru_cache(maxsize=4)
def table_of(parser: Lark, start: str) -> Table:
    """The table by which a parser reads from `start`."""
    conf = parser.parse_interactive("", start=start).parser_state.parse_conf
    return Table(conf.states, conf.end_state)


def span_at(text: str, start: int, end: int) -> Span:
    """The span `start:end` of the text, its line and column counted."""
    line = text.count("\n", 0, start) + 1
    return Span(start, end, line, start - (text.rfind("\n", 0, start) + 1) + 1)


def admits(table: Table, stack: Sequence[Any], *kinds: str) -> bool:
    """Whether tokens of these kinds can follow, one after the other, where the parser has this stack of states."""
    states = table.states
    ahead = list(stack)
    for kind in kinds:
        while True:
            entry = states[ahead[-1]].get(kind)
            if entry is None:
                return False
            action, to = entry
            if action is Shift:
                ahead.append(to)
                break
            if to.expansion:
                del ahead[-len(to.expansion) :]
            onward = states[ahead[-1]][to.origin.name][1]
            ahead.append(onward)
            if kind == END and onward == table.end:
                return True
    return True


def words_of(parser: Lark, terminal: str) -> list[str]:
    """The words that a terminal stands for, none where it is no list of words."""
    found = _ALTERNATIVES.fullmatch(parser.get_terminal(terminal).pattern.to_regexp())
    return found[1].split("|") if found else []


class Values(list[Any]):
    """The parser's stack of values at one place of the text; the lists on it grow in place as more is read."""

    def __init__(self, values: Sequence[Any]) -> None:
        super().__init__(values)
        trees = [v for v in values if v.__class__ is Tree]
        self._lengths = [(v.children, len(v.children)) for v in trees if v.data[:2] == "__"]

    def restored(self) -> Values:
        """The same values, the lists as long as they were."""
        for children, length in self._lengths:
            del children[length:]
        return self


@dataclass
class Stop:
    """A token that cannot stand where it does, and what surrounds it.

    `token` has the type "" for a character that begins no token, and `END` for the end of the text.
    """

    parser: Lark
    text: str
    token: Token
    table: Table
    state_stack: list[Any]
    value_stack: Values
    # The tokens of the statement before this one, each with the parser's stacks before it was read.
    before: Sequence[tuple[Token, list[Any], Values]] = field(default_factory=list)

    @property
    def start(self) -> int:
        return len(self.text) if self.token.type == END else self.token.start_pos or 0

    @property
    def end(self) -> int:
        return self.start + (0 if self.token.type == END else len(self.token))

    @cached_property
    def span(self) -> Span:
        return span_at(self.text, self.start, self.end)

    @cached_property
    def accepts(self) -> frozenset[str]:
        """The kinds of tokens that could stand here."""
        here = self.table.states[self.state_stack[-1]]
        return frozenset(k for k in here if (k.isupper() or k == END) and admits(self.table, self.state_stack, k))

    @cached_property
    def keywords(self) -> dict[str, str]:
        """The words of the language that could stand here, each with the name of its terminal."""
        kinds = sorted(self.accepts - {END, "NAME"})
        return {word: kind for kind in kinds for word in words_of(self.parser, kind)}

    @cached_property
    def open(self) -> list[tuple[int, Token]]:
        """The brackets that are open, outermost first, each with its place on the stack of values."""
        brackets: list[tuple[int, Token]] = []
        for k, value in enumerate(self.value_stack):
            if isinstance(value, Token) and value in CLOSING:
                brackets.append((k, value))
            elif isinstance(value, Token) and value in CLOSING.values() and brackets:
                brackets.pop()
        return brackets

    def blocks(self) -> Iterator[int]:
        """The braces on the stack of values inside of which statements stand, innermost first."""
        for k, bracket in reversed(self.open):
            if bracket == "{" and is_block(self.value_stack, k):
                yield k

    @cached_property
    def level(self) -> int:
        """Where the innermost list of statements begins on the stack of values, 0 outside of the game."""
        brace = next(self.blocks(), None)
        if brace is None:
            return 0
        return brace + 1 + any(_is_list(v) for v in self.value_stack[brace + 1 : brace + 2])

    @property
    def begins(self) -> bool:
        """Whether a statement, a rule or an arm would begin here."""
        return self.level > 0 and len(self.value_stack) == self.level

    @property
    def within(self) -> str:
        """What the innermost list of statements belongs to: `game`, `share` or `match`; "" outside of the game."""
        brace = next(self.blocks(), None)
        if brace is None:
            return ""
        depth = sum(1 for _ in self.blocks())
        return "game" if depth == 1 else "match" if self.value_stack[brace - 1] == ")" else "share"

    @cached_property
    def keyword(self) -> str:
        """The word with which the item of the game begins that stands here, "" between items."""
        outermost = list(self.blocks())[-1:]
        for brace in outermost:
            level = brace + 1 + any(_is_list(v) for v in self.value_stack[brace + 1 : brace + 2])
            first = self.value_stack[level : level + 1]
            if first and isinstance(first[0], Token):
                return str(first[0])
        return ""

    @property
    def last(self) -> Token | None:
        """The token before this one."""
        return self.before[-1][0] if self.before else None

    def earlier(self, token: Token, states: list[Any], values: Values, end: int | None = None) -> Stop:
        """What surrounds a token before this one, whose stacks are given; up to `end` where it is read with others."""
        start = token.start_pos or 0
        text = str(token) if end is None else self.text[start:end]
        whole = Token(token.type, text, start, token.line, token.column, end_pos=start + len(text))
        return Stop(self.parser, self.text, whole, self.table, states, values)

    def kind_of(self, word: str) -> str | None:
        """The kind of token that a text would be here, None where it cannot stand here."""
        fits = [k for k in self.accepts - {END} if re.fullmatch(self.parser.get_terminal(k).pattern.to_regexp(), word)]
        return min(fits, key=lambda k: (k in ("NAME", "STRING"), k), default=None)

    def follows(self, *kinds: str) -> bool:
        """Whether tokens of these kinds could stand here, one after the other."""
        return admits(self.table, self.state_stack, *kinds)

    def rest(self, at: int | None = None) -> str:
        """What follows the token, or position `at`, as far as a few words."""
        begin = _SPACE.match(self.text, self.end if at is None else at)
        assert begin is not None  # it matches nothing too
        return self.text[begin.end() : begin.end() + 60]

    def ahead(self) -> str:
        """What stands from the token on, as far as a few words."""
        return self.text[self.start : self.start + 60]

    @property
    def balanced(self) -> bool:
        """Whether all blocks that are open are closed further on."""
        return self.surplus >= 0

    @cached_property
    def surplus(self) -> int:
        """How many more braces are closed further on than blocks are open."""
        depth = least = 0
        for found in _BRACES.finditer(self.text, self.start):
            depth += {"{": 1, "}": -1}.get(found.group(0), 0)
            least = min(least, depth)
        return -least - sum(1 for _ in self.blocks())

    @cached_property
    def on_new_line(self) -> bool:
        """Whether the token is the first of its line."""
        line = self.text[self.text.rfind("\n", 0, self.start) + 1 : self.start]
        return not line.strip() and self.start > 0


def is_block(values: Sequence[Any], at: int) -> bool:
    """Whether a brace on the stack of values opens a game, the rules of a protocol, or the arms of a `match`."""
    before = values[at - 1] if at else None
    if isinstance(before, Tree):
        return before.data == "protocol"
    if before == ")":
        return True
    return any(isinstance(v, Token) and v.type == "GAME" for v in values[max(0, at - 3) : at])


def _is_list(value: Any) -> bool:
    return isinstance(value, Tree) and value.data[:2] == "__"
