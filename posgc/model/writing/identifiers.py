"""Foreign names made into names of the `.posg` language, one to one, with a list of what was changed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from posgc.language.elaborate.names import BUILTIN_FUNCTIONS, BUILTIN_NAMES
from posgc.language.text.dialect import is_name

__all__ = ["Identifiers", "is_range"]

_ODD = re.compile(r"[^A-Za-z0-9_]")
_WHOLE = re.compile(r"-?\d{1,15}")
_TAKEN = {*BUILTIN_NAMES, *BUILTIN_FUNCTIONS, "team", "zero_sum", "edges", "hop", "per", "i", "_"}


def is_range(values: Sequence[str]) -> bool:
    """Whether the labels are whole numbers one after the other, which need no names."""
    if not _WHOLE.fullmatch(values[0]):
        return False
    return all(value == str(i) for i, value in enumerate(values, int(values[0])))


class Identifiers:
    """Gives out names; `changed` maps those that differ from the original to it.

    A name is declared once (`declare`); a word (`word`) may serve in several types, but is never a declared
    name, so declare first.  Distinct originals get distinct words.
    """

    def __init__(self) -> None:
        self._declared: set[str] = set()
        self._words: dict[str, str] = {}
        self._given: set[str] = set()
        self.changed: dict[str, str] = {}

    def declare(self, original: str, *others: str) -> str:
        """The original if it can be a name, else the first of `others` that can, else one made from it."""
        for candidate in (original, *others):
            if is_name(candidate) and candidate not in _TAKEN | self._declared:
                self._declared.add(candidate)
                return candidate
        made = self._fresh(original)
        self._declared.add(made)
        return made

    def word(self, original: str) -> str:
        """The word for a value, always the same for the same original."""
        if original not in self._words:
            made = self._fresh(original)
            self._words[original] = made
            self._given.add(made)
            if made != original:
                self.changed[made] = original
        return self._words[original]

    def _fresh(self, original: str) -> str:
        base = _ODD.sub("_", original)
        if not base.strip("_") or base[0].isdigit():
            base = f"v{base}"
        made, k = base, 2
        while not is_name(made) or made in _TAKEN | self._declared | self._given:
            made, k = (f"{base}_", k) if made == base else (f"{base}_{k}", k + 1)
        return made
