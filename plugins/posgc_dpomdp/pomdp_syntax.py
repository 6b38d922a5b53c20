"""The text of a Cassandra `.pomdp` file as preamble items and statements.

White space and newlines mean nothing and comments may stand anywhere, so the text is scanned by position and
not by line.  After `T:`, `O:` or `R:` comes a field, after each further colon another, and what then follows
is the value: numbers, or a keyword.  A mistake (I101) ends where the next item or statement begins.  A file
without observations is an MDP, whose rewards have no field for them; a `*` there is passed over.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from lark import Token

from posgc.plugin.complaints import Complaints, span_of
from posgc_dpomdp.syntax import Document, Item, Statement

__all__ = ["parse_pomdp"]

_SKIP = re.compile(r"(?:[\s\ufeff]|#[^\n]*)*")
_KEY = re.compile(r"(?:discount|values|states|actions|observations|start(?:\s+(?:include|exclude))?)\s*:")
_HEAD = re.compile(r"[TOR]\s*:")
_NEXT = re.compile(rf"^[ \t]*(?=(?:{_KEY.pattern})|(?:{_HEAD.pattern}))", re.MULTILINE)
_WORD = re.compile(r"[^\s:#]+")
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_NUMBERS = re.compile(rf"{_NUMBER}(?:\s+{_NUMBER})*(?=[\s#]|\Z)")
_KEYWORD = re.compile(r"(?:uniform|identity|reset)(?=[\s#]|\Z)")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
# The hot path: a whole statement on one line, with one number, and nothing else before the next statement.
_ENTRY = re.compile(rf"[TOR][ \t]*:[^\n#:]*:[^\n#:]*:[^\n#]*?[ \t]{_NUMBER}(?=[ \t\r]*(?:\Z|\n\s*(?:\Z|[TOR][ \t]*:)))")
_FRACTION = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d+)?")
_ARITY = {"T": 3, "O": 3, "R": 4}


def parse_pomdp(complaints: Complaints) -> Document:
    """Split the source into items and statements; every stretch that fits nothing is complained of."""
    return _Scanner(complaints).run()


class _Scanner:
    def __init__(self, complaints: Complaints) -> None:
        self.complaints = complaints
        self.text = complaints.source.text
        self.at = 0
        self.starts = [0, *(found.end() for found in re.finditer("\n", self.text))]
        self.items: list[Item] = []
        self.statements: list[Statement] = []
        self.damaged: set[str] = set()
        self.arity = _ARITY | {"R": 3}  # of an MDP, until something shows that there are observations

    def run(self) -> Document:
        while self._skip():
            if self._entry():
                continue
            if key := self._take(_KEY, "KEY"):
                self._item(key)
            elif head := self._take(_HEAD, "OPEN"):
                self._statement(head)
            else:
                letter = "" if self.statements else "preamble"
                self._stray("neither a preamble item nor a T, O or R statement", letter)
        if not self.items and not self.statements and not len(self.complaints):
            self.complaints.error("I101", "the file is empty", None, "a .pomdp file begins with `discount: 0.95`")
        return Document(tuple(self.items), tuple(self.statements), frozenset(self.damaged))

    def _skip(self) -> bool:
        """Go on to what is neither white space nor comment; false at the end."""
        found = _SKIP.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at < len(self.text)

    def _take(self, pattern: re.Pattern[str], kind: str) -> Token | None:
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        token = self._token(kind, self.at, found.end())
        self.at = found.end()
        return token

    def _token(self, kind: str, start: int, end: int) -> Token:
        row = bisect_right(self.starts, start)
        return Token(kind, self.text[start:end], start, row, start - self.starts[row - 1] + 1)

    def _item(self, key: Token) -> None:
        """The words up to the next item or statement, as one token a line."""
        lines: list[Token] = []
        while self._skip() and not _KEY.match(self.text, self.at) and not _HEAD.match(self.text, self.at):
            word = self._take(_WORD, "LINE")
            if word is None:
                self._unknown(key, lines)
                break
            if lines and lines[-1].line == word.line:
                word = self._token("LINE", lines.pop().start_pos or 0, self.at)
            lines.append(word)
        self.items.append(Item(" ".join(key.rstrip(": \t\r\n").split()), key, tuple(lines)))
        if key.startswith("observations"):
            self.arity = _ARITY

    def _unknown(self, key: Token, lines: list[Token]) -> None:
        """Complain of the item whose colon is here, and take its name off `lines`: its line, or the last word before
        the colon where the line is that of `key`."""
        self.arity = _ARITY  # it may have been meant for the observations
        if not lines or "\n" in self.text[lines[-1].start_pos or 0 : self.at]:
            self._stray("a colon that belongs to nothing", "preamble")
            return
        name = lines.pop()
        if name.line == key.line:
            start, word = name.start_pos or 0, name.split()[-1]
            before = name[: -len(word)].rstrip()
            if before:
                lines.append(self._token("LINE", start, start + len(before)))
            name = self._token("LINE", start + len(name) - len(word), start + len(name))
        self._complain(
            "preamble",
            name,
            f"`{name}:` is not an item of the format",
            "the items are discount, values, states, actions, observations and start",
        )

    def _entry(self) -> bool:
        """Whether a statement of the hot path was here; its fields are plain texts, with no token each."""
        found = _ENTRY.match(self.text, self.at)
        if found is None:
            return False
        _, *fields, last = found.group().split(":")
        field, number = last[: last.rindex(last.split()[-1])], last.split()[-1]
        one = len(last.split()) == 2 and not _FRACTION.fullmatch(field.strip())
        if len(fields) + 1 != self.arity[found.group()[0]] or not one:
            return False
        # The blank before the number parts the two as a colon would.
        self.statements.append(Statement(self._token("ENTRY", *found.span()), (*fields, field[:-1]), number))
        self.at = found.end()
        return True

    def _statement(self, head: Token) -> None:
        fields: list[Token] = []
        while self._skip() and (word := self._take(_WORD, "FIELD")):
            fields.append(word)
            if not self._skip() or self.text[self.at] != ":":
                break
            self.at += 1
        letter = head[0]
        if letter == "O":
            self.arity = _ARITY
        arity = self.arity[letter]
        if letter == "R" and len(fields) == 4 > arity and fields[3] == "*":
            fields.pop()
        if len(fields) > 1 and self._is_value(fields[-1], len(fields) > arity):
            value = fields.pop()
            self.at = value.start_pos or 0
            self.complaints.note(
                "N115",
                "a colon before the value, which the format does not have",
                span_of(value),
                "leave the colon out",
            )
        if len(fields) > arity:
            mdp = arity < _ARITY[letter]
            cure = "without observations it is `R: a : s : s' r`" if mdp else "no colon comes before the number"
            self._complain(letter, fields[arity], "a colon too many", cure)
            return
        keyword = self._take(_KEYWORD, "WORD") if self._skip() else None
        block = [keyword] if keyword else []
        while not keyword and self._skip() and (numbers := self._take(_NUMBERS, "NUMBERS")):
            block.append(numbers)
        if not fields or not block:
            where = self._token("END", self.at, min(len(self.text), self.at + 1)) if fields else head
            bad = _WORD.match(self.text, self.at)
            if fields and bad and _NOT_FINITE.fullmatch(bad.group()):
                self.complaints.error(
                    "I105",
                    f"`{bad.group()}` is not a finite number",
                    span_of(self._token("WORD", *bad.span())),
                    "write a finite number",
                )
                self._recover(letter)
            else:
                self._complain(
                    letter, where, f"this {letter} statement has no value", "numbers or a keyword follow its last field"
                )
            return
        entry = not keyword and len(block) == 1 and len(fields) == arity
        if entry:
            head = Token("ENTRY", str(head), head.start_pos, head.line, head.column)
        self._skip()
        following = _KEY.match(self.text, self.at) or _HEAD.match(self.text, self.at) or self.at == len(self.text)
        self.statements.append(
            Statement(head, fields, block[0] if entry else "", () if entry else tuple(block), not following)
        )
        if not following:
            self._stray("this belongs to no statement", letter)

    def _is_value(self, field: Token, late: bool) -> bool:
        """Whether the last field is the value, after a colon: what no name or index is, or one too many (`late`)."""
        if _KEYWORD.fullmatch(field):
            self._skip()
            here = self.text, self.at
            return late or not (_NUMBERS.match(*here) or _KEYWORD.match(*here))
        return _FRACTION.fullmatch(field) is not None or (late and _NUMBERS.fullmatch(field) is not None)

    def _stray(self, message: str, letter: str) -> None:
        found = _WORD.match(self.text, self.at)
        token = self._token("WORD", self.at, found.end() if found else self.at + 1)
        self._complain(
            letter,
            token,
            message,
            "items and statements begin with discount, values, states, actions, "
            "observations, start, T, O or R, and a colon",
        )

    def _complain(self, letter: str, token: Token, message: str, cure: str) -> None:
        self.complaints.error("I101", message, span_of(token), cure)
        self._recover(letter)

    def _recover(self, letter: str) -> None:
        """Go on where a line begins with an item or a statement."""
        self.damaged.add(letter)
        found = _NEXT.search(self.text, self.at + 1)
        self.at = found.end() if found else len(self.text)
