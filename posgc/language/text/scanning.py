"""Where statements begin and end, and what they declare, seen from the text alone: for what the parser cannot read."""

from __future__ import annotations

import re
from collections.abc import Container

from lark import Token

from posgc.language.text.stop import Stop, span_at

__all__ = ["MARKS", "begins_an_item", "declared_words", "end_of_statement", "is_declared"]

_ITEM = r"param|discount|agents|type|state|action|observation|let|init|next|observe|reward|terminal|share|expect"
_BEGINS = re.compile(rf"\s*(?:{_ITEM}|horizon|chance)\b")
# `horizon` and `chance` have other meanings inside of a line
MARKS = re.compile(
    rf'"[^"\n]*"|#[^\n]*|[{{}};]|\b(?P<item>{_ITEM})\b|(?:^|(?<=\n))[ \t]*(?P<line>horizon|chance)\b(?=\s+\w)'
)
_WORD = re.compile(r'"[^"\n]*"|#[^\n]*|[\[\]~]|(?P<word>[^\W\d]\w*)')
_BEGINNING = re.compile(r"(?P<keyword>[a-z]+)\b(?:\s+(?P<name>[^\W\d]\w*))?")
_TYPE = re.compile(r"[:=]\s*\[?")
_KEYWORD = re.compile(rf"{_ITEM}|horizon|chance|graph|include|use|[A-Z].*")
_SET = re.compile(r"\{[\w\s,]*\}")
_TYPED = ("type", "state", "action", "observation", "chance")
_DECLARING = "param|graph|type|state|action|observation|chance|let"
_SPACE = re.compile(r"(?:\s++|#[^\n]*+)*+")


def begins_an_item(text: str) -> bool:
    """Whether a text begins with a word that begins an item."""
    return _BEGINS.match(text) is not None


def is_declared(text: str, word: str) -> bool:
    """Whether a line of the text seems to declare a word."""
    return re.search(rf"\b(?:{_DECLARING})\s+{re.escape(word)}\b", text) is not None


def end_of_statement(stop: Stop, of_blocks: Container[str]) -> tuple[int, int]:
    """Where the statement ends in which the parser stopped, and the length of what ends it.

    An end is a `;`, or the place before a bracket that closes the list, behind one that closes the statement, or
    before a word that begins an item.  `of_blocks` begin items of language blocks.
    """
    text = stop.text
    opened = given = sum(1 for k, b in stop.open if b == "{" and k >= stop.level)  # braces of the statement
    for mark in MARKS.finditer(text, stop.start):
        sign = mark.group(0)
        word = mark.start("item") if mark["item"] else mark.start("line")
        if word >= 0:
            if word > stop.start or (stop.on_new_line and not stop.begins):
                return word, 0
        elif sign == "{":
            opened += 1
        elif sign == "}":
            if not opened and _closes_list(stop, _rest(text, mark.end())):
                return mark.start(), 0
            opened, given = max(0, opened - 1), min(given, max(0, opened - 1))
            if not opened and not _goes_on(_rest(text, mark.end()), of_blocks):
                return mark.end(), 0
        elif sign == ";" and opened <= given and not re.match(r"else\b", _rest(text, mark.end())):
            return mark.start(), 1
    return len(text), 0


def _closes_list(stop: Stop, rest: str) -> bool:
    """Whether a brace that closes nothing of its statement, and is followed by `rest`, closes the list around it."""
    if stop.within == "game":
        return not rest
    return stop.within == "share" or re.match(r";\s*[\w(]", rest) is None or begins_an_item(rest[1:])


def _goes_on(rest: str, of_blocks: Container[str]) -> bool:
    """Whether a statement goes on behind a brace that is followed by `rest`."""
    word = re.match(r"\w*", rest)
    ends = not rest or rest.startswith("}") or begins_an_item(rest)
    return not ends and not (word is not None and word[0] in of_blocks)


def _rest(text: str, at: int) -> str:
    """A few characters behind white space and comments."""
    begin = _SPACE.match(text, at)
    assert begin is not None  # it matches nothing too
    return text[begin.end() : begin.end() + 20]


def declared_words(text: str, start: int, end: int) -> list[Token | None]:
    """The word with which a statement begins, the name after it (None where it is not seen), and what else the
    statement may declare: the words of a type, and all words of an `agents` line.  Where the first word begins no
    statement, it is the name."""
    begin = _BEGINNING.match(text, start, end)
    if begin is None:
        return [Token("NAME", "", start), None]
    found: list[Token | None] = [_name(text, begin, "keyword"), _name(text, begin, "name")]
    if not _KEYWORD.fullmatch(begin["keyword"]):
        return [Token("NAME", "", start), found[0], *_words_of_a_set(text, begin.end(), end)]
    indices = 0  # brackets that are open
    type = _TYPE.search(text, begin.end(), end)
    for word in _WORD.finditer(text, begin.end() if type is None else type.end(), end):
        sign = word.group(0)
        indices += {"[": 1, "]": -1}.get(sign, 0)
        if sign == "~":
            break
        if word["word"] and (begin["keyword"] == "agents" or (indices <= 0 and begin["keyword"] in _TYPED)):
            found.append(_name(text, word, "word"))
    return found


def _words_of_a_set(text: str, start: int, end: int) -> list[Token | None]:
    """The words in the first braces, which may be those of a type."""
    braces = _SET.search(text, start, end)
    words = () if braces is None else _WORD.finditer(text, *braces.span())
    return [_name(text, word, "word") for word in words if word["word"]]


def _name(text: str, found: re.Match[str], group: str) -> Token | None:
    if not found[group]:
        return None
    here = span_at(text, *found.span(group))
    return Token("NAME", found[group], here.start, here.line, here.column, end_pos=here.end)
