"""Reading a text with mistakes: one diagnostic for each, and a tree in which what cannot be read is marked.

Where the parser stops, `explain` says what is wrong and, if it can, what to read instead.  Where it cannot, the
smallest part that can be named is given up: the expression in which the mistake stands becomes a `poison` node; where
the mistake stands in no expression, the arm, the rule or the item becomes a `broken` one.  Reading goes on behind it.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from lark import Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput
from lark.parsers.lalr_parser_state import ParserState

from posgc.language.diagnostics import Diagnostic
from posgc.language.text.build import Doubt
from posgc.language.text.dialect import Dialect
from posgc.language.text.fast_lalr import state_of
from posgc.language.text.mistakes import explain
from posgc.language.text.scanning import begins_an_item, declared_words, end_of_statement
from posgc.language.text.slips.items import item_follows
from posgc.language.text.slips.mistake import Mistake
from posgc.language.text.stand_ins import begin_of, part_in_doubt, token_at, tree_at
from posgc.language.text.stop import END, Stop, Values, admits, span_at, table_of

__all__ = ["MAX_MISTAKES", "Recovery"]

MAX_MISTAKES = 200
"""Mistakes of syntax after which reading stops."""
_MENDS = 10 * MAX_MISTAKES  # the same with those that follow from others, and are not reported
_REMEMBERED = 8  # tokens before the one at which the parser stops
_TRIES = 8  # mends at one place
_FRESH = 2  # tokens that must be read before a mistake of the same statement is another one
# What a broken statement is read as, by the list that it stands in: the rule of one of its other elements.
_PARTING = ("COMMA", "SEMICOLON", "RPAR", "RSQB", "RBRACE")
_ELEMENTS = {"game": "horizon", "share": "forget", "match": "arm"}
_BROKEN = {"game": "broken", "share": "broken_rule", "match": "broken_arm"}


class Recovery:
    """One reading of a text from `start`, with all its syntax errors in `found`.

    `first` is what stopped the parser: what stands before that statement is not read again.
    """

    def __init__(self, dialect: Dialect, text: str, start: str, first: UnexpectedInput | None = None) -> None:
        self.dialect, self.parser, self.text, self.start = dialect, dialect.parser, text, start
        self.found: list[Diagnostic] = []
        # Places where what was read instead may not be what was meant.
        self.doubtful: dict[int, Doubt] = {}
        self._in_doubt = False  # whether one of these lies in this statement
        # How many brackets were open where something was put in; None once that part is read, or nothing was.
        self._guessed: int | None = None
        self._begin(state_of(self.parser, text, start))
        self._table = table_of(self.parser, start)
        self._states = self._table.states
        self._before: deque[tuple[Token, list[Any], Values]] = deque(maxlen=_REMEMBERED)
        self._since = _FRESH  # tokens read since the last mistake
        self._spared: set[str] = set()  # words that were reported and are read as names
        self._mends = 0
        self._left_out = False  # whether the statement before was left out, of which parts may follow
        self._of_match = False  # whether arms of a `match` may be among these
        self._mended = -1, 0  # the place of the last mend, and how often that place was mended
        if first is not None:
            self._begin_at_the_statement(first)

    def read(self) -> Tree[Token] | None:
        """The tree of what can be read, None where that is not even the head of a game."""
        while True:
            token = self._next()
            if self._admits(token.type):
                if token.type == END:
                    tree: Tree[Token] = self._state.feed_token(token, True)
                    return tree
                if not self._closes_too_early(token):
                    self._left_out = self._left_out and token.type in ("RBRACE", "SEMICOLON")
                    self._feed(token)
                continue
            self._mends += 1
            if len(self.found) >= MAX_MISTAKES or self._mends > _MENDS:
                self._give_up(token)
                return None
            if not self._mend(token):
                return None

    def _begin(self, state: ParserState[Any]) -> None:
        self._state = state
        self._lexer: Any = state.lexer  # Lark's contextual lexer with its place, which it has no types for

    def _begin_at_the_statement(self, first: UnexpectedInput) -> None:
        """Goes on from the statement in which the parser stopped, where that is one of a list of statements."""
        before = self._state
        self._begin(first.interactive_parser.parser_state)
        token = getattr(first, "token", None)  # a character that begins none has none
        at = self._lexer.state.line_ctr.char_pos if token is None or token.type == END else token.start_pos
        stop = self._stop(Token("", "", at))
        if stop.level:
            begin = begin_of(self._state.value_stack[stop.level :], stop.start)
            self._cut(stop.level)
            self._resume(begin)
        else:
            self._begin(before)

    # ---- tokens

    def _next(self) -> Token:
        """The next token as the parser's state tells it apart, of type "" for a character that begins none."""
        lexer, place = self._lexer.lexer, self._lexer.state
        for which in (lexer.lexers[self._state.position], lexer.root_lexer):
            try:
                found: Token = which.next_token(place, self._state)
                return found
            except EOFError:
                end = len(self.text)
                return token_at(self.text, END, "", end, end)
            except UnexpectedCharacters as error:
                at = int(error.pos_in_stream or 0)
        return token_at(self.text, "", self.text[at], at, at + 1)

    def _resume(self, at: int) -> None:
        """Makes the next token the first one at or after `at`."""
        here, counter = span_at(self.text, at, at), self._lexer.state.line_ctr
        counter.char_pos, counter.line, counter.column = at, here.line, here.column
        counter.line_start_pos = at - here.column + 1

    def _admits(self, *kinds: str) -> bool:
        return admits(self._table, self._state.state_stack, *kinds)

    def _feed(self, token: Token) -> None:
        state = self._state
        self._before.append((token, list(state.state_stack), Values(state.value_stack)))
        state.feed_token(token)
        self._since += 1
        if self._guessed is not None and token.type in _PARTING:
            depth = len(self._stop(token).open)
            if depth < self._guessed or (depth == self._guessed and token.type in ("COMMA", "SEMICOLON")):
                self._guessed = None
        if token.type in ("SEMICOLON", "RBRACE", "LBRACE"):
            self._reduce()
            if self._stop(token).begins:
                self._before.clear()
                self._in_doubt = False

    def _reduce(self) -> None:
        """Reductions that whatever follows leads to, so that a finished statement is one value on the stack."""
        state = self._state
        while True:
            rule = self._table.only_rule(state.position)
            size = len(rule.expansion) if rule is not None else 0
            if not size or rule.origin.name == self.start:
                return
            children = state.value_stack[-size:]
            del state.state_stack[-size:]
            del state.value_stack[-size:]
            self._push(rule.origin.name, state.parse_conf.callbacks[rule](children))

    def _push(self, rule: str, value: Any) -> None:
        state = self._state
        state.state_stack.append(self._states[state.position][rule][1])
        state.value_stack.append(value)

    def _stop(self, token: Token) -> Stop:
        state = self._state
        stacks = list(state.state_stack), Values(state.value_stack)
        return Stop(self.parser, self.text, token, self._table, *stacks, list(self._before))

    def _closes_too_early(self, token: Token) -> bool:
        """Whether a `}` would end the game though items follow: then it is reported and left out."""
        if token.type != "RBRACE":
            return False
        stop = self._stop(token)
        rest = stop.rest()
        more = begins_an_item(rest.lstrip(";")) or (self._left_out and rest != "")
        if not (stop.begins and stop.within == "game" and more):
            return False
        cure = "take it out, or look for a bracket that is missing above"
        if self._since >= _FRESH and not self._left_out:
            self._report(Diagnostic("E108", "this `}` closes the game, and more of it follows", stop.span, cure))
        return True

    # ---- mistakes

    def _mend(self, token: Token) -> bool:
        """Reports what is wrong, and brings the parser to where it can go on; False where it cannot."""
        stop = self._stop(token)
        if token.type not in ("", END) and str(token) in self._spared and self._admits("NAME"):
            self._feed(Token.new_borrow_pos("NAME", str(token), token))
            return True
        if self._block_is_missing(stop) or self._remains(stop):
            self._since = 0
            return self._leave_out(stop)
        mistake = self._of_a_block(stop) or explain(stop)
        spared = mistake.kind == "NAME" and mistake.words[0] in self._spared
        twice = token.type == END and self._mended[0] == stop.start  # a text that ends too early is one mistake
        follows = self._guessed is not None and mistake.resume is None
        if self._since >= _FRESH and not (spared or twice or follows or self._in_doubt):
            self._report(mistake.diagnostic)
        self._since = 0
        again = self._mended[1] + 1 if self._mended[0] == stop.start else 0
        self._mended = stop.start, again
        if mistake.kind == "NAME":
            self._spared.add(mistake.words[0])
        if mistake.resume is not None and again < _TRIES and self._read_instead(mistake, stop):
            if mistake.doubtful:
                self.doubtful[stop.start] = Doubt(part_in_doubt(stop), mistake.declares)
                self._in_doubt = not self._stop(stop.token).begins
            elif mistake.incomplete:
                self.doubtful[stop.start] = Doubt(stop.start)
            if mistake.words and mistake.since is None and mistake.resume == stop.start:
                self._guessed = len(stop.open)
            return True
        return self._leave_out(stop, mistake.whole)

    def _of_a_block(self, stop: Stop) -> Mistake | None:
        """An item of a language block that the file does not use."""
        found = self.dialect.foreign(str(stop.token), stop.span) if stop.begins and stop.within == "game" else None
        return Mistake(found) if found is not None else None

    def _block_is_missing(self, stop: Stop) -> bool:
        """Whether what stands here may belong to a language block that is not installed, which is reported."""
        return bool(self.dialect.missing) and stop.begins and stop.within == "game" and stop.token.type == "NAME"

    def _remains(self, stop: Stop) -> bool:
        """Whether this may be a part of the statement before, which was left out."""
        arm = self._of_match and stop.rest().startswith(":")
        word = stop.token.type == "NAME" and stop.on_new_line and not arm
        part = stop.begins and not word
        return self._left_out and stop.token.type != END and (part or (stop.within != "game" and item_follows(stop)))

    def _report(self, diagnostic: Diagnostic) -> None:
        """Adds a diagnostic, each code once at a place: a bracket that was put in may never be closed."""
        start = diagnostic.span.start if diagnostic.span else None
        if all(d.code != diagnostic.code or d.span is None or d.span.start != start for d in self.found):
            self.found.append(diagnostic)

    def _give_up(self, token: Token) -> None:
        here = self._stop(token).span
        more = Diagnostic(
            "E101",
            "there are too many mistakes of syntax",
            here,
            "mend those above; nothing is read from here on",
        )
        self.found.append(more)

    def _read_instead(self, mistake: Mistake, stop: Stop) -> bool:
        """Reads the words of the mistake in place of what stands there; leaves all as it was where they do not fit."""
        assert mistake.resume is not None
        state = self._state
        kept = list(state.state_stack), list(state.value_stack)
        lists = [(v.children, list(v.children)) for v in kept[1][stop.level :] if isinstance(v, Tree)]
        since = mistake.since or stop
        state.state_stack[:], state.value_stack[:] = since.state_stack, since.value_stack.restored()
        place = since.token if mistake.since is not None else stop.token
        for word in mistake.words:
            kind = mistake.kind or self._stop(stop.token).kind_of(word)
            if kind is None or not self._admits(kind):
                state.state_stack[:], state.value_stack[:] = kept
                for children, items in lists:
                    children[:] = items
                return False
            state.feed_token(Token.new_borrow_pos(kind, word, place))
            if kind in ("SEMICOLON", "RBRACE"):
                self._reduce()
        return self._go_on(mistake.resume)

    def _leave_out(self, stop: Stop, whole: bool = False) -> bool:
        """Gives up the smallest part with the mistake, or the `whole` expression; False outside of the game."""
        if not stop.level:
            return False
        stack, values = self._state.state_stack, self._state.value_stack
        end, width = end_of_statement(stop, self.dialect.unused)
        self._of_match = "match" in self.text[begin_of(values[stop.level :], stop.start) : end]
        places = range(len(values), stop.level, -1)
        for at in reversed(places) if whole else places:
            for rule in ("expr", "sum"):
                goto = self._states[stack[at]].get(rule)
                if goto is not None and admits(self._table, [*stack[: at + 1], goto[1]], "SEMICOLON"):
                    self._left_out = True
                    poison = tree_at(self.text, "poison", [], begin_of(values[at:], stop.start), end)
                    self._cut(at)
                    self._push(rule, poison)
                    self._state.feed_token(token_at(self.text, "SEMICOLON", ";", end, end + width))
                    self._reduce()
                    return self._go_on(end + width)
        self._left_out = True
        begin, behind = begin_of(values[stop.level :], stop.start), max(end + width, stop.start)
        self._cut(stop.level)
        words = declared_words(self.text, begin, behind)
        broken = tree_at(self.text, _BROKEN[stop.within], words, begin, behind)
        self._push(_ELEMENTS[stop.within], broken)
        self._reduce()
        return self._go_on(behind)

    def _go_on(self, at: int) -> bool:
        self._resume(at)
        self._before.clear()
        if self._stop(Token("", "", at)).begins:
            self._since, self._in_doubt, self._guessed = _FRESH, False, None
        return True

    def _cut(self, level: int) -> None:
        del self._state.value_stack[level:]
        del self._state.state_stack[level + 1 :]
