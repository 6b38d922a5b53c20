"""How results look in a session: a short `repr` on one line, and a table where HTML is shown."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

__all__ = ["Display"]


class Display:
    """Base of objects that a notebook shows; a dataclass of this kind says `repr=False`."""

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        """What the object is, and its facts as pairs of name and text."""
        raise NotImplementedError

    def __repr__(self) -> str:
        title, facts = self._facts()
        return f"<{'; '.join([title, *(f'{name} {text}' for name, text in facts)])}>"

    def _repr_html_(self) -> str:
        """A table for notebooks; names and titles of games are escaped."""
        title, facts = self._facts()
        return f"<table><caption>{escape(title)}</caption>{''.join(_rows(facts))}</table>"


def _rows(facts: Iterable[tuple[str, str]]) -> Iterable[str]:
    return (f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in facts)
