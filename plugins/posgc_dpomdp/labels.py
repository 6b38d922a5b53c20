"""Names and indices of states, actions and observations, and the cells of a table that a field selects.

A field of a statement is one word for a state, and for a joint action or observation one joint index
(row-major, first agent most significant), `*`, or one word an agent; a word is a name, an index from 0, or
`*`.  Tables keep one axis an agent, so that every field selects by integers and whole slices alone and no
product of index sets is ever written out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import prod

__all__ = ["ANY", "IDENTIFIER", "Axis", "Cells", "Labels"]

ANY = slice(None)
Cells = tuple[int | slice, ...]
IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_INDEX = re.compile(r"[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True)
class Labels:
    """The values of one kind."""

    size: int
    names: tuple[str, ...] = ()  # the file's; empty where it gave a count
    _index: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        self._index.update({name: i for i, name in enumerate(self.names)})

    def label(self, i: int) -> str:
        return self.names[i] if self.names else str(i)

    def labels(self) -> tuple[str, ...]:
        return self.names or tuple(str(i) for i in range(self.size))

    def find(self, word: str) -> int | None:
        """The index that a name or a number means; None if there is none."""
        if word in self._index:
            return self._index[word]
        if _INDEX.fullmatch(word) and int(word) < self.size:
            return int(word)
        return None

    def why_not(self, word: str, kind: str, of: str = "") -> tuple[str, str]:
        """Message and cure for a word that `find` does not know."""
        if _NUMBER.fullmatch(word):
            shown = word if len(word) < 20 else word[:12] + "…"
            return f"there is no {kind} {shown}{of}", f"indices start at 0: 0 to {self.size - 1}"
        near = get_close_matches(word, self.names, 1)
        declared = ", ".join(self.names[:8]) + (", …" if len(self.names) > 8 else "")
        cure = f"did you mean `{near[0]}`?" if near else f"declared: {declared}" if declared else "use an index"
        return f"unknown {kind} `{word}`{of}", cure


class Axis(dict[str, Cells | None]):
    """Field text to the cells it selects, found once per text; None where the field is wrong.

    `parts` has one Labels per agent for a joint axis, and one in all for a state axis.
    """

    def __init__(self, kind: str, parts: tuple[Labels, ...], *, joint: bool) -> None:
        super().__init__()
        self.kind, self.parts, self.joint = kind, parts, joint
        self.shape = tuple(p.size for p in parts)
        self.size = prod(self.shape)

    def __missing__(self, text: str) -> Cells | None:
        cells = self._resolve([word.strip('"') for word in text.split()])
        self[text] = cells
        return cells

    def _resolve(self, words: list[str]) -> Cells | None:
        if words == ["*"]:
            return (ANY,) * len(self.parts)
        if self.joint and len(words) == 1 and _INDEX.fullmatch(words[0]):
            index = int(words[0])
            return self.digits(index) if index < self.size else None
        if len(words) != len(self.parts):
            return None
        cells: list[int | slice] = []
        for word, part in zip(words, self.parts, strict=True):
            index_or_none = ANY if word == "*" else part.find(word)
            if index_or_none is None:
                return None
            cells.append(index_or_none)
        return tuple(cells)

    def guess(self, text: str) -> Cells | None:
        """The cells that a field may have meant: an unknown name all, an index out of range none."""
        cells = self[text]
        if cells is not None:
            return cells
        words = [word.strip('"') for word in text.split()]
        if len(words) != len(self.parts):
            return (ANY,) * len(self.parts)
        if any(
            _NUMBER.fullmatch(word) and part.find(word) is None for word, part in zip(words, self.parts, strict=True)
        ):
            return None
        found = [ANY if word == "*" else part.find(word) for word, part in zip(words, self.parts, strict=True)]
        return tuple(ANY if cell is None else cell for cell in found)

    def digits(self, index: int) -> tuple[int, ...]:
        """The value of each part of a joint index."""
        found: list[int] = []
        for size in reversed(self.shape):
            index, digit = divmod(index, size)
            found.append(digit)
        return tuple(reversed(found))

    def label(self, index: int) -> str:
        """A value of the axis in words: `tiger-left`, or `(listen, open-left)` for a joint one."""
        parts = [p.label(d) for p, d in zip(self.parts, self.digits(index), strict=True)]
        return "(" + ", ".join(parts) + ")" if self.joint else parts[0]

    def explain(self, text: str) -> list[tuple[str, int, int, str, str]]:
        """What is wrong with a field that selects nothing: code, offset, length, message and cure of each."""
        found = list(re.finditer(r"\S+", text))
        words = [m.group().strip('"') for m in found]
        if not words:
            return [("I101", 0, max(1, len(text)), f"the {self.kind} is missing", "`*` stands for all")]
        if self.joint and len(words) == 1 and _NUMBER.fullmatch(words[0]):
            message, cure = Labels(self.size).why_not(words[0], f"joint {self.kind}")
            return [("I102", found[0].start(), len(found[0].group()), message, cure)]
        if len(words) != len(self.parts):
            need = f"one joint index, `*`, or {len(self.parts)} words" if self.joint else "one word"
            at, end = found[0].start(), found[-1].end()
            return [
                (
                    "I101",
                    at,
                    end - at,
                    f"{len(words)} word(s) for the {self.kind}, which takes {need}",
                    "fields are parted by colons, agents by blanks",
                )
            ]
        wrong = []
        for i, (m, word, part) in enumerate(zip(found, words, self.parts, strict=True)):
            if word != "*" and part.find(word) is None:
                of = f" of agent {i + 1}" if self.joint and len(self.parts) > 1 else ""
                wrong.append(("I102", m.start(), len(m.group()), *part.why_not(word, self.kind, of)))
        return wrong
